"""Sentiment without a single star: the seed lexicons, one TOML file a language under `lexicon/`.

A file found there is a language; `und.toml` holds the signs that every language shares (emoji, emoticons) and is read
along with each of them. Each file carries labelled sentences of its own (`hits`, `misses`), which a test holds it to.

How a text is scored: one pass from left to right takes the longest entry at each place (linear: an entry is at most
`MAX_ENTRY` characters). Hangul is decomposed first, so that one stem covers the endings that grow into its last
syllable. A word's weight is strengthened by what stands before it, turned by a negation before or behind it, and
counts less in front of a contrast than after it. The sum is pressed into -1..1.

Notation of an entry: `^` must begin a word, `$` must end one, `|` must end a syllable, `_` a space that may be missing.
"""

import functools
import math
import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pydantic

LEXICON = Path(__file__).parent / "lexicon"

UNDETERMINED = "und"
"""ISO 639's code for a language that nobody stated: the script decides, and failing that only shared signs count."""

MAX_CHARS = 8_000
"""A longer text is scored by its beginning: reviews are shorter, and hostile input must not cost more."""

MAX_ENTRY = 48

_GAP = 42
"""Characters behind a word within which a negation still belongs to it: about 16 decomposed Korean syllables."""

_INTO_NEXT = 6
"""A negation may itself be the next word: 'cannot' in 'good, one cannot say' is also blame."""

_FLIPPED = -0.8
"""Denied praise is milder than blame: 'not good' is not 'terrible'."""

_DENIABLE = 0.4
"""Dots, question marks and laughter are lighter than this: nobody denies them."""

_BEFORE_CONTRAST = 0.45
_SOFTENING = 6.0
"""A single plain word (weight 2) scores 0.63, two 0.85."""

_LONE_LETTERS = re.compile("([\u3131-\u318e]+)")
_HANGUL = re.compile("[가-힣]+")
_SYLLABLE_ENDS = re.compile("[\u11a8-\u11ff]")
_SENTENCE_END = re.compile(r"[.!?。…\n]+")

Role = Literal["word", "boost", "deny", "contrast", "skip"]


class LexiconError(ValueError):
    """A lexicon file says something that cannot be used. The message names the file, the place and what was expected."""


class Words(pydantic.BaseModel, extra="forbid"):
    """A group of entries of one weight."""

    what: str
    weight: float = pydantic.Field(ge=-4, le=4)
    words: str
    deniable: bool = True
    """False where a denial behind the word is half of what it says: "never again … not"."""


class Boosts(pydantic.BaseModel, extra="forbid"):
    factor: float = pydantic.Field(gt=0, le=3)
    words: str


class LexiconFile(pydantic.BaseModel, extra="forbid"):
    """What one file under `lexicon/` says; `words` of each group are entries parted by white space."""

    name: str
    script: str = ""
    """A character class: text of unknown language that holds such a character is read with this file."""
    words: list[Words]
    boosts: list[Boosts] = []
    deny_before: str = ""
    """Entries that deny the word right behind them."""
    deny_after: list[str] = []
    """Regexes, searched in the stretch behind a word: an odd number of them turns it."""
    affirm: list[str] = []
    """Regexes for what looks like a denial and is none."""
    contrast: str = ""
    skip: str = ""
    """Entries without weight that keep shorter ones from being found inside them."""
    hits: Mapping[Literal["positive", "negative"], list[str]] = {}
    misses: list[str] = []
    """Sentences that praise and blame nothing: |score| stays small."""


@dataclass(frozen=True, slots=True)
class Entry:
    role: Role
    value: float
    begins_word: bool
    ends: Literal["", "word", "syllable"]
    deniable: bool


@dataclass(frozen=True, slots=True)
class Found:
    start: int
    stop: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class Lexicon:
    """A language's entries, ready to be looked up."""

    entries: Mapping[str, Entry]
    lengths: Mapping[str, tuple[int, ...]]
    """First two characters → lengths of the entries that begin with them, longest first; one character → 1, where it is an entry."""
    deny_after: re.Pattern[str] | None
    affirm: re.Pattern[str] | None


