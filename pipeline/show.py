"""From a claim to the page: the quotes of a SWOT cell, the landing lines they came from, and the archived pages, each held against its sha256.

Everything is read as it was published. A page that is not archived (a table, a source whose terms forbid it, a retention that is
over) is told as such, with the landing line that is left of it.
"""

import gzip
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import orjson

from pipeline.page_text import Found, Shown, decoded, document, find, plain
from spiders.receipt import Receipt, lines_of, newest_reading
from spiders.web.archive import Archive, ArchiveError, Entry, place
from warehouse import build

Progress = Callable[[str], None]


class ShowError(ValueError):
    """There is nothing to show; the message says what was expected, what was found and what to do next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A passage that the report shows, and what leads to its page."""

    text: str
    about: str
    """One line of facts for people."""
    url: str | None
    target: str
    run_id: str
    """The run that last saw it."""
    record: dict[str, str]
    """Fields of its landing line, by which that is found; none for a page, which is found by its address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a quote was read."""

    quote: Quote
    landing: Path | None = None
    line: int = 0
    """From 1."""
    seen_at: str = ""
    page_url: str = ""
    archive: Path | None = None
    entry: Entry | None = None
    within: str = ""
    """The passage of the landing line that the quote is part of."""
    page_sha256: str | None = None
    body: str = ""
    """The archived page's text."""
    found: Found | None = None
    missing: str = ""
    """Why there is no page, or no sentence on it."""
    is_damaged: bool = False


_CELL = "select brand, quadrant, claim, statistics from mart.swot_cell where cell_id = ?"
_CELLS = "select cell_id, brand, quadrant, claim from mart.swot_cell order by brand, quadrant, position"
_QUOTES = """
select
    evidence.quote, evidence.quoted_from, evidence.is_counter, evidence.url, evidence.published_on, evidence.stars, evidence.stars_max,
    coalesce(review.brand || '.reviews.' || review.source, search.target) as target, coalesce(review.run_id, search.run_id) as run_id,
    review.native_id, review.page_sha256
from mart.evidence as evidence
cross join core.run as run
left join core.review as review on review.review_id = evidence.review_id
left join core.search_result as search
    on evidence.review_id is null and search.engine = evidence.source and search.url = evidence.url and search.title = evidence.quote
    and cast(timezone(run.timezone, timezone('UTC', search.as_of)) as date) = evidence.published_on
where evidence.cell_id = ? and evidence.quoted_from <> 'page'
qualify row_number() over (partition by evidence.position order by search.run_id, search.draw, search.rank) = 1
order by evidence.position
"""
_PAGES = """
select
    evidence.quote, evidence.quoted_from, evidence.is_counter, evidence.url, evidence.published_on, null, null, crawl.target, crawl.run_id,
    null, null
from mart.evidence as evidence
join core.source as source
    on source.brand = evidence.brand
    and ((source.kind = 'contact' and evidence.source = 'contact') or (source.kind = 'faq' and source.name = evidence.source))
join core.crawl as crawl on crawl.target = source.target and crawl.newest
left join (select distinct target, coalesce(url, page_url) as url from raw.contact_point) as line
    on line.target = source.target and line.url = evidence.url
where evidence.cell_id = ? and evidence.quoted_from = 'page'
qualify row_number() over (
    partition by evidence.position order by line.url is null, source.url is distinct from evidence.url, crawl.target
) = 1
order by evidence.position
"""
_REVIEW = """
select
    content, 'review', false, url, published_on, stars, stars_max, brand || '.reviews.' || source, run_id, native_id, page_sha256
from core.review
where review_id = ?
"""
_HOLDS = "select lines_run_id from core.crawl where target = ? and run_id = ?"


