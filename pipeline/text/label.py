"""`rivalscope label`: language, sentiment, themes and signals for texts on stdin, one JSON line out for each line in, in order.

Lines are read and answered in batches, so memory is bounded by a batch. A line that is no JSON object with a `text` ends the
command with its number; what was written before it stands.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import IO

import orjson

from pipeline.market import ThemeChanges
from pipeline.text.analyse import Analysis, Text, analyse
from pipeline.text.labels import MAX_LABELLED, LabelError, Labelled, Row, labelled_of, lines_of, opinions_of, row_of
from pipeline.text.reading.language import language_of
from pipeline.text.sentiment import model, scores, seed
from pipeline.text.sentiment.ngrams import longest
from pipeline.text.sentiment.opinion import Opinions
from pipeline.text.sentiment.scores import Classifier, label_of
from pipeline.text.sentiment.teachers import by_seed
from pipeline.text.sentiment.transformer import Transformer, TransformerError
from pipeline.text.wording.themes import Taxonomy, load_taxonomy

_BATCH = 256


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
    which of the lines without either are good. A line with a `label` positive, neutral or negative, or with labelled `themes`, teaches
    opinions instead (`labels`). `transformers`: language → folder of the classifier that reads it instead. Raises LabelError naming the
    line, and TransformerError.
    """
    taxonomy = load_taxonomy(ThemeChanges(packs=packs))
    plugged_in = {language: Transformer(folder) for language, folder in transformers.items()}
    models, opinions = taught(teach, languages, taxonomy, plugged_in, progress) if teach else (plugged_in, {})
    count = 0
    numbered = enumerate(lines, 1)
    while batch := list(islice(numbered, _BATCH)):
        rows: list[tuple[Row, Text]] = []
        broken: LabelError | None = None
        for number, line in batch:
            try:
                rows.append(row_of(line, f"line {number}"))
            except LabelError as error:
                broken = error
                break
        found = analyse(
            [text for _, text in rows], languages=languages, taxonomy=taxonomy, models=models, opinions=opinions, whole=True
        )
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


def taught(
    path: Path,
    languages: Sequence[str],
    taxonomy: Taxonomy,
    plugged_in: Mapping[str, Classifier],
    progress: Callable[[str], None],
) -> tuple[dict[str, Classifier], dict[str, Opinions]]:
    """A model for each language with enough of both classes; else, where a seed lexicon can tell, of its unrated texts. And what the
    labelled lines teach, which no star-taught model has seen: on its own teachers it is surer than it ought to be."""
    held: dict[str, _Told] = {}
    labelled: list[Labelled] = []
    for number, line in enumerate(lines_of(path), 1):
        where = f"{path}: line {number}"
        row, text = row_of(line, where)
        if said := labelled_of(row, text, taxonomy.entries, where):
            if len(labelled) < MAX_LABELLED:
                labelled.append(said)
            continue
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
    models: dict[str, Classifier] = {}
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
    models |= plugged_in
    return models, opinions_of(labelled, languages=languages, taxonomy=taxonomy, models=models, progress=progress)


def _verdict(row: Row, where: str) -> int | None:
    """1 good, 0 bad, None for the middle of the scale."""
    verdict, rating, best = row.get("label"), row.get("rating"), row.get("rating_max")
    if verdict in (0, 1):
        return int(bool(verdict))
    if verdict is None and isinstance(rating, int | float) and isinstance(best, int | float) and best > 1 and 0 <= rating <= best:
        return model.label_of((rating - 1) / (best - 1))
    found = {name: row[name] for name in ("label", "rating", "rating_max") if name in row}
    raise LabelError(
        f'{where}: expected "label" 1 or 0, or "rating" up to "rating_max", or "label" positive, neutral or negative, or none, found {found}.'
    )


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
