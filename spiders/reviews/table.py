"""Review exports in CSV, JSON lines and Parquet, of any size; DuckDB reads the file itself, in a stream.

In a market file (all options: `spiders.tables.table_options.Options`):

    [[brands.sources]]
    kind = "reviews"
    source = "table"
    path = "exports/reviews.csv"
    basis = "licensed_export"
    options.rating_max = 10
    options.date_format = "%d/%m/%Y"         # none needed for ISO 8601
    options.columns.rating = "Score"         # field of a review = name of the column
    options.columns.text = "Comment"
    options.columns.published_at = "Date"

Exports that are often met need none of this: `options.profile = "trustpilot_export"` (all of them: `spiders/tables/table_profiles.toml`).

Where the export has no id of its own, a review's id is a hash of what it says: date, title, text, rating, product, address. Rows
that agree in all of these are numbered (`…-2`, `…-3`): ten bare five-star ratings of one day are ten reviews, and a later
export that holds them again names the same ten. An edited text counts as a new review then, so map `native_id` if there is one.
"""

# ruff: noqa: S608 - SQL over a file whose columns are not known before; names and literals from the market file are quoted

import hashlib
import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import orjson

from spiders.items import line_fields
from spiders.receipt import MAX_ERROR_SHARE, PROVENANCE, Job, LandingWriter, Receipt, author_key, file_sha256, now
from spiders.tables.table_file import TableError, TableFile, open_table, quoted, said
from spiders.tables.table_options import PROFILES, Columns, Options
from spiders.tables.table_values import day_sql, flag_sql, moment_sql, text_sql, unless_sql

__all__ = ["Columns", "Options", "TableError", "fingerprint", "land", "lines", "main", "min_records"]

min_records = 1
"""An export without a row is a fault, never a quiet month."""

MEMORY_LIMIT = "1GB"
THREADS = 2

# What Python's str.strip takes off, so that an author hashes here as in `items.author_hash`.
_SPACE = quoted("".join(filter(str.isspace, map(chr, range(0x3001)))))

# DuckDB's trim and replace cost 3 to 6 µs a review; most reviews need neither, and looking is ten times cheaper.
_MACROS = f"""
create temp macro stripped(x) as
    case when contains({_SPACE}, x[1]) or contains({_SPACE}, x[-1]) then trim(x, {_SPACE}) else x end;
create temp macro unbroken(x) as
    case when contains(x, chr(13)) or contains(x, chr(0))
    then replace(replace(replace(x, chr(13) || chr(10), chr(10)), chr(13), chr(10)), chr(0), chr(65533)) else x end;
"""

_MOMENTS = ("published_at", "reply_at", "seen_at")
_DAYS = ("experienced_at",)
_FLAGS = ("verified", "invited")
_TEXTS = ("native_id", "title", "text", "language", "product", "country", "reply_text", "url")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file with what is to be read from it."""

    file: TableFile
    options: Options
    guessed: bool
    """The profile was found by the file's columns; nobody said it."""
    url: str | None
    """Address of the source, for reviews that have none of their own."""
    seen_at: str
    sha256: str

    @property
    def mapped(self) -> dict[str, str]:
        """Field to column."""
        return self.options.columns.model_dump(exclude_none=True) if self.options.columns else {}


def land(job: Job) -> Receipt:
    """Reads the job's file into its landing candidate. Raises TableError."""
    started = now()
    assert job.path is not None  # noqa: S101 - gather starts this source for files only
    key = author_key(job.key_file)
    with _opened(job.path, Options.model_validate(job.options), job.url, job.output.parent) as (con, source, folder):
        ignored = _checked(con, source)
        out = LandingWriter(job.output)
        records = _copied(con, source, key, out, folder)
        sha256 = out.close()
    if file_sha256(job.path) != source.sha256:
        raise TableError(
            f"{job.path.name}: expected a file at rest, found that it changed while it was read. "
            "Wait until the export is complete, and run gather again."
        )
    return Receipt.of(
        job,
        started_at=started,
        finish_reason="finished",
        records=records,
        pages=1,
        ignored=sum(ignored.values()),
        errors=tuple(ignored),
        fields=(*line_fields("reviews"), *PROVENANCE),
        file_sha256=sha256,
    )


