"""How long, where a sentence says it: "40 minutes", 두 시간 반, 三週間, in minutes."""

import re

_MINUTE, _HOUR, _DAY = 1, 60, 1440
_WEEK, _MONTH, _YEAR = 7 * _DAY, 30 * _DAY, 365 * _DAY

_EN_NUMBERS: dict[str, float] = {
    **dict.fromkeys(("half an", "half a"), 0.5),
    **dict.fromkeys(("a", "an", "one"), 1),
    **dict.fromkeys(("two", "couple of", "a couple of"), 2),
    **{
        word: value
        for value, word in enumerate(["three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"], 3)
    },
    **{
        word: 10 * tens
        for tens, word in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2)
    },
    "fifteen": 15,
    "forty-five": 45,
    "forty five": 45,
}
_KO_NATIVE = {
    "반": 0.5,
    **{word: value for value, word in enumerate(("한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉", "열"), 1)},
}
"""Count hours and people: 세 분 is three persons, never three minutes."""
_KO_DIGITS = {digit: value for value, digit in enumerate("일이삼사오육칠팔구", 1)}
_KO_DAYS = {"하루": 1, "이틀": 2, "사흘": 3, "나흘": 4, "닷새": 5, "열흘": 10, "보름": 15}
_JA_DIGITS = {digit: value for value, digit in enumerate("一二三四五六七八九", 1)}

_UNITS = {
    "en": (
        (("min",), _MINUTE),
        (("hour", "hr"), _HOUR),
        (("day",), _DAY),
        (("week",), _WEEK),
        (("month",), _MONTH),
        (("year",), _YEAR),
    ),
    "ko": ((("분",), _MINUTE), (("시간",), _HOUR), (("주",), _WEEK), (("일",), _DAY), (("달", "개월"), _MONTH), (("년",), _YEAR)),
    "ja": (
        (("分",), _MINUTE),
        (("時間",), _HOUR),
        (("日",), _DAY),
        (("週",), _WEEK),
        (("か月", "ヶ月", "ヵ月", "ケ月", "カ月"), _MONTH),
        (("年",), _YEAR),
    ),
}


def _any(words: object) -> str:
    return "|".join(sorted(words, key=len, reverse=True))  # type: ignore[call-overload]


_NUMBER = r"\d{1,4}(?:\.\d)?"
_SAID = {
    "en": re.compile(
        rf"\b({_NUMBER}|{_any(_EN_NUMBERS)})(?:\+| ?- ?)? ?(?:whole |full |solid |long )?"
        r"(min(?:ute)?s?|hours?|hrs?|days?|weeks?|months?|years?)\b( and a half)?"
    ),
    "ko": re.compile(
        rf"({_NUMBER}|(?<![가-힣])(?!이 )(?:{_any(_KO_NATIVE)}|[일이삼사오육칠팔구십백]{{1,4}})) ?(분(?!실|위|들|께|이 )|시간|주일?(?!문)|일(?!반)|개월|달|년)( ?반)?"
        rf"|({_any(_KO_DAYS)})|(일주일)"
    ),
    "ja": re.compile(rf"({_NUMBER}|[一二三四五六七八九十百]{{1,4}}|半)(分|時間|日|週間|[かヶヵケカ]月|年)(?!目)(半)?"),
}


def minutes_said(text: str, language: str) -> int | None:
    """The duration that the lower-cased text says, in minutes; the longest of several, hours and minutes together.

    None where it says none, or in another language than the three.
    """
    said = _SAID.get(language)
    if said is None:
        return None
    longest, before, stop = 0.0, 0.0, -9
    for match in said.finditer(text):
        value = _minutes(match, language)
        # "An hour and twenty minutes", 1시간 20분: what follows closely in a smaller unit adds to it.
        joined = before + value if match.start() - stop <= 5 and value < before else value
        longest, before, stop = max(longest, joined), value, match.end()
    return round(longest) or None


def _minutes(match: re.Match[str], language: str) -> float:
    if language == "ko" and match[4]:
        return _KO_DAYS[match[4]] * _DAY
    if language == "ko" and match[5]:
        return _WEEK
    if match[2] == "분" and match[1] in _KO_NATIVE:
        return 0
    unit = next(size for stems, size in _UNITS[language] if match[2].startswith(stems))
    return (_value(match[1], language) + (0.5 if match[3] else 0)) * unit


def _value(number: str, language: str) -> float:
    if number[0].isdigit():
        return float(number)
    if language == "en":
        return _EN_NUMBERS[number]
    if language == "ko":
        return _KO_NATIVE[number] if number in _KO_NATIVE else _written(number, _KO_DIGITS)
    return 0.5 if number == "半" else _written(number, _JA_DIGITS)


def _written(number: str, digits: dict[str, int]) -> int:
    """一 .. 九百九十九, 일 .. 구백구십구."""
    total = digit = 0
    for character in number:
        if character in digits:
            digit = digits[character]
        else:
            total += (digit or 1) * (10 if character in "十십" else 100)
            digit = 0
    return total + digit
