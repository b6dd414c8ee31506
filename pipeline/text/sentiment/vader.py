"""VADER's compound score, the same number as the `vaderSentiment` package gives, several times faster and in linear time.

Lexicon, emoji descriptions, boosters, negations, special cases and constants are the package's own; only the evaluation is
written anew. What costs the package its time, and what is done here instead:

- it concatenates the text character by character to find emoji: here a set of the text's characters, and none for ASCII text;
- it lower-cases the whole sentence several times for each lexicon word: here each distinct token is looked at once;
- it searches the list for each score when the sentence holds "but": here a heap per value (equal scores share the first place
  in the package's search, and that is reproduced).

The text goes in as it is: `normalise` comes before and is the caller's. Tests hold `compound` against the package.
"""

import heapq
import math
import string
from collections.abc import Iterable
from functools import cache

from vaderSentiment import vaderSentiment as package  # noqa: N813  the module is named so

CUT = 0.05
"""Compounds at or beyond it count as positive or negative: the cut in VADER's own README."""

_CACHED_TOKENS = 100_000
_CACHED_LENGTH = 32

# What a token's flags say; plain words have none, and one look passes them by.
_SCORED, _CAPITALS, _MARK, _BUT = 1, 2, 4, 8

_Token = tuple[str, int, float | None, float | None, bool, bool]
# lower-cased, flags, lexicon valence, booster scalar, whether it negates, whether any rule asks for it before a scored word


def compound(text: str) -> float:
    """-1..1, rounded to four digits, as `SentimentIntensityAnalyzer().polarity_scores(text)["compound"]`."""
    return _analyzer().compound(text)


def compounds(texts: Iterable[str]) -> list[float]:
    """`compound` of each text, in order."""
    score = _analyzer().compound
    return [score(text) for text in texts]


class _Tokens(dict[str, _Token]):
    """Raw token → what the rules need to know of it; long tokens are not kept, and the whole is emptied when it is full."""

    def __init__(self, lexicon: dict[str, float]) -> None:
        super().__init__()
        self.lexicon = lexicon
        phrases = (*package.SPECIAL_CASES, *package.BOOSTER_DICT)
        # A phrase cannot occur without its longest word; most sentences hold none of these.
        self.marks = frozenset(max(p.split(), key=len) for p in phrases if " " in p)
        self.negations = frozenset(package.NEGATE)
        self.asked_for = frozenset(["no", "or", "nor", "never", "so", "this", "without", "doubt", "least"])

    def __missing__(self, raw: str) -> _Token:
        stripped = raw.strip(string.punctuation)
        word = raw if len(stripped) <= 2 else stripped  # two or fewer left: the package takes it for an emoticon
        lower = word.lower()
        valence = self.lexicon.get(lower)
        boost = package.BOOSTER_DICT.get(lower)
        flags = (
            (_SCORED if valence is not None and boost is None else 0)
            | (_CAPITALS if word.isupper() else 0)
            | (_MARK if lower in self.marks else 0)
            | (_BUT if lower == "but" else 0)
        )
        negates = lower in self.negations or "n't" in lower
        token = (lower, flags, valence, boost, negates, negates or boost is not None or lower in self.asked_for)
        if len(raw) <= _CACHED_LENGTH:
            if len(self) >= _CACHED_TOKENS:
                self.clear()
            self[raw] = token
        return token


class _Analyzer:
    def __init__(self) -> None:
        stock = package.SentimentIntensityAnalyzer()
        self.tokens = _Tokens(stock.lexicon)
        # The package looks characters up one by one, so only the one-character entries ever match.
        self.emoji = {e: d for e, d in stock.emojis.items() if len(e) == 1}
        self.emoji_signs = frozenset(self.emoji)

    def compound(self, text: str) -> float:
        if not text.isascii():
            for sign in self.emoji_signs.intersection(text):
                text = _described(text, sign, self.emoji[sign])
        tokens = list(map(self.tokens.__getitem__, text.split()))
        flagged = [(i, token[1]) for i, token in enumerate(tokens) if token[1]]
        scored = [i for i, flags in flagged if flags & _SCORED]
        if not scored:
            return 0.0
        some_capitals, marked, but = _context(flagged, len(tokens))
        scores = []
        for i in scored:
            if tokens[i][0] != "kind" or i + 1 == len(tokens) or tokens[i + 1][0] != "of":
                valence = _valence(tokens, i, some_capitals, marked)
                if valence:
                    scores.append((i, valence))
        if but is not None:
            scores = _weighed_around(scores, but)
        # Zeros add nothing, and the order of the rest is the package's, so the sum is the same float.
        total = float(sum([score for _, score in scores]))
        emphasis = _emphasis(text)
        if total > 0:
            total += emphasis
        elif total < 0:
            total -= emphasis
        return round(max(-1.0, min(1.0, total / math.sqrt(total * total + 15))), 4)


@cache
def _analyzer() -> _Analyzer:
    return _Analyzer()


def _context(flagged: list[tuple[int, int]], count: int) -> tuple[bool, bool, int | None]:
    """Whether some but not all of `count` tokens are in capitals, whether a special case may occur, place of the first "but"."""
    capitals, marked, but = 0, False, None
    for i, flags in flagged:
        if flags & _CAPITALS:
            capitals += 1
        if flags & _MARK:
            marked = True
        if flags & _BUT and but is None:
            but = i
    return 0 < capitals < count, marked, but


