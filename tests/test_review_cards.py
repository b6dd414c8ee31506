"""Reviews in cards without any markup for machines: what is read, in whatever build, and where the reader stays silent."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from conftest import rivalscope
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from test_gather import Answer, Site, landed, market_of, run_of, serving, silent

from pipeline.gather import gather
from spiders.items import Review, UnexpectedPage
from spiders.reading.printed_dates import is_day_first, printed_date
from spiders.reading.rating_words import Rating, rating_in
from spiders.reading.select import document
from spiders.reading.stars import rating_of, widget
from spiders.reviews import amazon, cards, tabelog

URL = "https://shop.example/kettle"
TEXTS = (
    "It boils fast, keeps warm for an hour and pours without a drip.",
    "The lid came loose in the second week, and nobody answers the phone.",
    "Nice colour. Heavier than I thought, so mind your wrist.",
)
NAMES = ("Ada Quill", "Bo Tarn", "Cy Wren")
RATINGS = (5, 2, 4)


def page(body: str, before: str = "", after: str = "") -> str:
    return f"<!doctype html><html><head><title>Kettle</title></head><body><header><h1>Kettle</h1></header>{before}<main>{body}</main>{after}</body></html>"


def parsed(html: str, **options: object) -> list[Review]:
    return list(cards.parse(html, URL, options=cards.Options.model_validate(options)))


Widget = Callable[[int], str]


def row(filled: str, n: int, empty: str = "") -> str:
    return f'<div class="rating">{filled * n}{empty * (5 - n)}</div>'


WIDGETS: dict[str, Widget] = {
    "aria-label": lambda n: f'<div role="img" aria-label="{n} out of 5 stars"><i></i></div>',
    "title": lambda n: f'<span class="s" title="Rated {n} stars"></span>',
    "alt": lambda n: f'<img src="/s/{n}.png" alt="{n} out of 5 stars">',
    "numerals": lambda n: f'<div aria-label="Rated {n} stars out of five stars"></div>',
    "hidden words": lambda n: f'<span class="visually-hidden">{n} out of 5 stars</span>',
    "korean": lambda n: f'<span class="blind">별점 {n}점</span>',
    "korean maximum first": lambda n: f'<span aria-label="5점 만점에 {n}점"></span>',
    "japanese": lambda n: f'<span aria-label="5点満点中{n}"></span>',
    "japanese stars": lambda n: f"<i><span>5つ星のうち{n}.0</span></i>",
    "german": lambda n: f"<i><span>{n},0 von 5 Sternen</span></i>",
    "french": lambda n: f'<i aria-label="{n} étoiles sur 5"></i>',
    "class": lambda n: f'<i class="star-{n}"></i>',
    "class in words": lambda n: f'<p class="star-rating {("One", "Two", "Three", "Four", "Five")[n - 1]}"><i></i></p>',
    "class in tenths": lambda n: f'<p class="c-rating c-rating--val{n}0"><i></i></p>' if n > 1 else '<p class="c-rating-1"></p>',
    "width": lambda n: f'<div class="rating"><span style="color: red; width: {n * 20}%"></span></div>',
    "variable": lambda n: f'<div class="stars" style="--rating: {n};"></div>',
    "data": lambda n: f'<div data-rating="{n}"></div>',
    "glyphs": lambda n: f"<p>{'★' * n}{'☆' * (5 - n)}</p>",
    "glyphs apart": lambda n: f'<p class="stars">{"<b>★</b>" * n}{"<b>☆</b>" * (5 - n)}</p>',
    "icons": lambda n: row('<i class="icon-star full"></i>', n, '<i class="icon-star-empty"></i>'),
    "only filled icons": lambda n: row('<i class="fa fa-star"></i>', n),
    "pictures": lambda n: row('<img src="/star_on.png">', n, '<img src="/star_off.png">'),
    "drawings": lambda n: '<div class="stars">' + "".join(f'<svg class="star" fill="{"#f5a623" if i < n else "none"}"><path d="M0 0"/></svg>' for i in range(5)) + "</div>",
    "of five": lambda n: f'<span class="score">{n}.0/5</span>',
    "itemprop": lambda n: f'<span itemprop="ratingValue">{n}</span>',
    "label above drawing": lambda n: f'<div class="stars"><div class="bar" style="width: 55%"></div><span class="sr-only">{n} out of 5 stars</span></div>',
}  # fmt: skip

LISTS: dict[str, Callable[[str], tuple[str, str]]] = {
    "list": lambda card: ("<ul>", f"<li>{card}</li>"),
    "articles": lambda card: ("<div>", f'<article class="x{len(card) % 7}">{card}</article>'),
    "table": lambda card: ("<table>", f"<tr><td>{card}</td></tr>"),
    "wrapped": lambda card: ("<section>", f'<div class="q1"><div class="q2"><div>{card}</div></div></div>'),
}


def listed(inner: Iterator[str] | list[str], kind: str = "list") -> str:
    built = [LISTS[kind](card) for card in inner]
    opening = built[0][0]
    return opening + "".join(card for _, card in built) + opening.replace("<", "</")


def card(n: int, shown: Widget, day: str = "") -> str:
    return f'<p class="by">{NAMES[n]}</p>{shown(RATINGS[n])}<time>{day or f"2026-0{n + 1}-15"}</time><p>{TEXTS[n]}</p>'


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("name", WIDGETS)
def test_repeated_blocks_are_reviews_however_their_stars_are_drawn(name: str, kind: str) -> None:
    found = parsed(page(listed([card(n, WIDGETS[name]) for n in range(3)], kind)))
    assert [(r.rating, r.rating_max, r.published_at, r.text) for r in found] == [
        (RATINGS[n], 5, date(2026, n + 1, 15), TEXTS[n]) for n in range(3)
    ]


@pytest.mark.parametrize(
    ("printed", "wanted"),
    [
        ("Reviewed in Canada on 8 April 2026", date(2026, 4, 8)),
        ("April 8, 2026", date(2026, 4, 8)),
        ("작성일 2026.04.08", date(2026, 4, 8)),
        ("2026年4月8日 投稿", date(2026, 4, 8)),
        ("8. April 2026", date(2026, 4, 8)),
        ("le 8 avril 2026", date(2026, 4, 8)),
        ("8 de abril de 2026", date(2026, 4, 8)),
        ("8 aprile 2026", date(2026, 4, 8)),
        ("4/28/26", date(2026, 4, 28)),
        ("2026-04-08T10:00:00+09:00", datetime(2026, 4, 8, 1, tzinfo=UTC)),
        ("April 2026", date(2026, 4, 1)),
        ("3 weeks ago", None),
        ("2주 전", None),
        ("08/04/2026", None),  # April or August
    ],
)
def test_a_date_is_read_in_any_wording_and_never_guessed(printed: str, wanted: date | None) -> None:
    found = parsed(page(listed([card(n, WIDGETS["aria-label"], printed) for n in range(3)])))
    assert [r.published_at for r in found] == [wanted] * 3


def test_the_other_dates_of_a_page_tell_how_it_writes_them() -> None:
    days = ("08/04/2026", "25/03/2026", "01/02/2026")
    found = parsed(page(listed([card(n, WIDGETS["alt"], days[n]) for n in range(3)])))
    assert [r.published_at for r in found] == [date(2026, 4, 8), date(2026, 3, 25), date(2026, 2, 1)]
    assert is_day_first(["25/03/2026", "03/25/2026"]) is None
    assert [r.published_at for r in parsed(page(listed([card(n, WIDGETS["alt"], "08/04/2026") for n in range(2)])), dayfirst=False)] == [date(2026, 8, 4)] * 2  # fmt: skip


@pytest.mark.parametrize(
    "prose", ["The mayor of 2020 bought it", "Set of 2021 pieces, out 3 times", "Version 2.4.2026b", "call 010-2026-0408"]
)
def test_a_number_in_a_sentence_is_no_date(prose: str) -> None:
    assert printed_date(prose) is None


RICH = """
<li class="review" id="review-{id}" lang="en">
  <header><img src="/face.png" alt=""><b class="user-name">{name}</b> <span class="badge">Verified purchase</span></header>
  <div class="stars" role="img" aria-label="{rating} out of 5 stars"></div>
  <h3>{title}</h3>
  <p class="meta">Posted on <time datetime="2026-03-1{id}T08:00:00Z">a while ago</time> · Date of purchase: 2026-02-0{id}</p>
  <ul class="parts"><li>Taste <span aria-label="1 out of 5 stars"></span></li><li>Service <span aria-label="3 out of 5 stars"></span></li></ul>
  <div class="review-text"><p>{text}</p><p>I would say so to a friend.</p></div>
  <button>Read more</button><p class="helpful">{id} people found this helpful</p>
  <div class="owner-response"><p>Response from the owner</p><time datetime="2026-04-01">1 April 2026</time>
    <p>Thank you for writing. A new lid is on its way, free of charge.</p></div>
