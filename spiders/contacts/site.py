"""A company's own pages: every way that they offer to reach it.

Chat widgets are told by script nodes and boot code that a browser would run, never by comments, connection hints or a link to
the vendor; mail addresses, also the disguised ones; phone numbers from `tel:` links and JSON-LD; messengers and social
profiles by their links, without share buttons; and contact forms. Vendors stand in `vendors.toml`.
"""

import re
import tomllib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urljoin, urlsplit

from bs4 import BeautifulSoup, Tag
from pydantic import BaseModel, ConfigDict, Field
from scrapy import Request, Spider
from scrapy.http import Response, TextResponse

from spiders.flow import Flow, soup_of
from spiders.items import ContactPoint, Page
from spiders.receipt import Job
from spiders.select import document, unexpected
from spiders.structured import Item, json_ld

MAX_POINTS = 200
"""Of one page."""
MAX_CODE = 1_000_000
"""Characters of one inline script that are looked at."""
MAX_PROFILES = 3
"""Of one social network; a page that links to more names other people's, and then only its own furniture and data count."""

_Kind = Literal["chat", "email", "phone", "messenger", "social", "form"]


class Options(BaseModel):
    """`options` of a `site` source in a market file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    urls: tuple[str, ...] = Field(default=(), max_length=50)
    """Further pages to read beside the source's `url`."""
    follow: int = Field(default=5, ge=0, le=50)
    """How many contact and support pages to follow from the source's `url`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Vendor:
    name: str
    script: re.Pattern[str] | None
    code: re.Pattern[str] | None
    element: str | None
    link: re.Pattern[str] | None
    no_link: re.Pattern[str] | None


def _vendors(kind: str) -> tuple[_Vendor, ...]:
    listed: list[dict[str, str]] = tomllib.loads(Path(__file__).with_name("vendors.toml").read_text("utf-8"))[kind]
    return tuple(
        _Vendor(
            name=entry["vendor"],
            script=re.compile(entry["script"]) if "script" in entry else None,
            code=re.compile(entry["code"]) if "code" in entry else None,
            element=entry.get("element"),
            link=re.compile(entry["link"]) if "link" in entry else None,
            no_link=re.compile(entry["not"]) if "not" in entry else None,
        )
        for entry in listed
    )


_CHAT, _MESSENGER, _SOCIAL = _vendors("chat"), _vendors("messenger"), _vendors("social")

_MAIL = re.compile(r"(?<![\w.%+-])[\w.%+-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,6}[a-z]{2,24}(?![\w@])", re.IGNORECASE | re.ASCII)
_MAIL_AT = re.compile(r"\s{0,2}[\[({<]\s{0,2}(?:at|@|a|앳|골뱅이|アットマーク|アット)\s{0,2}[\])}>]\s{0,2}", re.IGNORECASE)
_MAIL_DOT = re.compile(r"\s{0,2}[\[({<]\s{0,2}(?:dot|\.|점|ドット)\s{0,2}[\])}>]\s{0,2}", re.IGNORECASE)
_FILE = re.compile(r"\.(?:png|jpe?g|gif|webp|svg|avif|ico|bmp|js|css|mp4|woff2?)$", re.IGNORECASE)
_CONTACT = re.compile(
    r"contact|support|help|customer.?(?:care|service)|kontakt|hilfe|contacto|ayuda|contatt|assistenza|contato|ajuda|aide|nous-joindre"
    r"|문의|고객\s?(?:센터|지원)|상담|도움말|cs_?center|cscenter|お問い?合わ?せ|お問合せ|サポート|ヘルプ|inquir|otoiawase|toiawase|联系|聯絡|客服",
    re.IGNORECASE,
)
_NO_CONTACT_FORM = re.compile(
    r"comment|review|reply|respond|search|newsletter|subscri|login|signin|sign-in|checkout|coupon|rating", re.IGNORECASE
)


def parse(html: str, url: str) -> Iterator[ContactPoint]:
    """The contact points of a page, each once: chats, then mail, phone, messengers, social profiles and forms."""
    if not re.search(r"<[a-zA-Z!?]", html[:100_000]):
        raise unexpected("site", expected="an HTML page", found=repr(html[:40]), url=url)
    items = json_ld(document(html, who="site", url=url))
    soup = soup_of(html)
    links = [(tag, href) for tag in soup.find_all("a", href=True) if isinstance(href := tag.get("href"), str)]
    points: dict[tuple[str, str | None, str | None], ContactPoint] = {}
    for kind, vendor, value in (
        *(("chat", name, None) for name in _chats(soup)),
        *(("email", None, mail) for mail in _mails(soup, links, items)),
        *(("phone", None, phone) for phone in _phones(links, items)),
        *(("messenger", name, link) for name, link in _linked(_MESSENGER, links, items, url)),
        *(("social", name, link) for name, link in _own(_SOCIAL, links, items, url)),
        *(("form", None, action) for action in _forms(soup, url)),
    ):
        key = (kind, vendor, re.sub(r"\D", "", value or "") if kind == "phone" else (value or "").casefold())
        points.setdefault(key, ContactPoint(kind=_kind(kind), vendor=vendor, value=value, url=url))
    yield from list(points.values())[:MAX_POINTS]


def _kind(kind: str) -> _Kind:
    kinds: tuple[_Kind, ...] = ("chat", "email", "phone", "messenger", "social", "form")
    return next(known for known in kinds if known == kind)


# --- chat -------------------------------------------------------------------------------------------------------------


def _chats(soup: BeautifulSoup) -> Iterator[str]:
    addresses: list[str] = []
    codes: list[str] = []
    for tag in soup.find_all(["script", "iframe"]):
        kind = str(tag.get("type") or "").lower()
        if (
            tag.name == "script"
            and kind
            and "javascript" not in kind
            and kind not in {"module", "text/plain", "text/rocketscript"}
        ):
            continue  # templates and data; text/plain is how consent managers hold a script back until the visitor agrees
        if tag.find_parent(["noscript", "template"]):
            continue
        sources = (tag.get(name) for name in ("src", "data-src", "data-cookieblock-src", "data-lazy-src"))
        addresses.extend(source[:2000].lower() for source in sources if isinstance(source, str))
        if tag.name == "script" and not tag.get("src"):
            codes.append(_running(str(tag.string or "")[:MAX_CODE]))
    elements = {tag.name for tag in soup.find_all(re.compile("-"))} | {
        name for tag in soup.find_all(class_=True) for name in _classes(tag)
    }
    for vendor in _CHAT:
        if (
            (vendor.script and any(map(vendor.script.search, addresses)))
            or (vendor.code and any(map(vendor.code.search, codes)))
            or (vendor.element and vendor.element in elements)
        ):
            yield vendor.name


def _running(code: str) -> str:
    """Inline code without its comments, with escaped slashes as slashes."""
    kept: list[str] = []
    at = 0
    # A "/*" inside a string or an address ("https://a/*") is none; those never have white space or a line start in front.
    for found in re.finditer(r"(?:^|(?<=[\s;{}]))/\*", code):
        if found.start() >= at:
            kept.append(code[at : found.start()])
            end = code.find("*/", found.end())
            if end < 0:
                at = len(code)
                break
            at = end + 2
    kept.append(code[at:])
    lines = (line for line in "".join(kept).splitlines() if not line.lstrip().startswith("//"))
    return "\n".join(lines).replace("\\/", "/").replace("\\u002F", "/")


def _classes(tag: Tag) -> list[str]:
    classes = tag.get("class")
    return list(classes)[:20] if isinstance(classes, list) else []


# --- mail and phone ------------------------------------------------------------------------------------------------------


def _mails(soup: BeautifulSoup, links: list[tuple[Tag, str]], items: list[Item]) -> Iterator[str]:
    for _, href in links:
        if href.strip().lower().startswith("mailto:"):
            yield from _addresses(unquote(href.strip()[7:500].split("?", 1)[0]))
    hidden = [href.rsplit("#", 1)[1] for _, href in links if "/cdn-cgi/l/email-protection#" in href]
    hidden += [str(tag.get("data-cfemail")) for tag in soup.find_all(attrs={"data-cfemail": True})]
    for said in (*map(_cloudflare, hidden), *(item.text("email") for item in items if "person" not in item.types)):
        yield from _addresses(said)
    flow = Flow(soup)
    text = _MAIL_AT.sub("@", flow.text(0, len(flow.pieces)).replace("＠", "@"))
    for line in text.split("\n"):
        if "@" in line:
            yield from _addresses(_MAIL_DOT.sub(".", line))


def _addresses(text: str) -> Iterator[str]:
    for found in _MAIL.findall(text):
        mail = found.strip(".").lower() if not _FILE.search(found) else ""
        if mail and ".." not in mail:
            yield mail


def _cloudflare(code: str) -> str:
    """Cloudflare hides addresses as hex: the first byte is the key that the others are XORed with."""
    try:
        raw = bytes.fromhex(code.strip()[:600])
    except ValueError:
        return ""
    return bytes(byte ^ raw[0] for byte in raw[1:]).decode("utf-8", "replace") if raw else ""


def _phones(links: list[tuple[Tag, str]], items: list[Item]) -> Iterator[str]:
    printed = [unquote(href.strip()[4:]) for _, href in links if href.strip().lower().startswith("tel:")]
    printed += [item.text("telephone") for item in items if "person" not in item.types]
    for phone in printed:
        number = re.sub(r"\s+", " ", phone.removeprefix("//").split(";", 1)[0]).strip()[:40]
        if 3 <= sum(map(str.isdigit, number)) <= 16 and re.fullmatch(r"[\d+()./ ‐-–—*#xext-]{3,40}", number, re.IGNORECASE):
            yield number


# --- links -------------------------------------------------------------------------------------------------------------


def _linked(vendors: tuple[_Vendor, ...], links: list[tuple[Tag, str]], items: list[Item], url: str) -> Iterator[tuple[str, str]]:
    for _, href in links:
        if found := _profile(vendors, href, url):
            yield found
    for item in items:
        if item.types and "person" not in item.types:
            for value in item.values("sameas", "url")[:50]:
                if isinstance(value, str) and (found := _profile(vendors, value, url)):
                    yield found


def _own(vendors: tuple[_Vendor, ...], links: list[tuple[Tag, str]], items: list[Item], url: str) -> Iterator[tuple[str, str]]:
    """Without the profiles that an article links to, where a page links to many of one network."""
    every = list(dict.fromkeys(_linked(vendors, links, items, url)))
    framed = [(tag, href) for tag, href in links if _in_furniture(tag)]
    sure = set(_linked(vendors, framed, items, url))
    for name, link in every:
        if sum(other == name for other, _ in every) <= MAX_PROFILES or (name, link) in sure:
            yield name, link


def _in_furniture(tag: Tag) -> bool:
    around = [tag, *(parent for parent, _ in zip(tag.parents, range(8), strict=False))]
    return any(
        node.name in {"footer", "header", "nav"}
        or any(re.search(r"social|sns|follow|footer", name, re.IGNORECASE) for name in _classes(node))
        for node in around
    )


def _profile(vendors: tuple[_Vendor, ...], href: str, url: str) -> tuple[str, str] | None:
    href = href.strip()[:1000]
    if not href.lower().startswith(("http:", "https:", "//")):
        return None
    try:
        parts = urlsplit(urljoin(url, href))
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return None
    address = (
        f"{host}{parts.path}"
        + (f"?{parts.query}" if parts.query else "")
        + (f"#{parts.fragment}" if host.startswith("signal") else "")
    )
    for vendor in vendors:
        if vendor.link and vendor.link.match(address.lower()) and not (vendor.no_link and vendor.no_link.search(address.lower())):
            wanted = re.search(r"(?:^|&)((?:id|phone)=[^&]+)", parts.query)
            path = _TAB.sub("", unquote(parts.path).rstrip("/"))
            return vendor.name, f"https://{host}{path}" + (f"?{wanted[1]}" if wanted else "") + (
                f"#{parts.fragment}" if "#" in address else ""
            )
    return None


_TAB = re.compile(r"/(?:playlists|videos|featured|about|shorts|streams)$")  # one tab of a channel is the channel


def _forms(soup: BeautifulSoup, url: str) -> Iterator[str]:
    """Forms with room for a message and for the sender's address."""
    for form in soup.find_all("form", limit=50):
        named = " ".join([*_classes(form), *(str(form.get(name) or "") for name in ("id", "name", "action", "role"))])
        fields = form.find_all(["input", "textarea"], limit=100)
        names = " ".join(str(field.get(name) or "") for field in fields for name in ("name", "id", "placeholder", "type")).lower()
        texts = [field for field in fields if field.name == "textarea" and "recaptcha" not in str(field.get("name"))]
        asks = re.search(r"mail|phone|tel\b|name|이메일|연락처|メール|電話|氏名|お名前", names)
        if (
            texts
            and asks
            and not _NO_CONTACT_FORM.search(named)
            and not any("comment" in str(t.get("name") or t.get("id")) for t in texts)
        ):
            try:
                yield urljoin(url, str(form.get("action") or "").strip()) or url
            except ValueError:
                yield url


