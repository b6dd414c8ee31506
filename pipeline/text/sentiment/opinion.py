"""What labelled mentions teach: whether a customer speaks well, badly or neither of a theme, or in a text as a whole.

Stars know good and bad only, and are given to a whole review. Whoever labels what is said of a theme teaches the third way, and what
is good or bad about that theme: a multinomial logistic regression over the words and pairs of words of the stretch that speaks of the
theme, each beside the theme's name, over the stretch's characters, over the words of the sentence and its themes, and over what rules
and the star-taught model say of both. N-grams weigh the more, the less alike the ways use them, as stars' do (`model`).

Such a model is, like the star-taught one, a few arrays and the record of what it was taught by, in one `.npz` without pickled objects.
"""

import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.text.sentiment.model import Floats, ModelError, arrays_of
from pipeline.text.sentiment.ngrams import BITS, FEATURES, characters, ngrams
from pipeline.text.sentiment.scores import Label, cut
from pipeline.text.store import write_whole

WAYS: tuple[Label, ...] = ("negative", "neutral", "positive")

MIN_LABELS = 500
"""Of mentions, to be asked about mentions, and of whole texts, to be asked about those. Restaurant aspects in three ways, five folds, by the
number of labelled sentences (each labels about one mention and itself), first where the theme is found and then where the text speaks
for it: by rules .821 .584; 200 .819 .555; 400 .825 .575; 600 .834 .603; 800 .840 .609; 1,200 .837 .623; 1,950 .846 .656. That was by n-grams
of sentence and stretch alone, all alike; as they are now, all labels give .793 in place of .784 (two rounds of five folds of 2,435 sentences), and
Korean aspects, machine-translated, .874 in place of .871."""

MIN_PER_WAY = 20
"""Fewer of one way cannot be told from chance."""

_REGULARISATION = 2.0
"""At 1, 2 and 6, all labels of such folds: .790 .791 .790."""

_PASSES = 100
_HELD_BY = 2
_CONTRAST = 0.5
"""How far the unlikeness of the ways weighs n-grams, 0..1. At 0, .5 and 1: .788 .791 .790."""
_CHARACTERS = (3, 4, 5)
_FORMAT = 2

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: how does this sentence speak of this theme."""

    sentence: str
    stretch: str
    """The part of it that speaks of the theme; the whole where no part is known."""
    theme: str
    """Its id; "" for the sentence itself, or a whole text."""
    score: float
    """What rules and stars say of the theme, -1..1."""
    around: float
    """What they say of the sentence."""
    beside: tuple[str, ...] = ()
    """Ids of the themes that the sentence carries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where the opinions come from; kept inside their file."""

    language: str
    mentions: int
    """Labels of themes that were found in their texts."""
    texts: int
    """Labels of whole texts."""
    ways: dict[str, int]
    rows_sha256: str
    """Of questions and labels in their order, with what was said of them before."""
    features: int = FEATURES
    format: int = _FORMAT


@dataclass(frozen=True, slots=True, eq=False)
class Opinions:
    provenance: Provenance
    index: Ints
    """Columns (`_columns`) that the teachers held, ascending."""
    values: Floats
    """What a text's holding of each is worth, before its length is made one."""
    weights: Floats
    """A row for each of `index`, a column for each of `WAYS`."""
    measures: Floats
    """The same for each of `_measures`."""
    intercepts: Floats

    def answers(self, theme: str) -> bool:
        """Whether enough was taught of mentions, or for "" of whole texts, to be asked."""
        return (self.provenance.mentions if theme else self.provenance.texts) >= MIN_LABELS

    def shares(self, asked: Sequence[Asked]) -> Floats:
        """A row for each question: how likely each of `WAYS` is."""
        row, column = _columns(asked, self.provenance.language)
        place = np.minimum(np.searchsorted(self.index, column), len(self.index) - 1)
        known = self.index[place] == column
        row, place = row[known], place[known]
        value = _scaled(row, column[known], self.values[place])
        logits = _measures(asked, self.provenance.language) @ self.measures + self.intercepts
        for way in range(len(WAYS)):
            logits[:, way] += np.bincount(row, weights=value * self.weights[place, way], minlength=len(asked))
        return _softmax(logits)

    def scores(self, asked: Sequence[Asked]) -> list[float]:
        """-1..1 for each question, four digits: the likeliest way by the cut of the language, and how far the two others are apart."""
        if not asked:
            return []
        shares = self.shares(asked)
        line = cut(self.provenance.language)
        found = []
        for way, balance in zip(shares.argmax(axis=1).tolist(), (shares[:, 2] - shares[:, 0]).tolist(), strict=True):
            within = max(-line + 1e-4, min(line - 1e-4, balance))
            found.append(round((min(-line, balance), within, max(line, balance))[way], 4))
        return found


