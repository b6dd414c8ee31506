"""What report.xlsx holds: each sheet declared once, with the title, the value and the form of each column. How it is written stands in xlsx.py."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Generic, Literal, TypeVar

from pipeline.report.facts import QUADRANTS, Report
from pipeline.report.rows import (
    AuditPart,
    Brand,
    Cause,
    Cell,
    ChangePoint,
    Crawl,
    Driver,
    EmergingTerm,
    Gap,
    Movement,
    Place,
    Point,
    Priority,
    Quote,
    Ranking,
    Reading,
    Square,
    Stage,
    Tactic,
    Theme,
    Visibility,
    Voice,
)

Value = str | float | bool | date | datetime | None

Form = Literal["text", "long", "number", "tenth", "count", "share", "net", "stars", "q", "day", "month", "moment", "yes"]
"""How a value is shown; a share is 0..1, net sentiment or a difference -1..1, a moment UTC."""

R = TypeVar("R")


@dataclass(frozen=True)
class Column(Generic[R]):
    title: str
    value: Callable[[R], Value]
    form: Form = "text"
    width: int | None = None
    """Characters; None for what the form takes."""


@dataclass(frozen=True, slots=True)
class Chart:
    """Beside the table. Columns are counted from 0."""

    kind: Literal["line", "bar", "map"]
    title: str
    labels: int
    values: Sequence[int]
    """Of a map: x and y."""
    series: int | None = None
    """Column whose values name the series, each a stretch of rows; None where each column of values is a series."""
    most: int = 12
    """Rows of a series that are drawn."""
    span: tuple[float, float] | None = None
    """Of the axis of values; None for what fits."""


@dataclass(frozen=True)  # without slots: with them Sheet[Brand](…) fails in Python 3.11
class Sheet(Generic[R]):
    title: str
    about: str
    """One sentence: what a row is."""
    rows: Sequence[R]
    columns: Sequence[Column[R]]
    heat: range = range(0)
    """Columns that are coloured by their value, -1 to 1."""
    chart: Chart | None = None
    frozen: int = 1
    """Columns that stay in sight."""


@dataclass(frozen=True, slots=True)
class Change:
    kind: str
    brand: str
    quadrant: str
    theme: str | None
    claim: str
    before: str | None


def sheets(report: Report) -> Iterator[Sheet[Any]]:
    """In the order of the tabs; one that has nothing to tell is there and empty, so that a reader's formulas keep their place."""
    yield from _table(report)
    yield from _why(report)
    yield from _over_time(report)
    yield from _places(report)
    yield from _quality(report)


