"""Conditional requests: what a site says is unchanged since our last crawl is not sent again.

A page from here is still an observation of this crawl. It is used only when the site answered 304 to it just now: never because it
should still be fresh, never in the place of an error. Scrapy's middleware does the asking; here stand its policy, which is stricter than
RFC 9111 asks for, and a storage that is written whole or not at all and unpickles nothing.
"""

import contextlib
import logging
import tempfile
from collections.abc import Collection, Iterable
from pathlib import Path
from time import time
from typing import Self

import orjson
from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.httpcache import HttpCacheMiddleware
from scrapy.exceptions import NotConfigured
from scrapy.extensions.httpcache import parse_cachecontrol
from scrapy.http import Headers, Request, Response
from scrapy.responsetypes import responsetypes
from scrapy.settings import BaseSettings

from spiders.settings import CACHE_DAYS
from spiders.web.landing import job_of

MAX_TOTAL_BYTES = 512 * 1024 * 1024
"""Of one market's cache; the pages that were used least lately go first."""

DRAFT_SECONDS = 3600.0
"""Nobody writes on an entry for so long: it is left of a crawl that was killed."""

_MAX_HEAD = 1 << 20

_CONDITIONS = ((b"ETag", b"If-None-Match"), (b"Last-Modified", b"If-Modified-Since"))
_OF_THE_BODY = ("Content-Encoding", "Content-Length", "Content-Type", "Content-Range", "Transfer-Encoding")

_log = logging.getLogger("rivalscope.cache")


class Policy:
    """Which pages may be remembered. None is ever fresh: each is asked for again, on the condition that it has changed."""

    def __init__(self, settings: BaseSettings) -> None:
        """Scrapy passes its settings; there is nothing to set."""

    def should_cache_request(self, request: Request) -> bool:
        return request.method == "GET" and "Authorization" not in request.headers and not request.meta.get("playwright")

    def should_cache_response(self, response: Response, request: Request) -> bool:  # noqa: ARG002 - Scrapy's signature
        control = parse_cachecontrol(b",".join(response.headers.getlist(b"Cache-Control")))
        return (
            response.status == 200
            and any(name in response.headers for name, _ in _CONDITIONS)
            and b"no-store" not in control
            and b"*" not in _varying(response)
        )

    def is_cached_response_fresh(self, cachedresponse: Response, request: Request) -> bool:
        for name, condition in _CONDITIONS:
            if name in cachedresponse.headers:
                request.headers[condition] = cachedresponse.headers[name]
        return False

    def is_cached_response_valid(self, cachedresponse: Response, response: Response, request: Request) -> bool:  # noqa: ARG002 - as above
        """The site confirms this very page: a 304 that names another version is about some other one."""
        said = response.headers.get(b"ETag")
        return response.status == 304 and said in {None, cachedresponse.headers.get(b"ETag")}


