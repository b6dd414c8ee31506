"""What differs between the cells that two runs have kept, and what is known of the reasons without building anything again.

`rivalscope diff` tells which change is whose doing; here stand the changes, and what differs between the runs at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from pipeline.cells import changes
from pipeline.words import Words

Said = Mapping[str, Any]
"""A file `cells/<run>.json` (pipeline.cells)."""

Kind = Literal["rules", "themes", "settings", "model", "labels", "read_anew", "added", "dropped", "status"]

_PARTS: Mapping[str, Kind] = {
    "loading": "rules",
    "testing": "rules",
    "rules": "rules",
    "themes": "themes",
    "settings": "settings",
    "scoring": "model",
}


@dataclass(frozen=True, slots=True)
class Told:
    """A cell as a run told it."""

    cell_id: str
    brand: str
    quadrant: str
    theme: str | None
    metric: str
    claim: str
    """In English."""
    claim_message: str | None
    """For other languages; None in what an earlier version kept."""

    def said(self, words: Words) -> str:
        return words.message(self.claim_message) if self.claim_message else self.claim


@dataclass(frozen=True, slots=True)
class Reason:
    kind: Kind
    names: tuple[str, ...] = ()
    """Languages of another model; targets that were added or dropped, or answer otherwise now; else empty."""


@dataclass(frozen=True, slots=True)
class Since:
    run_id: str
    """Of the former run."""
    as_of: datetime
    """Its moment, UTC."""
    appeared: tuple[str, ...]
    """Ids of cells, in the table's order."""
    gone: tuple[Told, ...]
    """As the former run told them."""
    moved: tuple[Told, ...]
    """As the former run told those that both have and of whose change a reader should hear (`pipeline.cells.Change.is_real`): what a week of further reviews does to any number does not count."""
    same_count: int
    reasons: tuple[Reason, ...]
    """New and flagged reviews are not among them: the warehouse counts those."""

    @property
    def is_quiet(self) -> bool:
        """No cell came or went, and none moved in a way that a reader should hear of."""
        return not (self.appeared or self.gone or self.moved)


def compare(before: Said, after: Said) -> Since:
    """Two runs of one market, the former one first."""
    old, new = ({cell["cell_id"]: cell for cell in said["cells"]} for said in (before, after))
    changed = {c.cell["cell_id"] for c in changes(old, new) if c.change == "changed" and c.is_real}
    moved = [told(old[i]) for i in new if i in changed]
    return Since(
        run_id=before["run_id"],
        as_of=datetime.fromisoformat(before["as_of"]).replace(tzinfo=UTC),
        appeared=tuple(i for i in new if i not in old),
        gone=tuple(told(cell) for i, cell in old.items() if i not in new),
        moved=tuple(moved),
        same_count=len(old.keys() & new.keys()) - len(moved),
        reasons=tuple(_reasons(before, after)),
    )


def told(cell: Mapping[str, Any]) -> Told:
    """A row of mart.swot_cell, as a run has kept it."""
    names = ("cell_id", "brand", "quadrant", "theme", "metric", "claim")
    return Told(**{name: cell[name] for name in names}, claim_message=cell.get("claim_message"))


def _reasons(before: Said, after: Said) -> list[Reason]:
    kinds = {kind for part, kind in _PARTS.items() if before["versions"].get(part) != after["versions"].get(part)}
    languages = _differing(*({row["language"]: row["version"] for row in said["scorers"]} for said in (before, after)))
    found = [Reason(kind) for kind in ("rules", "themes", "settings") if kind in kinds]
    # Other themes are another version of every language's scores too, though its model is the same.
    if "model" in kinds or (languages and "themes" not in kinds):
        found.append(Reason("model", tuple(languages)))
    if before.get("labels") != after.get("labels"):
        found.append(Reason("labels"))
    readings = [{(row["run_id"], row["target"]): row["reading"] for row in said["landing"]} for said in (before, after)]
    if any(readings[1].get(key, reading) != reading for key, reading in readings[0].items()):
        found.append(Reason("read_anew"))
    status = [{row["target"]: row["status"] for row in said["coverage"]} for said in (before, after)]
    targets = {
        "added": status[1].keys() - status[0].keys(),
        "dropped": status[0].keys() - status[1].keys(),
        "status": {target for target in status[0].keys() & status[1].keys() if status[0][target] != status[1][target]},
    }
    return found + [Reason(kind, tuple(sorted(names))) for kind, names in targets.items() if names]  # type: ignore[arg-type]


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
