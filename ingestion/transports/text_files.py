"""Text files as blocks of whole lines: encodings, line ends and limits, for every text format.

A file is scanned once before anything trusts it: can every byte be decoded, is a line longer
than memory should bear, do NUL bytes show that it is no text at all. Line ends may be LF, CRLF,
CR or CRCRLF, mixed in one file: any run of CR before an LF is one end, a lone CR is another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingestion.transports.base import Problem

BLOCK_BYTES = 4 * 1024 * 1024
DEFAULT_MAX_LINE_BYTES = 4 * 1024 * 1024
UTF8_BOM = b"\xef\xbb\xbf"
UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")


class LineTooLongError(Exception):
    """A line exceeds the limit; caught where the file is scanned, never seen by callers."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


@dataclass(frozen=True)
class TextScan:
    """What one pass over a text file's bytes found."""

    encoding: str | None
    """The first of the encodings allowed that decodes every byte; none when nothing does."""
    lines: int
    """Lines, counting a last one without a line end."""
    ends_with_line_end: bool
    nul_bytes: int
    first_nul_line: int | None
    quotes: int
    """Number of double quotes."""
    undecodable_line: int | None
    """First line that the first encoding allowed cannot decode."""
    too_long_line: int | None
    utf16: bool
    """Begins like UTF-16, which no format here allows."""
    c1_bytes: bool = False
    """Where the first encoding failed: bytes 0x80-0x9F, letters in cp1252, control codes in
    ISO 8859."""
    utf8_pairs: bool = False
    """Where the first encoding failed: byte pairs that are accented letters in UTF-8."""

    @property
    def empty(self) -> bool:
        """Not one character."""
        return self.lines == 0


def blocks(path: Path, max_line_bytes: int = DEFAULT_MAX_LINE_BYTES) -> Iterator[bytes]:
    """Whole lines with LF ends only, some megabytes at a time, without a byte order mark.

    Raises:
        LineTooLongError: a line is longer than `max_line_bytes`.

    """
    size = min(BLOCK_BYTES, max_line_bytes)
    with path.open("rb") as file:
        rest = file.read(len(UTF8_BOM))
        if rest == UTF8_BOM:
            rest = b""
        done = 0
        while chunk := file.read(size):
            data = rest + chunk
            # A CR at the very end may be the beginning of CRLF or CRCRLF.
            settled = len(data.rstrip(b"\r"))
            cut = max(data.rfind(b"\n", 0, settled), data.rfind(b"\r", 0, settled)) + 1
            if cut:
                whole = _with_lf(data[:cut])
                if _first_line_bytes(whole) > max_line_bytes:
                    raise LineTooLongError(done + 1)
                done += whole.count(b"\n")
                yield whole
            rest = data[cut:]
            if len(rest) > max_line_bytes:
                raise LineTooLongError(done + 1)
        if rest:
            yield _with_lf(rest)


def _with_lf(data: bytes) -> bytes:
    if b"\r" not in data:
        return data
    while b"\r\n" in data:
        data = data.replace(b"\r\n", b"\n")
    return data.replace(b"\r", b"\n")


def _first_line_bytes(data: bytes) -> int:
    # Only the first line of a block can be longer than what one read brings.
    return data.find(b"\n")


def scan(
    path: Path,
    encodings: Sequence[str] = ("utf-8",),
    max_line_bytes: int = DEFAULT_MAX_LINE_BYTES,
) -> TextScan:
    """Look at every byte of a file once."""
    possible = list(encodings)
    lines = nuls = quotes = 0
    first_nul = undecodable = too_long = None
    ends = True
    c1 = pairs = False
    with path.open("rb") as file:
        utf16 = file.read(2) in UTF16_BOMS
    try:
        for block in blocks(path, max_line_bytes):
            while possible and (wrong := _undecodable_line(block, possible[0])) is not None:
                if undecodable is None:
                    undecodable = lines + wrong
                possible.pop(0)
            if b"\0" in block:
                if first_nul is None:
                    first_nul = lines + 1 + block.count(b"\n", 0, block.index(b"\0"))
                nuls += block.count(b"\0")
            if undecodable is not None and not block.isascii():
                c1 = c1 or re.search(rb"(?<![\x80-\xff])[\x80-\x9f]", block) is not None
                pairs = pairs or re.search(rb"\xc3[\x80-\xbf]", block) is not None
            quotes += block.count(b'"')
            ends = block.endswith(b"\n")
            lines += block.count(b"\n") + (not ends)
    except LineTooLongError as error:
        too_long = error.line
    return TextScan(
        encoding=possible[0] if possible else None,
        lines=lines,
        ends_with_line_end=ends,
        nul_bytes=nuls,
        first_nul_line=first_nul,
        quotes=quotes,
        undecodable_line=undecodable,
        too_long_line=too_long,
        utf16=utf16,
        c1_bytes=c1,
        utf8_pairs=pairs,
    )


def _undecodable_line(block: bytes, encoding: str) -> int | None:
    """Line of the block, from 1, that the encoding cannot decode."""
    try:
        block.decode(encoding)
    except UnicodeDecodeError as error:
        return 1 + block.count(b"\n", 0, error.start)
    return None


def text_problems(found: TextScan, file: str, encoding: str, max_line_bytes: int) -> list[Problem]:
    """Why the file is not text in the encoding it should have; empty when it is."""
    if found.utf16:
        message = "the file is UTF-16; save it as UTF-8"
        return [Problem("batch", "undecodable", message, file, 1)]
    if found.too_long_line is not None:
        message = (
            f"the line is longer than {max_line_bytes:,} bytes; is this the right file? "
            "If so, raise `max_line_bytes`"
        )
        return [Problem("batch", "line_too_long", message, file, found.too_long_line)]
    if found.empty:
        message = "the file is empty: a header is missing; export it again"
        return [Problem("batch", "empty_file", message, file)]
    if found.encoding is None:
        message = f"bytes that are not {encoding}; set `encoding` to what the file was saved in"
        return [Problem("batch", "undecodable", message, file, found.undecodable_line)]
    return []


def lines(
    path: Path,
    encoding: str,
    max_line_bytes: int = DEFAULT_MAX_LINE_BYTES,
    *,
    plain_spaces: bool = False,
) -> Iterator[Any]:
    """Record batches (line BIGINT from 1, text VARCHAR) of all lines, without their ends.

    NUL characters are left out: no database column can hold them. No-break spaces become plain
    ones if `plain_spaces`, which makes trimming many times cheaper.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    schema = line_schema()
    done = 0
    for block in blocks(path, max_line_bytes):
        text = block.removesuffix(b"\n").replace(b"\0", b"").decode(encoding)
        if plain_spaces and not text.isascii():
            text = text.replace("\u00a0", " ").replace("\u202f", " ")
        split = pc.split_pattern(pa.array([text], pa.large_string()), "\n").values.cast(pa.string())
        numbers = pa.array(np.arange(done + 1, done + 1 + len(split), dtype=np.int64))
        done += len(split)
        yield pa.record_batch([numbers, split], schema=schema)


def line_schema() -> Any:
    """Schema of the batches that `lines` gives."""
    import pyarrow as pa

    return pa.schema([("line", pa.int64()), ("text", pa.string())])
