"""A crawl against a hostile server: where a page may lead it, how long it waits, what it remembers, and what ends it."""

import email.utils
import gzip
import hashlib
import http.server
import json
import os
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import brotli
import pytest
from test_gather import market_of, run_of

from pipeline.archive import expire
from pipeline.crawl import job_for
from pipeline.run import Run
from spiders.receipt import Job, Politeness, Receipt
from spiders.settings import polite_settings
from tests import prepared

WALKER = """
from scrapy import Request, Spider
from scrapy.http import TextResponse
from spiders.items import Page, Review
from spiders.receipt import Job

class Walker(Spider):
    name = "walker"

    def __init__(self, job):
        super().__init__()
        self.job = Job.load(job)

    async def start(self):
        yield Request(self.job.url)

    def parse(self, response):
        yield Page(url=response.url, records=(Review(native_id=response.url, rating=None, rating_max=None),))
        if isinstance(response, TextResponse):
            for link in response.css("a::attr(href)").getall():
                yield Request(link) if ":" in link else response.follow(link)
"""

PATIENT = """
from spiders.web import browser
browser.QUIET_MILLISECONDS = 60_000
"""
"""On a busy machine a page may draw for longer than a real crawl would look on."""

RESOLVER = """
import ipaddress, json, os, socket

answers = json.loads(os.environ["POLITE_NAMES"])
outside = ipaddress.IPv4Address.is_global

def gethostbyname(name, found=socket.gethostbyname):
    if name not in answers:
        return found(name)
    answer = answers[name].pop(0) if len(answers[name]) > 1 else answers[name][0]
    if answer is None:
        raise socket.gaierror(-3, "Temporary failure in name resolution")
    return answer

socket.gethostbyname = gethostbyname
ipaddress.IPv4Address.is_global = property(lambda a: str(a) == "127.0.0.2" or outside.fget(a))
"""
"""Names as the test says, one answer after another; 127.0.0.2 plays an address of the public network."""

HTML = {"Content-Type": "text/html; charset=utf-8"}

Answer = tuple[int, dict[str, str], bytes]


@dataclass(frozen=True)
class Asked:
    path: str
    headers: dict[str, str]
    at: float
    address: str


