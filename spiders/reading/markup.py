"""What an element is for, by its tag, role and names: page furniture, headings, toggles, questions and answers by class name."""

import re
from functools import lru_cache
from itertools import islice
from typing import Literal

from bs4 import BeautifulSoup, NavigableString, Tag


def furniture(soup: BeautifulSoup) -> set[int]:
    """Navigation, side bars, footers, tables of contents: never where the page's main heading or part is inside."""
    main = soup.find_all(["h1", "main", "article"], limit=50)
    kept = {id(parent) for tag in main for parent in (tag, *tag.parents)}
    return {
        id(tag)
        for tag in soup.find_all(True)
        if id(tag) not in kept
        and (
            tag.name in {"nav", "footer", "aside"}
            or tag.get("role") in {"navigation", "contentinfo", "complementary", "search", "menu", "menubar"}
            or any(_names_furniture(name[:100]) for name in names(tag))
        )
    }


@lru_cache(maxsize=2048)  # a page repeats its names
def _names_furniture(name: str) -> bool:
    return _FURNITURE.fullmatch(name) is not None


_FURNITURE = re.compile(
    r"(?:site|page|main|global|sphinx|left|right|gnb|lnb)?[-_]?(?:footer|side-?bar|nav|navbar|navigation|breadcrumbs?|crumbs|menu|toc"
    r"|pagination|pager|related|comments|cookie-?(?:banner|consent|notice)|share-buttons)(?:[-_](?:wrapper|container|area))?",
    re.IGNORECASE,
)
_QUESTION_NAME = re.compile(
    r"(?:^|[-_])(?:question|quest)(?:[-_]|$)|^(?:faq|qna|qa)[-_]{0,2}q$|^q$|^faq[-_]+(?:head|header|heading|title|tit)$"
)
_ANSWER_NAME = re.compile(
    r"(?:^|[-_])(?:answer|ans)(?:[-_]|$)|^(?:faq|qna|qa)[-_]{0,2}a$|^a$|^faq[-_]+(?:body|content|text|txt|cont)$"
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def names(tag: Tag) -> list[str]:
    """Class names and id."""
    classes = tag.get("class")
    return [*(classes if isinstance(classes, list) else []), *([name] if isinstance(name := tag.get("id"), str) else [])][:20]


def words(tag: Tag) -> str:
    """What a small element says, on one line: a link, a button, a heading. Of a large one, what the beginnings of its first 60 nodes say."""
    texts = (str(node)[:1_000] for node in islice(tag.descendants, 60) if type(node) is NavigableString)
    return " ".join(" ".join(texts).split())


def role(tag: Tag) -> Literal["question", "answer"] | None:
    classes = tag.get("class")
    names = [_CAMEL.sub("-", name).lower() for name in classes[:20]] if isinstance(classes, list) else []
    asks, answers = any(map(_QUESTION_NAME.search, names)), any(map(_ANSWER_NAME.search, names))
    return None if asks == answers else "question" if asks else "answer"


def level(tag: Tag) -> int:
    """1..6 of a heading, 0 of anything else."""
    return int(tag.name[1]) if len(tag.name) == 2 and tag.name[0] == "h" and tag.name[1] in "123456" else 0


def is_permalink(tag: Tag) -> bool:
    return not any(map(str.isalnum, tag.get_text()[:50])) and len(tag.get_text()[:50]) < 5


def is_toggle(tag: Tag) -> bool:
    if tag.name in {"html", "body", "summary", "input", "select", "textarea"}:
        return False
    return (
        tag.name == "button"
        or tag.get("role") == "button"
        or any(tag.has_attr(name) for name in ("aria-expanded", "aria-controls", "data-target", "data-bs-target"))
        or tag.get("data-toggle") == "collapse"
        or any(_names_toggle(name[-100:]) for name in names(tag))
    )


@lru_cache(maxsize=2048)
def _names_toggle(name: str) -> bool:
    return _TOGGLE_NAME.search(name.lower()) is not None


_TOGGLE_NAME = re.compile(
    r"accordion[-_]*(?:header|heading|title|button|btn|trigger|toggle|head|tit|summary|label)$"
    r"|^(?:toggle|collapsible|(?:toggle|collaps(?:e|ible))[-_](?:header|title|head|trigger))$"
)


def target(tag: Tag) -> str:
    """The id of what a toggle opens, empty where it names none."""
    for name in ("aria-controls", "data-bs-target", "data-target", "href"):
        value = tag.get(name)
        if isinstance(value, str) and (value.startswith("#") or name == "aria-controls"):
            return value.removeprefix("#").strip()
    return ""
