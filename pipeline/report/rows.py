"""The rows that a report prints: each class is one row of the table that it names; the tables' own comments explain the columns."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class RunFacts:
    """core.run."""

    run_id: str
    as_of: datetime
    market: str
    market_name: str
    timezone: str
    version: str

    @property
    def day(self) -> date:
        """The as-of's day where the market is."""
        return self.local(self.as_of)

    def local(self, moment: datetime) -> date:
        """A moment's day where the market is; a moment without a zone is UTC."""
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(ZoneInfo(self.timezone)).date()


@dataclass(frozen=True, slots=True)
class Window:
    """metric.window."""

    name: str
    starts_on: date | None
    ends_on: date | None


@dataclass(frozen=True, slots=True)
class Brand:
    """mart.summary."""

    brand: str
    name: str
    own: bool
    position: int
    review_count: int
    mean_stars: float | None
    net_sentiment: float | None
    reply_rate: float | None
    reply_low: float | None
    reply_high: float | None
    answerable_count: int
    median_reply_hours: float | None
    faq_count: int | None
    channels: list[str] | None
    visibility: float | None
    keyword_count: int | None


@dataclass(frozen=True, slots=True)
class Row:
    """mart.swot_table."""

    brand: str
    strengths: list[str]
    weaknesses: list[str]
    opportunities: list[str]
    threats: list[str]


@dataclass(frozen=True, slots=True)
class Cell:
    """mart.swot_cell."""

    cell_id: str
    brand: str
    quadrant: str
    theme: str | None
    metric: str
    window: str
    claim: str
    statistics: str
    also: list[str]
    effect: float | None
    low: float | None
    high: float | None
    n: int
    n_rest: int | None
    q_value: float | None
    rule: str
    position: int
    for_us: str | None
    for_us_reason: str | None
    about: str | None
    """The brand whose reviews prove it; None for all brands but the named one."""


@dataclass(frozen=True, slots=True)
class Quote:
    """mart.evidence."""

    cell_id: str
    position: int
    is_counter: bool
    quoted_from: str
    review_id: str | None
    sentence_id: str | None
    brand: str | None
    quote: str
    url: str | None
    published_on: date | None
    source: str
    language: str | None
    stars: float | None
    stars_max: float | None


@dataclass(frozen=True, slots=True)
class Square:
    """mart.theme_matrix, over all reviews."""

    brand: str
    theme: str
    window: str
    mentioning_count: int
    net_sentiment: float | None
    net_low: float | None
    net_high: float | None
    share: float | None
    complaint_share: float | None
    praise_share: float | None
    q_value: float | None
    verdict: str


@dataclass(frozen=True, slots=True)
class Theme:
    """core.theme."""

    theme: str
    name: str
    stage: str
    position: int


@dataclass(frozen=True, slots=True)
class Point:
    """metric.trend; theme None for the reviews as a whole."""

    brand: str
    theme: str | None
    month: date
    mentioning_count: int
    net_sentiment: float | None
    net_low: float | None
    net_high: float | None


@dataclass(frozen=True, slots=True)
class EmergingTerm:
    """mart.emerging_term, where it is told."""

    brand: str | None
    language: str
    term: str
    complaint_count: int
    review_count: int
    share: float
    share_low: float
    share_high: float
    complaint_count_before: int
    review_count_before: int
    share_before: float
    share_before_low: float
    share_before_high: float
    q_value: float
    told: bool


@dataclass(frozen=True, slots=True)
class EmergingQuote:
    """mart.emerging_quote."""

    brand: str | None
    language: str
    term: str
    position: int
    sentence_id: str
    review_id: str
    said_of: str
    quote: str
    url: str | None
    published_on: date | None


@dataclass(frozen=True, slots=True)
class Crawl:
    """mart.coverage."""

    target: str
    basis: str
    status: str
    record_count: int | None
    last_landed_at: datetime | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Method:
    """mart.method."""

    comparison_count: int
    level_count: int
    skipped_count: int
    q_max: float
    min_reviews: int


@dataclass(frozen=True, slots=True)
class Reading:
    """mart.reading_quality."""

    language: str
    review_count: int
    scorer: str
    version: str | None
    teacher_count: int
    first_landed_on: date | None
    last_landed_on: date | None
    good_count: int
    bad_count: int
    held_out_count: int
    accuracy: float | None
    accuracy_low: float | None
    accuracy_high: float | None
    good_read: float | None
    bad_read: float | None
    balanced_accuracy: float | None
    is_calibrated: bool
    why_not: str | None


@dataclass(frozen=True, slots=True)
class Tactic:
    """mart.roadmap."""

    position: int
    tactic: str
    title: str
    pain: str
    steps: list[str]
    because: list[str]
    for_us: list[str]
    n: int | None
    reach: float | None
    reach_low: float | None
    reach_high: float | None
    impact: float | None
    impact_low: float | None
    impact_high: float | None
    removes: float
    feasibility: int
    feasibility_from: str
    is_blocked: bool
    cost: str
    lead_weeks: int
    shown_by: str
    shown_as: str


