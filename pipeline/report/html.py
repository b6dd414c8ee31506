"""report.html: one self-contained page. Nothing is loaded from anywhere; the only script is our own, by its hash; without it the page is whole."""

import base64
import hashlib
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import groupby
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from pipeline.report import chart, file_in, wording
from pipeline.report.facts import Report
from pipeline.report.headline import headline
from pipeline.report.rows import AuditPart, Cell, Course, Quote, Sighting, Tactic, Visibility
from pipeline.words import FORMATS

FILE = "report.html"

CLAIMS_SHOWN = 4
"""In one box of the table; the others fold away behind a count."""

COURSES_MAX = 6
"""Charts of single themes."""

_FOLDER = Path(__file__).parent


def render(report: Report) -> bytes:
    words = report.words
    page = _Page(report)
    css = (_FOLDER / "report.css").read_text(encoding="utf-8") + _of_report(report)
    script = (_FOLDER / "report.js").read_text(encoding="utf-8")
    flagged, counted = (sum(getattr(f, n) for f in report.flagged) for n in ("flagged_count", "review_count"))
    courses = [_Drawn.of(report, brand, theme, months) for (brand, theme), months in _courses(report)]
    html = _template().render(
        r=report,
        words=words,
        _=words.html,
        _n=words.html_plural,
        page=page,
        appeared=frozenset(report.since.appeared if report.since else ()),
        css=Markup(css),  # noqa: S704 - our own file, and escaped values
        style_hash=csp_hash(css),
        script=Markup(script),  # noqa: S704 - our own file
        script_hash=csp_hash(script),
        headline=headline(report),
        others=[
            (language, wording.OWN_NAMES[language], file_in(language, FILE, report.languages))
            for language in report.languages
            if language != words.language
        ],
        trend=Markup(chart.trend_svg(report)),  # noqa: S704 - drawn by Vega from escaped values
        has_own_band_alone=bool(chart.bands(report)) and chart.bands(report) != chart.lines(report),
        overall_changes=any(change.theme is None for change in report.changes),
        map=Markup(chart.position_svg(report)),  # noqa: S704 - as above
        courses=courses,
        by_month=_by_month(courses),
        # What is sure comes first; a rating that may have moved is told after it.
        movements=sorted(report.movements, key=lambda movement: movement.arrow not in {"up", "down"}),
        flagged_share=flagged / counted if counted else None,
        shown=CLAIMS_SHOWN,
    )
    return html.encode("utf-8")


@cache
def _template() -> Template:
    # Everything is escaped; only our own style sheet and script and the drawn charts are markup.
    environment = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters |= {name: _said(name) for name in (*FORMATS, "stars", "quoted_from", "language_name")}
    environment.filters |= {"heat": _heat, "is_web": wording.is_web, "tight": wording.tight, "host": _host}
    environment.globals |= {"link": _link, "code": _code, "sign": _sign}
    return environment.get_template("report.html.j2")


def _said(name: str) -> Callable[[Context, object], str]:
    """A method of the report's words as a filter: compiled once, the template says all languages."""

    @pass_context
    def said(context: Context, value: object) -> str:
        return str(getattr(context["words"], name)(value))

    return said


@dataclass(frozen=True, slots=True)
class _Drawn:
    """One share of complaints over time."""

    brand: str
    theme: str | None
    title: str
    caption: str
    svg: Markup
    months: Sequence[Course]

    @classmethod
    def of(cls, report: Report, brand: str, theme: str | None, months: Sequence[Course]) -> "_Drawn":
        words = report.words
        name = report.brand_name(brand)
        title = (
            words.say("{brand}: bad reviews by month", brand=name)
            if theme is None
            else words.say("{brand}: complaints about {theme} by month", brand=name, theme=words.label(report.theme_name(theme)))
        )
        changed = [change.month for change in report.changes if (change.brand, change.theme) == (brand, theme)]
        caption = words.say("{title}, share of reviews. No month was found in which it changed beyond noise.", title=title)
        if changed:
            months_named = words.listed([words.month(month) for month in sorted(changed)])
            caption = words.say("{title}, share of reviews. Dashed line: changed in {months}.", title=title, months=months_named)
        svg = chart.course_svg(report, months, changed, caption)
        return cls(brand, theme, title, caption, Markup(svg), months)  # noqa: S704 - drawn by Vega from escaped values


