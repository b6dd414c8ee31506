"""Public posts of a Mastodon account or hashtag, through the API of its server, without a key.

https://docs.joinmastodon.org/methods/accounts/#statuses, …/methods/timelines/#tag, …/entities/Status; pages are linked by the
`Link` header, and asked for by `max_id`. In a market file, `url` is the account (`https://server.example/@leaf`), the hashtag
(`https://server.example/tags/leaf`), or an address of the API itself. Servers may close these to strangers: that is a refusal.
"""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import orjson
from pydantic import BaseModel, ConfigDict, Field
from scrapy import Request, Spider
from scrapy.http import Response, TextResponse

from spiders.items import Page, Post
from spiders.reading.naming import Words, naming
from spiders.reading.select import parse_date, text_of, unexpected
from spiders.receipt import Job

PAGE_SIZE = 40
"""The most that the API gives at once."""
MAX_ANSWER = 8_000_000
"""Characters; forty posts have some 200,000."""
MAX_POSTS = 200


class Options(BaseModel):
    """`options` of a `mastodon` source in a market file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    words: Words = ()
    """Keep only posts that name the brand so; none for the brand's own account."""
    max_pages: int = Field(default=5, ge=1, le=50)
    """Pages of forty posts, from the newest on."""
    replies: bool = False
    """Also what an account answers to others."""


def parse(text: str, url: str) -> Iterator[Post]:
    """The public posts of a timeline, newest first; those of others that an account passes on are left out.

    UnexpectedPage for what is no timeline, an error message for instance.
    """
    for status in _statuses(text, url):
        if (_text(status, "visibility") or "public") not in {"public", "unlisted"} or status.get("reblog"):
            continue
        native_id = _text(status, "uri") or _text(status, "url") or _text(status, "id")
        if native_id is None:
            raise unexpected("mastodon", expected="a post with an id", found=f"the keys {sorted(status)[:8]}", url=url)
        account = status.get("account")
        yield Post(
            native_id=native_id[:1000],
            title=" ".join(text_of(_text(status, "spoiler_text")).split())[:1000] or None,
            text=text_of(_text(status, "content")),
            published_at=parse_date(_text(status, "created_at")),
            author=_text(account, "acct") if isinstance(account, dict) else None,
            language=_language(_text(status, "language")),
            url=_address(_text(status, "url")) or _address(_text(status, "uri")) or url,
            likes=_count(status, "favourites_count"),
            shares=_count(status, "reblogs_count"),
            replies=_count(status, "replies_count"),
        )


def recognises(text: str, url: str) -> bool:  # noqa: ARG001 - the same signature for every source
    start = text[:20_000]
    return start.lstrip("\ufeff \t\r\n")[:1] == "[" and '"reblogs_count"' in text[:200_000]


def _statuses(text: str, url: str) -> list[dict[str, object]]:
    answer = _json(text, url)
    if isinstance(answer, dict) and isinstance(answer.get("statuses"), list):  # the search of its second version
        answer = answer["statuses"]
    if not isinstance(answer, list) or not all(isinstance(each, dict) for each in answer):
        found = f"the error {answer['error']!r:.100}" if isinstance(answer, dict) and "error" in answer else "something else"
        raise unexpected("mastodon", expected="a list of posts", found=found, url=url)
    return answer[:MAX_POSTS]


def _json(text: str, url: str) -> object:
    try:
        return orjson.loads(text.lstrip("\ufeff")) if len(text) <= MAX_ANSWER else None
    except orjson.JSONDecodeError as error:
        raise unexpected("mastodon", expected="JSON", found=repr(text[:40]), url=url) from error


def _text(node: Mapping[str, object], name: str) -> str | None:
    value = node.get(name)
    return value if isinstance(value, str) and value.strip() else None


def _language(said: str | None) -> str | None:
    return said[:2].lower() if said and re.fullmatch(r"[a-zA-Z]{2}(?:[-_]\w{1,20})?", said) else None


