"""How questions are worded, in the languages of `wording.toml`: what asks, what names a help topic, what only looks like it."""

import re
import tomllib
from pathlib import Path

from spiders.flow import tidy

_LISTS: dict[str, list[str]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


def _any(name: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in _LISTS[name]))


_QUESTION, _TOPIC, _OPENING, _SECTION = _any("question"), _any("topic"), _any("opening"), _any("section")
_FEEDBACK, _ENDING, _LABEL = _any("feedback"), _any("ending"), _any("label")
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
    return bool(_SECTION.search(text[:400].lower()))


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
    text = _ICON.sub("", tidy(text))
    return _NUMBER.sub("", text, count=1).strip() or text


def bare_answer(text: str) -> str:
    """Without "A." in front."""
    return _ANSWER.sub("", text, count=1).strip()
