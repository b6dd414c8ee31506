"""How questions are worded, in the languages of `wording.toml`: what asks, what names a help topic, what only looks like it."""

import re
import tomllib
from pathlib import Path

from spiders.reading.flow import tidy

_LISTS: dict[str, list[str]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


def _any(name: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in _LISTS[name]))


_QUESTION, _TOPIC, _OPENING, _SECTION = _any("question"), _any("topic"), _any("opening"), _any("section")
_FEEDBACK, _ENDING, _LABEL = _any("feedback"), _any("ending"), _any("label")
_HELPFUL, _RELATED, _HELP = _any("helpful"), _any("related"), _any("help")
_DIALOGUE, _YOU, _I = _any("dialogue"), _any("you"), _any("i")
_TALLY, _BYLINE, _ELSEWHERE = _any("tally"), _any("byline"), _any("elsewhere")
_NOISE = re.compile(rf"(?>(?:{_any('noise').pattern})(?:[\s|·•∙・,;()（）–-]++|$))++", re.IGNORECASE)
_DATE_ALONE = re.compile(r"[\d\s:./年月日년월일-]{6,30}")
_BUTTONS = re.compile(r"(?:(?:yes|no|네|예|아니오|아니요|はい|いいえ|👍|👎|thumbs (?:up|down))[\s.!/|・]{0,3}+)++", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{2,}")
_MARK = re.compile(r"[?？؟](?![\w=&])")
_MARKED = re.compile(r"^\W{0,3}(?:q|question|질문|문|問|質問)\s{0,2}\d{0,3}\s{0,2}[.:：)）．、]", re.IGNORECASE)
_NUMBERED = re.compile(r"^\d{1,3}(?:\.\d{1,3}){0,4}\s?[.)）．、\s]\s{0,3}(?=\D)")
_NUMBER = re.compile(
    r"^(?:\W{0,2}(?:q|question|frage|질문|문|問|質問)\s{0,2}\.?\s{0,2}\d{0,3}\s{0,2}[.:：)）．、\]]\s{0,3}|q\d{0,3}\s{1,3}"
    r"|\d{1,3}(?:\.\d{1,3}){1,4}\.?\s{1,3}|\d{1,3}\s?[.)）．、]\s{0,3}(?=\D))",
    re.IGNORECASE,
)
_ANSWER = re.compile(
    r"^(?:\W{0,2}(?:a|ans|answer|답변|답|答|回答)\s{0,2}\.?\d{0,3}\s{0,2}[.:：．)）\]]\s{0,3}|a\s?\n)", re.IGNORECASE
)
_ICON = re.compile(r"\s{0,3}(?:[+−–▼▾▲▸►›»✕×⌄∨¶#§🔗]|expand_more|keyboard_arrow_down|arrow_drop_down)$")


def asks(text: str) -> bool:
    """It has a question mark, or the ending of a question in a language that does without."""
    low = text.lower()
    return bool(_MARK.search(low) or _QUESTION.search(low))


def is_topic(text: str) -> bool:
    """It names a case as help pages do where nobody asks: 가입 방법, メールが届かない場合."""
    return bool(_TOPIC.search(text.lower()))


def opens_question(text: str) -> bool:
    """It begins as a question does: "How to …", "Can I …"."""
    return bool(_OPENING.search(bare_question(text).lower()))


def promises(text: str) -> bool:
    """A title, heading, class name or address that says that questions with answers follow."""
    low = text[:400].lower()
    return bool(_SECTION.search(low) or _DIALOGUE.search(low))


def promises_faq(text: str) -> bool:
    """Like `promises`, in words that no interview uses of itself."""
    return bool(_SECTION.search(text[:400].lower()))


def speaks_to_one(text: str) -> bool:
    """It addresses the one who answers: "How did you …"."""
    return bool(_YOU.search(text[:2_000].lower()))


def speaks_as_one(text: str) -> bool:
    """One person speaks: "I …"."""
    return bool(_I.search(text[:2_000]))  # as printed: "i" is "and", or an article, in other languages


def is_talk(question: str, answer: str) -> bool:
    """It comes from visitors' questions or a forum: counts of replies, or who wrote it and when, stand in place of an answer or around it."""
    lines = answer.lower().split("\n")
    edges = [line for line in (*lines[:2], lines[-1]) if len(line) <= 120]
    asked = question.lower()
    # "How many posts can I write?" may be answered by "5 posts".
    counts = [line for line in edges if _TALLY.fullmatch(line) and not any(word in asked for word in _WORD.findall(line))]
    return bool(counts or _TALLY.fullmatch(_MARK.split(asked)[-1].strip())) or any(map(_BYLINE.fullmatch, edges))


def answers_elsewhere(text: str) -> bool:
    """It only leads to the answer: "Read more", 자세히 보기, 回答を見る."""
    return len(text) <= 60 and bool(_ELSEWHERE.fullmatch(text.lower()))


def is_feedback(text: str) -> bool:
    """It asks the reader ("Was this helpful?"), or leads to a form."""
    return bool(_FEEDBACK.search(text.lower()))


def is_ending(text: str) -> bool:
    """It ends the questions: related articles, comments, contact."""
    return bool(_ENDING.search(text.lower()))


def is_label(text: str) -> bool:
    """It structures an answer: "Step 2", "Note:"."""
    return bool(_LABEL.search(text.lower()))


def is_marked(text: str) -> bool:
    """It is written as "Q. …" or "질문 3) …"."""
    return bool(_MARKED.search(text))


def is_numbered(text: str) -> bool:
    """It begins with its number: "2. …", "3.1 …"."""
    return bool(_NUMBERED.search(text))


def bare_question(text: str) -> str:
    """Without its number or "Q." in front and without the icon behind: `3.1. Which one? ¶` is `Which one?`."""
    text = _ICON.sub("", tidy(text)).lstrip("?？ ")
    return _NUMBER.sub("", text, count=1).strip() or text


def asks_whether_it_helped(text: str) -> bool:
    """One short line: "Was this article helpful?"."""
    return len(text) <= 120 and bool(_HELPFUL.search(text.lower()))


def leads_on(text: str) -> bool:
    """A heading below an article: related articles, comments, "Still need help?"."""
    return bool(_RELATED.search(text.lower()))


def names_help(text: str) -> bool:
    """It calls itself help, support or a FAQ: a title, a category, a host."""
    return bool(_HELP.search(text.lower()))


def is_noise(line: str) -> bool:
    """It consists of what changes by itself: "123 of 150 found this helpful", "Views: 1,204 · Updated 3 days ago"."""
    return len(line) <= 120 and bool(_NOISE.fullmatch(line.lower())) and not _DATE_ALONE.fullmatch(line)


def bare_answer(text: str) -> str:
    """Without "A." in front, without the question whether it helped and what follows it, and without counts, votes and ages.

    So a page that was seen twice without a change gives the same answer twice.
    """
    text = _ANSWER.sub("", text, count=1).strip()
    lines = text.split("\n")
    if len(lines) == 1:
        return text
    kept: list[str] = []
    asked = False
    for line in lines:
        if asks_whether_it_helped(line):
            if any(map(str.isalnum, "".join(kept))):
                break
            asked = True
        elif not is_noise(line) and not (asked and _BUTTONS.fullmatch(line)):
            kept.append(line)
    return "\n".join(kept).strip()
