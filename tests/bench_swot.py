"""The SWOT room on 100,000 and on 1,000,000 reviews of ten brands and 23 themes, and the report of them: seconds, processor seconds, peak memory.

The tables that the room reads are made by SQL, as many rows a review as captured exports give: 3.5 sentences, 2.5 mentions of themes,
2 signals, 1.5 terms, an answer to three in ten.
"""

import concurrent.futures
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline import report
from pipeline.market import SwotSettings
from pipeline.swot import swot
from tests.worlds import SCHEMA
from warehouse import build

BRANDS, THEMES = 10, 23
FEW, MANY = 100_000, 1_000_000


def rows() -> list[dict[str, str]]:
    with tempfile.TemporaryDirectory(prefix="bench-swot-") as name:
        (few, few_cpu, _), _ = alone(Path(name), FEW)
        (many, many_cpu, peak), (page, page_cpu, _) = alone(Path(name), MANY)
    what = f"{MANY:,} reviews × {BRANDS} brands × {THEMES} themes"
    return [
        {"measure": f"swot: {what}, text to mart", "value": f"{many:.1f} s", "wanted": "≤ 60 s"},
        {
            "measure": "swot: processor seconds of the same",
            "value": f"{many_cpu:.1f} s",
            "baseline": f"{few_cpu:.1f} s ({FEW:,} reviews in {few:.1f} s)",
            "ratio": f"{many_cpu / few_cpu:.1f}",
            "wanted": f"linear: ≤ {MANY // FEW}",
        },
        {
            "measure": f"report: all files of one language, {MANY:,} reviews",
            "value": f"{page:.1f} s",
            "baseline": f"{page_cpu:.1f} s of processor",
            "wanted": "≤ 10 s",
        },
        {"measure": "swot: peak memory", "value": f"{peak / 2**30:.2f} GiB", "wanted": "≤ 4 GB"},
    ]


Used = tuple[float, float, int]
"""Seconds, processor seconds and peak bytes."""


def alone(folder: Path, reviews: int) -> tuple[Used, Used]:
    """The two rooms, each in a fresh process."""
    file = folder / f"{reviews}.duckdb"
    in_process(write, file, reviews)
    return in_process(measured, file), in_process(reported, file)


def in_process(work: Callable[..., Any], *given: object) -> Any:
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *given).result()


def reported(file: Path) -> Used:
    with build.connect(file) as con:
        for statement in _SIGHTED.split(";"):
            con.execute(statement)
    began = time.perf_counter()
    before = resource.getrusage(resource.RUSAGE_SELF)
    with tempfile.TemporaryDirectory(prefix="bench-report-") as name:
        report.write(file, Path(name) / "reports" / "run")
    return _used(began, before)


def _used(began: float, before: resource.struct_rusage | None = None) -> Used:
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = used.ru_utime + used.ru_stime - (before.ru_utime + before.ru_stime if before else 0)
    return time.perf_counter() - began, spent, used.ru_maxrss * 1024


def measured(file: Path, *, told: bool = False) -> Used:
    began = last = time.perf_counter()

    def tell(line: str) -> None:
        nonlocal last
        now = time.perf_counter()
        print(f"{now - last:7.2f} s  {line}", flush=True)
        last = now

    swot(file, settings=SwotSettings(), **({"progress": tell} if told else {}))
    return _used(began)


def write(file: Path, reviews: int) -> None:
    """Two years in two languages on two platforms; a brand's sentiment on a theme is shifted by up to 0.3 to either side."""
    file.unlink(missing_ok=True)
    with build.connect(file) as con:
        for name, columns in SCHEMA.items():
            con.execute(f"create schema if not exists {name.split('.')[0]}")
            con.execute(f"create table {name} ({columns})")
        con.execute("select setseed(0.5)")
        for statement in _ROWS.split(";"):
            con.execute(
                statement.replace("$reviews", str(reviews)).replace("$brands", str(BRANDS)).replace("$themes", str(THEMES))
            )