def _table(report: Report) -> Iterator[Sheet[Any]]:
    _ = report.words.say
    words = report.words
    yield Sheet[Brand](
        _("SWOT"),
        _("The comparison table: a row for each brand, ours first."),
        report.brands,
        [
            Column(_("Brand"), lambda b: b.name),
            *(Column(words.quadrant_names[q], _box(report, q), "long", 52) for q in QUADRANTS),
        ],
    )
    yield Sheet[Brand](
        _("Brands"),
        _("Each brand in numbers."),
        report.brands,
        [
            Column(_("Brand"), lambda b: b.name),
            Column(_("Ours"), lambda b: b.own, "yes"),
            Column(_("Reviews"), lambda b: b.review_count, "count"),
            Column(_("Stars"), lambda b: b.mean_stars, "stars"),
            Column(_("Net sentiment"), lambda b: b.net_sentiment, "net"),
            Column(_("Reviews answered"), lambda b: b.reply_rate, "share"),
            Column(_("Low"), lambda b: b.reply_low, "share"),
            Column(_("High"), lambda b: b.reply_high, "share"),
            Column(_("Hours to an answer (median)"), lambda b: b.median_reply_hours, "tenth"),
            Column(_("Questions in the FAQ"), lambda b: b.faq_count, "count"),
            Column(_("Contact channels"), lambda b: None if b.channels is None else ", ".join(b.channels), "long", 40),
            Column(_("Share of clicks on the watched searches"), lambda b: b.visibility, "share"),
        ],
    )
    yield Sheet[Cell](
        _("Cells"),
        _("Each claim of the table with its numbers; its id is that of the evidence."),
        report.cells,
        [
            Column(_("Cell ID"), lambda c: c.cell_id),
            Column(_("Brand"), lambda c: report.brand_name(c.brand)),
            Column(_("Quadrant"), lambda c: words.quadrant(c.quadrant)),
            Column(_("Theme"), lambda c: report.theme_name(c.theme), width=24),
            Column(_("Claim"), lambda c: c.claim, "long", 70),
            Column(_("For us"), lambda c: words.stance(c.for_us) if c.for_us else None),
            Column(_("Why it means that"), lambda c: c.for_us_reason, "long", 50),
            Column(_("Effect"), lambda c: c.effect, "net"),
            Column(_("Low"), lambda c: c.low, "net"),
            Column(_("High"), lambda c: c.high, "net"),
            Column("n", lambda c: c.n, "count"),
            Column(_("n of the others"), lambda c: c.n_rest, "count"),
            Column("q", lambda c: c.q_value, "q"),
            Column(_("Without flagged reviews"), lambda c: s.told if (s := report.survival(c.cell_id)) else None, "long", 30),
            Column(_("Metric"), lambda c: c.metric),
            Column(_("Rule"), lambda c: c.rule, width=24),
        ],
        frozen=2,
    )
    yield Sheet[Quote](
        _("Evidence"),
        _("The quotes behind each cell, in the customers' own words, with the page on which they were seen."),
        report.quotes,
        [
            Column(_("Cell ID"), lambda q: q.cell_id),
            Column(_("Brand"), lambda q: report.brand_name(q.brand)),
            Column(_("Quote"), lambda q: q.quote, "long", 80),
            Column(_("Stars"), lambda q: q.stars, "number", 7),
            Column(_("of"), lambda q: q.stars_max, "number", 5),
            Column(_("Published"), lambda q: q.published_on, "day"),
            Column(_("Source"), lambda q: q.source),
            Column(_("Language"), lambda q: words.language_name(q.language) if q.language else None),
            Column(_("A voice against it"), lambda q: q.is_counter, "yes"),
            Column(_("Page"), lambda q: q.url, width=50),
        ],
    )
    yield Sheet[Change](
        _("What changed"),
        _("Cells that came, went, or say otherwise than in the report before."),
        list(_changes(report)),
        [
            Column(_("Change"), lambda c: c.kind),
            Column(_("Brand"), lambda c: report.brand_name(c.brand)),
            Column(_("Quadrant"), lambda c: words.quadrant(c.quadrant)),
            Column(_("Theme"), lambda c: report.theme_name(c.theme), width=24),
            Column(_("Claim"), lambda c: c.claim, "long", 70),
            Column(_("Claim before"), lambda c: c.before, "long", 70),
        ],
    )
    yield Sheet[Tactic](
        _("What to do"),
        _("Tactics in the order of impact and feasibility."),
        report.roadmap,
        [
            Column(_("Order"), lambda t: t.position, "count", 7),
            Column(_("Tactic"), lambda t: t.title, "long", 40),
            Column(_("Pain"), lambda t: t.pain, "long", 50),
            Column(_("Steps"), lambda t: "\n".join(t.steps), "long", 80),
            Column(_("Impact, stars"), lambda t: t.impact, "stars"),
            Column(_("Low"), lambda t: t.impact_low, "stars"),
            Column(_("High"), lambda t: t.impact_high, "stars"),
            Column(_("Feasibility, 1 to 5"), lambda t: t.feasibility, "count"),
            Column(_("Blocked"), lambda t: t.is_blocked, "yes"),
            Column(_("Cost"), words.cost, width=14),
            Column(_("Weeks"), lambda t: t.lead_weeks, "count", 8),
            Column(_("Shown by"), words.shown_by, "long", 40),
            Column(_("Cell IDs"), lambda t: "\n".join(t.because), "text", 20),
        ],
        frozen=2,
    )


