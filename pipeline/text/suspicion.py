"""Reviews that may not be what they seem: `text.suspicion`, one row per review and flag. A flag is no verdict, and drops nothing.

A file under `warehouse/sql/flag` with a column `evidence` is a flag. What SQL cannot see is laid beside it: which texts nearly say the
same (`flag.near_copy`, MinHash), and where wordings of a reward stand (`flag.incentive_wording`, RE2 in DuckDB, linear on any text).
100,000 reviews of 240 letters take three seconds on two cores, a million take fifty.
"""

import hashlib
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import duckdb
import numpy as np
import orjson

from pipeline.text import likeness, store
from warehouse import build

NEAR = 0.7
"""Likeness from which two reviews nearly say the same."""

MIN_LETTERS = 60
"""Letters from which that is no chance, a Korean or Japanese one counting twice: shorter praise is the same everywhere."""

MIN_SHINGLES = 30
"""Different ones from which a text says something: ten times "좋아요" is long, and alike in everybody."""

_WORDINGS = Path(__file__).parent / "wording" / "suspicion" / "incentivised.toml"

_BATCH = 20_000


def write(con: duckdb.DuckDBPyConnection, memory: Path | None = None) -> int:
    """Makes `text.suspicion` out of core.review, core.source and text.sentence, in the transaction that is open; its row count.

    `memory`: the folder where the near-copies of the same reviews are remembered; None looks for them anew.
    """
    con.execute("drop schema if exists flag cascade")
    con.execute("create schema flag")
    con.execute("create table flag.near_copy (review_id varchar, cluster bigint, likeness double)")
    identity = _identity(con) if memory else ""
    if not memory or not store.recall(con, memory, identity, "flag.near_copy"):
        _near_copies(con)
        if memory:
            store.remember(con, memory, identity, "flag.near_copy")
    build.describe(con, "flag.near_copy", _COPY_GRAIN, _COPY_COLUMNS)
    _incentives(con)
    for model in build.ordered(build.models("flag"), present=build.tables(con)):
        build.make(con, model)
    flags = [
        row[0]
        for row in con.execute(
            "select table_name from duckdb_columns() where database_name = current_database() and schema_name = 'flag'"
            " and column_name = 'evidence' order by 1"
        ).fetchall()
    ]
    union = " union all by name ".join(f"select '{flag}' as flag, * from flag.\"{flag}\"" for flag in flags)  # noqa: S608 - our file names
    con.execute(
        "create or replace table text.suspicion as select review_id, brand, flag, * exclude (review_id, brand, flag)"  # noqa: S608 - made above
        f" from ({union}) order by review_id, flag"
    )
    build.describe(con, "text.suspicion", _GRAIN, _COLUMNS, where=__file__)
    row = con.execute("select count(*) from text.suspicion").fetchone()
    return int(row[0]) if row else 0


def _identity(con: duckdb.DuckDBPyConnection) -> str:
    """Of all that decides which reviews are near-copies: their words, and how they are compared."""
    row = con.execute(
        "select count(*), bit_xor(md5_number(concat_ws(chr(31), review_id, length(content) > 10, left(content, 4000))))"
        " from core.review where duplicate_of is null"
    ).fetchone()
    code = b"".join(Path(file).read_bytes() for file in (__file__, likeness.__file__))
    return hashlib.sha256(code + repr(row).encode()).hexdigest()[:32]


def _near_copies(con: duckdb.DuckDBPyConnection) -> None:
    """Fills `flag.near_copy`: a review and its group, for those that are like another one. 128 bytes a review are held, and the texts of one batch."""
    con.execute(
        r"""
        create or replace temp table worded as
        with letters as (
            select review_id,
                regexp_replace(regexp_replace(lower(nfc_normalize(left(content, 4000))), '\p{N}+', '0', 'g'), '[^\p{L}0]+', '', 'g') as words
            from core.review
            where duplicate_of is null and length(content) > 10
        )
        select row_number() over (order by review_id) - 1 as place, review_id, words from letters
        where length(words) + length(regexp_replace(words, '[^\p{Hangul}\p{Han}\p{Hiragana}\p{Katakana}]+', '', 'g')) >= ?
        """,
        [MIN_LETTERS],
    )
    signed = np.concatenate([likeness.signatures([]), *(likeness.signatures(words) for words in _words(con))])
    found = likeness.groups(signed, NEAR)
    places = np.flatnonzero(found.group >= 0).tolist()
    for first in range(0, len(places), _BATCH):
        rows = [
            {"place": at, "cluster": int(found.group[at]), "likeness": float(found.likeness[at])}
            for at, words in _words_at(con, places[first : first + _BATCH])
            if likeness.shingle_count(words) >= MIN_SHINGLES
        ]
        kinds = {"place": "bigint", "cluster": "bigint", "likeness": "double"}
        con.execute(
            "insert into flag.near_copy select review_id, cluster, likeness from"
            " (select unnest(from_json(?, ?), recursive := true)) join worded using (place) order by place",
            [orjson.dumps(rows).decode(), orjson.dumps([kinds]).decode()],
        )
    con.execute("drop table worded")


