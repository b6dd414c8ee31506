"""A company's own pages: every way that they offer to reach it.

Chat widgets are told by script nodes and boot code that a browser would run, never by comments, connection hints or a link to
the vendor; mail addresses, also the disguised ones; phone numbers from `tel:` links and JSON-LD; messengers and social
profiles by their links, without share buttons; and contact forms. Vendors stand in `vendors.toml`. What the pages say about being
reached (hours, a time to an answer, help pages, languages, who answers a chat) is read by `spiders.reading.service`.
"""

import re
import tomllib
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from bs4 import BeautifulSoup, Tag
from pydantic import BaseModel, ConfigDict, Field
from scrapy import Request, Spider
from scrapy.http import HtmlResponse, Response

from spiders.items import ContactKind, ContactPoint, Page
from spiders.reading import address, markup, service
from spiders.reading.flow import Flow, soup_of
from spiders.reading.select import document, unexpected
from spiders.reading.structured import Item, json_ld
from spiders.receipt import Job
from spiders.web.reach import Reach

MAX_POINTS = 200
"""Of one page."""
MAX_CODE = 1_000_000
"""Characters of one inline script that are looked at."""
MAX_PROFILES = 3
"""Of one social network; a page that links to more names other people's, and then only its own furniture and data count."""


class Options(BaseModel):
    """`options` of a `site` source in a market file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    urls: tuple[str, ...] = Field(default=(), max_length=50)
    """Further pages to read beside the source's `url`."""
    max_depth: int = Field(default=2, ge=0, le=5)
    """Links to follow one after the other, from the source's `url` to contact and help pages and on from there."""
    max_pages: int = Field(default=10, ge=1, le=100)
    """Pages read at most, with `urls`; the market's own `crawl.max_pages` holds as well."""


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
    r"contact|support|help|(?:^|[^a-z])faqs?(?:$|[^a-z])|customer.?(?:care|service)|kontakt|hilfe|contacto|ayuda|contatt|assistenza|contato|ajuda|aide|nous-joindre"
    r"|문의|고객\s?(?:센터|지원)|상담|도움말|자주\s?(?:묻는|하는)|よくある|cs_?center|cscenter|お問い?合わ?せ|お問合せ|サポート|ヘルプ|inquir|otoiawase|toiawase|联系|聯絡|客服",
    re.IGNORECASE,
)
_REACHED = re.compile(
    r"contact|customer.?(?:care|service)|kontakt|contatt|contato|nous-joindre|문의|고객\s?(?:센터|지원)|상담|cs_?center|お問い?合わ?せ|お問合せ|inquir"
    r"|toiawase|联系|聯絡|客服",
    re.IGNORECASE,
)
_NO_CONTACT_FORM = re.compile(
    r"comment|review|reply|respond|search|newsletter|subscri|login|signin|sign-in|checkout|coupon|rating", re.IGNORECASE
)


def parse(html: str, url: str) -> Iterator[ContactPoint]:
    """What a page offers, each once: chats, then mail, phone, messengers, social profiles and forms, then what it says about them."""
    if not re.search(r"<[a-zA-Z!?]", html[:100_000]):
        raise unexpected("site", expected="an HTML page", found=repr(html[:40]), url=url)
    page = document(html, who="site", url=url)
    items = json_ld(page)
    soup = soup_of(html)
    flow = Flow(soup)
    text = flow.text(0, len(flow.pieces))
    lines = service.lines_of(text)
    links = [(tag, href) for tag in soup.find_all("a", href=True) if isinstance(href := tag.get("href"), str)]
    points: dict[tuple[str, str | None, str | None], ContactPoint] = {}
    found: tuple[tuple[ContactKind, str | None, str | None], ...] = (
        *(("chat", name, None) for name in _chats(soup)),
        *(("email", None, mail) for mail in _mails(soup, text, links, items)),
        *(("phone", None, phone) for phone in _phones(links, items)),
        *(("messenger", name, link) for name, link in _linked(_MESSENGER, links, items, url)),
        *(("social", name, link) for name, link in _own(_SOCIAL, links, items, url)),
        *(("form", None, action) for action in _forms(soup, url)),
    )
    for kind, vendor, value in found:
        key = (kind, vendor, re.sub(r"\D", "", value or "") if kind == "phone" else (value or "").casefold())
        points.setdefault(key, ContactPoint(kind=kind, vendor=vendor, value=value, url=url))
    human, bot = (
        service.answered_by([*lines, *service.in_labels(soup)])
        if any(p.kind == "chat" for p in points.values())
        else (None, None)
    )
    for point in islice(points.values(), MAX_POINTS):
        yield replace(point, human=human, bot=bot) if point.kind == "chat" else point
    promised = {promise.words: promise.within_hours for promise in service.promises(lines)}
    said: tuple[tuple[ContactKind, Iterable[str]], ...] = (
        ("hours", service.hours(lines, items)),
        ("promise", promised),
        ("help", service.help_links(links, url)),
        ("search", service.search_boxes(soup, url)),
        ("language", service.languages(soup, page)),
    )
    for kind, values in said:
        for value in islice(dict.fromkeys(values), service.MAX_EACH):
            within = promised[value] if kind == "promise" else None
            yield ContactPoint(kind=kind, vendor=None, value=value, url=url, within_hours=within)


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