def _box(report: Report, quadrant: str) -> Callable[[Brand], str]:
    def box(brand: Brand) -> str:
        claims = (f"• {c.claim} ({c.statistics})" for c in report.cells_of(brand.brand, quadrant))
        return "\n".join(claims) or report.empty_text(brand.brand, quadrant)

    return box


def _changes(report: Report) -> Iterator[Change]:
    if report.since is None:
        return
    _ = report.words.say
    for cell_id in report.since.appeared:
        if cell := report.cell(cell_id):
            yield Change(_("New"), cell.brand, cell.quadrant, cell.theme, cell.claim, None)
    for gone in report.since.gone:
        yield Change(_("No longer shown"), gone.brand, gone.quadrant, gone.theme, "", gone.said(report.words))
    for moved in report.since.moved:
        if cell := report.cell(moved.cell_id):
            yield Change(_("Other figures"), cell.brand, cell.quadrant, cell.theme, cell.claim, moved.said(report.words))


def _why(report: Report) -> Iterator[Sheet[Any]]:
    _ = report.words.say
    yield Sheet[Driver](
        _("What moves the stars"),
        _("How many stars go with praise and with a complaint of each theme, all themes in one model over the whole market."),
        report.drivers,
        [
            Column(_("Theme"), lambda d: report.theme_name(d.theme), width=26),
            Column(_("With praise"), lambda d: d.praise_stars, "net"),
            Column(_("Low"), lambda d: d.praise_low, "net"),
            Column(_("High"), lambda d: d.praise_high, "net"),
            Column(_("Reviews with praise"), lambda d: d.praise_count, "count"),
            Column(_("With a complaint"), lambda d: d.complaint_stars, "net"),
            Column(_("Low"), lambda d: d.complaint_low, "net"),
            Column(_("High"), lambda d: d.complaint_high, "net"),
            Column(_("Reviews with a complaint"), lambda d: d.complaint_count, "count"),
            Column(_("Takes from the mean"), lambda d: d.stars_lost, "net"),
            Column(_("Low"), lambda d: d.stars_lost_low, "net"),
            Column(_("High"), lambda d: d.stars_lost_high, "net"),
        ],
        chart=Chart("bar", _("Stars that go with a complaint"), 0, [5]),
    )
    order = {brand.brand: place for place, brand in enumerate(report.brands)}
    for title, about, found in (
        (_("What hurts"), _("Complaints: how many customers a theme reaches, and how strongly they feel it."), report.pains),
        (_("What delights"), _("Praise: how many customers a theme reaches, and how strongly they feel it."), report.delights),
    ):
        yield Sheet[Priority](
            title,
            about,
            sorted(found, key=lambda p: order.get(p.brand, len(order))),
            [
                Column(_("Brand"), lambda p: report.brand_name(p.brand)),
                Column(_("Order"), lambda p: p.position, "count", 7),
                Column(_("Theme"), lambda p: report.theme_name(p.theme), width=26),
                Column(_("Reviews"), lambda p: p.reached_count, "count"),
                Column(_("Reach"), lambda p: p.reach, "share"),
                Column(_("Low"), lambda p: p.reach_low, "share"),
                Column(_("High"), lambda p: p.reach_high, "share"),
                Column(_("Intensity, 0 to 1"), lambda p: p.intensity, "stars"),
                Column(_("Priority, 0 to 1"), lambda p: p.priority, "number"),
                Column(_("Low"), lambda p: p.priority_low, "number"),
                Column(_("High"), lambda p: p.priority_high, "number"),
                Column(_("Best rank"), lambda p: p.rank_low, "count"),
                Column(_("Worst rank"), lambda p: p.rank_high, "count"),
            ],
            chart=Chart("bar", _("Share of reviews that each theme reaches"), 2, [4], series=0, most=8),
        )
    yield Sheet[Cause](
        _("Hypotheses of cause"),
        _("Complaints that come together more often than chance: read the reviews, then ask those who would know."),
        report.causes,
        [
            Column(_("Theme"), lambda c: report.theme_name(c.theme), width=26),
            Column(_("And"), lambda c: report.theme_name(c.other_theme), width=26),
            Column(_("Hypothesis"), lambda c: c.hypothesis, "long", 90),
            Column(_("Reviews with both"), lambda c: c.both_count, "count"),
            Column(_("Times as often as by chance"), lambda c: c.lift, "stars"),
            Column(_("Low"), lambda c: c.low, "stars"),
            Column(_("High"), lambda c: c.high, "stars"),
            Column("q", lambda c: c.q_value, "q"),
        ],
    )
    spoken_of = [theme for _stage, themes in report.stages for theme in themes]
    yield Sheet[Theme](
        _("Heat map"),
        _(
            "Net sentiment of each theme at each brand over all reviews; orange for complaints, blue for praise, empty where too few mention it."
        ),
        spoken_of,
        [
            Column(_("Stage"), lambda t: report.words.stage(t.stage)),
            Column(_("Theme"), lambda t: report.theme_name(t.theme), width=28),
            *(Column(b.name, _square(report, b.brand), "net", 14) for b in report.brands),
        ],
        heat=range(2, 2 + len(report.brands)),
        frozen=2,
    )
    yield Sheet[Square](
        _("Themes"),
        _("The figures of the heat map with intervals and the verdict of the test."),
        report.matrix,
        [
            Column(_("Theme"), lambda m: report.theme_name(m.theme), width=26),
            Column(_("Brand"), lambda m: report.brand_name(m.brand)),
            Column("n", lambda m: m.mentioning_count, "count"),
            Column(_("Net sentiment"), lambda m: m.net_sentiment, "net"),
            Column(_("Low"), lambda m: m.net_low, "net"),
            Column(_("High"), lambda m: m.net_high, "net"),
            Column(_("Share of reviews"), lambda m: m.share, "share"),
            Column(_("Complaints"), lambda m: m.complaint_share, "share"),
            Column(_("Praise"), lambda m: m.praise_share, "share"),
            Column("q", lambda m: m.q_value, "q"),
            Column(_("Against the rest"), report.words.verdict, width=26),
        ],
        heat=range(3, 4),
    )
    yield Sheet[EmergingTerm](
        _("Not covered yet"),
        _("Complaints that grow and that no theme covers."),
        report.emerging,
        [
            Column(_("Term"), lambda t: t.term, width=24),
            Column(_("Brand"), lambda t: report.brand_name(t.brand) or _("all brands")),
            Column(_("Language"), lambda t: report.words.language_name(t.language)),
            Column(_("Complaints"), lambda t: t.complaint_count, "count"),
            Column(_("Reviews"), lambda t: t.review_count, "count"),
            Column(_("Share"), lambda t: t.share, "share"),
            Column(_("Low"), lambda t: t.share_low, "share"),
            Column(_("High"), lambda t: t.share_high, "share"),
            Column(_("Complaints before"), lambda t: t.complaint_count_before, "count"),
            Column(_("Reviews before"), lambda t: t.review_count_before, "count"),
            Column("q", lambda t: t.q_value, "q"),
            Column(_("Quotes"), lambda t: "\n".join(quote.quote for quote in report.quotes_on(t)), "long", 90),
        ],
    )


