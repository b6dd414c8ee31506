"""Labelled texts, one JSON object a line: how files of them are read, and how they teach opinions (`sentiment.opinion`).

A line that labels says `"label": "neutral"` of its text as a whole, `"themes": [{"theme": "food", "label": "negative"}]` of what it says
of a theme, or both; the labels are positive, neutral and negative. Themes without a label say nothing.
"""

import gzip
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from pipeline.text.analyse import Text, questions
from pipeline.text.sentiment import opinion
from pipeline.text.sentiment.scores import Classifier, Label
from pipeline.text.wording.themes import Taxonomy

MAX_LINE = 16_000_000
"""Bytes of one line; longer ones are refused rather than read."""

MAX_LABELLED = 100_000
"""Lines with labels that are read; later ones are left."""

_BATCH = 256

Row = dict[str, object]


class LabelError(ValueError):
    """A line cannot be used; the message names it."""


@dataclass(frozen=True, slots=True)
class Labelled:
    text: Text
    whole: Label | None
    themes: Mapping[str, Label]


def lines_of(path: Path) -> Iterator[bytes]:
    """The lines of a file, gzip or not."""
    with path.open("rb") as plain:
        packed = plain.read(2) == b"\x1f\x8b"
    with gzip.open(path) if packed else path.open("rb") as file:
        yield from file


def row_of(line: bytes, where: str) -> tuple[Row, Text]:
    """What the line says, and its text."""
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


def labelled_of(row: Row, text: Text, themes: Collection[str], where: str) -> Labelled | None:
    """What the row labels; None where it labels nothing. Raises LabelError for a theme that is none of `themes` and a label that is none."""
    said: dict[str, Label] = {}
    listed = row.get("themes")
    for one in listed if isinstance(listed, list) else [] if listed is None else [listed]:
        theme, label = (one.get("theme"), one.get("label")) if isinstance(one, dict) else (None, one)
        if isinstance(theme, str) and label is None:
            continue
        if not isinstance(theme, str) or theme not in themes or label not in opinion.WAYS:
            raise LabelError(
                f'{where}: expected "themes" like [{{"theme": "food", "label": "negative"}}] with ids that are looked for '
                f"(packs bring more) and labels out of {', '.join(opinion.WAYS)}, found {one!r}."
            )
        said[theme] = label
    whole = row.get("label")
    found = Labelled(text, whole if whole in opinion.WAYS else None, said)
    return found if found.whole or found.themes else None


def read(path: Path, themes: Collection[str]) -> list[Labelled]:
    """What a file of labels says, its other lines left out. Raises LabelError naming the line, and OSError."""
    found: list[Labelled] = []
    for number, line in enumerate(lines_of(path), 1):
        where = f"{path}: line {number}"
        row, text = row_of(line, where)
        if (labelled := labelled_of(row, text, themes, where)) and len(found) < MAX_LABELLED:
            found.append(labelled)
    return found


def opinions_of(
    labels: Sequence[Labelled],
    *,
    languages: Sequence[str],
    taxonomy: Taxonomy,
    models: Mapping[str, Classifier],
    progress: Callable[[str], None],
) -> dict[str, opinion.Opinions]:
    """By language what the labels teach, where there are enough. A label of a theme that is not found in its text teaches nothing.

    Best where `models` were taught by other texts: on its own teachers a model is surer than it is elsewhere, and opinions come to trust
    it too much. Restaurant aspects in five folds, beside 5,993 starred reviews of other things .791; where all labelled sentences were
    starred too .788; where they were all that was .757.
    """
    asked: dict[str, list[opinion.Asked]] = {}
    said: dict[str, list[Label]] = {}
    for start in range(0, len(labels), _BATCH):
        batch = labels[start : start + _BATCH]
        found = questions([one.text for one in batch], languages=languages, taxonomy=taxonomy, models=models)
        for one, about in zip(batch, found, strict=True):
            for language, question in about:
                label = one.themes.get(question.theme) if question.theme else one.whole
                if label:
                    asked.setdefault(language, []).append(question)
                    said.setdefault(language, []).append(label)
    taught = {}
    for language, held in sorted(asked.items()):
        if opinions := opinion.teach(language, held, said[language]):
            taught[language] = opinions
            by = opinions.provenance
            progress(
                f"opinions: {language} taught by {by.mentions:,} labelled mentions of themes and {by.texts:,} labelled texts"
            )
        else:
            progress(
                f"opinions: {language}: {len(held):,} labels teach nothing yet; {opinion.MIN_LABELS} do, with {opinion.MIN_PER_WAY} of each kind"
            )
    return taught
