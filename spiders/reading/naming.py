"""Which posts name a brand: for feeds, hashtags and searches that hold others' posts as well."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Annotated

from pydantic import Field

from spiders.items import Post

Words = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=100)], ...], Field(max_length=100)]
"""Names of a brand in any spelling, of which a post must hold one."""

_JOINED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""Scripts that write words together or end them with particles: there a name has no edge to look for."""


def naming(posts: Iterable[Post], words: Words) -> Iterator[Post]:
    """The posts whose title or text holds one of the words, whatever its case and width; all of them where there are no words."""
    wanted = re.compile("|".join(map(_pattern, words)))
    return (post for post in posts if not words or wanted.search(_folded(f"{post.title or ''}\n{post.text}")))


def _pattern(word: str) -> str:
    folded = _folded(word).strip()
    edge = "" if _JOINED.search(folded) else r"(?<!\w){}(?!\w)"
    text = r"\s+".join(map(re.escape, folded.split()))
    return edge.format(text) if edge else text


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