def _square(report: Report, brand: str) -> Callable[[Theme], float | None]:
    def square(theme: Theme) -> float | None:
        found = report.matrix_of(theme.theme, brand)
        return found.net_sentiment if found and found.mentioning_count >= report.method.min_reviews else None

    return square


def _over_time(report: Report) -> Iterator[Sheet[Any]]:
    _ = report.words.say
    words = report.words
    yield Sheet[tuple[date, dict[str, Point]]](
        _("Trend"),
        _("Net sentiment by month and brand; empty where a brand had too few reviews."),
        _months(report),
        [
            Column(_("Month"), lambda m: m[0], "month"),
            *(Column(b.name, _at(b.brand), "net", 14) for b in report.brands),
        ],
        chart=Chart("line", _("Net sentiment by month"), 0, range(1, 1 + len(report.brands)), span=(-1, 1)),
    )
    yield Sheet[Point](
        _("Trend by theme"),
        _("Net sentiment by month, brand and theme, with intervals."),
        [point for point in report.trend if point.mentioning_count],
        [
            Column(_("Month"), lambda p: p.month, "month"),
            Column(_("Brand"), lambda p: report.brand_name(p.brand)),
            Column(_("Theme"), lambda p: report.theme_name(p.theme) or _("the review as a whole"), width=26),
            Column("n", lambda p: p.mentioning_count, "count"),
            Column(_("Net sentiment"), lambda p: p.net_sentiment, "net"),
            Column(_("Low"), lambda p: p.net_low, "net"),
            Column(_("High"), lambda p: p.net_high, "net"),
        ],
    )
    yield Sheet[Movement](
        _("Movements"),
        _("What went up or down against the quarter before and the same days last year, where a test says so; of ratings all."),
        report.movements,
        [
            Column(_("Brand"), lambda m: report.brand_name(m.brand)),
            Column(_("What"), lambda m: words.moved(m, report.theme_name(m.theme)), width=40),
            Column(
                _("Against"),
                lambda m: _("the quarter before") if m.against == "previous" else _("the same days last year"),
                width=22,
            ),
            Column(_("Arrow"), lambda m: words.arrow(m) if m.arrow in {"up", "down"} else m.why_not, width=24),
            Column(
                _("Unit"),
                lambda m: _("stars") if m.metric == "rating" else _("-1 to 1") if m.metric == "net_sentiment" else _("share"),
            ),
            Column(_("Now"), lambda m: _stars(m, m.value), "stars"),
            Column(_("Before"), lambda m: _stars(m, m.value_before), "stars"),
            Column(_("Change"), lambda m: _scaled(m, m.effect), "net"),
            Column(_("Low"), lambda m: _scaled(m, m.low), "net"),
            Column(_("High"), lambda m: _scaled(m, m.high), "net"),
            Column("n", lambda m: m.n, "count"),
            Column(_("n before"), lambda m: m.n_before, "count"),
            Column("q", lambda m: m.q_value, "q"),
        ],
    )
    yield Sheet[ChangePoint](
        _("Since when"),
        _("The month in which complaints changed and stayed changed."),
        report.changes,
        [
            Column(_("Brand"), lambda c: report.brand_name(c.brand)),
            Column(_("Theme"), lambda c: report.theme_name(c.theme) or _("the review as a whole"), width=26),
            Column(_("Month"), lambda c: c.month, "month"),
            Column(_("Change"), lambda c: c.change, "long", 70),
            Column(_("For the brand"), lambda c: _("better") if c.direction == "better" else _("worse")),
            Column(_("May be the season"), lambda c: c.is_seasonal, "yes"),
            Column("q", lambda c: c.q_value, "q"),
        ],
    )


