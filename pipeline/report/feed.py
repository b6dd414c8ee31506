"""reports/feed.atom: one entry for each published run, the newest first, with what changed in its cells against the run before (RFC 4287)."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator
from markupsafe import Markup

from pipeline.page_text import plain
from pipeline.report.facts import Report
from pipeline.report.history import Past
from pipeline.report.since import Told

FILE_NAME = "feed.atom"

ENTRIES_MAX = 100
"""A reader who asks once in two years has all of a weekly run."""


def render(
    report: Report,
    runs: Sequence[Past],
    address: str | None,
    file: str = FILE_NAME,
    pages: Mapping[str, str] = MappingProxyType({}),
) -> bytes:
    """The feed of a market's runs. `address`: where the folder of reports is served; without one the feed has no links, which it need not have.
    `pages`: run → its report from that folder on; a run that is not in it has no link.

    A run's entry has the same id for ever. The same runs give the same bytes.
    """
    words, newest = report.words, [*reversed(runs)][:ENTRIES_MAX]
    root = None if address is None else f"{address.rstrip('/')}/"
    made = FeedGenerator()
    made.id(_id(report.run.market, words.language))
    made.title(plain(words.say("{market}: what changed", market=report.run.market_name)))
    made.author(name="rivalscope")
    made.generator("rivalscope", version=report.run.version)
    made.language(words.language)
    made.updated(max((_updated(run) for run in newest), default=report.run.as_of.replace(tzinfo=UTC)))
    if root is not None:
        made.link(href=urljoin(root, file), rel="self", type="application/atom+xml")
        made.link(href=root, rel="alternate", type="text/html")
    for run in newest:
        page = None if root is None or run.run_id not in pages else urljoin(root, pages[run.run_id])
        made.add_entry(_entry(report, run, page), order="append")
    body: bytes = made.atom_str(pretty=True)
    return body


def _entry(report: Report, run: Past, page: str | None) -> FeedEntry:
    words = report.words
    entry = FeedEntry()
    entry.id(_id(report.run.market, words.language, run.run_id))
    day = run.as_of.astimezone(ZoneInfo(report.run.timezone))
    summary = _summary(report, run)
    entry.title(plain(words.say("{day:day}: {what}", day=day, what=summary)))
    entry.updated(_updated(run))
    entry.published(run.as_of)
    entry.summary(plain(summary))
    entry.content(str(_content(report, run, summary)), type="html")
    if page is not None:
        entry.link(href=page, rel="alternate", type="text/html")
    return entry


def _summary(report: Report, run: Past) -> str:
    words = report.words
    if run.before is None:
        return words.plural("first run, {n} cell", "first run, {n} cells", n=len(run.cell_ids))
    if run.is_quiet:
        return words.say("no real change")
    return words.say(
        "{new} new, {gone} gone, {moved} moved, {kept} as before",
        new=len(run.appeared),
        gone=len(run.gone),
        moved=len(run.moved),
        kept=len(run.cell_ids) - len(run.appeared) - len(run.moved),
    )


def _content(report: Report, run: Past, summary: str) -> Markup:
    words = report.words
    parts = [Markup("<p>{}</p>").format(plain(summary))]
    for heading, cells in (
        (words.say("New"), run.appeared),
        (words.say("No longer shown"), run.gone),
        (words.say("Moved, before"), run.moved),
    ):
        if cells:
            lines = Markup().join(Markup("<li>{}</li>").format(_line(report, told)) for told in cells)
            parts.append(Markup("<h3>{}</h3><ul>{}</ul>").format(heading, lines))
    if run.review_count is not None:
        parts.append(Markup("<p>{}</p>").format(words.plural("{n} review", "{n} reviews", n=run.review_count)))
    return Markup().join(parts)


def _line(report: Report, told: Told) -> str:
    quadrant = report.words.quadrant_names[told.quadrant]
    said = report.words.say(
        "{brand}, {quadrant}: {claim}", brand=report.brand_name(told.brand), quadrant=quadrant, claim=told.said(report.words)
    )
    return plain(said)


def _updated(run: Past) -> datetime:
    """A run that is published again counts as a second later: readers take notice, and the same runs give the same bytes."""
    return run.as_of + timedelta(seconds=run.edition - 1)


def _id(*names: str) -> str:
    """A name-based UUID (RFC 9562, version 5): the same wherever and whenever it is made."""
    return uuid.uuid5(uuid.NAMESPACE_URL, "/".join(("urn:rivalscope", *names))).urn
