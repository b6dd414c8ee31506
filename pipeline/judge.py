"""The judgement of a crawl: from its receipt and the lines that it left to what becomes of it, and why.

A crawl that cannot be trusted must not change a table: an hour of old numbers is better than a wrong one, and the coverage table
says that they are old. Scrapy itself ends with exit code 0 and `finished` on a refused connection, a 404, a robots refusal and
an exception in the parser, so each of these is looked for. What only the target's earlier crawls can tell stands in `monitor`.
"""

import gzip
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import orjson

from spiders.items import line_fields
from spiders.receipt import MAX_ERROR_SHARE, PROVENANCE, Alarm, Outcome, Receipt, file_sha256

STATED_REACH = 0.9
"""Share of the total that a site states which a crawl that walked its list to the end has to reach. Totals are rounded, cached for
hours, and count reviews that are held back, so they seldom agree exactly; a tenth missing means that paging broke off."""

MAX_UNANSWERED_SEARCHES = 0.5
"""Of a ranking crawl: with fewer answers than that, the engine as a whole does not answer."""

CHECKED_LINES = 10_000
"""Lines whose keys are looked at; a source writes all of its lines alike, and load counts them all."""

_REFUSALS = frozenset({"401", "403", "407", "429", "451"})
"""Statuses by which a site says that it does not want to be asked."""

_WALLS = re.compile(r"captcha|refused https?://(?:consent|guce|challenges?)[.-]", re.IGNORECASE)
"""Messages of a crawl that was led to a captcha, or away to a consent form on another host."""

_REFUSED_BY_US = re.compile(r": refused https?://")
"""Message of a request that was never made: its address is none that the market file allows."""

_FOR_NOW = frozenset({"408", "425"})
"""Statuses below 500 by which a server asks for another try."""

_TABLES = frozenset({"table", "rank_table", "post_table"})
"""Sources that read the rows of a file."""

_ENDS = frozenset({"finished", "closespider_pagecount"})
"""How a crawl may end: by itself, or at the market file's own limit of pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a receipt cannot know of itself."""

    lines: Path
    where: str
    """Address or file, for messages."""
    exit_code: int
    overdue: bool
    """It had to be ended after its time was up."""
    timeout_seconds: float
    min_records: int
    max_pages: int


class Judgement(NamedTuple):
    outcome: Outcome
    reason: str | None
    """Why it does not land; None when it does."""
    alarm: Alarm | None
    """The kind of fault; None where it is none of the three, such as a site that does not answer or a damaged file."""


def judge(receipt: Receipt, found: Circumstances) -> Judgement:
    """What becomes of a crawl by its own receipt and lines."""
    broken = _broken_off(receipt, found)
    walled, unread, few = _walled(receipt), _unread(receipt), _too_few(receipt, found)
    errors = _too_many_errors(receipt)
    problem = broken or walled or unread or errors or few or _damaged(receipt, found)
    if problem is None:
        return Judgement("landed", None, None)
    outcome = _outcome(receipt, broken=broken is not None, walled=walled is not None, errors=errors is not None)
    alarm: Alarm | None = "blocked" if outcome == "blocked" else None
    if outcome == "rejected" and problem in {unread, few} and receipt.source not in _TABLES:
        alarm = "layout_gone"
    said = f" {' '.join(receipt.errors[:3])}" if receipt.errors else ""
    return Judgement(outcome, f"{receipt.target} ({found.where}): {problem}{said} {_next(outcome, receipt, found)}", alarm)


def may_pass(receipt: Receipt) -> bool:
    """Whether the cause of a crawl that did not land may pass by itself: no connection, no answer in time, a server's own error (5xx), a crawl
    that was stopped. All else stays as it is until somebody has looked: a refusal is respected, a page is laid out as it was a minute
    ago, and an address or a file that is not there has to be corrected in the market file."""
    if receipt.outcome != "failed" or receipt.finish_reason == "error":
        return False
    errors = receipt.download_errors + receipt.ignored
    if receipt.finish_reason not in _ENDS or not errors:
        return True
    if receipt.pages == 0 and receipt.errors and all(map(_REFUSED_BY_US.search, receipt.errors)):
        return False
    gone = sum(count for status, count in receipt.statuses.items() if "400" <= status < "500" and status not in _FOR_NOW)
    return gone < errors


def _broken_off(receipt: Receipt, found: Circumstances) -> str | None:
    if found.overdue or receipt.finish_reason == "closespider_timeout":
        return f"expected to end within {found.timeout_seconds:g} s, found it still at work after that."
    if receipt.finish_reason == "error":
        return "expected a file that can be read."
    if found.exit_code != 0:
        ended = f"signal {-found.exit_code}" if found.exit_code < 0 else f"exit code {found.exit_code}"
        return f"expected exit code 0, found {ended}."
    if receipt.finish_reason not in _ENDS:
        return f"expected to run to its end, found that it was stopped ({receipt.finish_reason})."
    return None


