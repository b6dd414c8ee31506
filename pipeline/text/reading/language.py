"""Which language a text is in: its script first, then what was stated, then py3langid among the market's languages.

Hangul is Korean and kana is Japanese whatever anybody states; characters of Han alone can be Japanese or Chinese, so there the
brand's and the market's languages decide. Only Latin text (and other alphabets that several languages share) goes to the
identifier, which is loaded when more than one language of the market is possible, and never otherwise.
"""

import math
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from pipeline.text.reading.common_words import SPELLINGS, WORDS

UNDETERMINED = "und"
"""ISO 639 for a text without letters, or in a script that none of the languages asked for is written in."""

_SEEN = 1_000
"""Code points that are looked at: more change nothing."""

_EAST = {
    "hangul": re.compile("[\uac00-\ud7a3\u3131-\u318e\u1100-\u11ff]"),
    "kana": re.compile("[\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fd-\u30ff]"),
    "han": re.compile("[\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]"),
}

_SCRIPTS = {
    "latin": re.compile("[A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff]"),
    "cyrillic": re.compile("[\u0400-\u052f]"),
    "arabic": re.compile("[\u0620-\u06ff\u0750-\u077f]"),
    "hebrew": re.compile("[\u05d0-\u05ea]"),
    "greek": re.compile("[\u0370-\u03ff]"),
    "devanagari": re.compile("[\u0900-\u097f]"),
    "thai": re.compile("[\u0e01-\u0e5b]"),
}

_BEYOND_LATIN = re.compile("|".join(pattern.pattern for name, pattern in (*_EAST.items(), *_SCRIPTS.items()) if name != "latin"))
"""One class: an emoji or an accent in Latin text is no reason to count letters."""

_WRITTEN_IN = {
    **dict.fromkeys(("ru", "uk", "bg", "sr", "mk", "be", "kk", "mn", "ky"), "cyrillic"),
    **dict.fromkeys(("ar", "fa", "ur", "ps", "ug"), "arabic"),
    **dict.fromkeys(("hi", "mr", "ne"), "devanagari"),
    "ko": "hangul",
    "ja": "kana",
    "zh": "han",
    "he": "hebrew",
    "el": "greek",
    "th": "thai",
}
"""The script of a language; Latin for all that stand not here."""

_SURE: Mapping[str | None, str] = {"hangul": "ko", "kana": "ja", None: UNDETERMINED}

_SYLLABLE = 2.5
"""Latin letters that say as much as one Hangul syllable, kana or Han character: brand names must not outvote the sentence."""


def primary(tag: str | None) -> str | None:
    """The ISO 639 code of a language tag or locale: `en` of "en-US" and "EN_gb"; None for what is no tag."""
    if not tag:
        return None
    match = re.match(r"\s*([A-Za-z]{2,3})(?:[-_.].{0,30})?\s*$", tag)
    return match[1].lower() if match else None


def language_of(text: str, *, languages: Sequence[str], stated: str | None = None, locale: str | None = None) -> str:
    """ISO 639-1 code, or `und`.

    `languages`: those of the market, the likeliest first. `stated`: what the source says; believed where the script allows it.
    `locale`: the brand's own, which decides between languages that share a script.
    """
    script = _script(text)
    if script in _SURE:
        return _SURE[script]
    said = primary(stated)
    home = primary(locale)
    if script == "han":
        return _han(text[:_SEEN], said, home, languages)
    if said and said != UNDETERMINED and _WRITTEN_IN.get(said, "latin") == script:
        return said
    possible = tuple(dict.fromkeys(code for code in languages if _WRITTEN_IN.get(code, "latin") == script))
    if len(possible) < 2:
        return possible[0] if possible else "en" if script == "latin" else UNDETERMINED
    return _identified(text[:_SEEN], possible, home)


def language_of_part(part: str, whole: str) -> str:
    """The language of a sentence in a text whose language is known: another one only where the script leaves no doubt.

    An English sentence in a Korean review is English; a brand name or "good" in it is not a sentence.
    """
    if part.isascii():
        if whole in ("ko", "ja", "zh") and len(re.findall("[A-Za-z]{2,}", part)) >= 3:
            return "en"
        return whole
    if whole in ("ko", "ja"):
        script = _script(part)
        return {"hangul": "ko", "kana": "ja", "latin": "en"}.get(script, whole) if script else whole
    script = _script(part)
    return {"hangul": "ko", "kana": "ja"}.get(script, whole) if script else whole


