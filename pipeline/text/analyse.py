"""What a text says: its language, its sentences, the sentiment of each, the themes with the sentiment of their clause,
and its signals.

The one path from a review's words to numbers; `score` takes it for a market's reviews, `label` for lines on stdin. It takes many
texts at once, because the models score arrays.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from pipeline.text.reading import sentences
from pipeline.text.reading.language import language_of, language_of_part
from pipeline.text.reading.normalise import normalise
from pipeline.text.sentiment import scores
from pipeline.text.sentiment.ngrams import longest
from pipeline.text.sentiment.opinion import Asked, Opinions
from pipeline.text.sentiment.scores import Classifier, Label
from pipeline.text.wording.leaning import Leaning
from pipeline.text.wording.matcher import Span
from pipeline.text.wording.signals import Signal, signals_of
from pipeline.text.wording.themes import Reaches

LEANT = 0.4
"""What a mention scores by its wording alone."""

OVERRULED = 0.7
"""A score beyond this stands against the wording. Polarity of restaurant aspects (three ways) at 0, .3, .5, .7 and never overruled:
.766 .860 .863 .866 .870; of machine-translated Korean ones .749 .777 .780 .780 .778."""

SILENT = 0.05
"""Below it a stretch says nothing about its theme: VADER's own cut."""


BEFORE_LAST = 0.2
"""What a stretch counts beside a later one of the same sentence that speaks of the same theme. At 1, .45 and .2: pairs of mixed
Korean sentences .576 .580 .590, Japanese .598 .602 .609."""


class Themes(Protocol):
    """What is asked of a taxonomy."""

    @property
    def version(self) -> str: ...

    def themes_of(self, sentence: str, language: str) -> tuple[str, ...]: ...

    def reaches(self, sentence: str, language: str) -> Reaches: ...

    def leanings_within(
        self, sentence: str, language: str, themes: Collection[str], stretches: Mapping[Span, Collection[str]]
    ) -> tuple[Mapping[str, Leaning], Mapping[Span, Mapping[str, Leaning]]]: ...


@dataclass(frozen=True, slots=True)
class Text:
    """What is to be read, and what is known about it beforehand."""

    content: str
    stated: str | None = None
    """Language as the source states it."""
    locale: str | None = None
    """Language or locale of the brand."""


@dataclass(frozen=True, slots=True)
class Mention:
    theme: str
    sentiment: float
    label: Label


@dataclass(frozen=True, slots=True)
class Sentence:
    """`start` and `stop` are code points of the original content."""

    start: int
    stop: int
    language: str
    sentiment: float
    label: Label
    mentions: tuple[Mention, ...]
    signals: tuple[Signal, ...]


@dataclass(frozen=True, slots=True)
class Analysis:
    language: str
    sentiment: float
    """Of the whole text, where it was asked for; else 0."""
    sentences: tuple[Sentence, ...]


@dataclass(slots=True)
class _Part:
    """A stretch that is scored: a sentence, one of its clauses, or a whole text."""

    text: str
    language: str
    score: float = 0.0


@dataclass(slots=True)
class _Spoken:
    """A theme of a sentence, with what is said of it."""

    theme: str
    stretch: str
    score: float


@dataclass(slots=True)
class _Read:
    language: str
    entire: _Part | None
    sentences: list[tuple[Span, _Part, list[_Spoken]]]
    """Place in the original content, the sentence, its themes."""

    @property
    def spoken(self) -> list[_Spoken]:
        return [said for _, _, spoken in self.sentences for said in spoken]


def analyse(
    texts: Sequence[Text],
    *,
    languages: Sequence[str],
    taxonomy: Themes,
    models: Mapping[str, Classifier],
    opinions: Mapping[str, Opinions] = MappingProxyType({}),
    whole: bool = False,
) -> list[Analysis]:
    """One analysis for each text, in order. `whole` scores each text as one piece as well. `opinions`: language → what labelled
    mentions taught, which has the last word."""
    read = _read(texts, languages, taxonomy, models, whole=whole)
    if opinions:
        _ask(read, opinions)
    return [
        Analysis(
            text.language,
            text.entire.score if text.entire else 0.0,
            tuple(
                Sentence(
                    *span,
                    one.language,
                    one.score,
                    scores.label_of(one.score, one.language),
                    tuple(Mention(said.theme, said.score, scores.label_of(said.score, one.language)) for said in spoken),
                    signals_of(one.text, one.language, one.score),
                )
                for span, one, spoken in text.sentences
            ),
        )
        for text in read
    ]


def questions(
    texts: Sequence[Text], *, languages: Sequence[str], taxonomy: Themes, models: Mapping[str, Classifier]
) -> list[list[tuple[str, Asked]]]:
    """For each text what opinions are asked of it, and be taught by: the language, and the question about each mention and the text itself."""
    return [
        [
            *((one.language, _question(one, spoken, said)) for _, one, spoken in text.sentences for said in spoken),
            *([(text.language, _question(text.entire, text.spoken))] if text.entire else []),
        ]
        for text in _read(texts, languages, taxonomy, models, whole=True)
    ]