def _mails(soup: BeautifulSoup, text: str, links: list[tuple[Tag, str]], items: list[Item]) -> Iterator[str]:
    for _, href in links:
        if href.strip().lower().startswith("mailto:"):
            yield from _addresses(unquote(href.strip()[7:500].split("?", 1)[0]))
    hidden = [href.rsplit("#", 1)[1] for _, href in links if "/cdn-cgi/l/email-protection#" in href]
    hidden += [str(tag.get("data-cfemail")) for tag in soup.find_all(attrs={"data-cfemail": True})]
    for said in (*map(_cloudflare, hidden), *(item.text("email") for item in items if "person" not in item.types)):
        yield from _addresses(said)
    for line in _MAIL_AT.sub("@", text.replace("＠", "@")).split("\n"):
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
    """The source's page, and the pages of the same host that call themselves contact or help, as far as `max_depth` links away."""

    name = "site"
    min_records = 1

    def __init__(self, job: str) -> None:
        super().__init__()
        self.job, self.options = Job.given(job, Options)
        self.reach = Reach(self.job, self.options.max_pages)

    async def start(self) -> AsyncIterator[Request]:
        for url in filter(None, (self.job.url, *self.options.urls)):
            if not self.reach.has(url):
                yield self.reach.ask(url, clicks=0 if url == self.job.url else None)  # the pages that were named lead nowhere

    def parse(self, response: Response, clicks: int | None) -> Iterator[Page | Request]:
        if not isinstance(response, HtmlResponse):
            if clicks:
                return  # a file behind a link
            raise unexpected(self.name, expected="an HTML page", found="another kind of file", url=response.url)
        found = parse(response.text, response.url)
        yield Page(url=response.url, records=tuple(replace(point, clicks=clicks) for point in found))
        if clicks is None or clicks >= self.options.max_depth:
            return
        for link in contact_links(response.text, response.url):
            yield from self.reach.follow(link, clicks=clicks + 1)

    def closed(self, _reason: str) -> None:
        self.reach.tell(self)


def contact_links(html: str, url: str) -> Iterator[str]:
    """Pages of the same host and language whose path or words promise a way to the company, each once; help pages last: they are many."""
    soup = soup_of(html)
    seen = {address.key(url)}
    helping: list[str] = []
    root = soup.find("html")
    spoken = address.language(root.get("lang")) if isinstance(root, Tag) else None
    for tag in soup.find_all("a", href=True, limit=3000):
        link = address.resolved(tag.get("href"), url)
        if (
            link is None
            or address.site(link) != address.site(url)
            or address.key(link) in seen
            or not address.is_page(link)
            or address.in_other_language(link, url, spoken)
        ):
            continue
        words = f"{unquote(urlsplit(link).path)} {markup.words(tag)[:100]}"
        if len(words) < 250 and _CONTACT.search(words):
            seen.add(address.key(link))
            if _REACHED.search(words):
                yield link
            else:
                helping.append(link)
    yield from helping
