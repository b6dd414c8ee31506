"""Which stretch of an English sentence speaks of which theme.

"Great food, but the waiter forgot us" is two verdicts. Each thing that is spoken of reaches from the one before it to the one after;
between two of them the cut is at the last word that joins ("and", "with", "but", a comma), for English says what a thing is like
before its noun or right behind its verb. Things in a list ("great food and service") are spoken of together. Nouns that no theme
owns (the place, that night) keep what is said of them.

A thing may be named without a word about it ("we had drinks before the show"): it is passing where a verb or preposition takes it as
its object. What is passing and has no verdict of its own is neutral; anything else takes the sentence's.

Three ways of polarity, restaurants and sentences of opposite aspects: by clauses at contrasts alone .705, .472; cut at every conjunction
and new subject .675, .497; between one thing and the next .699, .499. What is silent neutral always: .675, .506; never: .709, .470.
"""

import re
from collections.abc import Mapping, Sequence

from pipeline.text.wording.matcher import Span

_HEAD = 25
"""Characters of a match that name the thing: patterns with gaps go on to what is said of it."""

_AHEAD = 45
"""Characters before a thing in which the verb is looked for that takes it as its object."""

_OTHER = re.compile(
    r"\b(?:place|restaurant|spot|joint|experience|night|evening|birthday|anniversary|date|occasion|friends?|reviews?"
    r"|tables?|location|neighborhood|area|city|town|visit|party|group)\b"
)

_JOINT = re.compile(
    r",\s*(?:and |or |but )?"
    r"|\s(?=(?:and|or|but|with|plus|as well as|while|than|along|however|although|though|yet|whereas|except)\s)"
    r"|\s[&+]\s|/|;|\s-+\s|--"
)

_LIST = re.compile(r"(?:[\s,&/+'\"-]|\b(?:and|or|the|their|our|both|also|as|well|of|a|an|s|is|to|in|for|with)\b)*")

_VERB = re.compile(
    r"[\w'-]+(?: [\w'-]+)?\s(?:is|was|isn't|wasn't|has|had|hasn't|came|took|takes|looks?|tasted?|seems?|seemed|could|can)\b"
)
"""Of one thing: "wine and the music was too loud" is no list."""

_TAKES = re.compile(
    r"\b(?:order(?:ed|ing|s)?|had|have|having|got|get(?:ting)?|ask(?:ed|ing)? for|brought|bring(?:s|ing)?|serv(?:e|es|ed|ing)"
    r"|comes? with|came with|before|after|during|for|shared?|sharing|split|ate|eat|eating|drank|drinking|finish(?:ed|ing)?|took|take"
    r"|taking|picked up|cleared|chose|choose|decided on|like|instead of|spilled|pour(?:ed|ing)?|want(?:ed)?|on|about|of|to|in|at|from"
    r"|with|through|between|received|gave|given|including|sat|over|off|until)(?: [\w']+){0,2} $"
)


def reaches(text: str, places: Mapping[str, Sequence[Span]]) -> dict[Span, tuple[str, ...]]:
    """Stretches of the lower-cased text with the themes that each speaks of; none where the sentence is about one thing only.

    `places`: where each theme is named.
    """
    named = sorted((start, _head(text, start, stop), theme) for theme, spans in places.items() for start, stop in spans)
    others = [(*match.span(), "") for match in _OTHER.finditer(text)] if named else []
    if len(places) < 2 and not others:
        return {}
    marks = sorted([*named, *others])
    groups: list[tuple[int, int, set[str]]] = []
    for start, stop, theme in marks:
        if groups:
            began, ended, themes = groups[-1]
            listed = _LIST.fullmatch(text, ended, max(ended, start)) and not (start > ended + 1 and _VERB.match(text, start))
            if themes == {theme} or listed:
                groups[-1] = (began, max(ended, stop), themes | {theme})
                continue
        groups.append((start, stop, {theme}))
    if len(groups) < 2:
        return {}
    found: dict[Span, tuple[str, ...]] = {}
    at = 0
    for (_, ended, themes), following in zip(groups, [*groups[1:], None], strict=True):
        joints = [match.end() for match in _JOINT.finditer(text, ended, following[0])] if following else []
        stop = joints[-1] if joints else following[0] if following else len(text)
        if themes != {""}:
            found[at, stop] = tuple(sorted(themes - {""}))
        at = stop if joints else ended
    return found


def _head(text: str, start: int, stop: int) -> int:
    stop = min(stop, start + _HEAD)
    joint = _JOINT.search(text, start + 1, stop)
    return joint.start() if joint else stop


def passing(text: str, places: Mapping[str, Sequence[Span]]) -> frozenset[str]:
    """Themes that the lower-cased text names in passing only."""
    return frozenset(theme for theme, spans in places.items() if all(_is_taken(text, start) for start, _ in spans))


def _is_taken(text: str, start: int) -> bool:
    # Every way ends in a space, and most things have another sign before them or none.
    return text[start - 1 : start].isspace() and _TAKES.search(text, max(0, start - _AHEAD), start) is not None