</li>"""


def rich(n: int) -> str:
    return RICH.format(id=n + 1, name=NAMES[n], rating=RATINGS[n], title=f"Title {n}", text=TEXTS[n]).replace(
        f"review-{n + 1}", f"review-90{n}17"
    )


def test_a_card_gives_title_author_badge_reply_and_the_overall_rating() -> None:
    found = parsed(page(f"<ol>{''.join(map(rich, range(3)))}</ol>"))
    assert [r.rating for r in found] == list(RATINGS)  # not those of taste and service
    first = found[0]
    assert first == Review(
        native_id="review-90017",
        rating=5,
        rating_max=5,
        title="Title 0",
        text=f"{TEXTS[0]}\nI would say so to a friend.",
        published_at=datetime(2026, 3, 11, 8, tzinfo=UTC),
        author="Ada Quill",
        language="en",
        experienced_at=first.experienced_at,
        verified=True,
        reply_text="Thank you for writing. A new lid is on its way, free of charge.",
        reply_at=date(2026, 4, 1),
        url=URL,
    )


def test_the_answers_below_a_review_are_no_reviews_and_not_its_words() -> None:
    thread = """<li class="comment depth-1" id="comment-{n}0001"><article><b class="comment-author">{name}</b>
    <div class="stars">{stars}</div><time>2026-05-0{n}</time><div class="comment-content"><p>{text}</p></div></article>
    <ul class="children"><li class="comment depth-2"><b class="comment-author">The cook</b><time>2026-05-09</time>
    <div class="comment-content"><p>Did you let the dough rest for the whole night, as the recipe asks you to? It needs that time.</p></div></li></ul></li>"""
    body = "".join(
        thread.format(n=n + 1, name=NAMES[n], stars="★" * RATINGS[n] + "☆" * (5 - RATINGS[n]), text=TEXTS[n]) for n in range(3)
    )
    assert [(r.rating, r.text) for r in parsed(page(f"<ol>{body}</ol>"))] == list(zip(RATINGS, TEXTS, strict=True))


def test_a_single_review_counts_where_the_page_calls_it_one() -> None:
    assert len(parsed(page(f"<section>{rich(0)}</section>"))) == 1
    assert parsed(page(f'<section><div class="hero">{card(0, WIDGETS["alt"])}</div></section>')) == []


MET = {
    "stamp in an attribute": lambda n: f"""<div class="zz-rev"><span class="zz-rev__rating" data-score="{RATINGS[n]}"></span>
        <span class="zz-rev__timestamp" data-content="2026-01-1{n} 10:00:00 UTC"></span><span class="zz-rev__author">{NAMES[n]}</span>
        <div class="zz-rev__body"><p>{TEXTS[n]}</p></div></div>""",
    "drawing with a title": lambda n: f"""<div data-reviewid="9876543{n}"><a href="/Profile/x{n}">{NAMES[n]}</a>
        <svg viewBox="0 0 9 9"><title>{RATINGS[n]}.0 of 5 bubbles</title><path d="M0"/></svg><div>Mar 2025 • Couples</div>
        <div><span>{TEXTS[n]}</span></div><div>Written January 1{n}, 2026</div></div>""",
    "date behind a distance": lambda n: f"""<div class="box"><cite>{NAMES[n]}</cite><span class="ui_bubble_rating bubble_{RATINGS[n]}0"></span>
        <span title="January 1{n}, 2026">2 weeks ago</span><p class="part">{TEXTS[n]}</p></div>""",
    "short Korean date": lambda n: f"""<li class="Bw1"><em class="_1"><span class="blind">평점</span>{RATINGS[n]}</em>
        <div><strong class="_2">{NAMES[n]}</strong><span class="_2">26.01.1{n}.</span></div><div class="_3"><span class="_2">{TEXTS[n]}</span></div></li>""",
    "name in the head": lambda n: f"""<li><div class="user-info"><a href="/user_details?id=ab{n}">{NAMES[n]}</a><i>Leeds</i></div>
        <div role="img" aria-label="{RATINGS[n]} star rating"></div><span>Jan 1{n}, 2026</span><p class="comment">{TEXTS[n]}</p></li>""",
    "microformat": lambda n: f"""<div class="hreview"><span class="value">{RATINGS[n]}</span><span class="dtreviewed">2026-01-1{n}</span>
        <b class="reviewer">{NAMES[n]}</b><p class="description">{TEXTS[n]}</p></div>""",
    "table row": lambda n: f"<tr><td><cite>{NAMES[n]}</cite></td><td>{'★' * RATINGS[n]}{'☆' * (5 - RATINGS[n])}</td><td>2026-01-1{n}</td><td>{TEXTS[n]}</td></tr>",
}  # fmt: skip


@pytest.mark.parametrize("name", MET)
def test_builds_as_they_are_met_on_the_web_are_read(name: str) -> None:
    body = "".join(MET[name](n) for n in range(3))
    found = parsed(page(f"<table>{body}</table>" if body.startswith("<tr") else f"<div>{body}</div>"))
    assert [(r.rating, r.author, str(r.published_at)[:10], r.text) for r in found] == [
        (RATINGS[n], NAMES[n], f"2026-01-1{n}", TEXTS[n]) for n in range(3)
    ]


def test_what_was_liked_and_what_was_not_are_both_read_and_the_stay_is_no_date_of_writing() -> None:
    block = """<li><b class="guest-name">{name}</b><span class="stay-date">March 2026</span><span>Reviewed: {day} April 2026</span>
    <div class="score" aria-label=" Scored {score}.0 ">{score}.0</div><p><i>Liked</i><span class="x-body">{text}</span></p>
    <p><i>Disliked</i><span class="x-body">Thin walls.</span></p></li>"""
    found = parsed(
        page("<ul>" + "".join(block.format(name=NAMES[n], day=n + 1, score=9 - n, text=TEXTS[n]) for n in range(3)) + "</ul>")
    )
    assert [(r.rating, r.rating_max, r.published_at, r.experienced_at, r.text) for r in found] == [
        (9 - n, 10, date(2026, 4, n + 1), date(2026, 3, 1), f"{TEXTS[n]}\nThin walls.") for n in range(3)
    ]


def test_a_name_in_a_page_without_names_never_becomes_text() -> None:
    block = "<li><div><span>{name}</span><span>2026-01-0{n}</span></div><div>{stars}</div><div>{text}</div></li>"
    body = "".join(
        block.format(name=NAMES[n], n=n + 1, stars="★" * RATINGS[n] + "☆", text="" if n == 1 else TEXTS[n]) for n in range(3)
    )
    found = parsed(page(f"<ul>{body}</ul>"))
    assert [(r.author, r.text) for r in found] == [(NAMES[0], TEXTS[0]), (NAMES[1], ""), (NAMES[2], TEXTS[2])]


def test_reviews_without_a_date_count_where_the_page_calls_them_so() -> None:
    block = '<div class="testimonial"><div aria-label="{n} out of 5 stars"></div><p>{text}</p><cite>{name}</cite></div>'
    body = "".join(block.format(n=RATINGS[n], text=TEXTS[n], name=NAMES[n]) for n in range(3))
    assert [(r.rating, r.text, r.author, r.published_at) for r in parsed(page(body))] == [
        (RATINGS[n], TEXTS[n], NAMES[n], None) for n in range(3)
    ]
    assert parsed(page(body.replace("testimonial", "tile"))) == []


def test_a_review_without_stars_between_starred_ones_is_kept_without_a_rating() -> None:
    bare = RICH.format(id=4, name="Di Marsh", rating=1, title="T", text="No opinion on the stars, but it is loud.")
    bare = bare.replace('<div class="stars" role="img" aria-label="1 out of 5 stars"></div>', "")
    bare = bare.replace('aria-label="1 out of 5 stars"', "").replace('aria-label="3 out of 5 stars"', "")
    found = parsed(page(f"<ol>{rich(0)}{bare}{rich(1)}</ol>"))
    assert [r.rating for r in found] == [5, None, 2]
    assert [r.rating_max for r in found] == [5, None, 5]


def test_testimonials_are_quotations_that_the_page_calls_so() -> None:
    body = "".join(f'<div class="testimonial"><blockquote>{TEXTS[n]}</blockquote><cite>{NAMES[n]}</cite></div>' for n in range(3))
    assert [(r.rating, r.text, r.author) for r in parsed(page(body))] == [(None, TEXTS[n], NAMES[n]) for n in range(3)]
    assert parsed(page(body.replace("</cite>", '</cite><a href="/case">Read on</a>'))) == []


def test_the_part_of_a_review_that_holds_stars_and_day_is_not_taken_for_all_of_it() -> None:
    block = f'<div class="x-review-head"><div class="x-review-rating"><i class="star-4"></i><b>2026-06-30</b></div></div><p>{TEXTS[1]}</p>'
    (found,) = parsed(page(f'<div class="x-review">{block}</div>'))
    assert (found.rating, found.text) == (4, TEXTS[1])


def test_a_scale_of_ten_is_seen_by_its_numbers() -> None:
    block = '<li><span class="score">{n}</span><time>2026-01-1{i}</time><p>{text}</p></li>'
    body = "".join(block.format(n=n, i=i, text=TEXTS[i]) for i, n in enumerate((9, 4, 7)))
    assert [(r.rating, r.rating_max) for r in parsed(page(f"<ul>{body}</ul>"))] == [(9, 10), (4, 10), (7, 10)]
    assert [(r.rating, r.rating_max) for r in parsed(page(f"<ul>{body}</ul>"), rating_max=20)] == [(9, 20), (4, 20), (7, 20)]


PRODUCTS = "".join(
    f'<li class="product"><a href="/p{n}">Kettle {n}</a><div aria-label="4.{n} out of 5 stars"></div><span>(1{n}2)</span>'
    f"<span>$ 2{n}.00</span><p>In stock since 2026-0{n}-02, ships to you at once</p></li>"
    for n in range(1, 6)
)
HISTOGRAM = "".join(
    f'<li><a href="?s={n}" aria-label="{n} out of 5 stars">{n} stars</a><div style="width: {n}0%"></div> {n}0%</li>'
    for n in range(5, 0, -1)
)
FORM = '<form class="review-form"><h3>Write a review</h3><div role="radiogroup">' + "".join(
    f'<label title="{n} stars"><input type="radio" name="stars" value="{n}">★</label>' for n in range(1, 6)
) + '</div><p class="rating">☆☆☆☆☆</p><textarea></textarea><p>Reviews are checked, last change of the rules on 2026-01-01.</p></form>'  # fmt: skip
MEAN = '<div class="summary"><span class="stars" aria-label="4.4 out of 5 stars"></span><b>4.4</b> 308 reviews, last on 2026-05-01</div>'
NEWS = "".join(f"<article><h2>Story {n} of 5</h2><time>2026-05-0{n}</time><p>{TEXTS[n % 3]}</p></article>" for n in range(1, 6))
RESULTS = "".join(
    f'<div class="g"><a href="https://s{n}.example"><h3>Kettle test {n}</h3></a><span>3 May 2026 — {TEXTS[n % 3]}</span>'
    f'<div><span aria-label="Rated 4.{n} out of 5"></span> Rating: 4.{n} · ‎{n}12 votes</div></div>'
    for n in range(1, 6)
)
SLIDES = "".join(
    f'<li aria-label="{n} of 5"><img alt="Photo {n} of 5"><time>2026-01-0{n}</time><p>{TEXTS[n % 3]}</p></li>'
    for n in range(1, 6)
)


VOTES = "".join(
    f'<div class="remark"><b class="comment-author">{NAMES[n]}</b><span class="date">2{n} minutes ago</span><p>{TEXTS[n]}</p><div class="remark-rating">'
    f'<strong>Rating:</strong> <span class="value">{RATINGS[n]}</span><a class="down-inactive">less</a><a class="up-inactive">more</a></div></div>'
    for n in range(3)
)
TEASERS = "".join(
    f'<div class="review added"><h4><a href="/r{n}">Leek pie {n}</a></h4><ul class="star-rating"><li style="width: {width}%"></li></ul><p class="quote">{TEXTS[n]}</p></div>'
    for n, width in enumerate((94.6, 100, 100))
)
EDITORIAL = f'<div class="review"><h1>The Wren kettle</h1><time>2026-04-02</time><div class="review-score" data-rating="8.0"></div><p>{TEXTS[0]}</p></div>'
ARTICLE = EDITORIAL.replace("h1", "b").replace(TEXTS[0], f"{TEXTS[0]} " * 200)
NONE_YET = "".join(
    f'<div class="review"><div><div class="stars">★★★★★</div></div><time>2026-04-0{n}</time><p>{said}</p></div>'
    for n, said in enumerate(
        ("There are 0 reviews for this article.", "Für diesen Artikel liegen 0 Bewertungen vor", "No reviews yet"), 1
    )
)
SECTION = f'<div class="reviews"><div><h2>Customer Reviews</h2><div class="stars">★★★★★</div></div><div><p>{NAMES[0]}, 2026-04-02</p><p>{TEXTS[0]}</p></div></div>'
STORY = '<div><h3><a href="/s{n}">Story {n}</a></h3><p>{text}</p><a href="/staff/{n}">{name}</a><time>2026-05-0{n}</time>{score}</div>'
RIVER = "".join(
    '<div class="items">'
    + "".join(
        STORY.format(n=n + 1, text=TEXTS[n], name=NAMES[n], score='<div class="score">8.0</div>' if n == scored else "")
        for n in range(3)
    )
    + "</div>"
    for scored in (0, 0, 1)
)
PRESS = "".join(f'<div class="review"><blockquote>{text}</blockquote><cite>The Quillmouth Herald</cite></div>' for text in TEXTS)


@pytest.mark.parametrize(
    "body",
    [f"<ul>{PRODUCTS}</ul>", f"<ul>{HISTOGRAM}</ul>", FORM, MEAN, NEWS, RESULTS, f"<ul>{SLIDES}</ul>", MEAN + HISTOGRAM + PRODUCTS + FORM, "",
     VOTES, TEASERS, EDITORIAL, ARTICLE, NONE_YET, SECTION, PRESS, RIVER],
    ids=["products", "histogram", "form", "mean", "news", "search results", "slides", "all of a shop", "nothing",
         "votes", "teasers", "editorial", "long article", "none yet", "section", "press", "river"],
)  # fmt: skip
def test_what_is_no_review_gives_none(body: str) -> None:
    assert parsed(page(body)) == []


def test_what_stands_around_the_reviews_changes_none_of_them() -> None:
    alone = parsed(page(f"<ol>{''.join(map(rich, range(3)))}</ol>"))
    around = parsed(
        page(
            f"<ol>{''.join(map(rich, range(3)))}</ol>",
            before=f"{MEAN}<ul>{HISTOGRAM}</ul>{FORM}",
            after=f"<aside><h2>Others bought</h2><ul>{PRODUCTS}</ul></aside>",
        )
    )
    assert around == alone


def test_a_review_that_is_printed_twice_counts_once() -> None:
    body = f"<section><ol>{rich(0)}{rich(1)}</ol></section><section><ol>{''.join(map(rich, range(3)))}</ol></section>"
    assert [r.author for r in parsed(page(body))] == list(NAMES)


def test_selectors_say_where_a_site_needs_help() -> None:
    block = '<div class="row"><i class="k{n}"><u>{n}</u></i><q>{text}</q><s>{day}</s><b>{name}</b><h4>Head</h4></div>'
    body = "".join(block.format(n=RATINGS[n], text=TEXTS[n], day=f"2026-0{n + 1}-01", name=NAMES[n]) for n in range(3))
    assert parsed(page(body)) == []
    css = {"card": "div.row", "rating": "i u", "text": "q", "date": "s", "author": "b", "title": "h4"}
    assert [(r.rating, r.text, r.published_at, r.author, r.title) for r in parsed(page(body), css=css)] == [
        (RATINGS[n], TEXTS[n], date(2026, n + 1, 1), NAMES[n], "Head") for n in range(3)
    ]
    assert parsed(page(body), css={"card": "div.nowhere"}) == []
    with pytest.raises(ValidationError, match="expected a CSS selector"):
        cards.Options.model_validate({"css": {"card": "div["}})


@pytest.mark.parametrize("text", ["", "   ", "hello", '{"a": 1}', "\x00"])
def test_what_is_no_page_is_an_error(text: str) -> None:
    for module in (cards, amazon, tabelog):
        with pytest.raises(UnexpectedPage, match="run `rivalscope freeze"):
            list(module.parse(text, URL))


# --- single widgets ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("4.5 out of 5 stars", (4.5, 5)),
        ("Rated four out of five", (4, 5)),
        ("average rating value is 3.9 of 5.", (3.9, 5)),
        ("4,6 von 5", (4.6, 5)),
        ("Note : 4 sur 5", (4, 5)),
        ("평점 8.5", (8.5, None)),
        ("별 5개 중 4개", (4, 5)),
        ("5段階評価の星4つ", (4, None)),
        ("★★★⯨☆", (3.5, 5)),
        ("☆☆☆☆☆", None),
        ("3 of 5 people found this helpful", None),
        ("12/23/26", None),
        ("Page 2 of 37", None),
        ("1,234", None),
    ],
)
def test_a_label_names_one_rating_or_none(said: str, wanted: tuple[float, float | None] | None) -> None:
    found = rating_in(said)
    assert (found and (found.value, found.best)) == wanted


@pytest.mark.parametrize(
    ("html", "wanted"),
    [
        ('<div class="avg">4.8 (178)</div>', Rating(4.8, None)),
        ("<b>4,7</b>", Rating(4.7, None)),
        ("<span><b>9</b> / 10</span>", Rating(9, 10)),
        ('<div data-rating="4.5" data-max="10"></div>', Rating(4.5, 10)),
        ('<div class="x"></div>', None),
        ('<div class="stars">' + '<i class="star one"></i>' * 5 + "</div>", None),  # nothing tells which are filled
        ('<ul class="rating">' + "".join(f'<li class="star-{n}"></li>' for n in range(1, 6)) + "</ul>", None),  # numbered, not rated
    ],
)  # fmt: skip
def test_a_widget_says_one_rating_or_none(html: str, wanted: Rating | None) -> None:
    node = document(f"<body>{html}</body>", who="test", url=URL).css("body > *")[0].root
    assert rating_of(node) == wanted


def test_a_mean_is_no_persons_rating() -> None:
    node = document('<div><i aria-label="4.4 out of 5 stars"></i> (1,204)</div>', who="test", url=URL).css("i")[0].root
    assert (widget(node), rating_of(node)) == (None, Rating(4.4, 5))


# --- amazon and tabelog -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "stars", "country", "day"),
    [
        ("Reviewed in the United Kingdom on 8 April 2026", "4.0 out of 5 stars", "GB", date(2026, 4, 8)),
        ("Reviewed in the United States on August 2, 2026", "4.0 out of 5 stars", "US", date(2026, 8, 2)),
        ("Reviewed in India on 30 June 2026", "4.0 out of 5 stars", "IN", date(2026, 6, 30)),
        ("2026年4月5日に日本でレビュー済み", "5つ星のうち4.0", "JP", date(2026, 4, 5)),
        ("Rezension aus Deutschland vom 6. März 2026", "4,0 von 5 Sternen", "DE", date(2026, 3, 6)),
        ("Bewertet in den Vereinigten Staaten am 6. Mai 2026", "4,0 von 5 Sternen", "US", date(2026, 5, 6)),
        ("Avis laissé en France le 3 février 2026", "4,0 sur 5 étoiles", "FR", date(2026, 2, 3)),
        ("Commenté au Royaume-Uni le 1 août 2026", "4,0 sur 5 étoiles", "GB", date(2026, 8, 1)),
        ("Reseñado en España el 12 de agosto de 2026", "4,0 de 5 estrellas", "ES", date(2026, 8, 12)),
        ("Calificado en México el 12 de enero de 2026", "4,0 de 5 estrellas", "MX", date(2026, 1, 12)),
        ("Recensito in Italia il 28 settembre 2026", "4,0 su 5 stelle", "IT", date(2026, 9, 28)),
        ("Reviewed in Atlantis on 8 April 2026", "4.0 out of 5 stars", None, date(2026, 4, 8)),
    ],
)
def test_amazon_dates_tell_the_day_and_the_country_in_the_sites_language(
    said: str, stars: str, country: str | None, day: date
) -> None:
    html = f"""<div id="R1INVENTED0001" data-hook="review"><span class="a-profile-name">Ada</span>
    <i data-hook="review-star-rating"><span class="a-icon-alt">{stars}</span></i><span data-hook="review-date">{said}</span>
    <span data-hook="review-body"><span>Fine.</span></span></div>"""
    (found,) = amazon.parse(page(html), "https://www.amazon.example/dp/1")
    assert (found.rating, found.country, found.published_at) == (4, country, day)


def test_an_amazon_review_without_an_id_and_a_robot_check_are_errors() -> None:
    with pytest.raises(UnexpectedPage, match="expected an id like"):
        list(amazon.parse(page('<div data-hook="review" id="x"></div>'), URL))
    with pytest.raises(UnexpectedPage, match="found a robot check"):
        list(amazon.parse(page('<form action="/errors/validateCaptcha">Type the characters</form>'), URL))


def test_amazon_walks_its_own_list_of_reviews_only() -> None:
    def following(body: str) -> str | None:
        return amazon.next_page(document(page(body), who="amazon", url=URL), "https://www.amazon.example/dp/1")

    foot = '<a data-hook="see-all-reviews-link-foot" href="/product-reviews/1?a=1">See all</a>'
    assert following(foot) == "https://www.amazon.example/product-reviews/1?a=1"
    assert following(foot.replace("/product", "https://evil.example/product")) is None
    assert following('<ul><li class="a-last"><a href="/product-reviews/1?pageNumber=2">Next</a></li></ul>') is not None
    assert following('<ul><li class="a-disabled a-last"><a href="/product-reviews/1?pageNumber=9">Next</a></li></ul>') is None


def test_only_its_own_pages_are_claimed() -> None:
    pages = list((Path(__file__).parent / "pages").rglob("*.html"))
    for module in (amazon, tabelog):
        claimed = {each.parent.name for each in pages if module.recognises(each.read_text("utf-8"), URL)}
        assert claimed == {module.__name__.rsplit(".", 1)[-1]}


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_command_takes_cards_where_nothing_is_marked_up(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(page(f"<ol>{''.join(map(rich, range(3)))}</ol>"), "utf-8")
    done = rivalscope("parse", "reviews", file, "--url", URL, "--key-file", tmp_path / "key")
    assert [json.loads(line)["rating"] for line in done.stdout.splitlines()] == [5, 2, 4]
    assert "Ada" not in done.stdout
    marked = '<div itemscope itemtype="https://schema.org/Review"><p itemprop="reviewBody">Marked up.</p></div>'
    file.write_text(page(f"<ol>{''.join(map(rich, range(3)))}</ol>{marked}"), "utf-8")
    done = rivalscope("parse", "reviews", file, "--url", URL, "--key-file", tmp_path / "key")
    assert [json.loads(line)["text"] for line in done.stdout.splitlines()] == ["Marked up."]


# --- hostile pages ----------------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [rich(0), rich(1), card(2, WIDGETS["icons"]), PRODUCTS, FORM, MEAN, "<ul>", "</ul>", "<div class='review'>", "</div>", "<li>", "</li>",
     "<time>", "2026-01-01", "★★★☆☆", "<i class='star-4'>", "</i>", "<p>", "&amp;lt;", "<!--", "-->", "\x00", "\ud800", '<b style="width: 80%">',
     '<a aria-label="4 out of 5">', '<span data-rating="', '">', 'data-hook="review"', '<div id="R1INVENTED0002" data-hook="review">', "tabelog",
     '<div class="rvw-item">', '<b class="c-rating__val">4.5</b>', "<svg>", "</svg>", "<script>", "</script>"]
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(st.one_of(PIECES, st.text(max_size=12)), max_size=25), st.randoms(use_true_random=False))
def test_any_page_gives_reviews_or_one_clear_error(pieces: list[str], random: object) -> None:
    text = "<html>" + "".join(pieces)
    cut = random.randrange(len(text) + 1)  # type: ignore[attr-defined]  # hypothesis's own Random
    for html in (text, text[:cut] + text[cut + 3 :]):
        for module in (cards, amazon, tabelog):
            try:
                found = list(module.parse(html, URL))
            except UnexpectedPage:
                continue
            for review in found:
                assert review.native_id
                assert (review.rating is None) == (review.rating_max is None)
                assert review.rating is None or review.rating_min <= review.rating <= (review.rating_max or 0)
                assert review.rating is not None or review.text or review.title


@pytest.mark.parametrize(
    "html",
    [
        "<div class='review'>" * 1900 + "★★★★☆ 2026-01-01",
        "<div class='review'><i class='star-4'></i><time>2026-01-01</time>" * 1900,
        "<ul>" + rich(0) * 1000 + "</ul>",
        "<p>" + "<i class='star-4'></i>" * 60_000 + "2026-01-01",
        "<p>" + "<time>2026-01-01</time>" * 60_000 + "<i class='star-4'></i>",
        "<ul>" + "<li class='review'><i class='star-4'></i>x</li>" * 40_000 + "</ul>",
        "<div class='reply'>" * 1000 + card(0, WIDGETS["alt"]) + "</div>" * 1000 + card(1, WIDGETS["alt"]),
        "<p class='" + "star-" * 200_000 + "'>" + "4 out of 5 " * 100_000,
        "<b title='" + "4 de " * 500_000 + "'>",
        "<div>" + "<b>" * 1900 + "x" * 1_000_000,
        "<div class='stars'>" + ("<i class='star'>" + "<b></b>" * 50 + "</i>") * 3_000,
    ],
    ids=["deep", "nested reviews", "many", "widgets", "dates", "undated", "replies", "names", "label", "deep words", "icons"],
)  # fmt: skip
def test_no_page_takes_long(html: str) -> None:
    for module in (cards, amazon, tabelog):
        began = time.process_time()
        with contextlib.suppress(UnexpectedPage):
            list(module.parse(f"<html>tabelog{html}", URL))
        assert time.process_time() - began < 60  # a busy machine needs 3 s; what grows with the square takes minutes


# --- the walks --------------------------------------------------------------------------------------------------------


class Shop(Site):
    """Three pages of cards; a product page with its list of reviews; a reviewer's two pages."""

    def answer(self, path: str) -> Answer:
        name, _, number = path.strip("/").partition("?page=")
        n = int(number or 1)
        pages = {
            "robots.txt": "User-agent: *\nAllow: /",
            "cards": page(f"<ol>{rich(0)}{rich(1)}</ol>".replace("Ada", f"Ada {n}"))
            + f'<a rel="next" href="/cards?page={n + 1}">on</a>',
            "dp": page(amazon_review(1) + '<a data-hook="see-all-reviews-link-foot" href="/all">See all</a>'),
            "all": page(
                amazon_review(n) + amazon_review(n + 1) + f'<ul><li class="a-last"><a href="/all?page={n + 1}">Next</a></li></ul>'
            ),
            "rvwr": page(f"{visit(n)}<p>tabelog</p>") + (f'<a rel="next" href="/rvwr?page={n + 1}">on</a>' if n < 2 else ""),
        }
        return 200, {"Content-Type": "text/html; charset=utf-8"}, pages[name].encode()


