"""What changed in the SWOT cells between two runs, and because of what: worlds that differ in one thing at a time are built and compared.

The first run is built again as it was, from its landing files; then one thing after another is put as the second run had it, in the
order of `FACTORS`, and the cells are made each time. A cell has changed because of a thing if it differs between the world before it
and the world with it. Rules, themes and settings are swapped as values, lines one kind after another. What is a program can be run as it
is today only: the first world differs from what the run has kept if the program was another one then, or if its landing files are not
what they were; which of them it was, their hashes say. The last world is held against the second run likewise, so nothing is left over
unnoticed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import IO, Any

import duckdb
import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline import again, cells, inputs
from pipeline.cells import Cell, Kept, differing
from pipeline.inputs import Inputs
from pipeline.page_text import plain
from pipeline.run import Run
from pipeline.text.sentiment import transformer
from pipeline.worlds import Stage, World, Worlds
from warehouse import build

Progress = Callable[[str], None]

FACTORS: Mapping[str, str] = {
    "vanished reviews": "landing files that a run has read, or lines of them, are gone",
    "pages read anew": "archived pages were parsed again since a run (`rivalscope replay`)",
    "rules": "SQL of metrics and rules, or the programs that load and test",
    "themes": "which themes there are, and by which words they are known",
    "settings": "brands, languages, keywords and thresholds of the market file",
    "edited reviews": "reviews that the first run knew read otherwise now: text, stars or answer",
    "new reviews": "reviews that the first run did not know, from sources that it had",
    "new readings": "FAQ pages, contact points, search results and posts",
    "coverage": "which sources count, and what became of them in the run",
    "model": "what scores sentences: program, lexicons, teachers, transformers",
    "unexplained": "should not be: landing files and programs are the same, and the cells are not",
}
"""In the order in which they are swapped, each with what it covers."""

_PROGRAMS = {"loading": "rules", "testing": "rules", "scoring": "model"}


@dataclass(frozen=True, slots=True)
class Step:
    """Two neighbouring worlds."""

    factors: tuple[str, ...]
    """What differs between them; several where they cannot be told apart. Empty for what does not differ between the runs."""
    before: Mapping[str, Cell]
    after: Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Cause:
    factors: tuple[str, ...]
    """Several where they cannot be told apart."""
    before: Cell
    """The columns that it changed; empty where there was no cell."""
    after: Cell


@dataclass(frozen=True, slots=True)
class Change(cells.Change):
    """One cell that differs between the runs, and why."""

    causes: tuple[Cause, ...]
    """In the order of the steps."""


@dataclass(frozen=True, slots=True)
class Difference:
    first: Kept
    """The older run."""
    second: Kept
    changes: tuple[Change, ...]
    unchanged: int
    """Cells that are the same in both."""
    differs: Mapping[str, Any]
    """Factor to what differs, in numbers and names, also where it changed no cell."""
    notes: tuple[str, ...]
    """What a reader must know of how this was found."""


def difference(run: Run, one: Kept, other: Kept, progress: Progress) -> Difference:
    """The older run comes first, whatever the order of the arguments. The caller holds the build lock. Raises InputsError."""
    first, second = sorted((one, other), key=lambda kept: (kept.as_of, *kept.place))
    with again.workshop(run) as folder:
        there = {transformer.version_of(path): path for path in run.market.transformers.values()}
        kept = (inputs.taken_up(each.said, run.cells / "sources", folder / each.name, there) for each in (first, second))
        old, new = kept
        progress(f"diff: {first.name} is built again from the landing files")
        walk = _Walk(Worlds(run, first, second, (old, new), folder), (first, old), (second, new), progress)
        steps = walk.steps()
    changes = []
    for change in cells.changes(first.cells, second.cells):
        causes = _causes(steps, change.cell["cell_id"]) or (Cause(("unexplained",), change.before, change.after),)
        changes.append(Change(change.cell, change.change, change.before, change.after, causes))
    unchanged = len(first.cells.keys() & second.cells.keys()) - sum(change.change == "changed" for change in changes)
    return Difference(first, second, tuple(changes), unchanged, walk.differs, walk.notes())


def _causes(steps: list[Step], cell_id: str) -> tuple[Cause, ...]:
    causes = (
        Cause(step.factors, *differing(step.before.get(cell_id), step.after.get(cell_id))) for step in steps if step.factors
    )
    return tuple(cause for cause in causes if cause.before or cause.after)


class _Walk:
    """From what the first run has kept to what the second has, one thing after another."""

    def __init__(self, worlds: Worlds, older: tuple[Kept, Inputs], newer: tuple[Kept, Inputs], progress: Progress) -> None:
        (self._first, self._old), (self._second, self._new) = older, newer
        self._worlds, self._progress = worlds, progress
        self._today = inputs.versions(self._new)
        self._unrunnable = False
        self._gone = {kept.name: worlds.gone(kept) for kept in (self._first, self._second)}
        self.differs = self._differences()

    def steps(self) -> list[Step]:
        first, second, new = self._first, self._second, self._new
        now, here = self._begun()
        steps = [Step(self._since(first), first.cells, here.cells)]

        def step(factor: str, world: World) -> World:
            self._progress(f"diff: {factor}")
            steps.append(Step((factor,), here.cells, world.cells))
            return world

        if self._swapped("rules") and not self._unrunnable:
            now = replace(now, rules=new.rules)
            here = step("rules", self._world("first", now, first, first))
        if self._swapped("themes"):
            now = replace(now, taxonomy=new.taxonomy, facts=replace(now.facts, themes=new.facts.themes))
            here = step("themes", self._world("first", now, first, first))
        if self._swapped("settings"):
            brands = {brand.id for brand in new.facts.brands} | {None}
            targets = tuple(target for target in now.facts.targets if target.brand in brands)
            now = replace(new, facts=replace(new.facts, targets=targets), transformers=now.transformers, labels=now.labels)
            here = step("settings", self._world("first", now, first, first))
        base = here
        if "edited reviews" in self.differs:
            here = step("edited reviews", self._world("edited", now, first, first, base))
        if "new reviews" in self.differs or first.as_of != second.as_of:
            here = step("new reviews", self._world("new", now, first, second, base))
        if "new readings" in self.differs:
            here = step("new readings", self._world("readings", now, first, second, base))
        if "coverage" in self.differs:
            now = replace(now, facts=new.facts)
            here = step("coverage", self._world("second", now, second, second, base))
        if here is not base or (now.transformers, now.labels) != (new.transformers, new.labels):
            last = self._worlds.made("second", new, second, as_of=second, unlike=here)
            here = here if last is None else step("model", last)
        return [*steps, Step(self._since(second), here.cells, second.cells)]

    def _begun(self) -> tuple[Inputs, World]:
        """The first run, built again as it was; under the second's rules where its own do not run any more."""
        try:
            return self._old, self._world("first", self._old, self._first, self._first)
        except (build.ModelError, duckdb.Error):
            if not self._swapped("rules"):
                raise
        self._unrunnable = True
        now = replace(self._old, rules=self._new.rules)
        return now, self._world("first", now, self._first, self._first)

    def _world(self, stage: Stage, given: Inputs, kept: Kept, as_of: Kept, taught_by: World | None = None) -> World:
        made = self._worlds.made(stage, given, kept, as_of=as_of, taught_by=None if taught_by is None else taught_by.file)
        assert made is not None  # noqa: S101 - nothing was said that it might be like
        return made

    def notes(self) -> tuple[str, ...]:
        said = [self._first.said["versions"], self._second.said["versions"], self._today]
        other = [part for part in _PROGRAMS if said[0][part] == said[1][part] != said[2][part]]
        return (f"Both runs were made by another program ({', '.join(other)}); the steps are those of today's.",) if other else ()

    def _swapped(self, part: str) -> bool:
        return bool(self._first.said["versions"][part] != self._second.said["versions"][part])

    def _since(self, kept: Kept) -> tuple[str, ...]:
        """Why a run, built again as it was, might differ from what it has kept, and that the other one has not in common with it."""
        lines, pages = self._gone[kept.name]
        said = (self._first.said["versions"], self._second.said["versions"])
        programs = {
            factor
            for part, factor in _PROGRAMS.items()
            if kept.said["versions"][part] != self._today[part] and said[0][part] != said[1][part]
        }
        given = self._old if kept is self._first else self._new
        if len(given.transformers) < len(kept.said["transformers"]):
            programs.add("model")
        if kept is self._first and self._unrunnable:
            programs.add("rules")
        found = {"vanished reviews": lines, "pages read anew": pages} | dict.fromkeys(programs, True)
        factors = tuple(factor for factor in FACTORS if found.get(factor))
        return factors if factors or self.notes() else ("unexplained",)

    def _differences(self) -> dict[str, Any]:
        """Factor to what differs in it."""
        old, new = inputs.parts(self._old), inputs.parts(self._new)
        found: dict[str, Any] = {
            part: sorted(name for name in {**old[part], **new[part]} if old[part].get(name) != new[part].get(name))
            for part in old
        }
        said = (self._first.said, self._second.said)
        for part, factor in _PROGRAMS.items():
            if said[0]["versions"][part] != said[1]["versions"][part]:
                found.setdefault(factor, []).append(f"program ({part})")
        # The hash of a language's scores covers the themes too; where these differ, it says nothing of the model.
        told = ("scorer", "teacher_count") if found["themes"] else ("scorer", "teacher_count", "version")
        old_scorers, new_scorers = ({row["language"]: [row[name] for name in told] for row in one["scorers"]} for one in said)
        found.setdefault("model", []).extend(
            language
            for language in sorted({**old_scorers, **new_scorers})
            if old_scorers.get(language) != new_scorers.get(language)
        )
        found |= self._worlds.lines()
        found["coverage"] = self._coverage()
        found["vanished reviews"] = sorted({name for lines, _ in self._gone.values() for name in lines})
        found["pages read anew"] = sorted({name for _, pages in self._gone.values() for name in pages})
        return {factor: found[factor] for factor in FACTORS if found.get(factor)}

    def _coverage(self) -> dict[str, Any]:
        """Target to its status in both runs, where that, or what is asked of it, or whether it counts differs."""
        found = {}
        sides = []
        for kept, given in ((self._first, self._old), (self._second, self._new)):
            status = {row["target"]: row["status"] for row in kept.said["coverage"]}
            asked = {target.target: target for target in given.facts.targets}
            sides.append((status, asked, {target for _, target in kept.landing}))
        (status, asked, counted), (status_now, asked_now, counted_now) = sides
        for target in sorted({**asked, **asked_now}):
            one, other = status.get(target), status_now.get(target)
            if one != other or asked.get(target) != asked_now.get(target) or (target in counted) != (target in counted_now):
                found[target] = [one, other]
        return found


