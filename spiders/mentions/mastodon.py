"""Public posts of a Mastodon account or hashtag, through the API of its server, without a key.

https://docs.joinmastodon.org/methods/accounts/#statuses, …/methods/timelines/#tag, …/entities/Status; pages are linked by the
`Link` header, and asked for by `max_id`. In a market file, `url` is the account (`https://server.example/@leaf`), the hashtag
(`https://server.example/tags/leaf`), or an address of the API itself. Servers may close these to strangers: that is a refusal.

The addresses that an answer gives have the author's handle in them, `/@jane/12` and `/users/jane/statuses/12`. None of them lands:
`/statuses/12` is the same post on the server that was asked (mastodon/mastodon, config/routes/web_app.rb).
"""

import re
from collections.abc import AsyncIterator, Iterator
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from pydantic import BaseModel, ConfigDict, Field
from scrapy import Request, Spider
from scrapy.http import Response

from spiders.items import Page, Post
from spiders.reading.answer import count_at, held, language_at, loaded, text_at
from spiders.reading.naming import Words, naming
from spiders.reading.select import parse_date, text_of, unexpected
from spiders.receipt import Job
from spiders.web.walk import Walk, text_in

PAGE_SIZE = 40
"""The most that the API gives at once."""
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
        if (text_at(status, "visibility") or "public") not in {"public", "unlisted"} or held(status, "reblog"):
            continue
        native_id, address = _named(status, url)
        yield Post(
            native_id=native_id,
            title=" ".join(text_of(text_at(status, "spoiler_text")).split())[:1000] or None,
            text=text_of(text_at(status, "content")),
            published_at=parse_date(text_at(status, "created_at")),
            author=text_at(status, "account", "acct") or None,
            language=language_at(status, "language"),
            url=address,
            likes=count_at(status, "favourites_count"),
            shares=count_at(status, "reblogs_count"),
            replies=count_at(status, "replies_count"),
        )


def recognises(text: str, url: str) -> bool:  # noqa: ARG001 - the same signature for every source
    start = text[:20_000]
    return start.lstrip("\ufeff \t\r\n")[:1] == "[" and '"reblogs_count"' in text[:200_000]


def _statuses(text: str, url: str) -> list[object]:
    answer = loaded(text, who="mastodon", expected="JSON", url=url)
    found = held(answer, "statuses")  # so the search of its second version names them
    listed = found if isinstance(found, list) else answer
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        said = text_at(answer, "error")
        shown = f"the error {said!r:.100}" if said else "something else"
        raise unexpected("mastodon", expected="a list of posts", found=shown, url=url)
    return listed[:MAX_POSTS]


_URI = re.compile(r"https?://([^/\s@]{1,255})/(?:[^\s?#]{1,500}/)?(?:statuses|objects|notes)/([\w-]{1,64})")
"""What a post is called on every server: Mastodon's own form, and those of Pleroma and Misskey."""


def _named(status: object, url: str) -> tuple[str, str]:
    """The post's id, `host/number` of the server that it was written on where that can be told, and an address that shows it."""
    host, number = urlsplit(url).netloc.rpartition("@")[2], text_at(status, "id")
    uri = _URI.fullmatch(text_at(status, "uri"))
    if not re.fullmatch(r"[\w-]{1,64}", number):
        raise unexpected("mastodon", expected="a post with an id", found=f"{number!r:.100}", url=url)
    return f"{uri[1]}/{uri[2]}" if uri else f"{host}/{number}", f"{urlsplit(url).scheme}://{host}/statuses/{number}"


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


def next_url(url: str, link_header: str, last_id: str) -> str | None:
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
        self.job, self.options = Job.given(job, Options)
        self.walk = Walk(self.job, self.options.max_pages)

    async def start(self) -> AsyncIterator[Request]:
        url, posts = first_url(self.job.url or "", replies=self.options.replies)
        if posts is not None:
            yield Request(url, callback=self.found, cb_kwargs={"posts": posts})
        else:
            yield Request(url)

    def found(self, response: Response, posts: str) -> Iterator[Request]:
        number = text_at(
            loaded(text_in(response, self.name, expected="JSON"), who="mastodon", expected="JSON", url=response.url), "id"
        )
        if not re.fullmatch(r"\w{1,64}", number):
            raise unexpected("mastodon", expected="an account with an id", found=f"{number!r:.100}", url=response.url)
        yield Request(posts.replace("{id}", number))

    def parse(self, response: Response) -> Iterator[Page | Request]:
        text = text_in(response, self.name, expected="JSON")
        yield Page(url=response.url, records=tuple(naming(parse(text, response.url), self.options.words)))
        statuses = _statuses(text, response.url)
        header = (response.headers.get("Link") or b"").decode("latin-1")
        more = next_url(response.url, header, text_at(statuses[-1], "id")) if statuses else None
        yield from self.walk.on(more)  # asked once: the same page again is no new request
