"""How figures read, the same in every format."""

import re
from datetime import date, datetime

from pipeline.report.rows import Cell, EmergingTerm, Movement, Quote, Reading, Tactic

QUADRANT_NAMES = {"strength": "Strengths", "weakness": "Weaknesses", "opportunity": "Opportunities", "threat": "Threats"}


def day(moment: date | datetime | None) -> str:
    """ISO day; empty for None."""
    return "" if moment is None else moment.strftime("%Y-%m-%d")


def month(first: date) -> str:
    return first.strftime("%b %Y")


def count(number: int) -> str:
    return f"{number:,}"


def net(share: float | None) -> str:
    """Net sentiment -1..1 with its sign, a true minus; an en dash for None."""
    return "–" if share is None else _minus(f"{share:+.2f}")


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


def emergence(term: EmergingTerm) -> str:
    return (
        f"{term.complaint_count} of {count(term.review_count)} reviews in {language(term.language)} ({pct(term.share_low)} to {pct(term.share_high)}) in the newest window, "
        f"{term.complaint_count_before} of {count(term.review_count_before)} before "
        f"({pct(term.share_before_low)} to {pct(term.share_before_high)}), q = {term.q_value:.2g}"
    )


def gain(tactic: Tactic) -> str:
    """What a tactic is worth, e.g. "0.12 stars (0.05 to 0.20)"."""
    if tactic.impact is None:
        return "impact not known: too few reviews"
    if tactic.impact_low is None or tactic.impact_high is None:
        return f"{tactic.impact:.2f} stars"
    return f"{tactic.impact:.2f} stars ({_minus(f'{tactic.impact_low:.2f}')} to {tactic.impact_high:.2f})"


def moved(movement: Movement, theme: str) -> str:
    """e.g. "complaints about Delivery"; `theme` is its name."""
    words = {"net_sentiment": "net sentiment on", "complaint_share": "complaints about", "praise_share": "praise for"}
    return f"{words[movement.metric]} {theme}" if movement.metric in words else "rating"


def figure(movement: Movement, value: float | None) -> str:
    """A value or a difference of a movement in its unit: stars of five, net sentiment, or per cent."""
    if value is None:
        return "–"
    if movement.metric == "rating":
        return f"{1 + 4 * value:.2f} stars"
    return net(value) if movement.metric == "net_sentiment" else pct(value)


def change(movement: Movement) -> str:
    """e.g. "+12 points (+4 to +20), n = 56 against 48"."""
    if movement.effect is None or movement.low is None or movement.high is None:
        return "–"
    scale, digits, unit = {"rating": (4, 2, " stars"), "net_sentiment": (1, 2, "")}.get(movement.metric, (100, 0, " points"))
    effect, low, high = (f"{scale * value:+.{digits}f}" for value in (movement.effect, movement.low, movement.high))
    return f"{_minus(effect)}{unit} ({_minus(low)} to {_minus(high)}), n = {movement.n} against {movement.n_before}"


def stars(quote: Quote) -> str:
    """e.g. "2 of 5 stars · "; empty when no rating was given."""
    if quote.stars is None or quote.stars_max is None:
        return ""
    return f"{quote.stars:g} of {quote.stars_max:g} stars · "


def is_web(url: str | None) -> bool:
    """Only these become links: anything else from outside is shown as text."""
    return url is not None and url.startswith(("http://", "https://"))


def tight(text: str) -> str:
    """With no line break where a number meets its sign: "19 %", "q < 0.001", "2026-11-01"."""
    text = re.sub(r"(?<=\d) (?=%)|(?<=[qn]) (?=[<=] )|(?<=[<=]) (?=\d)", "\u00a0", text)
    return re.sub(r"(?<=\d)-(?=\d)", "\u2011", text)


def quoted_from(quote: Quote) -> str:
    """What the stars beside a quote are of, when they are not the quote's own."""
    return {"reply": "the company's answer to a review of ", "search result": "search result · "}.get(quote.quoted_from, "")


def language(code: str) -> str:
    """Its name where the program reads it by rules of its own, else the code."""
    return {"en": "English", "ko": "Korean", "ja": "Japanese", "und": "No known language"}.get(code, code)


NOT_CORRECTED = (
    "Shares of themes, and all claims, are counted as read and not corrected by these figures; shares of good and bad reviews by brand stand corrected, "
    "where that is sound, in metric.prevalence. Where every review has stars, the stars are the better measure of how content its writer was."
)


def accuracy(reading: Reading) -> str:
    """e.g. "90 % (86 % to 93 %)"; an en dash where no starred review was held out."""
    if reading.accuracy is None:
        return "–"
    return f"{pct(reading.accuracy)} ({pct(reading.accuracy_low)} to {pct(reading.accuracy_high)})"


def read_by(reading: Reading) -> str:
    """The scorer, and by what it was taught."""
    if not reading.teacher_count:
        return reading.scorer
    first, last = day(reading.first_landed_on), day(reading.last_landed_on)
    landed = first if first == last else f"{first} to {last}"
    return f"{reading.scorer}; taught by {count(reading.teacher_count)} starred reviews landed {landed}"


def _minus(text: str) -> str:
    return text.replace("-", "−")
