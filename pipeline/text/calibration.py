"""What `metric.calibration` stands on: which starred reviews no model learns from (`text.starred`), and what scored each language
(`text.scorer`).

What is held out is decided by the wording, not by the review: near-duplicates stand on one side together, whichever landed first,
so a new review can neither bring what was learnt into the calibration nor take a teacher away, which would teach everything anew.
"""

from collections.abc import Collection, Mapping, Sequence

import duckdb

from pipeline.text.sentiment.model import STARS, Provenance
from pipeline.text.sentiment.scores import scorer
from warehouse.build import describe

ONE_IN = 5
"""Wordings for each that is held out. A fifth costs teaching one step (`model.STEP`): 1,000 teachers take 1,250 starred reviews, and the
250 others give an accuracy of 85 % to within 5 points."""


_HEAD = 100
"""Code points of a review by whose letters and digits its wording is known: texts that go on differently after them stand together too.
A million reviews of 170 characters take 13 s on two cores; by the 400 that teach (`model.MAX_TAUGHT_TEXT`) they took 28."""


def hold_out(con: duckdb.DuckDBPyConnection) -> int:
    """Makes `text.starred` out of `core.review`, for `teachers` to keep to; its row count."""
    con.execute("create schema if not exists text")
    con.execute(
        f"""
        create or replace table text.starred as
        with said as (
            select review_id, left(content, {_HEAD}) as head from core.review
            where duplicate_of is null and rating is not null and trim(content) <> ''
        ), worded as (
            select review_id, md5(coalesce(
                nullif(regexp_replace(lower(nfc_normalize(head)), '[^\\p{{L}}\\p{{N}}]+', '', 'g'), ''), trim(head)
            )) as wording
            from said
        )
        select review_id, wording, cast('0x' || left(wording, 8) as ubigint) % {ONE_IN} = 0 as is_held_out
        from worded order by review_id
        """  # noqa: S608  two constants of this package
    )
    describe(con, "text.starred", _STARRED, _STARRED_COLUMNS, where=__file__)
    row = con.execute("select count(*) from text.starred").fetchone()
    return int(row[0]) if row else 0


def write_scorers(
    con: duckdb.DuckDBPyConnection,
    *,
    languages: Sequence[str],
    taught: Mapping[str, Provenance],
    plugged_in: Collection[str],
    versions: Mapping[str, str],
) -> int:
    """Makes `text.scorer`; its row count. `versions`: language → what its scores are kept under."""
    rows = []
    for language in dict.fromkeys([*languages, "und"]):
        held = taught.get(language)
        starred = held if held and held.taught_by == STARS else None
        rows.append(
            [
                language,
                scorer(language, taught_by=held.taught_by if held else None, plugged_in=language in plugged_in),
                starred.teachers if starred else 0,
                starred.positive if starred else 0,
                starred.first_on if starred else None,
                starred.last_on if starred else None,
                versions[language],
            ]
        )
    con.execute(
        "create or replace table text.scorer (language varchar, scorer varchar, teacher_count bigint, positive_count bigint, "
        "first_landed_on date, last_landed_on date, version varchar)"
    )
    con.executemany("insert into text.scorer values (?, ?, ?, ?, ?, ?, ?)", rows)
    describe(con, "text.scorer", _SCORER, _SCORER_COLUMNS, where=__file__)
    return len(rows)


_STARRED = "One row per review that counts, has stars and has words."

_STARRED_COLUMNS = {
    "review_id": "the review, as in core.review",
    "wording": (
        f"hash of the letters and digits of its first {_HEAD} code points, of its signs where it has neither; "
        "reviews of one wording count as one witness"
    ),
    "is_held_out": f"no model learns from this wording: one wording in {ONE_IN}, by its hash",
}

_SCORER = "One row per language that texts are taken for: what scores its sentences in this run."

_SCORER_COLUMNS = {
    "language": "ISO 639-1; und for texts of no known language",
    "scorer": "what gives a sentence its sentiment, in words",
    "teacher_count": "starred reviews that its model was taught by; 0 where stars taught none",
    "positive_count": "of these, the good ones",
    "first_landed_on": "day (UTC) on which the first of them landed; null without teachers",
    "last_landed_on": "day on which the last of them did; null without teachers",
    "version": "hash of everything that its scores depend on: rules, lexicons, themes, teachers, model files",
}