def _tolerated(receipt: Receipt) -> float:
    """Share of errors with which a crawl may land. Each search says for itself what became of it; one that failed spoils no other."""
    return MAX_UNANSWERED_SEARCHES if receipt.kind == "ranking" else MAX_ERROR_SHARE


def _walled(receipt: Receipt) -> str | None:
    """Captchas, refusals and consent forms that came with a good status (`spiders.web.witness`)."""
    walls = _walls(receipt)
    if walls > _tolerated(receipt) * receipt.pages:
        return f"expected pages of the site, found a captcha, a refusal or a consent form in the place of {walls:,} of {receipt.pages:,}."
    return None


def _walls(receipt: Receipt) -> int:
    return int(receipt.measured.get("wall_count", 0))


def _refused(receipt: Receipt) -> bool:
    """We are not wanted there: no page came and there were refusals, or these are more than the share of errors that is tolerated.

    One refusal among many good pages says little, and must not hide that nothing was found in these.
    """
    by_status = sum(receipt.statuses.get(status, 0) for status in _REFUSALS)
    led_away = sum(bool(_WALLS.search(message)) for message in receipt.errors)  # a wall's own sentence is among them
    refused = by_status + receipt.robots_refused + max(_walls(receipt), led_away)
    asked = receipt.pages + receipt.download_errors + receipt.robots_refused
    return refused > 0 and (receipt.pages <= by_status or refused > _tolerated(receipt) * asked)


def _unread(receipt: Receipt) -> str | None:
    if receipt.spider_exceptions:
        return f"expected pages as the source knows them, found {receipt.spider_exceptions} that it could not read."
    return None


def _too_many_errors(receipt: Receipt) -> str | None:
    errors = receipt.download_errors + receipt.ignored
    # A file is one page, and what it leaves out are rows; a site's errors are counted in answers that did not come or were no good.
    asked = receipt.records + receipt.ignored if receipt.source in _TABLES else receipt.pages + receipt.download_errors
    if errors > _tolerated(receipt) * asked:
        statuses = ", ".join(f"{count}x {status}" for status, count in receipt.statuses.items() if status >= "400")
        detail = f" ({statuses})" if statuses else ""
        if errors >= asked and not statuses and receipt.source not in _TABLES:
            return "expected an answer, found none."
        return f"expected at most {_tolerated(receipt):.0%} errors, found {errors:,} of {asked:,}{detail}."
    return None


def _too_few(receipt: Receipt, found: Circumstances) -> str | None:
    if receipt.records < found.min_records:
        refused = f", {receipt.robots_refused} addresses forbidden by robots.txt" if receipt.robots_refused else ""
        return f"expected at least {found.min_records:,} records, found {receipt.records:,} on {receipt.pages:,} pages{refused}."
    stated = receipt.stated.count if receipt.stated is not None else None
    # One page often shows a selection of all reviews, and a crawl that reached our own limit of pages did not mean to see them all.
    walked = 1 < receipt.pages < found.max_pages and receipt.finish_reason == "finished"
    if stated is not None and walked and receipt.records < STATED_REACH * stated:
        return f"expected about {stated:,} records, as the site states, found {receipt.records:,} on {receipt.pages:,} pages."
    return None


def _damaged(receipt: Receipt, found: Circumstances) -> str | None:
    """The lines are what the receipt vouches for, and each has the keys of its kind, neither more nor fewer."""
    if not found.lines.exists() or file_sha256(found.lines) != receipt.file_sha256:
        return "expected the lines that the receipt vouches for, found none or others."
    wanted = [*line_fields(receipt.kind), *PROVENANCE]
    try:
        with gzip.open(found.lines) as lines:
            for number, line in zip(range(1, CHECKED_LINES + 1), lines, strict=False):
                keys = list(orjson.loads(line))
                if keys != wanted:
                    strange = ", ".join(sorted(set(keys) ^ set(wanted))) or "another order"
                    return f"expected the keys of a {receipt.kind} line, found a difference in line {number}: {strange}."
    except (OSError, EOFError, zlib.error, orjson.JSONDecodeError) as error:
        return f"expected lines of JSON, found: {error}."
    return None


def _outcome(receipt: Receipt, *, broken: bool, walled: bool, errors: bool) -> Outcome:
    """`blocked`: we are not wanted there; `failed`: no answer could be had; `rejected`: an answer, but not one to rely on."""
    if broken:
        return "failed"
    if walled or _refused(receipt):
        return "blocked"
    return "failed" if errors and receipt.source not in _TABLES else "rejected"


def _next(outcome: Outcome, receipt: Receipt, found: Circumstances) -> str:
    if outcome == "blocked":
        return "It is left alone. Use the site's API or a licensed export, or ask its owner."
    if receipt.source in _TABLES:
        return "Then run gather again."
    if outcome == "failed":
        return "Check the address in a browser, and run gather again."
    return f"The layout has probably changed: run `rivalscope freeze {receipt.source} {found.where}` and compare."