def lines(path: Path, options: Options, *, key: bytes, url: str | None = None) -> Iterator[dict[str, object]]:
    """The file's landing lines, one by one, without landing them. Raises TableError."""
    with _opened(path, options, url, None) as (con, source, _):
        _checked(con, source)
        with source.file.scan() as scan, said(path, source.file.format):
            # Within a block of rows the join lets those with a number of their own go first.
            result = con.execute(f"{_line_sql(source, scan)} order by n", _pads(key))
            while rows := result.fetchmany(1000):
                for row in rows:
                    yield dict(zip((*line_fields("reviews"), *PROVENANCE), row, strict=True))


def fingerprint(path: Path, options: Options, *, key: bytes, url: str | None) -> str:
    """Names what `land` would read: the same file under the same options and key gives the same lines. Raises OSError."""
    guessing = {name: profile.options for name, profile in PROFILES.items()} if options.columns is None else {}
    said_by = orjson.dumps([options.model_dump(mode="json"), guessing], option=orjson.OPT_SORT_KEYS)
    parts = (file_sha256(path).encode(), said_by, (url or "").encode(), hashlib.sha256(b"key" + key).digest())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


@contextmanager
def _opened(
    path: Path, options: Options, url: str | None, work: Path | None
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Source, Path]]:
    with tempfile.TemporaryDirectory(prefix="table.", dir=work) as name, duckdb.connect() as con:
        folder = Path(name)
        con.execute(f"set memory_limit = '{MEMORY_LIMIT}'; set threads = {THREADS}; set TimeZone = 'UTC'")
        con.execute(f"set temp_directory = {quoted(str(folder / 'spill'))}")
        con.execute(
            "set autoinstall_known_extensions = false; set preserve_insertion_order = true; set enable_progress_bar = false"
        )
        # The file is always the outer side of the join below: so it is streamed, in its own order, and never spilt.
        con.execute("set disabled_optimizers = 'join_order,build_side_probe_side'")
        con.execute(_MACROS)
        file = open_table(con, path, options.dialect, folder)
        try:
            told = options.recognised(file.names)
        except ValueError as error:
            raise TableError(f"{path.name}: {error}. Say options.profile, or options.columns.") from error
        changed = datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
        source = Source(
            file=file,
            options=told,
            guessed=told is not options,
            url=url,
            seen_at=changed.strftime("%Y-%m-%dT%H:%M:%SZ"),
            sha256=file_sha256(path),
        )
        yield con, source, folder


def _checked(con: duckdb.DuckDBPyConnection, source: Source) -> dict[str, int]:
    """First reading: every row is held against the options. Returns how many will be left out, and why. Raises TableError."""
    file, options = source.file, source.options
    _check_columns(con, source)
    identity = "null" if "native_id" in source.mapped else f"md5_number({_CONTENT})"
    with file.scan() as scan, said(file.path, file.format):
        con.execute(
            f"create temp table fact as select n, fault, is_empty, rating, {identity} as id from ({_row_sql(source, scan)})"
        )
    con.execute(
        "create temp table again as select n, k from (select n, row_number() over (partition by id order by n) as k from fact "
        "where not is_empty and id is not null) where k > 1"
    )
    total, empty = con.execute("select count(*), count(*) filter (is_empty and fault is null) from fact").fetchall()[0]
    faults = con.execute(
        "select fault, count(*), min(n) from fact where fault is not null group by fault order by min(n), fault"
    ).fetchall()
    if total == empty:
        raise TableError(_nothing(source, total))
    if source.guessed:
        _check_scale(con, source)
    ignored = {f"{file.path.name}: rows without rating, title and text left out: {empty:,}.": empty} if empty else {}
    for field, count, first in faults:
        message = f"{_fault(con, source, field, first)} So in {count:,} of {total:,} rows."
        if options.bad_values == "fail" or count > MAX_ERROR_SHARE * total:
            raise TableError(message)
        ignored[message] = count
    if options.skip_malformed and file.format == "csv":
        rejected = con.execute("select count(distinct (file_id, line)) from reject_errors").fetchall()[0][0]
        if rejected:
            ignored[f"{file.path.name}: rows that are not well-formed left out: {rejected:,}."] = rejected
    return ignored


def _check_scale(con: duckdb.DuckDBPyConnection, source: Source) -> None:
    """A file was recognised by its columns alone: one with a better or without its scale's best rating is on another scale."""
    name, best = source.options.profile, source.options.rating_max
    top, faults = con.execute("select max(rating), count(*) filter (fault = 'rating') from fact").fetchall()[0]
    if top != best or faults:
        raise TableError(
            f"{source.file.path.name}: expected ratings up to {best:g}, as its columns are those of the profile {name!r}, found "
            f"{f'{faults:,} beyond' if faults else f'none above {top:g}' if top is not None else 'none'}. "
            f"If it is such an export, say options.profile = {name!r}; else say options.columns and rating_max."
        )