@dataclass
class Site:
    """Answers by path: an answer, a list of them (the last stays), or a function that writes to the open connection itself."""

    answers: dict[str, Answer | list[Answer] | Callable[[http.server.BaseHTTPRequestHandler], None]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    port: int = 0
    closing: threading.Event = field(default_factory=threading.Event)

    def paths(self) -> list[str]:
        return [each.path for each in self.asked if each.path != "/robots.txt"]

    def gaps(self, path: str) -> list[float]:
        times = [each.at for each in self.asked if each.path == path]
        return [after - before for before, after in pairwise(times)]


def links(*addresses: str) -> Answer:
    return 200, HTML, "".join(f'<p><a href="{address}">there</a></p>' for address in addresses).encode()


@contextmanager
def serving(site: Site, *hosts: str) -> Iterator[Site]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {name.title(): value for name, value in self.headers.items()}  # a browser writes them in lower case
            site.asked.append(Asked(self.path, headers, time.monotonic(), self.connection.getsockname()[0]))
            answer = site.answers.get(self.path, (404, HTML, b"<p>not here</p>"))
            if isinstance(answer, list):
                answer = answer.pop(0) if len(answer) > 1 else answer[0]
            try:
                if callable(answer):
                    answer(self)
                    return
                status, headers, body = answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if status != 304:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except ConnectionError:
                pass  # the crawl has gone

        def log_message(self, *_: object) -> None:
            pass

    with ExitStack() as stack:
        for host in hosts or ("127.0.0.1",):
            server = stack.enter_context(http.server.ThreadingHTTPServer((host, site.port), Handler))
            server.daemon_threads = True
            site.port = server.server_address[1]
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
        stack.callback(site.closing.set)
        yield site


def crawl(
    folder: Path,
    site: Site,
    start: str = "/",
    *,
    names: dict[str, list[str | None]] | None = None,
    settings: dict[str, str] | None = None,
    **job: object,
) -> Receipt:
    """One crawl by a spider that follows every link; without delay, with what `job` says beside it."""
    folder.mkdir(exist_ok=True)
    politeness = {
        "contact": "owner@pans.example",
        "delay_seconds": 0,
        "request_timeout_seconds": 60,
        "timeout_seconds": 180,
        "allow_hosts": [f"127.0.0.1:{site.port}"],
    } | job.pop("politeness", {})  # type: ignore[operator]
    given = Job.model_validate(
        {
            "run_id": "r1", "as_of": "2026-06-01T00:00:00Z", "market": "pans", "target": "pan.reviews.walker", "brand": "pan",
            "kind": "reviews", "source": "walker", "name": "walker", "url": f"http://127.0.0.1:{site.port}{start}",
            "output": folder / "lines.jsonl.gz", "receipt": folder / "receipt.json", "key_file": folder / "author.key",
            "politeness": politeness,
        } | job
    )  # fmt: skip
    (folder / "job.json").write_text(given.model_dump_json())
    (folder / "walker.py").write_text(WALKER + (PATIENT if given.render else ""))
    environment = os.environ | {
        "SCRAPY_SETTINGS_MODULE": "spiders.settings",
        "PYTHONPATH": os.pathsep.join([str(folder), str(Path.cwd())]),
    }
    if names is not None:
        (folder / "sitecustomize.py").write_text(RESOLVER)
        environment["POLITE_NAMES"] = json.dumps(names)
    said = polite_settings(given.politeness, render=given.render) | {"SPIDER_MODULES": "walker"} | (settings or {})
    options = [part for name, value in said.items() for part in ("-s", f"{name}={value}")]
    command = ["scrapy", "crawl", "walker", "-a", f"job={folder / 'job.json'}", *options]
    done = prepared.run("scrapy.cmdline:execute", command, cwd=folder, env=environment)
    assert given.receipt.exists(), done.stderr
    (folder / "log").write_text(done.stderr)
    return Receipt.load(given.receipt)


# --- where a page may lead a crawl ------------------------------------------------------------------------------------

NAMES: dict[str, list[str | None]] = {
    "inside.example": ["10.0.0.7"],
    "metadata.example": ["169.254.169.254"],
    "shared.example": ["100.64.0.9"],
    "nowhere.example": ["0.0.0.0"],
}

LED_ASTRAY = {
    "http://inside.example/": "10.0.0.7, a private",
    "http://INSIDE.example./": "10.0.0.7, a private",
    "http://metadata.example/latest/meta-data/": "169.254.169.254, a private",
    "http://shared.example/": "100.64.0.9, a private",
    "http://nowhere.example/": "0.0.0.0, a private",
    "http://10.1.2.3/": "10.1.2.3, a private",
    "http://2130706433/": "127.0.0.1, a private",
    "http://0x7f000001/": "127.0.0.1, a private",
    "http://0177.0.0.1/": "127.0.0.1, a private",
    "http://127.1/": "127.0.0.1, a private",
    "http://127.0.0.1./": "127.0.0.1, a private",
    "http://１２７.０.０.９/": "127.0.0.9, a private",
    "http://[::1]/": "::1, a private",
    "http://[::ffff:127.0.0.1]/": "::ffff:7f00:1, a private",
    "http://[::127.0.0.1]/": "::7f00:1, a private",
    "http://[64:ff9b::10.0.0.1]/": "64:ff9b::a00:1, a private",
    "http://[64:ff9b:1::7f00:1]/": "64:ff9b:1::7f00:1, a private",
    "http://[2002:7f00:1::]/": "2002:7f00:1::, a private",
    "http://[fd00::1]/": "fd00::1, a private",
    "http://[fe80::1]/": "fe80::1, a private",
    "http://[ff02::1]/": "ff02::1, a private",
    "http://elsewhere.example/": "expected an address on",
    "http://inside.example.evil.example/": "expected an address on",
    "http://xn--inside-example/": "expected an address on",
    "http://inside.example@evil.example/": "expected an address without a user name",
    "http://owner:secret@inside.example/": "expected an address without a user name",
    "http://inside.example:6379/": "expected a web server's port, found 6379",
    "http://127.0.0.1:22/": "expected a web server's port, found 22",
    "file:///etc/passwd": "expected an http or https address",
    "data:text/html,<a>": "expected an http or https address",
    "ftp://inside.example/list": "expected an http or https address",
}


@pytest.fixture(scope="module")
def astray(tmp_path_factory: pytest.TempPathFactory) -> tuple[Site, list[str]]:
    """A site that links to each of them, and to itself, in a crawl that may go to each by the name of its host."""
    told: list[str] = []
    hosts = [*NAMES, "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "127.0.0.1", "127.0.0.9", "10.1.2.3"]
    hosts += [address[8:-2] for address in LED_ASTRAY if address.startswith("http://[")]
    addresses = list(LED_ASTRAY)
    with serving(Site()) as site:
        for number in range(0, len(addresses), 12):  # a receipt keeps twenty notes
            site.answers |= {"/": links(*addresses[number : number + 12], "/mine"), "/mine": links()}
            folder = tmp_path_factory.mktemp("astray")
            receipt = crawl(folder, site, domains=hosts, names=NAMES)
            assert receipt.statuses == {"200": 2}
            assert receipt.download_errors == len(addresses[number : number + 12]), receipt.errors
            told += receipt.errors
    return site, told


@pytest.mark.parametrize(("address", "reason"), LED_ASTRAY.items())
def test_a_link_that_leads_astray_is_refused_and_says_why(astray: tuple[Site, list[str]], address: str, reason: str) -> None:
    assert [note for note in astray[1] if reason in note], address


def test_nothing_else_of_the_machine_was_asked(astray: tuple[Site, list[str]]) -> None:
    assert set(astray[0].paths()) == {"/", "/mine"}


def redirect(to: str) -> Answer:
    return 302, {"Location": to}, b""


def test_redirects_and_refreshes_are_held_to_the_same_rules(tmp_path: Path) -> None:
    with serving(Site()) as site:
        refresh = '<html><head><meta http-equiv="refresh" content="0;url={}"></head></html>'
        site.answers = {
            "/": links("/named", "/number", "/port", "/away", "/local", "/refresh", "/refresh-file", "/home"),
            "/named": redirect("http://inside.example/x"),
            "/number": redirect("http://2130706433/"),
            "/port": redirect(f"http://127.0.0.1:{site.port + 1}/"),
            "/away": redirect("//elsewhere.example/"),
            "/local": redirect("file:///etc/passwd"),
            "/refresh": (200, HTML, refresh.format("http://inside.example/y").encode()),
            "/refresh-file": (200, HTML, refresh.format("file:///etc/passwd").encode()),
            "/home": redirect("/landed"),
            "/landed": links(),
        }
        receipt = crawl(tmp_path, site, domains=["inside.example", "2130706433", "127.0.0.1"], names=NAMES)
    told = " ".join(receipt.errors)
    for words in (
        "http://inside.example/x (redirected from",
        "http://2130706433/ (redirected from",
        f"expected a web server's port, found {site.port + 1}",
        "http://elsewhere.example/ (redirected from",
        "http://inside.example/y (redirected from",
    ):
        assert words in told, receipt.errors
    assert "/landed" in site.paths()
    assert "passwd" not in (tmp_path / "lines.jsonl.gz").read_bytes().decode("latin-1")


def test_a_name_that_turns_inwards_after_the_check_is_asked_where_it_was_checked(tmp_path: Path) -> None:
    names: dict[str, list[str | None]] = {
        "turning.example": ["127.0.0.2", "127.0.0.1"],
        "late.example": [None, "127.0.0.1"],
        "127.0.0.2": ["127.0.0.2"],
    }
    with serving(Site(), "127.0.0.1", "127.0.0.2") as site:
        site.answers = {
            "/": links(f"http://turning.example:{site.port}/turned", f"http://late.example:{site.port}/late"),
            "/turned": links(f"http://turning.example:{site.port}/again"),
            "/again": links(),
        }
        receipt = crawl(tmp_path, site, domains=["turning.example", "late.example"], names=names)
    where = {each.path: each.address for each in site.asked if each.path != "/robots.txt"}
    assert where == {"/": "127.0.0.1", "/turned": "127.0.0.2", "/again": "127.0.0.2"}, receipt.errors
    assert any("late.example is 127.0.0.1, a private" in note for note in receipt.errors)


def test_a_name_that_nobody_has_is_one_sentence_in_the_log(tmp_path: Path) -> None:
    address = "http://mistyped.example/list"
    receipt = crawl(tmp_path, Site(), url=address, names={"mistyped.example": [None]})
    (sentence,) = receipt.errors
    assert sentence.startswith(f"walker: {address} could not be fetched: DNS lookup failed: address 'mistyped.example' not found")
    log = (tmp_path / "log").read_text()
    assert f"\nERROR spiders.web.guard: {sentence}\n" in log
    assert log.count("ERROR ") == 1
    assert "Traceback" not in log


# --- how much, how deep, how long -------------------------------------------------------------------------------------


def nested(body: bytes, *ways: str) -> tuple[dict[str, str], bytes]:
    pack = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress}
    for way in ways:
        body = pack[way](body)
    return HTML | {"Content-Encoding": ", ".join(ways)}, body


def test_bodies_that_grow_are_given_up(tmp_path: Path) -> None:
    zeros = bytes(64 * 1024 * 1024)
    bombs = {
        "/gzip": nested(zeros, "gzip"),
        "/brotli": nested(zeros, "br"),
        "/deflate": nested(zeros, "deflate"),
        "/nested": nested(zeros, "gzip", "br", "deflate", "gzip"),
    }
    with serving(Site()) as site:
        site.answers = {path: (200, headers_, body) for path, (headers_, body) in bombs.items()}
        site.answers |= {
            "/": links(*bombs, "/long", "/honest"),
            "/honest": (200, *nested(b"<p>fine</p>", "gzip", "br")),
            "/long": (200, HTML, bytes(17 * 1024 * 1024)),
        }
        receipt = crawl(tmp_path, site)
    assert receipt.statuses == {"200": 2}, receipt.errors
    assert receipt.download_errors == 5
    assert " ".join(receipt.errors).count("DOWNLOAD_MAXSIZE") >= 4


@pytest.mark.slow
def test_bodies_that_never_end_are_given_up(tmp_path: Path) -> None:
    def dripping(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/html")
        handler.end_headers()
        while not site.closing.wait(0.1):
            handler.wfile.write(b"<p>")

    def headers(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not site.closing.wait(0.1):
            handler.wfile.write(b"X-More: more\r\n")

    with serving(Site()) as site:
        site.answers = {"/": links("/dripping", "/headers"), "/dripping": dripping, "/headers": headers}
        receipt = crawl(tmp_path, site, politeness={"request_timeout_seconds": 2})
    assert receipt.finish_reason == "finished"  # by itself, before the time of the whole crawl was over
    assert receipt.statuses == {"200": 1}, receipt.errors
    assert receipt.download_errors == 2
    told = " ".join(receipt.errors)
    assert "/dripping could not be fetched" in told
    assert "/headers could not be fetched" in told


def test_a_list_without_an_end_stops_at_the_pages_that_were_allowed(tmp_path: Path) -> None:
    with serving(Site()) as site:
        site.answers = {f"/{n}": links(f"/{n + 1}") for n in range(1, 100)}
        receipt = crawl(tmp_path, site, "/1", politeness={"max_pages": 5})
    assert receipt.finish_reason == "closespider_pagecount"
    assert receipt.pages <= 7
    assert len(site.asked) <= 8


def test_a_site_that_makes_us_ask_on_and_on_uses_up_its_budget(tmp_path: Path) -> None:
    with serving(Site()) as site:
        site.answers = {f"/{n}/{step}": redirect(f"/{n}/{step + 1}") for n in range(20) for step in range(4)}
        site.answers["/"] = links(*(f"/{n}/0" for n in range(20)))
        receipt = crawl(tmp_path, site, politeness={"max_pages": 5})
    assert any("expected at most 20 requests to 127.0.0.1 in one crawl" in note for note in receipt.errors)
    assert len(site.asked) == 20
    assert receipt.download_errors


def test_a_site_with_endless_megabytes_uses_up_its_budget_of_bytes(tmp_path: Path) -> None:
    with serving(Site()) as site:
        site.answers = {"/": links(*(f"/{n}" for n in range(10)))} | {f"/{n}": (200, HTML, bytes(1000)) for n in range(10)}
        receipt = crawl(tmp_path, site, settings={"GUARD_CRAWL_BYTES": "4500"})
    assert any("expected at most 4,500 bytes from one crawl" in note for note in receipt.errors)
    assert len(site.asked) <= 7


# --- waiting ----------------------------------------------------------------------------------------------------------


def busy(status: int, after: str | None = None) -> Answer:
    return status, HTML if after is None else HTML | {"Retry-After": after}, b"<p>busy</p>"


def test_a_retry_comes_no_earlier_than_the_site_asks(tmp_path: Path) -> None:
    with serving(Site()) as site:
        site.answers = {"/": links("/n"), "/n": [busy(503, "1"), busy(429, "2"), links()]}
        receipt = crawl(tmp_path, site)
    assert receipt.statuses == {"200": 2}
    first, second = site.gaps("/n")
    assert first >= 1
    assert second >= 2


@pytest.mark.slow
def test_a_retry_after_that_is_a_date_is_waited_for_too(tmp_path: Path) -> None:
    with serving(Site()) as site:

        def refuse(handler: http.server.BaseHTTPRequestHandler) -> None:
            site.answers["/"] = links()
            body = b"busy"
            handler.send_response(503)
            handler.send_header("Retry-After", email.utils.formatdate(time.time() + 3, usegmt=True))
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)

        site.answers = {"/": refuse}
        receipt = crawl(tmp_path, site)
    assert receipt.statuses == {"200": 1}
    assert site.gaps("/")[0] >= 2  # a date has whole seconds


@pytest.mark.parametrize("status", [429, 503])
def test_a_site_that_asks_for_an_hour_is_left_alone_for_this_crawl(tmp_path: Path, status: int) -> None:
    with serving(Site()) as site:
        site.answers = {"/": links("/b", "/c", "/a"), "/b": links(), "/c": links()}  # Scrapy asks for the last one first
        site.answers["/a"] = busy(status, "3600")
        receipt = crawl(tmp_path, site)
    assert site.paths() == ["/", "/a"]
    assert receipt.download_errors == 2
    assert any(f"asked us to stop (it answered {status}, to come back in 3600 s)" in note for note in receipt.errors)


def test_pauses_double_while_a_site_has_trouble(tmp_path: Path) -> None:
    with serving(Site()) as site:
        site.answers = {"/": links("/a"), "/a": busy(502)}
        receipt = crawl(tmp_path, site)
    first, second = site.gaps("/a")
    # Half of each pause and its half again: a busy machine sees the first of two requests late.
    assert first >= 0.25
    assert second >= 0.75
    assert receipt.statuses == {"200": 1, "502": 1}


def test_a_crawl_delay_of_our_group_is_kept(tmp_path: Path) -> None:
    with serving(Site()) as site:
        robots = b"User-agent: *\nCrawl-delay: 9\n\nUser-agent: RivalScope/1.0\nCrawl-delay: 1.5\nDisallow: /no\n"
        site.answers = {"/robots.txt": (200, {"Content-Type": "text/plain"}, robots), "/": links("/a", "/no"), "/a": links()}
        receipt = crawl(tmp_path, site)
    assert receipt.robots_refused == 1
    times = [each.at for each in site.asked]
    assert [each.path for each in site.asked] == ["/robots.txt", "/", "/a"]
    assert all(after - before >= 0.75 for before, after in pairwise(times))  # as above


PLAIN = {"Content-Type": "text/plain"}
FORBIDS = b"User-agent: *\nDisallow: /\n"
ALLOWS = b"User-agent: *\nAllow: /\n"


ROBOTS: list[tuple[Answer, bool]] = [
    ((404, PLAIN, FORBIDS), True),
    ((403, PLAIN, FORBIDS), True),
    ((410, PLAIN, b""), True),
    ((200, {"Content-Type": "text/html"}, FORBIDS), False),
    ((200, {"Content-Type": "image/png"}, FORBIDS), False),
    ((200, {}, b"\x00\x01\x02" * 500), True),
    ((200, PLAIN | {"Content-Encoding": "gzip"}, gzip.compress(FORBIDS)), False),
    ((302, {"Location": "/other.txt"}, b""), False),
    ((302, {"Location": "/robots.txt"}, b""), True),  # more than five redirects: it is unavailable (RFC 9309, section 2.3.1.2)
    ((200, PLAIN, ALLOWS + b"#" * 17 * 1024 * 1024), False),  # more than a response may have: it cannot be said what it forbids
]


def test_a_robots_file_counts_by_how_it_was_answered(tmp_path: Path) -> None:
    with ExitStack() as stack:
        sites = [
            stack.enter_context(serving(Site({"/robots.txt": robots, "/other.txt": (200, PLAIN, FORBIDS), "/": links()})))
            for robots, _ in ROBOTS
        ]
        home = stack.enter_context(serving(Site({"/": links(*(f"http://127.0.0.1:{site.port}/" for site in sites))})))
        receipt = crawl(tmp_path, home, politeness={"allow_hosts": ["127.0.0.1"]})
    assert ["/" in site.paths() for site in sites] == [asked for _, asked in ROBOTS], receipt.errors
    assert receipt.robots_refused == 4
    assert receipt.pages == 1 + sum(asked for _, asked in ROBOTS)


@pytest.mark.parametrize("robots", [(500, PLAIN, ALLOWS), (429, PLAIN | {"Retry-After": "900"}, ALLOWS)], ids=["500", "429"])
def test_who_cannot_say_what_is_forbidden_is_asked_for_nothing(tmp_path: Path, robots: Answer) -> None:
    with serving(Site({"/robots.txt": robots, "/": links()})) as site:
        receipt = crawl(tmp_path, site)
    assert not site.paths()
    assert any(f"could not be read (answered {robots[0]}), so nothing there was asked for" in note for note in receipt.errors)


# --- asking whether a page has changed --------------------------------------------------------------------------------


def remembering(body: bytes, **headers: str) -> Callable[[http.server.BaseHTTPRequestHandler], None]:
    """A page of a site that answers 304 to whoever has this version."""
    tag = headers.pop("ETag", f'"{zlib.crc32(body):x}"')

    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        known = handler.headers["If-None-Match"] == tag
        handler.send_response(304 if known else 200)
        sent = {"ETag": tag} | HTML | {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in sent.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0" if known else str(len(body)))
        handler.end_headers()
        handler.wfile.write(b"" if known else body)

    return answer


def statuses(tmp_path: Path, site: Site, runs: int = 2, **job: object) -> list[dict[str, int]]:
    cache = tmp_path / "cache"
    return [crawl(tmp_path / f"r{n}", site, **({"cache": cache} | job)).statuses for n in range(runs)]  # type: ignore[arg-type]


def landed(folder: Path) -> dict[str, str]:
    """Path of each page to the sha256 that its line landed with."""
    with gzip.open(folder / "lines.jsonl.gz") as lines:
        found = [json.loads(each) for each in lines]
    return {urlsplit(each["page_url"]).path: each["page_sha256"] for each in found}


def test_an_unchanged_page_is_confirmed_and_lands_as_if_it_had_been_sent(tmp_path: Path) -> None:
    with serving(Site()) as site:
        home = b'<p>caf\xc3\xa9</p><a href="/a">a</a>'
        site.answers = {
            "/": remembering(home, Cache_Control="max-age=86400"),
            "/a": remembering(b"<p>a</p>", Vary="Accept-Language"),
        }
        assert statuses(tmp_path, site, 3) == [{"200": 2}, {"304": 2}, {"304": 2}]
        first, *others = [landed(tmp_path / f"r{n}") for n in range(3)]
        assert first == {"/": hashlib.sha256(home).hexdigest(), "/a": hashlib.sha256(b"<p>a</p>").hexdigest()}
        assert others == [first, first]
        site.answers["/"] = remembering(home.replace(b"caf", b"tea"))
        assert statuses(tmp_path, site, 1) == [{"200": 1, "304": 1}]
    asked = [(each.path, each.headers.get("If-None-Match")) for each in site.asked if each.path != "/robots.txt"]
    assert len(asked) == 8  # a page that says it stays fresh for a day is asked for all the same
    assert asked[0][1] is None
    assert all(condition for _, condition in asked[2:])
    cache = tmp_path / "cache"
    assert cache.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in cache.iterdir()} == {0o600}


def test_a_page_that_is_known_by_its_date_is_asked_for_by_it(tmp_path: Path) -> None:
    day = "Mon, 01 Jun 2026 00:00:00 GMT"
    with serving(Site()) as site:
        site.answers = {"/": [(200, HTML | {"Last-Modified": day}, b"<p>a</p>"), (304, {}, b"")]}
        assert statuses(tmp_path, site) == [{"200": 1}, {"304": 1}]
    assert [each.headers.get("If-Modified-Since") for each in site.asked if each.path == "/"] == [None, day]


def test_what_a_site_does_not_want_kept_is_not(tmp_path: Path) -> None:
    unwanted = [{"Cache-Control": "private, No-Store"}, {"Vary": "Accept, *"}, {"ETag": ""}]
    with serving(Site({"/": links("/0", "/1", "/2")})) as site:
        for number, headers in enumerate(unwanted):
            sent = {name: value for name, value in (HTML | {"ETag": '"1"'} | headers).items() if value}
            site.answers[f"/{number}"] = (200, sent, b"<p>a</p>")
        assert statuses(tmp_path, site) == [{"200": 4}, {"200": 4}]
    assert not any("If-None-Match" in each.headers for each in site.asked)
    assert not list((tmp_path / "cache").iterdir())


def test_pages_are_remembered_only_where_they_may_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_KEY", "k3y-of-the-shop")
    page = 'source = "schema_org"\nurl = "https://shop.example/list'
    sources = {"open": f'{page}"', "secret": f'{page}?key=${{SHOP_KEY}}"', "week": f'{page}"\nretention_days = 7'}
    sources["terms"] = 'source = "google_places"\nurl = "https://shop.example/places"'
    run = run_of(market_of(tmp_path, sources), tmp_path / "data")
    caches = {target.brand: job_for(run, target, tmp_path).cache for target in run.market.targets}
    assert caches == {"open": tmp_path / "data" / "cache", "secret": None, "week": None, "terms": None}


def test_a_source_with_secrets_is_not_remembered(tmp_path: Path) -> None:
    with serving(Site()) as site:
        site.answers = {"/": remembering(b"<p>a</p>")}
        assert statuses(tmp_path, site, hidden={"SHOP_KEY": "k3y"}) == [{"200": 1}, {"200": 1}]
    assert not (tmp_path / "cache").exists()


def test_an_error_is_told_and_no_old_page_takes_its_place(tmp_path: Path) -> None:
    def gone(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.connection.close()

    with serving(Site()) as site:
        site.answers = {"/": links("/a", "/b"), "/a": remembering(b"<p>a</p>"), "/b": remembering(b"<p>b</p>")}
        assert statuses(tmp_path, site, 1) == [{"200": 3}]
        site.answers |= {"/a": (410, HTML, b"<p>gone</p>"), "/b": gone}
        receipt = crawl(tmp_path / "later", site, cache=tmp_path / "cache")
    assert receipt.statuses == {"200": 1, "410": 1}
    assert receipt.download_errors == 1
    assert any("/b could not be fetched" in note for note in receipt.errors)


def test_a_304_about_another_version_or_with_a_body_s_headers_is_not_believed(tmp_path: Path) -> None:
    with serving(Site()) as site:
        page = (200, HTML | {"ETag": '"1"'}, b"<p>a</p>")
        site.answers = {"/": [page, (304, {"ETag": '"2"'}, b""), page, (304, {"ETag": '"1"', "Content-Encoding": "gzip"}, b"")]}
        assert statuses(tmp_path, site, 3) == [{"200": 1}, {"200": 1}, {"304": 1}]
    conditions = [each.headers.get("If-None-Match") for each in site.asked if each.path == "/"]
    assert conditions == [None, '"1"', None, '"1"']


def test_a_redirect_does_not_carry_another_page_s_condition(tmp_path: Path) -> None:
    with serving(Site()) as site:
        site.answers = {"/": [(200, HTML | {"ETag": '"1"'}, b"<p>a</p>"), redirect("/moved")], "/moved": links()}
        assert statuses(tmp_path, site) == [{"200": 1}, {"200": 1}]
    assert [each.headers.get("If-None-Match") for each in site.asked if each.path == "/moved"] == [None]


def test_a_damaged_entry_is_as_good_as_none(tmp_path: Path) -> None:
    damages: list[Callable[[bytes], bytes]] = [
        lambda _: b"",
        lambda _: b"{",
        lambda _: b"[]\nx",
        lambda _: b'{"url": 1}\n',
        lambda whole: whole[:-4],
        lambda whole: whole.replace(b"127.0.0.1", b"127.0.0.9"),
        lambda whole: whole.replace(b'"headers":{', b'"headers":[').replace(b"},", b"],", 1),
        lambda whole: whole,
    ]
    with serving(Site({"/": links(*(f"/{n}" for n in range(8)))})) as site:
        site.answers |= {f"/{n}": remembering(b"<p>a longer page %d</p>" % n) for n in range(8)}
        assert statuses(tmp_path, site, 1) == [{"200": 9}]
        entries = sorted(
            (tmp_path / "cache").iterdir(), key=lambda entry: b"longer page 7" not in entry.read_bytes(), reverse=True
        )
        for entry, damage in zip(entries, damages, strict=True):
            entry.write_bytes(damage(entry.read_bytes()))
        assert statuses(tmp_path, site) == [{"200": 8, "304": 1}, {"200": 1, "304": 8}]


def test_two_crawls_share_what_is_remembered(tmp_path: Path) -> None:
    with serving(Site()) as site:
        site.answers = {"/": links(*(f"/{n}" for n in range(20)))} | {
            f"/{n}": remembering(b"<p>%d</p>" % n * 500) for n in range(20)
        }
        crawls = [
            threading.Thread(target=statuses, args=(tmp_path / name, site, 1), kwargs={"cache": tmp_path / "cache"})
            for name in "ab"
        ]
        for name in "ab":
            (tmp_path / name).mkdir()
        for each in crawls:
            each.start()
        for each in crawls:
            each.join()
        assert statuses(tmp_path, site, 1) == [{"200": 1, "304": 20}]


def test_what_is_old_or_too_much_is_dropped_when_a_crawl_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from spiders.web import cache  # noqa: PLC0415 - imports Scrapy, which the other tests leave to their crawls

    storage = cache.Storage(None)  # type: ignore[arg-type]
    storage._folder = tmp_path
    monkeypatch.setattr(cache, "MAX_TOTAL_BYTES", 2500)
    for name, days in (("new", 0), ("newer", 1), ("third", 2), ("old", 40)):
        (tmp_path / name).write_bytes(bytes(1000 if name != "old" else 1))
        os.utime(tmp_path / name, times=(time.time() - days * 86_400,) * 2)
    storage.close_spider(None)  # type: ignore[arg-type]
    assert {path.name for path in tmp_path.iterdir()} == {"new", "newer"}


def test_pages_of_a_source_that_may_no_longer_have_them_are_let_go_without_another_crawl(tmp_path: Path) -> None:
    kept = 'source = "schema_org"\nurl = "https://shop.example/'
    data = tmp_path / "data"
    data.mkdir()
    with serving(Site()) as site:
        for brand in ("open", "short", "left"):
            site.answers[f"/{brand}"] = remembering(f"<p>{brand}</p>".encode())
            target = f"{brand}.reviews.schema_org"
            crawl(tmp_path / brand, site, f"/{brand}", cache=data / "cache", target=target)
    (data / "cache" / "strange").write_bytes(b"of an earlier version")
    (data / "cache" / ".draft").write_bytes(b"of a crawl at work")
    sources = {"open": f'{kept}open"', "short": f'{kept}short"'}
    told: list[str] = []

    def remembered(run: Run, targets: set[str] | None, days: int = 0) -> list[bytes]:
        expire(run, targets, moment=datetime.now(UTC) + timedelta(days=days), progress=told.append)
        return sorted(path.read_bytes().partition(b"\n")[2] or b"?" for path in (data / "cache").iterdir())

    run = run_of(market_of(tmp_path, sources), data)
    assert remembered(run, None) == [b"<p>open</p>", b"<p>short</p>", b"?"]
    assert "2 pages that were remembered" in told[-1]
    sources["short"] += "\nretention_days = 7"
    # A gather of another target does it as well.
    assert remembered(run_of(market_of(tmp_path, sources), data), {"open.reviews.schema_org"}) == [b"<p>open</p>", b"?"]
    assert remembered(run, None, days=29) == [b"<p>open</p>"]
    assert remembered(run, None, days=31) == []


# --- pages that only a browser can draw -------------------------------------------------------------------------------

DRAWN = """<!doctype html><html><head>
<link rel="stylesheet" href="/style.css"><script src="/app.js"></script>
</head><body><img src="/picture.png"><div id="list">loading</div></body></html>"""

APP = """
const told = text => fetch('/told?' + text).catch(() => 0);
const tries = %s;
document.addEventListener('DOMContentLoaded', async () => {
  navigator.serviceWorker && navigator.serviceWorker.register('/worker.js').catch(() => 0);
  for (const address of tries) { try { await fetch(address, {mode: 'no-cors'}); await told('reached') } catch { } }
  try { new WebSocket('ws://127.0.0.1:%d/socket'); } catch { }
  window.open('/popup');
  const reviews = await (await fetch('/reviews.json')).json();
  document.querySelector('#list').innerHTML = reviews.map(r => `<a href="/next">${r}</a>`).join('');
  const link = document.createElement('a'); link.href = '/file.bin'; link.download = 'x'; link.click();
});
"""


@pytest.mark.slow
def test_a_page_that_scripts_draw_is_read_and_the_guard_holds_inside_the_browser(tmp_path: Path) -> None:
    secret = Site({"/": links(), "/socket": links(), "/metadata": links()})
    json_type = {"Content-Type": "application/json"}
    with serving(secret) as inside, serving(Site()) as site:
        tries = [
            f"http://127.0.0.1:{inside.port}/", f"http://localhost:{inside.port}/", f"http://[::1]:{inside.port}/",
            "http://elsewhere.example/", "http://inside.example/", "/private", "/leads-inside", f"http://2130706433:{inside.port}/",
        ]  # fmt: skip
        site.answers = {
            "/robots.txt": (200, PLAIN, b"User-agent: *\nDisallow: /private\n"),
            "/": (200, HTML, DRAWN.encode()),
            "/app.js": (200, {"Content-Type": "text/javascript"}, (APP % (json.dumps(tries), inside.port)).encode()),
            "/reviews.json": (200, json_type, json.dumps(["A good kettle", "It leaks"]).encode()),
            "/leads-inside": redirect(f"http://127.0.0.1:{inside.port}/metadata"),
            "/next": redirect(f"http://127.0.0.1:{inside.port}/"),
            "/worker.js": (200, {"Content-Type": "text/javascript"}, b""),
            "/told?reached": links(),
        }
        receipt = crawl(tmp_path, site, names=NAMES, render=True, domains=["inside.example"], politeness={"delay_seconds": 0.5})
    asked = site.paths()
    assert receipt.statuses.get("200") == 1, receipt.errors
    assert {"/", "/app.js", "/reviews.json", "/next"} <= set(asked)  # the link stood in what the script had drawn
    assert not inside.asked
    assert not {"/style.css", "/picture.png", "/private", "/popup", "/told?reached", "/worker.js"} & set(asked)
    assert {each.headers["User-Agent"] for each in site.asked} == {"rivalscope/0.1.0 (+owner@pans.example)"}
    times = [each.at for each in site.asked if each.path != "/favicon.ico"]  # which Chromium asks for on its own account
    assert times[-1] - times[0] > 0.8 * 0.5 * (len(times) - 1)


@pytest.mark.slow
def test_a_page_that_never_ends_in_the_browser_is_given_up(tmp_path: Path) -> None:
    def waits(_handler: http.server.BaseHTTPRequestHandler) -> None:
        site.closing.wait()

    with serving(Site({"/waits": waits})) as site:
        receipt = crawl(tmp_path, site, "/waits", render=True, politeness={"request_timeout_seconds": 2})
    assert receipt.finish_reason == "finished"  # by itself, before the time of the whole crawl was over
    assert receipt.download_errors == 1
    assert any("/waits could not be fetched" in note for note in receipt.errors), receipt.errors


@pytest.mark.slow
def test_a_page_that_grows_in_the_browser_is_given_up(tmp_path: Path) -> None:
    script = (200, {"Content-Type": "text/javascript"}, b" " * 30_000_000)
    with serving(Site({f"/{n}.js": script for n in range(3)})) as site:
        grows = b"<!doctype html><p id=a></p><script>a.textContent = 'x'.repeat(2e7)</script>"
        loads = "<!doctype html><p>a</p>" + "".join(f"<script src=/{n}.js></script>" for n in range(3))
        site.answers |= {"/": links("/grows", "/loads"), "/grows": (200, HTML, grows), "/loads": (200, HTML, loads.encode())}
        receipt = crawl(tmp_path, site, render=True)
    assert receipt.statuses == {"200": 1}, receipt.errors
    assert receipt.download_errors == 2
    assert any("/loads loaded more than 67,108,864 bytes in the browser" in note for note in receipt.errors), receipt.errors
    assert any("/grows grew to 20,000,1" in note for note in receipt.errors), receipt.errors


def test_rendering_without_a_browser_is_refused_and_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ValueError, match="Chromium on the PATH missing"):
        polite_settings(Politeness(), render=True)
