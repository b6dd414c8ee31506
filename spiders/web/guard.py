"""What stands between a spider and the network: where it may not go, and how slowly it goes where it may.

A page decides what a crawl asks next, through links and redirects, and a page is not to be trusted: it must not lead the crawl
to the machine's own network, away from the site that was meant, or past robots.txt. The names of hosts are resolved here
through Scrapy's cache, so the address that was checked is the address that is connected to.
"""

import ipaddress
import logging
import re
from collections import Counter
from email.utils import parsedate_to_datetime
from time import monotonic, time
from typing import Self
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

from scrapy import Spider, signals
from scrapy.core.downloader import Slot
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.extensions.throttle import AutoThrottle
from scrapy.http import Request, Response
from scrapy.robotstxt import RobotParser
from scrapy.spidermiddlewares.httperror import HttpError
from scrapy.utils.defer import maybe_deferred_to_future
from scrapy.utils.misc import load_object
from twisted.python.failure import Failure

from spiders.receipt import Job
from spiders.settings import PRODUCT
from spiders.web.landing import Notes, asks_for_robots, job_of

FIRST_PAUSE_SECONDS = 0.5
"""Before the first retry where a market file asks for no pause at all; it doubles from there."""

_EVASIONS = ("dont_obey_robotstxt", "autothrottle_dont_adjust_delay", "download_slot", "proxy")
"""Keys of a request's meta by which a spider could leave robots.txt, the delay or the address check behind."""

_FORBIDDEN = "Forbidden by robots.txt"
"""Scrapy's words; it has no exception of its own for it."""


_TROUBLE = "trouble"
"""In the meta of a request that the network failed: the sentence that says so."""

_log = logging.getLogger(__name__)


class Refused(IgnoreRequest):
    """The guard let a request not pass; it has been noted."""


