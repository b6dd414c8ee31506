"""The star-taught model: a linear model over hashed n-grams (`ngrams`), learnt from the market's own starred reviews.

A text is the set of its n-grams, each weighted by how rare it was in the teaching set and by how differently good and bad reviews
used it (the ratio of their counts, in logarithms), scaled to length one; a logistic regression with both classes weighed alike
gives the log-odds of a positive review. N-grams that the teaching set never held say nothing.

A short text, or one of which little is known, says less: beside its own length stands a fifth of the teachers' mean, as if it went on
without an opinion. What it leaves unsaid is its doubt, and where there is doubt the lexicon speaks (`scores`).

A taught model is a few arrays and the record of what it was taught by, in one `.npz` without pickled objects.
"""

import hashlib
import json
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.text.reading.normalise import normalise
from pipeline.text.sentiment.ngrams import BITS, FEATURES, PER_CODE_POINT, longest, ngrams
from pipeline.text.store import write_whole

MIN_PER_CLASS = 30
"""Fewer positive or negative teachers than this, and the seed lexicon alone is the better judge."""

FIRST_STEP = 200
STEP = 1.25
MAX_TEACHERS = 100_000
"""Teaching sets grow in steps of a quarter, so that a run teaches anew only when a step is crossed; more than the last add little."""

POSITIVE_FROM = 0.75
NEGATIVE_TO = 0.34
"""On the 0..1 scale of `core.review.rating`: 4 of 5 stars and more, 2 of 5 (4 of 10) and less; what lies between teaches nothing."""

_REGULARISATION = 4.0
_HELD_BY = 2
_PASSES = 20
_CONTRAST = 0.5
"""How far the ratio of counts weighs n-grams, 0..1. English products at 0, .3, .5, .7: .849 .862 .864 .860; Korean films at 0 and .5
.833 .842, and on another split at .3, .5, .7 .847 .849 .848."""

_DOUBT = 0.2
_TAUGHT_NGRAMS = 100_000_000
"""Of all teachers of a language together: their texts are cut to a common length that keeps below it, so that time and memory hold."""

_FORMAT = 2

Floats = npt.NDArray[np.float32]


STARS, SEED = "stars", "seed"
"""Who said of the teachers which are good and which are bad."""


class ModelError(ValueError):
    """The file is not a whole model of this format; teach again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a model comes from; kept inside its file."""

    language: str
    teachers: int
    positive: int
    rows_sha256: str
    """Of the texts and labels in their order: the same teachers give the same model."""
    taught_by: str = STARS
    """`STARS`, or `SEED` where the seed lexicon stood in for them."""
    first_on: str = ""
    last_on: str = ""
    """Days (ISO 8601) on which the first and the last of what it learnt from landed; empty where nobody knows."""
    features: int = FEATURES
    format: int = _FORMAT


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    provenance: Provenance
    weights: Floats
    """Per hashed n-gram: its value times its coefficient; 0 where the teaching set did not hold it."""
    lengths: Floats
    """Per hashed n-gram: its value squared, for scaling a text to length one."""
    intercept: float
    doubt: float
    """Squared length that stands beside a text's own."""

    def judged(self, texts: Sequence[str]) -> tuple[Floats, Floats]:
        """For each normalised text its log-odds of positive, and its doubt: 0 none .. 1 nothing in it is known, and the odds are even."""
        logits = np.empty(len(texts), dtype=np.float32)
        doubts = np.empty(len(texts), dtype=np.float32)
        for start in range(0, len(texts), _CHUNK):
            chunk = texts[start : start + _CHUNK]
            document, feature = ngrams(chunk, self.provenance.language)
            votes = np.bincount(document, weights=self.weights[feature], minlength=len(chunk))
            length = np.bincount(document, weights=self.lengths[feature], minlength=len(chunk))
            whole = length + self.doubt
            doubts[start : start + _CHUNK] = np.sqrt(self.doubt / whole)
            logits[start : start + _CHUNK] = (votes + self.intercept * np.sqrt(length)) / np.sqrt(whole)
        return logits, doubts

    def logits(self, texts: Sequence[str]) -> Floats:
        """Log-odds of positive for each normalised text."""
        return self.judged(texts)[0]

    @property
    def version(self) -> str:
        return self.provenance.rows_sha256[:16]


