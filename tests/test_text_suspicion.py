"""Flags: likeness near Jaccard's, order without effect, nobody alike alone, nothing dropped, hostile text linear."""

import random
import tomllib
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import market
from pipeline.text import likeness, suspicion
from tests.growth import in_proportion
from warehouse import build

TABLES = """
    create schema core;
    create schema text;
    create table core.review (
        review_id varchar, brand varchar, source varchar, content varchar, rating double, published_on date, author_hash varchar,
        invited boolean, duplicate_of varchar
    );
    create table core.source (brand varchar, kind varchar, name varchar, url varchar);
    create table text.sentence (
        review_id varchar, position integer, start integer, "stop" integer, text varchar, sentiment double
    );
"""

SPEECH = (
    "We picked the camper up in the rain and the owner had already dried the seats, filled the tank and drawn a map of quiet places; the "
    "heater rattled a little in the second night, but {what}, and we would take the very same one to the coast again next spring."
)


def shingles(text: str) -> set[str]:
    written = text + "\0" * likeness.SHINGLE
    return {written[at : at + likeness.SHINGLE] for at in range(len(text) + 1)}


def jaccard(one: str, other: str) -> float:
    a, b = shingles(one), shingles(other)
    return len(a & b) / len(a | b)


TEXTS = st.lists(st.text(alphabet="abcde가나다あい", max_size=120), min_size=2, max_size=12)


def test_the_estimate_is_near_jaccards_index() -> None:
    chance = random.Random(5)
    words = ["".join(chance.choice("abcdefghijklmnop") for _ in range(6)) for _ in range(60)]
    errors = []
    for shared in range(0, 41, 2):
        for _ in range(10):
            common = chance.sample(words, shared)
            one, other = ("".join(common + chance.sample(words, 40 - shared)) for _ in range(2))
            signed = likeness.signatures([one, other])
            errors.append(float(likeness.likeness(signed[:1], signed[1:])[0]) - jaccard(one, other))
    assert abs(np.mean(errors)) < 0.01
    assert np.max(np.abs(errors)) < 4 * 0.0625


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_a_signature_does_not_depend_on_its_neighbours(texts: list[str]) -> None:
    together = likeness.signatures(texts)
    for at, text in enumerate(texts):
        assert (likeness.signatures([text])[0] == together[at]).all()


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.randoms(use_true_random=False))
def test_groups_do_not_depend_on_the_order(texts: list[str], chance: random.Random) -> None:
    order = list(range(len(texts)))
    chance.shuffle(order)
    first = likeness.groups(likeness.signatures(texts), 0.7)
    again = likeness.groups(likeness.signatures([texts[at] for at in order]), 0.7)
    back = {place: at for at, place in enumerate(order)}
    for a in range(len(texts)):
        assert first.likeness[a] == again.likeness[back[a]]
        for b in range(len(texts)):
            together = first.group[a] == first.group[b] >= 0
            assert together == (again.group[back[a]] == again.group[back[b]] >= 0)


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_nobody_is_alike_alone_and_the_same_words_always_are(texts: list[str]) -> None:
    found = likeness.groups(likeness.signatures(texts), 0.7).group
    sizes = {int(group): int((found == group).sum()) for group in found if group >= 0}
    assert all(size > 1 for size in sizes.values())
    for a, one in enumerate(texts):
        for b, other in enumerate(texts):
            if a != b and one == other:
                assert found[a] == found[b] >= 0
    assert likeness.groups(likeness.signatures(texts[:1]), 0.7).group.tolist() == [-1]


@pytest.mark.parametrize("piece", ["a", "😀", "\ud800", "<b>", "\u200b", "가", "ab "])
def test_hostile_texts_cost_linear_time(piece: str) -> None:
    assert in_proportion(lambda size: likeness.signatures([piece * size] * 20), 100_000)


# --- the table --------------------------------------------------------------------------------------------------------


