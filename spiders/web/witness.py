"""What a crawl's pages looked like, beside the records they gave: their template, and which of them were walls.

A wall is a page that a site or its guard sends in the place of what was asked for: a captcha, a browser check, a refusal, a
consent form. Many come with status 200, so nothing but the page itself tells. Sites load the guards' scripts on ordinary pages
too; a page is surely a wall only where it bears what a guard writes into its own page, and says little besides. Where only the title
says so, or where there is much to read around the mark, records of substance clear the page.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from spiders.items import ContactPoint, Record, SearchResult
from spiders.web.template import fingerprint, together

TEMPLATE_PAGES = 5
"""The first pages of a crawl, which its fingerprint is made of."""
LOOKED_AT = 200_000
"""Characters of a page in which the marks of a wall are looked for; walls are short."""
SAYS_LITTLE = 3_000
"""Characters that a visitor reads of a wall, at most: the longest are consent forms in many languages. A page that holds more and bears
a mark quotes it, or lays its consent form over its content."""

_TITLE = re.compile(r"<title[^<>]{0,200}>\s{0,200}([^<]{1,200})", re.IGNORECASE)

_WALL_TITLES = re.compile(
    r"just a moment\b.{0,30}|attention required!? ?\| ?cloudflare|checking your browser\b.{0,60}|ddos-guard|access denied(?: .{0,60})?"
    r"|access to this page has been (?:denied|blocked)\.?|pardon our interruption\b.{0,30}|you have been blocked|request blocked\.?"
    r"|(?:amazon\.\S{2,10} )?(?:robot check|bot check|captcha)(?: .{0,40})?|(?:are you|verify (?:that )?you(?:'re| are)(?: not)?) (?:a )?(?:human|robot)\b.{0,40}"
    r"|human verification|security (?:check|verification)(?: .{0,40})?|before you continue(?: to .{1,40})?|(?:we value your )?(?:cookie|privacy) (?:consent|wall)"
    r"|자동입력 방지.{0,40}|비정상적인 (?:접근|트래픽).{0,40}|접근이 (?:차단|제한).{0,40}|(?:アクセスが拒否|ロボットではない|画像認証).{0,40}",
    re.IGNORECASE,
)
"""Whole titles: an article about captchas has a longer one."""

_MARKS = (
    # Not "/cdn-cgi/challenge-platform/", "js.datadome.co" or "AwsWafIntegration": ordinary pages of the same sites have those. Each mark
    # is code or the inside of a tag, as no visitor writes it into a review.
    ("Cloudflare's browser check", re.compile(r"_cf_chl_opt ?= ?\{|<[^<>]{0,200}\bcf-browser-verification\b")),
    ("Cloudflare's refusal", re.compile(r'<[^<>]{0,200}\bid="cf-error-details"')),
    # The host alone stands in the security policies of pages that DataDome guards.
    (
        "DataDome's captcha",
        re.compile(
            r"\bct\.captcha-delivery\.com/[a-z]\.js|\bgeo\.captcha-delivery\.com/(?:captcha|interstitial)|[\"']host[\"'] ?: ?[\"']geo\.captcha-d"
        ),
    ),
    ("PerimeterX's captcha", re.compile(r"<[^<>]{0,200}\b(?:id|class)=[\"']px-captcha|\bcaptcha\.px-c[a-z]{1,9}\.[a-z]{2,4}/PX")),
    ("Akamai's browser check", re.compile(r"<[^<>]{0,200}\bsec-if-cpt-container\b")),
    # The tail of its reference, as it is printed: with each sign as an entity, or under its own heading.
    (
        "Akamai's refusal",
        re.compile(r"errors&#46;edgesuite&#46;net|(?i:<h1>\s{0,9}access denied\s{0,9}</h1>)[^\0]{0,2000}errors\.edgesuite\.net"),
    ),
    (
        "Imperva's refusal",
        re.compile(r"_Incapsula_Resource\?[^\"'<>]{0,500}\bincident_id=|Request unsuccessful\. Incapsula incident ID"),
    ),
    # Not "AwsWafCaptcha": pages that ask for one before a form is sent have it.
    ("AWS WAF's captcha", re.compile(r"\bgokuProps ?= ?\{")),
    ("Sucuri's refusal", re.compile(r"<title>\s{0,9}Sucuri WebSite Firewall - Access Denied")),
    ("Amazon's captcha", re.compile(r'<form[^<>]{0,200}\baction="/errors/validateCaptcha')),
    # Its action beside its id: forms of other sites are called so too.
    ("Google's captcha", re.compile(r'<form id="captcha-form" action="(?:index|/sorry/|CaptchaRedirect)')),
    ("Google's consent form", re.compile(r'<form[^<>]{0,200}\baction="https://consent\.google')),
    ("YouTube's consent form", re.compile(r'<form[^<>]{0,200}\baction="https://consent\.youtube')),
    ("Yahoo's consent form", re.compile(r'<form[^<>]{0,200}\baction="https://consent\.yahoo')),
    ("DuckDuckGo's captcha", re.compile(r"<[^<>]{0,200}\bclass=[\"']anomaly-modal")),
)

_SEARCH_BOX = re.compile(r"<(?:input|textarea)\b[^<>]{0,300}\bname=[\"']?(?:q|query|p|wd|search_query)\b")

_CHANNELS = frozenset({"chat", "email", "phone", "messenger", "social", "form"})


@dataclass(frozen=True, slots=True)
class Wall:
    whose: str
    """For people."""
    sure: bool
    """Nothing that is read off the page speaks for it."""


def wall(text: str) -> Wall | None:
    """Whose wall the page is, or may be; None for an ordinary page."""
    start = text[:LOOKED_AT]
    for whose, mark in _MARKS:
        if mark.search(start):
            # Engines lay their consent form over a result page, too, whose search box stays.
            over = "consent" in whose and _SEARCH_BOX.search(start)
            return Wall(whose, sure=not over and _says(text) <= SAYS_LITTLE)
    title = _TITLE.search(start)
    said = " ".join(title[1].split()) if title else ""
    return Wall(f"a page titled {said!r}", sure=False) if _WALL_TITLES.fullmatch(said) else None


def substantial(records: Iterable[Record]) -> bool:
    """Whether there is one that is not read off the frame that a wall has as well: its language, its links to help, its search box."""
    return any(_tells(record) for record in records)


def _tells(record: Record) -> bool:
    if isinstance(record, ContactPoint):
        return record.kind in _CHANNELS
    return not isinstance(record, SearchResult) or record.status in {"observed", "absent"}


def _says(text: str) -> int:
    """Characters of the page that a visitor reads, about: what stands between tags, without scripts and styles."""
    count = 0
    inside = ""
    for piece in text.split("<"):
        name = piece[:9].lower()
        if inside and not name.startswith(inside):
            continue
        inside = "/script" if name.startswith("script") else "/style" if name.startswith("style") else ""
        if not inside:
            count += len(" ".join(piece.partition(">")[2].split()))
    return count


class Witness:
    """Sees each page of one crawl, and remembers little of it."""

    def __init__(self) -> None:
        self._templates: list[tuple[int, ...]] = []
        self._sure: list[tuple[str, str]] = []
        self._likely: dict[str, str] = {}

    def saw(self, url: str, text: str) -> bool:
        """A page, before it is known what it gives. True for a sure wall, off which nothing is to be landed."""
        if len(self._templates) < TEMPLATE_PAGES:
            self._templates.append(fingerprint(text))
        found = wall(text)
        if found is not None and found.sure:
            # Each of them: the searches of an API may all be posted to one address.
            self._sure.append((url, found.whose))
        elif found is not None:
            self._likely[url] = found.whose
        return found is not None and found.sure

    def gave(self, url: str, records: Iterable[Record]) -> None:
        """That page gave these, which clear it where they are of substance and it is not surely a wall."""
        if url in self._likely and substantial(records):
            del self._likely[url]

    def walls(self) -> Iterator[str]:
        """A sentence for each page that was a wall."""
        for url, whose in (*dict.fromkeys(self._sure), *self._likely.items()):
            yield f"{url} answered with {whose} in the place of its content."

    @property
    def template(self) -> tuple[int, ...]:
        """For the receipt."""
        return together(self._templates)

    @property
    def measured(self) -> dict[str, float]:
        """For the receipt: the number of walls, where there were any."""
        count = len(self._sure) + len(self._likely)
        return {"wall_count": float(count)} if count else {}
