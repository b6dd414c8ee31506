"""What customers complain about where no theme hears it: the terms of negative sentences without a theme.

Korean and Japanese terms are nouns and their compounds; elsewhere words that are not among the commonest, and pairs of them. What joins,
counts or judges names nothing that could become a theme, and is left out.
The score room keeps beside the sentences where their words stand, and `text.term` spells them from the review.
"""

import re
from collections.abc import Iterable, Iterator

from pipeline.text.reading import morphology
from pipeline.text.reading.common_words import COMMONEST

Places = tuple[tuple[int, int], ...]
"""The [start, stop) of each word of a term."""

_WORD = re.compile(r"[^\W\d_]{3,30}(?:['\u2019][^\W\d_]{1,2}\b)?")
_PLURAL = re.compile(r"(?<=[^\Wsuio])s$")


def terms(text: str, language: str) -> dict[str, Places]:
    """Each term, in lower case, with the places of its words where it stands first."""
    found: Iterable[tuple[str, Places]]
    if language in morphology.LANGUAGES:
        nameless = _NAMELESS[language]
        found = ((term, places) for term, places in morphology.nouns(text, language) if not nameless.issuperset(term.split()))
    else:
        found = _words(text, COMMONEST.get(language, frozenset()) | _NAMELESS.get(language, frozenset()))
    first: dict[str, Places] = {}
    for term, places in found:
        first.setdefault(term.lower(), places)
    return first


def _words(text: str, common: frozenset[str]) -> Iterator[tuple[str, Places]]:
    before, place_before, stopped = "", (0, 0), 0
    for match in _WORD.finditer(text):
        word, _, ending = match[0].lower().replace("\u2019", "'").partition("'")
        singular = _PLURAL.sub("", word)
        # "don't", "couldn't" and the like are no things.
        if ending == "t" or word in common or singular in common:
            before = ""
            continue
        place = match.start(), match.start() + len(singular)
        yield singular, (place,)
        if before and text[stopped : match.start()] == " ":
            yield f"{before} {singular}", (place_before, place)
        before, place_before, stopped = singular, place, match.end()


_NAMELESS: dict[str, frozenset[str]] = {
    language: frozenset(listed.split())
    for language, listed in {
        "en": """about above across after against along already although among another anybody anyone anything around away because before
            behind being below beside besides between beyond both but despite down done during each either else enough ever everybody except few finally
            first frankly further gave give given having hence however indeed inside instead into itself last least less let lot made making maybe might
            mine must myself near neither next none nor off often once one only onto other otherwise our out outside over own past perhaps
            quite rather same second seem seemed several shall should since some somebody someone something sometimes somewhere soon such
            them themselves therefore thing third though through throughout till today together tomorrow tonight toward towards twice under
            unless until upon upside via while whole whoever whom whose within yes yesterday yet your yourself
            two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty hundred thousand half dozen
            ago anyway apparently basically clearly completely daily hardly honestly literally nearly obviously sadly seriously simply totally
            truly unfortunately usually
            annoyed annoying ashamed awful disappointed disappointing disappointment disgusted disgraceful disgusting dreadful experience expect
            expected frustrated frustrating frustration furious generous gross horrible impressed joke mess nasty pathetic pleased regret review
            ridiculous said shame shocking sorry star stressful terrible told unacceptable unbelievable unhappy upset useless write writes writing wrong""",
        "ko": """정도 경우 생각 때문 이번 다음 처음 마지막 오늘 어제 내일 요즘 평소 사람 본인 자체 부분 전체 하나 이상 이하 이유 필요 고민 기분
            느낌 마음 후기 리뷰 별점 별로 실망 최악 후회 짜증 기대 만족 불만 불편 불쾌 분노 황당 걱정 장단점 엉망 진짜 정말 완전 그냥""",
        "ja": """残念 最悪 後悔 普通 期待 期待外れ 外れ 不満 満足 失望 不快 感心 論外 微妙 必要 大変 本当 正直 今回 前回 次回 今日 昨日 明日 最近
            最初 最後 普段 自分 個人 全体 部分 以上 以下 程度 理由 気分 気持ち レビュー 評価 感想 口コミ 星""",
    }.items()
}
