"""The pages of the demo web: an address in, the answer's bytes out. Pure, so that the same address always gives the same bytes.

Addresses: `/<brand>/` with `reviews`, `products/<product>`, `faq`, `contact`, `account` and, where the brand has them, `app`, `help`
(a help centre of categories and articles) and `news.xml` (a feed) below it; `/<country>/rss/customerreviews/...`, the app's reviews as Apple's feed has them; `/search?q=` as HTML, with `&format=json` in
SearXNG's form; `/robots.txt`.
"""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from urllib.parse import parse_qs, urlencode, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from pipeline.demo.plan import plan
from pipeline.demo.reviews import DemoReview, product_name, published
from pipeline.demo.site import Result, Search, site

HTML = "text/html; charset=utf-8"
JSON = "application/json; charset=utf-8"
PAGE_SIZE = 20
RESULTS = 10
ROBOTS = "User-agent: *\nDisallow: /*/account\nAllow: /\n"
_FEED = re.compile(
    r"/(?P<country>[a-z]{2})/rss/customerreviews/page=(?P<page>[1-9]\d{0,2})/id=(?P<id>\d+)/sortby=mostrecent/(?P<form>json|xml)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    value: str
    """The mean with one decimal, as shops print it."""
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One page of reviews."""

    number: int
    last: int
    url: str
    previous: str | None
    next: str | None
    reviews: tuple[DemoReview, ...]


def answer(target: str, base: str) -> Answer:
    """What the demo web answers to `GET target`; `base` is its own address without a slash at the end."""
    parts = urlsplit(target)
    query = parse_qs(parts.query)
    path = parts.path
    match path:
        case "/robots.txt":
            return Answer(status=200, content_type="text/plain; charset=utf-8", body=ROBOTS.encode())
        case "/style.css":
            return Answer(status=200, content_type="text/css; charset=utf-8", body=_render("style.css.j2", shops=site().shops))
        case "/":
            return _page("index.html.j2", shop=None, shops=_directory(), app_url=f"/{site().app.brand}/app")
        case "/search":
            return _search(query.get("q", [""])[0], as_json=query.get("format") == ["json"])
        case _:
            return _below(path, query.get("page", ["1"])[0], base)


def _below(path: str, number: str, base: str) -> Answer:
    if found := _FEED.fullmatch(path):
        return _feed(found["country"], found["id"], int(found["page"]), found["form"], base)
    brand, _, below = path.removeprefix("/").partition("/")
    if brand in site().shops and re.fullmatch(r"[1-9]\d{0,2}", number):
        return _shop(brand, below, int(number), base)
    return _missing()


def feed_url(page: int, form: str) -> str:
    """The address of a page of the app's reviews, from the root of the demo web."""
    app = site().app
    return f"/{app.country}/rss/customerreviews/page={page}/id={app.id}/sortby=mostrecent/{form}"


def _shop(brand: str, below: str, number: int, base: str) -> Answer:
    if listed := _listed(brand, below):
        return _reviews(brand, number, f"{base}/{brand}/{below}", *listed)
    match below:
        case "":
            return _page("home.html.j2", brand, products=plan().products, rating=_rating(published(brand, "shop")))
        case "contact" | "account":
            return _page(f"{below}.html.j2", brand)
        case "faq":
            return _faq(brand)
    return _of_some(brand, below, base)


def _of_some(brand: str, below: str, base: str) -> Answer:
    """What not every shop has."""
    if below == "app" and brand == site().app.brand:
        return _app(brand)
    if below == "news.xml" and brand in site().news:
        return _news(brand, f"{base}/{brand}")
    return _help(brand, below) if brand in site().help else _missing()


def _listed(brand: str, below: str) -> tuple[dict[str, str], tuple[DemoReview, ...]] | None:
    """What a page of reviews is about, with all its reviews; None for other pages."""
    name = plan().brands[brand].name
    if below == "reviews":
        return {"type": "OnlineStore", "name": name}, published(brand, "shop")
    product = below.removeprefix("products/")
    if product == below or product not in site().shops[brand].products:
        return None
    reviews = tuple(r for r in published(brand, "shop") if r.product == product)
    return {"type": "Product", "name": f"{name} {plan().products[product]['en'].title()}"}, reviews


def _reviews(brand: str, number: int, url: str, subject: dict[str, str], reviews: tuple[DemoReview, ...]) -> Answer:
    last = max(1, math.ceil(len(reviews) / PAGE_SIZE))
    if number > last:
        return _missing()

    def address(page: int) -> str:
        return url if page == 1 else f"{url}?page={page}"

    page = Listing(
        number=number,
        last=last,
        url=address(number),
        previous=address(number - 1) if number > 1 else None,
        next=address(number + 1) if number < last else None,
        reviews=reviews[(number - 1) * PAGE_SIZE : number * PAGE_SIZE],
    )
    rating = _rating(reviews)
    data = _review_data(brand, page, rating, subject) if site().shops[brand].markup == "json_ld" else None
    return _page("reviews.html.j2", brand, page=page, rating=rating, subject=subject, data=data, product_name=product_name)


def _app(brand: str) -> Answer:
    """Where the links of the feed lead: all of the app's reviews, for people."""
    reviews = published(brand, "app")
    page = Listing(number=1, last=1, url=f"/{brand}/app", previous=None, next=None, reviews=reviews)
    subject = {"type": "MobileApplication", "name": f"{plan().brands[brand].name} in the app store"}
    return _page(
        "reviews.html.j2", brand, page=page, rating=_rating(reviews), subject=subject, data=None, product_name=product_name
    )


def _rating(reviews: Sequence[DemoReview]) -> Rating:
    total = sum(r.stars for r in reviews)
    return Rating(value=f"{total / len(reviews):.1f}" if reviews else "0.0", count=len(reviews))


def _review_data(brand: str, page: Listing, rating: Rating, subject: dict[str, str]) -> Markup:
    return _script(
        {
            "@context": "https://schema.org",
            "@type": subject["type"],
            "name": subject["name"],
            "url": page.url,
            "aggregateRating": {
                "@type": "AggregateRating",
                "ratingValue": rating.value,
                "bestRating": 5,
                "worstRating": 1,
                "reviewCount": rating.count,
            },
            "review": [_one_review(brand, review, page.url) for review in page.reviews],
        }
    )


def _one_review(brand: str, review: DemoReview, page_url: str) -> dict[str, object]:
    printed: dict[str, object | None] = {
        "@type": "Review",
        "@id": f"{page_url}#{review.id}",
        "identifier": review.id,
        "url": f"{page_url}#{review.id}",
        "itemReviewed": {"@type": "Product", "name": product_name(review)},
        "reviewRating": {"@type": "Rating", "ratingValue": review.stars, "bestRating": 5, "worstRating": 1},
        "name": review.title,
        "reviewBody": review.text or None,
        "author": {"@type": "Person", "name": review.author},
        "datePublished": review.published_at.isoformat(),
        "inLanguage": review.language,
        "comment": None
        if review.reply_at is None
        else {
            "@type": "Comment",
            "author": {"@type": "Organization", "name": plan().brands[brand].name},
            "text": review.reply_text,
            "dateCreated": review.reply_at.isoformat(),
        },
    }
    return {key: value for key, value in printed.items() if value is not None}


def _faq(brand: str) -> Answer:
    faq = site().faq[brand]
    groups = [(group, list(entries)) for group, entries in groupby(faq.entries, key=lambda e: e.group)]
    data = _script(
        {
            "@context": "https://schema.org",
            "@type": "FAQPage",
            "mainEntity": [
                {"@type": "Question", "name": e.question, "acceptedAnswer": {"@type": "Answer", "text": e.answer}}
                for e in faq.entries
            ],
        }
    )
    return _page("faq.html.j2", brand, faq=faq, groups=groups, data=data)


def _news(brand: str, home: str) -> Answer:
    body = _render("news.xml.j2", brand=plan().brands[brand], home=home, posts=site().news[brand])
    return Answer(status=200, content_type="application/rss+xml; charset=utf-8", body=body)


def _help(brand: str, below: str) -> Answer:
    """`help` lists the categories, `help/<category>` its articles, `help/<category>/<article>` is one."""
    articles = site().help[brand]
    by_category = {_slug(name): (name, list(held)) for name, held in groupby(articles, key=lambda a: a.category)}
    match below.split("/"):
        case ["help"]:
            return _page(
                "help.html.j2", brand, title="Help centre", links={slug: name for slug, (name, _) in by_category.items()}
            )
        case ["help", slug] if slug in by_category:
            name, held = by_category[slug]
            return _page("help.html.j2", brand, title=name, links={f"{slug}/{a.slug}": a.title for a in held})
        case ["help", slug, name] if found := [a for a in articles if (_slug(a.category), a.slug) == (slug, name)]:
            return _page("article.html.j2", brand, article=found[0], category=slug)
    return _missing()


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-")


# --- the app's feed ---------------------------------------------------------------------------------------------------


def app_review_id(review: DemoReview) -> str:
    """Apple numbers its reviews; the digits of ours behind a fixed beginning."""
    return "90000" + review.id.rpartition("-")[2]


def _feed(country: str, app_id: str, number: int, form: str, base: str) -> Answer:
    app = site().app
    if (country, app_id) != (app.country, app.id):
        return _missing()
    reviews = published(app.brand, "app")
    last = math.ceil(len(reviews) / app.page_size)
    # As in Apple's feed, the last page names itself as the next, and a page past it is a feed without entries.
    feed = {
        "self": base + feed_url(number, form),
        "first": base + feed_url(1, form),
        "last": base + feed_url(last, form),
        "previous": base + feed_url(max(1, number - 1), form),
        "next": base + feed_url(min(last, number + 1), form),
        "home": f"{base}/{app.brand}/app",
        "updated": reviews[0].published_at.isoformat(),
    }
    shown = reviews[(number - 1) * app.page_size : number * app.page_size]
    if form == "xml":
        body = _render("feed.xml.j2", feed=feed | {"reviews": shown}, app_review_id=app_review_id)
        return Answer(status=200, content_type="application/atom+xml; charset=utf-8", body=body)
    links = [{"attributes": {"rel": "alternate", "type": "text/html", "href": feed["home"]}}]
    links += [{"attributes": {"rel": rel, "href": feed[rel]}} for rel in ("self", "first", "last", "previous", "next")]
    printed = {
        "feed": {
            "author": {"name": {"label": "iTunes Store"}, "uri": {"label": feed["home"]}},
            **({"entry": [_feed_entry(review, feed["home"]) for review in shown]} if shown else {}),
            "updated": {"label": feed["updated"]},
            "rights": {"label": "Invented for a demo"},
            "title": {"label": "iTunes Store: Customer Reviews"},
            "link": links,
            "id": {"label": feed["self"]},
        }
    }
    return _json(printed)


def _feed_entry(review: DemoReview, home: str) -> dict[str, object]:
    page = f"{home}#{review.id}"
    return {
        "author": {"uri": {"label": page}, "name": {"label": review.author}, "label": ""},
        "updated": {"label": review.published_at.isoformat()},
        "im:rating": {"label": str(review.stars)},
        "im:version": {"label": "3.2.0"},
        "id": {"label": app_review_id(review)},
        "title": {"label": review.title},
        "content": {"label": review.text, "attributes": {"type": "text"}},
        "link": {"attributes": {"rel": "related", "href": page}},
        "im:voteSum": {"label": "0"},
        "im:contentType": {"attributes": {"term": "Application", "label": "Application"}},
        "im:voteCount": {"label": "0"},
    }


# --- search -----------------------------------------------------------------------------------------------------------


def results(search: Search) -> tuple[Result, ...]:
    """The ten results of a search, best first."""
    brands = {rank: brand for brand, rank in search.places.items()}
    others = iter([*site().others, *site().others])
    found = []
    for rank in range(1, RESULTS + 1):
        if rank in brands:
            brand = brands[rank]
            found.append(
                Result(
                    url=f"https://www.{brand}.example/{search.slug}",
                    title=f"{search.keyword} | {plan().brands[brand].name}",
                    content=site().shops[brand].tagline,
                )
            )
        else:
            other = next(others)
            again = "" if rank <= len(site().others) else "-2"
            found.append(
                Result(
                    url=other.url.format(slug=search.slug + again),
                    title=other.title.format(keyword=search.keyword),
                    content=other.content,
                )
            )
    return tuple(found)


def _search(keyword: str, *, as_json: bool) -> Answer:
    search = next((s for s in site().searches if s.keyword.casefold() == " ".join(keyword.split()).casefold()), None)
    found = () if search is None else results(search)
    if not as_json:
        return _page("search.html.j2", shop=None, keyword=keyword, results=found)
    printed = {
        "query": keyword,
        "number_of_results": len(found),
        "results": [_search_result(rank, result) for rank, result in enumerate(found, start=1)],
        "answers": [],
        "corrections": [],
        "infoboxes": [],
        "suggestions": [],
        "unresponsive_engines": [],
    }
    return _json(printed)


def _search_result(rank: int, result: Result) -> dict[str, object]:
    parts = urlsplit(result.url)
    return {
        "url": result.url,
        "title": result.title,
        "content": result.content,
        "engine": "demo",
        "template": "default.html",
        "parsed_url": [parts.scheme, parts.netloc, parts.path, "", parts.query, ""],
        "engines": ["demo"],
        "positions": [rank],
        "score": round(1 / rank, 4),
        "category": "general",
    }


def search_url(keyword: str) -> str:
    return "/search?" + urlencode({"q": keyword, "format": "json"})


# --- bytes ------------------------------------------------------------------------------------------------------------


@cache
def _templates() -> Environment:
    found = Environment(
        loader=PackageLoader("pipeline.demo"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    found.filters["lines"] = lambda text: Markup("<br>\n").join(escape(line) for line in text.split("\n"))
    return found


def _render(template: str, **values: object) -> bytes:
    return _templates().get_template(template).render(values).encode("utf-8")


def _page(template: str, brand: str | None = None, **values: object) -> Answer:
    if brand is not None:
        values = {"id": brand, "brand": plan().brands[brand], "shop": site().shops[brand], "heading": "Reviews"} | values
        values["has_help"] = brand in site().help
    return Answer(status=200, content_type=HTML, body=_render(template, **values))


def _json(printed: object) -> Answer:
    return Answer(status=200, content_type=JSON, body=json.dumps(printed, ensure_ascii=False, indent=1).encode("utf-8"))


def _script(data: object) -> Markup:
    """JSON that may stand in a script element: no text of it can end the element."""
    text = json.dumps(data, ensure_ascii=False, indent=1).replace("<", "\\u003c").replace("&", "\\u0026")
    return Markup(text)  # noqa: S704 - made safe in the line above


def _directory() -> list[dict[str, str]]:
    return [{"id": id_, "name": plan().brands[id_].name, "tagline": shop.tagline} for id_, shop in site().shops.items()]


def _missing() -> Answer:
    return Answer(status=404, content_type="text/plain; charset=utf-8", body=b"There is no such page in the demo web.\n")
