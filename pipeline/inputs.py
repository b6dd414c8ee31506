"""What the cells of a run depend on besides its landing files, by value: so that a run can be built again as it was.

`versions` names each part by the hash of its content. What is a value (rules in SQL, themes, settings) can be put into another
run's place; what is a program can only be told apart.
"""

import gzip
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version as installed
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from pipeline.market import Market, SwotSettings
from pipeline.text.labels import lines_of
from pipeline.text.wording.themes import Taxonomy, load_taxonomy, restored
from warehouse import build
from warehouse.load import BrandFact, KeywordFact, MarketFacts, TargetFact, ThemeFact

if TYPE_CHECKING:
    from pipeline.swot.guide import Guide

RULES = ("metric", "rule", "mart", "mart_unflagged")
"""Folders of SQL between the scored reviews and the cells."""

_LOADING = ("raw", "work", "core")

_HERE = Path(__file__).parent
_READERS = ("vaderSentiment", "py3langid", "kiwipiepy", "kiwipiepy-model", "fugashi", "ipadic")
_COUNTERS = ("duckdb", "numpy", "scipy", "babel")


class InputsError(ValueError):
    """What was kept of a run cannot be read. The message names the file, what was expected and what was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """A market file as the rooms from load to swot take it."""

    facts: MarketFacts
    settings: SwotSettings
    languages: tuple[str, ...]
    brand_locales: Mapping[str, str]
    """Brand to language or locale, for the brands that have one."""
    transformers: Mapping[str, Path]
    """Language to the folder of the classifier that reads it."""
    taxonomy: Taxonomy
    rules: Path = build.SQL
    """The folder whose folders `RULES` are run."""
    guide: "Guide | None" = None
    """Tactics, journeys and axes, which no cell depends on; None for the defaults."""
    labels: Path | None = None
    """The file of labelled texts that teach opinions, gzip or not."""


def inputs_of(market: Market) -> Inputs:
    """Raises ThemeError for themes that cannot be used."""
    taxonomy = load_taxonomy(market.themes)
    facts = MarketFacts(
        id=market.id,
        name=market.name,
        timezone=market.timezone,
        sha256=market.sha256,
        brands=tuple(BrandFact(id=b.id, name=b.name, own=b.own, aliases=b.aliases, domains=b.domains) for b in market.brands),
        targets=tuple(
            TargetFact(
                target=t.id,
                brand=t.brand,
                kind=t.source.kind,
                source=t.source.source,
                name=t.source.name,
                basis=t.source.basis,
                url=t.source.shown_url,
            )
            for t in market.targets
        ),
        keywords=tuple(
            KeywordFact(keyword=k.text, engine=k.engine, locale=k.locale, device=k.device, searches=k.searches)
            for k in market.keywords
        ),
        themes=_theme_facts(taxonomy),
    )
    return Inputs(
        facts=facts,
        settings=market.swot,
        languages=market.languages,
        brand_locales={b.id: b.language for b in market.brands if b.language},
        transformers=market.transformers,
        taxonomy=taxonomy,
        labels=market.labels,
    )


def _theme_facts(taxonomy: Taxonomy) -> tuple[ThemeFact, ...]:
    return tuple(ThemeFact(theme=t.id, name=t.name, names=dict(t.names), stage=t.stage) for t in taxonomy.themes)


# --- by hash ----------------------------------------------------------------------------------------------------------


def versions(inputs: Inputs) -> dict[str, str]:
    """Part to the hash of its content: `loading`, `scoring` and `testing` are this program's, the others the market's and the rules'."""
    text = _HERE / "text"
    scoring = [p for p in _sources(text) if not p.is_relative_to(text / "wording" / "themes")]
    scoring = [p for p in scoring if not p.is_relative_to(text / "wording" / "packs")]
    loading = [p for schema in _LOADING for p in sorted((build.SQL / schema).glob("*.sql"))]
    return {
        "loading": _digest([*sorted(build.SQL.parent.glob("*.py")), *loading]),
        "scoring": _digest([*scoring, *sorted((build.SQL / "flag").glob("*.sql"))], _READERS),
        "testing": _digest([_HERE / "words.py", *(path for path in _sources(_HERE / "swot") if path.suffix == ".py")], _COUNTERS),
        "guide": _name(asdict(given_guide)) if (given_guide := inputs.guide) else "default",
        "rules": _name(_rules(inputs.rules)),
        "themes": _name(_themes(inputs.taxonomy)),
        "settings": _name(settings(inputs)),
    }


def labels_version(inputs: Inputs) -> str | None:
    """Hash of the labelled texts; None without any."""
    return hashlib.sha256(b"".join(lines_of(inputs.labels))).hexdigest()[:16] if inputs.labels else None


