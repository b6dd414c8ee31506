"""How the report's rows read: sentences made of more than one column, in the reader's language, the same in every format."""

import re

from pipeline.report.rows import AuditPart, Cell, EmergingTerm, Movement, Quote, Ranking, Reading, Square, Tactic
from pipeline.report.since import Reason
from pipeline.words import NONE, Words

OWN_NAMES = {"en": "English", "ko": "한국어", "ja": "日本語"}
"""Of each language in itself, for its readers."""


class Wording(Words):
    """`Words`, and what it takes to say a row."""

    LEAST_STARS = 0.005
    """What is less reads as 0.00 stars, and is told in words instead."""

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
        """What stands behind a claim, in one line: n, effect with interval and q, and what it means for us."""
        return " · ".join([cell.statistics, *([self.for_us(cell.for_us)] if cell.for_us else [])])

    def for_us(self, stance: str) -> str:
        """attack, defend, fix or watch, in words."""
        return {
            "attack": self.say("for us: take the opening"),
            "defend": self.say("for us: guard what we have"),
            "fix": self.say("for us: mend our own"),
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
        if tactic.impact < self.LEAST_STARS:
            return self.say("less than 0.01 stars")
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
        """e.g. "2 of 5 stars", told as those of the review where the quote is the answer to it; empty when no rating was given."""
        if quote.stars is None or quote.stars_max is None:
            return ""
        if quote.quoted_from == "reply":
            return self.say(
                "the company's answer to a review of {stars} of {most} stars",
                stars=f"{quote.stars:g}",
                most=f"{quote.stars_max:g}",
            )
        return self.say("{stars} of {most} stars", stars=f"{quote.stars:g}", most=f"{quote.stars_max:g}")

    def quoted_from(self, quote: Quote) -> str:
        """What is quoted where it is no review; empty where it is one, and where `stars` says it."""
        match quote.quoted_from:
            case "reply" if not self.stars(quote):
                return self.say("the company's answer to a review")
            case "search result":
                return self.say("search result")
            case "page":
                return self.say("seen on a page")
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
            "stand corrected in the warehouse, where that is sound. Where every review has stars, the stars are the better measure of how "
            "content its writer was."
        )

    def stance(self, stance: str) -> str:
        """attack, defend, fix or watch as a label of its own."""
        return {
            "attack": self.say("Take the opening"),
            "defend": self.say("Guard it"),
            "fix": self.say("Mend it"),
            "watch": self.say("Watch"),
        }[stance]

    def stage(self, stage: str) -> str:
        """A stage of the taxonomy; one that a market file adds, as it stands there."""
        return self.name(stage.capitalize())

    def emotion(self, emotion: str) -> str:
        return {
            "joy": self.say("joy"),
            "trust": self.say("trust"),
            "surprise": self.say("surprise"),
            "anger": self.say("anger"),
            "disappointment": self.say("disappointment"),
            "worry": self.say("worry"),
        }.get(emotion, emotion)

    def arrow(self, movement: Movement) -> str:
        """Of a movement that has one: where it went, and whether that is good for the brand."""
        match movement.arrow, movement.direction:
            case "up", "better":
                return self.say("up, better")
            case "up", "worse":
                return self.say("up, worse")
            case "up", _:
                return self.say("up")
            case _, "better":
                return self.say("down, better")
            case _, "worse":
                return self.say("down, worse")
        return self.say("down")

    def quadrant(self, quadrant: str) -> str:
        """One cell's."""
        return {
            "strength": self.say("Strength"),
            "weakness": self.say("Weakness"),
            "opportunity": self.say("Opportunity"),
            "threat": self.say("Threat"),
        }[quadrant]

    def status(self, status: str) -> str:
        """What became of a source in this run."""
        return {
            "observed": self.say("answered"),
            "absent": self.say("answered, nothing there"),
            "failed": self.say("failed"),
            "blocked": self.say("refused"),
            "not_asked": self.say("not asked"),
        }[status]

    def verdict(self, square: Square) -> str:
        """What the test says of a brand on a theme."""
        known = {
            "strength": self.say("strength"),
            "weakness": self.say("weakness"),
            "no clear difference": self.say("no clear difference"),
            "no clear difference at equal stars": self.say("no clear difference at equal stars"),
        }
        return known.get(square.verdict) or self.say("not enough evidence (n = {n})", n=square.mentioning_count)

    def channel(self, channel: str) -> str:
        """A way to get in touch with who runs it, as metric.service names it: "chat (Intercom)"."""
        kind, _, vendor = channel.partition(" (")
        names = {
            "chat": self.say("chat"),
            "messenger": self.say("messenger"),
            "phone": self.say("phone"),
            "email": self.say("e-mail"),
            "form": self.say("form"),
            "social": self.say("social network"),
        }
        name = names.get(kind, kind)
        return self.say("{channel} ({vendor})", channel=name, vendor=vendor.removesuffix(")")) if vendor else name

    def cost(self, tactic: Tactic) -> str:
        return {"low": self.say("low cost"), "medium": self.say("medium cost"), "high": self.say("high cost")}[tactic.cost]

    def shown_by(self, tactic: Tactic) -> str:
        """The number that would show that a tactic works, in words; one that a market file names otherwise, as it stands there."""
        known = {
            ("metric.theme_brand.complaint_share", "falls"): self.say("It works if fewer reviews complain of it."),
            ("metric.theme_brand.net_sentiment", "rises"): self.say("It works if the net sentiment on it rises."),
            ("mart.service_audit.value", "rises"): self.say("It works if the service audit finds more of it on our pages."),
            ("mart.service_audit.value", "falls"): self.say("It works if the service audit finds less of it on our pages."),
            ("metric.visibility.visibility", "rises"): self.say("It works if our visibility in search rises."),
            ("metric.signal.share", "falls"): self.say("It works if fewer reviews say so."),
            ("metric.reply.reply_rate", "rises"): self.say("It works if more reviews get an answer."),
            ("metric.reply.median_reply_hours", "falls"): self.say("It works if reviews are answered sooner."),
            ("mart.summary.mean_stars", "rises"): self.say("It works if the mean rating rises."),
            ("mart.share_of_voice.share", "rises"): self.say("It works if our share of voice rises."),
        }
        if said := known.get((tactic.shown_by, tactic.shown_as)):
            return said
        if tactic.shown_as == "rises":
            return self.say("It works if this figure rises: {figure}.", figure=tactic.shown_by)
        return self.say("It works if this figure falls: {figure}.", figure=tactic.shown_by)

    def reason(self, reason: Reason) -> str:
        """What differs between two runs besides the reviews."""
        names = self.listed(reason.names)
        languages = self.listed([self.language_name(language) for language in reason.names])
        model = (
            self.say("Sentences are read by a new version: {languages}.", languages=languages)
            if languages
            else self.say("Sentences are read by a new version of the program.")
        )
        return {
            "rules": self.say("The rules that decide which findings are shown have changed."),
            "themes": self.say("Themes, or the words that mark them, have changed."),
            "settings": self.say("The market file has changed: brands, keywords, languages or thresholds."),
            "model": model,
            "labels": self.say("The labelled texts that teach the reading have changed."),
            "read_anew": self.say("Archived pages were read again by a newer parser."),
            "added": self.say("New sources: {names}.", names=names),
            "dropped": self.say("Sources no longer asked: {names}.", names=names),
            "status": self.say("Sources whose status has changed: {names}.", names=names),
        }[reason.kind]

    def audit_area(self, area: str) -> str:
        return {
            "topics": self.say("What the FAQ treats"),
            "answers": self.say("Answers"),
            "reading": self.say("How they read"),
            "freshness": self.say("How fresh they are"),
            "findability": self.say("How they are found"),
            "languages": self.say("Languages"),
            "contact": self.say("Contact"),
            "chat": self.say("Chat"),
        }[area]

    def audit_part(self, part: str) -> str:
        return {
            "topic_coverage": self.say("Complaints whose theme the FAQ treats"),
            "topic_coverage_in_questions": self.say("Complaints whose theme a question names"),
            "faq_entries": self.say("Questions answered"),
            "answer_words": self.say("Words in an answer (median)"),
            "answer_characters": self.say("Letters in an answer (median)"),
            "reading_ease_en": self.say("Reading ease of English answers (0 to 100)"),
            "sentence_length_ko": self.say("Letters in a sentence of Korean answers"),
            "sentence_length_ja": self.say("Letters in a sentence of Japanese answers"),
            "kanji_share_ja": self.say("Kanji in Japanese answers"),
            "update_stated_share": self.say("Answers that say when they were changed"),
            "fresh_share": self.say("Of these, changed within a year"),
            "median_age_days": self.say("Days since the change (median)"),
            "clicks_to_help": self.say("Clicks to the help pages"),
            "clicks_to_entry": self.say("Clicks from there to an answer"),
            "clicks_home_to_answer": self.say("Clicks from the home page to an answer"),
            "search_box": self.say("Search on the help pages"),
            "languages_offered": self.say("Languages of the site"),
            "faq_languages": self.say("Languages of the answers"),
            "contact_channels": self.say("Kinds of contact channel"),
            "hours_stated": self.say("Opening hours stated"),
            "response_promise_hours": self.say("Hours to a promised answer"),
            "chat_widgets": self.say("Chats on the pages"),
            "chat_human_stated": self.say("Says that people answer the chat"),
            "chat_bot_stated": self.say("Says that a bot answers the chat"),
        }[part]

    def audited(self, part: AuditPart) -> str:
        """The value in its unit, or why there is none."""
        if part.value is None:
            return {
                "failed": self.say("failed"),
                "blocked": self.say("refused"),
                "not_asked": self.say("not asked"),
                "not stated": self.say("not stated"),
                "no chat": self.say("no chat"),
            }.get(part.status, NONE)
        if part.part in {"search_box", "hours_stated", "chat_human_stated", "chat_bot_stated"}:
            return self.say("yes") if part.value else self.say("no")
        if part.part.endswith(("_share", "_share_ja")) or part.part.startswith("topic_coverage"):
            return self.pct(part.value)
        return self.count(part.value) if part.value == round(part.value) or abs(part.value) >= 20 else self.dec1(part.value)

    def rank(self, ranking: Ranking) -> str:
        """Where the brand stands in a search."""
        if ranking.status != "answered":
            return self.say("no answer")
        if ranking.rank is None:
            return self.say("not in the first {depth}", depth=ranking.depth) if ranking.depth else self.say("no results")
        return f"{ranking.rank:g}"

    def rank_change(self, ranking: Ranking) -> str:
        """Against the check before, in words; empty where nothing can be said."""
        before = "" if ranking.earlier_rank is None else f"{ranking.earlier_rank:g}"
        return {
            "up": self.say("up from {rank}", rank=before),
            "down": self.say("down from {rank}", rank=before),
            "in": self.say("was not there before"),
            "out": self.say("was at {rank}", rank=before),
            "same": self.say("as before"),
            "noise": self.say("moved within the noise"),
        }.get(ranking.verdict, "")

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

    def scorer(self, scorer: str) -> str:
        """As text.scorer names it; what it names otherwise, as it stands there."""
        rules = {
            "VADER": "VADER",
            "seed lexicon": self.say("seed lexicon"),
            "signs that all languages share": self.say("signs that all languages share"),
        }
        known = {"transformer": self.say("transformer")} | rules
        for name, said in rules.items():
            known[f"{name}, and a model that it taught"] = self.say("{rules}, and a model that it taught", rules=said)
            known[f"taught model, {name}"] = self.say("taught model, {rules}", rules=said)
        return known.get(scorer, scorer)

    def read_by(self, reading: Reading) -> str:
        """The scorer, and by what it was taught."""
        scorer = self.scorer(reading.scorer)
        if not reading.teacher_count:
            return scorer
        first, last = reading.first_landed_on, reading.last_landed_on
        if first == last:
            return self.say(
                "{scorer}; taught by {n} starred reviews landed {day:day}",
                scorer=scorer,
                n=reading.teacher_count,
                day=first,
            )
        return self.say(
            "{scorer}; taught by {n} starred reviews landed {first:day} to {last:day}",
            scorer=scorer,
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