def teach(language: str, asked: Sequence[Asked], labels: Sequence[Label]) -> Opinions | None:
    """None where there are fewer than `MIN_LABELS`, or fewer than `MIN_PER_WAY` of one way."""
    ways = Counter(labels)
    if len(asked) < MIN_LABELS or min(ways[way] for way in WAYS) < MIN_PER_WAY:
        return None
    row, column = _columns(asked, language)
    index, place, held = np.unique(column, return_inverse=True, return_counts=True)
    kept = held >= _HELD_BY
    used = kept[place]
    index, row, place = index[kept], row[used], (np.cumsum(kept) - 1)[place[used]]
    measures = _measures(asked, language)
    said = np.array([WAYS.index(one) for one in labels])
    values = _values(index, row, place, said)
    weights, intercepts = _fitted((_scaled(row, index[place], values[place]), (row, place)), measures, said)
    mentions = sum(bool(one.theme) for one in asked)
    return Opinions(
        provenance=Provenance(
            language=language,
            mentions=mentions,
            texts=len(asked) - mentions,
            ways=dict(sorted(ways.items())),
            rows_sha256=_rows_sha256(language, asked, labels),
        ),
        index=index,
        values=values,
        weights=weights[: -measures.shape[1]],
        measures=weights[-measures.shape[1] :],
        intercepts=intercepts,
    )


def _rows_sha256(language: str, asked: Sequence[Asked], labels: Sequence[Label]) -> str:
    digest = hashlib.sha256(f"{_FORMAT} {FEATURES} {language}".encode())
    for one, label in zip(asked, labels, strict=True):
        digest.update(
            repr((one.sentence, one.stretch, one.theme, one.score, one.around, one.beside, label)).encode(
                "utf-8", "surrogatepass"
            )
        )
    return digest.hexdigest()


_WORDS, _LETTERS, _AROUND, _NAMES = range(4)
_LENGTHS = np.array([1.0, 1.0, 0.7, 1.0])
"""Of what a question holds in each block. The words of the sentence at 0, .7 and 1: .788 .791 .790."""


def _columns(asked: Sequence[Asked], language: str) -> tuple[Ints, Ints]:
    """Question number and column of what each holds, block by block: n-grams of the stretch beside the theme, its characters, n-grams of
    the sentence, themes."""
    stretches = [one.stretch for one in asked]
    theme = np.array([zlib.crc32(one.theme.encode()) & (1 << BITS) - 1 for one in asked], dtype=np.int64)
    document, feature = ngrams(stretches, language)
    rows, columns = [document], [(feature ^ theme[document]) + (_WORDS << BITS)]
    document, feature = characters(stretches, language, _CHARACTERS)
    rows.append(document)
    columns.append(feature + (_LETTERS << BITS))
    document, feature = ngrams([one.sentence for one in asked], language)
    rows.append(document)
    columns.append(feature + (_AROUND << BITS))
    named = [
        (number, zlib.crc32(said.encode()) & 0xFFFF)
        for number, one in enumerate(asked)
        for said in (one.theme, *(f"beside {theme}" for theme in one.beside or ("",)))
    ]
    document, feature = np.array(named, dtype=np.int64).reshape(-1, 2).T
    rows.append(document)
    columns.append(feature + (_NAMES << BITS))
    return np.concatenate(rows), np.concatenate(columns)