def settings(inputs: Inputs) -> dict[str, Any]:
    """What the market file says of brands, languages and thresholds; `targets` apart, which are what is covered."""
    facts = asdict(inputs.facts)
    return {
        "market": {name: facts[name] for name in ("id", "name", "timezone", "brands", "keywords")},
        "swot": inputs.settings.model_dump(mode="json"),
        "languages": list(inputs.languages),
        "brand_locales": dict(inputs.brand_locales),
    }


def parts(given: Inputs) -> dict[str, Mapping[str, Any]]:
    """What can be swapped as a value: rules by file, themes by id, settings by key."""
    said = settings(given)
    flat = {f"{table}.{name}": value for table in ("market", "swot") for name, value in said[table].items()}
    flat |= {name: said[name] for name in ("languages", "brand_locales")}
    return {"rules": _rules(given.rules), "themes": _themes(given.taxonomy), "settings": flat}


def _sources(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts)


def _digest(files: Iterable[Path], packages: Iterable[str] = ()) -> str:
    digest = hashlib.sha256(orjson.dumps([[name, installed(name)] for name in packages]))
    for path in files:
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _name(value: Any) -> str:
    # A named tuple is a list.
    return hashlib.sha256(orjson.dumps(value, default=list, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def _rules(root: Path) -> dict[str, str]:
    return {f"{s}/{p.name}": p.read_text(encoding="utf-8") for s in RULES for p in sorted((root / s).glob("*.sql"))}


def _themes(taxonomy: Taxonomy) -> dict[str, Any]:
    """The entries without the sentences that only tests read."""
    tests = {"hits", "misses", "leanings"}
    return {theme: entry.model_dump(mode="json", exclude=tests) for theme, entry in taxonomy.entries.items()}


# --- kept and taken up again --------------------------------------------------------------------------------------------


def keep(inputs: Inputs, folder: Path, write: Callable[[Path, bytes], None]) -> None:
    """Keeps rules, themes and labels under their hashes, each once; `write` makes a file appear whole."""
    for value in (_rules(inputs.rules), _themes(inputs.taxonomy)):
        path = folder / f"{_name(value)}.json.gz"
        if not path.exists():
            write(path, gzip.compress(orjson.dumps(value, option=orjson.OPT_SORT_KEYS), mtime=0))
    if inputs.labels and not (path := folder / f"{labels_version(inputs)}.jsonl.gz").exists():
        write(path, gzip.compress(b"".join(lines_of(inputs.labels)), mtime=0))


def taken_up(kept: Mapping[str, Any], folder: Path, rules_into: Path, transformers: Mapping[str, Path]) -> Inputs:
    """The inputs that a run's file tells of: `versions`, `settings`, `targets`, `transformers` and `labels`. Raises InputsError.

    Its rules are written into a new folder `rules_into`. `transformers`: by version, those that are there; another one is left out.
    """
    rules, themes = (_taken(folder / f"{kept['versions'][part]}.json.gz") for part in ("rules", "themes"))
    for name, sql in rules.items():
        path = rules_into / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(sql, encoding="utf-8")
    labels = folder / f"{kept['labels']}.jsonl.gz" if kept.get("labels") else None
    if labels and not labels.exists():
        raise InputsError(f"{labels}: expected the labelled texts of a run, found none.")
    taxonomy = restored(themes)
    said = kept["settings"]
    market = said["market"]
    facts = MarketFacts(
        id=market["id"],
        name=market["name"],
        timezone=market["timezone"],
        sha256=kept["market_sha256"],
        brands=tuple(BrandFact(**b | {"aliases": tuple(b["aliases"]), "domains": tuple(b["domains"])}) for b in market["brands"]),
        targets=tuple(TargetFact(**t) for t in kept["targets"]),
        keywords=tuple(KeywordFact(**k) for k in market["keywords"]),
        themes=_theme_facts(taxonomy),
    )
    return Inputs(
        facts=facts,
        settings=SwotSettings.model_validate(said["swot"]),
        languages=tuple(said["languages"]),
        brand_locales=said["brand_locales"],
        transformers={
            language: transformers[version] for language, version in kept["transformers"].items() if version in transformers
        },
        taxonomy=taxonomy,
        rules=rules_into,
        labels=labels,
    )


def _taken(path: Path) -> dict[str, Any]:
    try:
        value = orjson.loads(gzip.decompress(path.read_bytes()))
    except (OSError, EOFError, ValueError) as error:
        raise InputsError(f"{path}: expected the rules or themes of a run, found none that can be read ({error}).") from error
    if not isinstance(value, dict) or f"{_name(value)}.json.gz" != path.name:
        raise InputsError(f"{path}: expected content with the hash that it is named by, found another.")
    return value
