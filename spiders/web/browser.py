"""Pages that only a browser can draw: `render = true` at a source, the optional extra `browser`, and the system's Chromium.

A page in a browser asks for more by itself: scripts, data, frames. Each such request is held to what holds for a crawl's own (guard,
robots.txt, the pause between two requests), and is dropped if it brings no words: images, fonts, styles, media. Redirects inside the browser
cannot be intercepted, so the browser can only reach the hosts, ports and addresses that the guard has checked, and all others do not exist for
it; where such a redirect leads on the same host is not held against robots.txt. A page that draws more bytes than `PAGE_BYTES` is closed.
"""

import asyncio
import os
from time import monotonic
from urllib.parse import urlsplit

from playwright.async_api import Error, Page
from playwright.async_api import Request as Asked
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request, Response
from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler
from scrapy_playwright.page import PageMethod

from spiders.settings import PRODUCT
from spiders.web.guard import Guard

QUIET_MILLISECONDS = 5_000
"""How long a page that is loaded may go on asking for data until it is taken as it is."""

PAGE_BYTES = 64 * 1024 * 1024
"""Of everything that one page loads, unpacked: four times what a single answer may have. A heavy page of a real site has some ten million."""

_WORDS = frozenset({"document", "script", "xhr", "fetch"})

_ARGUMENTS = (
    "--no-proxy-server",
    "--block-new-web-contents",  # a second window would not be watched
    "--disable-quic",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--force-webrtc-ip-handling-policy",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)


class Handler(ScrapyPlaywrightDownloadHandler):  # type: ignore[misc]  # it ships no types
    """scrapy-playwright's download handler, with the guard inside the browser."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.abort_request = self._refuses
        self._crawler = crawler
        self._most_bytes = crawler.settings.getint("DOWNLOAD_MAXSIZE")
        self._agent = crawler.settings["USER_AGENT"]
        self._known: set[str] = set()
        self._turn = asyncio.Lock()
        self._pinned = False

    async def download_request(self, request: Request) -> Response:
        if not request.meta.get("playwright"):
            return await super().download_request(request)  # type: ignore[no-any-return]  # it ships no types
        if not self._pinned:
            ways = [f"MAP {way} {to}" for way, to in (await self._guard().ways()).items()]
            self.config.launch_options = {
                **self.config.launch_options,
                "args": [*_ARGUMENTS, f"--host-resolver-rules={', '.join([*ways, 'MAP * ~NOTFOUND'])}"],
                "chromium_sandbox": os.geteuid() != 0,
                "env": {"PATH": os.environ.get("PATH", ""), "HOME": os.getcwd()},  # noqa: PTH109 - a text; none of the market's secrets
            }
            self._pinned = True
        self._known.add(request.url)
        request.meta["playwright_context_kwargs"] = {
            "service_workers": "block",
            "accept_downloads": False,
            "user_agent": self._agent,
        }
        request.meta["playwright_page_init_callback"] = self._watched
        request.meta["playwright_page_methods"] = [PageMethod(_settled)]
        response: Response = await super().download_request(request)
        if len(response.body) > self._most_bytes:
            raise IgnoreRequest(
                f"{request.url} grew to {len(response.body):,} bytes in the browser, more than {self._most_bytes:,}."
            )
        if response.url != request.url and (reason := await self._refusal(response.url)):
            raise IgnoreRequest(f"{request.url} led the browser to {response.url}: {reason}")
        return response

    async def _refuses(self, asked: Asked) -> bool:
        if asked.is_navigation_request() and asked.url in self._known:
            return False  # the crawl's own request, which has passed guard, robots.txt and pause
        if asked.resource_type not in _WORDS or await self._refusal(asked.url):
            return True
        slot = self._crawler.engine.downloader.slots.get(urlsplit(asked.url).hostname or "") if self._crawler.engine else None
        async with self._turn:
            if slot is not None:
                await asyncio.sleep(max(0.0, slot.lastseen + slot.delay - monotonic()))
                slot.lastseen = monotonic()
        return False

    async def _refusal(self, url: str) -> str | None:
        request = Request(url, meta={"depth": 1})
        if reason := await self._guard().refusal(request):
            return reason
        robots = self._crawler.get_downloader_middleware(RobotsTxtMiddleware)
        assert robots is not None  # noqa: S101 - it cannot be switched off
        rules = await robots.robot_parser(request)
        return None if rules is None or rules.allowed(url, PRODUCT) else "forbidden by robots.txt."

    async def _watched(self, page: Page, request: Request) -> None:
        """What the page's own handler does not see, a second window above all, asks for nothing; and what it loads is counted."""
        await page.context.unroute_all()
        await page.context.route("**", lambda route: route.abort())
        session = await page.context.new_cdp_session(page)
        loaded = 0

        async def count(event: dict[str, int]) -> None:
            nonlocal loaded
            before, loaded = loaded, loaded + event["dataLength"]
            if before <= PAGE_BYTES < loaded:
                self._guard().note(f"{request.url} loaded more than {PAGE_BYTES:,} bytes in the browser, so it was closed.")
                await page.close()

        session.on("Network.dataReceived", count)
        await session.send("Network.enable")

    def _guard(self) -> Guard:
        guard = self._crawler.get_downloader_middleware(Guard)
        assert guard is not None  # noqa: S101 - as above
        return guard


async def _settled(page: Page) -> None:
    """Waits until the page asks for nothing more, or for as long as it may."""
    try:
        await page.wait_for_load_state("networkidle", timeout=QUIET_MILLISECONDS)
    except Error:
        return
