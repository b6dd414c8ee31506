"""robots.txt as RFC 9309 has it: which of its groups are ours is decided here, what a rule matches by Protego.

Protego alone also takes a group for ours whose name only begins like our own, or that occurs in the contact address of the user agent;
it looks for a name with its version or a second word in it (`rivalscope/2.0`) in vain, and ends a group at a line that it does not know.
"""

import re
from collections.abc import Iterator
from typing import Self

from protego import Protego
from scrapy.crawler import Crawler
from scrapy.robotstxt import RobotParser
from w3lib.encoding import read_bom

from spiders.settings import PRODUCT

MAX_BYTES = 512_000
"""What is read of a robots.txt: RFC 9309 (section 2.5) asks for 500 KiB at least, and Google reads no more."""
MAX_LINE = 8 * 2083
"""Characters of a line that count, as with Google; a longer rule is cut and forbids or allows the more."""

# Also as sites write it: without the colon, and misspelt.
_LINE = re.compile(
    r"\s*(?:(?P<agent>user[- ]?agent)|(?P<disallow>dis?s?all?[oa]w|diasllow)|(?P<allow>allow)|(?P<delay>crawl[- ]delay))\s*(?:[:\s]\s*(?P<value>.*))?",
    re.IGNORECASE,
)
_NAME = re.compile(r"[a-zA-Z_-]+")


class RobotsTxt(RobotParser):
    """One robots.txt, as far as it concerns one product: its own groups or, where there are none, those for everybody."""

    def __init__(self, body: bytes, product: str = PRODUCT) -> None:
        self._rules = Protego.parse("\n".join(["User-agent: *", *_rules(_text(body), product.lower())]))

    @classmethod
    def from_crawler(cls, crawler: Crawler, robotstxt_body: bytes) -> Self:  # noqa: ARG003 - Scrapy's signature
        return cls(robotstxt_body)

    def allowed(self, url: str | bytes, user_agent: str | bytes) -> bool:  # noqa: ARG002 - the rules are ours already
        return self._rules.can_fetch(url if isinstance(url, str) else url.decode("utf-8", "replace"), "*")

    def crawl_delay(self, user_agent: str | bytes) -> float | None:  # noqa: ARG002 - as above
        return self._rules.crawl_delay("*")


def _text(body: bytes) -> str:
    encoding, mark = read_bom(body[:8])
    whole = body[len(mark or b"") : MAX_BYTES]
    if len(body) > MAX_BYTES:
        whole = whole[: whole.rfind(b"\n") + 1] or whole  # a rule that is cut in half would mean something else
    return whole.decode(encoding or "utf-8", "ignore")


def _rules(text: str, product: str) -> Iterator[str]:
    own: list[str] = []
    everybody: list[str] = []
    named = False
    agents: set[str] = set()
    gathering = False
    for raw in re.split(r"[\r\n]+", text):
        line = _LINE.fullmatch(raw[:MAX_LINE].partition("#")[0].rstrip())
        if line is None:
            continue  # also a line that others know: it ends no group
        value = line["value"] or ""
        if line["agent"]:
            agents = agents if gathering else set()
            gathering = True
            name = _NAME.match(value)
            agents.add(name[0].lower() if name else value[:2].strip())
            named = named or product in agents
            continue
        directive = "Disallow" if line["disallow"] else "Allow" if line["allow"] else "Crawl-delay"
        gathering = gathering and directive == "Crawl-delay"
        for agent, rules in ((product, own), ("*", everybody)):
            if agent in agents:
                rules.append(f"{directive}: {value}")
    yield from own if named else everybody
