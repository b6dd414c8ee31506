"""Which reviews teach a model, and the models that they taught, kept beside the score store.

The teachers of a language are the first starred reviews in it that landed and are not held out (`text.starred`), as many as fill a
step (`model.step_of`). That makes them a function of the landing files alone: a replay teaches the same model, and a run teaches
anew only when a step is crossed. Where a Korean or Japanese market has too few of them, the seed lexicon says of the first reviews which
are good and which are bad (`by_seed`).
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from pipeline.text.reading.language import language_of
from pipeline.text.sentiment import model, seed
from pipeline.text.sentiment.ngrams import longest
from pipeline.text.sentiment.scores import UNTAUGHT

_LOG = logging.getLogger(__name__)

_FETCHED = 2_000

_READ = longest("en")
"""Code points of a review that are fetched: the longest that any language is taught by."""

_LOOKED_AT = 4 * model.MAX_TEACHERS
"""Starred reviews that are looked at for teachers, over all languages."""


@dataclass(frozen=True, slots=True, eq=False)
class Teachers:
    """The teaching set of one language; `texts` and `labels` in order."""

    language: str
    texts: Sequence[str]
    labels: Sequence[int]
    sha256: str
    first_on: date
    """Day on which the first of them landed; of those that the seed lexicon chose from, where it did."""
    last_on: date
    taught_by: str = model.STARS


CONFIDENT = 0.5
"""The seed lexicon's score from which a text without a star teaches by it."""


def by_seed(language: str, texts: Sequence[str]) -> tuple[list[str], list[int]]:
    """The texts that the seed lexicon is sure of, and what it says (1 positive, 0 negative): teachers where nobody gave a star.

    Measured on texts of which none had a star (accuracy of the lexicon alone, then with the model that it taught): 3,649 Korean shopping
    sentences .937 .967, 2,000 Japanese shop reviews .902 .936. English has VADER and needs none.
    """
    held = [(text, score) for text in texts if abs(score := seed.score(text, language)) >= CONFIDENT]
    return [text for text, _ in held], [int(score > 0) for _, score in held]


def teachers(con: duckdb.DuckDBPyConnection, languages: Sequence[str], brand_locales: Mapping[str, str]) -> dict[str, Teachers]:
    """By language; only languages whose step holds `model.MIN_PER_CLASS` of each class. Reads `text.starred`."""
    # Where every Latin language of the market goes untaught, ASCII texts need not be fetched at all.
    latin = any(code not in UNTAUGHT | {"ko", "ja", "zh"} for code in languages)
    rows = con.execute(
        """
        select left(content, ?), rating, language, brand, cast(first_seen_at as date) from core.review
        semi join (select review_id from text.starred where not is_held_out) using (review_id)
        where duplicate_of is null and (rating >= ? or rating <= ?) and content is not null
            and (? or regexp_matches(left(content, ?), '[^\\x00-\\x7F]'))
        order by first_seen_at, review_id limit ?
        """,
        [_READ, model.POSITIVE_FROM, model.NEGATIVE_TO, latin, _READ, _LOOKED_AT],
    )
    held: dict[str, tuple[list[str], list[int], list[date]]] = {}
    while batch := rows.fetchmany(_FETCHED):
        for content, rating, stated, brand, landed_on in batch:
            language = language_of(content, languages=languages, stated=stated, locale=brand_locales.get(brand))
            label = model.label_of(rating)
            if label is None or language in UNTAUGHT:
                continue
            texts, labels, days = held.setdefault(language, ([], [], []))
            if len(texts) < model.MAX_TEACHERS:
                texts.append(content[: longest(language)])
                labels.append(label)
                days.append(landed_on)
    found = {}
    for language, (texts, labels, days) in sorted(held.items()):
        count = model.step_of(len(texts))
        used, verdicts = texts[:count], labels[:count]
        if min(sum(verdicts), count - sum(verdicts)) >= model.MIN_PER_CLASS:
            sha256 = model.rows_sha256(language, used, verdicts)
            found[language] = Teachers(language, used, verdicts, sha256, first_on=days[0], last_on=days[count - 1])
    without = [code for code in languages if code in seed.languages() and code not in found]
    return found | _without_stars(con, without, languages, brand_locales)


def _without_stars(
    con: duckdb.DuckDBPyConnection, wanted: Sequence[str], languages: Sequence[str], brand_locales: Mapping[str, str]
) -> dict[str, Teachers]:
    """For languages with too few stars: the first reviews that landed, whatever their stars, as the seed lexicon sees them."""
    if not wanted:
        return {}
    rows = con.execute(
        """
        select left(content, ?), language, brand, cast(first_seen_at as date) from core.review
        where duplicate_of is null and content is not null and regexp_matches(left(content, ?), '[^\\x00-\\x7F]')
        order by first_seen_at, review_id limit ?
        """,
        [_READ, _READ, _LOOKED_AT],
    )
    held: dict[str, tuple[list[str], list[date]]] = {code: ([], []) for code in wanted}
    while batch := rows.fetchmany(_FETCHED):
        for content, stated, brand, landed_on in batch:
            language = language_of(content, languages=languages, stated=stated, locale=brand_locales.get(brand))
            if language in held and len(held[language][0]) < model.MAX_TEACHERS:
                held[language][0].append(content[: longest(language)])
                held[language][1].append(landed_on)
    found = {}
    for language, (said, days) in held.items():
        count = model.step_of(len(said))
        texts, labels = by_seed(language, said[:count])
        if min(sum(labels), len(labels) - sum(labels)) >= model.MIN_PER_CLASS:
            sha256 = model.rows_sha256(language, texts, labels)
            found[language] = Teachers(language, texts, labels, sha256, days[0], days[count - 1], model.SEED)
    return found


def taught(folder: Path, by_language: Mapping[str, Teachers], progress: Callable[[str], None]) -> dict[str, Path]:
    """The model file of each language, taught where there is none yet or where it is damaged."""
    paths = {}
    for language, held in by_language.items():
        path = folder / f"{language}-{held.sha256[:24]}.npz"
        if not _usable(path):
            kind = "starred reviews" if held.taught_by == model.STARS else "reviews that the seed lexicon is sure of"
            progress(f"score: teaching {language} with {len(held.texts):,} {kind}")
            found = model.teach(
                language,
                held.texts,
                held.labels,
                taught_by=held.taught_by,
                first_on=held.first_on.isoformat(),
                last_on=held.last_on.isoformat(),
            )
            if found is None:
                continue
            model.save(found, path)
        paths[language] = path
    return paths


def _usable(path: Path) -> bool:
    try:
        model.load(path)
    except FileNotFoundError:
        return False
    except model.ModelError as error:
        _LOG.warning("%s", error)
        return False
    return True
