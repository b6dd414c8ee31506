"""Text as the scorers read it: one spelling for one thing, bounded length, and each character's way back to the original.

Reviews arrive with curly apostrophes (VADER would read "don’t" as "do"), full-width Latin and half-width kana, decomposed
Hangul, markup remnants, zero-width and direction marks, control characters. `normalise` brings them into one form in linear
time, and remembers where each character came from, so that a sentence's place stays a place in what was seen.

Bounds: the first `MAX_TEXT` code points of a text are read; the rest of a longer one is not scored.
"""

import html
import re
import unicodedata
from dataclasses import dataclass

MAX_TEXT = 20_000
"""Code points of one text that are read: some 3,500 English words, far beyond any review that a person wrote."""


@dataclass(frozen=True, slots=True)
class Normalised:
    """`text`, and for each of its characters the span [start, stop) of the original that it stands for."""

    text: str
    starts: list[int] | None
    """None where nothing moved: each character stands at its own place."""
    stops: list[int] | None

    def span(self, start: int, stop: int) -> tuple[int, int]:
        """The original's [start, stop) for a non-empty [start, stop) of `text`."""
        if self.starts is None or self.stops is None:
            return start, stop
        return self.starts[start], self.stops[stop - 1]


def normalise(text: str) -> Normalised:
    """Never fails, whatever the text holds; the result has no control characters but line breaks and spaces."""
    text = text[:MAX_TEXT]
    if not _SUSPECT.search(text):
        return Normalised(_one_width(text), None, None)
    parts: list[str] = []
    starts: list[int] = []
    stops: list[int] = []
    at = 0
    for match in _MOVING.finditer(text):
        parts.append(text[at : match.start()])
        starts.extend(range(at, match.start()))
        stops.extend(range(at + 1, match.start() + 1))
        written = _written(match)
        parts.append(written)
        at = match.end()
        starts.extend([match.start()] * len(written))
        stops.extend([at] * len(written))
    parts.append(text[at:])
    starts.extend(range(at, len(text)))
    stops.extend(range(at + 1, len(text) + 1))
    return Normalised(_one_width("".join(parts)), starts, stops)


def _one_width(text: str) -> str:
    # Translating a text with an emoji takes ten times as long as seeing that there is nothing to translate.
    return text.translate(_SAME_LENGTH) if _TRANSLATED.search(text) else text


def for_vader(sentence: str) -> str:
    """A normalised sentence as VADER is to read it: 👍 and 👎, to which it gives nothing, become words of its lexicon.

    Three stops before the word keep an earlier "not" or "can't" from negating the thumb, which is a statement of its own.
    """
    if sentence.isascii():
        return sentence
    return _THUMB.sub(lambda match: _THUMBS[match[1]], sentence)


def _written(match: re.Match[str]) -> str:
    found = match[0]
    match match.lastgroup:
        case "break":
            return "\n"
        case "tag":
            return " "
        case "entity":
            # An entity may name what would itself be removed or bounded; one pass over its few characters is enough.
            return _REMOVED.sub("", html.unescape(found)).replace("\0", "")
        case "composed":
            return unicodedata.normalize("NFC", found) if found[0] < "\uff61" else unicodedata.normalize("NFKC", found)
        case _:
            return ""


_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff"
)
# A zero-width joiner and the emoji variation selector (U+FE0F) go too: the scorers read the emoji on both sides.
_REMOVE = f"\\x00-\\x08\\x0e-\\x1f\\x7f-\\x84\\x86-\\x9f{_INVISIBLE}\ufe0f\ud800-\udfff"

_REMOVED = re.compile(f"[{_REMOVE}]+")

_MARKS = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\u3099\u309a"
_JAMO = "[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?"

# Each alternative begins with its own kind of character and is bounded, so the search is linear.
_MOVING = re.compile(
    rf"(?P<removed>[{_REMOVE}]+)"
    r"|(?P<break><(?:br|/p|/div|/li)\s{0,8}/?>)"
    r"|(?P<tag></?(?:p|b|i|u|em|strong|span|div|ul|ol|li|a|font|img|hr|small|mark|h[1-6])(?:\s[a-z-]{1,20}=[^<>]{0,300})?\s?/?>)"
    r"|(?P<entity>&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos|nbsp|hellip|ndash|mdash|[lr][sd]quo|middot|bull);)"
    rf"|(?P<composed>{_JAMO}|\w[{_MARKS}]{{1,8}}|[\uff66-\uff9d][\uff9e\uff9f])",
    re.IGNORECASE,
)

# Most texts hold nothing that moves a character; one look for the characters that could is all that they cost.
_SUSPECT = re.compile(f"[<&{_REMOVE}{_MARKS}\u1100-\u1112\uff9e\uff9f]")

_SAME_LENGTH = {
    **dict.fromkeys(map(ord, "’‘‛ʼʹ＇`´′"), "'"),
    **dict.fromkeys(map(ord, "“”„‟″＂"), '"'),
    **dict.fromkeys(map(ord, "‐‑‒−﹣"), "-"),
    **dict.fromkeys(
        map(ord, "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\t"), " "
    ),
    **dict.fromkeys(map(ord, "\r\v\f\x85\u2028\u2029"), "\n"),
    # Full-width Latin, digits and signs; half-width kana and its punctuation. Never a change of length.
    **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
    **{code: unicodedata.normalize("NFKC", chr(code)) for code in range(0xFF61, 0xFF9E)},
}

_TRANSLATED = re.compile(f"[{re.escape(''.join(map(chr, _SAME_LENGTH)))}]")

_THUMBS = {"👍": " . . . good ", "👎": " . . . bad "}
_THUMB = re.compile("([👍👎])[\U0001f3fb-\U0001f3ff]?")