def _script(text: str) -> str | None:
    """The script that carries the text; kana where Japanese mixes it with Han; None without letters."""
    text = text[:_SEEN]
    if text.isascii() or not _BEYOND_LATIN.search(text):
        return "latin" if _SCRIPTS["latin"].search(text) else None
    counts = {script: len(pattern.findall(text)) for script, pattern in _EAST.items()}
    east = sum(counts.values())
    script, count = "latin", len(_SCRIPTS["latin"].findall(text))
    if not east:
        script, count = max(((script, len(pattern.findall(text))) for script, pattern in _SCRIPTS.items()), key=lambda it: it[1])
    if not east and not count:
        return None
    if east * _SYLLABLE < count:
        return script
    if counts["hangul"] >= counts["kana"] and counts["hangul"] * 2 >= counts["han"] and counts["hangul"]:
        return "hangul"
    # Chinese text may quote a kana sign or two; Japanese prose has kana in every clause.
    if counts["kana"] * 10 >= counts["han"] and counts["kana"]:
        return "kana"
    return "han"


def _han(text: str, said: str | None, home: str | None, languages: Sequence[str]) -> str:
    if said in ("ja", "zh"):
        return said
    if _is_chinese(text):
        return "zh"
    if home in ("ja", "zh"):
        return home
    return next((code for code in languages if code in ("ja", "zh")), "zh")


def _is_chinese(text: str) -> bool:
    """Whether a text in Han has a simplified or another character that Shift-JIS lacks, or a particle that Japanese does not write."""
    unwritten = text.encode("cp932", "ignore").decode("cp932")
    return len(_EAST["han"].findall(unwritten)) < len(_EAST["han"].findall(text)) or bool(_CHINESE.search(text))


_CHINESE = re.compile(
    # Characters that Japanese has given up or never had, though Shift-JIS holds them.
    "[很這們沒麼哦呀嘛它怎找跟點價讓樣效賣單壞媽值荐]|(?<!草)鞋|(?<![晩聖午正会粗])餐"
    # Denials; Japanese has 再起不能, 説明不要, 不要品, 不好評, 不太平, 不行届, 沈没.
    "|不[会會是推錯夠]|不好(?!評)|(?<![^ ]{2})不[能要](?= ?[\u4e00-\u9fff])(?! ?[品物])|不太(?!平)|不到(?!達)|不行(?![届跡状])"
    "|不知道|没[有人到用法想能回]"
    # Adverbs and degrees; Japanese has 丸太小屋, 太多線, 一直線, 京都不動産, 都会, 成就.
    "|(?<!丸)太(?:[好差慢貴硬小大少冷熱]|多(?!線))|(?<!京)都[很是不没要]|也[很是不没要会]|(?<!成)就[是要不很会]|再也|一直(?!線)|老是|有点"
    "|非常[好差快慢不貴棒熱方]|又[^ ]{1,2} ?又|最[棒差]"
    # What 的, 了 and some verbs are joined with; Japanese has 写真的, 友好的, 完了, 接客服装.
    "|(?<!写)真的|(?<![友愛良])好的|[差棒]的|我[的很不也都要就想]|(?<![完終修読満校魅未投議])了(?:$|[ ,.!?一半])"
    "|(?<![良友愛格同嗜])好[吃喝玩用看]|[再想]吃|吃[了到完]|客服(?!装)|差評"
)


def _identified(text: str, possible: tuple[str, ...], home: str | None) -> str:
    """py3langid's probabilities times what the commonest words and the spelling say.

    A text without any common word, of which py3langid is not sure either, is in the brand's own language or the market's first.
    """
    identifier = _identifier(possible)
    probable = (
        {str(code): math.log(max(float(share), _LEAST)) for code, share in identifier.rank(text)} if identifier.labels else {}
    )
    lowered = text.lower()
    words = _LATIN_WORD.findall(lowered[:_FEW])
    evidence = {
        code: _WORD_WEIGHT * sum(word in WORDS[code] for word in words)
        + _SPELLING_WEIGHT * len(SPELLINGS[code].findall(lowered, 0, _FEW)) / max(1, len(words)) ** 0.5
        for code in possible
        if code in WORDS
    }
    total = {code: probable.get(code, math.log(_LEAST)) + evidence.get(code, 0.0) for code in possible}
    best = max(possible, key=lambda code: total[code])
    unsure = probable.get(best, 0.0) < math.log(0.6) and not any(word in WORDS.get(best, ()) for word in words)
    if unsure and len(text) < 20:
        return home if home in possible else possible[0]
    return best


_LEAST = 1e-6
"""py3langid is often as good as certain and wrong: no language is less probable than that."""
_FEW = 100
"""Code points whose words are looked up: of longer texts py3langid needs no help."""
_WORD_WEIGHT = 3.0
_SPELLING_WEIGHT = 1.0
_LATIN_WORD = re.compile(r"[^\W\d_]+(?:'t)?")


@lru_cache(maxsize=16)
def _identifier(possible: tuple[str, ...]) -> Any:
    """py3langid restricted to these languages. Imported here: a market in one language a script never pays for it."""
    from py3langid import langid  # noqa: PLC0415

    identifier = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
    identifier.set_languages([code for code in possible if code in identifier.labels])
    return identifier
