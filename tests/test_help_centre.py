"""Help centres and contact pages, walked by `gather` on a real web server on loopback; and what two captures of a page have in common.

The site has categories, paging, loops, other languages, another host, a login and a search: what must not be asked for answers 200
like everything else, so that a walk that goes there is seen.
"""

import gzip
import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.gather import gather
from pipeline.market import load_market
from pipeline.run import Run
from spiders.contacts import site
from spiders.faqs import faq_page, help_centre
from spiders.items import FaqEntry
from spiders.reading import address, service, statements, wording
from spiders.reading.select import document
from spiders.reading.structured import json_ld
from spiders.receipt import Receipt

PAGES = Path(__file__).parent / "pages" / "help_centre"
URL = "https://www.kettlewell.example/help/orders/change"

# --- a small web ----------------------------------------------------------------------------------------------------------


def page(title: str, main: str, *, crumbs: str = "", lang: str = "en", head: str = "") -> str:
    """A page of the site, with what every page of it has around its main part."""
    return f"""<!doctype html><html lang="{lang}"><head><title>{title} - Kettlewell help</title>{head}</head><body>
<header><nav><a href="/">Shop</a><a href="/help/">Help</a><a href="/login">Sign in</a><a href="/contact">Contact</a></nav></header>
<nav class="breadcrumbs"><ol>{crumbs}</ol></nav><main><h1>{title}</h1>{main}</main>
<footer><a href="/help/legal">Terms</a><div class="lang"><a href="/ko/help/">한국어</a></div></footer></body></html>"""


def answer(title: str, body: str, category: str, more: str = "") -> str:
    crumbs = f'<li><a href="/help/">Help</a></li><li><a href="/help/{category.lower()}">{category}</a></li>'
    return page(title, f"<article><p>{body}</p></article><p>Was this article helpful?</p><p>Yes</p>{more}", crumbs=crumbs)


def listing(*links: str) -> str:
    return "<ul>" + "".join(f'<li><a href="{link}">{link.rsplit("/", 1)[-1]}</a></li>' for link in links) + "</ul>"


HELP = {
    "/help/": page(
        "How can we help?",
        listing(
            "/help/orders?utm_source=start",
            "/help/returns",
            "/ko/help/",
            "/help/?lang=ja",
            "/help/search?q=x",
            "/help/manual.pdf",
            "/help/news/1",
        )
        + '<a href="http://elsewhere.example/help/x">How do others help?</a><a href="/shop/kettle">Kettles</a>',
        head='<link rel="alternate" hreflang="de" href="/help/start-de">',
    ),
    "/help/orders": page(
        "Orders", listing("/help/orders/change", "/help/orders/cancel", "/help/") + '<a rel="next" href="?page=2">2</a>'
    ),
    "/help/orders?page=2": page(
        "Orders", listing("/help/orders/late") + '<a href="/help/orders?page=1">1</a><a href="/help/orders">1</a>'
    ),
    "/help/orders?page=1": page("Orders", listing("/help/orders/change", "/help/orders/cancel")),
    "/help/returns": page("Returns", listing("/help/returns/how", "/help/returns/exchanges")),
    "/help/returns/exchanges": page("Exchanges", listing("/help/returns/exchanges/size")),
    "/help/orders/change": answer(
        "How do I change my order?", "Open it in your account.", "Orders", '<a href="/help/orders/cancel">next</a>'
    ),
    "/help/orders/cancel": answer(
        "Cancelling an order", "Choose Cancel in your account.", "Orders", '<a href="/help/orders/change">next</a>'
    ),
    "/help/orders/late": answer("Where is my parcel?", "Follow the link in our mail.", "Orders"),
    "/help/returns/how": page(
        "Returns: questions and answers",
        "<details><summary>How do I return a kettle?</summary><p>Print the label.</p></details>"
        "<details><summary>Who pays for it?</summary><p>We do.</p></details>",
    ),
    "/help/returns/exchanges/size": answer(
        "Can I have another size?", "Yes, within 30 days.", "Returns", '<a href="/help/deep">Is it deep?</a>'
    ),
    "/help/deep": answer("Is it deep?", "Deeper than the walk.", "Returns"),
    "/help/start-de": page("Hilfe", "<article><p>Auf Deutsch, und nicht gefragt.</p></article>", lang="de"),
}
CONTACT = {
    "/": page("Kettlewell", '<p>Kettles.</p><a href="/about">About</a>'),
    "/contact": page(
        "Contact", '<p>Mail care@kettlewell.example</p><a href="/contact/chat">Chat</a><a href="/ko/contact">문의</a>'
    ),
    "/contact/chat": page(
        "Chat with support",
        '<script src="https://widget.intercom.io/widget/k"></script><p>Chat with a real person, Mon-Fri 9:00-17:00.</p>'
        '<p>We reply within 24 hours.</p><a href="/contact/chat/far">Contact far away</a>',
    ),
}


