"""How the report's rows read: sentences made of more than one column, in the reader's language, the same in every format."""

import re

from pipeline.report.rows import Cell, EmergingTerm, Movement, Quote, Reading, Tactic
from pipeline.words import NONE, Words


class Wording(Words):
    """`Words`, and what it takes to say a row."""

    @property
    def quadrant_names(self) -> dict[str, str]:
        """Headings of the four columns."""
        return {
            "strength": self.say("Strengths"),
            "weakness": self.say("Weaknesses"),
            "opportunity": self.say("Opportunities"),
            "threat": self.say("Threats"),
        }

    def figures(self, cell: Cell) -> str:
        """What stands behind a claim, in one line: n, effect with interval and q, what it means for us, and the rule that says so."""
        rule = self.say("rule {rule}", rule=cell.rule)
        for_us = [self.for_us(cell.for_us)] if cell.for_us else []
        return " · ".join([cell.statistics, *for_us, rule])

    def for_us(self, stance: str) -> str:
        """attack, defend, fix or watch, in words."""
        return {
            "attack": self.say("for us: attack"),
            "defend": self.say("for us: defend"),
            "fix": self.say("for us: fix"),
            "watch": self.say("for us: watch"),
        }[stance]

    def emergence(self, term: EmergingTerm) -> str:
        return self.say(
            "{complaints} of {reviews} reviews in {language} ({low:pct} to {high:pct}) in the newest window, {complaints_before} of "
            "{reviews_before} before ({low_before:pct} to {high_before:pct}), q {q:q}",
            complaints=term.complaint_count,
            reviews=term.review_count,
            language=self.language_name(term.language),
            low=term.share_low,
            high=term.share_high,
            complaints_before=term.complaint_count_before,
            reviews_before=term.review_count_before,
            low_before=term.share_before_low,
            high_before=term.share_before_high,
            q=term.q_value,
        )

    def gain(self, tactic: Tactic) -> str:
        """What a tactic is worth, e.g. "0.12 stars (0.05 to 0.20)"."""
        if tactic.impact is None:
            return self.say("impact not known: too few reviews")
        if tactic.impact_low is None or tactic.impact_high is None:
            return self.say("{impact:dec2} stars", impact=tactic.impact)
        return self.say(
            "{impact:dec2} stars ({low:dec2} to {high:dec2})",
            impact=tactic.impact,
            low=tactic.impact_low,
            high=tactic.impact_high,
        )

    def moved(self, movement: Movement, theme: str) -> str:
        """e.g. "complaints about Delivery"; `theme` is its name."""
        match movement.metric:
            case "net_sentiment":
                return self.say("net sentiment on {theme}", theme=theme)
            case "complaint_share":
                return self.say("complaints about {theme}", theme=theme)
            case "praise_share":
                return self.say("praise for {theme}", theme=theme)
        return self.say("rating")

    def figure(self, movement: Movement, value: float | None) -> str:
        """A value of a movement in its unit: stars of five, net sentiment, or per cent."""
        if value is None:
            return NONE
        if movement.metric == "rating":
            return self.say("{value:dec2} stars", value=1 + 4 * value)
        return self.net(value) if movement.metric == "net_sentiment" else self.pct(value)

    def change(self, movement: Movement) -> str:
        """e.g. "+12 points (+4 to +20), n = 56 against 48"."""
        effect, low, high = movement.effect, movement.low, movement.high
        if effect is None or low is None or high is None:
            return NONE
        both = {"n": movement.n, "before": movement.n_before}
        match movement.metric:
            case "rating":
                stars = {"effect": 4 * effect, "low": 4 * low, "high": 4 * high}
                return self.say(
                    "{effect:net} stars ({low:net} to {high:net}), n = {n:count} against {before:count}", **stars, **both
                )
            case "net_sentiment":
                bare = {"effect": effect, "low": low, "high": high}
                return self.say("{effect:net} ({low:net} to {high:net}), n = {n:count} against {before:count}", **bare, **both)
        shares = {"effect": effect, "low": low, "high": high}
        return self.say(
            "{effect:points} points ({low:points} to {high:points}), n = {n:count} against {before:count}", **shares, **both
        )

    def stars(self, quote: Quote) -> str:
        """e.g. "2 of 5 stars"; empty when no rating was given."""
        if quote.stars is None or quote.stars_max is None:
            return ""
        return self.say("{stars} of {most} stars", stars=f"{quote.stars:g}", most=f"{quote.stars_max:g}")

    def quoted_from(self, quote: Quote) -> str:
        """What the stars beside a quote are of, when they are not the quote's own; empty when they are."""
        match quote.quoted_from:
            case "reply":
                return self.say("the company's answer to a review of")
            case "search result":
                return self.say("search result")
        return ""

    def language_name(self, code: str) -> str:
        """Its name where the program reads it by rules of its own, else the code."""
        names = {
            "en": self.say("English"),
            "ko": self.say("Korean"),
            "ja": self.say("Japanese"),
            "und": self.say("No known language"),
        }
        return names.get(code, code)

    def not_corrected(self) -> str:
        return self.say(
            "Shares of themes, and all claims, are counted as read and not corrected by these figures; shares of good and bad reviews by brand "
            "stand corrected, where that is sound, in the warehouse. Where every review has stars, the stars are the better measure of how "
            "content its writer was."
        )

    def accuracy(self, reading: Reading) -> str:
        """e.g. "90% (86% to 93%)"; an en dash where no starred review was held out."""
        if reading.accuracy is None:
            return NONE
        return self.say(
            "{accuracy:pct} ({low:pct} to {high:pct})",
            accuracy=reading.accuracy,
            low=reading.accuracy_low,
            high=reading.accuracy_high,
        )

    def read_by(self, reading: Reading) -> str:
        """The scorer, and by what it was taught."""
        if not reading.teacher_count:
            return reading.scorer
        first, last = reading.first_landed_on, reading.last_landed_on
        if first == last:
            return self.say(
                "{scorer}; taught by {n} starred reviews landed {day:day}",
                scorer=reading.scorer,
                n=reading.teacher_count,
                day=first,
            )
        return self.say(
            "{scorer}; taught by {n} starred reviews landed {first:day} to {last:day}",
            scorer=reading.scorer,
            n=reading.teacher_count,
            first=first,
            last=last,
        )


def is_web(url: str | None) -> bool:
    """Only these become links: anything else from outside is shown as text."""
    return url is not None and url.startswith(("http://", "https://"))


def tight(text: str) -> str:
    """With no line break where a number meets its sign: "q < 0.001", "2026-11-01"."""
    text = re.sub(r"(?<=\d) (?=%)|(?<=[qn]) (?=[<=] )|(?<=[<=]) (?=\d)", "\u00a0", text)
    return re.sub(r"(?<=\d)-(?=\d)", "\u2011", text)
