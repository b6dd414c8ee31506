"""Which way a customer's experience went, decided between what was said: complaints, praises, and their denials.

The wordings themselves stand with each theme (`themes/*.toml`). Here is what holds for all of them: a denied complaint is a
praise and a denied praise a complaint ("was not late", 늦지 않았다), what lies within a longer wording of the other kind does not
count, and who both complains and praises leans neither way.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

Leaning = Literal[-1, 1]
"""Complaint or praise."""

_REACH = 40
"""Characters before a wording in which its denial is looked for."""


class Said(NamedTuple):
    """Where a wording stands in a sentence, and what it says by itself."""

    start: int
    stop: int
    way: Leaning


_NOWHERE = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """How a language says that something is not so. `before` is searched in what stands before a wording and ends where it begins;
    `behind` is matched right behind a wording."""

    before: re.Pattern[str] = _NOWHERE
    behind: re.Pattern[str] = _NOWHERE
    supposed_before: re.Pattern[str] = _NOWHERE
    """It was feared, expected or so once, and says nothing about what happened."""
    supposed_behind: re.Pattern[str] = _NOWHERE

    def patterns(self) -> tuple[str, ...]:
        return self.before.pattern, self.behind.pattern, self.supposed_before.pattern, self.supposed_behind.pattern


DENIALS = {
    # "Not only late" is late.
    "en": Denial(
        before=re.compile(
            r"(?:\b(?:not|never|no|nothing|nobody|without|neither|nor|hardly|barely|cannot|least|less|lacks?|lack of|far from|free of"
            r"|isnt|wasnt|didnt|dont|doesnt|wont|cant)|n't)(?! (?:only|just|even)\b)"
            r"(?: (?:an?|any|the|all|at|been|be|being|have|had|having|get|got|very|so|too|once|ever|really|that|this|as|like|particularly"
            r"|exactly|quite|single|find|found|feel|felt|seem|look|it|they|them|experienced?|encountered|delivered|arrived?|done|one|much"
            r"|more|made|what|i'd|we'd|call|consider|entirely|completely|terribly|necessarily|always|such)){0,3} [\"“(]?$"
        ),
        supposed_before=re.compile(
            r"\b(?:worried|afraid|feared|fear|scared|anxious|concerned|expected|expecting|thought|lest|in case|instead of|rather than|used to"
            r"|if|unless|whether|by the time|looking for|need|hoping)(?: [\w'-]+){0,4} $"
            r"|\b(?:would|could|should|might)(?:n't| not)? have(?: been)? $"
        ),
    ),
    "ko": Denial(
        before=re.compile(r"(?:^|\s)[안못] ?$"),
        behind=re.compile(
            r"[가-힣]{0,2}지(?:는|도|를)? ?(?:않|못|안 )|(?:이나|이|가|은|는|도|을|를)? ?(?:전혀 |하나도 |거의 |아예 |일도 )?없"
            r"|[가-힣]{0,2} ?(?:일|적|경우|것|건)(?:이|은|도|도 ?한 ?번도)? ?(?:전혀 |한 ?번도 )?없"
        ),
        supposed_before=re.compile(r"예전(?:엔|에는|에) ?.{0,10}$"),
        supposed_behind=re.compile(r"[가-힣]{0,2} ?(?:줄 ?알았|까 ?봐|까 ?걱정)"),
    ),
    "ja": Denial(
        # Not behind what a negation is part of already: つながら-ない, 少-ない.
        behind=re.compile(
            r"(?<![らかさわたま少づ])(?:(?<=[一-鿿])[一-鿿])?(?:[ぁ-ん]{0,3}?(?:なかった|なく(?!な)|ないで|ません(?!か)|ずに|ず、)"
            r"|[ぁ-ん]{0,2}(?:こと|事)?(?:は|が|も)?(?:全く|一切|一度も|ほとんど)?(?:なく(?!な)|なかった|ありません(?!か|よね)|ない(?!か|の?でしょう|だろう|よね)))"
        ),
        supposed_behind=re.compile(
            r"[ぁ-ん]{0,3}か?と?(?:心配|不安だ|不安で|思って(?:い)?た(?:けど|が|の))"
            r"|(?:する)?の?(?:はず|予定)(?:が|なのに|だったのに|でした(?:が|けど))"
        ),
    ),
}


def verdict(said: Sequence[Said], text: str, language: str) -> Leaning | None:
    """Which way the wordings found in the lower-cased text lean together; None where they do not agree or there are none."""
    # Only what says otherwise outdoes.
    mixed = any(one.way != said[0].way for one in said)
    meant = (_meant(one, text, language) for one in said if not (mixed and any(_outdoes(other, one) for other in said)))
    ways = {way for way in meant if way}
    return ways.pop() if len(ways) == 1 else None


def denied(text: str, start: int, stop: int, language: str) -> bool:
    """Whether the lower-cased text denies or only supposes the wording that stands there."""
    denial = DENIALS.get(language)
    if denial is None:
        return False
    ahead = text[max(start - _REACH, 0) : start]
    return bool(
        denial.before.search(ahead)
        or denial.supposed_before.search(ahead)
        or denial.behind.match(text, stop)
        or denial.supposed_behind.match(text, stop)
    )


def _outdoes(other: Said, one: Said) -> bool:
    overlap = other.start < one.stop and one.start < other.stop
    return overlap and other.way != one.way and other.stop - other.start > one.stop - one.start


def _meant(one: Said, text: str, language: str) -> Leaning | None:
    denial = DENIALS.get(language)
    if denial is None:
        return one.way
    ahead = text[max(one.start - _REACH, 0) : one.start]
    if denial.supposed_before.search(ahead) or denial.supposed_behind.match(text, one.stop):
        return None
    if denial.before.search(ahead) or denial.behind.match(text, one.stop):
        return -1 if one.way == 1 else 1
    return one.way
