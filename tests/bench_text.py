"""Scoring English against stock VADER, teaching a model, reading reviews whole, and the score room; run by `make bench`."""

import gc
import multiprocessing
import random
import resource
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import duckdb
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from pipeline.text import score
from pipeline.text.analyse import Text, analyse
from pipeline.text.sentiment import model, vader
from pipeline.text.wording.themes import load_taxonomy

_OPENINGS = ["The van was", "Their support is", "Delivery was", "I found the owner", "Honestly, the app was", "The price is"]
_WORDS = [
    "really great",
    "not good",
    "VERY clean",
    "kind of slow",
    "awful",
    "fine",
    "never late",
    "so helpful!",
    "terrible!!",
    "okay",
]
_ENDINGS = [
    "",
    ", but we would come back.",
    " and nobody answered?",
    " :)",
    " at the end of the week.",
    " 😀",
    " for what we paid for it",
]


_KOREAN = [
    "배송 진짜 빨라요",
    "포장도 꼼꼼하고 좋아요",
    "직원이 너무 불친절했다",
    "가격이 좀 비싸요",
    "차가 깨끗하고 냄새도 없었어요",
    "전화를 세 번이나 했는데 안 받음",
    "다음에 또 이용할게요",
    "침대가 딱딱해서 허리 아팠음",
    "환불이 너무 늦네요ㅠㅠ",
    "앱이 자꾸 튕긴다",
]
_JAPANESE = [
    "接客がとても良かった",
    "部屋が狭いです",
    "電話が全然つながらない",
    "値段を考えれば満足です",
    "匂いがきつかった",
    "また利用したいと思います",
    "アプリがすぐ落ちる",
    "配送が早くて助かりました",
    "説明が丁寧で安心できた",
    "返金してほしい",
]


def eastern(pieces: list[str], count: int) -> list[str]:
    """Reviews of 80 characters; half of their sentences end without a stop, and each has a number that no other has."""
    dice = random.Random(7)
    return [
        "".join(f"{dice.choice(pieces)}{dice.choice(['. ', ' '])}" for _ in range(12))[:73] + f" {place:06}"
        for place in range(count)
    ]


def western(count: int) -> list[str]:
    """Reviews of three sentences, each with a number that no other has."""
    said = sentences(3 * count)
    return [f"{' '.join(said[3 * place : 3 * place + 3])} {place:06}" for place in range(count)]


def reviews(language: str, count: int) -> list[str]:
    return western(count) if language == "en" else eastern(_KOREAN if language == "ko" else _JAPANESE, count)


def read_all(texts: list[str]) -> int:
    return len(analyse([Text(text) for text in texts], languages=("en", "ko", "ja"), taxonomy=load_taxonomy(), models={}))


def together_with_themes(texts: list[str]) -> float:
    """Texts a second of two processes that have read some before."""
    # The score room's workers look for cycles as seldom.
    collecting = {"initializer": gc.set_threshold, "initargs": (score.MADE_AT_A_TIME,)}
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"), **collecting) as pool:
        list(pool.map(read_all, [texts[:250]] * 8))
        return len(texts) / timed(lambda: list(pool.map(read_all, [texts[at : at + 250] for at in range(0, len(texts), 250)])))


_TABLES = """
    create schema core;
    create table core.review (review_id varchar, brand varchar, content varchar, language varchar, rating double,
        first_seen_at timestamp, duplicate_of varchar, source varchar, author_hash varchar, published_on date, invited boolean,
        reply_text varchar);
    create table core.source (brand varchar, kind varchar, name varchar, url varchar);
    create table core.faq_entry (entry_id varchar, brand varchar, source varchar, question varchar, answer varchar,
        language varchar, "current" boolean)
"""


def room(folder: str) -> tuple[float, float]:
    """Seconds of the score room on what lies in the folder, and the peak bytes of the largest of its processes."""
    taken = timed(
        lambda: score.score(
            Path(folder) / "build.duckdb",
            Path(folder) / "scores",
            languages=("en", "ko", "ja"),
            brand_locales={},
            taxonomy=load_taxonomy(),
            progress=str,
        )
    )
    return taken, peak()


def peak() -> float:
    """Bytes that the largest of this process and its children ever held."""
    return 1024 * max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def teach(language: str, count: int) -> tuple[float, float]:
    """Seconds, and the peak bytes of the process."""
    texts = reviews(language, count)
    return timed(lambda: model.teach(language, texts, [place % 2 for place in range(count)])), peak()


