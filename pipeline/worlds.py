"""Builds of a market that never was: the landing lines of one run with some of another's, read and counted in a chosen way.

A world is apart from everything that is published. Its lines are those that two runs have read, taken from today's landing files; which
of them it has, its stage says.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import duckdb
import orjson

from pipeline import again, cells
from pipeline.cells import Kept
from pipeline.inputs import Inputs
from pipeline.run import Run
from warehouse import build, load

Stage = Literal["first", "edited", "new", "readings", "second"]
"""Whose lines: the first run's; with later lines of reviews that it knew; with all reviews of its sources; with all that its sources
gave; the second run's."""

OTHER_KINDS = ("faq_entry", "contact_point", "search_result", "post")
"""Raw tables besides reviews."""

_FIRST = "run_id || '|' || target in (select run_id || '|' || target from raw.first_line)"
_SECOND = "run_id || '|' || target in (select run_id || '|' || target from raw.second_line)"
_ITS_SOURCES = "target in (select target from raw.first_line)"
_LATER = f"({_SECOND} and {_ITS_SOURCES})"
_KEY = "brand || '|' || source || '|' || native_id"
_SAID = "hash(rating, rating_max, rating_min, title, text, published_at, author_hash, language, verified, invited, reply_text, reply_at)"
_KNOWN = f"{_KEY} in (select {_KEY} from raw.review where {_FIRST})"  # noqa: S608 - made here
_AS_IT_WAS = f"select {_KEY} || {_SAID} from raw.review where {_FIRST}"  # noqa: S608 - made here

_REVIEWS: Mapping[Stage, str] = {
    "first": _FIRST,
    "edited": f"{_FIRST} or ({_LATER} and {_KNOWN})",
    "new": f"{_FIRST} or {_LATER}",
    "readings": f"{_FIRST} or {_LATER}",
    "second": _SECOND,
}
_OTHERS: Mapping[Stage, str] = {
    "first": _FIRST,
    "edited": _FIRST,
    "new": _FIRST,
    "readings": f"{_FIRST} or {_LATER}",
    "second": _SECOND,
}
_CRAWLS: Mapping[Stage, str] = {
    "first": "{first}",
    "edited": f"{{first}} or (kind = 'reviews' and {{second}} and {_ITS_SOURCES})",
    "new": f"{{first}} or (kind = 'reviews' and {{second}} and {_ITS_SOURCES})",
    "readings": f"{{first}} or ({{second}} and {_ITS_SOURCES})",
    "second": "{second}",
}


@dataclass(frozen=True, slots=True)
class World:
    """One that was built."""

    file: Path
    cells: Mapping[str, Mapping[str, Any]]
    """By id, as a run's file has them."""
    scorers: list[dict[str, Any]]


class Worlds:
    """What two runs have read, and worlds made of it, in a folder of their own."""

    def __init__(self, run: Run, first: Kept, second: Kept, given: tuple[Inputs, Inputs], folder: Path) -> None:
        """`first` is the older run, `given` what both were given."""
        self._run, self._first, self._second, self._folder = run, first, second, folder
        self._full = folder / "full.duckdb"
        targets = {target.target: target for one in given for target in one.facts.targets}
        load.load(
            self._full,
            run.landing,
            run.rejected,
            run_id=second.said["run_id"],
            as_of=second.as_of,
            market=replace(given[1].facts, targets=tuple(targets.values())),
        )
        with build.connect(self._full) as con:
            for table, kept in (("first_line", first), ("second_line", second)):
                rows = [{"run_id": run_id, "target": target} for run_id, target in kept.landing]
                con.execute(
                    f"create table raw.{table} as select unnest(from_json(?, ?), recursive := true)",
                    [orjson.dumps(rows).decode(), '[{"run_id": "varchar", "target": "varchar"}]'],
                )

    def made(
        self, stage: Stage, given: Inputs, kept: Kept, *, as_of: Kept, taught_by: Path | None = None, unlike: World | None = None
    ) -> World | None:
        """The world of a stage as the run `kept` would have told it, at the moment of `as_of`.

        `taught_by`: a world's build whose reviews teach, where it is not its own. None where its sentences are scored as those of `unlike`
        are, which has the same lines: then so are its cells.
        """
        number = sum(1 for _ in self._folder.glob("world-*.duckdb")) + 1
        file = self._folder / f"world-{number}.duckdb"
        shutil.copyfile(self._full, file)
        self._choose_lines(file, stage)
        load.derive_again(file, run_id=kept.said["run_id"], as_of=as_of.as_of, market=given.facts)
        again.scored(self._run, given, file, lambda _: None, taught_by=taught_by)
        if unlike is not None:
            with build.connect(file, read_only=True) as con:
                if cells.scorers(con) == unlike.scorers:
                    return None
        again.counted(given, file)
        said = orjson.loads(cells.cells_of(file, given))
        return World(file, {cell["cell_id"]: cell for cell in said["cells"]}, said["scorers"])

    def _choose_lines(self, file: Path, stage: Stage) -> None:
        known = {
            name: f"(as_of < timestamp '{kept.as_of:%Y-%m-%d %H:%M:%S}' or run_id = '{kept.place[0]}' or {lines})"
            for name, kept, lines in (("first", self._first, _FIRST), ("second", self._second, _SECOND))
        }
        wanted = {"crawl": _CRAWLS[stage].format(**known), "review": _REVIEWS[stage]}
        wanted |= dict.fromkeys(OTHER_KINDS, _OTHERS[stage])
        with build.connect(file) as con:
            for table, condition in wanted.items():
                con.execute(f"create or replace table raw.{table} as select * from raw.{table} where {condition}")  # noqa: S608 - made above

    def lines(self) -> dict[str, Any]:
        """What the second run has read besides what the first had, from the sources of the first, by the factor that it is."""
        edited = f"not ({_FIRST}) and {_LATER} and {_KNOWN} and {_KEY} || {_SAID} not in ({_AS_IT_WAS})"
        with build.connect(self._full, read_only=True) as con:
            found: dict[str, Any] = {
                "edited reviews": _counts(con, "review", f"count(distinct {_KEY})", edited),
                "new reviews": _counts(con, "review", f"count(distinct {_KEY})", f"{_LATER} and not ({_KNOWN})"),
                "new readings": {},
            }
            for table in OTHER_KINDS:
                counts = _counts(con, table, "count(*)", f"not ({_FIRST}) and {_LATER}", by="target")
                found["new readings"] |= counts
        return {factor: counts for factor, counts in found.items() if counts}

    def gone(self, kept: Kept) -> tuple[list[str], list[str]]:
        """Landing files that the run has read and that are not what they were: lines gone, and pages that were parsed again."""
        with build.connect(self._full, read_only=True) as con:
            rows = con.execute("select run_id, target, reading, file_sha256 from raw.crawl where outcome = 'landed'").fetchall()
        there = {(run_id, target): (reading, sha256) for run_id, target, reading, sha256 in rows}
        changed = [(key, there.get(key), held) for key, held in kept.landing.items() if there.get(key) != held]
        names = [(f"{target} of {run_id}", now is not None and now[0] != held[0]) for (run_id, target), now, held in changed]
        return [name for name, anew in names if not anew], [name for name, anew in names if anew]


def _counts(con: duckdb.DuckDBPyConnection, table: str, what: str, where: str, *, by: str = "brand") -> dict[str, int]:
    return dict(con.execute(f"select {by}, {what} from raw.{table} where {where} group by all order by all").fetchall())  # noqa: S608 - made here