@dataclass
class Web:
    pages: dict[str, str]
    asked: list[str] = field(default_factory=list)
    port: int = 0


@contextmanager
def serving(web: Web) -> Iterator[Web]:
    """Answers with the page, with an empty one where it has none, and keeps what it was asked for."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path != "/robots.txt":
                web.asked.append(self.path)
            body = web.pages.get(self.path, "<html><p>nothing</p></html>").encode()
            self.send_response(404 if self.path == "/robots.txt" else 200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        web.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield web
        finally:
            server.shutdown()
            thread.join()


@dataclass
class Crawled:
    receipt: Receipt
    lines: list[dict[str, object]]
    asked: list[str]

    def answers(self) -> dict[object, tuple[object, object, object]]:
        return {each["question"]: (each["answer"], each["group"], each["clicks"]) for each in self.lines}


def crawled(folder: Path, pages: dict[str, str], source: str, path: str, options: str = "", *, crawl: str = "") -> Crawled:
    kind = "contact" if source == "site" else "faq"
    with serving(Web(pages)) as web:
        market = folder / "kettles.toml"
        market.write_text(f"""
id = "kettles"
name = "Kettles"
languages = ["en"]
[crawl]
contact = "owner@kettles.example"
delay_seconds = 0
allow_hosts = ["127.0.0.1"]
{crawl}
[[brands]]
id = "kettlewell"
name = "Kettlewell"
[[brands.sources]]
kind = "{kind}"
source = "{source}"
url = "http://127.0.0.1:{web.port}{path}"
basis = "public_page"
options = {{ {options} }}
""")
        run = Run(load_market(market), folder / "data", "r1", datetime(2026, 6, 1, tzinfo=UTC))
        told: list[str] = []
        (receipt,) = gather(run, run.market.targets, progress=told.append)
        assert receipt.outcome == "landed", told
        with gzip.open(run.landing / "r1" / f"{receipt.target}.jsonl.gz") as lines:
            return Crawled(receipt, [json.loads(line) for line in lines], web.asked)


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Crawled:
    return crawled(tmp_path_factory.mktemp("help"), HELP, "help_centre", "/help/")


# --- the walk ---------------------------------------------------------------------------------------------------------------


def test_a_help_centre_is_walked_from_its_start_page_to_its_articles(walked: Crawled) -> None:
    assert walked.answers() == {
        "How do I change my order?": ("Open it in your account.", "Orders", 2),
        "Cancelling an order": ("Choose Cancel in your account.", "Orders", 2),
        "Where is my parcel?": ("Follow the link in our mail.", "Orders", 3),
        "How do I return a kettle?": ("Print the label.", None, 2),
        "Who pays for it?": ("We do.", None, 2),
        "Can I have another size?": ("Yes, within 30 days.", "Returns", 3),
    }
    assert {each["language"] for each in walked.lines} == {"en"}


def test_pages_beyond_the_depth_are_not_asked_for(walked: Crawled) -> None:
    assert "/help/returns/exchanges/size" in walked.asked
    assert "/help/deep" not in walked.asked


def test_paging_inside_a_category_costs_a_click_and_no_depth(tmp_path: Path) -> None:
    found = crawled(tmp_path, HELP, "help_centre", "/help/", "max_depth = 2")
    assert found.answers()["Where is my parcel?"] == ("Follow the link in our mail.", "Orders", 3)
    assert "Can I have another size?" not in found.answers()


def test_other_languages_hosts_logins_searches_files_and_shop_pages_are_not_followed(walked: Crawled) -> None:
    assert not [path for path in walked.asked if not path.startswith("/help/")]
    assert not {"/help/?lang=ja", "/help/search?q=x", "/help/manual.pdf", "/help/start-de", "/help/legal", "/help/news/1"} & set(
        walked.asked
    )


def test_a_walk_through_loops_ends_and_asks_for_each_page_once(walked: Crawled) -> None:
    assert walked.receipt.finish_reason == "finished"
    assert len(walked.asked) == len(set(walked.asked))
    assert not [path for path in walked.asked if "utm_" in path]


def test_a_walk_stops_at_its_number_of_pages(tmp_path: Path) -> None:
    endless = {
        f"/help/{n}": answer(f"Is {n} a number?", f"Yes, {n} is.", "Numbers", f'<a href="/help/{n + 1}">Next?</a>')
        for n in range(50)
    }
    found = crawled(tmp_path, endless, "help_centre", "/help/0", "max_depth = 10, max_pages = 4")
    assert len(found.asked) == 4
    assert found.receipt.errors == ("help_centre: stopped at 4 pages with 1 links unread. Raise options.max_pages.",)
    assert found.receipt.measured["unread_links"] == 1


def test_a_walk_that_the_markets_limit_of_pages_cut_says_which_limit_it_was(tmp_path: Path) -> None:
    found = crawled(tmp_path, HELP, "help_centre", "/help/", crawl="max_pages = 4")
    assert len(found.asked) == 4
    # The start page, its two categories, and one of the five pages to which these link.
    assert found.receipt.errors == ("help_centre: stopped at 4 pages with 4 links unread. Raise crawl.max_pages.",)


def test_a_walk_that_read_all_its_links_is_not_called_cut(walked: Crawled) -> None:
    assert walked.receipt.errors == ()
    assert "unread_links" not in walked.receipt.measured


def test_a_page_under_two_addresses_gives_its_answer_once(tmp_path: Path) -> None:
    head = '<link rel="canonical" href="/help/one">'
    twice = page("Is it one page?", "<article><p>It is one page only.</p></article>", head=head)
    pages = {
        "/help/": page("Help", listing("/help/one", "/help/one?from=start&x=1", "/help/1")),
        "/help/one": twice,
        "/help/1": twice,
    }
    pages["/help/one?from=start&x=1"] = twice.replace("one page only", "one page only, said otherwise")
    found = crawled(tmp_path, pages, "help_centre", "/help/")
    assert [(each["question"], str(each["url"]).rpartition("/")[2]) for each in found.lines] == [("Is it one page?", "one")]


def test_a_page_in_another_language_behind_a_plain_address_gives_nothing(tmp_path: Path) -> None:
    other = page("교환 신청 방법", "<article><p>주문 내역에서 신청해 주세요.</p></article>", lang="ko")
    pages = {
        "/help/": page("Help", listing("/help/1", "/help/2")),
        "/help/1": other,
        "/help/2": answer("Is it?", "It is, surely.", "Orders"),
    }
    assert list(crawled(tmp_path, pages, "help_centre", "/help/").answers()) == ["Is it?"]


# --- versions and noise -------------------------------------------------------------------------------------------------------


def seen(html: str) -> list[FaqEntry]:
    return list(help_centre.parse(html, URL))


@pytest.mark.parametrize(
    ("case", "noise"),
    [
        (
            "article_en",
            {
                "123 of 150": "124 of 151",
                "3 months ago": "4 months ago",
                "9f8a7c": "000111",
                "2 comments": "3 comments",
                "Mira Holt": "Jo Reed",
            },
        ),
        ("article_ko", {"조회수 1,204": "조회수 1,377", "42명": "45명"}),
        ("article_ja", {"18人": "21人"}),
        ("questions_below_breadcrumb_en", {"31 people": "32 people"}),
    ],
)
def test_two_captures_that_differ_in_noise_give_the_same_entries(case: str, noise: dict[str, str]) -> None:
    html = (PAGES / f"{case}.html").read_text("utf-8")
    later = html
    for before, after in noise.items():
        assert before in later
        later = later.replace(before, after)
    assert seen(html)
    assert seen(later) == seen(html)


FAQ = "<h1>FAQ</h1>" + "".join(
    f"<h3>{question}</h3><p>{text}</p><p>Was this helpful?</p><p>Yes No</p><p>{{votes}} people found this helpful</p><p>Views: {{votes}}0</p>"
    for question, text in (("Is it late?", "It is on its way."), ("Is it dear?", "It is not."), ("Is it red?", "It is blue."))
)


def test_votes_and_views_between_the_questions_of_a_faq_page_are_no_answers() -> None:
    early, late = (list(faq_page.parse(FAQ.replace("{votes}", votes), URL)) for votes in ("12", "31"))
    assert early == late
    assert [entry.answer for entry in early] == ["It is on its way.", "It is not.", "It is blue."]


def test_a_changed_an_added_and_a_removed_question_are_told_apart(walked: Crawled, tmp_path: Path) -> None:
    later = dict(HELP)
    later["/help/orders/change"] = HELP["/help/orders/change"].replace("Open it in your account.", "Call us.")
    later["/help/orders/cancel"] = page("Gone", "")
    later["/help/returns/how"] = HELP["/help/returns/how"].replace(
        "</main>", "<details><summary>Is it free?</summary><p>It is.</p></details></main>"
    )
    after = crawled(tmp_path, later, "help_centre", "/help/")
    lines = [{(each["question"], each["answer"]) for each in crawl.lines} for crawl in (walked, after)]
    assert lines[0] - lines[1] == {
        ("How do I change my order?", "Open it in your account."),
        ("Cancelling an order", "Choose Cancel in your account."),
    }
    assert lines[1] - lines[0] == {("How do I change my order?", "Call us."), ("Is it free?", "It is.")}


@pytest.mark.parametrize(
    "line",
    [
        "123 of 150 found this helpful",
        "Views: 1,204 · Updated 3 days ago",
        "2026.05.01 | 조회수 88",
        "閲覧数：12",
        "Last updated: May 1, 2026",
        "5 min read",
        "© 2031 Kettle House. All rights reserved.",
    ],
)
def test_counts_votes_and_ages_are_noise(line: str) -> None:
    assert wording.is_noise(line)


@pytest.mark.parametrize(
    "line",
    ["Yes", "If you paid 5 minutes ago, wait.", "3 days", "2026.05.01", "We have 150 views of the sea", "Up to 10 of 12 parts"],
)
def test_words_of_an_answer_are_not_noise(line: str) -> None:
    assert not wording.is_noise(line)


# --- what is an article, and what it states ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ["start_en", "category_en", "category_ko", "category_ja", "request_form_en"])
def test_lists_and_forms_are_no_articles(case: str) -> None:
    assert seen((PAGES / f"{case}.html").read_text("utf-8")) == []


def test_a_category_with_two_entries_and_a_line_about_them_is_no_article() -> None:
    main = '<section><h1>Billing</h1><p>All about invoices and payments.</p><ul><li><a href="/help/1">How to pay</a></li><li><a href="/help/2">VAT</a></li></ul></section>'
    assert (
        seen(
            f"<nav class=breadcrumbs><ol><li><a href='/help'>Help</a></li><li><a href='/help/b'>B</a></li></ol></nav><main>{main}</main>"
        )
        == []
    )


def test_an_article_is_recognised_and_a_list_of_questions_is_left_to_its_reader() -> None:
    recognised = {path.stem for path in PAGES.glob("*.html") if help_centre.recognises(path.read_text("utf-8"), URL)}
    assert recognised == {"article_en", "article_ko", "article_ja"}


def test_a_recipe_whose_reviews_were_helpful_is_no_help_article() -> None:
    recipe = '<script type="application/ld+json">{"@type":"Recipe","name":"Tea"}</script><article><h1>How do I make tea?</h1><p>Boil water.</p></article><p>Was this helpful?</p>'
    assert not help_centre.recognises(f"<title>Help</title><body>{recipe}", URL)
    assert help_centre.recognises(f"<title>Help</title><body>{recipe.replace('Recipe', 'Article')}", URL)


def test_questions_among_the_headings_of_a_question_are_parts_of_its_answer() -> None:
    html = "<article><h1>How do I pay?</h1><p>By card, by invoice or by transfer, whichever suits you best.</p><h2>Is it safe?</h2><p>Yes.</p><h2>And then?</h2><p>We pack.</p></article>"
    assert [entry.question for entry in seen(html)] == ["How do I pay?"]


@pytest.mark.parametrize(
    ("html", "day"),
    [
        ('<script type="application/ld+json">{"@type":"Article","dateModified":"2026-05-02"}</script><p>x</p>', "2026-05-02"),
        ('<meta property="article:modified_time" content="2026-05-02"><p>x</p>', "2026-05-02"),
        ('<p>Updated <time datetime="2026-05-02">2 May</time>, first <time datetime="2020-01-01">1 Jan</time></p>', "2026-05-02"),
        ("<p>Last updated: <b>May 2nd, 2026</b></p>", "2026-05-02"),
        ("<p>최종 수정일 : 2026.05.02</p>", "2026-05-02"),
        ("<dl><dt>更新日</dt><dd>2026年5月2日</dd></dl>", "2026-05-02"),
        ("<p>We updated our kettles in 2026.</p>", "None"),
        ('<time datetime="2026-05-02">a</time><time datetime="2026-05-01">b</time>', "None"),
        ("<p>Updated on 03/04/2026</p>", "None"),
    ],
)
def test_the_day_of_the_last_change_is_read_where_the_page_states_one(html: str, day: str) -> None:
    tree = document(html, who="test", url=URL)
    assert str(statements.updated_at(tree, json_ld(tree), html)) == day


@pytest.mark.parametrize(
    ("link", "start", "spoken", "other"),
    [
        ("/ko/help/", "/help/", "en", True),
        ("/en/help/", "/help/", "en", False),
        ("/hc/ko/1", "/hc/en-us/", "en", True),
        ("/hc/en-us/1", "/hc/en-us/", "en", False),
        ("/help/?lang=ja", "/help/", "en", True),
        ("/help/is/it", "/help/", "en", False),
        ("/ko/help/", "/help/", None, False),
    ],
)
def test_an_address_tells_its_language_where_the_source_tells_its_own(
    link: str, start: str, spoken: str | None, *, other: bool
) -> None:
    home = "https://a.example"
    assert address.in_other_language(home + link, home + start, spoken) is other


def test_one_page_has_one_key_and_another_page_another() -> None:
    same = ["https://www.a.example/help/", "http://a.example/help", "https://a.example/help/index.html"]
    assert len({address.key(each) for each in same}) == 1
    assert address.resolved("?b=1&utm_source=x&gclid=2#c", "https://a.example/help") == "https://a.example/help?b=1"
    assert address.key("https://a.example/help?id=1") != address.key("https://a.example/help?id=2")
    assert address.resolved("javascript:alert(1)", "https://a.example/") is None
    assert address.resolved("http://[", "https://a.example/") is None


# --- contact pages ----------------------------------------------------------------------------------------------------------------


def test_contact_pages_are_reached_by_links_that_are_counted(tmp_path: Path) -> None:
    found = crawled(tmp_path, CONTACT, "site", "/")
    points = {(each["kind"], each["value"]): each for each in found.lines}
    assert points["email", "care@kettlewell.example"]["clicks"] == 1
    chat = points["chat", None]
    assert (chat["vendor"], chat["clicks"], chat["human"], chat["bot"]) == ("Intercom", 2, True, None)
    assert points["promise", "We reply within 24 hours."]["within_hours"] == 24
    assert ("hours", "Chat with a real person, Mon-Fri 9:00-17:00.") in points
    assert not {"/about", "/contact/chat/far", "/ko/contact", "/login"} & set(found.asked)


def test_a_contact_walk_stops_at_its_number_of_pages(tmp_path: Path) -> None:
    found = crawled(tmp_path, CONTACT, "site", "/", "max_pages = 2")
    assert len(found.asked) == 2
    assert found.receipt.measured["unread_links"] >= 1
    assert "links unread. Raise options.max_pages." in found.receipt.errors[0]


@pytest.mark.parametrize(
    ("line", "hours"),
    [
        ("We reply within 24 hours.", 24),
        ("Our team responds to e-mails within one business day.", 24),
        ("You will hear from us within 1-2 working days.", 48),
        ("Average response time: 15 minutes", 0.25),
        ("We aim to get back to you in under 4 hours", 4),
        ("24시간 이내 답변", 24),
        ("영업일 기준 1~2일 이내에 답변드립니다.", 48),
        ("3영업일 내로 회신드리겠습니다.", 72),
        ("2営業日以内に返信いたします。", 48),
        ("２４時間以内にご返信します", 24),
        ("翌営業日までにご返信いたします。", 24),
    ],
)
def test_a_promised_time_is_read_with_its_hours(line: str, hours: float) -> None:
    assert [(each.words, each.within_hours) for each in service.promises([line])] == [(line, hours)]


@pytest.mark.parametrize(
    "line",
    [
        "We reply as soon as possible.",
        "Refunds are answered within 14 days.",
        "Delivery within 24 hours.",
        "If you have not heard from us within 24 hours, call us.",
        "You must reply within 3 days.",
        "환불은 3일 이내에 처리됩니다.",
        "3日以内に発送いたします。",
        "返信がない場合は3日以内にご連絡ください。",
    ],
)
def test_other_times_are_no_promise(line: str) -> None:
    assert list(service.promises([line])) == []


@pytest.mark.parametrize(
    "lines",
    [
        ["Mon–Fri 9am–5pm"],
        ["Opening hours", "9:00 - 17:00"],
        ["고객센터 운영시간 10:00~18:00"],
        ["평일 09시~18시"],
        ["受付時間 9:00〜18:00"],
        ["Phone support 24/7"],
        ["Phone: +44 20 7946 0118, Monday to Friday, 9 to 17"],
    ],
)
def test_opening_hours_are_read_as_printed(lines: list[str]) -> None:
    assert list(service.hours(lines, [])) == lines[-1:]


@pytest.mark.parametrize(
    "line",
    [
        "Delivery Mon-Fri 9:00-17:00",
        "Cook for 10-12 minutes",
        "The match ended 10-9",
        "체크인 15:00~22:00",
        "Servers run 24/7",
        "12:30-13:30",
    ],
)
def test_other_spans_are_no_opening_hours(line: str) -> None:
    assert list(service.hours([line], [])) == []


@pytest.mark.parametrize(
    ("line", "who"),
    [
        ("Chat with a real person", (True, None)),
        ("Ask our AI assistant", (None, True)),
        ("상담원 연결", (True, None)),
        ("챗봇이 답해 드립니다", (None, True)),
        ("有人チャット", (True, None)),
        ("AIチャットボットがお答えします", (None, True)),
        ("Real people, no bots.", (True, False)),
        ("Chat now", (None, None)),
        ("Our robots pack your parcel", (None, None)),
    ],
)
def test_who_answers_a_chat_is_said_by_the_page_or_not_known(line: str, who: tuple[bool | None, bool | None]) -> None:
    assert service.answered_by([line]) == who


def test_a_widget_alone_says_nothing_of_who_answers() -> None:
    html = '<html><script src="https://widget.intercom.io/widget/k"></script><p>Welcome</p></html>'
    assert [(point.human, point.bot) for point in site.parse(html, URL) if point.kind == "chat"] == [(None, None)]
