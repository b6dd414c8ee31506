"""`rivalscope parse` and `rivalscope freeze`, as typed: records on stdout, one clear error, a page kept for the tests."""

import json
from pathlib import Path

import pytest
from conftest import rivalscope

PRODUCT = {
    "@context": "https://schema.org",
    "@type": "Product",
    "name": "Kettle",
    "review": [
        {
            "@type": "Review",
            "author": {"name": "Ada"},
            "datePublished": "2026-05-01",
            "reviewBody": "Boils fast.",
            "reviewRating": {"ratingValue": 5},
        }
    ],
}
FEED = {
    "feed": {
        "entry": [
            {"id": {"label": "7"}, "im:rating": {"label": "2"}, "title": {"label": "Slow"}, "content": {"label": "It hangs."}}
        ]
    }
}
SEARCH = {
    "query": "kettle",
    "results": [{"url": "https://a.example/", "title": "A"}, {"url": "https://b.example/", "title": "B"}],
}
FAQ = "<h1>FAQ</h1><dl><dt>Do you ship?</dt><dd>Yes.</dd><dt>Can I return it?</dt><dd>Within 30 days.</dd></dl>"
CONTACT = '<a href="mailto:help@kettle.example">write</a><script src="https://widget.intercom.io/widget/abc"></script>'

REVIEW_FIELDS = {
    "native_id",
    "rating",
    "rating_max",
    "title",
    "text",
    "published_at",
    "author_hash",
    "reply_text",
    "reply_at",
    "url",
}


def html(body: str) -> str:
    return f"<!doctype html><html><head><title>Kettles</title></head><body>{body}</body></html>"


@pytest.mark.parametrize(
    ("kind", "page", "wanted"),
    [
        ("reviews", html(f'<script type="application/ld+json">{json.dumps(PRODUCT)}</script>'), [{"rating": 5, "text": "Boils fast."}]),
        ("reviews", json.dumps(FEED), [{"native_id": "7", "rating": 2, "title": "Slow"}]),
        ("reviews", html("<p>No reviews yet.</p>"), []),
        ("faq", html(FAQ), [{"question": "Do you ship?", "answer": "Yes."}, {"question": "Can I return it?", "answer": "Within 30 days."}]),
        ("faq", html("<h1>Welcome</h1><p>Nothing to ask.</p>"), []),
        ("ranking", json.dumps(SEARCH), [{"rank": 1, "url": "https://a.example/", "title": "A"}, {"rank": 2, "title": "B"}]),
        ("ranking", json.dumps(SEARCH | {"results": []}), []),
        ("contact", html(CONTACT), [{"kind": "chat", "vendor": "Intercom"}, {"kind": "email", "value": "help@kettle.example"}]),
        ("contact", html("<p>We are here.</p>"), []),
    ],
)  # fmt: skip
def test_a_page_gives_its_records_as_json_lines(tmp_path: Path, kind: str, page: str, wanted: list[dict[str, object]]) -> None:
    file = tmp_path / "page"
    file.write_text(page, encoding="utf-8")
    done = rivalscope("parse", kind, file, "--url", "https://kettle.example/p", "--key-file", tmp_path / "key")
    found = sorted(
        (json.loads(line) for line in done.stdout.splitlines()), key=lambda r: (r.get("rank") or 0, str(r.get("kind")))
    )
    assert [{key: record[key] for key in want} for record, want in zip(found, wanted, strict=True)] == wanted
    if kind == "reviews":
        assert all(record.keys() >= REVIEW_FIELDS for record in found)
        assert "Ada" not in done.stdout


@pytest.mark.parametrize(
    ("kind", "page", "source", "wanted"),
    [
        ("reviews", "<html><body>Sign in</body></html>", "app_store", "app_store: expected a customer-reviews feed in JSON or Atom XML, found an HTML page"),
        ("reviews", '{"items": []}', "schema_org", "schema_org: expected an HTML page or JSON-LD, found JSON without any @type"),
        ("faq", '{"items": []}', None, "faq_page: expected an HTML page"),
        ("ranking", "<html><body>hello</body></html>", "search_api", "search_api: expected a JSON object"),
    ],
)  # fmt: skip
def test_a_page_of_another_kind_is_an_error_that_says_what_to_do(
    tmp_path: Path, kind: str, page: str, source: str | None, wanted: str
) -> None:
    file = tmp_path / "page"
    file.write_text(page, encoding="utf-8")
    arguments = ["--source", source] if source else []
    done = rivalscope("parse", kind, file, "--url", "https://kettle.example/p", *arguments, code=1)
    assert wanted in done.stderr
    assert "rivalscope freeze" in done.stderr
    assert done.stdout == ""


def test_a_fetched_page_is_kept_as_a_case_and_never_overwritten(demo_web: str, tmp_path: Path) -> None:
    page = f"{demo_web}/northpan/faq"
    arguments = ["freeze", "faq_page", page, "--contact", "me@kettle.example", "--folder", tmp_path]
    refused = rivalscope(*arguments, code=1)
    assert "not named with --allow-host" in refused.stderr
    rivalscope(*arguments, "--allow-host", "127.0.0.1")
    assert b"FAQPage" in (tmp_path / "faq_page" / "faq.html").read_bytes()
    again = rivalscope(*arguments, "--allow-host", "127.0.0.1", code=1)
    assert "Expected a new case" in again.stderr
    missing = rivalscope(
        "freeze", "faq_page", f"{page}/nowhere", "--contact", "me@kettle.example", "--allow-host", "127.0.0.1", code=1
    )
    assert "found status 404" in missing.stderr


def test_a_misspelt_profile_is_told_with_those_there_are(tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    done = rivalscope("parse", "reviews", file, "--url", "https://a.example/", "--profile", "trustpilot_exprt", code=1)
    assert "expected a profile (trustpilot_export, " in done.stderr
    assert "pydantic" not in done.stderr
