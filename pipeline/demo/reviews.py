"""Writes the demo market's reviews from the plan: the same ones every time, on every machine.

How many reviews of a brand and window hold which theme is counted out beforehand (`subjects`), so the planted shares are exact.
What is written to be flagged stands in `suspicious.toml` as it is. Sentences are taken in turn from `texts_<language>.toml`, so that people repeat each other no more than people do.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo

from pipeline.demo.chance import draw, pick, shuffled
from pipeline.demo.plan import Brand, Language, Polarity, Window, hostile, names, plan, suspicious, texts, truth
from pipeline.demo.subjects import Mention, Slot, slots_of, stars_of

_ZONES: dict[Language, ZoneInfo] = {"en": ZoneInfo("Europe/London"), "ko": ZoneInfo("Asia/Seoul"), "ja": ZoneInfo("Asia/Tokyo")}
_MONEY: dict[Language, tuple[str, int]] = {"en": ("£{}", 1), "ko": ("{},000원", 1), "ja": ("{:,}円", 100)}
_RANGES = {"few": (2, 3), "many": (9, 21), "quick": (2, 8), "mins": (35, 95), "amount": (4, 48), "price": (59, 149)}
_PARTICLES = {"이가": ("이", "가"), "은는": ("은", "는"), "을를": ("을", "를"), "과와": ("과", "와")}
_SLOT = re.compile(r"\{(\w+)(?:\|(\w+))?\}")
_ATTEMPTS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoReview:
    """One review as the demo web shows it, and what is planted in it."""

    id: str
    brand: str
    place: Literal["shop", "app"]
    window: str
    language: Language
    stars: int
    title: str | None
    text: str
    """Empty where only stars were given."""
    author: str
    product: str
    """A key of the plan's products."""
    published_at: datetime
    reply_text: str | None = None
    reply_at: datetime | None = None
    mentions: tuple[Mention, ...] = ()
    topic: str | None = None
    """Of the planted complaint that no theme covers, where it holds one."""
    flag: str | None = None
    """Where it is written to be flagged."""
    duplicate_of: str | None = None
    """The id of the review that the same author had sent before, word for word."""


@cache
def reviews() -> tuple[DemoReview, ...]:
    """All reviews, by brand in the order of the plan, oldest first."""
    texts_so_far: set[str] = set()
    return tuple(review for brand in plan().brands for review in _of_brand(brand, texts_so_far))


def published(brand: str, place: Literal["shop", "app"]) -> tuple[DemoReview, ...]:
    """What one brand's shop or app shows, newest first."""
    return tuple(r for r in reversed(reviews()) if r.brand == brand and r.place == place)


def product_name(review: DemoReview) -> str:
    """The product's name as the shop prints it."""
    return f"{plan().brands[review.brand].name} {plan().products[review.product]['en'].title()}"


def _of_brand(brand: str, texts_so_far: set[str]) -> Iterator[DemoReview]:
    writer = _Writer(brand, texts_so_far)
    found: list[DemoReview] = []
    for place, window in enumerate(plan().windows):
        slots = slots_of(brand, window, plan().brands[brand].reviews[place], plan().brands[brand].app[place])
        found += writer.written(slots, window)
    found += _rating_only(brand)
    found += _hostile(brand)
    found += _suspicious(brand)
    found += _duplicates(brand, found)
    found = _answered(brand, found)
    found.sort(key=lambda r: (r.published_at, r.id))
    code = plan().brands[brand].code
    numbers = {review.id: f"{code}-{1001 + place}" for place, review in enumerate(found)}
    for review in found:
        original = None if review.duplicate_of is None else numbers[review.duplicate_of]
        yield replace(review, id=numbers[review.id], duplicate_of=original)


# --- the words --------------------------------------------------------------------------------------------------------


