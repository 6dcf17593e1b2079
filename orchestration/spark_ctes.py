"""Common table expressions that a query names more than once, worked out once, as DuckDB does it.

Spark puts the text of an expression wherever it is named. In a chain of expressions that name each
other twice, the first is so worked out again and again, 89 times in one model, and the plan may
outgrow the driver's memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from sqlglot import Token, TokenType, tokenize

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

MORE_THAN_READ = frozenset(
    {TokenType.DISTINCT, TokenType.GROUP_BY, TokenType.JOIN, TokenType.OVER, TokenType.UNION}
)
"""What makes a query of tables more than a reading of them."""


@dataclass(frozen=True)
class Expression:
    """One common table expression."""

    name: str
    heading: str
    """Its name, with those of its columns where they are given."""
    query: str
    names: Counter[str]
    """How often it reads each table or earlier expression."""
    is_read: bool
    """It has none of what is in `MORE_THAN_READ`."""


def worked_out_once(session: SparkSession, sql: str, prefix: str) -> tuple[str, list[str]]:
    """Work out what a query names more than once, as temporary views.

    What only reads a table is left to each place, which then reads no more than it needs.

    Args:
        session: the session, which gets the views.
        sql: the query.
        prefix: what the views' names begin with.

    Returns:
        The query that reads the views, and their names: rows are kept for as long as views are.

    """
    expressions, body = split(sql)
    named = _named(expressions, body)
    earlier: list[Expression] = []
    views: list[str] = []
    for expression in expressions:
        query = expression.query
        begins = {found.name for found in earlier}.isdisjoint(expression.names)
        if named[expression.name] > 1 and not (expression.is_read and begins):
            views.append(f"{prefix}__{expression.name}")
            frame = session.sql(_query(earlier, query))
            frame.localCheckpoint(eager=False).createOrReplaceTempView(views[-1])
            query = f"select * from {views[-1]}"
        earlier.append(replace(expression, query=query))
    return _query(earlier, body), views


def split(sql: str) -> tuple[list[Expression], str]:
    """The common table expressions of a query, and what comes after them."""
    tokens = tokenize(sql, read="spark")
    expressions: list[Expression] = []
    if tokens[0].token_type is not TokenType.WITH:
        return expressions, sql
    position = 0
    while not expressions or tokens[position].token_type is TokenType.COMMA:
        name = position + 1
        has_columns = tokens[name + 1].token_type is TokenType.L_PAREN
        told = _closing(tokens, name + 1) + 1 if has_columns else name + 1
        opened = told + 1
        closed = _closing(tokens, opened)
        inside = tokens[opened + 1 : closed]
        expressions.append(
            Expression(
                tokens[name].text,
                sql[tokens[name].start : tokens[told].start].strip(),
                sql[tokens[opened].end + 1 : tokens[closed].start].strip(),
                _read(inside),
                MORE_THAN_READ.isdisjoint(token.token_type for token in inside),
            )
        )
        position = closed + 1
    return expressions, sql[tokens[position].start :]


def _closing(tokens: list[Token], opened: int) -> int:
    depth = 0
    for position in range(opened, len(tokens)):
        kind = tokens[position].token_type
        depth += (kind is TokenType.L_PAREN) - (kind is TokenType.R_PAREN)
        if not depth:
            return position
    raise ValueError("a parenthesis is not closed")


def _read(tokens: list[Token]) -> Counter[str]:
    return Counter(
        after.text
        for before, after in pairwise(tokens)
        if before.token_type in (TokenType.FROM, TokenType.JOIN)
    )


def _named(expressions: Iterable[Expression], body: str) -> Counter[str]:
    named = _read(tokenize(body, read="spark"))
    for expression in expressions:
        named += expression.names
    return named


def _query(expressions: Iterable[Expression], body: str) -> str:
    told = ",\n".join(f"{found.heading} as (\n{found.query}\n)" for found in expressions)
    return f"with {told}\n{body}" if told else body