def show(data: Path, name: str | None, *, html: Path | None, progress: Progress) -> int:
    """Prints the walk from a cell's or a review's id; 1 when a page is damaged, or does not have its sentence. Raises ShowError.

    Without a name, the cells with their ids.
    """
    published = data / "warehouse.duckdb"
    if not published.exists():
        raise ShowError(f"Expected a published warehouse at {published}, found none. `rivalscope run` makes one.")
    con = build.connect(published, read_only=True)
    try:
        if name is None:
            for cell in con.execute(_CELLS).fetchall():
                sys.stdout.write(" · ".join(map(plain, cell)) + "\n")
            return 0
        heading, quotes = _asked(con, name)
        sources = [_source(con, data, quote) for quote in quotes]
    finally:
        con.close()
    sys.stdout.write(f"{heading}\n")
    for number, source in enumerate(sources, 1):
        sys.stdout.write(f"\n[{number}] {_told(source, data)}\n")
    sys.stdout.flush()
    if html is not None:
        _write(html, heading, sources, data)
        progress(f"show: {html} has the pages with the sentences marked; it names people, so mind who reads it")
    return (
        1 if any(source.is_damaged or (source.quote.record and source.body and source.found is None) for source in sources) else 0
    )


def _asked(con: duckdb.DuckDBPyConnection, name: str) -> tuple[str, list[Quote]]:
    """A heading, and the quotes of the cell or the review with that id."""
    cell = con.execute(_CELL, [name]).fetchone()
    rows = [row for query in ((_QUOTES, _PAGES) if cell else (_REVIEW,)) for row in con.execute(query, [name]).fetchall()]
    if not rows:
        known = con.execute("select cell_id from mart.swot_cell order by brand, quadrant, position limit 3").fetchall()
        examples = ", ".join(each[0] for each in known) or "none"
        raise ShowError(
            f"Expected the id of a cell or a review of the published run, found {name!r:.80}. Its cells begin with {examples}; "
            "the others stand in mart.swot_cell, and under each cell of the report."
        )
    heading = "{} · {}: {} ({})".format(*map(plain, cell)) if cell else f"review {name}"
    return heading, [_quote(row) for row in rows]


def _quote(row: tuple[Any, ...]) -> Quote:
    text, quoted_from, is_counter, url, published_on, stars, stars_max, target, run_id, native_id, page_sha256 = row
    facts = [
        quoted_from + (" that speaks against it" if is_counter else ""),
        f"{stars:g} of {stars_max:g}" if stars is not None else None,
        published_on.isoformat() if published_on else None,
        target,
    ]
    if quoted_from == "page":
        record = {}
    else:
        record = {"native_id": native_id, "page_sha256": page_sha256} if native_id else {"url": url, "title": text}
    about = ", ".join(each for each in facts if each)
    return Quote(text=text, about=about, url=url, target=target, run_id=run_id, record=record)


def _source(con: duckdb.DuckDBPyConnection, data: Path, quote: Quote) -> Source:
    held = con.execute(_HOLDS, [quote.target, quote.run_id]).fetchone()
    run_id = held[0] if held else quote.run_id
    receipt_path = newest_reading(data / "landing" / run_id, quote.target)
    if receipt_path is None:
        missing = f"the landing file of run {run_id}, target {quote.target} is gone; restore it from a backup"
        return Source(quote=quote, missing=missing, is_damaged=True)
    landing = lines_of(receipt_path)
    number, line = _line(landing, quote)
    archive, receipt = place(data / "archive" / run_id, quote.target), Receipt.load(receipt_path)
    if line is None and not quote.record:
        return _with_page(Source(quote=quote, landing=landing, page_url=quote.url or ""), archive, receipt)
    if line is None:
        return Source(quote=quote, landing=landing, missing="its landing file has no such line", is_damaged=True)
    source = Source(
        quote=quote,
        landing=landing,
        line=number,
        seen_at=str(line["seen_at"]),
        page_url=str(line["page_url"]),
        page_sha256=line["page_sha256"],
        within=_passage(line, quote),
    )
    return _with_page(source, archive, receipt)


def _line(landing: Path, quote: Quote) -> tuple[int, dict[str, Any] | None]:
    """The landing line of the quote with its number, from 1."""
    try:
        with gzip.open(landing) as lines:
            for number, raw in enumerate(lines, 1):
                line = orjson.loads(raw)
                if quote.record and all(line.get(name) == value for name, value in quote.record.items()):
                    return number, line
                if not quote.record and quote.url in (line.get("url"), line.get("page_url")):
                    return number, line
    except (OSError, EOFError, zlib.error, orjson.JSONDecodeError):
        return 0, None
    return 0, None


