"""Landing of small tables (`spiders.tables.rows`): the same for every source that reads one, whatever its rows are."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from spiders.items import Record, line, line_fields
from spiders.receipt import MAX_ERROR_SHARE, MAX_ERRORS, PROVENANCE, Job, LandingWriter, Receipt, author_key, file_sha256, now
from spiders.tables.rows import RowsError, text_of_file


@dataclass(frozen=True, slots=True)
class Read:
    """What a file gave."""

    records: tuple[Record, ...]
    faults: tuple[str, ...]
    """Of rows that were left out, each with its line."""
    rows: int


def land_rows(job: Job, read: Callable[[str], Read]) -> Receipt:
    """Reads the job's file into its landing candidate. Raises RowsError, also when more than MAX_ERROR_SHARE of the rows are at fault."""
    started = now()
    assert job.path is not None  # noqa: S101 - gather starts these sources for files only
    found = read(text_of_file(job.path))
    if len(found.faults) > MAX_ERROR_SHARE * found.rows:
        raise RowsError(f"{found.faults[0]} So or alike in {len(found.faults):,} of {found.rows:,} rows.")
    key = author_key(job.key_file)
    seen: dict[str, object] = {
        # Who exported the file saw it; the file's time is the best that is known of when.
        "seen_at": datetime.fromtimestamp(int(job.path.stat().st_mtime), UTC),
        "page_url": job.url or job.path.name,
        "page_sha256": file_sha256(job.path),
    }
    out = LandingWriter(job.output)
    out.write(line(record, key) | seen for record in found.records)
    return Receipt.of(
        job,
        started_at=started,
        finish_reason="finished",
        records=len(found.records),
        pages=1,
        ignored=len(found.faults),
        errors=tuple(f"{job.path.name}: {fault}" for fault in found.faults[:MAX_ERRORS]),
        fields=(*line_fields(job.kind), *PROVENANCE),
        file_sha256=out.close(),
    )


def run(arguments: list[str], land: Callable[[Job], Receipt]) -> int:
    """`python -m <source> JOB`: lands the file, writes the receipt, and returns 1 when it could not."""
    job = Job.load(arguments[0])
    started = now()
    try:
        receipt = land(job)
    except (RowsError, OSError) as error:
        name = "" if job.path is None else f"{job.path.name}: "
        receipt = Receipt.of(job, started_at=started, finish_reason="error", spider_exceptions=1, errors=(f"{name}{error}",))
    receipt.write(job.receipt)
    return 0 if receipt.finish_reason == "finished" else 1
