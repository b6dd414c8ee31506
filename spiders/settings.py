"""Scrapy's settings for every crawl.

What keeps a crawl polite and safe is returned by `polite_settings` and put on the command line by `pipeline.gather`: there it outranks a
spider's `custom_settings`, so no source can switch it off. The rest stands below as plain settings.
"""

import json
from importlib.metadata import version

from spiders.receipt import Politeness

BOT_NAME = "rivalscope"
SPIDER_MODULES = ["spiders.reviews", "spiders.faqs", "spiders.rankings", "spiders.contacts", "spiders.mentions"]

LOG_LEVEL = "INFO"  # DEBUG prints each item
LOG_FORMAT = "%(levelname)s %(name)s: %(message)s"  # gather reads the level and adds the target
LOG_COLOR = False
LOG_VERSIONS: list[str] = []
STATS_DUMP = False  # the receipt says it

CONCURRENT_REQUESTS = 4
CONCURRENT_REQUESTS_PER_DOMAIN = 1
DNS_TIMEOUT = 10
REFERER_ENABLED = True
RETRY_TIMES = 2
WARN_ON_GENERATOR_RETURN_VALUE = False

MAX_RESPONSE_BYTES = 16 * 1024 * 1024
"""Of one response, also after decompression; the largest page of a real site that was met has 1.6 MB."""

LONGEST_DELAY_SECONDS = 60
"""Backing off further would not end within a crawl's time."""


def polite_settings(politeness: Politeness) -> dict[str, str]:
    """Settings that no spider may weaken, as Scrapy's `-s NAME=VALUE` takes them."""
    contact = f" (+{politeness.contact})" if politeness.contact else ""
    settings: dict[str, object] = {
        "USER_AGENT": f"rivalscope/{version('rivalscope')}{contact}",
        "ROBOTSTXT_OBEY": True,
        "GUARD_ALLOW_HOSTS": ",".join(politeness.allow_hosts),
        "AUTOTHROTTLE_ENABLED": True,
        "AUTOTHROTTLE_START_DELAY": politeness.delay_seconds,
        "AUTOTHROTTLE_MAX_DELAY": max(LONGEST_DELAY_SECONDS, politeness.delay_seconds),
        "DOWNLOAD_DELAY": politeness.delay_seconds,
        "DOWNLOAD_DELAY_JITTER": 0,  # the delay is a least one
        "CONCURRENT_REQUESTS": CONCURRENT_REQUESTS,
        "CONCURRENT_REQUESTS_PER_DOMAIN": CONCURRENT_REQUESTS_PER_DOMAIN,
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
        "HTTPCACHE_ENABLED": False,
        "JOBDIR": "",  # resuming a killed crawl loses data silently
        "FEEDS": "{}",
        "ADDONS": "{}",
        "MEMUSAGE_LIMIT_MB": 2048,
    }
    parts = {
        "DOWNLOAD_HANDLERS": {"data": None, "file": None, "ftp": None, "s3": None},
        "DOWNLOADER_MIDDLEWARES": {"spiders.guard.Guard": 40},  # before the robots middleware, which has 100
        "EXTENSIONS": {
            "spiders.landing.ReceiptExtension": 0,
            "spiders.guard.Throttle": 0,
            "scrapy.extensions.throttle.AutoThrottle": None,
        },
    }
    return {name: str(value) for name, value in settings.items()} | {name: json.dumps(value) for name, value in parts.items()}


# The module alone is already polite: a spider that is started by hand is no exception.
globals().update(polite_settings(Politeness()))
