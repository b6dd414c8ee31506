"""The score room: each review's sentences with language, sentiment and themes, into `text.sentence` and `text.mention`;
what else its words say, into `text.signal`; what it complains about where no theme hears it, into `text.term`.

FAQ entries go into `text.faq` on the way (`pipeline.text.faq`): they are few, so they are read anew each time.

Texts that the score store knows under the current version are not read again. The version of a text is the hash of everything
its scores depend on: the code and data files of this folder, the installed readers, the taxonomy, the market's languages, and the
teachers of each language that its sentences are in; so a new Korean model scores Korean again, and nothing else.

Large batches are scored by two worker processes; memory is bounded by a batch, whatever the number of reviews.
"""

import gc
import hashlib
import multiprocessing
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version as installed
from pathlib import Path
from types import MappingProxyType

import duckdb
import orjson

from pipeline.text import calibration, faq, labels, reply, store, suspicion
from pipeline.text.analyse import Text, analyse
from pipeline.text.sentiment import model, opinion, transformer
from pipeline.text.sentiment.scores import Classifier
from pipeline.text.sentiment.teachers import Teachers, remembered, taught, teachers
from pipeline.text.terms import terms
from pipeline.text.wording.themes import Taxonomy
from warehouse.build import connect, describe, transaction

Progress = Callable[[str], None]

_CHUNK = 250
"""Texts that are analysed at a time."""

_WORTH_WORKERS = 1_500_000
"""Code points to score from which starting worker processes (half a second each) pays."""

_PER_FILE = 40_000
"""Texts whose scores are kept at a time: what a killed run has to do again at most."""

MADE_AT_A_TIME = 50_000
"""Objects that a worker makes before it looks for cycles, of which reading texts leaves none: at 700, as Python has it, a twelfth of the time."""

_SAY_EVERY = 5.0
"""Seconds."""

Job = list[tuple[str, Text]]


@dataclass(frozen=True, slots=True)
class _Reader:
    """What analysing needs; goes to a worker process once."""

    languages: Sequence[str]
    taxonomy: Taxonomy
    models: Mapping[str, Path]
    """By language: the file of a taught model, or the folder of a transformer."""
    opinions: Mapping[str, Path]
    """By language: the file of what labels taught."""
    versions: Mapping[str, str]
    """Language → hash of what its scores depend on; "" → what all depend on."""


def score(
    build_file: Path,
    scores_dir: Path,
    *,
    languages: Sequence[str],
    brand_locales: Mapping[str, str],
    taxonomy: Taxonomy,
    transformers: Mapping[str, Path] = MappingProxyType({}),
    labels: Path | None = None,
    taught_by: Path | None = None,
    progress: Progress,
) -> dict[str, int]:
    """Replaces the room's tables whole, and returns their row counts by table name.

    `brand_locales`: brand → language or locale, for the brands that have one. `transformers`: language → folder of the classifier
    that reads it; no model is taught for such a language. `labels`: a file of labelled texts. `taught_by`: a scored build whose reviews
    teach in the place of this one's. Raises `transformer.TransformerError` and `labels.LabelError`.
    """
    con = connect(build_file)
    try:
        starred = calibration.hold_out(con)
        versions = {"": _version_of_all(taxonomy, languages, labels)}
        with _teaching(con, taught_by) as source:
            found, held = remembered(
                source, scores_dir / "teachers.json", version=versions[""], languages=languages, brand_locales=brand_locales
            )
        by_language = {code: record for code, record in found.items() if code not in transformers}
        versions |= {code: record.rows_sha256 for code, record in by_language.items()}
        versions |= {code: transformer.version_of(path) for code, path in transformers.items()}
        folder = scores_dir / "sentences"
        for swept in (scores_dir, folder, scores_dir / "taught", scores_dir / "near_copies"):
            store.sweep(swept)
        _want(con, brand_locales)
        unseen, size, total = _find_unseen(con, folder, versions)
        progress(f"score: {total:,} texts, {total - unseen:,} known, {unseen:,} to read")
        if unseen:

            def lessons() -> Mapping[str, Teachers]:
                if held is not None:
                    return held
                with _teaching(con, taught_by) as source:
                    return teachers(source, languages, brand_locales)

            paths = {**taught(scores_dir / "taught", by_language, lessons, progress), **transformers}
            reader = _Reader(languages, taxonomy, paths, {}, versions)
            reader = replace(reader, opinions=_opinions(labels, scores_dir / "taught", reader, progress))
            _fill(con, folder, reader, unseen=unseen, size=size, progress=progress)
            _find_unseen(con, folder, versions)
        counts = _write(con)
        counts["text.starred"] = starred
        with transaction(con):
            counts["text.scorer"] = calibration.write_scorers(
                con,
                languages=languages,
                taught=by_language,
                plugged_in=transformers,
                versions={code: _version(code, versions) for code in (*languages, "und")},
            )
            counts["text.faq"] = faq.write(con, taxonomy=taxonomy, languages=languages, brand_locales=brand_locales)
            counts["text.reply"] = reply.write(con, taxonomy=taxonomy, languages=languages, brand_locales=brand_locales)
            counts["text.suspicion"] = suspicion.write(con, scores_dir / "near_copies")
        store.merge(con, folder)
    finally:
        con.close()
    progress(f"score: {counts['text.sentence']:,} sentences, {counts['text.mention']:,} mentions of themes")
    return counts