def _months(report: Report) -> list[tuple[date, dict[str, Point]]]:
    """The oldest first, also those in between of which nothing is known: a line must not run across them."""
    known = dict(report.months)
    found = []
    month = min(known, default=date.max)
    while known and month <= max(known):
        found.append((month, known.get(month, {})))
        month = (month.replace(day=1) + timedelta(days=32)).replace(day=1)
    return found


def _at(brand: str) -> Callable[[tuple[date, dict[str, Point]]], float | None]:
    return lambda month: point.net_sentiment if (point := month[1].get(brand)) else None


def _stars(movement: Movement, value: float | None) -> float | None:
    """A rating is kept as 0..1, and read as stars of five."""
    return 1 + 4 * value if value is not None and movement.metric == "rating" else value


def _scaled(movement: Movement, value: float | None) -> float | None:
    """As `_stars`, for a difference."""
    return 4 * value if value is not None and movement.metric == "rating" else value


def _places(report: Report) -> Iterator[Sheet[Any]]:
    _ = report.words.say
    words = report.words
    yield Sheet[Stage](
        _("Journey"),
        _("Net sentiment along the customer's journey, in models of five and of four stages."),
        report.journey,
        [
            Column(_("Stage"), lambda s: words.name(s.name), width=20),
            Column(_("Brand"), lambda s: report.brand_name(s.brand)),
            Column(_("Stages of the model"), lambda s: len(report.stages_of(s.model)), "count"),
            Column("n", lambda s: s.n, "count"),
            Column(_("Net sentiment"), lambda s: s.net_sentiment, "net"),
            Column(_("Low"), lambda s: s.net_low, "net"),
            Column(_("High"), lambda s: s.net_high, "net"),
            Column(_("Emotion"), lambda s: words.emotion(s.emotion) if s.emotion else None),
            Column(_("Share"), lambda s: s.emotion_share, "share"),
            Column(_("Weakest link"), lambda s: s.is_weakest, "yes"),
            Column(_("Best rival"), lambda s: report.brand_name(s.best_rival)),
            Column(_("Distance from it"), lambda s: s.gap, "net"),
            Column(_("Low"), lambda s: s.gap_low, "net"),
            Column(_("High"), lambda s: s.gap_high, "net"),
        ],
        heat=range(4, 5),
    )
    voices = {
        "reviews": _("reviews"),
        "shared_reviews": _("reviews on platforms that all share"),
        "posts": _("posts"),
        "searches": _("clicks on the watched searches"),
    }
    yield Sheet[Voice](
        _("Share of voice"),
        _("Each brand's share of reviews, posts and clicks over all time."),
        report.voices,
        [
            Column(_("Brand"), lambda v: report.brand_name(v.brand)),
            Column(_("Of"), lambda v: voices.get(v.voice, v.voice), width=36),
            Column("n", lambda v: v.n, "number"),
            Column(_("Out of"), lambda v: v.total, "number"),
            Column(_("Share"), lambda v: v.share, "share"),
            Column(_("Low"), lambda v: v.low, "share"),
            Column(_("High"), lambda v: v.high, "share"),
        ],
    )
    yield Sheet[Place](
        _("Position"),
        _("Where the brands stand on the map of two axes."),
        report.places,
        [
            Column(_("Brand"), lambda p: report.brand_name(p.brand)),
            Column(_("Across"), lambda p: report.themes_named(p.x_themes), width=30),
            Column(_("n across"), lambda p: p.x_n, "count"),
            Column(_("Net sentiment across"), lambda p: p.x, "net"),
            Column(_("Low"), lambda p: p.x_low, "net"),
            Column(_("High"), lambda p: p.x_high, "net"),
            Column(_("Up"), lambda p: report.themes_named(p.y_themes), width=30),
            Column(_("n up"), lambda p: p.y_n, "count"),
            Column(_("Net sentiment up"), lambda p: p.y, "net"),
            Column(_("Low"), lambda p: p.y_low, "net"),
            Column(_("High"), lambda p: p.y_high, "net"),
        ],
        chart=Chart("map", _("Map of the brands"), 0, [3, 8], series=0),
    )
    yield Sheet[Gap](
        _("Gaps"),
        _("Themes on which every rival is weak, and where we stand on them."),
        report.gaps,
        [
            Column(_("Brand"), lambda g: report.brand_name(g.brand)),
            Column(_("Theme"), lambda g: report.theme_name(g.theme), width=26),
            Column(_("Rivals"), lambda g: g.rivals_count, "count"),
            Column(_("Their reviews"), lambda g: g.rivals_n, "count"),
            Column(_("Best rival"), lambda g: report.brand_name(g.best_rival)),
            Column(_("Its net sentiment"), lambda g: g.best_net, "net"),
            Column(_("At most"), lambda g: g.best_high, "net"),
            Column(_("Reviews of the brand"), lambda g: g.own_n, "count"),
            Column(_("Net sentiment of the brand"), lambda g: g.own_net, "net"),
        ],
        frozen=2,
    )
    yield Sheet[AuditPart](
        _("Service audit"),
        _("What the FAQ, help and contact pages of each brand offer, as they were read. Facts of pages: there is no score."),
        report.audit,
        [
            Column(_("Brand"), lambda a: report.brand_name(a.brand)),
            Column(_("Area"), lambda a: words.audit_area(a.area), width=22),
            Column(_("Part"), lambda a: words.audit_part(a.part), width=40),
            Column(_("Value"), lambda a: a.value, "number"),
            Column(_("In words"), words.audited),
            Column("n", lambda a: a.n, "count"),
            Column(_("Detail"), lambda a: a.detail, "long", 60),
            Column(_("Read (UTC)"), lambda a: a.last_landed_at, "moment"),
        ],
    )
    yield Sheet[Ranking](
        _("Searches"),
        _("Where each brand stands in each watched search, and whether it moved by more than the draws lie apart."),
        report.rankings,
        [
            Column(_("Search"), lambda k: k.keyword, width=30),
            Column(_("Brand"), lambda k: report.brand_name(k.brand)),
            Column(_("Engine"), lambda k: k.engine, width=12),
            Column(_("Locale"), lambda k: k.locale, width=10),
            Column(_("Device"), lambda k: k.device, width=10),
            Column(_("Kind of result"), lambda k: k.result_type, width=12),
            Column(_("Rank"), lambda k: k.rank, "number"),
            Column(_("In words"), words.rank, width=22),
            Column(_("Spread"), lambda k: k.spread, "number"),
            Column(_("Rank before"), lambda k: k.earlier_rank, "number"),
            Column(_("Rose by"), lambda k: k.moved_by, "number"),
            Column(_("Change"), words.rank_change, width=24),
            Column(_("Checked (UTC)"), lambda k: k.as_of, "moment"),
        ],
        frozen=2,
    )
    yield Sheet[Visibility](
        _("Search visibility"),
        _("Share of the watched searches' clicks that each brand's rankings would draw."),
        report.visibilities,
        [
            Column(_("Brand"), lambda v: report.brand_name(v.brand)),
            Column(_("Engine"), lambda v: v.engine, width=12),
            Column(_("Share of clicks"), lambda v: v.visibility, "share"),
            Column(_("Searches answered"), lambda v: v.observed_count, "count"),
            Column(_("Out of"), lambda v: v.keyword_count, "count"),
        ],
    )


