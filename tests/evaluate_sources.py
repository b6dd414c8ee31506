"""`make evaluate-sources`: every captured page of a corpus through `rivalscope parse`, held against what is known to be on it.

The corpus lies beside the project (RIVALSCOPE_CORPUS, default ../shared/corpus): a folder of pages and a MANIFEST.json with the truth of
each. What is printed, by kind: records expected, found, right and wrong, and each miss by name. Exits 1 below the least that is wanted.

A review page's records count as right as far as their ratings have the known distribution; its first and last record are looked at for
author, rating, date and the text's beginning, whatever is known of them, and one that is wrong fails the whole. FAQ pairs count by their
number, the first, second and last question and the first answer, for no more is known of them; result pages by their first ten addresses
in order; chat pages by their vendors. Invented is what a page gives beyond its number, so one missed and one invented on the same page
pass for none.
"""

import contextlib
import io
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path

import dateutil.parser

from pipeline.cli import main as rivalscope
from spiders.items import author_hash
from spiders.reading.select import parse_rating, text_of
from spiders.receipt import author_key

CORPUS = Path(os.environ.get("RIVALSCOPE_CORPUS", Path(__file__).parents[2] / "shared" / "corpus"))
URL = "https://www.site.example/page"

Truth = Mapping[str, object]
Line = Mapping[str, object]


@dataclass(slots=True)
class Found:
    """What one file gave, beside what it should have given."""

    expected: int = 0
    found: int = 0
    right: int = 0
    ends_wrong: int = 0
    """First and last records that are not what they are known to be."""
    misses: list[str] = field(default_factory=list)


Judge = Callable[[Truth, Sequence[Line], str, bytes], Found]
"""Truth, records, what the command said, and the key of the author hashes."""


def parsed(kind: str, file: Path, key_file: Path) -> tuple[list[Line], str]:
    """The command's records, and what it said where it gave none."""
    out, said = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(said):
        code = rivalscope(["parse", kind, str(file), "--url", URL, "--key-file", str(key_file)])
    out.flush()
    lines = [json.loads(line) for line in out.buffer.getvalue().splitlines()]  # type: ignore[attr-defined]  # it is a BytesIO
    return lines, f"exit {code}: {said.getvalue().strip()}" if code else said.getvalue()


def reviews(truth: Truth, lines: Sequence[Line], _said: str, key: bytes) -> Found:
    names = ("distinct_reviews_incl_highlighted", "reviews_on_page", "reviews", "rows")
    expected = next((int(str(truth[name])) for name in names if name in truth), 0)
    here = Found(expected=expected, found=len(lines), right=min(expected, len(lines)))
    if (wanted := _ratings(truth)) is not None:
        have = Counter(line["rating"] for line in lines)
        # What a page shows beyond the list whose ratings are known (a highlighted review) can be anything.
        surplus = expected - wanted.total()
        here.right = min(expected, sum((wanted & have).values()) + max(0, min(surplus, (have - wanted).total())))
        if here.right < expected:
            here.misses.append(f"ratings: expected {_shown(wanted)}, found {_shown(have)}")
    if len(lines) != expected:
        here.misses.append(f"expected {expected} reviews, found {len(lines)}")
    for place, index in (("first", 0), ("last", -1)):
        known = truth.get(place)
        if isinstance(known, dict) and expected:
            if "columns" in truth:  # an export names its authors by their ids where it has them
                known = known | {"author": None}
            if "distinct_dates" in truth:  # one date on every row is that of the export, not of any review
                known = known | {"date": None}
            # Highlighted reviews may stand before or behind the list that the truth was read off.
            near = lines[:5] if index == 0 else lines[-5:]
            if near and any(not list(_differences(known, line, key)) for line in near):
                continue
            here.misses += [f"{place}: {each}" for each in (_differences(known, lines[index], key) if lines else ["missing"])]
            here.ends_wrong += 1
    return here


def _ratings(truth: Truth) -> Counter[float | None] | None:
    if isinstance(said := truth.get("rating_distribution"), dict) and said:
        return Counter({_number(rating): count for rating, count in said.items()})
    if isinstance(listed := truth.get("ratings"), list):
        return Counter(_number(rating) for rating in listed)
    if "voted_up" in truth:
        return Counter({1.0: int(str(truth["voted_up"])), 0.0: int(str(truth["voted_down"]))})
    return None


def _number(value: object) -> float | None:
    """None for 0 as well: on scales that begin at 1, which all of these do, it says that nobody rated."""
    return float(str(value)) or None if value not in (None, "None") else None


def _shown(ratings: Counter[float | None]) -> str:
    return ", ".join(f"{count}x{rating}" for rating, count in sorted(ratings.items(), key=str))


def _differences(known: Mapping[str, object], line: Line, key: bytes) -> Iterator[str]:
    if (start := known.get("text_start")) and not _plain(line["text"]).startswith(_plain(start)[:40]):
        yield f"text: expected {_plain(start)[:40]!r}, found {_plain(line['text'])[:40]!r}"
    rating = parse_rating(str(known["rating"])) if known.get("rating") is not None else None
    if rating is not None and rating[0] and line["rating"] != rating[0]:
        yield f"rating: expected {rating[0]}, found {line['rating']}"
    if isinstance(up := known.get("voted_up"), bool) and line["rating"] != float(up):
        yield f"rating: expected {up}, found {line['rating']}"
    if (said := known.get("date")) and str(line["published_at"])[:10] not in _days(str(said)):
        yield f"date: expected {said}, found {line['published_at']}"
    if (author := known.get("author")) and line["author_hash"] != author_hash(str(author), key):
        yield f"author: expected the hash of {author!r}"