class _Writer:
    """Writes a brand's reviews; it remembers which sentences are used up, and adds to the texts that exist."""

    def __init__(self, brand: str, texts_so_far: set[str]) -> None:
        self.brand = brand
        self.used: defaultdict[tuple[Language, str, str], int] = defaultdict(int)
        self.texts = texts_so_far

    def written(self, slots: Sequence[Slot], window: Window) -> Iterator[DemoReview]:
        shop = [s for s in slots if s.place == "shop"]
        languages = dict(zip((s.key for s in shop), _shares(self.brand, len(shop), window.name), strict=True))
        topics = _topics(self.brand, window, [s for s in shop if s.mood != "positive"], languages)
        for place, slot in enumerate(slots):
            language = languages.get(slot.key, "en")
            product = tuple(plan().products)[draw(len(plan().products), "product", slot.key)]
            topic = topics.get(slot.key)
            text = self._text(slot, language, product, topic)
            title = self._title(slot, language, product, text)
            # The last one fixes the end of the newest window.
            day = window.ends_on if place == len(slots) - 1 else _day(window, slot.key)
            yield DemoReview(
                id=slot.key,
                brand=self.brand,
                place=slot.place,
                window=window.name,
                language=language,
                stars=stars_of(slot),
                title=title,
                text=text,
                author=_author(language, slot.key),
                product=product,
                published_at=_moment(day, language, slot.key),
                mentions=tuple(slot.mentions),
                topic=topic,
            )

    def _text(self, slot: Slot, language: Language, product: str, topic: str | None) -> str:
        for attempt in range(_ATTEMPTS):
            text = self._draft(slot, language, product, topic, attempt)
            if text not in self.texts:
                self.texts.add(text)
                return text
        raise RuntimeError(
            f"demo: expected a text for {slot.key} that no other review has, found none in {_ATTEMPTS} tries; "
            f"add sentences to texts_{language}.toml for {slot.mentions}."
        )

    def _draft(self, slot: Slot, language: Language, product: str, topic: str | None, attempt: int) -> str:
        words = texts(language)
        key = (slot.key, attempt)
        sentences: list[str] = []
        if len(slot.mentions) < 5 and (draw(100, "opener", *key) < 30 or attempt > 3):
            sentences.append(pick(words.openers, "which opener", *key))
        first = shuffled(["positive", "negative"], "first", slot.key)[0]
        mentions = sorted(slot.mentions, key=lambda m: (m.polarity != first, draw(1 << 30, slot.key, m.theme)))
        for place, mention in enumerate(mentions):
            sentence = self._sentence(mention, language)
            if place and mentions[place - 1].polarity != mention.polarity and draw(100, "contrast", *key) < 60:
                sentence = pick(words.connectors.contrast, "connector", *key) + _lower(sentence)
            sentences.append(sentence)
        if topic:
            sentences.append(self._next(texts(language).complaint[topic], language, topic, "negative"))
        if len(sentences) < 6 and draw(100, "closer", *key) < 22:
            sentences.append(pick(getattr(words.closers, slot.mood), "which closer", *key))
        filled = [_filled(s, self.brand, language, product, *key, place) for place, s in enumerate(sentences)]
        return _styled(filled, slot, language)

    def _sentence(self, mention: Mention, language: Language) -> str:
        pool: Sequence[str] = getattr(texts(language).theme[mention.theme], mention.polarity)
        return self._next(pool, language, mention.theme, mention.polarity)

    def _next(self, pool: Sequence[str], language: Language, subject: str, polarity: Polarity) -> str:
        """The next sentence in turn; the turns of two brands begin at different places."""
        turn = (language, subject, polarity)
        place = self.used[turn]
        self.used[turn] += 1
        return shuffled(pool, "turns", self.brand, *turn, place // len(pool))[place % len(pool)]

    def _title(self, slot: Slot, language: Language, product: str, text: str) -> str | None:
        chance = draw(100, "title", slot.key)
        if slot.place == "shop" and chance < 40:
            return None
        if slot.place == "shop" and chance < 49:
            # Some sites print the beginning of the text as its title.
            beginning = re.split(r"(?<=[.!。])", text.split("\n", maxsplit=1)[0])[0]
            return beginning if len(beginning) <= 60 and beginning != text else None
        title = pick(getattr(texts(language).titles, slot.mood), "which title", slot.key)
        return _filled(title, self.brand, language, product, slot.key)


def _topics(brand: str, window: Window, unhappy: Sequence[Slot], languages: Mapping[str, Language]) -> dict[str, str]:
    """Key of a slot → the topic of the planted complaint that it holds."""
    held: dict[str, str] = {}
    for complaint in truth().complaint:
        if (complaint.brand, complaint.since) == (brand, window.starts_on):
            for language, count in complaint.reviews.items():
                able = [s.key for s in unhappy if languages[s.key] == language and s.key not in held]
                if len(able) < count:
                    raise RuntimeError(
                        f"demo: expected {count} reviews that are not happy in {language} for the complaint {complaint.topic} of {brand}, found {len(able)}; "
                        "ask for fewer in planted.toml."
                    )
                held |= dict.fromkeys(shuffled(able, "complaint", complaint.topic)[:count], complaint.topic)
    return held


def _shares(brand: str, size: int, *key: object) -> list[Language]:
    """`size` languages in the brand's shares, shuffled."""
    languages: list[Language] = []
    shares = plan().brands[brand].languages
    total = 0.0
    for language, share in shares.items():
        total += share
        languages += [language] * (round(total * size) - len(languages))
    return shuffled(languages, "language", brand, *key)


def _filled(sentence: str, brand: str, language: Language, product: str, *key: object) -> str:
    def value(match: re.Match[str]) -> str:
        slot, particle = match.groups()
        word = _word(slot, brand, language, product, *key)
        return word if particle is None else word + _PARTICLES[particle][not _ends_in_consonant(word)]

    return _SLOT.sub(value, sentence)


def _word(slot: str, brand: str, language: Language, product: str, *key: object) -> str:
    if slot == "brand":
        return plan().brands[brand].names[language]
    if slot == "product":
        return plan().products[product][language]
    low, high = _RANGES[slot]
    number = low + draw(high - low + 1, slot, *key)
    if slot in ("amount", "price"):
        form, unit = _MONEY[language]
        return form.format(number * unit)
    return ("two", "three")[number - 2] if language == "en" and number <= 3 else str(number)


def _ends_in_consonant(word: str) -> bool:
    """Whether a Korean word ends in a final consonant, which decides its particle."""
    return (ord(word[-1]) - 0xAC00) % 28 > 0


def _lower(sentence: str) -> str:
    return sentence if sentence.startswith(("I ", "I'")) else sentence[0].lower() + sentence[1:]


def _styled(sentences: Sequence[str], slot: Slot, language: Language) -> str:
    """The sentences as this person types: with paragraphs, without capitals, with an emoji, on a phone."""
    sentences = [s[0].upper() + s[1:] for s in sentences]
    between = "" if language == "ja" else " "
    if len(sentences) > 2 and draw(100, "paragraphs", slot.key) < 15:
        between = "\n\n" if draw(2, "blank line", slot.key) else "\n"
    text = between.join(sentences)
    habit = draw(100, "habit", slot.key)
    if language == "en" and habit < 5:
        text = text.lower().removesuffix(".")
    if slot.mood == "positive" and habit >= 85 and text.endswith("."):
        text = text[:-1] + "!"
    if slot.mood != "mixed" and 70 <= habit < (76 if language == "en" else 84):
        ending = pick(getattr(texts(language).endings, slot.mood), "ending", slot.key)
        text = text.removesuffix("。") + ending if language == "ja" else f"{text} {ending}"
    if language == "en" and draw(100, "phone", slot.key) < 30:
        text = text.replace("'", "\u2019")
    return text


# --- who and when -----------------------------------------------------------------------------------------------------


def _author(language: Language, *key: object) -> str:
    known = names(language)
    return known.form.format(first=pick(known.first, "first", *key), last=pick(known.last, "last", *key))


def _day(window: Window, *key: object) -> date:
    return window.starts_on + timedelta(days=draw((window.ends_on - window.starts_on).days + 1, "day", *key))


def _moment(day: date, language: Language, *key: object) -> datetime:
    """Between nine and half past ten in the evening where the author lives: the same day in UTC, so that windows stay exact."""
    minutes = 9 * 60 + draw(13 * 60 + 30, "minute", *key)
    return datetime.combine(day, time(minutes // 60, minutes % 60, draw(60, "second", *key)), tzinfo=_ZONES[language])


# --- what a real collection has besides -------------------------------------------------------------------------------


def _rating_only(brand: str) -> Iterator[DemoReview]:
    for place in range(plan().brands[brand].rating_only):
        key = f"{brand}.rating.{place}"
        window = plan().windows[place % len(plan().windows)]
        yield DemoReview(
            id=key,
            brand=brand,
            place="shop",
            window=window.name,
            language="en",
            stars=(5, 4, 2)[draw(3, "stars", key)],
            title=None,
            text="",
            author=_author("en", key),
            product=pick(tuple(plan().products), "product", key),
            published_at=_moment(_day(window, key), "en", key),
        )


def _hostile(brand: str) -> Iterator[DemoReview]:
    for place, entry in enumerate(hostile()):
        if entry.brand != brand:
            continue
        key = f"{brand}.hostile.{place}"
        window = plan().windows[place % len(plan().windows)]
        yield DemoReview(
            id=key,
            brand=brand,
            place="shop",
            window=window.name,
            language=entry.language,
            stars=entry.stars,
            title=entry.title,
            text=entry.text,
            author=_author(entry.language, key),
            product=pick(tuple(plan().products), "product", key),
            published_at=_moment(_day(window, key), entry.language, key),
        )


def _suspicious(brand: str) -> Iterator[DemoReview]:
    windows = plan().windows
    for place, entry in enumerate(suspicious()):
        if entry.brand != brand:
            continue
        key = f"{brand}.suspicious.{place}"
        yield DemoReview(
            id=key,
            brand=brand,
            place="shop",
            window=next(w.name for w in windows if w.starts_on <= entry.on <= w.ends_on),
            language=entry.language,
            stars=entry.stars,
            title=None,
            text=entry.text,
            author=_author(entry.language, key),
            product=pick(tuple(plan().products), "product", key),
            published_at=_moment(entry.on, entry.language, key),
            flag=entry.flag,
        )


def _duplicates(brand: str, written: Sequence[DemoReview]) -> Iterator[DemoReview]:
    """Some people press the button twice: the same words under the same name, minutes later, under a new id."""
    long = [r for r in written if r.place == "shop" and len(r.mentions) > 1]
    for review in shuffled(long, "twice", brand)[: plan().brands[brand].duplicates]:
        yield replace(
            review,
            id=f"{review.id}.again",
            published_at=review.published_at + timedelta(minutes=1 + draw(50, "again", review.id)),
            duplicate_of=review.id,
        )


def _answered(brand: str, written: Sequence[DemoReview]) -> list[DemoReview]:
    """The company's replies: exactly its rate of the shop's written reviews, and none after the last day."""
    settings = plan().brands[brand]
    end = datetime.combine(plan().windows[-1].ends_on, time(23, 59), tzinfo=UTC)
    able = [r for r in written if r.place == "shop" and r.duplicate_of is None and _replied_at(settings, r) <= end]
    total = sum(r.place == "shop" for r in written)
    chosen = {r.id for r in shuffled(able, "reply", brand)[: round(settings.reply_rate * total)]}
    return [_with_reply(settings, r) if r.id in chosen else r for r in written]


def _replied_at(brand: Brand, review: DemoReview) -> datetime:
    hours = brand.reply_hours * (0.25, 0.5, 0.75, 1.0, 1.4, 2.2)[draw(6, "reply hours", review.id)]
    return (review.published_at + timedelta(hours=hours, minutes=draw(60, "reply minute", review.id))).astimezone(UTC)


def _with_reply(brand: Brand, review: DemoReview) -> DemoReview:
    words = texts(review.language).replies
    side: Polarity = "positive" if review.stars >= 4 else "negative"
    greetings: Sequence[str] = getattr(words.greetings, side)
    messages: Sequence[str] = getattr(words.messages, side)
    parts = [
        pick(pool, part, review.id) for part, pool in (("greeting", greetings), ("reply", messages), ("parting", words.partings))
    ]
    between = "" if review.language == "ja" else " "
    text = words.template if any(v.brand == review.brand for v in truth().voice) else between.join(parts)
    filled = _filled(text, review.brand, review.language, review.product, review.id)
    return replace(review, reply_text=filled, reply_at=_replied_at(brand, review))
