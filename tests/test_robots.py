"""robots.txt: the files of a corpus and Google's own test vectors, where they are there; and what RFC 9309 says beyond them."""

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spiders.web.robots import MAX_BYTES, RobotsTxt

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
FOLDER = CORPUS / "robots_txt"
GOOGLE = FOLDER / "google_robots_test.cc"
needs_corpus = pytest.mark.skipif(not FOLDER.exists(), reason=f"the captured robots files are not there ({FOLDER})")

SHOP = "https://shop.example"


def allowed(robots: str | bytes, path: str, product: str = "rivalscope") -> bool:
    body = robots.encode() if isinstance(robots, str) else robots
    return RobotsTxt(body, product).allowed(SHOP + path, "rivalscope/0.1.0 (+owner@pans.example)")


# --- Google's vectors -------------------------------------------------------------------------------------------------

_STRING = r'"(?:[^"\\]|\\.)*"'
_STATEMENT = re.compile(
    rf"""^TEST\(RobotsUnittest,\s*(?P<test>\w+)\)
      |(?:absl::string_view|std::string)\s+(?P<name>\w+)\s*=\s*(?P<value>(?:{_STRING}\s*)+);
      |EXPECT_(?P<wanted>TRUE|FALSE)\(\s*IsUserAgentAllowed\(\s*
         (?P<robots>{_STRING}|\w+),\s*(?P<agent>{_STRING}|\w+),\s*(?P<url>{_STRING}|\w+)\)\)""",
    re.VERBOSE | re.MULTILINE,
)
BUILT_IN_LOOPS = "GoogleOnly_LineTooLong"
"""The one test whose robots files its C++ code puts together; its five assertions are written again below."""

OTHERWISE = {
    # The note above these says that the caller escapes the address. A crawl's addresses always are, so Protego escapes what is not.
    ("ID_Encoding", "http://foo.bar/foo/bar/ツ"),
    # RFC 9309, 2.2.2: an escaped letter is the letter. Google compares as written, and says not to rely on it.
    ("ID_Encoding", "http://foo.bar/foo/bar/baz"),
}


def _said(string: str) -> str:
    return re.sub(r"\\(.)", lambda escape: {"n": "\n", "r": "\r"}.get(escape[1], escape[1]), string[1:-1])


def vectors() -> Iterator[tuple[str, str, str, str, bool]]:
    """(test, robots.txt, agent, url, allowed) of each assertion on the matcher."""
    source = re.sub(rf"({_STRING})|//[^\n]*", lambda part: part[1] or "", GOOGLE.read_text("utf-8"))
    test, names = "", dict[str, str]()
    for found in _STATEMENT.finditer(source):
        if found["test"]:
            test = found["test"]
        elif found["name"]:
            names[found["name"]] = "".join(_said(part) for part in re.findall(_STRING, found["value"]))
        elif test != BUILT_IN_LOOPS:
            robots, agent, url = (
                _said(part) if part.startswith('"') else names[part] for part in (found["robots"], found["agent"], found["url"])
            )
            yield test, robots, agent, url, found["wanted"] == "TRUE"


@needs_corpus
def test_googles_vectors_hold_but_for_three_where_the_rfc_says_otherwise() -> None:
    found = list(vectors())
    assert len(found) == 140
    differing = {(test, url) for test, robots, agent, url, wanted in found if wanted != _as_crawled(robots, agent, url)}
    assert differing == OTHERWISE


def _as_crawled(robots: str, agent: str, url: str) -> bool:
    return RobotsTxt(robots.encode(), agent).allowed(url, agent)


@needs_corpus
def test_every_assertion_of_the_vectors_is_accounted_for() -> None:
    source = GOOGLE.read_text("utf-8")
    asserted = {
        "matcher": len(re.findall(r"EXPECT_(?:TRUE|FALSE)\(\s*IsUserAgentAllowed\(", source)),
        "valid names": len(re.findall(r"EXPECT_\w+\(\s*RobotsMatcher::IsValidUserAgentToObey\(", source)),
        "lines counted": len(re.findall(r"EXPECT_EQ\(", source)),
    }
    # Names, line numbers and the helpers of TestPath and TestEscape are about Google's code, not about what may be fetched.
    assert asserted == {"matcher": 140 + 5, "valid names": 11, "lines counted": 24}
    truth = _manifest()["robots_txt/google_robots_test.cc"]["assertions"]
    assert sum(asserted.values()) == truth


def test_a_rule_longer_than_a_line_may_be_is_cut() -> None:
    for directive, letter, wanted in (("disallow", "a", False), ("allow", "b", True)):
        start = "/x/" + letter * (8 * 2083 - 3 - len(f"{directive}: ") + 1)
        others = "disallow: /\n" if wanted else ""
        robots = f"user-agent: FooBot\n{others}{directive}: {start}/qux\n"
        assert allowed(robots, "/fux", "FooBot") is not wanted
        assert allowed(robots, f"{start}/fux", "FooBot") is wanted
        assert allowed(robots, f"{start}/qux", "FooBot") is wanted


# --- the files of sites -----------------------------------------------------------------------------------------------


def _manifest() -> dict[str, dict[str, Any]]:
    return {each["file"]: each["truth"] for each in json.loads((CORPUS / "MANIFEST.json").read_text("utf-8"))}


def _sites() -> list[Path]:
    return sorted(FOLDER.glob("*.robots.txt")) if FOLDER.exists() else []