def _quality(report: Report) -> Iterator[Sheet[Any]]:
    _ = report.words.say
    words = report.words
    yield Sheet[Crawl](
        _("Coverage"),
        _("Each source: whether it answered, and what is missing from this report."),
        report.coverage,
        [
            Column(_("Source"), lambda c: c.target, width=36),
            Column(_("Status"), lambda c: words.status(c.status), width=20),
            Column(_("Records"), lambda c: c.record_count, "count"),
            Column(_("Last good (UTC)"), lambda c: c.last_landed_at, "moment"),
            Column(_("Reason"), lambda c: c.reason, "long", 90),
        ],
    )
    yield Sheet[Reading](
        _("Readings"),
        _("How well the texts of each language were read, on starred reviews that taught nothing."),
        report.readings,
        [
            Column(_("Language"), lambda r: words.language_name(r.language)),
            Column(_("Reviews"), lambda r: r.review_count, "count"),
            Column(_("Read right"), lambda r: r.accuracy, "share"),
            Column(_("Low"), lambda r: r.accuracy_low, "share"),
            Column(_("High"), lambda r: r.accuracy_high, "share"),
            Column(_("Held out"), lambda r: r.held_out_count, "count"),
            Column(_("Good ones read"), lambda r: r.good_read, "share"),
            Column(_("Bad ones read"), lambda r: r.bad_read, "share"),
            Column(_("Balanced"), lambda r: r.balanced_accuracy, "share"),
            Column(_("Read by"), words.read_by, "long", 40),
            Column(_("Version"), lambda r: r.version, width=20),
            Column(_("Not calibrated because"), lambda r: r.why_not, "long", 60),
        ],
    )