def _check_columns(con: duckdb.DuckDBPyConnection, source: Source) -> None:
    file = source.file
    doubtful = [name for name in dict.fromkeys((*source.mapped.values(), *source.options.where)) if file.names.count(name) != 1]
    if file.format == "json" and doubtful:
        # Objects may lack any key, so one that the first objects do not have is looked for in all of them.
        with file.scan() as scan, said(file.path, file.format):
            counts = con.execute(f"select {', '.join(f'count({file.column(name)})' for name in doubtful)} from {scan}").fetchall()
        doubtful = [name for name, count in zip(doubtful, counts[0], strict=True) if not count]
    if doubtful:
        raise file.missing(doubtful)


def _nothing(source: Source, total: int) -> str:
    name, where = source.file.path.name, source.options.where
    if total:
        return f"{name}: expected reviews, found {total:,} rows without rating, title and text. Correct options.columns."
    if where:
        wanted = " and ".join(f"{column} is {' or '.join(map(repr, values))}" for column, values in where.items())
        return f"{name}: expected rows in which {wanted}, found none. Correct options.where, or the export."
    return f"{name}: expected rows below the column names, found none. Export it again."


def _fault(con: duckdb.DuckDBPyConnection, source: Source, field: str, row: int) -> str:
    """The message for one kind of fault, shown by its first row."""
    file, options = source.file, source.options
    with file.scan() as scan, said(file.path, file.format):
        value = con.execute(f"select raw_{field} from ({_raw_sql(source, scan)}) where n = {row}").fetchall()[0][0]
    if field in (*_MOMENTS, *_DAYS):
        expected = f"a date ({' or '.join((*options.date_format, 'ISO 8601'))})"
        hint = "Say options.date_format."
    elif field == "rating":
        expected = f"a rating within {options.rating_min:g}..{options.rating_max:g}"
        hint = "Correct rating_min and rating_max, or say what each printed value means in options.ratings."
    elif field == "native_id":
        expected, hint = "an id", "Without one in each row, leave columns.native_id out."
    else:
        expected, hint = "yes or no", "Say options.true_values and options.false_values."
    # Data rows are counted, since a row may run over several lines of the file.
    where = f"in column {source.mapped[field]!r} of row {row:,} (the row of names not counted)"
    return f"{file.path.name}: expected {expected}, found {_shown(value)} {where}. {hint}"


def _shown(value: str | None) -> str:
    """A value for a message. Anything but a number or a date may be a person's name in the wrong column: it is not repeated."""
    if value is None:
        return "nothing"
    if re.fullmatch(r"[\d\s.,:/+\-TZ%]{1,40}", value):
        return repr(value)
    return f"a text of {len(value):,} characters"


def _copied(con: duckdb.DuckDBPyConnection, source: Source, key: bytes, out: LandingWriter, folder: Path) -> int:
    """Second reading: DuckDB writes the lines into a pipe, and they are packed on the way. Returns how many there are."""
    pipe = folder / "output"
    os.mkfifo(pipe, 0o600)
    failure: list[OSError] = []

    def drain() -> None:
        try:
            with pipe.open("rb") as lines_:
                while chunk := lines_.read(1 << 20):
                    out.write_bytes(chunk)
        except OSError as error:
            failure.append(error)

    thread = threading.Thread(target=drain, name="drain", daemon=True)
    thread.start()
    try:
        with source.file.scan() as scan, said(source.file.path, source.file.format):
            sql = f"copy ({_line_sql(source, scan)}) to {quoted(str(pipe))} (format json, compression none, use_tmp_file false)"
            records = con.execute(sql, _pads(key)).fetchall()[0][0]
    finally:
        # Lets the drain go if DuckDB never came to write; it has read all that there is when it ends.
        os.close(os.open(pipe, os.O_RDWR | os.O_NONBLOCK))
        thread.join()
        if failure:
            raise failure[0]
    return int(records)


def _pads(key: bytes) -> dict[str, bytes]:
    """HMAC-SHA256 from two plain hashes (RFC 2104), since DuckDB has no HMAC of its own."""
    block = key.ljust(64, b"\0")
    return {"ipad": bytes(byte ^ 0x36 for byte in block), "opad": bytes(byte ^ 0x5C for byte in block)}


_CONTENT = " || chr(31) || ".join(
    f"coalesce({field}::varchar, '')" for field in ("published_at", "title", "text", "rating", "product", "url")
)