_ROWS = """
    insert into core.brand select 'b' || n, 'Brand ' || n, n = 0, n, [] from range($brands) as t (n);

    insert into core.theme select 't' || n, 'Theme ' || n, json_object('en', 'Theme ' || n), 'use', n from range($themes) as t (n);

    insert into core.source
    select 'b' || n, 'reviews', 'table', place, 'b' || n || '.reviews.' || place, 'licensed_export', 'https://' || place || '.example/b' || n
    from range($brands) as t (n), (values ('stars'), ('shops')) as p (place);

    insert into core.coverage by name
    select target, brand, kind, source, 'observed' as status, $reviews as record_count from core.source;

    insert into core.review by name
    with drawn as (
        select
            lpad(cast(n as varchar), 9, '0') as review_id,
            'b' || n % $brands as brand,
            case when random() < 0.5 + 0.04 * (n % $brands) then 'stars' else 'shops' end as source,
            timestamp '2026-06-30 09:30:00' - to_days(cast(floor(random() * 720) as integer)) - to_seconds(n % 3600) as published_at,
            1 + floor(random() * 5) as stars,
            random() < 0.3 as is_answered
        from range($reviews) as t (n)
    )
    select
        review_id, brand, source, (stars - 1) / 4 as rating, stars, 5.0 as stars_max,
        repeat('The people at the desk took an hour to answer, ' || review_id || ' writes. ', 6) as content,
        case when hash(review_id) % 4 = 0 then 'ko' else 'en' end as language, published_at,
        cast(published_at as date) as published_on, md5(review_id) as author_hash,
        case when is_answered then 'Thank you for telling us, ' || review_id || '.' end as reply_text,
        case when is_answered then published_at + to_hours(5) end as reply_at,
        'https://stars.example/' || review_id as url
    from drawn;

    insert into text.sentence
    with said as (
        select review_id, brand, language, rating, unnest(range(1, 2 + cast(hash(review_id) % 6 as integer))) as position from core.review
    ),
    read as (
        select *, greatest(-1, least(1, 1.4 * (random() - 0.5) + 1.2 * (rating - 0.5))) as sentiment from said
    )
    select
        review_id || '.' || position, review_id, brand, position, 60 * (position - 1), 60 * (position - 1) + 58, language,
        'The people at the desk took an hour to answer, ' || review_id || ' w', sentiment,
        case when sentiment > 0.05 then 'positive' when sentiment < -0.05 then 'negative' else 'neutral' end
    from read;

    insert into text.mention
    with carried as (
        select
            *,
            unnest(list_distinct([
                cast(floor($themes * random() * random()) as integer), cast(floor(1.4 * $themes * random()) as integer)
            ])) as theme
        from text.sentence
        where random() < 0.5
    )
    select
        sentence_id, review_id, brand, 't' || theme,
        greatest(-1, least(1, sentiment + 0.15 * (cast(hash(brand || theme) % 5 as integer) - 2))) as shifted,
        case when shifted > 0.05 then 'positive' when shifted < -0.05 then 'negative' else 'neutral' end
    from carried
    where theme < $themes;

    insert into text.signal
    select
        sentence_id, review_id, brand, kind, kind || hash(sentence_id, kind) % 8, 0.5,
        case when kind = 'experience' then cast(hash(sentence_id) % 90 as integer) end
    from text.sentence, (values ('emotion'), ('stage'), ('touchpoint'), ('experience')) as k (kind)
    where random() < 0.14;

    insert into text.term
    select sentence_id, review_id, brand, language, 'term' || cast(floor(20000 * random() * random()) as integer)
    from text.sentence
    where random() < 0.43;

    insert into text.reply by name
    select
        review_id, brand, language, 'polite' as formality, random() < 0.2 as apology, random() < 0.8 as thanks, random() < 0.1 as empathy,
        random() < 0.3 as delight, 'none' as personal_address, random() < 0.4 as signed, random() < 0.1 as offer, 'fits' as fit,
        random() < 0.3 as specific, case when random() < 0.5 then 'template' || hash(review_id) % 50 end as template_id
    from core.review
    where reply_text is not null;

    insert into text.suspicion select review_id, brand, 'near_duplicate' from core.review where random() < 0.08;

    insert into text.starred select review_id, content, hash(review_id) % 5 = 0 from core.review;

    insert into text.scorer select l, 'lexicon', 0, 0, null, null, 'v1' from (values ('en'), ('ko')) as t (l)
"""

_SIGHTED = """
    alter table core.review add column target varchar default 'b0.reviews.stars';

    alter table core.review add column first_seen_at timestamp default timestamp '2026-07-01';

    alter table core.review add column run_id varchar default '20260701T000000Z';

    alter table core.review add column page_sha256 varchar default '';

    create or replace table core.run as
    select
        '20260701T000000Z' as run_id, timestamp '2026-07-01' as as_of, 'bench' as market, 'Bench' as market_name, 'UTC' as timezone,
        '0' as version
"""
"""What the report reads beside the tables of the room: which page showed each review."""


if __name__ == "__main__":
    where, size = Path(sys.argv[1]), int(sys.argv[2])
    write(where / f"{size}.duckdb", size)
    print(measured(where / f"{size}.duckdb", told=True))
    print(reported(where / f"{size}.duckdb"))