def _words(con: duckdb.DuckDBPyConnection) -> Iterator[list[str]]:
    first = 0
    while batch := con.execute(
        "select words from worded where place between ? and ? order by place", [first, first + _BATCH - 1]
    ).fetchall():
        yield [words for (words,) in batch]
        first += _BATCH


def _words_at(con: duckdb.DuckDBPyConnection, places: list[int]) -> list[tuple[int, str]]:
    # As JSON: of a list, DuckDB's client looks at each number for the classes of packages that are not installed, 0.1 ms each.
    return con.execute(
        "select place, words from worded join (select unnest(from_json(?, '[\"bigint\"]')) as place) using (place)",
        [orjson.dumps(places).decode()],
    ).fetchall()


def _incentives(con: duckdb.DuckDBPyConnection) -> None:
    pattern, guard = incentive_patterns()
    con.execute(
        """
        create table flag.incentive_wording as
        select review_id, position, left(regexp_extract(lower(text), $pattern), 120) as wording
        from text.sentence
        where regexp_matches(lower(text), $pattern) and not regexp_matches(lower(text), $guard)
        """,
        {"pattern": pattern, "guard": guard},
    )
    build.describe(con, "flag.incentive_wording", _WORDING_GRAIN, _WORDING_COLUMNS)


@cache
def incentive_patterns() -> tuple[str, str]:
    """RE2: what says that a review was rewarded, and what takes it back."""
    entry = tomllib.loads(_WORDINGS.read_text(encoding="utf-8"))
    return _any(entry["patterns"]), _any(entry["guards"])


def _any(by_language: dict[str, list[str]]) -> str:
    return "|".join(f"(?:{pattern})" for patterns in by_language.values() for pattern in patterns)


_COPY_GRAIN = "One row per review whose words nearly are those of another one."

_COPY_COLUMNS = {
    "review_id": "the review, as in core.review",
    "cluster": "number of its group in this run",
    "likeness": "estimated Jaccard index of its wording with that of the most alike that it was held against, 0..1",
}

_WORDING_GRAIN = "One row per sentence that says that the review was rewarded."

_WORDING_COLUMNS = {
    "review_id": "the review, as in core.review",
    "position": "of the sentence, as in text.sentence",
    "wording": "what was found, in lower case, at most 120 code points",
}

_GRAIN = (
    "One row per review and flag that asks to look at it again. A flag is no verdict: nothing is dropped by itself. Numbers without the "
    "reviews of [swot] leave_out_flags stand in metric_unflagged, rule_unflagged and mart_unflagged."
)

_COLUMNS = {
    "review_id": "the review, as in core.review",
    "brand": "whom it is about",
    "flag": (
        "burst, near_duplicate, one_review_author, invited (the source says so), incentivised (the review says so) or stars_against_text: "
        "the file under warehouse/sql/flag that raised it, which holds its thresholds"
    ),
    "observed": "reviews in the burst, likeness 0..1, reviews of the author, 1, sentences that say so, or the text's score -1..1",
    "expected": "reviews a day or week around it, null, reviews an author, share of invited, null, or the stars as -1..1",
    "n": "days or weeks held against, reviews of the group, authors, reviews, sentences, or code points of the text",
    "p_value": "upper bound for a burst, times the days or weeks asked about; null for the others",
    "group_id": "reviews of one burst or one group of near-duplicates have the same; null for the others",
    "evidence": "the numbers as a sentence",
}