def _raw_sql(source: Source, scan: str) -> str:
    """One row per row of the file that counts: `n` (1 is the first) and the mapped columns as printed, null where empty."""
    file, options = source.file, source.options
    nothing = ", ".join(map(quoted, ("", *options.nulls)))
    wanted = source.mapped
    columns = [f"{file.column(name)} as raw_{field}" for field, name in wanted.items()]
    columns += [f"{file.column(name)} as where_{i}" for i, name in enumerate(options.where)]
    cleaned = [
        f"case when stripped(raw_{field}) in ({nothing}) then null else raw_{field} end as raw_{field}" for field in wanted
    ]
    chosen = [f"stripped(where_{i}) in ({', '.join(map(quoted, values))})" for i, values in enumerate(options.where.values())]
    numbered = f"select row_number() over () as n, {', '.join(columns)} from {scan}"
    return f"select n, {', '.join(cleaned)} from ({numbered}) where {' and '.join(chosen) or 'true'}"


def _row_sql(source: Source, scan: str) -> str:
    """One row per row of the file that counts, typed; `fault` names the first field that does not parse, and is null in the row."""
    options = source.options
    words = "".join(f" when {quoted(shown)} then {rating!r}" for shown, rating in options.ratings.items())
    printed = "stripped(raw_rating)"
    number = f"case {printed}{words} else try_cast({printed} as double) end" if words else f"try_cast({printed} as double)"
    ways = {field: text_sql(f"raw_{field}") for field in _TEXTS}
    ways |= {field: moment_sql(f"raw_{field}", options) for field in _MOMENTS}
    ways |= {field: day_sql(f"raw_{field}", options) for field in _DAYS}
    ways |= {field: flag_sql(field, options) for field in _FLAGS}
    ways["rating"] = f"case when {number} between {options.rating_min!r} and {options.rating_max!r} then {number} end"
    wanted = source.mapped
    typed = [f"{way if field in wanted else 'null'} as {field}" for field, way in ways.items()]
    parsed = [field for field in ("rating", *_MOMENTS, *_DAYS, *_FLAGS) if field in wanted]
    faults = [f"when raw_{field} is not null and {field} is null{unless_sql(field, options)} then '{field}'" for field in parsed]
    nameless = "native_id is null" if "native_id" in wanted else "false"
    faults.append(f"when {nameless} then 'native_id'")
    return (
        f"select *, case {' '.join(faults)} end as fault, "
        f"{nameless} or (rating is null and title is null and text is null) as is_empty "
        f"from (select *, {', '.join(typed)} "
        f"from ({_raw_sql(source, scan)}))"
    )


def _line_sql(source: Source, scan: str) -> str:
    """One row per landing line, in the file's order; its parameters are `_pads`."""
    options = source.options
    author = "stripped(raw_author)" if "author" in source.mapped else "null::varchar"
    own = {
        "native_id": "native_id" if "native_id" in source.mapped else f"md5({_CONTENT}) || coalesce('-' || k::varchar, '')",
        "rating_max": f"case when rating is not null then {options.rating_max!r}::double end",
        "rating_min": f"{options.rating_min!r}::double",
        "text": "coalesce(text, '')",
        "author_hash": f"sha256($opad::blob || unhex(sha256($ipad::blob || encode({author}))))",
        "url": f"coalesce(url, {quoted(source.url)})" if source.url else "url",
        "seen_at": f"coalesce(seen_at, '{source.seen_at}')",
        "page_url": quoted(source.file.path.name),
        "page_sha256": f"'{source.sha256}'",
    }
    fields = ", ".join(f"{own.get(field, field)} as {field}" for field in (*line_fields("reviews"), *PROVENANCE))
    return f"select {fields} from ({_row_sql(source, scan)}) as read left join again using (n) where not is_empty"


def main(arguments: list[str]) -> int:
    """`python -m spiders.reviews.table JOB`: lands the file, writes the receipt, and exits 1 when it could not."""
    job = Job.load(arguments[0])
    started = now()
    try:
        receipt = land(job)
    except (TableError, OSError) as error:
        receipt = _failed(job, started, str(error))
    except duckdb.OutOfMemoryException:
        receipt = _failed(job, started, f"expected to read the file with {MEMORY_LIMIT} of memory, found that it takes more.")
    receipt.write(job.receipt)
    return 0 if receipt.finish_reason == "finished" else 1


def _failed(job: Job, started: datetime, message: str) -> Receipt:
    return Receipt.of(job, started_at=started, finish_reason="error", spider_exceptions=1, errors=(message,))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
