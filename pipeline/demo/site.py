"""The demo web apart from its reviews: `site.toml`, typed."""

import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Link(_Table):
    label: str
    url: str


class Shop(_Table):
    tagline: str
    markup: Literal["json_ld", "microdata"]
    """How the reviews are marked up."""
    colour: str
    products: tuple[str, ...]
    email: str
    phone: str
    form: bool
    chat: Literal["intercom", "channel_talk", "commented_out", "none"]
    service: tuple[str, ...] = ()
    """What the shop says about being reached, a line each."""
    links: tuple[Link, ...]


class App(_Table):
    brand: str
    id: str
    country: str
    page_size: int


class Entry(_Table):
    group: str
    question: str
    answer: str


class Faq(_Table):
    style: Literal["json_ld", "details", "dl", "accordion"]
    entries: tuple[Entry, ...]


class Article(_Table):
    """One page of a help centre."""

    category: str
    slug: str
    title: str
    paragraphs: tuple[str, ...]
    updated: date


class Post(_Table):
    """One entry of a shop's news feed."""

    slug: str
    title: str
    text: str
    published: datetime


class Result(_Table):
    url: str
    title: str
    content: str


class Search(_Table):
    keyword: str
    slug: str
    locale: str
    places: Mapping[str, int]
    """Brand to the rank (1..10) of its page."""


class Site(_Table):
    shops: Mapping[str, Shop]
    app: App
    faq: Mapping[str, Faq]
    help: Mapping[str, tuple[Article, ...]]
    """Brand to the articles of its help centre, for the brands that have one."""
    news: Mapping[str, tuple[Post, ...]]
    """Brand to its news, newest first, for the brands that have a feed."""
    others: tuple[Result, ...]
    searches: tuple[Search, ...]


@cache
def site() -> Site:
    text = (Path(__file__).parent / "site.toml").read_text(encoding="utf-8")
    return Site.model_validate(tomllib.loads(text))
