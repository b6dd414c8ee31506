"""Review exports as files: what format one is in, what its columns are called, and how DuckDB is to read it.

DuckDB reads the file itself and in a stream, whatever its size. What DuckDB cannot decode (any encoding but UTF-8) comes to
it through a named pipe, so that no second copy of the file, with its author names, ever stands on disk.
"""

# ruff: noqa: S608 - SQL over a file whose columns are not known before; names and literals from the market file are quoted

import codecs
import csv
import gzip
import io
import os
import re
import threading
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Literal, cast

import duckdb

Format = Literal["csv", "json", "parquet"]

HEAD_BYTES = 1 << 20
"""Read to find out what a file is; a header longer than this is no header."""
SAMPLE_OBJECTS = 1000
"""JSON objects whose keys are shown when a column is not found."""

_SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_DELIMITERS = (",", ";", "\t", "|")
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_OFTEN_MET = ("cp949", "shift_jis", "gb18030", "cp1252")


class TableError(ValueError):
    """The file cannot be landed; the message says who, expected, found, where, and what to do next.

    It holds no text of a row beyond a date or number: a row names people.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How the file is written, as far as the market file says; None is found out."""

    format: Format | None = None
    delimiter: str | None = None
    quote: str = '"'
    escape: str = '"'
    encoding: str | None = None
    header: bool = True
    skip_malformed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFile:
    """An export whose format, encoding and columns are known."""

    path: Path
    format: Format
    dialect: Dialect
    names: tuple[str, ...]
    """As the file prints them; of JSON, those of the first objects."""
    encoding: str
    delimiter: str
    folder: Path
    """Private, for the named pipe."""

    def column(self, name: str) -> str:
        """SQL expression (VARCHAR) of a column that the file has."""
        if self.format == "json":
            path = f'$."{name}"' if name.startswith("/") else name  # DuckDB takes /a/b for a pointer, $.a.b for a path
            return f"json_extract_string(json, {quoted(path)})"
        return f"c{self.names.index(name)}" if self.format == "csv" else f'"{name.replace(chr(34), chr(34) * 2)}"::varchar'

    def missing(self, names: Sequence[str]) -> TableError:
        """The error for columns that are not there, or there more than once."""
        twice = [name for name in names if name in self.names]
        return TableError(
            f"{self.path.name}: expected one column {' and one '.join(map(repr, names))}, "
            f"found {f'more than one {twice[0]!r}' if twice else 'none'}. The file has: {_listed(self.names)}. "
            "Correct options.columns (and options.where) in the market file."
        )

    @contextmanager
    def scan(self) -> Iterator[str]:
        """SQL table function that yields the rows, for one reading."""
        if self.encoding == "utf-8":
            yield self._function(self.path, compressed=True)
            return
        pipe = self.folder / "input"
        with _fed(self.path, pipe, self.encoding):
            yield self._function(pipe, compressed=False)

    def _function(self, path: Path, *, compressed: bool) -> str:
        plain = "none" if self.format == "csv" else "uncompressed"  # the two readers call it differently
        compression = {".gz": "gzip", ".zst": "zstd"}.get(self.path.suffix, plain) if compressed else plain
        match self.format:
            case "parquet":
                return f"read_parquet({quoted(str(path))})"
            case "json":
                return (
                    f"read_json_objects({quoted(str(path))}, format='auto', compression='{compression}', "
                    f"ignore_errors={str(self.dialect.skip_malformed).lower()})"
                )
            case "csv":
                columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(self.names)))
                rejects = ", ignore_errors=true, store_rejects=true" if self.dialect.skip_malformed else ""
                return (
                    f"read_csv({quoted(str(path))}, auto_detect=false, header={str(self.dialect.header).lower()}, "
                    f"delim={quoted(self.delimiter)}, quote={quoted(self.dialect.quote)}, escape={quoted(self.dialect.escape)}, "
                    f"columns={{{columns}}}, compression='{compression}'{rejects})"
                )


