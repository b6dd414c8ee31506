"""`rivalscope label`: language, sentiment, themes and signals for texts on stdin, one JSON line out for each line in, in order.

Lines are read and answered in batches, so memory is bounded by a batch. A line that is no JSON object with a `text` ends the
command with its number; what was written before it stands.
"""

import argparse
import gzip
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

import orjson

from pipeline.market import ThemeChanges
from pipeline.text.analyse import Analysis, Text, analyse
from pipeline.text.reading.language import language_of
from pipeline.text.sentiment import model, scores, seed
from pipeline.text.sentiment.ngrams import longest
from pipeline.text.sentiment.scores import Classifier, label_of
from pipeline.text.sentiment.teachers import by_seed
from pipeline.text.sentiment.transformer import Transformer, TransformerError
from pipeline.text.wording.themes import load_taxonomy

MAX_LINE = 16_000_000
"""Bytes of one line; longer ones are refused rather than read."""

_BATCH = 256

Row = dict[str, object]


class LabelError(ValueError):
    """A line cannot be used; the message names it."""


def command(options: argparse.Namespace, progress: Callable[[str], None]) -> None:
    """`rivalscope label`, from stdin to stdout."""
    languages = tuple(code.strip() for code in options.languages.split(",") if code.strip())
    packs = tuple(name.strip() for name in options.packs.split(",") if name.strip())
    transformers = dict(_plugged_in(given) for given in options.model)
    count = label(
        sys.stdin.buffer,
        sys.stdout.buffer,
        teach=options.teach,
        languages=languages,
        packs=packs,
        transformers=transformers,
        progress=progress,
    )
    progress(f"label: {count:,} texts")


def label(
    lines: Iterable[bytes],
    out: IO[bytes],
    *,
    teach: Path | None = None,
    languages: Sequence[str] = ("en", "ko", "ja"),
    packs: tuple[str, ...] = (),
    transformers: Mapping[str, Path] = MappingProxyType({}),
    progress: Callable[[str], None] = lambda _line: None,
) -> int:
    """Labels each line and says how many there were.

    `teach`: JSON lines, gzip or not, with `text` and either `rating` and `rating_max` or `label` (1 positive, 0 negative); a
    model is taught for each language with enough of both. Where a Korean or Japanese file has too few of those, the seed lexicon says
    which of the lines without either are good. `transformers`: language → folder of the classifier that reads it instead. Raises LabelError naming the
    line, and TransformerError.
    """
    taxonomy = load_taxonomy(ThemeChanges(packs=packs))
    plugged_in = {language: Transformer(folder) for language, folder in transformers.items()}
    models: dict[str, Classifier] = {**(taught(teach, languages, progress) if teach else {}), **plugged_in}
    count = 0
    numbered = enumerate(lines, 1)
    while batch := list(islice(numbered, _BATCH)):
        rows: list[tuple[Row, Text]] = []
        broken: LabelError | None = None
        for number, line in batch:
            try:
                rows.append(_row(line, f"line {number}"))
            except LabelError as error:
                broken = error
                break
        found = analyse([text for _, text in rows], languages=languages, taxonomy=taxonomy, models=models, whole=True)
        for (row, _), analysis in zip(rows, found, strict=True):
            out.write(_printed({**row, **_answer(analysis)}))
        count += len(rows)
        if broken:
            out.flush()
            raise broken
    out.flush()
    return count


def _plugged_in(given: str) -> tuple[str, Path]:
    language, _, folder = given.partition("=")
    if not folder or not (language.isalpha() and len(language) == 2):
        raise TransformerError(f"--model: expected LANGUAGE=FOLDER such as ko=models/ko-sentiment, found {given!r}.")
    return language, Path(folder)


@dataclass(slots=True)
class _Told:
    """What a teaching file holds of one language: texts with what is said of them, and texts of which nothing is said."""

    texts: list[str] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    unrated: list[str] = field(default_factory=list)