def amazon_review(n: int) -> str:
    return f"""<div id="R1INVENTED000{n}" data-hook="review"><i data-hook="review-star-rating"><span class="a-icon-alt">4.0 out of 5 stars</span></i>
    <span data-hook="review-date">Reviewed in Canada on 8 April 2026</span><span data-hook="review-body">Number {n}.</span></div>"""


def visit(n: int) -> str:
    return "".join(
        f'<div class="rvw-item" data-detail-url="/rvwdtl/B90{n}0{i}/"><p class="rvw-item__ratings-total"><b class="c-rating__val">4.{i}</b></p>'
        f'<p class="rvw-item__visited-date">2026/0{i + 1}訪問</p><div class="rvw-item__rvw-comment">深い味。</div></div>'
        for i in range(5)
    )


def test_the_walks_follow_their_own_way_on_and_stop_where_they_are_told(tmp_path: Path) -> None:
    with serving(Shop()) as site:
        base = f"http://127.0.0.1:{site.port}"
        market = market_of(
            tmp_path,
            {
                "cards": f'source = "cards"\nurl = "{base}/cards"\noptions.max_pages = 3',
                "amazon": f'source = "amazon"\nurl = "{base}/dp"\noptions.max_pages = 3',
                "tabelog": f'source = "tabelog"\nurl = "{base}/rvwr"',
            },
        )
        run = run_of(market, tmp_path / "data")
        gather(run, market.targets, progress=silent)
    assert [line["rating"] for line in landed(run, "cards.reviews.cards")] == [5, 2] * 3
    assert [line["native_id"][-1] for line in landed(run, "amazon.reviews.amazon")] == ["1", "2", "3"]  # type: ignore[index]
    assert len(landed(run, "tabelog.reviews.tabelog")) == 10