def quoted(text: str) -> str:
    """A SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def open_table(con: duckdb.DuckDBPyConnection, path: Path, dialect: Dialect, folder: Path) -> TableFile:
    """Finds out what the file is. Raises TableError."""
    head = _head(path)
    kind = dialect.format or _format(path)
    _check_head(path, head, kind)
    encoding = dialect.encoding or next((name for bom, name in _BOMS if head.startswith(bom)), "utf-8")
    encoding = "utf-8" if codecs.lookup(encoding).name in {"utf-8", "utf-8-sig", "ascii"} else encoding
    delimiter, names = dialect.delimiter or ",", tuple[str, ...]()
    if kind == "csv":
        if path.suffix == ".zst":
            raise TableError(f"{path.name}: expected a CSV file, plain or .gz, found one packed with zstd. Unpack it first.")
        delimiter, names = _header(path, head, dialect, encoding)
    found = TableFile(path=path, format=kind, dialect=dialect, names=names, encoding=encoding, delimiter=delimiter, folder=folder)
    if kind == "csv":
        return found
    with found.scan() as scan, said(path, kind):
        if kind == "parquet":
            rows = con.execute(f"select column_name from (describe select * from {scan})").fetchall()
        else:
            sample = f"select json from {scan} limit {SAMPLE_OBJECTS}"
            rows = con.execute(
                f"select distinct unnest(json_keys(json)) as name from ({sample}) where json_type(json) = 'OBJECT' order by name"
            ).fetchall()
    return replace(found, names=tuple(str(name) for (name,) in rows))


def _format(path: Path) -> Format:
    stem = path.with_suffix("") if path.suffix in {".gz", ".zst"} else path
    if stem.suffix.lower() not in _SUFFIXES:
        raise TableError(
            f"{path.name}: expected a name that ends in {', '.join(_SUFFIXES)} (.gz allowed), found {path.suffix or 'none'!r}. "
            "Rename it, or say options.format."
        )
    return _SUFFIXES[stem.suffix.lower()]


def _opened(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def _head(path: Path) -> bytes:
    try:
        with _opened(path) as file:
            return file.read(HEAD_BYTES)
    except FileNotFoundError as error:
        raise TableError(
            f"{path}: expected the file to import, found none. Put it there or correct path in the market file."
        ) from error
    except (OSError, EOFError, zlib.error) as error:
        raise TableError(f"{path}: expected a file that can be read, found: {error}.") from error


def _check_head(path: Path, head: bytes, kind: Format) -> None:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    looks = next((what for mark, what in _LOOKS if start[: len(mark)].lower() == mark.lower()), None)
    if not start:
        raise TableError(f"{path.name}: expected rows, found an empty file. Export it again.")
    if kind == "parquet":
        if not head.startswith(b"PAR1"):
            raise TableError(
                f"{path.name}: expected a Parquet file, found {looks or 'something else'}. Correct options.format or the file."
            )
    elif looks is not None and not (kind == "json" and looks == "JSON") and path.suffix != ".zst":
        raise TableError(
            f"{path.name}: expected {kind.upper()}, found {looks}. Export it again as {kind.upper()}, or say options.format."
        )


_LOOKS = (
    (b"<", "an HTML or XML page"),
    (b"PAR1", "Parquet"),
    (b"PK\x03\x04", "an Excel workbook or ZIP archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"\x1f\x8b", "a gzip file whose name does not end in .gz"),
    (b"\x28\xb5\x2f\xfd", "a zstd file"),
    (b"%PDF", "a PDF"),
    (b"{", "JSON"),
    (b"[", "JSON"),
)


def _header(path: Path, head: bytes, dialect: Dialect, encoding: str) -> tuple[str, tuple[str, ...]]:
    """The delimiter and the column names of a CSV file; the first line decides."""
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(head).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise _undecodable(path, head, encoding) from error
    first = re.sub(r'"[^"]*"', "", text.split("\n", 1)[0])
    delimiter = dialect.delimiter or max(_DELIMITERS, key=first.count)
    try:
        row = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quotechar=dialect.quote))
    except (csv.Error, StopIteration) as error:
        raise TableError(f"{path.name}: expected a first line of column names, found none that can be read ({error}).") from error
    return delimiter, tuple(name.strip() for name in row) if dialect.header else tuple(str(i + 1) for i in range(len(row)))


def _undecodable(path: Path, head: bytes, encoding: str) -> TableError:
    fits = [name for name in _OFTEN_MET if name != encoding and _decodes(head, name)]
    hint = f" Its beginning could be {' or '.join(fits)}: say options.encoding." if fits else " Say options.encoding."
    return TableError(f"{path.name}: expected {encoding} text, found bytes that are none.{hint}")


def _decodes(head: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        return False
    return True


@contextmanager
def said(path: Path, kind: Format) -> Iterator[None]:
    """DuckDB's complaints about a file, in our words: its own quote the row, and rows name people. Raises TableError."""
    try:
        yield
    except duckdb.Error as error:
        text = str(error)
        if "not utf-8" in text or "Invalid unicode" in text or "invalid UTF-8" in text:
            with _opened(path) as file:
                raise _undecodable(path, file.read(HEAD_BYTES), "utf-8") from None
        line = re.search(r"CSV Error on Line: (\d+)", text)
        reason = next((m.group() for p in _REASONS if (m := re.search(p, text))), None)
        if reason is None and not isinstance(
            error, duckdb.InvalidInputException | duckdb.IOException | duckdb.ConversionException
        ):
            raise  # not the file's fault
        where = f" in line {line.group(1)}" if line else ""
        raise TableError(
            f"{path.name}: expected well-formed {kind.upper()}, found{where}: {reason or type(error).__name__}. Mend the file, "
            "correct options.delimiter, quote and escape, or say options.skip_malformed = true to leave such rows out."
        ) from None


_REASONS = (
    r"Expected Number of Columns: \d+ Found: \d+",
    r"unterminated quote",
    r"Maximum line size of \d+ bytes exceeded",
    r"unexpected character",
    r"unexpected end of data",
    r"maximum_object_size",
    r"No magic bytes",
)


@contextmanager
def _fed(path: Path, pipe: Path, encoding: str) -> Iterator[None]:
    """Feeds the file to a named pipe as UTF-8, while the body reads from there. Raises TableError for what cannot be decoded."""
    os.mkfifo(pipe, 0o600)
    failure: list[TableError] = []

    def feed() -> None:
        try:
            with pipe.open("wb") as out, _opened(path) as file, io.TextIOWrapper(file, encoding=encoding, newline="") as text:
                while chunk := text.read(HEAD_BYTES):
                    out.write(chunk.removeprefix("\ufeff").encode())
        except BrokenPipeError:
            pass  # the reader has seen enough
        except UnicodeDecodeError as error:
            failure.append(
                TableError(
                    f"{path.name}: expected {encoding} text, found bytes that are none ({error.reason}). Say options.encoding."
                )
            )

    thread = threading.Thread(target=feed, name="feed", daemon=True)
    thread.start()
    try:
        yield
    finally:
        # Opening and closing the other end lets a feeder go that nobody came to read.
        os.close(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK))
        thread.join()
        pipe.unlink()
        if failure:
            raise failure[0]


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(repr(name) for name in names[:40])
    return shown + (f" and {len(names) - 40} more" if len(names) > 40 else "") if names else "none"