def market_of(rows: list[dict[str, object]], path: Path | str = ":memory:") -> duckdb.DuckDBPyConnection:
    """Reviews, each with one sentence of its content; what is left out is null."""
    con = build.connect(path, threads=1)
    con.execute(TABLES)
    names = ("review_id", "brand", "source", "content", "rating", "published_on", "author_hash", "invited", "duplicate_of")
    con.executemany(
        "insert into core.review values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [[row.get(name, "stars" if name == "source" else None) for name in names] for row in rows],
    )
    con.executemany(
        "insert into text.sentence values (?, 1, 0, ?, ?, ?)",
        [
            [r["review_id"], len(str(r["content"])), r["content"], r.get("sentiment", 0.0)]
            for r in rows
            if not r.get("duplicate_of")
        ],
    )
    return con


def planted() -> list[dict[str, object]]:
    chance = random.Random(3)
    vocabulary = ["".join(chance.choice("bcdfghklmnprst") + chance.choice("aeiou") for _ in range(3)) for _ in range(400)]
    rows: list[dict[str, object]] = [
        {
            "review_id": f"n{n:03}",
            "brand": ("alpine", "brook")[n % 2],
            "content": " ".join(chance.choices(vocabulary, k=25)),
            "rating": chance.choice([0.0, 0.5]),
            "published_on": date(2026, 1, 1) + timedelta(days=n % 120),
            "author_hash": f"a{n}",
        }
        for n in range(200)
    ]
    for n in range(15):
        rows.append(rows[0] | {"review_id": f"b{n:02}", "rating": 1.0, "author_hash": f"b{n}", "published_on": date(2026, 2, 20)}
                    | {"content": " ".join(chance.choices(vocabulary, k=25))})  # fmt: skip
    rows += [
        {"review_id": "c1", "brand": "alpine", "content": SPEECH.format(what="nobody minded"), "author_hash": "x"},
        {"review_id": "c2", "brand": "brook", "content": SPEECH.format(what="we slept well"), "author_hash": "y"},
        {"review_id": "c3", "brand": "brook", "content": "Great place, friendly staff!", "author_hash": "v"},
        {"review_id": "c4", "brand": "brook", "content": "Great place, friendly staff.", "author_hash": "w"},
        {"review_id": "c5", "brand": "brook", "content": "좋아요~ " * 20, "author_hash": "t"},
        {"review_id": "c6", "brand": "brook", "content": "좋아요 " * 40, "author_hash": "u"},
        {"review_id": "i1", "brand": "alpine", "content": "Got this for free in exchange for an honest review."},
        {"review_id": "i2", "brand": "alpine", "content": "체험단으로 제공받아 작성한 후기입니다."},
        {"review_id": "i3", "brand": "alpine", "content": "サンプルを頂き、レビューしています。"},
        {"review_id": "i4", "brand": "alpine", "content": "내돈내산 후기입니다.", "invited": True},
        {
            "review_id": "s1",
            "brand": "brook",
            "content": "Terrible from the first day to the last one." * 2,
            "rating": 1.0,
            "sentiment": -0.8,
        },
        {"review_id": "d1", "brand": "brook", "content": SPEECH.format(what="we slept well"), "duplicate_of": "c2"},
    ]
    return rows


