"""Public posts of a Bluesky account, or those that a search finds, through the public API, without a key.

The shapes are those of https://docs.bsky.app/docs/api/app-bsky-feed-get-author-feed and …/app-bsky-feed-search-posts (lexicons of the
same names in bluesky-social/atproto). A post's address names its account by its DID, never by its handle: whoever writes is
known by a keyed hash only. In a market file, `url` is the account (`https://bsky.app/profile/leaf.example`), a search
(`https://bsky.app/search?q=leaf`), or an address of the API itself (`…/xrpc/app.bsky.feed.…`). At times the public API refuses searches.
"""

import re
from collections.abc import AsyncIterator, Iterator
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit

from pydantic import BaseModel, ConfigDict, Field
from scrapy import Request, Spider
from scrapy.http import Response

from spiders.items import Page, Post
from spiders.reading.answer import count_at, held, language_at, loaded, text_at
from spiders.reading.naming import Words, naming
from spiders.reading.select import content_id, parse_date, text_of, unexpected
from spiders.receipt import Job
from spiders.web.walk import Walk, text_in

API = "https://public.api.bsky.app/xrpc"
PAGE_SIZE = 100
"""The most that the API gives at once."""
MAX_POSTS = 200


class Options(BaseModel):
    """`options` of a `bluesky` source in a market file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    words: Words = ()
    """Keep only posts that name the brand so; none for the brand's own account."""
    max_pages: int = Field(default=3, ge=1, le=50)
    """Pages of a hundred posts, from the newest on."""
    replies: bool = False
    """Also what an account answers to others."""


def parse(text: str, url: str) -> Iterator[Post]:
    """The posts of an answer, in its order; those of others that an account passes on are left out.

    UnexpectedPage for what is no such answer, an error message for instance.
    """
    answer = _answer(text, url)
    feed, found = answer.get("feed"), answer.get("posts")
    if isinstance(feed, list):
        posts = [held(each, "post") for each in feed[:MAX_POSTS] if isinstance(each, dict) and not _passed_on(each)]
    elif isinstance(found, list):
        posts = found[:MAX_POSTS]
    else:
        said = text_at(answer, "message") or text_at(answer, "error") or f"the keys {sorted(answer)[:8]}"
        raise unexpected("bluesky", expected="a feed or a list of posts", found=f"{said!r:.100}", url=url)
    for post in posts:
        if not (uri := text_at(post, "uri")):
            raise unexpected("bluesky", expected="a post with a uri", found=f"{type(post).__name__} without one", url=url)
        yield _post(post, uri, url)


def recognises(text: str, url: str) -> bool:  # noqa: ARG001 - the same signature for every source
    return text.lstrip("\ufeff \t\r\n")[:1] == "{" and '"app.bsky.feed.post"' in text[:500_000]


def _answer(text: str, url: str) -> dict[str, object]:
    answer = loaded(text, who="bluesky", expected="JSON", url=url)
    if not isinstance(answer, dict):
        raise unexpected("bluesky", expected="a JSON object", found=type(answer).__name__, url=url)
    return answer


def _passed_on(item: object) -> bool:
    return text_at(item, "reason", "$type").endswith("#reasonRepost")  # a pinned post has a reason too


def _post(post: object, uri: str, url: str) -> Post:
    # The other kind of DID, did:web, is a domain, mostly the handle itself.
    known = re.fullmatch(r"at://(did:plc:[a-z0-9]{1,100})/[\w.]{1,300}/([\w.~:-]{1,512})", uri)
    return Post(
        native_id=uri if known else content_id(uri),
        text=text_of(text_at(post, "record", "text")),
        # What the author's program says, as it is shown to readers; the server's own time is when it first met the post.
        published_at=parse_date(text_at(post, "record", "createdAt")) or parse_date(text_at(post, "indexedAt")),
        author=text_at(post, "author", "handle") or None,
        language=language_at(post, "record", "langs", 0),
        url=f"https://bsky.app/profile/{known[1]}/post/{known[2]}" if known else url,
        likes=count_at(post, "likeCount"),
        shares=count_at(post, "repostCount"),
        replies=count_at(post, "replyCount"),
    )


# --- the walk ---------------------------------------------------------------------------------------------------------


def first_url(url: str, *, replies: bool) -> str:
    """The address of the API's first page. UnexpectedPage for one that is none of an account, a search or the API."""
    parts = urlsplit(url)
    if parts.path.startswith("/xrpc/"):
        return url
    if account := re.fullmatch(r"/profile/([^/]{1,300})/?", parts.path):
        wanted = {
            "actor": unquote(account[1]),
            "filter": "posts_with_replies" if replies else "posts_no_replies",
            "limit": PAGE_SIZE,
        }
        return f"{API}/app.bsky.feed.getAuthorFeed?{urlencode(wanted)}"
    words = parse_qs(parts.query).get("q")
    if parts.path.rstrip("/") == "/search" and words:
        return f"{API}/app.bsky.feed.searchPosts?{urlencode({'q': words[0], 'sort': 'latest', 'limit': PAGE_SIZE})}"
    raise unexpected("bluesky", expected="the address of an account, a search or the API", found=url, url=url)


def next_url(url: str, cursor: str) -> str | None:
    """The page after `url`; None after the last, which has no cursor."""
    if not cursor:
        return None
    parts = urlsplit(url)
    query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "cursor"]
    return parts._replace(query=urlencode([*query, ("cursor", cursor)])).geturl()


class BlueskySpider(Spider):
    """Walks an account's feed or a search from its newest post backwards."""

    name = "bluesky"
    min_records = 0  # nobody has to have said anything

    def __init__(self, job: str) -> None:
        super().__init__()
        self.job, self.options = Job.given(job, Options)
        self.walk = Walk(self.job, self.options.max_pages)

    async def start(self) -> AsyncIterator[Request]:
        yield Request(first_url(self.job.url or "", replies=self.options.replies))

    def parse(self, response: Response) -> Iterator[Page | Request]:
        text = text_in(response, self.name, expected="JSON")
        posts = tuple(parse(text, response.url))
        yield Page(url=response.url, records=tuple(naming(posts, self.options.words)))
        yield from self.walk.on(next_url(response.url, text_at(_answer(text, response.url), "cursor")) if posts else None)
