"""Runs the room: metric SQL, the tests, rule SQL, mart SQL."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
import orjson
import tldextract

from pipeline import words
from pipeline.market import SwotSettings
from pipeline.swot import comparisons, tables, why
from pipeline.swot.comparisons import Comparison, Contrast, Level, Pair, StarContrast
from pipeline.swot.guide import Guide
from pipeline.swot.guide import write as write_guide
from warehouse import build
from warehouse.build import Model

_READS = (
    "core.brand",
    "core.source",
    "core.theme",
    "core.keyword",
    "core.review",
    "core.faq_entry",
    "core.faq_version",
    "core.contact_point",
    "core.search_result",
    "core.post",
    "core.crawl",
    "core.coverage",
    "core.run",
    "core.brand_domain",
    "text.faq",
    "text.sentence",
    "text.mention",
    "text.signal",
    "text.reply",
    "text.suspicion",
    "text.starred",
    "text.scorer",
    "text.term",
)


_FILTERED = "metric.review"
"""The one table that flagged reviews are kept out of; what reads it, directly or not, has a sibling. Windows of time stay the same."""

_WITHOUT = "Without the reviews of metric_unflagged.left_out."

_LEFT_OUT = (
    "One row per review that counts in schema metric and not in metric_unflagged: it has a flag of [swot] leave_out_flags."
)

_CANDIDATE = "One row per cell that a rule proposes; mart.swot_cell picks from them."

_CANDIDATE_COLUMNS = {
    "candidate_id": "16 hex digits of rule, brand, quadrant, theme, metric, window and about",
    "rule": "the file under warehouse/sql/rule that proposes it",
    "brand": "whose strength, weakness, opportunity or threat it is",
    "quadrant": "strength, weakness, opportunity or threat",
    "theme": "core.theme's id, null where the claim has none",
    "metric": "as in metric.test",
    "window": "all or current",
    "about": "the brand whose reviews or pages prove it; null for all brands but the named one",
    "tone": "positive or negative: which sentences prove it",
    "claim": "one English sentence with its numbers",
    "statistics": "n, effect with its 95 % interval, and q, as people read them",
    "claim_message": "claim as a message for other languages (see pipeline/words.py)",
    "statistics_message": "statistics as a message",
    "n": "as in metric.test",
    "n_rest": "as in metric.test",
    "effect": "as in metric.test",
    "low": "as in metric.test",
    "high": "as in metric.test",
    "q_value": "as in metric.test",
    "strength": "as in rule.finding",
}


class SwotError(RuntimeError):
    """The room cannot work on this build file; the message says what is missing and what to run."""


def swot(
    build_file: Path,
    *,
    settings: SwotSettings,
    guide: Guide | None = None,
    rules: Path = build.SQL,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, int]:
    """Replaces metric.*, rule.* and mart.* of the build file, and their siblings without flagged reviews; row counts by table.

    Ended before its end it may leave some of them, and never the last one (`pipeline.cells.SWOT_LAST_TABLE`); run again it replaces them all.
    `guide`: tactics, journeys and axes; None for the defaults. `rules`: the folder that holds the folders of SQL, where they are not those of
    this version.
    Raises SwotError when the file is not there, or `load` and `score` have not filled it.
    """
    if not build_file.exists():
        raise SwotError(
            f"swot: expected the build file {build_file}, found none. Run `rivalscope load` and `rivalscope score` first."
        )
    con = build.connect(build_file)
    try:
        held = set(build.tables(con))
        if missing := [name for name in _READS if name not in held]:
            raise SwotError(
                f"swot: expected {', '.join(missing)} in {build_file}, found no such table. "
                "Run `rivalscope load` and `rivalscope score` first."
            )
        counts = run(con, settings=settings, guide=guide, rules=rules, progress=progress)
        con.execute("checkpoint")
    finally:
        con.close()
    return counts


def run(
    con: duckdb.DuckDBPyConnection,
    *,
    settings: SwotSettings,
    guide: Guide | None = None,
    rules: Path = build.SQL,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, int]:
    """As `swot`, on an open connection that is in no transaction."""
    words.register(con)
    with build.transaction(con):
        return _run(con, settings, guide or Guide(), rules, progress)


def _run(
    con: duckdb.DuckDBPyConnection, settings: SwotSettings, guide: Guide, rules: Path, progress: Callable[[str], None]
) -> dict[str, int]:
    for schema in ("metric", "rule", "mart"):
        for name in (schema, f"{schema}{build.SIBLING}"):
            con.execute(f"drop schema if exists {name} cascade")
            con.execute(f"create schema {name}")
    counts = {"metric.setting": _settings(con, settings), **write_guide(con, guide)}
    metric = _made(con, build.models("metric", root=rules), counts, progress)
    counts["metric.domain"] = _domains(con)
    counts["metric.test"] = _tests(con, settings, "metric")
    progress(f"metric.test: {counts['metric.test']:,} rows")
    counts |= why.make(con, "metric", settings, progress=progress)
    # A rule may read a table of the mart that is itself made of metrics only.
    marts, proposing = build.models("mart", root=rules), build.models("rule", root=rules)
    early = build.needed(marts, proposing)
    rule = _made(con, [*early, *proposing], counts, progress)
    counts["mart.candidate"] = _candidates(con, "rule", "mart")
    mart = _made(con, [model for model in marts if model not in early], counts, progress)
    _siblings(con, settings, (metric, rule, mart), counts, progress)
    _made(con, build.models("mart_unflagged", root=rules), counts, progress)
    return counts


def _siblings(
    con: duckdb.DuckDBPyConnection,
    settings: SwotSettings,
    folders: Sequence[Sequence[Model]],
    counts: dict[str, int],
    progress: Callable[[str], None],
) -> None:
    """All that reads reviews again without the flagged ones, by the same SQL: no number is computed in two ways."""
    metric, rule, mart = folders
    con.execute(
        "create table metric_unflagged.left_out as select review_id, list(distinct flag order by flag) as flags from text.suspicion"
        " where list_contains(?, flag) group by review_id order by review_id",
        [list(settings.leave_out_flags)],
    )
    build.describe(con, "metric_unflagged.left_out", _LEFT_OUT, {"review_id": "core.review's id", "flags": "which"})
    (reviews,) = (model for model in metric if model.name == _FILTERED)
    filtered = "select * from metric.review anti join metric_unflagged.left_out using (review_id)"
    changed = {_FILTERED, "metric.test", "mart.candidate", *why.TABLES}
    again: list[list[Model]] = []
    for folder in (metric, rule, mart):
        again.append(build.dependents(folder, changed))
        changed |= {model.name for model in again[-1]}
    if not con.execute("from metric_unflagged.left_out limit 1").fetchall():
        counts |= _copied(con, sorted(changed))
        return
    kept = replace(build.sibling(reviews, (), _WITHOUT), sql=filtered)

    def make(models: Sequence[Model]) -> None:
        for model in models:
            _make(con, model, counts, progress)

    metrics, rules, marts = ([build.sibling(model, changed, _WITHOUT) for model in folder] for folder in again)
    make([kept, *metrics])
    counts["metric_unflagged.test"] = _tests(con, settings, "metric_unflagged", _WITHOUT)
    counts |= why.make(con, "metric_unflagged", settings, _WITHOUT, progress=progress)
    # Rules on search rankings read metric.test too, so every rule has a sibling.
    make(rules)
    counts["mart_unflagged.candidate"] = _candidates(con, "rule_unflagged", "mart_unflagged", _WITHOUT)
    make(marts)


def _copied(con: duckdb.DuckDBPyConnection, names: Sequence[str]) -> dict[str, int]:
    """With nothing left out each sibling is the table itself: to make them all again would double the time of the room."""
    held: dict[str, tuple[str, dict[str, str]]] = {
        name: (grain, dict(columns))
        for name, grain, columns in con.execute(
            "select t.schema_name || '.' || t.table_name, any_value(t.comment), list((c.column_name, c.comment))"
            " from duckdb_tables() t join duckdb_columns() c using (database_name, schema_name, table_name)"
            " where database_name = current_database() group by 1"
        ).fetchall()
    }
    counts = {}
    for name in names:
        (schema, table), sibling = name.split("."), build.sibling_name(name)
        con.execute(f'create table {sibling} as from {schema}."{table}" order by rowid')
        grain, columns = held[name]
        build.describe(con, sibling, f"{grain} {_WITHOUT}", columns)
        counts[sibling] = int(con.execute(f"select count(*) from {sibling}").fetchall()[0][0])  # noqa: S608 - names from this package
    return counts


def _made(
    con: duckdb.DuckDBPyConnection, models: Sequence[Model], counts: dict[str, int], progress: Callable[[str], None]
) -> list[Model]:
    """As `build.run_folder`, within the transactions of the room; the models in the order in which they were made."""
    made = build.ordered(models, present=build.tables(con))
    for model in made:
        _make(con, model, counts, progress)
    return made


_LARGE = 10_000
"""Rows from which on the planner must know how many there are. It knows nothing of a table before it is committed, takes it to be empty, and
begins with the millions: a second of each four on a million reviews."""


def _make(con: duckdb.DuckDBPyConnection, model: Model, counts: dict[str, int], progress: Callable[[str], None]) -> None:
    counts[model.name] = rows = build.make(con, model)
    if rows >= _LARGE:
        con.execute("commit")
        con.execute("begin")
    progress(f"{model.name}: {rows:,} rows")


def _settings(con: duckdb.DuckDBPyConnection, settings: SwotSettings) -> int:
    values = settings.model_dump(exclude={"leave_out_flags"})
    con.execute("create table metric.setting (name varchar, value double)")
    con.executemany("insert into metric.setting values (?, ?)", [[name, float(value)] for name, value in values.items()])
    build.describe(
        con,
        "metric.setting",
        "One row per setting of the market file's [swot] that SQL reads.",
        {"name": "as in the market file", "value": "in the setting's own unit"},
    )
    return len(values)


def _domains(con: duckdb.DuckDBPyConnection) -> int:
    """The public suffix list has exceptions and wildcards that SQL would have to walk; tldextract brings a copy, so nothing is fetched.

    Private suffixes count: the shops of a shop builder are many companies, not one.
    """
    extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)
    hosts = [row[0] for row in con.execute("select distinct host from metric.host order by host").fetchall()]
    rows = [{"host": host, "domain": extract(host).top_domain_under_public_suffix or host} for host in hosts]
    kinds = {"host": "varchar", "domain": "varchar"}
    con.execute("create table metric.domain (host varchar, domain varchar)")
    con.execute(
        "insert into metric.domain select unnest(from_json(?, ?), recursive := true)",
        [orjson.dumps(rows).decode(), orjson.dumps([kinds]).decode()],
    )
    build.describe(
        con,
        "metric.domain",
        "One row per site of metric.host: the domain that somebody registered.",
        {
            "host": "as in metric.host",
            "domain": "the registrable domain by the public suffix list, its private part included; the host itself where it has none",
        },
    )
    return len(rows)


def _tests(con: duckdb.DuckDBPyConnection, settings: SwotSettings, schema: str, note: str = "") -> int:
    rows = comparisons.compare(
        (Contrast(*row) for row in tables.read(con, f"{schema}.contrast", Contrast._fields)),
        (Level(*row) for row in tables.read(con, f"{schema}.level", Level._fields)),
        (Pair(*row) for row in tables.read(con, "metric.pair", Pair._fields)),
        (StarContrast(*row) for row in tables.read(con, f"{schema}.star_contrast", StarContrast._fields)),
        min_reviews=settings.min_reviews,
    )
    grain = f"{comparisons.GRAIN} {note}".strip()
    return tables.write(con, f"{schema}.test", Comparison, rows, grain=grain, columns=comparisons.COLUMNS)


def _candidates(con: duckdb.DuckDBPyConnection, schema: str, mart: str, note: str = "") -> int:
    """The tables of schema `rule` (or its sibling) that propose cells, one under the other: a new rule is a new file and nothing else."""
    rules = [
        row[0]
        for row in con.execute(
            "select table_name from duckdb_columns() where database_name = current_database() and schema_name = ?"
            " and column_name = 'quadrant' order by 1",
            [schema],
        ).fetchall()
    ]
    union = " union all by name ".join(f"select '{rule}' as rule, * from {schema}.\"{rule}\"" for rule in rules)  # noqa: S608 - our file names
    key = "rule || '|' || concat_ws('|', brand, quadrant, coalesce(theme, ''), metric, \"window\", coalesce(about, ''))"
    con.execute(
        f"create table {mart}.candidate as select substring(md5({key}), 1, 16) as candidate_id, * exclude (claim, statistics),"  # noqa: S608 - made above
        " english(claim) as claim, english(statistics) as statistics, claim as claim_message, statistics as statistics_message"
        f" from ({union}) order by 1"
    )
    build.describe(con, f"{mart}.candidate", f"{_CANDIDATE} {note}".strip(), _CANDIDATE_COLUMNS)
    return int(con.execute(f"select count(*) from {mart}.candidate").fetchall()[0][0])  # noqa: S608 - as above