def _values(index: Ints, row: Ints, place: Ints, said: Ints) -> Floats:
    """What each of `index` is worth: rarity, times how unlike the ways use it; 1 for names of themes."""
    count = len(said)
    held = np.bincount(place, minlength=len(index))
    ratio = np.zeros(len(index))
    for way in range(len(WAYS)):
        of_way = said == way
        inside = np.bincount(place, weights=of_way[row], minlength=len(index))
        odds = (count - of_way.sum()) / of_way.sum()
        ratio = np.maximum(ratio, np.abs(np.log((inside + 1) / (held - inside + 1) * odds)))
    values = np.ones(len(index))
    for block in (_WORDS, _LETTERS, _AROUND):
        here = index >> BITS == block
        if here.any():
            contrast = 1 - _CONTRAST + _CONTRAST * ratio[here] / max(ratio[here].mean(), 1e-9)
            values[here] = (np.log((1 + count) / (1 + held[here])) + 1) * contrast
    return values.astype(np.float32)


def _scaled(row: Ints, column: Ints, value: Floats) -> Floats:
    """The values so that those of one question in one block have the block's length together."""
    block = column >> BITS
    kind = row * len(_LENGTHS) + block
    return np.asarray(value * _LENGTHS[block] / np.sqrt(np.bincount(kind, weights=value**2)[kind]), dtype=np.float32)


def _measures(asked: Sequence[Asked], language: str) -> Floats:
    """What was said before, a row for each question: of the theme, then of the sentence, the score, its strength, and whether it is none."""
    said = np.array([(one.score, one.around) for one in asked], dtype=np.float32).reshape(-1, 2)
    return np.concatenate([said, np.abs(said), np.abs(said) < cut(language)], axis=1).astype(np.float32)


def _softmax(logits: npt.NDArray[Any]) -> npt.NDArray[Any]:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def _fitted(held: tuple[Floats, tuple[Ints, Ints]], measures: Floats, ways: Ints) -> tuple[Floats, Floats]:
    """Weights (of the columns, then of the measures) and intercepts, one for each of `WAYS`."""
    # Only teaching needs these, and they are slow to import.
    from scipy import sparse  # noqa: PLC0415
    from scipy.optimize import minimize  # noqa: PLC0415

    count = len(ways)
    matrix = sparse.hstack([sparse.csr_matrix(held), sparse.csr_matrix(measures)]).tocsr()
    turned = matrix.T.tocsr()
    wanted = np.zeros((count, len(WAYS)))
    wanted[np.arange(count), ways] = 1

    def loss(point: Any) -> tuple[float, Any]:
        weights, intercepts = point[: -len(WAYS)].reshape(-1, len(WAYS)), point[-len(WAYS) :]
        shares = _softmax(matrix @ weights + intercepts)
        off = shares - wanted
        lost = -np.log(shares[np.arange(count), ways] + 1e-12).sum() + (weights**2).sum() / (2 * _REGULARISATION)
        return float(lost), np.append((turned @ off + weights / _REGULARISATION).ravel(), off.sum(axis=0))

    start = np.zeros(matrix.shape[1] * len(WAYS) + len(WAYS))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _PASSES}).x.astype(np.float32)
    return found[: -len(WAYS)].reshape(-1, len(WAYS)), found[-len(WAYS) :]


def save(opinions: Opinions, path: Path) -> None:
    """Whole or not at all."""
    with write_whole(path) as file:
        np.savez_compressed(
            file,
            provenance=np.frombuffer(json.dumps(asdict(opinions.provenance), sort_keys=True).encode(), dtype=np.uint8),
            index=opinions.index,
            values=opinions.values,
            weights=opinions.weights,
            measures=opinions.measures,
            intercepts=opinions.intercepts,
        )


def load(path: Path) -> Opinions:
    """Raises `ModelError` for a file that is truncated, damaged or of another format, FileNotFoundError for none."""
    provenance, (index, values, weights, measures, intercepts) = arrays_of(
        path, "index", "values", "weights", "measures", "intercepts"
    )
    sizes = {len(index), len(values), len(weights)}
    if (provenance.get("format"), provenance.get("features")) != (_FORMAT, FEATURES) or len(sizes) > 1:
        raise ModelError(f"{path}: expected taught opinions of format {_FORMAT}.{FEATURES}. Teach them again.")
    return Opinions(
        provenance=Provenance(**provenance),
        index=index,
        values=values,
        weights=weights,
        measures=measures,
        intercepts=intercepts,
    )
