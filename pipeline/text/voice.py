"""How a company speaks: formality, apology, thanks, empathy, address, signature, offer; in English, Korean and Japanese.

Formality has levels of its own in each language and no scale across them. Korean has the honorific level of the last ending
(`hapsyo` 합쇼체, `haeyo` 해요체, `plain`), Japanese the politest form in the sentence (`honorific` 尊敬・謙譲, `polite` です・ます, `plain`),
English what is customary in letters (`formal`, `neutral`, `informal`). Wordings stand in `wording/voice/<language>.toml`.

What is asked is whether a company does a thing at all, so one sentence of it suffices. No name is kept: only whether there was one.
"""

import functools
import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.text.reading import sentences
from pipeline.text.reading.language import language_of
from pipeline.text.reading.normalise import MAX_TEXT, normalise
from pipeline.text.wording.matcher import Matcher, Role, matcher
from pipeline.text.wording.matcher import read as as_patterns_see

WORDINGS = Path(__file__).parent / "wording" / "voice"

Address = Literal["named", "generic", "none"]
Fit = Literal["fits", "mismatched", "neither"]
Mood = Literal["happy", "unhappy"]

_SCARCE = 0.2
"""Share of sentences from which an English answer has a level other than neutral: one "hey" in a letter is a slip."""

_TAIL = 160
"""Code points at the end of an answer in which a signature stands."""

_STARS = 0.25
"""Within this of the scale's end a rating tells the mood: one and two stars of five, or four and five."""

_MOOD = 0.3
"""What the mean sentiment of a review's sentences tells of the mood, where stars tell nothing."""

_UPWARD = {"ko": ("plain", "haeyo", "hapsyo"), "ja": ("plain", "polite", "honorific"), "en": ("informal", "neutral", "formal")}
"""The levels of each language, the most formal last."""

LANGUAGES = tuple(_UPWARD)


@dataclass(frozen=True, slots=True)
class Formality:
    level: str | None
    """Of the most sentences, the more formal of two; None where no sentence shows one."""
    share: float | None
    """Of the sentences that show a level, those at this one, 0..1; None with it."""
    honorific_share: float | None
    """Of the sentences, those that honour the customer with 시, 0..1; None unless Korean."""


@dataclass(frozen=True, slots=True)
class Voice:
    """One answer. What no wordings are held for (other languages) is None."""

    language: str
    sentences: int
    formality: Formality
    apology: bool | None
    thanks: bool | None
    empathy: bool | None
    delight: bool | None
    """It rejoices: at kind words, at five stars, at a customer who is pleased."""
    offer: bool | None
    """Of a next step: a refund, a call, an address to write to."""
    signed: bool | None
    """By a person with a name; a team is none."""
    address: Address | None
    """`named`: the customer's name; `generic`: dear customer, 고객님, お客様."""
    masked: str
    """Its letters in lower case without the names: what two answers of one template have in common. Numbers are one digit."""


@dataclass(frozen=True, slots=True)
class Wordings:
    """Of one language."""

    marks: tuple[str, ...]
    matcher: Matcher
    cased: Mapping[str, tuple[re.Pattern[str], ...]]

    def found(self, sentence: str, language: str) -> frozenset[str]:
        text, _ = as_patterns_see(sentence, language)
        return frozenset(self.marks[owner] for owner in self.matcher.found(text))

    def names(self, text: str, kind: str) -> list[tuple[int, int]]:
        return [match.span() for pattern in self.cased[kind] for match in pattern.finditer(text)]


@functools.cache
def wordings(language: str) -> Wordings | None:
    """None for a language without a file."""
    path = WORDINGS / f"{language}.toml"
    if not path.exists():
        return None
    entry = tomllib.loads(path.read_text(encoding="utf-8"))
    marks = tuple(entry["marks"])
    tables: tuple[tuple[Role, dict[str, list[str]]], ...] = (("find", entry["marks"]), ("guard", entry["guards"]))
    probes = [
        (marks.index(mark), role, pattern) for role, table in tables for mark, patterns in table.items() for pattern in patterns
    ]
    cased = {kind: tuple(re.compile(pattern) for pattern in patterns) for kind, patterns in entry["cased"].items()}
    return Wordings(marks, matcher(probes), cased)


def hear(text: str, *, languages: Sequence[str], locale: str | None = None) -> Voice:
    """Reads the first `MAX_TEXT` code points of an answer, in linear time. `languages`, `locale`: of the market, and of the brand."""
    said = normalise(text[:MAX_TEXT]).text
    language = language_of(said, languages=languages, locale=locale)
    spoken = [said[start:stop] for start, stop in sentences.sentences(said, language)]
    held = wordings(language)
    if held is None:
        nothing = Formality(None, None, None)
        return Voice(language, len(spoken), nothing, None, None, None, None, None, None, None, _letters(said))
    marks = [held.found(sentence, language) for sentence in spoken]
    every = frozenset().union(*marks)
    tail = max(0, len(said) - _TAIL)
    signature = [(tail + start, tail + stop) for start, stop in held.names(said[tail:], "signed")]
    named = [span for start, stop in _lines(said) for span in _moved(held.names(said[start:stop], "named"), start)]
    if named_in_sentences := [sentence for sentence in spoken if held.names(sentence, "named")]:
        named = named or [(said.find(sentence), said.find(sentence)) for sentence in named_in_sentences]
    # A name in the signature is not the customer's.
    named = [span for span in named if not any(a <= span[0] < b for a, b in signature)]
    return Voice(
        language=language,
        sentences=len(spoken),
        formality=_formality(marks, spoken, language, held),
        apology="apology" in every,
        thanks="thanks" in every,
        empathy="empathy" in every,
        delight="delight" in every,
        offer="offer" in every,
        signed=bool(signature),
        address="named" if named else "generic" if "generic" in every else "none",
        masked=_letters(_without(said, [*named, *signature])),
    )