def _days(said: str) -> set[str]:
    """The days that a date as printed may mean: 3/1/2024 is either of two, and a moment with an offset is landed as UTC."""
    words = said.rpartition(" on ")[2]  # Reviewed in the United Kingdom on 8 April 2016
    read = [dateutil.parser.parse(words, dayfirst=dayfirst) for dayfirst in (False, True)]
    return {str(moment.astimezone(UTC) if moment.tzinfo else moment)[:10] for moment in read}


def _plain(text: object) -> str:
    return " ".join(text_of(str(text)).split())


def aggregate(_truth: Truth, lines: Sequence[Line], said: str, _key: bytes) -> Found:
    """An answer that holds totals only: no review may come of it."""
    return Found(found=len(lines), misses=[said] if lines else [])


def questions(truth: Truth, lines: Sequence[Line], _said: str, _key: bytes) -> Found:
    expected = int(str(truth["qa_pairs"]))
    here = Found(expected=expected, found=len(lines), right=min(expected, len(lines)))
    asked = [_plain(line["question"]) for line in lines]
    for name, index in (("first_question", 0), ("second_question", 1), ("last_question", -1)):
        if (known := truth.get(name)) and (len(asked) <= max(index, 0) or asked[index] != _plain(known)):
            here.misses.append(f"{name}: expected {known!r}, found {asked[index] if len(asked) > max(index, 0) else None!r}")
    start = truth.get("first_answer_start")
    if start and lines and not _plain(lines[0]["answer"]).startswith(_plain(start)[:60]):
        here.misses.append(f"first answer: expected {_plain(start)[:60]!r}, found {_plain(lines[0]['answer'])[:60]!r}")
    if expected != len(lines):
        here.misses.append(f"expected {expected} pairs, found {len(lines)}")
    here.right = max(0, here.right - len(here.misses))
    return here


def results(truth: Truth, lines: Sequence[Line], said: str, _key: bytes) -> Found:
    listed = truth["all_urls"]
    assert isinstance(listed, list)
    first, found = listed[:10], [line["url"] for line in lines][:10]
    status = "observed" if listed else "blocked" if truth.get("blocked") else "absent"
    right = first == found and (bool(listed) or f"answered '{status}'" in said)
    misses = [] if right else [f"expected {status}, {len(first)} addresses; found {len(found)} ({said.strip()[-120:]})"]
    return Found(expected=1, found=1, right=int(right), misses=misses)


def vendors(truth: Truth, lines: Sequence[Line], _said: str, _key: bytes) -> Found:
    active = truth["widgets_active"]
    assert isinstance(active, list)
    wanted = sorted(name.removesuffix(" (tracking loader)") for name in active if "preconnect only" not in name)
    found = sorted(str(line["vendor"]) for line in lines if line["kind"] == "chat")
    misses = [] if wanted == found else [f"expected {wanted}, found {found}"]
    return Found(expected=1, found=1, right=int(not misses), misses=misses)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of files: how they are parsed and judged, and what is wanted of them at least."""

    title: str
    folders: tuple[str, ...]
    parse_as: str
    judge: Judge
    least: float


KINDS = (
    Kind("review pages and feeds", ("review_page", "review_feed"), "reviews", reviews, 0.97),
    Kind("review exports", ("review_export",), "reviews", reviews, 0.97),
    Kind("FAQ and help pages", ("faq_page", "help_center"), "faq", questions, 0.95),
    Kind("search results", ("serp_html", "serp_api"), "ranking", results, 0.95),
    Kind("chat widgets", ("chat_widget",), "contact", vendors, 0.95),
)
TOTALS_ONLY = ("rakuten_ichiba_items",)


def evaluate(corpus: Path, key_file: Path) -> bool:
    """Prints the tables; True when every kind reaches what is wanted of it. Authors are compared by their hash, as they land."""
    key = author_key(key_file)
    manifest = json.loads((corpus / "MANIFEST.json").read_text("utf-8"))
    reached = True
    for kind in KINDS:
        whole = Found()
        invented, pages = 0, 0
        for entry in manifest:
            file = str(entry["file"])
            if file.split("/", maxsplit=1)[0] not in kind.folders:
                continue
            lines, said = parsed(kind.parse_as, corpus / file, key_file)
            judge = aggregate if any(name in file for name in TOTALS_ONLY) else kind.judge
            here = judge(entry["truth"], lines, said, key)
            pages += 1
            whole.expected += here.expected
            whole.found += here.found
            whole.right += here.right
            whole.ends_wrong += here.ends_wrong
            invented += max(0, here.found - here.expected)
            whole.misses += [f"{file}: {miss}" for miss in here.misses]
            if here.misses and not lines and said:
                whole.misses.append(f"{file}: {said[-300:]}")
        precision = whole.right / whole.found if whole.found else 1.0
        recall = whole.right / whole.expected if whole.expected else 1.0
        f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
        reached &= min(recall, f1) >= kind.least and not invented and not whole.ends_wrong
        print(
            f"{kind.title:<24} {pages:>3} files  expected {whole.expected:>6,}  found {whole.found:>6,}  right {whole.right:>6,}  "
            f"wrong {whole.found - whole.right:>4,}  invented {invented:>3}  recall {recall:.4f}  F1 {f1:.4f}  wanted {kind.least}"
        )
        for miss in whole.misses:
            print(f"    {miss}")
    return reached


def main() -> int:
    if not (CORPUS / "MANIFEST.json").exists():
        print(f"expected a corpus at {CORPUS}, found none. Set RIVALSCOPE_CORPUS to the folder that holds its MANIFEST.json.")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        return 0 if evaluate(CORPUS, Path(folder) / "author.key") else 1


if __name__ == "__main__":
    sys.exit(main())