def _address(said: str | None) -> str | None:
    return said if said and re.match(r"https?://[^/\s]", said) else None


def _count(node: Mapping[str, object], name: str) -> int | None:
    value = node.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**15 else None


# --- the walk ---------------------------------------------------------------------------------------------------------


def first_url(url: str, *, replies: bool) -> tuple[str, str | None]:
    """The address to begin with, and the path of an account's posts (`{id}` in it), where its id has to be looked up first.

    UnexpectedPage for an address that is none of an account, a hashtag or the API.
    """
    parts = urlsplit(url)
    root = f"{parts.scheme}://{parts.netloc}"
    if parts.path.startswith("/api/"):
        return url, None
    if tag := re.fullmatch(r"/tags/([^/]{1,200})/?", parts.path):
        return f"{root}/api/v1/timelines/tag/{tag[1]}?limit={PAGE_SIZE}", None
    if account := re.fullmatch(r"/@([\w.@-]{1,200})/?", parts.path):
        wanted = urlencode({"limit": PAGE_SIZE, "exclude_reblogs": "true", "exclude_replies": str(not replies).lower()})
        return f"{root}/api/v1/accounts/lookup?acct={quote(account[1])}", f"{root}/api/v1/accounts/{{id}}/statuses?{wanted}"
    raise unexpected(
        "mastodon", expected="the address of an account (/@name), a hashtag (/tags/name) or the API", found=url, url=url
    )


def next_url(url: str, link_header: str, last_id: str | None) -> str | None:
    """The page after `url`: as the `Link` header says, else by the last post's id; None without either."""
    # Only what the header says of paging is taken, never where it leads.
    named = re.search(r'<([^<>]{1,2000})>\s*;\s*rel="?next"?', link_header[:10_000])
    max_id = dict(parse_qsl(urlsplit(named[1]).query)).get("max_id") if named else None if link_header else last_id
    if not max_id:
        return None
    parts = urlsplit(url)
    query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "max_id"]
    return parts._replace(query=urlencode([*query, ("max_id", max_id)])).geturl()


class MastodonSpider(Spider):
    """Walks a timeline from its newest post backwards."""

    name = "mastodon"
    min_records = 0  # nobody has to have said anything

    def __init__(self, job: str) -> None:
        super().__init__()
        self.job = Job.load(job)
        self.options = Options.model_validate(self.job.options)
        self.last_page = min(self.options.max_pages, self.job.politeness.max_pages)

    async def start(self) -> AsyncIterator[Request]:
        url, posts = first_url(self.job.url or "", replies=self.options.replies)
        if posts is not None:
            yield Request(url, callback=self.found, cb_kwargs={"posts": posts})
        else:
            yield Request(url, cb_kwargs={"page": 1})

    def found(self, response: Response, posts: str) -> Iterator[Request]:
        account = _json(self._text(response), response.url)
        number = account.get("id") if isinstance(account, dict) else None
        if not isinstance(number, str) or not re.fullmatch(r"\w{1,64}", number):
            raise unexpected("mastodon", expected="an account with an id", found=repr(number), url=response.url)
        yield Request(posts.replace("{id}", number), cb_kwargs={"page": 1})

    def parse(self, response: Response, page: int) -> Iterator[Page | Request]:
        text = self._text(response)
        yield Page(url=response.url, records=tuple(naming(parse(text, response.url), self.options.words)))
        statuses = _statuses(text, response.url)
        header = (response.headers.get("Link") or b"").decode("latin-1")
        more = next_url(response.url, header, _text(statuses[-1], "id")) if statuses else None
        if more is not None and page < self.last_page:
            yield Request(more, cb_kwargs={"page": page + 1})  # asked once: the same page again is no new request

    def _text(self, response: Response) -> str:
        if not isinstance(response, TextResponse):
            raise unexpected("mastodon", expected="JSON", found=f"{len(response.body):,} bytes", url=response.url)
        return response.text