# --- told ---------------------------------------------------------------------------------------------------------------


def as_json(found: Difference) -> bytes:
    """All of it, sorted."""
    said = {
        "first": {"run": found.first.name, "as_of": found.first.said["as_of"]},
        "second": {"run": found.second.name, "as_of": found.second.said["as_of"]},
        "order": [factor for factor in FACTORS if factor in found.differs],
        "differs": found.differs,
        "notes": found.notes,
        "unchanged": found.unchanged,
        "changes": [
            {name: change.cell[name] for name in ("cell_id", "brand", "quadrant", "theme", "rule")}
            | {
                "change": change.change,
                "before": change.before,
                "after": change.after,
                "causes": [{"factors": c.factors, "before": c.before, "after": c.after} for c in change.causes],
            }
            for change in found.changes
        ],
    }
    return orjson.dumps(said, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def print_table(found: Difference, out: IO[str]) -> None:
    """A row for each cell that changed, with what did it; cells of which only the interval or q moved are counted."""
    console = Console(file=out, width=None if out.isatty() else 160, highlight=False)

    def tell(text: str) -> None:
        console.print(Text(plain(text)))

    first, second = found.first, found.second
    tell(f"{first.name} (as of {first.said['as_of']}) to {second.name} (as of {second.said['as_of']})")
    counts = {kind: sum(change.change == kind for change in found.changes) for kind in ("appeared", "vanished", "changed")}
    tell("cells: " + ", ".join(f"{count} {kind}" for kind, count in counts.items()) + f", {found.unchanged} the same")
    for factor, what in found.differs.items():
        tell(f"  {factor}: {_summed(what)}")
    if not found.differs:
        tell("  nothing that the cells depend on differs")
    for note in found.notes:
        tell(f"note: {note}")
    table = Table("cell", "change", "because of", show_lines=True)
    quiet = 0
    for change in found.changes:
        if change.change == "changed" and not {*change.before, *change.after} - {"q_value", "low", "high"}:
            quiet += 1
            continue
        cell = change.cell
        topic = plain(cell["theme"] or cell["metric"])
        # Of a cell that came or went, what happened to its numbers on the way is for --json.
        decisive = [c for c in change.causes if change.change == "changed" or not c.before or not c.after]
        causes = "\n".join(f"{' or '.join(c.factors)}: {_moved(c.before, c.after)}" for c in decisive)
        name = f"{cell['brand']} · {cell['quadrant']} · {topic} · {cell['rule']}\n{cell['cell_id']}"
        what = change.change if change.change != "changed" else _moved(change.before, change.after)
        claim = plain(str(cell["claim"]))
        table.add_row(Text(name), Text(f"{what}\n{claim}"), Text(causes))
    if table.row_count:
        console.print(table)
    if quiet:
        tell(f"Of {quiet} of those that changed only the interval or q did; --json has them.")


def _moved(before: Cell, after: Cell) -> str:
    """What happened to a cell, in few words."""
    if not before:
        return "appeared"
    if not after:
        return "vanished"
    shown = [name for name in ("effect", "n", "n_rest", "q_value") if name in after]
    moved = [f"{name} {_number(before.get(name))} → {_number(after[name])}" for name in shown]
    told = [name for name in after if name not in {*shown, "low", "high", "claim"}]
    return (
        ", ".join([*moved, *(f"{name} {plain(str(before.get(name)))} → {plain(str(after[name]))}" for name in told)]) or "claim"
    )


def _number(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _summed(what: object) -> str:
    """What differs in a factor: names, names with how many lines, or names by what happened to them."""
    if isinstance(what, Mapping):
        if all(isinstance(change, int) for change in what.values()):
            return _few([f"{name} ({change:,})" for name, change in what.items()])
        by_change: dict[str, list[str]] = {}
        for name, change in what.items():
            by_change.setdefault(" → ".join(str(one or "not asked") for one in change), []).append(name)
        return "; ".join(f"{words} ({len(names)}): {_few(names)}" for words, names in by_change.items())
    return _few(list(what) if isinstance(what, list | tuple) else [str(what)])


def _few(names: Sequence[object]) -> str:
    return ", ".join(map(str, names[:8])) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