def flagged(con: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for review_id, flag in con.execute("select review_id, flag from text.suspicion").fetchall():
        found.setdefault(flag, set()).add(review_id)
    return found


def test_what_is_planted_is_flagged_and_nothing_else() -> None:
    con = market_of(planted())
    suspicion.write(con)
    assert flagged(con) == {
        "burst": {f"b{n:02}" for n in range(15)},
        "near_duplicate": {"c1", "c2"},
        "incentivised": {"i1", "i2", "i3"},
        "invited": {"i4"},
        "stars_against_text": {"s1"},
    }
    assert not [name for name in build.undocumented(con) if name.startswith(("text.suspicion", "flag."))]


def test_flags_change_nothing_else_and_a_second_writing_changes_nothing() -> None:
    con = market_of(planted())
    before = [con.execute(f"from {name} order by all").fetchall() for name in ("core.review", "core.source", "text.sentence")]
    suspicion.write(con)
    first = con.execute("from text.suspicion order by all").fetchall()
    suspicion.write(con)
    assert con.execute("from text.suspicion order by all").fetchall() == first
    assert [
        con.execute(f"from {name} order by all").fetchall() for name in ("core.review", "core.source", "text.sentence")
    ] == before


@pytest.mark.slow
def test_near_copies_are_remembered_until_a_word_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rows = planted()
    plain, first = market_of(rows), market_of(rows)
    suspicion.write(plain)
    suspicion.write(first, tmp_path)
    signed: list[int] = []
    signatures = likeness.signatures

    def watched(texts: Sequence[str]) -> likeness.Signatures:
        signed.append(len(texts))
        return signatures(texts)

    monkeypatch.setattr(likeness, "signatures", watched)
    random.Random(1).shuffle(rows)
    again = market_of(rows)
    suspicion.write(again, tmp_path)
    assert not signed
    for name in ("flag.near_copy", "text.suspicion"):
        assert plain.execute(f"from {name}").fetchall() == first.execute(f"from {name}").fetchall()
        assert plain.execute(f"from {name}").fetchall() == again.execute(f"from {name}").fetchall()
    # One of the two copies says something else now: neither is one.
    changed = [row | {"content": "Something else was said."} if row["review_id"] == "c1" else row for row in rows]
    other = market_of(changed)
    suspicion.write(other, tmp_path)
    assert sum(signed)
    assert "near_duplicate" not in flagged(other)
    # What was damaged is made again.
    for kept in tmp_path.iterdir():
        kept.write_bytes(kept.read_bytes()[:-9])
    signed.clear()
    after = market_of(rows)
    suspicion.write(after, tmp_path)
    assert sum(signed)
    assert "expected a file whose SHA-256 ends its name" in caplog.text
    assert flagged(after) == flagged(plain)
    # Few are kept.
    for number in range(6):
        suspicion.write(market_of([row | {"review_id": f"{number}{row['review_id']}"} for row in rows]), tmp_path)
    assert len(list(tmp_path.iterdir())) == 4


def test_the_order_of_reviews_does_not_matter() -> None:
    rows = planted()
    one = market_of(rows)
    suspicion.write(one)
    random.Random(1).shuffle(rows)
    other = market_of(rows)
    suspicion.write(other)
    assert (
        one.execute("from text.suspicion order by all").fetchall() == other.execute("from text.suspicion order by all").fetchall()
    )


def test_a_market_without_reviews_has_an_empty_table() -> None:
    con = build.connect(threads=1)
    con.execute(TABLES)
    assert suspicion.write(con) == 0


def test_hostile_reviews_are_read_in_linear_time() -> None:
    pieces = ("a", "😀", "가", "<b>", "received free ", "체험단", "レビュー", "\u202e\u200b")

    def write(size: int) -> None:
        suspicion.write(
            market_of(
                [
                    {"review_id": f"r{n}", "brand": "alpine", "content": piece * (size // len(piece))}
                    for n, piece in enumerate(pieces)
                ]
            )
        )

    assert in_proportion(write, 100_000)


def test_wordings_of_a_reward_hold_to_their_examples() -> None:
    written = tomllib.loads(suspicion._WORDINGS.read_text(encoding="utf-8"))
    hits = [text for texts in written["hits"].values() for text in texts]
    misses = [text for texts in written["misses"].values() for text in texts]
    con = market_of([{"review_id": f"{n}", "brand": "alpine", "content": text} for n, text in enumerate([*hits, *misses])])
    suspicion.write(con)
    found = {row[0] for row in con.execute("select review_id from text.suspicion where flag = 'incentivised'").fetchall()}
    assert [text for n, text in enumerate(hits) if str(n) not in found] == []
    assert [text for n, text in enumerate(misses, len(hits)) if str(n) in found] == []


def test_the_market_file_knows_each_flag() -> None:
    files = {model.table for model in build.models("flag") if "evidence" in model.columns}
    assert files == set(market.FLAGS)
    assert set(market.SwotSettings().leave_out_flags) < files