def score(text: str, language: str) -> float:
    """How pleased the writer sounds, -1..1; 0 where nothing was found.

    `language` is an ISO 639-1 code; without one ("" or "und") the script decides.
    """
    read = normalised(text[:MAX_CHARS])
    lexicon = _lexicon(language if language in languages() else by_script(text[:MAX_CHARS]))
    total = _total(read, lexicon)
    return total / math.sqrt(total * total + _SOFTENING) if total else 0.0


@functools.cache
def languages() -> tuple[str, ...]:
    """The languages that have a file, without `und`."""
    return tuple(sorted(path.stem for path in LEXICON.glob("*.toml") if path.stem != UNDETERMINED))


def by_script(text: str) -> str:
    """The language whose script the text shows; the first by code where several do; else `und`."""
    for language in languages():
        script = read_file(LEXICON / f"{language}.toml").script
        if script and re.search(script, text):
            return language
    return UNDETERMINED


def normalised(text: str) -> str:
    """Lower case, one width, one kind of apostrophe, Hangul decomposed: the form in which entries are looked up."""
    # Lone letters (ㅠㅠ, ㅋㅋ) stay as they are: NFKC would make them parts of syllables.
    parts = _LONE_LETTERS.split(text)
    parts[::2] = [unicodedata.normalize("NFKC", part).lower().replace("’", "'") for part in parts[::2]]
    return _decomposed("".join(parts))


def _decomposed(text: str) -> str:
    # Only Hangul: a decomposed kana would part が from its dots, and か would be found in it.
    return _HANGUL.sub(lambda run: unicodedata.normalize("NFD", run[0]), text)


@functools.cache
def read_file(path: Path) -> LexiconFile:
    """Raises LexiconError for a file that is no lexicon."""
    try:
        return LexiconFile.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (tomllib.TOMLDecodeError, pydantic.ValidationError) as error:
        raise LexiconError(f"lexicon {path.name}: {error}") from error


@functools.cache
def _lexicon(language: str) -> Lexicon:
    files = [read_file(LEXICON / f"{UNDETERMINED}.toml")]
    if language != UNDETERMINED:
        files.append(read_file(LEXICON / f"{language}.toml"))
    entries = {text: entry for file in files for text, entry in _entries(file)}
    lengths: dict[str, set[int]] = {}
    for text in entries:
        lengths.setdefault(text[:2], set()).add(len(text))
    for head in [head for head in lengths if head[0] in entries]:
        lengths[head].add(1)
    own = files[-1]
    return Lexicon(
        entries=entries,
        lengths={head: tuple(sorted(found, reverse=True)) for head, found in lengths.items()},
        deny_after=_alternatives(own.deny_after),
        affirm=_alternatives(own.affirm),
    )