@dataclass(frozen=True, slots=True)
class Driver:
    """mart.driver; brand None for all brands together."""

    brand: str | None
    theme: str
    position: int
    review_count: int
    praise_count: int
    complaint_count: int
    praise_stars: float | None
    praise_low: float | None
    praise_high: float | None
    complaint_stars: float | None
    complaint_low: float | None
    complaint_high: float | None
    stars_lost: float | None
    stars_lost_low: float | None
    stars_lost_high: float | None
    why_not: str | None


@dataclass(frozen=True, slots=True)
class Priority:
    """mart.priority."""

    brand: str
    theme: str
    kind: str
    window: str
    reached_count: int
    reach: float | None
    reach_low: float | None
    reach_high: float | None
    intensity: float | None
    priority: float | None
    priority_low: float | None
    priority_high: float | None
    position: int | None
    rank_low: int | None
    rank_high: int | None


@dataclass(frozen=True, slots=True)
class Cause:
    """mart.cause; brand None for all brands together."""

    brand: str | None
    theme: str
    other_theme: str
    position: int
    hypothesis: str
    both_count: int
    lift: float
    low: float
    high: float
    q_value: float
    review_ids: list[str]


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """mart.change_point; theme None for the review as a whole."""

    brand: str
    theme: str | None
    month: date
    change: str
    direction: str
    is_seasonal: bool | None
    q_value: float


@dataclass(frozen=True, slots=True)
class Movement:
    """mart.movement; theme None for the rating."""

    brand: str
    theme: str | None
    metric: str
    against: str
    arrow: str | None
    direction: str | None
    value: float | None
    value_before: float | None
    effect: float | None
    low: float | None
    high: float | None
    n: int | None
    n_before: int | None
    q_value: float | None
    why_not: str | None


@dataclass(frozen=True, slots=True)
class Stage:
    """mart.journey_map."""

    model: str
    place: str
    position: int
    name: str
    brand: str
    review_count: int
    n: int
    net_sentiment: float | None
    net_low: float | None
    net_high: float | None
    emotion: str | None
    emotion_share: float | None
    is_weakest: bool | None
    best_rival: str | None
    gap: float | None
    gap_low: float | None
    gap_high: float | None


@dataclass(frozen=True, slots=True)
class Voice:
    """mart.share_of_voice."""

    brand: str
    voice: str
    window: str
    n: int
    total: int
    share: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Place:
    """mart.position."""

    brand: str
    position: int
    x_themes: list[str]
    y_themes: list[str]
    x_n: int
    y_n: int
    both_n: int
    x: float | None
    y: float | None
    x_low: float | None
    x_high: float | None
    y_low: float | None
    y_high: float | None
    shape: str | None
    centre_x: float | None
    centre_y: float | None
    semi_major: float | None
    semi_minor: float | None
    angle: float | None


@dataclass(frozen=True, slots=True)
class Gap:
    """mart.gap."""

    brand: str
    theme: str
    position: int
    rivals_count: int
    rivals_n: int
    best_rival: str
    best_net: float
    best_high: float
    own_n: int
    own_net: float | None
    own_stance: str


@dataclass(frozen=True, slots=True)
class Survival:
    """mart_unflagged.cell_survival."""

    cell_id: str
    survives: bool | None
    told: str | None


@dataclass(frozen=True, slots=True)
class Sighting:
    """Where a quoted review was read last."""

    review_id: str
    run_id: str
    page_sha256: str | None


@dataclass(frozen=True, slots=True)
class AuditPart:
    """mart.service_audit."""

    brand: str
    position: int
    area: str
    part: str
    value: float | None
    n: int | None
    status: str
    detail: str | None
    last_landed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Ranking:
    """mart.rank_movement."""

    brand: str
    keyword: str
    engine: str
    locale: str | None
    device: str | None
    result_type: str | None
    status: str
    as_of: datetime | None
    depth: int | None
    rank: float | None
    spread: float | None
    draws_answered: int | None
    earlier_rank: float | None
    moved_by: float | None
    verdict: str


@dataclass(frozen=True, slots=True)
class Visibility:
    """metric.visibility."""

    brand: str
    engine: str
    keyword_count: int
    observed_count: int
    visibility: float | None


@dataclass(frozen=True, slots=True)
class Course:
    """One month of a share of complaints that surely changed; theme None for bad reviews."""

    brand: str
    theme: str | None
    month: date
    review_count: int
    complaint_count: int


@dataclass(frozen=True, slots=True)
class Flagged:
    """Reviews of a brand that count, and how many of them look bought, copied or asked for."""

    brand: str
    review_count: int
    flagged_count: int
    new_count: int
    """First seen since the former report; 0 without one."""
    new_flagged_count: int
