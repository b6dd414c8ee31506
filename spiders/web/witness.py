"""What a crawl's pages looked like, beside the records they gave: their template, and which of them were walls.

A wall is a page that a site or its guard sends in the place of what was asked for: a captcha, a browser check, a refusal, a
consent form. Many come with status 200, so nothing but the page itself tells. Sites load the guards' scripts on ordinary pages
too; a page counts as a wall only where it bears what ordinary pages do not and gave no record.
"""

import re
from collections.abc import Iterator

from spiders.web.template import fingerprint, together

TEMPLATE_PAGES = 5
"""The first pages of a crawl, which its fingerprint is made of."""
LOOKED_AT = 200_000
"""Characters of a page in which the marks of a wall are looked for; walls are short."""

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
    # Not "/cdn-cgi/challenge-platform/" or "datadome": ordinary pages of the same sites have those.
    ("Cloudflare's browser check", "_cf_chl_opt"),
    ("Cloudflare's browser check", "cf-browser-verification"),
    ("Cloudflare's refusal", 'id="cf-error-details"'),
    ("DataDome's captcha", "captcha-delivery.com"),
    ("PerimeterX's captcha", "px-captcha"),
    ("PerimeterX's captcha", "captcha.px-c"),
    ("Akamai's browser check", "sec-if-cpt-container"),
    ("Akamai's refusal", "errors.edgesuite.net"),
    ("Imperva's refusal", "Incapsula incident ID"),
    ("AWS WAF's captcha", "gokuProps"),
    ("AWS WAF's captcha", "AwsWafCaptcha"),
    ("Sucuri's refusal", "Sucuri WebSite Firewall - Access Denied"),
    ("Amazon's captcha", "/errors/validateCaptcha"),
    ("Google's captcha", 'id="captcha-form"'),
    ("Google's consent form", 'action="https://consent.google'),
    ("YouTube's consent form", 'action="https://consent.youtube'),
    ("Yahoo's consent form", 'action="https://consent.yahoo'),
    ("DuckDuckGo's captcha", "anomaly-modal"),
)


def wall(text: str) -> str | None:
    """Whose wall the page bears the marks of, as words for people; None for an ordinary page."""
    start = text[:LOOKED_AT]
    for name, mark in _MARKS:
        if mark in start:
            return name
    title = _TITLE.search(start)
    said = " ".join(title[1].split()) if title else ""
    return f"a page titled {said!r}" if _WALL_TITLES.fullmatch(said) else None


class Witness:
    """Sees each page of one crawl, and remembers little of it."""

    def __init__(self) -> None:
        self._templates: list[tuple[int, ...]] = []
        self._walls: dict[str, str] = {}

    def saw(self, url: str, text: str) -> None:
        """A page, before it is known what it gives."""
        if len(self._templates) < TEMPLATE_PAGES:
            self._templates.append(fingerprint(text))
        if (name := wall(text)) is not None:
            self._walls[url] = name

    def gave_records(self, url: str) -> None:
        """That page is no wall, whatever it bears."""
        self._walls.pop(url, None)

    def walls(self) -> Iterator[str]:
        """A sentence for each page that was a wall."""
        for url, name in self._walls.items():
            yield f"{url} answered with {name} in the place of its content."

    @property
    def template(self) -> tuple[int, ...]:
        """For the receipt."""
        return together(self._templates)

    @property
    def measured(self) -> dict[str, float]:
        """For the receipt: the number of walls, where there were any."""
        return {"wall_count": float(len(self._walls))} if self._walls else {}