def formality(spoken: Sequence[str], language: str) -> Formality:
    """Of a text's sentences."""
    held = wordings(language)
    if held is None:
        return Formality(None, None, None)
    return _formality([held.found(sentence, language) for sentence in spoken], spoken, language, held)


def _formality(marks: Sequence[frozenset[str]], spoken: Sequence[str], language: str, held: Wordings) -> Formality:
    levels = [
        None if held.names(sentence, "signed") and len(sentence) < 24 else _level(found, language)
        for found, sentence in zip(marks, spoken, strict=True)
    ]
    # "-세요" asks as politely among 합쇼체 as among 해요체: it takes the level of what stands around it.
    if "hapsyo" in levels:
        levels = [None if level == "request" else level for level in levels]
    counts = Counter("haeyo" if level == "request" else level for level in levels if level)
    total = counts.total()
    honorific = round(sum("honorific" in found for found in marks) / len(marks), 4) if language == "ko" and marks else None
    if not total:
        return Formality(None, None, honorific)
    upward = _UPWARD[language]
    level = max(upward, key=lambda one: (counts[one], upward.index(one)))
    if language == "en":
        formal, informal = counts["formal"], counts["informal"]
        level = "neutral" if max(formal, informal) < _SCARCE * total else "formal" if formal > informal else "informal"
    return Formality(level, round(counts[level] / total, 4), honorific)


def _level(found: frozenset[str], language: str) -> str | None:
    match language:
        case "ko":
            if "greeting" in found:
                return None
            return next((level for level in ("hapsyo", "request", "haeyo", "plain") if level in found), None)
        case "ja":
            return next((level for level in ("honorific", "polite", "plain") if level in found), None)
        case _:
            if "informal" in found:
                return "informal"
            return "formal" if "formal" in found and "contraction" not in found else "neutral"


def mood(rating: float | None, sentiment: float | None) -> Mood | None:
    """Of the reviewer: by the stars (0..1) at either end of the scale, else by the mean sentiment of the sentences; None between."""
    if rating is not None and not _STARS < rating < 1 - _STARS:
        return "unhappy" if rating <= _STARS else "happy"
    if sentiment is None or abs(sentiment) < _MOOD:
        return None
    return "happy" if sentiment > 0 else "unhappy"


def fit(heard: Voice, reviewer: Mood | None) -> Fit | None:
    """Whether the answer suits the reviewer. None where the mood or the answer's language is not known.

    An unhappy reviewer wants an apology or empathy, a happy one thanks or joy. What rejoices at a complaint, or says sorry to praise, and
    has nothing that was wanted, is mismatched; what has neither is cold.
    """
    if reviewer is None or heard.apology is None:
        return None
    consoles, rejoices = heard.apology or heard.empathy, heard.thanks or heard.delight
    if reviewer == "unhappy":
        return "fits" if consoles else "mismatched" if heard.delight else "neither"
    return "fits" if rejoices else "mismatched" if consoles else "neither"


_WORD = re.compile(r"[^\W\d_]{2,}")
_LETTER = re.compile(r"[\W_]+")
_NUMBER = re.compile(r"\d+")
_PARTICLE = re.compile("(?:으로|에서|에게|까지|부터|처럼|보다|이나|은|는|이|가|을|를|에|의|도|로|와|과|만)$")
_KANJI_OR_KATAKANA = re.compile("[\u4e00-\u9fff々]{2,8}|[ァ-ヶー]{3,16}")

_WORDS_READ = 4_000
"""Code points of a text whose content words are looked at."""


def content_words(text: str, language: str) -> frozenset[str]:
    """What a text is about, roughly: English words of five letters on, Korean words without particles, Japanese runs of kanji or katakana."""
    seen = text[:_WORDS_READ].lower()
    match language:
        case "ja":
            return frozenset(_KANJI_OR_KATAKANA.findall(seen))
        case "ko":
            return frozenset(stem for word in _WORD.findall(seen) if len(stem := _PARTICLE.sub("", word)) > 1)
        case _:
            return frozenset(word.removesuffix("s") for word in _WORD.findall(seen) if len(word) > 4)


def _letters(text: str) -> str:
    return _LETTER.sub("", _NUMBER.sub("0", text.lower()))


def _without(text: str, spans: Sequence[tuple[int, int]]) -> str:
    kept, at = [], 0
    for start, stop in sorted(spans):
        kept.append(text[at : max(at, start)])
        at = max(at, stop)
    return "".join([*kept, text[at:]])


def _lines(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(r"[^\n]{1,600}", text)]


def _moved(spans: Sequence[tuple[int, int]], by: int) -> list[tuple[int, int]]:
    return [(start + by, stop + by) for start, stop in spans]