def taught(path: Path, languages: Sequence[str], progress: Callable[[str], None]) -> dict[str, model.Model]:
    """A model for each language with enough of both classes; else, where a seed lexicon can tell, of its unrated texts."""
    held: dict[str, _Told] = {}
    for number, line in enumerate(_opened(path), 1):
        where = f"{path}: line {number}"
        row, text = _row(line, where)
        rated = row.get("label") is not None or row.get("rating") is not None
        verdict = _verdict(row, where) if rated else None
        language = language_of(text.content, languages=languages, stated=text.stated)
        if language in scores.UNTAUGHT or (rated and verdict is None):
            continue
        told = held.setdefault(language, _Told())
        kept = told.texts if rated else told.unrated
        if len(kept) < model.MAX_TEACHERS:
            kept.append(text.content[: longest(language)])
            if verdict is not None:
                told.labels.append(verdict)
    models = {}
    for language, told in sorted(held.items()):
        found, by = model.teach(language, told.texts, told.labels), "texts"
        if found is None and language in seed.languages():
            texts, labels = by_seed(language, told.unrated)
            found, by = model.teach(language, texts, labels, taught_by=model.SEED), "texts that the seed lexicon is sure of"
        if found:
            models[language] = found
        progress(
            f"label: {language} taught by {found.provenance.teachers:,} {by}" if found else f"label: {language}: too few texts"
        )
    return models


def _row(line: bytes, where: str) -> tuple[Row, Text]:
    if len(line) > MAX_LINE:
        raise LabelError(f"{where}: expected at most {MAX_LINE:,} bytes, found {len(line):,}.")
    try:
        row = _parsed(line)
    except (ValueError, RecursionError) as error:
        raise LabelError(f'{where}: expected a JSON object like {{"text": "…"}}, found {line[:60]!r} ({error}).') from error
    text = row.get("text") if isinstance(row, dict) else None
    if not isinstance(text, str):
        raise LabelError(f'{where}: expected a JSON object with a string "text", found {line[:60]!r}.')
    stated = row.get("language")
    if stated is not None and not isinstance(stated, str):
        raise LabelError(f'{where}: expected "language" to be a code such as "ko" or left out, found {stated!r}.')
    return row, Text(text, stated)


def _parsed(line: bytes) -> Any:
    """What the line says; a lone surrogate, escaped or not, is read as a question mark. Raises ValueError where it is no JSON."""
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        if "surrogate" not in str(error):
            raise
        read = json.loads(line.decode("utf-8", "surrogatepass"))
        return orjson.loads(json.dumps(read, ensure_ascii=False).encode("utf-8", "replace"))


def _verdict(row: Row, where: str) -> int | None:
    """1 good, 0 bad, None for the middle of the scale."""
    verdict, rating, best = row.get("label"), row.get("rating"), row.get("rating_max")
    if verdict in (0, 1):
        return int(bool(verdict))
    if verdict is None and isinstance(rating, int | float) and isinstance(best, int | float) and best > 1 and 0 <= rating <= best:
        return model.label_of((rating - 1) / (best - 1))
    found = {name: row[name] for name in ("label", "rating", "rating_max") if name in row}
    raise LabelError(f'{where}: expected "label" 1 or 0, or "rating" up to "rating_max", or neither, found {found}.')


def _answer(analysis: Analysis) -> Row:
    themes: dict[str, list[float]] = {}
    signals: dict[tuple[str, str], float | None] = {}
    for sentence in analysis.sentences:
        for mention in sentence.mentions:
            themes.setdefault(mention.theme, []).append(mention.sentiment)
        for signal in sentence.signals:
            strongest = signals.get((signal.kind, signal.id))
            signals[signal.kind, signal.id] = signal.intensity if strongest is None else max(strongest, signal.intensity or 0.0)
    return {
        "language": analysis.language,
        "sentiment": analysis.sentiment,
        "label": label_of(analysis.sentiment, analysis.language),
        "themes": [{"theme": theme, "sentiment": round(sum(said) / len(said), 4)} for theme, said in sorted(themes.items())],
        "signals": [
            {"signal": signal, "kind": kind, "intensity": intensity} for (kind, signal), intensity in sorted(signals.items())
        ],
    }


def _printed(row: Row) -> bytes:
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def _opened(path: Path) -> Iterator[bytes]:
    with path.open("rb") as plain:
        packed = plain.read(2) == b"\x1f\x8b"
    with gzip.open(path) if packed else path.open("rb") as file:
        yield from file