@contextmanager
def _teaching(con: duckdb.DuckDBPyConnection, taught_by: Path | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """The build whose reviews teach."""
    if taught_by is None:
        yield con
    else:
        with connect(taught_by, read_only=True) as other:
            yield other


def _opinions(file: Path | None, folder: Path, reader: _Reader, progress: Progress) -> dict[str, Path]:
    """By language the file of what the labels taught. They are few: taught anew whenever there is something to read."""
    if file is None:
        return {}
    labelled = labels.read(file, reader.taxonomy.entries)
    found = labels.opinions_of(
        labelled, languages=reader.languages, taxonomy=reader.taxonomy, models=_loaded(reader)[0], progress=progress
    )
    paths = {}
    for language, opinions in found.items():
        paths[language] = folder / f"{language}-opinions-{opinions.provenance.rows_sha256[:24]}.npz"
        opinion.save(opinions, paths[language])
    return paths


def _version_of_all(taxonomy: Taxonomy, languages: Sequence[str], labelled: Path | None) -> str:
    readers = [installed(name) for name in ("vaderSentiment", "py3langid", "kiwipiepy", "kiwipiepy-model", "fugashi", "ipadic")]
    digest = hashlib.sha256(f"{taxonomy.version} {','.join(languages)} {readers}".encode())
    here = Path(__file__).parent
    data = [*here.glob("sentiment/lexicon/*.toml"), *here.glob("wording/signals/*.toml")]
    code = [
        here / "analyse.py",
        here / "terms.py",
        *(path for room in ("reading", "sentiment", "wording") for path in here.glob(f"{room}/*.py")),
    ]
    for path in sorted([*code, *data]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    if labelled:
        for line in labels.lines_of(labelled):
            digest.update(line)
    return digest.hexdigest()


def _version(languages: str, versions: Mapping[str, str]) -> str:
    parts = [versions[""], *(f"{code}={versions.get(code, '')}" for code in languages.split(","))]
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:16]


def _want(con: duckdb.DuckDBPyConnection, brand_locales: Mapping[str, str]) -> None:
    con.execute("create or replace temp table brand_locale (brand varchar, locale varchar)")
    if brand_locales:
        con.executemany("insert into brand_locale values (?, ?)", [list(item) for item in sorted(brand_locales.items())])
    con.execute(
        """
        create or replace temp table wanted as
        select review_id, brand, language as stated, locale,
            sha256(content || chr(31) || coalesce(language, '') || chr(31) || coalesce(locale, '')) as key
        from core.review left join brand_locale using (brand)
        where duplicate_of is null and content is not null and trim(content) <> ''
        """
    )


def _find_unseen(con: duckdb.DuckDBPyConnection, folder: Path, versions: Mapping[str, str]) -> tuple[int, int, int]:
    """Makes `scored` (rows of the store that hold now) and `unseen`; returns texts unseen, their code points, all texts."""
    store.view(con, folder)
    pairs = con.execute("select distinct languages, version from score_store").fetchall()
    current = [[languages, version] for languages, version in pairs if _version(languages, versions) == version]
    con.execute("create or replace temp table current_version (languages varchar, version varchar)")
    if current:
        con.executemany("insert into current_version values (?, ?)", current)
    con.execute(
        """
        create or replace temp table scored as
        select s.key, s.language, s.sentences, s.terms from score_store as s
        semi join current_version using (languages, version)
        semi join wanted using (key)
        """
    )
    con.execute(
        """
        create or replace temp table unseen as
        select row_number() over (order by w.key) as position, w.key, r.content, w.stated, w.locale
        from (select key, min(review_id) as review_id, any_value(stated) as stated, any_value(locale) as locale
              from wanted anti join scored using (key) group by key) as w
        join core.review as r using (review_id)
        order by position
        """
    )
    found = con.execute(
        "select (select count(*) from unseen), (select coalesce(sum(length(content)), 0) from unseen), "
        "(select count(distinct key) from wanted)"
    ).fetchone()
    unseen, size, total = found or (0, 0, 0)
    return int(unseen), int(size), int(total)


def _fill(con: duckdb.DuckDBPyConnection, folder: Path, reader: _Reader, *, unseen: int, size: int, progress: Progress) -> None:
    done = 0
    began = told = time.monotonic()
    answers = _answers(_jobs(con, unseen), reader, workers=min(2, os.cpu_count() or 1) if size >= _WORTH_WORKERS else 0)
    lines = folder / f".draft-{os.getpid()}.jsonl"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        while done < unseen:
            held = 0
            with lines.open("wb") as file:
                for count, answer in answers:
                    file.write(answer)
                    held += count
                    now = time.monotonic()
                    if now - told >= _SAY_EVERY:
                        told = now
                        progress(_so_far(done + held, unseen, now - began))
                    if held >= _PER_FILE:
                        break
            store.add(con, folder, lines)
            done += held
        progress(_so_far(done, unseen, time.monotonic() - began))
    finally:
        lines.unlink(missing_ok=True)


def _so_far(done: int, unseen: int, seconds: float) -> str:
    rate = done / max(seconds, 0.001)
    left = f", {(unseen - done) / rate:,.0f} s left" if done < unseen else ""
    return f"score: {done:,} of {unseen:,} texts read, {rate:,.0f} a second{left}"


def _jobs(con: duckdb.DuckDBPyConnection, unseen: int) -> Iterator[Job]:
    for first in range(1, unseen + 1, _CHUNK):
        rows = con.execute(
            "select key, content, stated, locale from unseen where position between ? and ? order by position",
            [first, first + _CHUNK - 1],
        ).fetchall()
        yield [(key, Text(content, stated, locale)) for key, content, stated, locale in rows]


def _answers(jobs: Iterator[Job], reader: _Reader, *, workers: int) -> Iterator[tuple[int, bytes]]:
    """(texts, their JSON lines for the store), in order; `workers` 0 works in this process."""
    if workers < 2:
        loaded = _loaded(reader)
        for job in jobs:
            yield len(job), _lines(job, reader, loaded)
        return
    # Spawned, not forked: DuckDB's threads do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_begin_worker, initargs=(reader,)) as pool:
        waiting: deque[tuple[int, Future[bytes]]] = deque()
        for job in jobs:
            waiting.append((len(job), pool.submit(_work, job)))
            if len(waiting) > workers * 3:
                count, future = waiting.popleft()
                yield count, future.result()
        while waiting:
            count, future = waiting.popleft()
            yield count, future.result()


_Loaded = tuple[Mapping[str, Classifier], Mapping[str, opinion.Opinions]]


def _loaded(reader: _Reader) -> _Loaded:
    """Models and opinions by language."""
    models = {
        language: transformer.Transformer(path) if path.is_dir() else model.load(path) for language, path in reader.models.items()
    }
    return models, {language: opinion.load(path) for language, path in reader.opinions.items()}


_worker: dict[str, tuple[_Reader, _Loaded]] = {}


def _begin_worker(reader: _Reader) -> None:
    _worker["this"] = (reader, _loaded(reader))
    gc.set_threshold(MADE_AT_A_TIME)


def _work(job: Job) -> bytes:
    return _lines(job, *_worker["this"])


def _lines(job: Job, reader: _Reader, loaded: _Loaded) -> bytes:
    models, opinions = loaded
    found = analyse(
        [text for _, text in job], languages=reader.languages, taxonomy=reader.taxonomy, models=models, opinions=opinions
    )
    lines = []
    for (key, text), analysis in zip(job, found, strict=True):
        languages = ",".join(sorted({analysis.language, *(sentence.language for sentence in analysis.sentences)}))
        row = {
            "key": key,
            "language": analysis.language,
            "languages": languages,
            "version": _version(languages, reader.versions),
            "sentences": analysis.sentences,
            "terms": [
                {
                    "position": position,
                    "places": [{"start": one.start + start, "stop": one.start + stop} for start, stop in places],
                }
                for position, one in enumerate(analysis.sentences, 1)
                if one.label == "negative" and not one.mentions
                for places in terms(text.content[one.start : one.stop], one.language).values()
            ],
        }
        lines.append(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
    return b"".join(lines)


def _write(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    con.execute("begin")
    con.execute("create schema if not exists text")
    con.execute(
        """
        create or replace table text.sentence as
        with said as (
            select w.review_id, w.brand, generate_subscripts(s.sentences, 1) as position, unnest(s.sentences) as sentence
            from wanted as w join scored as s using (key)
        )
        select said.review_id || '.' || position as sentence_id, said.review_id, said.brand, position,
            sentence.start, sentence.stop, sentence.language,
            substring(r.content, sentence.start + 1, sentence.stop - sentence.start) as text,
            sentence.sentiment, sentence.label
        from said join core.review as r using (review_id)
        order by said.review_id, position
        """
    )
    con.execute(
        """
        create or replace table text.mention as
        with said as (
            select w.review_id, w.brand, generate_subscripts(s.sentences, 1) as position, unnest(s.sentences) as sentence
            from wanted as w join scored as s using (key)
        ), carried as (
            select review_id, brand, position, unnest(sentence.mentions) as mention from said
        )
        select review_id || '.' || position as sentence_id, review_id, brand, mention.theme, mention.sentiment, mention.label
        from carried
        order by review_id, position, mention.theme
        """
    )
    con.execute(
        """
        create or replace table text.signal as
        with said as (
            select w.review_id, w.brand, generate_subscripts(s.sentences, 1) as position, unnest(s.sentences) as sentence
            from wanted as w join scored as s using (key)
        ), carried as (
            select review_id, brand, position, unnest(sentence.signals) as signal from said
        )
        select review_id || '.' || position as sentence_id, review_id, brand, signal.kind, signal.id as signal, signal.intensity, signal.minutes
        from carried
        order by review_id, position, signal.kind, signal.id
        """
    )
    con.execute(
        """
        create or replace table text.term as
        with carried as (
            select w.review_id, w.brand, s.sentences, unnest(s.terms) as carried from wanted as w join scored as s using (key)
        ),
        placed as (
            select c.review_id, c.brand, c.carried.position, c.sentences[c.carried.position].language as language,
                list_transform(c.carried.places, lambda place: substring(r.content, place.start + 1, place.stop - place.start)) as words
            from carried as c join core.review as r using (review_id)
        )
        select review_id || '.' || position as sentence_id, review_id, brand, language,
            -- As pipeline/text/reading/morphology.py spells them.
            lower(case when language = 'ja' then array_to_string(words, '') else array_to_string(words, ' ') end) as term
        from placed
        order by review_id, position, term
        """
    )
    for name, (grain, columns) in _TABLES.items():
        describe(con, name, grain, columns, where=__file__)
    con.execute("commit")
    return {name: _count(con, name) for name in _TABLES}


def _count(con: duckdb.DuckDBPyConnection, name: str) -> int:
    row = con.execute(f"select count(*) from {name}").fetchone()  # noqa: S608  one of the names below
    return int(row[0]) if row else 0


_TABLES = {
    "text.sentence": (
        "One row per sentence of a review that counts (duplicates are left out).",
        {
            "sentence_id": "review_id, a full stop, position",
            "review_id": "the review, as in core.review",
            "brand": "whose review it is",
            "position": "1 is the first sentence of the review",
            "start": "where it begins in core.review.content, in code points from 0",
            "stop": "where it ends there, exclusive",
            "language": "ISO 639-1; und where the text has no letters or no known script",
            "text": "the words as they stand in core.review.content",
            "sentiment": "-1 worst .. 1 best; what text.scorer names for its language",
            "label": "positive, neutral or negative: beyond 0.05 in English, beyond 0.1 elsewhere",
        },
    ),
    "text.mention": (
        "One row per sentence and theme that it carries.",
        {
            "sentence_id": "the sentence, as in text.sentence",
            "review_id": "the review, as in core.review",
            "brand": "whose review it is",
            "theme": "id of the theme, as in core.theme",
            "sentiment": "-1..1, of the clause that carries the theme where a contrast (but, 지만, が) parts the sentence",
            "label": "positive, neutral or negative, cut as in text.sentence",
        },
    ),
    "text.signal": (
        "One row per sentence and signal that its words carry.",
        {
            "sentence_id": "the sentence, as in text.sentence",
            "review_id": "the review, as in core.review",
            "brand": "whose review it is",
            "kind": "emotion, stage or touchpoint (of the customer's journey), intent or experience",
            "signal": "anger, churn, waiting …: one for each file in pipeline/text/wording/signals",
            "intensity": "0..1, a plain wording .5; null for stages and touchpoints, which are so or not",
            "minutes": "how long the customer waited, where a sentence of waiting says it; else null",
        },
    ),
    "text.term": (
        "One row per term in a negative sentence that carries no theme.",
        {
            "sentence_id": "the sentence, as in text.sentence",
            "review_id": "the review, as in core.review",
            "brand": "whose review it is",
            "language": "of the sentence",
            "term": "a word or two next to each other, in lower case; in Korean and Japanese a noun or a compound of nouns",
        },
    ),
}
