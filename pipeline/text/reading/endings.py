"""Whether what stands before a space ends a Korean or a Japanese sentence.

Customers leave out the stops ("배송 늦었다 포장도 엉망", "部屋が狭い でも清潔"). The ending of the last word tells, read by
`morphology` where its spelling leaves a doubt; what follows can take it back (an auxiliary, a particle) or be the sign itself
("근데", "でも").
"""

import re
from collections.abc import Mapping

from pipeline.text.reading import morphology

EMOJI = "\u2600-\u27bf\U0001f300-\U0001faff"
"""For a character class."""

_CONTEXT = 40
"""Code points before a Korean word that are read with it where it alone is ambiguous."""


def _closed_by(consonants: str) -> str:
    """A character class of the Hangul syllables that end in one of these consonants."""
    finals = "\0ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
    return "".join(chr(code) for code in range(0xAC00, 0xD7A4) if finals[(code - 0xAC00) % 28] in consonants)


_STEM = "어아여해돼려와워줘봐쳐져켜러"

KOREAN_DOUBT = rf"[가-힣][다요네지냐까래대라걸죠고야{_STEM}]|듯|[{_closed_by('ㅁㄻ')}]"
"""The end of a word that may end a sentence."""

_SURE = re.compile(rf"[{_closed_by('ㅆ')}](?:다|음|어|네|냐)$|[{_closed_by('ㄴ')}]다$")
_CONJUNCTION = re.compile(r"근데|그런데|그래도|그래서|하지만|그치만|그렇지만|그리고|다만|단점|장점")
_CONNECTED = re.compile(r"(?:[만데도서면니까며]|려고|다가)$")

_QUOTED = re.compile(r"고|며|면서|는|던|길래|보니|하면|하더|해도|쳐도|치고|갔다|말았|싶|생각")
_UNDONE = (
    (re.compile(rf"고$|렇듯$|[{_closed_by('ㄴㄹ')}]지$"), re.compile("")),
    (re.compile("듯$"), re.compile("[하한해했합싶이]")),
    (re.compile("지$"), re.compile("[않못마말도는]|아니")),
    (
        re.compile(rf"(?<![{_closed_by('ㅆ')}])[{_STEM}]$"),
        re.compile(
            r"[보봐봤볼본주줘줬준줄있없버놓놔놨두둬뒀내냈가갔갈오왔올드대댔야도서지졌죽싶하해했할한되된될먹쓰]|나(?:가|오|갔|왔)|들"
        ),
    ),
)
"""Endings, and what follows them where they end nothing: always after -고, -ㄴ지 ("맞는지 모르겠다") and "그렇듯"."""

_ENDINGS = {"요": {"EF", "JX"}, "다": {"EF", "EC"}, "듯": {"NNB"}}
"""Tags that end a sentence; of short words like "좋다" Kiwi says that they go on."""


def korean(before: str, following: str) -> bool:
    """`before` is the sentence up to the end of a word's Hangul, `following` begins with the next word."""
    word = _LAST_WORD.search(before, max(0, len(before) - _CONTEXT))
    if word is None:
        return False
    last = word[0]
    if _CONJUNCTION.match(following):
        return not _CONNECTED.search(last)
    undone = next((undone for ending, undone in _UNDONE if ending.search(last)), _QUOTED)
    if undone.match(following):
        return False
    return bool(_SURE.search(last)) or _ending(last, before, following) in _ENDINGS.get(last[-1], {"EF"})


def _ending(last: str, before: str, following: str) -> str:
    """The tag of the last morpheme: of the word alone, and among its neighbours where a word alone does not tell.

    "맛있어" says it all, "먹어 봤다" goes on; "감" is a persimmon, or went. F1 of boundaries on tests/text by spelling alone .72, with
    words read alone .94, with the neighbours .96; neighbours only in stretches from 8 code points .96, from 12 .95, from 20 .94.
    """
    alone = morphology.last_tag(last)
    if alone not in {"EF", "EC"} or not (len(last) == 1 or last[-1] in _STEM):
        return alone
    read = before[-_CONTEXT:]
    return morphology.tags(f"{read} {following[:_CONTEXT]}", "ko").get(len(read), "")


_LAST_WORD = re.compile("[가-힣]+$")

_POLITE = r"(?:です|ます|[まで]した|ません)"

JAPANESE_DOUBT = (
    rf"(?:{_POLITE}(?=[ぁ-んァ-ヶ一-鿿])|(?<=[ぁ-んァ-ヶー一-鿿々])(?=[ (笑w♪{EMOJI}])"
    rf"(?:[ ]{{0,20}}(?:[(]笑[)]|笑(?![ぁ-んァ-ヶー一-鿿々])|w{{1,20}}(?![A-Za-z0-9])|[♪{EMOJI}]{{1,20}}))?[ ]{{0,20}})"
)
"""What may part two Japanese sentences: laughter, emoji, spaces; or the end of a polite one, with nothing after it."""

_FINITE = re.compile(
    r"(?:動詞/[^/]*|形容詞/[^/]*|助動詞/[^/]*)/(?:基本形|命令|文語基本形)|助詞/(?:終助詞|副助詞／並立助詞／終助詞)|感動詞"
)
_KANA = ("で", "ま")
_GOES_ON = re.compile(r"助詞|助動詞|名詞/接尾|記号|$")
_ONWARD = re.compile(r"助詞|名詞/非自立|名詞/接尾|助動詞")
_PREDICATES = ("名詞/形容動詞語幹", "名詞/サ変接続")
"""Nouns that can be all there is of a predicate: "店内が清潔"."""
_TOPIC = re.compile("[^ はもが、。]{1,8}[はもが]")
_SPELT_APART = re.compile("[ァ-ヶー一-鿿々A-Za-z0-9] (?:[がをに]|は(?![ぁ-ん])|の(?![ぁ-ん])|です)")
"""A space before a particle: whoever writes so parts words, and a space says nothing about sentences."""
_AROUND = 120
"""Code points on both sides in which that is looked for."""

_NEW = re.compile(r"でも|しかし|ただ|しかも|また(?!は)|あと|次|そして|なので|もう|二度と")


def japanese(text: str, place: int, resume: int, tags: Mapping[int, str]) -> bool:
    """Whether a sentence ends at `place`, what may part it stops at `resume`; `tags` as `morphology.tags` gives them for the text."""
    if text[place:resume].startswith(_KANA):
        # Polite forms stand before no noun; "励ます人" has none, and "ですが" goes on.
        return tags.get(resume, "").startswith("助動詞") and not _GOES_ON.match(_next(resume, tags))
    if _SPELT_APART.search(text, max(0, place - _AROUND), place + _AROUND) and not text[place:resume].strip():
        return False
    tag = tags.get(place, "")
    if _NEW.match(text, resume):
        return not tag.startswith("助詞/接続助詞")
    following = _next(resume, tags)
    if _FINITE.match(tag):
        return not _ONWARD.match(following)
    if not tag.startswith("名詞"):
        return False
    laughed = bool(text[place:resume].strip())
    return laughed or (tag.startswith(_PREDICATES) and bool(_TOPIC.match(text, resume)))


def _next(place: int, tags: Mapping[int, str]) -> str:
    """The tag of the morpheme that begins at `place`; "" at the end or where it is longer than words are."""
    return next((tags[stop] for stop in range(place + 1, place + 13) if stop in tags), "")
