"""How figures read, the same in every format."""

from datetime import date, datetime

from pipeline.report.facts import Cell, Quote

QUADRANT_NAMES = {"strength": "Strengths", "weakness": "Weaknesses", "opportunity": "Opportunities", "threat": "Threats"}


def day(moment: date | datetime | None) -> str:
    """ISO day; empty for None."""
    return "" if moment is None else moment.strftime("%Y-%m-%d")


def month(first: date) -> str:
    return first.strftime("%b %Y")


def count(number: int) -> str:
    return f"{number:,}"


def net(share: float | None) -> str:
    """Net sentiment -1..1 as whole points with a sign, a true minus; an en dash for None."""
    return "–" if share is None else _minus(f"{share * 100:+.0f}") if round(share * 100) else "0"


def pct(share: float | None) -> str:
    """0..1 as per cent: one digit below 10 %, none above."""
    if share is None:
        return "–"
    return f"{share * 100:.1f} %" if 0 < share < 0.1 else f"{share * 100:.0f} %"


def dec(number: float, digits: int) -> str:
    return f"{number:.{digits}f}"


def figures(cell: Cell) -> str:
    """What stands behind a claim, in one line: n, effect with interval and q, what it means for us, and the rule that says so."""
    for_us = f" · for us: {cell.for_us}" if cell.for_us else ""
    return f"{cell.statistics}{for_us} · rule {cell.rule}"


def stars(quote: Quote) -> str:
    """e.g. "2 of 5 stars · "; empty when no rating was given."""
    if quote.stars is None or quote.stars_max is None:
        return ""
    return f"{quote.stars:g} of {quote.stars_max:g} stars · "


def is_web(url: str | None) -> bool:
    """Only these become links: anything else from outside is shown as text."""
    return url is not None and url.startswith(("http://", "https://"))


def _minus(text: str) -> str:
    return text.replace("-", "−")
