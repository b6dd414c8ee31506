"""Scoring English against stock VADER, teaching a model, and reading reviews whole; run by `make bench`."""

import multiprocessing
import random
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

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


def eastern(pieces: list[str]) -> list[str]:
    """6,000 reviews of 80 characters; half of their sentences end without a stop, and each has a number that no other has."""
    dice = random.Random(7)
    return [
        "".join(f"{dice.choice(pieces)}{dice.choice(['. ', ' '])}" for _ in range(12))[:74] + f" {place:05}"
        for place in range(6_000)
    ]


EASTERN = {"ko": eastern(_KOREAN), "ja": eastern(_JAPANESE)}


def read_all(texts: list[str]) -> int:
    return len(analyse([Text(text) for text in texts], languages=("en", "ko", "ja"), taxonomy=load_taxonomy(), models={}))


def together_with_themes(texts: list[str]) -> float:
    """Texts a second of two processes that have read some before."""
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        list(pool.map(read_all, [texts[:250]] * 8))
        return len(texts) / timed(lambda: list(pool.map(read_all, [texts[at : at + 250] for at in range(0, len(texts), 250)])))


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
    reviews = [Text(" ".join(texts[start : start + 6])) for start in range(0, 12_000, 6)]
    taxonomy = load_taxonomy()
    whole = timed(lambda: analyse(reviews, languages=("en",), taxonomy=taxonomy, models={}))
    read = {language: together_with_themes(texts) for language, texts in (("en", [r.content for r in reviews]), *EASTERN.items())}
    taught = timed(lambda: model.teach("en", texts[:20_000], [i % 2 for i in range(20_000)]))
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
        row("reviews of six sentences, with themes", f"{len(reviews) / whole:,.0f}/s", "", None, ""),
        row("English sentences, read with themes, two processes", f"{6 * read['en']:,.0f}/s", "", None, "≥ 30,000"),
        row("Korean reviews of 80 characters, read with themes, two processes", f"{read['ko']:,.0f}/s", "", None, "≥ 3,000"),
        row("Japanese reviews of 80 characters, read with themes, two processes", f"{read['ja']:,.0f}/s", "", None, "≥ 3,000"),
        row("teaching with 20,000 texts", f"{taught:.1f} s", "", None, ""),
    ]


def row(measure: str, value: str, baseline: str, ratio: float | None, wanted: str) -> dict[str, str]:
    return {"measure": measure, "value": value, "baseline": baseline, "ratio": f"{ratio:.1f}" if ratio else "", "wanted": wanted}