def _described(text: str, sign: str, words: str) -> str:
    """The emoji's words in its place, with a space before them unless one is there or the text begins with it."""
    if text[0] == sign:
        text = words + text[1:]
    return text.replace(" " + sign, " " + words).replace(sign, " " + words)


def _valence(tokens: list[_Token], i: int, some_capitals: bool, marked: bool) -> float:
    """The score of the lexicon word at `i`: the package's `sentiment_valence`, rule by rule in its order."""
    # No rule looks back. Written out, for it is asked of each lexicon word.
    alone = not (marked or (i and tokens[i - 1][5]) or (i > 1 and tokens[i - 2][5]) or (i > 2 and tokens[i - 3][5]))
    valence = _own(tokens, i, alone=alone)
    if tokens[i][1] & _CAPITALS and some_capitals:
        valence += package.C_INCR if valence > 0 else -package.C_INCR
    if alone:
        return valence
    for distance in range(1, min(i, 3) + 1):
        token = tokens[i - distance]
        if token[2] is not None:
            continue
        if token[3] is not None:
            valence += _boost(token, valence, some_capitals, distance)
        valence = _negated(valence, tokens, i, distance)
        if distance == 3 and marked:
            valence = _special(valence, tokens, i)
    if i and tokens[i - 1][0] == "least" and tokens[i - 1][2] is None and (i == 1 or tokens[i - 2][0] not in ("at", "very")):
        valence *= package.N_SCALAR
    return valence


def _own(tokens: list[_Token], i: int, *, alone: bool) -> float:
    """The lexicon's valence, turned by a "no" before it; a "no" before another lexicon word only turns that one."""
    valence = tokens[i][2] or 0.0
    if not alone:
        before = [token[0] for token in tokens[max(0, i - 3) : i]]
        if "no" in before[-2:] or (len(before) == 3 and before[0] == "no" and before[2] in ("or", "nor")):
            return float(valence * package.N_SCALAR)
    return 0.0 if tokens[i][0] == "no" and i + 1 < len(tokens) and tokens[i + 1][2] is not None else valence


def _boost(token: _Token, valence: float, some_capitals: bool, distance: int) -> float:
    scalar = token[3] or 0.0
    if valence < 0:
        scalar *= -1
    if token[1] & _CAPITALS and some_capitals:
        scalar += package.C_INCR if valence > 0 else -package.C_INCR
    if distance == 1:
        return scalar
    return scalar * (0.95 if distance == 2 else 0.9)


def _negated(valence: float, tokens: list[_Token], i: int, distance: int) -> float:
    if distance == 1:
        return valence * package.N_SCALAR if tokens[i - 1][4] else valence
    one, far = tokens[i - 1][0], tokens[i - distance]
    if distance == 2:
        if far[0] == "never" and one in ("so", "this"):
            return valence * 1.25
        if far[0] == "without" and one == "doubt":
            return valence
    else:
        two = tokens[i - 2][0]
        # The package's own precedence: "so" or "this" just before raises the score whether "never" stands there or not.
        if (far[0] == "never" and two in ("so", "this")) or one in ("so", "this"):
            return valence * 1.25
        if far[0] == "without" and "doubt" in (two, one):
            return valence
    return valence * package.N_SCALAR if far[4] else valence


def _special(valence: float, tokens: list[_Token], i: int) -> float:
    three, two, one, zero = (tokens[j][0] for j in range(i - 3, i + 1))
    cases = package.SPECIAL_CASES
    for phrase in (f"{one} {zero}", f"{two} {one} {zero}", f"{two} {one}", f"{three} {two} {one}", f"{three} {two}"):
        if phrase in cases:
            valence = cases[phrase]
            break
    after = [token[0] for token in tokens[i + 1 : i + 3]]
    for length in range(1, len(after) + 1):
        valence = cases.get(" ".join([zero, *after[:length]]), valence)
    for phrase in (f"{three} {two} {one}", f"{three} {two}", f"{two} {one}"):
        valence += package.BOOSTER_DICT.get(phrase, 0.0)
    return valence


def _weighed_around(scores: list[tuple[int, float]], but: int) -> list[tuple[int, float]]:
    """Half before "but", half as much again after it.

    The package looks for each score by its value, so an equal score further to the front is changed in its place.
    """
    now = dict(scores)
    places: dict[float, list[int]] = {}
    for i, score in scores:
        places.setdefault(score, []).append(i)  # ascending, so already a heap
    for i, _ in scores:
        value = now[i]
        heap = places[value]
        first = heap[0]
        if first == but:
            continue
        heapq.heappop(heap)
        changed = value * (0.5 if first < but else 1.5)
        now[first] = changed
        heapq.heappush(places.setdefault(changed, []), first)
    return list(now.items())


def _emphasis(text: str) -> float:
    questions = text.count("?")
    raised = 0.0
    if questions > 1:
        raised = questions * 0.18 if questions <= 3 else 0.96
    return min(text.count("!"), 4) * 0.292 + raised