def apart(work: Callable[..., tuple[float, float]], *given: object) -> tuple[float, float]:
    """In a process of its own, for the sake of its peak."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *given).result()


def rooms(count: int) -> list[tuple[float, float]]:
    """`room` on so many new reviews, a third in each language and a quarter of them starred, and again with nothing new."""
    with tempfile.TemporaryDirectory() as folder:
        with duckdb.connect(f"{folder}/build.duckdb") as con:
            con.execute(_TABLES)
            texts = [
                text
                for each in zip(*(reviews(code, -(-count // 3)) for code in ("en", "ko", "ja")), strict=True)
                for text in each
            ]
            con.execute(
                "insert into core.review by name select 'r' || lpad(cast(n as varchar), 8, '0') as review_id, 'b' || n % 9 as brand,"
                " content, case n % 8 when 0 then 1.0 when 4 then 0.0 end as rating,"
                " timestamp '2026-01-01' + to_seconds(n) as first_seen_at, date '2026-01-01' + cast(n % 300 as integer) as published_on"
                " from (select unnest($1) as content, generate_subscripts($1, 1) as n)",
                [texts[:count]],
            )
        return [apart(room, folder), apart(room, folder)]


def sentences(count: int) -> list[str]:
    dice = random.Random(7)
    return [
        f"{dice.choice(_OPENINGS)} {dice.choice(_WORDS)} {dice.choice(['on Friday', 'in May', 'there', 'with us'])}"
        f"{dice.choice(_ENDINGS)}"
        for _ in range(count)
    ]


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


_NEW = 50_000
_TAUGHT = 100_000


def rows() -> list[dict[str, str]]:
    texts = sentences(60_000)
    package = SentimentIntensityAnalyzer()
    stock = timed(lambda: [package.polarity_scores(text)["compound"] for text in texts])
    vader.compound("warm")
    alone = timed(lambda: vader.compounds(texts))
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        parts = [texts[start : start + 2_000] for start in range(0, len(texts), 2_000)]
        list(pool.map(vader.compounds, [["warm"]] * 8))
        together = timed(lambda: list(pool.map(vader.compounds, parts)))
    of_six = [" ".join(texts[start : start + 6]) for start in range(0, len(texts), 6)]
    whole = timed(
        lambda: analyse([Text(text) for text in of_six[:2_000]], languages=("en",), taxonomy=load_taxonomy(), models={})
    )
    read = {
        "en": together_with_themes(of_six),
        **{language: together_with_themes(reviews(language, 6_000)) for language in ("ko", "ja")},
    }
    (new, most), (again, least) = rooms(_NEW)
    taught = {language: apart(teach, language, _TAUGHT) for language in ("en", "ko")}
    return [
        row(
            "English sentences, one process",
            f"{len(texts) / alone:,.0f}/s",
            f"stock VADER {len(texts) / stock:,.0f}/s",
            stock / alone,
            "",
        ),
        row("English sentences, two processes", f"{len(texts) / together:,.0f}/s", "stock VADER, one", stock / together, "≥ 4"),
        row('20,000 words of "good but"', f"{timed(lambda: vader.compound('good but ' * 10_000)):.3f} s", "", None, "linear"),
        row("2,000 emoji", f"{timed(lambda: vader.compound('👍💘' * 1_000)):.3f} s", "", None, "linear"),
        row("reviews of six sentences, with themes", f"{2_000 / whole:,.0f}/s", "", None, ""),
        row("English sentences, read with themes, two processes", f"{6 * read['en']:,.0f}/s", "", None, "≥ 30,000"),
        row("Korean reviews of 80 characters, read with themes, two processes", f"{read['ko']:,.0f}/s", "", None, "≥ 3,000"),
        row("Japanese reviews of 80 characters, read with themes, two processes", f"{read['ja']:,.0f}/s", "", None, "≥ 3,000"),
        row(f"score room, {_NEW:,} new reviews, sentences a model also judges", f"{_NEW / new:,.0f}/s", "", None, ""),
        row("peak memory of its largest process", f"{most / 2**20:,.0f} MB", "", None, ""),
        row("the same with nothing new", f"{again:.1f} s, {least / 2**20:,.0f} MB", f"{new:.1f} s", again / new, "nothing"),
        *(
            row(f"teaching {language} with {_TAUGHT:,} texts", f"{seconds:.0f} s, {held / 2**20:,.0f} MB", "", None, "≤ 60 s")
            for language, (seconds, held) in taught.items()
        ),
    ]


def row(measure: str, value: str, baseline: str, ratio: float | None, wanted: str) -> dict[str, str]:
    return {"measure": measure, "value": value, "baseline": baseline, "ratio": f"{ratio:.1f}" if ratio else "", "wanted": wanted}
