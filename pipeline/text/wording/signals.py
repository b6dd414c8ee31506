"""Signals: what a sentence says besides sentiment and themes. One TOML file a signal under `signals/`.

Emotions, stages of the customer journey, touchpoints, intents, and experiences that move customers. A file found there is a signal;
its name is the signal's id. It says kind, name and what counts; patterns by language; and sentences that must carry it (`hits`) and
must not (`misses`), which a test holds it to. `strong` are patterns too, for wordings that say it with force.

Wording alone decides, with one exception: surprise in a sentence that is very good is delight. A sentence has the stages that
its own words name; that its themes have a stage of their own is for who counts journeys (`warehouse/sql/mart/journey.sql`).
"""

import functools
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import pydantic

from pipeline.text.wording.durations import minutes_said
from pipeline.text.wording.leaning import denied
from pipeline.text.wording.matcher import MAX_CHARS, Matcher, Role, compiled, matcher, read

FILES = Path(__file__).parent / "signals"

Kind = Literal["emotion", "stage", "touchpoint", "intent", "experience"]

_GRADED = frozenset({"emotion", "intent", "experience"})
"""Kinds that are more or less so, and that can be denied. Who is not on the website still speaks of it."""

_VERY_GOOD = 0.5
"""Sentiment from which a surprise is a delight."""

_PLAIN, _STRONG, _LEAST = 0.5, 0.75, 0.1
_BOOSTED, _SOFTENED, _SHOUTED, _CAPITALS, _DRAWN = 0.15, -0.25, 0.1, 0.15, 0.1

_NEAR = 24
"""Characters before a wording in which what boosts or softens it is looked for."""

_BOOSTERS = {
    "en": r"\b(?:so|very|really|absolutely|extremely|totally|incredibly|utterly|completely|truly|deeply|seriously|beyond|super)\b",
    "ko": "너무|정말|진짜|완전|매우|아주|엄청|굉장히|무척|몹시|심히|정말로|대단히",
    "ja": "本当に|とても|すごく|めちゃ|めっちゃ|かなり|非常に|大変|超|あまりに|心から|マジで|まじで|ものすごく|凄く",
}
_SOFTENERS = {
    "en": r"\b(?:a (?:bit|little|tad)|slightly|somewhat|bit|mildly|kind of|kinda|fairly|a touch)\b",
    "ko": "좀|조금|약간|살짝|다소",
    "ja": "少し|ちょっと|やや|若干|多少|すこし",
}
_NEGATIVE = {
    "en": r"\b(?:not|never|no|without|cannot)\b|n't\b",
    "ko": "없|않|못|안 |다시는|다신|두 ?번 ?다시",
    "ja": "な(?:い|か|く)|ませ|ず|二度と|もう",
}
# One class of signs first, so that a sentence without any is passed over at the speed of a class: 0.4 µs where it was 4.
_DRAWN_OUT = re.compile(
    "[ㅠㅜㅋㅎ笑泣怒涙草w\U0001f300-\U0001faff♥♡❤☹☺:!！?？~〜](?:(?<=[ㅠㅜ])[ㅠㅜ]|(?<=[ㅋㅎ])[ㅋㅎ]|(?<=[笑泣怒涙])[）)]|(?<=草)$|(?<=w)ww"
    "|(?<=[\U0001f300-\U0001faff♥♡❤☹☺])|(?<=:)[)(D]|(?<=[!！?？~〜])[!！?？~〜])"
)

_Language = Literal["en", "ko", "ja"]
_Patterns = Mapping[_Language, tuple[Annotated[str, pydantic.Field(min_length=1, max_length=2_000)], ...]]


