"""Addresses on a site, for spiders that walk: which of them are pages, which are the same page, and in which language.

A walk reads the site whose page it was given, in the language of that page, and each page once. What a login, a search or a basket
answers is no page of it.
"""

import re
import tomllib
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlencode, urljoin, urlsplit, urlunsplit

_LANGUAGES: dict[str, list[str]] = tomllib.loads((Path(__file__).parent / "languages.toml").read_text("utf-8"))
_OWN_NAMES = {names[0] for names in _LANGUAGES.values()}
_BY_NAME = {name: code for code, names in _LANGUAGES.items() for name in names}

MAX_ADDRESS = 2_000
"""Characters; longer ones carry state, not a place."""

_TRACKING = re.compile(
    r"utm_\w{1,30}|[gdwm]clid|fbclid|msclkid|yclid|twclid|ttclid|gbraid|wbraid|igshid|mc_[ce]id|_g[al]|_hs\w{2,4}|hsctatracking"
    r"|ref|ref_src|referr?er|spm|nclick|cmpid|trk|sid|session_?id|jsessionid|phpsessid|_pos|_ss|_t|timestamp|nonce|cachebuster",
    re.IGNORECASE,
)
_SESSION = re.compile(r";jsessionid=[^/?#]*", re.IGNORECASE)
_LANGUAGE_KEYS = frozenset({"lang", "language", "locale", "hl", "lng", "l"})
_SEARCH_KEYS = frozenset(
    {"q", "query", "search", "keyword", "keywords", "searchword", "search_query", "s", "sort", "sort_by", "order"}
)
_PRINT = re.compile(
    r"(?:^|&)(?:print|printable|pdf)=|(?:^|&)(?:view|format|output|mode|display)=(?:print|pdf|amp)", re.IGNORECASE
)
_NO_PAGE = re.compile(
    r"log-?_?in|sign-?_?in|sign-?_?up|log-?_?out|sign-?_?out|oauth2?|sso|auth|unauthenticated|my-?_?account|my-?_?page|cart|basket|checkout"
    r"|wishlist|search|suche|recherche|buscar|print|amp|pdf|rss|feed|communit(?:y|ies)|forums?|wp-json|wp-admin|cdn-cgi|api"
    r"|notices?|news|events?|blogs?|press|careers?|recruit"
)
_NO_PLACE = re.compile(r"access|users?|members?|sessions?|register|registration|join|password|subscriptions?|account")
"""Below a help page, these are its topics."""
_FILE = re.compile(
    r"\.(?:pdf|docx?|xlsx?|pptx?|zip|gz|rar|7z|exe|dmg|apk|png|jpe?g|gif|webp|svg|avif|ico|mp[34]|mov|webm|css|js|json|xml|rss|atom|txt|csv"
    r"|woff2?|ics|hwpx?)$",
    re.IGNORECASE,
)
_PAGE_KEYS = re.compile(r"page|p|paged|pageno|page_no|pagenum|pageindex|pageid|currentpage|cpage|pg|curpage|offset|start|from")
_PAGE_PATH = re.compile(r"/(?:page|seite|p)[/-]?\d{1,4}/?$", re.IGNORECASE)


def language(tag: object) -> str | None:
    """`en` for `en`, `en-GB`, `EN_us`, `zh-Hant-TW`; None for what is no code of a language that sites are offered in."""
    if not isinstance(tag, str):
        return None
    code = re.split(r"[-_]", tag.strip()[:20], maxsplit=1)[0].lower()
    return code if code in _LANGUAGES else None


def language_named(text: str) -> str | None:
    """The code of a language whose name this is, as a switcher prints it: `한국어`, `English (UK)`; None for other words."""
    name = " ".join(text.lower().split())
    return _BY_NAME.get(name) or _BY_NAME.get(re.sub(r"\s?[(（\[][^)）\]]{0,30}[)）\]]$|\s?[-–/|]\s?.{0,20}$", "", name))


