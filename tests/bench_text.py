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
        row("teaching with 20,000 texts", f"{taught:.1f} s", "", None, ""),
    ]


def row(measure: str, value: str, baseline: str, ratio: float | None, wanted: str) -> dict[str, str]:
    return {"measure": measure, "value": value, "baseline": baseline, "ratio": f"{ratio:.1f}" if ratio else "", "wanted": wanted}
