"""The page on the command line, written from the commands themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer
from typer.main import get_command

from orchestration.cli import app
from orchestration.site.page import Page, one_line, table

PATH = "commands.md"
INTRODUCTION = """\
# Commands of adv

Written from the commands themselves; `adv --help` and `adv COMMAND --help` say the same. Options of
`adv` itself come before the command: `adv --home /srv/adv run`.

An exit code of 0 means done, 1 failed, 2 a setting is wrong, 3 published, but not to the server of
`publish_to`.
"""
NOTE = re.compile(r"\s*\[([^\[\]]*)\]$")
"""What typer adds to an option's help: its default, its variable of the environment."""


def page() -> Page:
    """The page as a whole."""
    root: Any = get_command(app)
    context = typer.Context(root)
    found = list(_commands("adv", root, context))
    rows = (
        (f"[`{name}`](#{name.replace(' ', '-')})", _first_sentence(command))
        for name, command in found
    )
    lines = [INTRODUCTION, *_parameters(root, context), *table(("command", "what it does"), rows)]
    for name, command in found:
        lines += [f"## {name}", "", *_command(name, command, context)]
    return Page(PATH, "Commands", "", "\n".join(lines))


def _commands(prefix: str, group: Any, context: typer.Context) -> Iterator[tuple[str, Any]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if hasattr(command, "list_commands"):
            yield from _commands(f"{prefix} {name}", command, context)
        else:
            yield f"{prefix} {name}", command


def _command(name: str, command: Any, context: typer.Context) -> Iterator[str]:
    usage = " ".join((name, *command.collect_usage_pieces(context)))
    yield from (command.help, "", "```console", f"$ {usage}", "```", "")
    yield from _parameters(command, context)


def _parameters(command: Any, context: typer.Context) -> Iterator[str]:
    """Arguments and options, but for what every command line has."""
    told = (param for param in command.params if not re.search("help|completion", param.name))
    records = (param.get_help_record(context) for param in told)
    rows = [_row(*record) for record in records if record]
    if rows:
        yield from table(("option", "what it does", "default"), rows)


def _row(name: str, said: str) -> tuple[str, str, str]:
    note = NOTE.search(said)
    default = note[1].removeprefix("default: ") if note else ""
    return f"`{name}`", NOTE.sub("", said), default.replace("env var: ", "variable ")


def _first_sentence(command: Any) -> str:
    return one_line(command.help.partition("\n\n")[0])