def is_own_name(text: str) -> bool:
    """It is the name that speakers of a language call it by: `日本語`, not `Japanese`."""
    return " ".join(text.lower().split()) in _OWN_NAMES


def site(url: str) -> str:
    """The host, without `www.`; empty where there is none."""
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.").rstrip(".")
    except ValueError:
        return ""


def resolved(link: object, base: str) -> str | None:
    """The absolute address of a link, without fragment, tracking and session; None for what is no http(s) address."""
    if not isinstance(link, str) or len(link) > MAX_ADDRESS:
        return None
    try:
        parts = urlsplit(urljoin(base, link.strip()))
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            return None
        _ = parts.port  # raises for what is no port
    except ValueError:
        return None
    query = parts.query
    if query:
        kept = [
            (name, value)
            for name, value in parse_qsl(query, keep_blank_values=True, max_num_fields=None)
            if not _TRACKING.fullmatch(name)
        ]
        query = urlencode(kept) if len(kept) != query.count("&") + 1 else query
    return urlunsplit((parts.scheme, parts.netloc.lower(), _SESSION.sub("", parts.path) or "/", query, ""))


def key(url: str) -> str:
    """What two addresses of one page have in common: without scheme, `www.`, a last slash, an index file, or the order of the query."""
    parts = urlsplit(url)
    path = re.sub(r"/(?:index|default)\.(?:html?|php|aspx?|jsp)$", "/", unquote(parts.path), flags=re.IGNORECASE).rstrip("/")
    query = urlencode(sorted(parse_qsl(parts.query, keep_blank_values=True)))
    return f"{site(url)}{path}?{query}"


def segments(url: str) -> list[str]:
    """The parts of the path, unquoted, lower case."""
    return [part for part in unquote(urlsplit(url).path).lower().split("/") if part]


def is_page(url: str) -> bool:
    """False for files, logins, baskets, search results, print versions and news."""
    parts = urlsplit(url)
    names = {name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    stems = [segment.split(".", 1)[0] for segment in segments(url)]
    first = next((stem for stem in stems if not language(stem)), "")
    return not (
        _FILE.search(parts.path)
        or any(map(_NO_PAGE.fullmatch, stems))
        or _NO_PLACE.fullmatch(first)
        or names & _SEARCH_KEYS
        or _PRINT.search(parts.query)
        or segments(url)[-2:] == ["requests", "new"]
    )


def languages_in(url: str) -> dict[str, str]:
    """Where an address names a language, and which: `{"0": "en-us"}` for its first part, `{"lang": "ko"}` for its query."""
    parts = urlsplit(url)
    found = {str(n): part for n, part in enumerate(segments(url)[:3]) if len(part) in {2, 5, 7} and language(part)}
    for name, value in parse_qsl(parts.query):
        if name.lower() in _LANGUAGE_KEYS and language(value):
            found[name.lower()] = value.lower()
    return found


def in_other_language(url: str, start: str, spoken: str | None) -> bool:
    """The address names another language than that of `start` in the same place, or than `spoken` where `start` names none there."""
    here = languages_in(start)
    for place, tag in languages_in(url).items():
        if place in here:
            if here[place] != tag:
                return True
        elif spoken is not None and not (place.isdecimal() and place != "0") and language(tag) != spoken:
            return True
    return False


def pages_on(url: str, here: str) -> bool:
    """The address differs from that of the page `here` by the number of the page only: the same list, further down."""
    return key(_unpaged(url)) == key(_unpaged(here)) and key(url) != key(here)


def _unpaged(url: str) -> str:
    parts = urlsplit(url)
    kept = [
        (name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if not _PAGE_KEYS.fullmatch(name.lower())
    ]
    return urlunsplit((parts.scheme, parts.netloc, _PAGE_PATH.sub("", parts.path), urlencode(kept), ""))