class Guard:
    """Refuses what a crawl must not ask, and notes each request that got no answer in the end.

    It stands before the robots middleware, so that not even the robots.txt of a forbidden host is asked for, and sees responses
    and errors last, when every retry was used up.
    """

    def __init__(self, crawler: Crawler, source: str, job: Job | None) -> None:
        assert crawler.stats is not None  # noqa: S101 - Scrapy sets it before it builds middlewares
        self._stats = crawler.stats
        self._notes = Notes(crawler.stats, job)
        self._source = source
        self._most_requests = crawler.settings.getint("GUARD_HOST_REQUESTS")
        self._most_bytes = crawler.settings.getint("GUARD_CRAWL_BYTES")
        self._longest_wait = crawler.settings.getfloat("AUTOTHROTTLE_MAX_DELAY")
        self._allowed = {host.lower() for host in crawler.settings.getlist("GUARD_ALLOW_HOSTS")}
        self._sites: set[str] = set()
        if job is not None:
            self._allowed |= {host.lower() for host in job.politeness.allow_hosts}
            self._sites = {_site(domain) for domain in job.domains}
            if job.url is not None:
                self._sites.add(_site(urlsplit(job.url).hostname or ""))
        self._ports = {80, 443}
        self._troubles = tuple(map(load_object, crawler.settings.getlist("RETRY_EXCEPTIONS")))
        self._render = job is not None and job.render
        self._lawless: dict[str, str] = {}
        self._asked: Counter[str] = Counter()
        self._resting: dict[str, str] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        assert crawler.spider is not None  # noqa: S101 - Scrapy sets it before it builds middlewares
        return cls(crawler, crawler.spider.name, job_of(crawler.spider))

    async def process_request(self, request: Request) -> None:
        robots = asks_for_robots(request)
        if not robots:
            for key in [key for key in request.meta if key in _EVASIONS or key.startswith("playwright")]:
                del request.meta[key]
            if self._render:
                request.meta["playwright"] = True
            request.errback = request.errback or self._given_up
        if reason := await self.refusal(request, robots=robots):
            self._stats.inc_value("guard/refused")
            self._notes.add(f"{self._source}: refused {_origin(request)}: {reason}")
            raise Refused(reason)

    def note(self, message: str) -> None:
        """For the receipt."""
        self._notes.add(f"{self._source}: {message}")

    async def ways(self) -> dict[str, str]:
        """Each host, or host and port, that may be asked, and the address that it has been found to have."""
        found = {host: host for host in self._allowed}
        for host in (name for site in sorted(self._sites) for name in (site, f"www.{site}")):
            for port in () if host in self._allowed else sorted(self._ports):
                try:
                    address = await self._resolved(host)
                except OSError:
                    break
                if address is not None and _is_public(address):
                    found[f"{host}:{port}"] = f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"
        return found

    async def refusal(self, request: Request, *, robots: bool = False) -> str | None:
        """Why the request must not be made; None where it may. It counts as made then."""
        url = urlsplit(request.url)
        host = (url.hostname or "").rstrip(".")
        if url.scheme not in {"http", "https"} or not host:
            return "expected an http or https address."
        if "@" in url.netloc:
            return "expected an address without a user name: what stands before the @ is often made to look like the host."
        if host in self._resting:
            return self._resting[host]
        if not robots:
            # A spider's own first requests say which sites are meant; what pages and redirects lead to has to stay there.
            # Robots files are followed to other hosts (RFC 9309, section 2.3.1.2).
            if request.meta.get("depth", 0) == 0 and "redirect_urls" not in request.meta:
                self._sites.add(_site(host))
                self._ports.add(_port(url))
            elif not any(_within(host, site) for site in self._sites):
                return f"expected an address on {' or '.join(sorted(self._sites))}. Add the host to the brand's domains if it is one."
        return await self._address_refusal(url, host) or self._budget_refusal(host)

    def _budget_refusal(self, host: str) -> str | None:
        if self._stats.get_value("downloader/response_bytes", 0) >= self._most_bytes:
            return f"expected at most {self._most_bytes:,} bytes from one crawl. Narrow the source down, or lower its max_pages."
        self._asked[host] += 1
        if self._asked[host] > self._most_requests:
            return f"expected at most {self._most_requests} requests to {host} in one crawl, retries and redirects counted."
        return None

    async def _address_refusal(self, url: SplitResult, host: str) -> str | None:
        if host in self._allowed or f"{host}:{_port(url)}" in self._allowed:
            return None
        if _port(url) not in self._ports:
            return (
                f"expected a web server's port, found {_port(url)}. "
                f'If it is meant, add "{host}:{_port(url)}" to crawl.allow_hosts in the market file.'
            )
        literal = _address(host)
        if literal is None:
            if url.scheme in getproxies() and not proxy_bypass(host):
                return None  # the proxy resolves the name; whoever set it decides what it may reach
            literal = await self._resolved(host)
        if literal is not None and not _is_public(literal):
            return (
                f"{host} is {literal}, a private, loopback or reserved address. "
                f'If it is meant, add "{host}:{_port(url)}" to crawl.allow_hosts in the market file.'
            )
        return None

    async def _resolved(self, host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
        """Raises OSError for a name that is not found, which ends the request: asked again for the connection, it could lead anywhere."""
        from twisted.internet import reactor  # noqa: PLC0415 - importing it earlier would install the wrong reactor

        return _address(await maybe_deferred_to_future(reactor.resolve(host)))  # type: ignore[arg-type]  # its stub is wrong

    def process_response(self, request: Request, response: Response) -> Response:
        if asks_for_robots(request):
            if response.status >= 500 or response.status == 429:
                return self._lawless_host(request, f"answered {response.status}")
            if response.status >= 300:
                # There is no robots.txt, whatever the answer's body looks like (RFC 9309, section 2.3.1.3); Scrapy would read it.
                return response.replace(body=b"")
            return response
        wait = _retry_after(response)
        if response.status == 429 or (response.status == 503 and wait > self._longest_wait):
            host = (urlsplit(request.url).hostname or "").rstrip(".")
            asked = f", to come back in {wait:.0f} s" if wait > 0 else ""
            self._resting[host] = (
                f"{host} asked us to stop (it answered {response.status}{asked}), so nothing more is asked there."
            )
        return response

    def process_exception(self, request: Request, exception: Exception) -> Response | None:
        if asks_for_robots(request):
            return None if isinstance(exception, IgnoreRequest) else self._lawless_host(request, _described(exception))
        if not isinstance(exception, IgnoreRequest):
            self._stats.inc_value("guard/failed")
            sentence = f"{self._source}: {request.url} could not be fetched: {_described(exception)}."
            self._notes.add(sentence)
            if isinstance(exception, self._troubles):
                request.meta[_TROUBLE] = sentence
        elif str(exception) == _FORBIDDEN:
            if urlsplit(request.url).netloc in self._lawless:
                self._stats.inc_value("guard/robots_unreachable")
            else:
                self._notes.add(f"{self._source}: robots.txt of {urlsplit(request.url).netloc} forbids {request.url}.")
        return None

    def _given_up(self, failure: Failure) -> None:
        """Notes what Scrapy drops without a word: too many redirects, a body that grows past the limit while it is unpacked.

        Trouble of the network is one sentence in the log; Scrapy would show where in its own code it arose.
        """
        error = failure.value
        request: Request = failure.request  # type: ignore[attr-defined]  # Scrapy sets it
        if sentence := request.meta.get(_TROUBLE):
            _log.error("%s", sentence)
            return
        if isinstance(error, IgnoreRequest) and not isinstance(error, Refused | HttpError) and str(error) != _FORBIDDEN:
            self._stats.inc_value("guard/failed")
            self._notes.add(f"{self._source}: a page was given up: {error}")
        failure.raiseException()

    def _lawless_host(self, request: Request, reason: str) -> Response:
        """Who cannot say what is forbidden is not asked for anything (RFC 9309, section 2.3.1.4); Scrapy would go on."""
        origin = urlsplit(request.meta.get("redirect_urls", [request.url])[0])
        if origin.netloc not in self._lawless:
            self._lawless[origin.netloc] = reason
            self._notes.add(f"{self._source}: {origin.geturl()} could not be read ({reason}), so nothing there was asked for.")
        return Response(request.url, body=b"User-agent: *\nDisallow: /\n", request=request)


class Retry(RetryMiddleware):
    """Retries with a pause that doubles, `Throttle` sees to it; and not at all where the site asks for a longer one than a crawl waits."""

    def process_response(
        self,
        request: Request,
        response: Response,
        spider: Spider | None = None,  # noqa: ARG002 - Scrapy's signature
    ) -> Request | Response:
        if _retry_after(response) > self.crawler.settings.getfloat("AUTOTHROTTLE_MAX_DELAY"):
            return response
        return super().process_response(request, response)

    def process_exception(
        self,
        request: Request,
        exception: Exception,
        spider: Spider | None = None,  # noqa: ARG002 - as above
    ) -> Request | Response | None:
        request.meta["give_up_log_level"] = logging.DEBUG  # who asked for it tells it
        again = super().process_exception(request, exception)
        slot = self.crawler.engine.downloader.slots.get(request.meta.get("download_slot", "")) if self.crawler.engine else None
        if again is not None and slot is not None:
            longest = self.crawler.settings.getfloat("AUTOTHROTTLE_MAX_DELAY")
            slot.delay = min(max(2 * slot.delay, FIRST_PAUSE_SECONDS), longest)
        return again


class Throttle(AutoThrottle):
    """AutoThrottle that also obeys Crawl-delay and Retry-After, and backs off from a site that has trouble."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._crawl_delays: dict[str, float] = {}
        self._trouble = {int(status) for status in crawler.settings.getlist("RETRY_HTTP_CODES")}
        crawler.signals.connect(self._robots_parsed, signal=signals.robots_parsed)

    def _robots_parsed(self, robotparser: RobotParser, request: Request) -> None:
        delay = robotparser.crawl_delay(PRODUCT)
        host = urlsplit(request.url).hostname or ""
        if delay is not None and delay > 0:
            self._crawl_delays[host] = delay
            if slot := self.crawler.engine.downloader.slots.get(host):
                slot.delay = max(slot.delay, delay)

    def _adjust_delay(self, slot: Slot, latency: float, response: Response) -> None:
        super()._adjust_delay(slot, latency, response)
        if response.status in self._trouble:
            slot.delay = min(max(2 * slot.delay, FIRST_PAUSE_SECONDS), self.maxdelay)
            if 0 < (asked := _retry_after(response)) <= self.maxdelay:
                # A slot counts its pause from the last request that it sent; the site counts its own from now.
                slot.delay = max(slot.delay, monotonic() - slot.lastseen + asked)
        slot.delay = max(slot.delay, self._crawl_delays.get(urlsplit(response.url).hostname or "", 0))


def _retry_after(response: Response) -> float:
    """Seconds that the site asks us to wait (a number or a date); 0 when it does not say."""
    text = (response.headers.get("Retry-After") or b"").decode("ascii", "replace").strip()
    if text.isdecimal():
        return float(text[:9])
    try:
        return parsedate_to_datetime(text).timestamp() - time()
    except (ValueError, OverflowError):
        return 0.0


def _origin(request: Request) -> str:
    """The address and, after redirects, where the crawl came from."""
    before = request.meta.get("redirect_urls")
    return f"{request.url} (redirected from {before[0]})" if before else request.url


def _described(exception: Exception) -> str:
    # Twisted puts its own words and the number of the system's error before the system's.
    return re.sub(r"^[^:]*: \d+: ", "", str(exception)).rstrip(".") or type(exception).__name__


def _site(host: str) -> str:
    return host.lower().rstrip(".").removeprefix("www.")


def _within(host: str, site: str) -> bool:
    host = _site(host)
    return host == site or host.endswith(f".{site}")


def _port(url: SplitResult) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        # Addresses that carry an IPv4 address inside would lead a translator to it; most kinds of them lie outside global unicast.
        inner = address.ipv4_mapped or address.sixtofour
        if inner is not None or address not in _GLOBAL_UNICAST:
            return inner is not None and inner.is_global and not inner.is_multicast
    return address.is_global and not address.is_multicast


_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
