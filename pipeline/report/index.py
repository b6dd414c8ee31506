"""reports/index.html and reports/feed.atom: all published runs of a market, what each changed, and how long each cell has stood.

Both are written anew at each publish and put in place in one step. Neither has script, and nothing in them is loaded from anywhere.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipeline.report import feed, file_in
from pipeline.report.facts import QUADRANTS, Report
from pipeline.report.history import MEMORY, Past, Row, history, replace_file, rows
from pipeline.report.html import csp_hash
from pipeline.report.wording import OWN_NAMES, tight

FILE_NAME = "index.html"

IN_FULL = 52
"""Runs, the newest, whose changes can be read on the page; of earlier ones it has the numbers and the report."""

_FORMATS = ("html", "pptx", "xlsx", "md", "json")
"""As they stand beside each other, what most readers open first."""

_FOR_ALL = ("json",)
"""Written once, whatever the languages."""

_FOLDER = Path(__file__).parent
_REPORT = re.compile(r"report(?:\.(?P<language>[a-z]{2}))?\.(?P<format>[a-z]+)")


@dataclass(frozen=True, slots=True)
class Link:
    href: str
    """From the folder of reports on."""
    name: str
    language: str | None = None
    """None where it is the page's own, or not known."""


def write(
    folder: Path,
    kept: Path,
    reports: Sequence[Report],
    *,
    address: str | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> list[Path]:
    """Writes both files into the folder of reports, in the language of each of `reports`, the newest run's; the first language has the bare names.

    `kept`: the folder of the runs' cells. `address`: where the folder of reports is served, if anywhere.
    """
    runs = history(kept, folder / MEMORY, progress)
    languages = [report.words.language for report in reports]
    written = []
    for report in reports:
        language = report.words.language
        feed_file = file_in(language, feed.FILE_NAME, languages)
        files = {run.run_id: _files(folder, run.run_id, language, languages) for run in runs}
        pages = {run_id: links[0].href for run_id, links in files.items() if links and links[0].href.endswith(".html")}
        for name, body in (
            (FILE_NAME, render(report, runs, files, languages)),
            (feed.FILE_NAME, feed.render(report, runs, address, feed_file, pages)),
        ):
            path = folder / file_in(language, name, languages)
            replace_file(path, body)
            written.append(path)
    return written


def render(
    report: Report, runs: Sequence[Past], files: Mapping[str, Sequence[Link]], languages: Sequence[str] = ("en",)
) -> bytes:
    """The page. `files`: those of each run's report."""
    zone = ZoneInfo(report.run.timezone)
    words = report.words

    def claim(row: Row, stands: bool) -> str:
        now = report.cell(row.cell.cell_id) if stands else None
        return now.claim if now else row.cell.said(words)

    def local(moment: datetime) -> datetime:
        return moment.astimezone(zone)

    environment = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters |= {"local": local, "tight": tight, "day": words.day, "moment": words.moment, "count": words.count}
    environment.globals |= {"_": words.say, "_n": words.plural, "claim": claim}
    css = "".join((_FOLDER / name).read_text(encoding="utf-8") for name in ("report.css", "index.css"))
    page = environment.get_template("index.html.j2").render(
        r=report,
        words=words,
        css=Markup(css),  # noqa: S704 - our own files
        css_hash=csp_hash(css),
        runs=list(reversed(runs)),
        files=files,
        in_full=IN_FULL,
        quadrants=QUADRANTS,
        brands=[(brand, list(found)) for brand, found in groupby(_by_brand(report, list(runs)), key=lambda row: row.cell.brand)],
        all=list(runs),
        feed=file_in(words.language, feed.FILE_NAME, languages),
        others=[Link(file_in(one, FILE_NAME, languages), OWN_NAMES[one], one) for one in languages if one != words.language],
    )
    return page.encode("utf-8")


def _by_brand(report: Report, runs: list[Past]) -> list[Row]:
    """Ours first, then in the table's order, then brands that have left the market; of each by quadrant: what stands, then what stood longest."""
    brands = {brand.brand: place for place, brand in enumerate(report.brands)}
    quadrants = {quadrant: place for place, quadrant in enumerate(QUADRANTS)}

    def place(row: Row) -> tuple[int, str, int, bool, int]:
        brand, quadrant = row.cell.brand, quadrants.get(row.cell.quadrant, len(quadrants))
        return brands.get(brand, len(brands)), brand, quadrant, row.stood[-1][1] < len(runs) - 1, -row.run_count

    return sorted(rows(runs), key=place)


def _files(folder: Path, run_id: str, language: str, languages: Sequence[str]) -> list[Link]:
    """Of the run's report: those in this language first, then each other language's, which are named; empty where none is kept."""
    place = folder / run_id
    found = []
    for path in place.iterdir() if place.is_dir() else ():
        if not (match := _REPORT.fullmatch(path.name)):
            continue
        form, spoken = match["format"], match["language"] or languages[0]  # the first language has the bare names
        if form in _FORMATS:
            known = languages.index(spoken) if spoken in languages else len(languages)
            order = (form in _FOR_ALL, spoken != language, known, spoken, _FORMATS.index(form))
            named = "" if spoken == language or form in _FOR_ALL else f" {OWN_NAMES.get(spoken, spoken)}"
            found.append((order, Link(f"{run_id}/{path.name}", form.upper() + named, spoken if named else None)))
    return [link for _, link in sorted(found, key=lambda one: one[0])]
