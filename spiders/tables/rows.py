"""Small tables as text (rank exports, post exports, keyword lists): where the names of the columns stand, and the rows below.

For review exports of any size there is `spiders.tables.table_file`; what is read here is held in memory, and each row keeps the number
of its line, so that a fault can be found in an editor.
"""

import codecs
import csv
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

MAX_BYTES = 64 * 1024 * 1024
MAX_HEADER_LINE = 10
"""Exports put a title and a period above the names of the columns, never more than a few lines."""
MAX_ROWS = 500_000

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_DELIMITERS = ("\t", ",", ";", "|")


class RowsError(ValueError):
    """The file cannot be used; the message says what was expected, what was found, and in which line. It repeats no text of a row
    beyond the cell that is at fault."""


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one row by the names of their columns, without white space around them."""

    line: int
    """Where it begins in the file, from 1."""
    cells: Mapping[str, str]

    def cell(self, name: str | None) -> str | None:
        """None for a column that is not there, and for an empty cell."""
        return self.cells.get(name) or None if name is not None else None


@dataclass(frozen=True, slots=True)
class Table:
    names: tuple[str, ...]
    rows: tuple[Row, ...]

    def column(self, known: Collection[str], *, named: str | None, what: str) -> str | None:
        """The column that the options name, else the first one with a known name (lower case); None where there is none of these.
        RowsError for one that is named and not there."""
        if named is not None:
            if named not in self.names:
                raise RowsError(f"expected a column {named!r} ({what}), found none. The file has: {shown(self.names)}.")
            return named
        return next((name for name in self.names if plain(name) in known), None)


def text_of_file(path: Path) -> str:
    """UTF-8 or, with a byte order mark, UTF-16. Raises RowsError, OSError."""
    if path.stat().st_size > MAX_BYTES:
        raise RowsError(f"expected at most {MAX_BYTES:,} bytes, found {path.stat().st_size:,}. Split it.")
    body = path.read_bytes()
    bom, encoding = next(((bom, known) for bom, known in _BOMS if body.startswith(bom)), (b"", "utf-8"))
    try:
        return body[len(bom) :].decode(encoding)
    except UnicodeDecodeError as error:
        before = body[len(bom) :][: error.start].decode(encoding, "replace")
        raise RowsError(
            f"line {before.count(chr(10)) + 1}: expected {encoding} text, found byte {error.object[error.start]:#04x}. "
            "Save it as CSV UTF-8."
        ) from error


def plain(name: str) -> str:
    """A column's name for comparing: lower case, single spaces."""
    return " ".join(name.lower().split())


def shown(names: Sequence[str]) -> str:
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return ", ".join(repr(name[:60]) for name in names[:20]) + more if names else "none"


def table(text: str, *, wanted: Sequence[Collection[str]], delimiter: str | None = None) -> Table:
    """The rows below the first line that has a column of each of the `wanted` sets of names (lower case).

    That line is one of the first MAX_HEADER_LINE; lines without any cell are nobody's. Raises RowsError.
    """
    text = text.lstrip("\ufeff")
    for mark in (delimiter,) if delimiter else _DELIMITERS:
        names: tuple[str, ...] = ()
        found: list[Row] = []
        for line, cells in _lines(text, mark):
            if names:
                if any(cells):
                    found.append(_row(line, cells, names))
                if len(found) > MAX_ROWS:
                    raise RowsError(f"expected at most {MAX_ROWS:,} rows, found more. Split the file.")
            elif line > MAX_HEADER_LINE:
                break
            elif all(any(plain(cell) in known for cell in cells) for known in wanted):
                names = tuple(cells)
        if names:
            return Table(names, tuple(found))
    first = next((line for line in text.split("\n", MAX_HEADER_LINE)[:MAX_HEADER_LINE] if line.strip()), "")
    ways = " and ".join(f"one of {shown(sorted(known))}" for known in wanted)
    raise RowsError(
        f"line 1: expected the names of the columns in the first {MAX_HEADER_LINE} lines, {ways}; found {first.strip()[:80]!r}."
    )


def _lines(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    begun = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise RowsError(f"line {begun}: expected well-formed CSV, found: {error}.") from error
        yield begun, [cell.strip() for cell in cells]
        begun = reader.line_num + 1


def _row(line: int, cells: Sequence[str], names: tuple[str, ...]) -> Row:
    # Spreadsheets leave empty cells off at the end of a row, and add some.
    if any(cells[len(names) :]):
        raise RowsError(f"line {line}: expected {len(names)} cells, found {len(cells)}. Quote those that hold the delimiter.")
    return Row(line, dict(zip(names, cells, strict=False)))
