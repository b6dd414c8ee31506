"""Scrapy's settings for every crawl.

What keeps a crawl polite and safe is returned by `polite_settings` and put on the command line by `pipeline.gather`: there it outranks a
spider's `custom_settings`, so no source can switch it off. The rest stands below as plain settings.
"""

import importlib.util
import json
import shutil
from importlib.metadata import version

from spiders.receipt import Politeness

PRODUCT = "rivalscope"
"""The name under which robots files know us, and the first word of the user agent."""

BOT_NAME = PRODUCT
SPIDER_MODULES = ["spiders.reviews", "spiders.faqs", "spiders.rankings", "spiders.contacts", "spiders.mentions"]

LOG_LEVEL = "INFO"  # DEBUG prints each item
LOG_FORMAT = "%(levelname)s %(name)s: %(message)s"  # gather reads the level and adds the target
LOG_COLOR = False
LOG_VERSIONS: list[str] = []
STATS_DUMP = False  # the receipt says it

CONCURRENT_REQUESTS = 1
"""One host answers most of a crawl, and is asked one thing at a time; what was already waiting for it could not be taken back."""
DNS_TIMEOUT = 10
REFERER_ENABLED = True
RETRY_TIMES = 2
WARN_ON_GENERATOR_RETURN_VALUE = False

MAX_RESPONSE_BYTES = 16 * 1024 * 1024
"""Of one response, also after decompression; the largest page of a real site that was met has 1.6 MB."""

MAX_CRAWL_BYTES = 512 * 1024 * 1024
"""Of all that one crawl downloads; some hundred times what the longest list that was met weighs."""

CACHE_DAYS = 30
"""A page that no crawl has asked for in so many days is no longer remembered. Where pages may not be kept that long, none are."""

LONGEST_DELAY_SECONDS = 60
"""Backing off further would not end within a crawl's time: who asks for a longer pause is left alone for this crawl."""


REQUESTS_A_RENDERED_PAGE = 40
"""Scripts and data that a page in a browser may ask one host for, on average."""


def browser() -> str:
    """Path of the Chromium that draws pages. Raises ValueError where it, or the extra that drives it, is not installed."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    extra = importlib.util.find_spec("scrapy_playwright") is not None
    if found is None or not extra:
        missing = " and ".join([*([] if extra else ["the extra `browser`"]), *([] if found else ["Chromium on the PATH"])])
        raise ValueError(
            f"render = true: expected the extra `browser` and Chromium, found {missing} missing. "
            'Install them with `pip install "rivalscope[browser]"` and your system\'s package chromium, or take render out.'
        )
    return found


def polite_settings(politeness: Politeness, *, render: bool = False) -> dict[str, str]:
    """Settings that no spider may weaken, as Scrapy's `-s NAME=VALUE` takes them. Raises ValueError where `render` is not possible."""
    contact = f" (+{politeness.contact})" if politeness.contact else ""
    settings: dict[str, object] = {
        "USER_AGENT": f"{PRODUCT}/{version('rivalscope')}{contact}",
        "ROBOTSTXT_OBEY": True,
        "ROBOTSTXT_PARSER": "spiders.web.robots.RobotsTxt",
        "ROBOTSTXT_USER_AGENT": PRODUCT,
        "GUARD_ALLOW_HOSTS": ",".join(politeness.allow_hosts),
        # Every page may be redirected or asked for again once; what needs more is not behaving.
        "GUARD_HOST_REQUESTS": (REQUESTS_A_RENDERED_PAGE if render else 2) * politeness.max_pages + 10,
        "GUARD_CRAWL_BYTES": MAX_CRAWL_BYTES,
        "AUTOTHROTTLE_ENABLED": True,
        "AUTOTHROTTLE_START_DELAY": politeness.delay_seconds,
        "AUTOTHROTTLE_MAX_DELAY": max(LONGEST_DELAY_SECONDS, politeness.delay_seconds),
        "DOWNLOAD_DELAY": politeness.delay_seconds,
        "DOWNLOAD_DELAY_JITTER": 0,  # the delay is a least one
        "CONCURRENT_REQUESTS": CONCURRENT_REQUESTS,
        "CONCURRENT_REQUESTS_PER_DOMAIN": CONCURRENT_REQUESTS,
        "DOWNLOAD_TIMEOUT": politeness.request_timeout_seconds,
        "DOWNLOAD_MAXSIZE": MAX_RESPONSE_BYTES,
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "DNSCACHE_ENABLED": True,  # the guard relies on it: what it checked is what is connected to
        "REDIRECT_MAX_TIMES": 5,
        "RETRY_TIMES": RETRY_TIMES,
        "CLOSESPIDER_TIMEOUT": politeness.timeout_seconds,
        "CLOSESPIDER_PAGECOUNT": politeness.max_pages + 1,  # and robots.txt
        "DEPTH_LIMIT": politeness.max_pages,
        "COOKIES_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,  # on by default, and runs what is posted to it
        "TELNETCONSOLE_ENABLED": False,
        "HTTPCACHE_ENABLED": True,  # for conditional requests only, and only where the job names a folder for it
        "HTTPCACHE_POLICY": "spiders.web.cache.Policy",
        "HTTPCACHE_STORAGE": "spiders.web.cache.Storage",
        "JOBDIR": "",  # resuming a killed crawl loses data silently
        "FEEDS": "{}",
        "ADDONS": "{}",
        "MEMUSAGE_LIMIT_MB": 2048,
    }
    parts: dict[str, dict[str, object]] = {
        "DOWNLOAD_HANDLERS": {"data": None, "file": None, "ftp": None, "s3": None},
        "DOWNLOADER_MIDDLEWARES": {
            "spiders.web.landing.Recorder": 30,  # first of all: it sees which requests the others let end without an answer
            "spiders.web.guard.Guard": 40,  # before the robots middleware, which has 100
            "spiders.web.guard.Retry": 550,
            "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
            "spiders.web.cache.Cache": 900,
            "scrapy.downloadermiddlewares.httpcache.HttpCacheMiddleware": None,
        },
        "EXTENSIONS": {
            "spiders.web.landing.ReceiptExtension": 0,
            "spiders.web.guard.Throttle": 0,
            "scrapy.extensions.throttle.AutoThrottle": None,
            "spiders.web.memory.MemoryUsage": 0,
            "scrapy.extensions.memusage.MemoryUsage": None,
        },
    }
    if render:
        parts["DOWNLOAD_HANDLERS"] |= {"http": "spiders.web.browser.Handler", "https": "spiders.web.browser.Handler"}
        parts["PLAYWRIGHT_LAUNCH_OPTIONS"] = {"executable_path": browser(), "headless": True}
        settings["PLAYWRIGHT_MAX_PAGES_PER_CONTEXT"] = 1
        settings["PLAYWRIGHT_DEFAULT_NAVIGATION_TIMEOUT"] = (
            2_000 * politeness.request_timeout_seconds
        )  # each request waits its turn
    return {name: str(value) for name, value in settings.items()} | {name: json.dumps(value) for name, value in parts.items()}


# The module alone is already polite: a spider that is started by hand is no exception.
globals().update(polite_settings(Politeness()))