@needs_corpus
@pytest.mark.parametrize("file", _sites(), ids=lambda file: file.name)
def test_a_sites_file_is_read_as_its_truth_says(file: Path) -> None:
    truth = _manifest()[f"robots_txt/{file.name}"]
    body = file.read_bytes()
    site = "https://" + file.name.removesuffix(".robots.txt")
    robots = RobotsTxt(body)
    assert robots.allowed(f"{site}/robots.txt", "rivalscope")
    if not truth["star_group_rules"]:
        assert robots.allowed(f"{site}/any/page?at=all", "rivalscope")
    for rule in truth["star_first_rules"]:
        directive, _, path = rule.partition(": ")
        # A page right below the rule's path; what stands for anything becomes a word.
        page = "/" + path.replace("*", "word").removesuffix("$").removeprefix("/")
        assert robots.allowed(site + page, "rivalscope") is (directive == "Allow"), rule
    # Delays that a file states are for other crawlers than us, unless its group for everybody states one.
    everybody = re.search(
        r"(?im)^user-agent:\s*\*\s*$(?:\n(?!user-agent).*)*?\ncrawl-delay:\s*(\S+)", body.decode("utf-8", "replace")
    )
    assert robots.crawl_delay("rivalscope") == (float(everybody[1]) if everybody else None)
    for agent in truth["first_user_agents"]:
        assert isinstance(RobotsTxt(body, agent).allowed(f"{site}/", agent), bool)


# --- RFC 9309 ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "ours"),
    [
        ("rivalscope", True),
        ("RivalScope", True),
        ("rivalscope/2.0", True),
        ("rivalscope crawler", True),
        ("rivalscope*", True),
        ("rival", False),
        ("scope", False),
        ("rivalscope-images", False),
        ("pans", False),  # of our contact address
        ("owner", False),
        ("r", False),
    ],
)
def test_a_group_is_ours_by_our_whole_name_and_by_nothing_else(names: str, ours: bool) -> None:
    assert allowed(f"User-agent: *\nDisallow: /\n\nUser-agent: {names}\nDisallow: /private\n", "/list") is ours
    assert allowed(f"User-agent: *\nDisallow: /all\n\nUser-agent: {names}\nDisallow: /own\n", "/own") is not ours
    assert allowed(f"User-agent: *\nDisallow: /all\n\nUser-agent: {names}\nDisallow: /own\n", "/all") is ours


def test_groups_of_one_name_count_as_one_and_an_empty_one_allows_all() -> None:
    robots = "User-agent: rivalscope\nDisallow: /a\n\nUser-agent: *\nDisallow: /\n\nuser-agent: RIVALSCOPE\nDisallow: /b\n"
    assert [allowed(robots, path) for path in ("/a", "/b", "/c")] == [False, False, True]
    assert allowed("User-agent: *\nDisallow: /\nUser-agent: rivalscope\nDisallow:\n", "/anything")


def test_a_delay_is_taken_from_our_group_and_ends_no_group() -> None:
    robots = "User-agent: rivalscope\nCrawl-delay: 7\nUser-agent: other\nDisallow: /x\n\nUser-agent: *\nCrawl-delay: 3\n"
    assert RobotsTxt(robots.encode()).crawl_delay("") == 7
    assert not allowed(robots, "/x")
    assert RobotsTxt(robots.encode(), "someone").crawl_delay("") == 3
    assert RobotsTxt(b"User-agent: *\nCrawl-delay: soon\nCrawl-delay: -1\nCrawl-delay: inf\n").crawl_delay("") is None


def test_a_byte_order_mark_and_any_line_ending_are_read_over() -> None:
    robots = "User-agent: *\nDisallow: /x\n"
    bodies = [robots.encode("utf-8-sig"), robots.encode("utf-16"), robots.replace("\n", "\r\n").encode()]
    bodies += [robots.replace("\n", "\r").encode(), robots.rstrip().encode(), f"\n\n  {robots}".encode()]
    for body in bodies:
        assert [allowed(body, path) for path in ("/x", "/y")] == [False, True], body


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40,
        b"<!doctype html><html><body><h1>Not found</h1><p>User-agents are welcome.</p></body></html>",
        b'{"error": "not found"}',
        b"Disallow: /\nAllow: /x\n",  # rules that belong to nobody
        "User-agent: *\nDisallow: /".encode("utf-16-le"),  # without a mark it is no text
    ],
)
def test_what_holds_no_rules_forbids_nothing(body: bytes) -> None:
    assert allowed(body, "/any")


def test_the_first_500_kib_count() -> None:
    filler = b"# filler\n" * (MAX_BYTES // 9 + 1)
    assert not allowed(b"User-agent: *\nDisallow: /x\n" + filler, "/x")
    assert allowed(b"User-agent: *\n" + filler + b"Disallow: /x\n", "/x")
    half = b"User-agent: *\nDisallow: /abc\n".rjust(MAX_BYTES + 3, b"\n")  # the limit falls into /abc
    assert allowed(half, "/a")


@pytest.mark.timeout(20)
def test_hostile_files_take_no_time(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    stars = b"User-agent: *\n" + b"Disallow: /" + b"*a" * 8000 + b"b\n"
    crowd = b"User-agent: *\n" + b"".join(b"Disallow: /%d*x\n" % n for n in range(30_000))
    agents = b"User-agent: a\n" * 35_000 + b"Disallow: /\n"
    for body in (stars * 30, crowd, agents, b" " * MAX_BYTES, b"user agent" + b" " * MAX_BYTES, b"allow" * 100_000):
        robots = RobotsTxt(body)
        for _ in range(20):
            robots.allowed(f"{SHOP}/{'a' * 2000}", "rivalscope")