# --- crawl ---------------------------------------------------------------------------------------------------------------


class SiteSpider(Spider):
    """The home page, and the pages of the same host that call themselves contact or support."""

    name = "site"
    min_records = 1

    def __init__(self, job: str) -> None:
        super().__init__()
        self.job = Job.load(job)
        self.options = Options.model_validate(self.job.options)

    async def start(self) -> AsyncIterator[Request]:
        if self.job.url:
            yield Request(self.job.url, cb_kwargs={"follow": self.options.follow})
        for url in self.options.urls:
            yield Request(url)

    def parse(self, response: Response, follow: int = 0) -> Iterator[Page | Request]:
        if not isinstance(response, TextResponse):
            raise unexpected(self.name, expected="an HTML page", found="bytes", url=response.url)
        yield Page(url=response.url, records=tuple(parse(response.text, response.url)))
        for link in list(contact_links(response.text, response.url))[:follow]:
            yield Request(link)


def contact_links(html: str, url: str) -> Iterator[str]:
    """Addresses on the page's own host whose path or words promise a way to the company, each once."""
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    seen = {url.split("#", 1)[0]}
    for tag in soup_of(html).find_all("a", href=True, limit=3000):
        try:
            link = urljoin(url, str(tag.get("href")).strip()).split("#", 1)[0]
            parts = urlsplit(link)
        except ValueError:
            continue
        if parts.scheme in {"http", "https"} and (parts.hostname or "").removeprefix("www.") == host and link not in seen:
            words = f"{unquote(parts.path)} {tag.get_text(' ')[:100]}"
            if len(words) < 250 and _CONTACT.search(words):
                seen.add(link)
                yield link