class Storage:
    """One file for each page: a line of JSON, then the body as it was sent. A file that cannot be read counts as none."""

    def __init__(self, settings: BaseSettings) -> None:
        """Scrapy passes its settings; the folder is the job's."""

    def open_spider(self, spider: Spider) -> None:
        job = job_of(spider)
        assert job is not None and job.cache is not None and spider.crawler.request_fingerprinter is not None  # noqa: S101, PT018 - `Cache` is off then
        self._target = job.target
        self._folder = job.cache
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        self._fingerprinter = spider.crawler.request_fingerprinter

    def close_spider(self, spider: Spider) -> None:  # noqa: ARG002 - Scrapy's signature
        """Drops what is too old, and the least lately used of what is too much. Another crawl may do so at the same moment."""
        total = 0
        found = []
        for path in self._folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                found.append((path.stat(), path))
        for stat, path in sorted(found, key=lambda each: each[0].st_mtime, reverse=True):
            total += stat.st_size
            if total > MAX_TOTAL_BYTES or stat.st_mtime < time() - CACHE_DAYS * 86_400:
                path.unlink(missing_ok=True)

    def retrieve_response(self, spider: Spider, request: Request) -> Response | None:  # noqa: ARG002 - as above
        try:
            head, mark, body = self._path(request).read_bytes().partition(b"\n")
            entry = orjson.loads(head)
            whole = bool(mark) and entry["size"] == len(body)
            if not whole or entry["url"] != request.url or entry["vary"] != _sent(request, entry["vary"]):
                return None
            headers = Headers(
                {
                    name.encode("latin-1"): [value.encode("latin-1") for value in values]
                    for name, values in entry["headers"].items()
                }
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None  # none there, or damaged: the page is asked for without conditions
        return responsetypes.from_args(headers=headers, url=request.url, body=body)(request.url, headers=headers, body=body)

    def store_response(self, spider: Spider, request: Request, response: Response) -> None:  # noqa: ARG002 - as above
        entry = {
            "target": self._target,  # by whose retention it goes
            "url": request.url,
            "headers": {
                name.decode("latin-1"): [value.decode("latin-1") for value in values] for name, values in response.headers.items()
            },
            "vary": _sent(request, (name.decode("latin-1") for name in _varying(response))),
            "size": len(response.body),
        }
        try:
            with tempfile.NamedTemporaryFile(dir=self._folder, prefix=".", delete=False) as draft:  # mode 0600
                draft.write(orjson.dumps(entry) + b"\n" + response.body)
            Path(draft.name).replace(self._path(request))
        except OSError as error:
            _log.warning("%s could not be remembered: %s. Make room or give write permission.", request.url, error.strerror)

    def forget(self, request: Request) -> None:
        self._path(request).unlink(missing_ok=True)

    def _path(self, request: Request) -> Path:
        return self._folder / self._fingerprinter.fingerprint(request).hex()


def prune(folder: Path, targets: Collection[str], *, moment: float) -> int:
    """Drops what is too old at the moment (seconds of the epoch), and every page that none of these targets asked for; their number.

    Crawls may be at work in the folder meanwhile: a page that goes is asked for without conditions.
    """
    dropped = 0
    for path in folder.glob("*"):  # drafts too; none where there is no folder
        with contextlib.suppress(FileNotFoundError):
            age = moment - path.stat().st_mtime
            is_draft = path.name.startswith(".")
            if (age > DRAFT_SECONDS) if is_draft else (age > CACHE_DAYS * 86_400 or _asked_by(path) not in targets):
                path.unlink()
                dropped += 1
    return dropped


def _asked_by(entry: Path) -> str | None:
    """The target whose crawl stored the page; None where that is not known. Raises FileNotFoundError."""
    with entry.open("rb") as file:
        head = file.readline(_MAX_HEAD)
    try:
        return str(orjson.loads(head)["target"])
    except (ValueError, KeyError, TypeError):
        return None


class Cache(HttpCacheMiddleware):
    """Scrapy's cache with our policy, where the job names a folder for it: not for sources with secrets, or with terms on what is kept."""

    storage: Storage

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        assert crawler.spider is not None  # noqa: S101 - Scrapy sets it before it builds middlewares
        job = job_of(crawler.spider)
        if job is None or job.cache is None or job.hidden:
            raise NotConfigured
        return super().from_crawler(crawler)

    def process_request(self, request: Request, spider: Spider | None = None) -> Request | Response | None:  # noqa: ARG002 - Scrapy's signature
        for _, condition in _CONDITIONS:
            request.headers.pop(condition, None)  # a redirect carries over what belongs to the page before it
        return super().process_request(request)

    def process_response(self, request: Request, response: Response, spider: Spider | None = None) -> Request | Response:  # noqa: ARG002 - as above
        kept = request.meta.get("cached_response")
        if kept is None:
            return super().process_response(request, response)
        if response.status == 304:
            if not self.policy.is_cached_response_valid(kept, response, request):
                self.storage.forget(request)
                del request.meta["cached_response"]
                return request.replace(dont_filter=True)
            for name in _OF_THE_BODY:
                response.headers.pop(name, None)  # there is none, and the page's own headers say how to read the one we have
        answer = super().process_response(request, response)
        if isinstance(answer, Response) and not self.policy.should_cache_response(answer, request):
            self.storage.forget(request)
        return answer

    def process_exception(self, request: Request, exception: Exception, spider: Spider | None = None) -> None:  # noqa: ARG002 - as above
        """Scrapy would serve the old page here: that a site could not be reached is what was observed."""
        request.meta.pop("cached_response", None)


def _varying(response: Response) -> set[bytes]:
    """Names of the request headers, in lower case, on which the answer depends."""
    names = b",".join(response.headers.getlist(b"Vary")).lower().split(b",")
    return {name.strip() for name in names} - {b""}


def _sent(request: Request, names: Iterable[str]) -> dict[str, str]:
    return {name: (request.headers.get(name) or b"").decode("latin-1") for name in names}