def _read(
    texts: Sequence[Text], languages: Sequence[str], taxonomy: Themes, models: Mapping[str, Classifier], *, whole: bool
) -> list[_Read]:
    parts: list[_Part] = []

    def part(text: str, language: str) -> _Part:
        parts.append(_Part(text, language))
        return parts[-1]

    planned = []
    for text in texts:
        read = normalise(text.content)
        language = language_of(read.text, languages=languages, stated=text.stated, locale=text.locale)
        plan = []
        for start, stop in sentences.sentences(read.text, language):
            words = read.text[start:stop]
            spoken = language_of_part(words, language)
            spoken_of = _spoken_of(words, spoken, taxonomy)
            said = {(a, b): part(words[a:b], spoken) for a, b in spoken_of.stretches}
            plan.append((read.span(start, stop), part(words, spoken), spoken_of, said))
        planned.append((language, part(read.text, language) if whole else None, plan))
    _score(parts, models)
    found = []
    for language, entire, plan in planned:
        if entire:
            entire.score = _of_whole(entire, [one for _, one, _, _ in plan])
        read_sentences = [(span, one, _themes(one, spoken_of, said, taxonomy)) for span, one, spoken_of, said in plan]
        found.append(_Read(language, entire, read_sentences))
    return found


def _ask(read: Sequence[_Read], opinions: Mapping[str, Opinions]) -> None:
    """Scores anew what the opinions of its language were taught."""
    asked: dict[str, list[tuple[_Part | _Spoken, Asked]]] = {}
    for text in read:
        for one, beside, said in [
            *((one, spoken, said) for _, one, spoken in text.sentences for said in (*spoken, None)),
            *([(text.entire, text.spoken, None)] if text.entire else []),
        ]:
            if one.language in opinions and opinions[one.language].answers(said.theme if said else ""):
                asked.setdefault(one.language, []).append((said or one, _question(one, beside, said)))
    for language, held in asked.items():
        for (scored, _), score in zip(held, opinions[language].scores([question for _, question in held]), strict=True):
            scored.score = score


def _question(one: _Part, beside: Sequence[_Spoken], said: _Spoken | None = None) -> Asked:
    themes = tuple(sorted({other.theme for other in beside}))
    if said is None:
        return Asked(one.text, one.text, "", one.score, one.score, themes)
    return Asked(one.text, said.stretch, said.theme, said.score, one.score, themes)


def _score(parts: Sequence[_Part], models: Mapping[str, Classifier]) -> None:
    by_language: dict[str, list[_Part]] = {}
    for part in parts:
        by_language.setdefault(part.language, []).append(part)
    for language, held in by_language.items():
        for part, score in zip(held, scores.scores([part.text for part in held], language, models), strict=True):
            part.score = score


def _spoken_of(words: str, language: str, taxonomy: Themes) -> Reaches:
    """Themes of a sentence, with the stretch that speaks of each where that is not the whole: in English what lies around its
    name, else the clauses that carry it."""
    if language == "en":
        return taxonomy.reaches(words, language)
    themes = taxonomy.themes_of(words, language)
    clauses = sentences.clauses(words, language) if themes else []
    if len(clauses) < 2:
        return Reaches(themes, {}, frozenset())
    return Reaches(themes, {(a, b): taxonomy.themes_of(words[a:b], language) for a, b in clauses}, frozenset())


def _themes(one: _Part, spoken_of: Reaches, said: Mapping[Span, _Part], taxonomy: Themes) -> list[_Spoken]:
    """A theme takes the sentiment of the stretches that speak of it; of the sentence where there is none, or where none judges it
    and it is more than named in passing."""
    if not spoken_of.themes:
        return []
    leanings, within = taxonomy.leanings_within(one.text, one.language, spoken_of.themes, spoken_of.stretches)
    carried: dict[str, list[Span]] = {}
    for span, found in spoken_of.stretches.items():
        for theme in found:
            carried.setdefault(theme, []).append(span)
    themes = []
    for theme in spoken_of.themes:
        spans = carried.get(theme, [])
        values = [_leant(said[span].score, within.get(span, {}).get(theme)) for span in spans]
        score = _together(values) if values else one.score
        if abs(score) < SILENT and theme not in spoken_of.passing:
            score = one.score
        if theme not in spoken_of.passing:
            score = _leant(score, leanings.get(theme))
        themes.append(_Spoken(theme, " ".join(said[span].text for span in spans) or one.text, score))
    return themes


def _together(values: Sequence[float]) -> float:
    """Of stretches that speak of one theme the last counts most: who says "small but clean" is pleased."""
    earlier = [BEFORE_LAST * value for value in values[:-1]]
    return round((sum(earlier) + values[-1]) / (BEFORE_LAST * len(earlier) + 1), 4)


def _leant(score: float, leaning: Leaning | None) -> float:
    """The score, or where the theme's own wording says otherwise and the score is not strong, what the wording says."""
    if leaning is None or score * leaning >= LEANT or score * leaning <= -OVERRULED:
        return score
    return LEANT * leaning


def _of_whole(entire: _Part, parts: Sequence[_Part]) -> float:
    """One score for the text. What is longer than the model reads at a time is the mean of its sentences that say something."""
    if entire.language == "en" or len(entire.text) <= longest(entire.language):
        return entire.score
    said = [part.score for part in parts if part.score]
    return round(sum(said) / len(said), 4) if said else 0.0