def _alternatives(patterns: Sequence[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(_decomposed(p) for p in patterns)) if patterns else None


def _entries(file: LexiconFile) -> Iterator[tuple[str, Entry]]:
    groups: list[tuple[Role, float, str, bool]] = [
        ("skip", 0, file.skip, False),
        ("contrast", 0, file.contrast, False),
        ("deny", 0, file.deny_before, False),
    ]
    groups += [("boost", group.factor, group.words, False) for group in file.boosts]
    groups += [("word", group.weight, group.words, group.deniable and abs(group.weight) >= _DENIABLE) for group in file.words]
    for role, value, words, deniable in groups:
        for notation in words.split():
            bare, entry = _read_notation(notation, role, value, deniable)
            for text in {normalised(spelt) for spelt in _spellings(bare)}:
                if not 1 <= len(text) <= MAX_ENTRY:
                    raise LexiconError(f"lexicon {file.name}: entry {notation!r} must have 1 to {MAX_ENTRY} characters")
                yield text, entry


def _read_notation(notation: str, role: Role, value: float, deniable: bool) -> tuple[str, Entry]:
    if not any(c.isalnum() for c in notation):  # an emoticon: its signs mean themselves
        return notation, Entry(role=role, value=value, begins_word=False, ends="", deniable=deniable)
    begins = notation.startswith("^") and notation[1].isalnum()
    ends: Literal["", "word", "syllable"] = "word" if notation.endswith("$") else "syllable" if notation.endswith("|") else ""
    bare = notation[1 if begins else 0 : -1 if ends else None]
    return bare, Entry(role=role, value=value, begins_word=begins, ends=ends, deniable=deniable)


def _spellings(bare: str) -> tuple[str, ...]:
    if not any(c.isalnum() for c in bare):
        return (bare,)
    return (bare.replace("_", "").strip(), bare.replace("_", " "), bare)


def _found(text: str, lexicon: Lexicon) -> Iterator[Found]:
    place, end = 0, len(text)
    lengths, entries = lexicon.lengths, lexicon.entries
    while place < end:
        for length in lengths.get(text[place : place + 2]) or lengths.get(text[place], ()):
            entry = entries.get(text[place : place + length])
            if entry is not None and _stands(text, place, place + length, entry):
                yield Found(place, place + length, entry)
                place += length
                break
        else:
            place += 1


def _stands(text: str, start: int, stop: int, entry: Entry) -> bool:
    if entry.begins_word and start and text[start - 1].isalnum():
        return False
    following = text[stop : stop + 1]
    if entry.ends == "word":
        return not (following.isalnum() or _SYLLABLE_ENDS.match(following))
    return not (entry.ends == "syllable" and _SYLLABLE_ENDS.match(following))


def _total(text: str, lexicon: Lexicon) -> float:
    found = list(_found(text, lexicon))
    total = clause = 0.0
    factor, denied, reach, spent = 1.0, False, -1, False
    for i, item in enumerate(found):
        entry = item.entry
        if spent:
            spent = False
            continue
        # What strengthens or denies must stand right before its word, or before another of its kind.
        if reach >= 0 and text[reach : item.start].strip(" ,·") != "":
            factor, denied = 1.0, False
        if clause and _SENTENCE_END.search(text, found[i - 1].stop if i else 0, item.start) and entry.role != "contrast":
            total, clause = total + clause, 0.0
        if entry.role == "contrast":
            clause *= _BEFORE_CONTRAST
        elif entry.role == "boost":
            factor *= entry.value
            reach = item.stop
        elif entry.role == "deny":
            denied = not denied
            reach = item.stop
        elif entry.role == "word":
            denied_after, by_next = _denied_after(text, item, found[i + 1] if i + 1 < len(found) else None, lexicon)
            turned = denied != denied_after
            # "No noise": the word that denies a blame is not blame itself.
            spent = by_next and entry.value < 0
            clause += entry.value * min(factor, 2.0) * (_FLIPPED if turned else 1.0)
            factor, denied, reach = 1.0, False, -1
    return total + clause


def _denied_after(text: str, item: Found, following: Found | None, lexicon: Lexicon) -> tuple[bool, bool]:
    """Whether what stands behind the word turns it, and whether it is the next word of the lexicon that does."""
    if lexicon.deny_after is None or not item.entry.deniable:
        return False, False
    bound = following.start if following is not None and following.entry.role in {"word", "contrast"} else len(text)
    behind = _SENTENCE_END.split(text[item.stop : min(item.stop + _GAP, bound + _INTO_NEXT)], maxsplit=1)[0]
    if lexicon.affirm is not None:
        behind = lexicon.affirm.sub("", behind)
    reach = bound - item.stop
    ends = [found.end() for found in lexicon.deny_after.finditer(behind) if found.start() <= reach]
    turned = len(ends) % 2 == 1
    return turned, turned and ends[-1] > reach and following is not None and following.entry.role == "word"