def _courses(report: Report) -> list[tuple[tuple[str, str | None], list[Course]]]:
    return [item for item in report.courses_by_topic.items() if len(item[1]) > 1][:COURSES_MAX]


def _by_month(courses: Sequence[_Drawn]) -> list[tuple[date, list[tuple[_Drawn, Course | None]]]]:
    """Newest first; each month's figures of every course, None where it has none."""
    found = [{each.month: each for each in course.months} for course in courses]
    months = sorted({month for months in found for month in months}, reverse=True)
    return [(month, [(course, of.get(month)) for course, of in zip(courses, found, strict=True)]) for month in months]


class _Page:
    """What the template asks of the report that no other format does."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._first: dict[tuple[object, ...], Cell] = {}
        """The first cell, as the page is read, that tells of a finding about another brand."""
        self._quoted: dict[tuple[object, ...], Cell] = {}
        for cell in report.cells:
            if _is_of_others(cell):
                self._first.setdefault(_finding(cell), cell)
            if quotes := self._passages(cell):
                self._quoted.setdefault(quotes, cell)

    @property
    def market_file(self) -> str:
        """As it stands in a command, quoted for the shell; the bare name where nobody said where the file is."""
        file = self._report.market_file
        if file is None:
            return shlex.quote(f"{self._report.run.market}.toml")
        here, whole = Path.cwd(), file.absolute()
        # Under the root, "relative" would say where a scheduler happens to stand.
        is_below = here != Path(here.anchor) and whole.is_relative_to(here)
        return shlex.quote(str(whole.relative_to(here) if is_below else whole))

    def facets(
        self,
        *,
        brand: str | None = None,
        theme: str | Sequence[str] | None = None,
        stage: str | None = None,
        language: Sequence[str] | str | None = None,
        period: str | None = None,
    ) -> Markup:
        """Attributes by which the filter knows an element. What is left out does not narrow it; no theme (`[]`) is hidden by any."""
        themes = None if theme is None else [theme] if isinstance(theme, str) else list(theme)
        stages = None if themes is None else sorted({found for one in themes if (found := self._report.stage_of(one))})
        values = {
            "brand": brand,
            "theme": None if themes is None else " ".join(themes),
            "stage": stage or (None if stages is None else " ".join(stages)),
            "language": language if isinstance(language, str) else " ".join(language or ()) or None,
            "period": period,
        }
        said = [Markup(' data-{}="{}"').format(name, value) for name, value in values.items() if value is not None]
        return Markup(" data-f") + Markup().join(said) if said else Markup()

    def of_cell(self, cell: Cell) -> Markup:
        quotes = self._report.quotes_of(cell.cell_id)
        languages = sorted({quote.language for quote in quotes if quote.language})
        # What stands on a page today belongs to no quarter.
        is_page = any(quote.quoted_from == "page" for quote in quotes)
        return self.facets(brand=cell.brand, theme=cell.theme or [], language=languages, period=None if is_page else cell.window)

    def of_quote(self, quote: Quote) -> Markup:
        current, day = self._report.current, quote.published_on
        in_current = current and day and current.starts_on and current.ends_on and current.starts_on <= day <= current.ends_on
        return self.facets(language=quote.language, period="current all" if in_current else "all")

    def of_tactic(self, tactic: Tactic) -> Markup:
        cells = [cell for cell_id in tactic.because if (cell := self._report.cell(cell_id))]
        return self.facets(theme=list(dict.fromkeys(cell.theme for cell in cells if cell.theme)))

    def shared(self, cell: Cell) -> str:
        """The claim in short where a row above tells the same with the same figures at full length; else empty."""
        if not _is_of_others(cell):
            return ""
        first = self._first[_finding(cell)]
        if first is cell:
            return ""
        say = self._report.words.say
        row = self._report.brand_name(first.brand)
        if cell.metric.startswith("new_complaint ") and cell.about:
            term = cell.metric.split(" ", 2)[-1]
            about = self._report.brand_name(cell.about)
            return say("New complaint “{term}” at {rival}: as in the row of {brand}", term=term, rival=about, brand=row)
        if cell.theme is None:
            return say("As in the row of {brand}: {claim}", brand=row, claim=_clipped(first.claim))
        theme = self._report.theme_name(cell.theme)
        if cell.about is None:
            return say("{theme}: as in the row of {brand}", theme=theme, brand=row)
        about = self._report.brand_name(cell.about)
        return say("{theme} at {rival}: as in the row of {brand}", theme=theme, rival=about, brand=row)

    def same_quotes(self, cell: Cell) -> Cell | None:
        """The cell further up that has the very same passages."""
        quotes = self._passages(cell)
        first = self._quoted[quotes] if quotes else None
        return None if first is cell else first

    def sightings(self, cell: Cell) -> list[Sighting]:
        """The archived pages of its quotes, each once."""
        found = [self._report.sighting(quote.review_id) for quote in self._report.quotes_of(cell.cell_id)]
        return list({one.page_sha256: one for one in found if one and one.page_sha256}.values())

    def mark(self, verdict: str) -> Markup:
        words = self._report.words
        marks = {
            "strength": ("▲", words.say("above the rest of the market")),
            "weakness": ("▼", words.say("below the rest of the market")),
        }
        if verdict not in marks:
            return Markup()
        sign, said = marks[verdict]
        return Markup(' <span class="sig" role="img" aria-label="{}">{}</span>').format(said, sign)

    @property
    def audit(self) -> list[tuple[str, list[tuple[str, dict[str, AuditPart]]]]]:
        """Area to its parts, each with its row by brand."""
        parts = self._report.audit_parts
        return [(area, [(part, rows) for _, part, rows in of]) for area, of in groupby(parts, key=lambda one: one[0])]

    @property
    def visibilities(self) -> list[tuple[str, dict[str, Visibility]]]:
        """Engine to its row by brand."""
        found = groupby(self._report.visibilities, key=lambda one: one.engine)
        return [(engine, {row.brand: row for row in rows}) for engine, rows in found]

    def _passages(self, cell: Cell) -> tuple[object, ...]:
        return tuple((q.quote, q.url, q.published_on, q.is_counter) for q in self._report.quotes_of(cell.cell_id))


def _is_of_others(cell: Cell) -> bool:
    return cell.quadrant in {"opportunity", "threat"} and cell.about != cell.brand


def _finding(cell: Cell) -> tuple[object, ...]:
    # Of a named brand's finding the figures are its own, in whichever row it stands; one of the whole market is held against each row's brand.
    said = cell.claim if cell.about is None else None
    return cell.quadrant, cell.about, cell.theme, cell.metric, cell.window, cell.statistics, said


def _clipped(text: str) -> str:
    return text if len(text) <= 90 else f"{text[:89].rstrip()}…"


def _link(href: str, text: str) -> Markup:
    """Within the page."""
    return Markup('<a href="{}">{}</a>').format(href, text)


def _code(text: str) -> Markup:
    return Markup("<code>{}</code>").format(text)


def _sign(sign: str) -> Markup:
    return Markup('<span class="sig">{}</span>').format(sign)


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.rpartition("@")[2][:60]
    except ValueError:  # "http://[": a link that leads nowhere still stands as it was seen
        return url[:60]


def _heat(net_sentiment: float) -> str:
    """A class: p for praise, m for complaints, 0 to 5 by the distance from zero."""
    step = min(5, round(abs(net_sentiment) * 5))
    return f"h {'m' if net_sentiment < 0 and step else 'p'}{step}"


def _of_report(report: Report) -> str:
    """What the style sheet must know of this report: the number of columns, and the running head of printed pages."""
    head = report.words.say("{market}: CX SWOT, {day:day}", market=report.run.market_name, day=report.run.day)
    return f':root{{--brands:{len(report.brands)}}}\n@page{{@top-left{{content:"{_css_string(head)}"}}}}\n'


def _css_string(text: str) -> str:
    """Letters, digits and blanks as they are, everything else by its number: nothing ends the string or the style sheet."""
    return "".join(c if c.isalnum() or c == " " else f"\\{ord(c) or 0xFFFD:x} " for c in text)


def csp_hash(text: str) -> str:
    """By which a Content-Security-Policy allows this text of a page and no other."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
