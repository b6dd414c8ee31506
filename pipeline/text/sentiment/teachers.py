"""Which reviews teach a model, and the models that they taught, kept beside the score store.

The teachers of a language are the first starred reviews in it that landed and are not held out (`text.starred`), as many as fill a
step (`model.step_of`). That makes them a function of the landing files alone: a replay teaches the same model, and a run teaches
anew only when a step is crossed. Where a Korean or Japanese market has too few of them, the seed lexicon says of the first reviews which
are good and which are bad (`by_seed`).
"""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from pipeline.text.reading.language import language_of
from pipeline.text.sentiment import model, seed
from pipeline.text.sentiment.model import Provenance
from pipeline.text.sentiment.ngrams import longest
from pipeline.text.sentiment.scores import UNTAUGHT
from pipeline.text.store import write_whole

_LOG = logging.getLogger(__name__)

_FETCHED = 2_000

_READ = longest("en")
"""Code points of a review that are fetched: the longest that any language is taught by."""

_LOOKED_AT = 4 * model.MAX_TEACHERS
"""Starred reviews that are looked at for teachers, over all languages."""


_REMEMBERED = 8
"""Builds whose teachers are remembered: a run and a replay of an earlier one take turns."""


@dataclass(frozen=True, slots=True, eq=False)
class Teachers:
    """The teaching set of one language; `texts` and `labels` in order."""

    texts: Sequence[str]
    labels: Sequence[int]
    record: Provenance
    """Its days are those on which the first and the last of them landed; of those that the seed lexicon chose from, where it did."""


def _teachers(
    language: str, texts: Sequence[str], labels: Sequence[int], days: Sequence[date], taught_by: str
) -> Teachers | None:
    """None where a class has fewer than `model.MIN_PER_CLASS`."""
    positive = sum(labels)
    if min(positive, len(labels) - positive) < model.MIN_PER_CLASS:
        return None
    record = Provenance(
        language=language,
        teachers=len(texts),
        positive=positive,
        rows_sha256=model.rows_sha256(language, texts, labels),
        taught_by=taught_by,
        first_on=days[0].isoformat(),
        last_on=days[-1].isoformat(),
    )
    return Teachers(texts, labels, record)


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
        if some := _teachers(language, texts[:count], labels[:count], days[:count], model.STARS):
            found[language] = some
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
        if some := _teachers(language, texts, labels, days[:count], model.SEED):
            found[language] = some
    return found


def remembered(
    con: duckdb.DuckDBPyConnection, file: Path, *, version: str, languages: Sequence[str], brand_locales: Mapping[str, str]
) -> tuple[dict[str, Provenance], dict[str, Teachers] | None]:
    """The records of what `teachers` finds, by language; and the teachers themselves where they had to be read.

    They are read where the reviews, or what reads them (`version`), are none of those that the file remembers.
    """
    identity = _identity(con, version, languages, brand_locales)
    kept = _kept(file)
    if identity in kept:
        return {code: Provenance(**record) for code, record in kept[identity].items()}, None
    found = teachers(con, languages, brand_locales)
    records = {code: held.record for code, held in found.items()}
    kept[identity] = {code: asdict(record) for code, record in records.items()}
    with write_whole(file) as written:
        written.write(json.dumps(dict(list(kept.items())[-_REMEMBERED:]), indent=1).encode())
    return records, found


def _identity(con: duckdb.DuckDBPyConnection, version: str, languages: Sequence[str], brand_locales: Mapping[str, str]) -> str:
    """Of everything that `teachers` reads, whatever the order in which the rows stand."""
    row = con.execute(
        """
        select count(*), bit_xor(md5_number(concat_ws(chr(31), review_id, coalesce(cast(rating as varchar), ''), coalesce(language, ''),
            brand, coalesce(cast(first_seen_at as varchar), ''), coalesce(cast(is_held_out as varchar), ''), left(content, ?))))
        from core.review left join text.starred using (review_id)
        where duplicate_of is null and content is not null
        """,
        [_READ],
    ).fetchone()
    return f"{version} {','.join(languages)} {json.dumps(sorted(brand_locales.items()))} {row}"


def _kept(file: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """What the file remembers; nothing where it is not there or damaged."""
    try:
        kept = json.loads(file.read_bytes())
        for records in kept.values():
            for record in records.values():
                Provenance(**record)
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, AttributeError) as error:
        _LOG.warning("%s: expected records of teachers, found %s: %s. They are read again.", file, type(error).__name__, error)
        return {}
    return dict(kept)


def taught(
    folder: Path,
    records: Mapping[str, Provenance],
    read: Callable[[], Mapping[str, Teachers]],
    progress: Callable[[str], None],
) -> dict[str, Path]:
    """The model file of each language, taught where there is none yet or where it is damaged; `read` gives the teachers for that."""
    paths = {language: folder / f"{language}-{record.rows_sha256[:24]}.npz" for language, record in records.items()}
    missing = [language for language, path in paths.items() if not _usable(path)]
    held = read() if missing else {}
    for language in missing:
        record, lessons = records[language], held[language]
        kind = "starred reviews" if record.taught_by == model.STARS else "reviews that the seed lexicon is sure of"
        progress(f"score: teaching {language} with {record.teachers:,} {kind}")
        found = model.teach(
            language,
            lessons.texts,
            lessons.labels,
            taught_by=record.taught_by,
            first_on=record.first_on,
            last_on=record.last_on,
        )
        if found is None:
            del paths[language]
        else:
            model.save(found, paths[language])
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