def _passage(line: dict[str, Any], quote: Quote) -> str:
    first = quote.text.partition("\n")[0]
    said = (line.get(name) for name in ("text", "reply_text", "title"))
    return next((str(text) for text in said if text and first in text), "")


def _with_page(source: Source, archive: Path, receipt: Receipt) -> Source:
    if receipt.archive_sha256 is None:
        if receipt.kept is not None:
            kept = ", ".join(("the ids", *receipt.kept))
            why = f"the terms of {receipt.source} let nothing be kept but {kept}, so its pages are not archived"
        elif receipt.source == "table":
            why = f"the rows of a table are not archived; its file and options had the fingerprint {receipt.input_sha256}"
        else:
            why = "its pages were not archived (retention_days = 0, or a run before there was an archive)"
        return replace(source, missing=why)
    if not archive.exists():
        return replace(source, missing=f"its page is archived no longer: {archive} is gone, as retention_days has it")
    try:
        with Archive(archive) as pages:
            # Of a page on which nothing was found there is no landing line, and so no sha256: only its address.
            alike = [
                each
                for each in pages.entries
                if (
                    each.page_sha256 == source.page_sha256
                    if source.page_sha256
                    else source.page_url in {each.url, each.request_url}
                )
            ]
            # The same page may have come from several addresses; a source may also name another than the one that was asked.
            entry = next((each for each in alike if source.page_url in {each.url, each.request_url}), next(iter(alike), None))
            if entry is None:
                return replace(source, archive=archive, missing="the archive has no page with its sha256", is_damaged=True)
            headers, body = pages.page(entry)
    except ArchiveError as error:
        return replace(source, archive=archive, missing=str(error), is_damaged=True)
    content_type = next((value for name, value in headers if name.lower() == "content-type"), None)
    text = decoded(body, content_type)
    found = find(text, source.quote.text, source.within)
    if found:
        why = ""
    elif source.quote.record:
        why = "the page, which is the one that was seen, does not have these words in a row: the parser put them together"
    else:
        why = "the page is what was seen; it has no words to mark"
    return replace(source, archive=archive, entry=entry, body=text, found=found, missing=why)


# --- words ------------------------------------------------------------------------------------------------------------


def _told(source: Source, data: Path) -> str:
    lines = [f"{plain(source.quote.text)!r:.400}", *(f"    {name + ':':<11}{value}" for name, value in _facts(source, data))]
    if source.found is not None:
        before, sentence, after = map(plain, (source.found.before, source.found.sentence, source.found.after))
        marked = f"\x1b[1;7m{sentence}\x1b[0m" if sys.stdout.isatty() else f"**{sentence}**"
        where = "page" if source.found.place == "text" else "page data"
        lines.append(f"    {where + ':':<11}… {before} {marked} {after} …")
    return "\n".join(lines)


def _facts(source: Source, data: Path) -> list[tuple[str, str]]:
    facts = [("quote", source.quote.about)]
    if source.quote.url:
        facts.append(("url", plain(source.quote.url)))
    if source.line:
        facts.append(("seen", f"{source.seen_at} on {plain(source.page_url)}"))
    if source.landing is not None:
        facts.append(("landing", f"{_short(source.landing, data)}, line {source.line:,}"))
    if source.archive is not None and source.entry is not None:
        entry = source.entry
        facts.append(
            ("archive", f"{_short(source.archive, data)}, offset {entry.offset:,}, {entry.length:,} bytes, {entry.record_id}")
        )
        masked = " (of the page as it was seen; a secret was taken out of what is kept)" if entry.is_masked else ", verified"
        facts.append(("sha256", f"{entry.page_sha256}{masked}"))
    if source.missing:
        facts.append(("no page" if source.entry is None else "note", plain(source.missing)))
    return facts


def _short(path: Path, data: Path) -> str:
    return str(path.relative_to(data)) if path.is_relative_to(data) else str(path)


def _write(file: Path, heading: str, sources: list[Source], data: Path) -> None:
    pages = (
        Shown(sentence=source.quote.text, within=source.within, facts=_facts(source, data), page=source.body or None)
        for source in sources
    )
    file.touch(mode=0o600)
    if file.is_file():  # not a device or a pipe
        file.chmod(0o600)  # it may have been there
    file.write_text(document(heading, pages), encoding="utf-8")