_CHUNK = 2_000


def step_of(count: int) -> int:
    """How many of `count` teachers are used: the largest step 200·1.25^k that they fill; 0 when there are fewer than 200."""
    if count < FIRST_STEP:
        return 0
    step = float(FIRST_STEP)
    while step * STEP <= min(count, MAX_TEACHERS):
        step *= STEP
    return int(step)


def label_of(rating: float) -> int | None:
    """1 for a good rating, 0 for a bad one, None for the middle. `rating` is 0 (worst) .. 1 (best)."""
    return 1 if rating >= POSITIVE_FROM else 0 if rating <= NEGATIVE_TO else None


def rows_sha256(language: str, texts: Sequence[str], labels: Sequence[int]) -> str:
    """The identity of a teaching set, in its order."""
    digest = hashlib.sha256(f"{_FORMAT} {FEATURES} {language}".encode())
    for text, label in zip(texts, labels, strict=True):
        digest.update(b"\x00%d" % label)
        digest.update(text.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def teach(
    language: str,
    texts: Sequence[str],
    labels: Sequence[int],
    *,
    taught_by: str = STARS,
    first_on: str = "",
    last_on: str = "",
) -> Model | None:
    """A model of these texts (1 positive, 0 negative); None where a class has fewer than `MIN_PER_CLASS`.

    `taught_by`, `first_on`, `last_on`: for the record, see `Provenance`.
    """
    positive = sum(labels)
    if min(positive, len(labels) - positive) < MIN_PER_CLASS:
        return None
    bound = min(longest(language), _TAUGHT_NGRAMS // PER_CODE_POINT.get(language, 4) // len(texts))
    row, index = _taught_ngrams(language, [text[:bound] for text in texts])
    verdicts = np.asarray(labels)
    value = _values(row, index, verdicts)
    kept = value[index] > 0
    index, row = index[kept], row[kept]
    square = np.bincount(row, weights=value[index] ** 2, minlength=len(texts))
    known = np.flatnonzero(value)
    place = np.zeros(len(value), dtype=np.int32)
    place[known] = np.arange(len(known))
    coefficients, intercept = _fitted(
        (value[index] / np.sqrt(square)[row]).astype(np.float32), row, place[index], len(known), verdicts
    )
    weights = np.zeros(1 << BITS, dtype=np.float32)
    weights[known] = value[known] * coefficients
    return Model(
        provenance=Provenance(
            language=language,
            teachers=len(texts),
            positive=positive,
            rows_sha256=rows_sha256(language, texts, labels),
            taught_by=taught_by,
            first_on=first_on,
            last_on=last_on,
        ),
        weights=weights,
        lengths=value**2,
        intercept=intercept,
        doubt=_DOUBT * float(square.mean()) + 1e-9,
    )


def _taught_ngrams(language: str, texts: Sequence[str]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Text number and n-gram, as `ngrams` gives them, in half the memory."""
    rows, index = [], []
    for start in range(0, len(texts), _CHUNK):
        chunk = [normalise(text).text for text in texts[start : start + _CHUNK]]
        document, feature = ngrams(chunk, language)
        rows.append((document + start).astype(np.int32))
        index.append(feature.astype(np.int32))
    return np.concatenate(rows), np.concatenate(index)


def _values(row: npt.NDArray[np.int32], index: npt.NDArray[np.int32], labels: npt.NDArray[np.int64]) -> Floats:
    """What each n-gram weighs: rarity, times how unlike the classes use it; 0 for one that fewer than `_HELD_BY` teachers hold."""
    held = np.bincount(index, minlength=1 << BITS)
    held_good = np.bincount(index, weights=labels[row], minlength=1 << BITS)
    used = held >= _HELD_BY
    ratio = np.abs(np.log((held_good + 1) / (held - held_good + 1) * (len(labels) - labels.sum()) / labels.sum()))
    contrast = 1 - _CONTRAST + _CONTRAST * ratio / max(ratio[used].mean(), 1e-9) if used.any() else ratio
    rarity = np.log((1 + len(labels)) / (1 + held)) + 1
    return np.where(used, rarity * contrast, 0).astype(np.float32)


def _fitted(values: Floats, row: Any, column: Any, width: int, labels: Any) -> tuple[Floats, float]:
    """Coefficients and intercept of a logistic regression, both classes weighed alike.

    Stopped after `_PASSES` steps: later ones fit the teachers better, and texts of another domain worse.
    """
    # Only teaching needs these, and they are slow to import.
    from scipy import sparse  # noqa: PLC0415
    from scipy.optimize import minimize  # noqa: PLC0415

    matrix = sparse.csr_matrix((values, (row, column)), shape=(len(labels), width))
    turned = matrix.T.tocsr()
    sign = np.where(labels == 1, 1.0, -1.0)
    positive = labels.mean()
    weight = np.where(labels == 1, 0.5 / positive, 0.5 / (1 - positive)) / len(labels)
    decay = 1 / (_REGULARISATION * len(labels))

    def loss(point: Any) -> tuple[float, Any]:
        coefficients = point[:-1]
        margin = sign * (matrix @ coefficients.astype(np.float32) + point[-1])
        value = weight @ np.logaddexp(0, -margin) + decay / 2 * (coefficients @ coefficients)
        pull = -weight * sign / (1 + np.exp(np.clip(margin, -60, 60)))
        return float(value), np.append(turned @ pull.astype(np.float32) + decay * coefficients, pull.sum())

    found = minimize(loss, np.zeros(width + 1), jac=True, method="L-BFGS-B", options={"maxiter": _PASSES, "maxcor": 8}).x
    return found[:-1].astype(np.float32), float(found[-1])


def save(model: Model, path: Path) -> None:
    """Whole or not at all."""
    known = np.flatnonzero(model.lengths)
    with write_whole(path) as file:
        np.savez_compressed(
            file,
            provenance=np.frombuffer(json.dumps(asdict(model.provenance), sort_keys=True).encode(), dtype=np.uint8),
            index=known.astype(np.int32),
            weights=model.weights[known],
            lengths=model.lengths[known],
            constants=np.array([model.intercept, model.doubt]),
        )


def arrays_of(path: Path, *names: str) -> tuple[dict[str, Any], list[npt.NDArray[Any]]]:
    """Provenance and arrays of a taught file. Raises `ModelError` for one that is truncated or damaged, FileNotFoundError for none."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return dict(json.loads(arrays["provenance"].tobytes())), [arrays[name] for name in names]
    except (ValueError, KeyError, TypeError, EOFError, IndexError, zipfile.BadZipFile, zlib.error, OSError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise ModelError(f"{path}: expected a taught model, found {type(error).__name__}: {error}. Teach it again.") from error


def load(path: Path) -> Model:
    """Raises `ModelError` for a file that is truncated, damaged or of another format, FileNotFoundError for none."""
    recorded, (index, weights, lengths, constants) = arrays_of(path, "index", "weights", "lengths", "constants")
    try:
        provenance = Provenance(**recorded)
        intercept, doubt = map(float, constants)
    except (TypeError, ValueError) as error:
        raise ModelError(f"{path}: expected a taught model, found {type(error).__name__}: {error}. Teach it again.") from error
    found = (provenance.format, provenance.features)
    if found != (_FORMAT, FEATURES) or not len(index) == len(weights) == len(lengths) or (len(index) and index.max() >> BITS):
        raise ModelError(f"{path}: expected a taught model of format {_FORMAT}.{FEATURES}, found {found}. Teach it again.")
    whole = np.zeros((2, 1 << BITS), dtype=np.float32)
    whole[0, index], whole[1, index] = weights, lengths
    return Model(provenance=provenance, weights=whole[0], lengths=whole[1], intercept=intercept, doubt=doubt)
