"""Invented markets, written into a build as the rooms before SWOT would have left it; several test files stand on them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import orjson

from pipeline.market import SwotSettings
from pipeline.swot.room import run
from warehouse import build

SCHEMA = {
    "core.brand": "brand varchar, name varchar, own boolean, position integer, aliases varchar[]",
    "core.source": "brand varchar, kind varchar, source varchar, name varchar, target varchar, basis varchar, url varchar",
    "core.theme": "theme varchar, name varchar, names json, stage varchar, position integer",
    "core.keyword": "keyword varchar, engine varchar, locale varchar",
    "core.review": (
        "review_id varchar, brand varchar, source varchar, rating double, stars double, stars_max double, content varchar,"
        " language varchar, published_at timestamp, published_on date, author_hash varchar, reply_text varchar,"
        " reply_at timestamp, url varchar, page_url varchar, duplicate_of varchar"
    ),
    "core.run": "run_id varchar, as_of timestamp, timezone varchar",
    "core.crawl": "target varchar, run_id varchar, as_of timestamp, lines_run_id varchar, crawled_at timestamp, error_count bigint, is_cut boolean, newest boolean",
    "core.brand_domain": "brand varchar, domain varchar",
    "core.faq_entry": (
        "entry_id varchar, brand varchar, source varchar, question varchar, url varchar, updated_at timestamp, clicks integer,"
        ' first_seen_at timestamp, last_seen_at timestamp, "current" boolean'
    ),
    "core.faq_version": (
        "target varchar, brand varchar, source varchar, question_key varchar, version bigint, answer_key varchar, question varchar,"
        ' answer varchar, url varchar, first_reading bigint, last_reading bigint, reading_count bigint, "current" boolean'
    ),
    "core.contact_point": (
        "brand varchar, kind varchar, vendor varchar, value varchar, url varchar, clicks integer, human boolean, bot boolean, within_hours double,"
        ' first_seen_at timestamp, last_seen_at timestamp, "current" boolean'
    ),
    "core.post": (
        "target varchar, native_id varchar, run_id varchar, published_at timestamp, first_as_of timestamp, likes bigint, shares bigint,"
        " replies bigint, views bigint"
    ),
    "core.search_result": (
        "keyword varchar, engine varchar, locale varchar, device varchar, result_type varchar, target varchar, draw integer,"
        " run_id varchar, as_of timestamp, status varchar, rank integer, depth integer, url varchar, domain varchar, title varchar,"
        " brand varchar"
    ),
    "core.coverage": (
        "target varchar, brand varchar, kind varchar, source varchar, status varchar, reason varchar, alarm varchar, record_count bigint,"
        " stated_count bigint, crawled_at timestamp, last_landed_at timestamp"
    ),
    "text.sentence": (
        'sentence_id varchar, review_id varchar, brand varchar, position integer, start integer, "stop" integer,'
        " language varchar, text varchar, sentiment double, label varchar"
    ),
    "text.faq": (
        "entry_id varchar, brand varchar, language varchar, words integer, characters integer, characters_per_sentence double,"
        " flesch double, kanji_share double, themes varchar[], question_themes varchar[]"
    ),
    "text.starred": "review_id varchar, wording varchar, is_held_out boolean",
    "text.scorer": (
        "language varchar, scorer varchar, teacher_count bigint, positive_count bigint, first_landed_on date, last_landed_on date,"
        " version varchar"
    ),
    "text.mention": "sentence_id varchar, review_id varchar, brand varchar, theme varchar, sentiment double, label varchar",
    "text.signal": (
        "sentence_id varchar, review_id varchar, brand varchar, kind varchar, signal varchar, intensity double, minutes integer"
    ),
    "text.reply": (
        "review_id varchar, brand varchar, language varchar, formality varchar, apology boolean, thanks boolean, empathy boolean,"
        " delight boolean, personal_address varchar, signed boolean, offer boolean, fit varchar, specific boolean, template_id varchar"
    ),
    "text.suspicion": "review_id varchar, brand varchar, flag varchar",
    "text.term": "sentence_id varchar, review_id varchar, brand varchar, language varchar, term varchar",
}
"""The columns that this room reads; the warehouse has more."""

WORDS = {
    1: "They were wonderful about {theme} and I would come again",
    0: "There is something to be said about {theme} on this one",
    -1: "They were terrible about {theme} and I will not return",
}


@dataclass(frozen=True, kw_only=True)
class Habit:
    """How the customers of a brand speak of a theme."""

    mention: float = 0.3
    """Share of reviews that mention it."""
    good: float = 0.7
    """Of these, the share that praises; the others complain."""


@dataclass(frozen=True, kw_only=True)
class World:
    """An invented market. Every brand has the same habits unless told otherwise."""

    brands: Sequence[str] = ("alpine", "brook", "cedar", "delta")
    themes: Sequence[str] = ("support_wait", "price_value", "comfort")
    reviews: int = 150
    days: int = 360
    habits: dict[tuple[str, str], Habit] = field(default_factory=dict)
    recent: dict[tuple[str, str], Habit] = field(default_factory=dict)
    """Habits within the newest 90 days."""
    replies: dict[str, float] = field(default_factory=dict)
    seed: int = 1

    def rows(self) -> dict[str, list[tuple[object, ...]]]:
        rng = np.random.default_rng(self.seed)
        out: dict[str, list[tuple[object, ...]]] = {name: [] for name in SCHEMA}
        names = {t: t.replace("_", " ").title() for t in self.themes}
        out["core.theme"] = [(t, name, {"en": name}, "use", i) for i, (t, name) in enumerate(names.items())]
        for i, brand in enumerate(self.brands):
            out["core.brand"].append((brand, brand.title(), i == 0, i, []))
            out["core.source"].append((brand, "reviews", "table", "stars", f"{brand}.reviews.stars", "licensed_export", None))
            out["core.coverage"].append(
                (f"{brand}.reviews.stars", brand, "reviews", "stars", "observed", None, None, self.reviews, None, None, None)
            )
            for j in range(self.reviews):
                self._review(rng, out, brand, f"{brand}{j:05d}")
        return out

    def _review(self, rng: np.random.Generator, out: dict[str, list[tuple[object, ...]]], brand: str, review_id: str) -> None:
        age = int(rng.integers(0, self.days))
        at = dt.datetime(2026, 6, 30, 9, 30) - dt.timedelta(days=age)
        content, total = "", 0
        for theme in self.themes:
            habit = self.habits.get((brand, theme), Habit())
            if age < 90:
                habit = self.recent.get((brand, theme), habit)
            if rng.random() >= habit.mention:
                continue
            value = 1 if rng.random() < habit.good else -1
            total += value
            text = f"{WORDS[value].format(theme=theme.replace('_', ' '))}, visit {review_id}."
            self._sentence(out=out, brand=brand, review_id=review_id, before=content, text=text, value=value, theme=theme)
            content += text + " "
        if not content:
            content = "We came on a Tuesday and left on a Friday, visit 👍 " + review_id + ". "
            self._sentence(out=out, brand=brand, review_id=review_id, before="", text=content.strip(), value=0, theme=None)
        answered = rng.random() < self.replies.get(brand, 0.4)
        out["core.review"].append(
            (
                review_id, brand, "stars", 0.5 + 0.25 * np.sign(total), 3 + float(np.sign(total)), 5.0, content.strip(), "en",
                at, at.date(), f"author-{review_id}", f"Thank you for telling us, {review_id}." if answered else None,
                at + dt.timedelta(hours=5) if answered else None, f"https://stars.example/{review_id}", None, None,
            )
        )  # fmt: skip

    def _sentence(
        self,
        *,
        out: dict[str, list[tuple[object, ...]]],
        brand: str,
        review_id: str,
        before: str,
        text: str,
        value: int,
        theme: str | None,
    ) -> None:
        label = {1: "positive", 0: "neutral", -1: "negative"}[value]
        position = sum(1 for row in out["text.sentence"][-5:] if row[1] == review_id)
        key = f"{review_id}.{position}"
        start = len(before)
        out["text.sentence"].append((key, review_id, brand, position, start, start + len(text), "en", text, 0.6 * value, label))
        if theme:
            out["text.mention"].append((key, review_id, brand, theme, 0.6 * value, label))


def built(rows: dict[str, list[tuple[object, ...]]], path: Path | str = ":memory:") -> duckdb.DuckDBPyConnection:
    con = build.connect(path, threads=1)
    for name, columns in SCHEMA.items():
        con.execute(f"create schema if not exists {name.split('.')[0]}")
        con.execute(f"create table {name} ({columns})")
        if rows[name]:
            kinds = {c.split()[0].strip('"'): c.split()[1] for c in columns.split(",")}
            con.execute(
                f"insert into {name} by name select unnest(from_json(?, ?), recursive := true)",
                [
                    orjson.dumps([dict(zip(kinds, row, strict=True)) for row in rows[name]], default=str).decode(),
                    orjson.dumps([kinds]).decode(),
                ],
            )
    return con


def swotted(world: World, **changed: float) -> duckdb.DuckDBPyConnection:
    con = built(world.rows())
    run(con, settings=SwotSettings.model_validate(changed))
    return con


Cell = tuple[str, str, str | None]


def cells(con: duckdb.DuckDBPyConnection) -> set[Cell]:
    return set(con.execute("select brand, quadrant, theme from mart.swot_cell").fetchall())