class SignalEntry(pydantic.BaseModel, extra="forbid", frozen=True):
    """One signal as its file writes it."""

    kind: Kind
    name: Mapping[_Language, str]
    what: str
    """What counts, and what does not."""
    denied: str | None = None
    """The signal that a denied wording carries: "would not recommend" warns. None: it carries nothing."""
    patterns: _Patterns
    """Regexes, written in lower case; one that matches is enough."""
    strong: _Patterns = {}
    """The same, for wordings that are strong by themselves."""
    guards: _Patterns = {}
    """Regexes for what looks like the signal and is none: a match that begins within one of theirs does not count."""
    hits: Mapping[_Language, tuple[str, ...]]
    misses: Mapping[_Language, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Signal:
    id: str
    kind: Kind
    intensity: float | None
    """0..1, plain wording .5; None for stages and touchpoints, which are so or not."""
    minutes: int | None
    """How long the customer waited, where the sentence says it; else None."""


@functools.cache
def entries() -> Mapping[str, SignalEntry]:
    """Signal id → entry, by kind, then id."""
    found = {path.stem: SignalEntry.model_validate(tomllib.loads(path.read_text("utf-8"))) for path in FILES.glob("*.toml")}
    return dict(sorted(found.items(), key=lambda item: (item[1].kind, item[0])))


def signals_of(sentence: str, language: str, sentiment: float) -> tuple[Signal, ...]:
    """The signals that the sentence carries, in the order of their ids.

    `language` is an ISO 639-1 code; without one ("" or "und") the script decides. `sentiment` is the sentence's, -1..1.
    """
    text, language = read(sentence, language)
    held = _matchers().get(language)
    if held is None:
        return ()
    found = _found(held, text, sentence, language)
    if sentiment >= _VERY_GOOD and "surprise" in found:
        found["delight"] = max(found.get("delight", 0.0), found["surprise"])
    return tuple(
        Signal(
            id=signal,
            kind=entries()[signal].kind,
            intensity=round(found[signal], 2) if entries()[signal].kind in _GRADED else None,
            minutes=minutes_said(text, language) if signal == "waiting" else None,
        )
        for signal in sorted(found)
    )


def _found(held: Matcher, text: str, sentence: str, language: str) -> dict[str, float]:
    """Signal → the highest intensity of its wordings."""
    found: dict[str, float] = {}
    places = held.places(text)
    if not places:
        return found
    sentence = sentence[:MAX_CHARS]
    voice = _SHOUTED * ("!" in sentence or "！" in sentence) + _DRAWN * bool(_DRAWN_OUT.search(sentence))
    for owner, spans in places.items():
        position, strong = divmod(owner, 2)
        signal, entry = _numbered()[position]
        if entry.kind not in _GRADED:
            found[signal] = 0.0
            continue
        for start, stop in spans:
            carried = entry.denied if _denied(text, start, stop, language) else signal
            if carried:
                # Lower case keeps the length; where a change of width did not, capitals are not looked for.
                capitals = len(text) == len(sentence) and sentence[start:stop].isupper()
                raised = voice + _CAPITALS * capitals + (_STRONG if strong else _PLAIN)
                intensity = _graded(raised, text[max(start - _NEAR, 0) : stop], language)
                found[carried] = max(found.get(carried, 0.0), intensity)
    return found


def _denied(text: str, start: int, stop: int, language: str) -> bool:
    # A wording that holds a negation ("never again", 어이없, 二度と) is not taken back by the one that ends it.
    return not compiled(_NEGATIVE[language]).search(text, start, stop) and denied(text, start, stop, language)


def _graded(value: float, words: str, language: str) -> float:
    """The intensity of a wording, by what boosts or softens it in the words before it."""
    value += _BOOSTED * bool(compiled(_BOOSTERS[language]).search(words))
    value += _SOFTENED * bool(compiled(_SOFTENERS[language]).search(words))
    return min(max(value, _LEAST), 1.0)


@functools.cache
def _numbered() -> tuple[tuple[str, SignalEntry], ...]:
    return tuple(entries().items())


@functools.cache
def _matchers() -> Mapping[str, Matcher]:
    """Language → all its patterns. An owner is twice the signal's position, one more for strong wordings."""
    return {language: matcher(_patterns(language), language) for language in ("en", "ko", "ja")}


def _patterns(language: _Language) -> Iterator[tuple[int, Role, str]]:
    for position, (_, entry) in enumerate(_numbered()):
        written = (entry.patterns.get(language, ()), entry.strong.get(language, ()))
        for owner, patterns in enumerate(written, position * 2):
            yield from ((owner, "find", pattern) for pattern in patterns)
            yield from ((owner, "guard", pattern) for pattern in entry.guards.get(language, ()) if patterns)
