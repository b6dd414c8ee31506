"""What each review of the demo market is about, before a word is written: the planned shares, dealt out to reviews."""

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from pipeline.demo.chance import draw, shuffled
from pipeline.demo.plan import Mood, Polarity, Window, plan, rates

_MOST_MENTIONS = 6
"""In one review, as long as there is room elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    theme: str
    polarity: Polarity


@dataclass(slots=True, kw_only=True)
class Slot:
    """A review before it is written: where it stands and what it will be about."""

    key: str
    place: Literal["shop", "app"]
    mood: Mood
    weight: int
    mentions: list[Mention]


def quota(brand: str, window: Window) -> Counter[Mention]:
    """How many reviews of a brand and window hold which mention. Rounded so that it adds up over the windows."""
    counts: Counter[Mention] = Counter()
    for theme in plan().rates:
        for polarity in ("positive", "negative"):
            expected, before = 0.0, 0
            for each, size in zip(plan().windows, plan().brands[brand].reviews, strict=True):
                found = rates(brand, theme, each)
                expected += size * (found.positive if polarity == "positive" else found.negative)
                now = round(expected)
                if each.name == window.name and now > before:
                    counts[Mention(theme=theme, polarity=polarity)] = now - before
                before = now
    return counts


def slots_of(brand: str, window: Window, size: int, app: int) -> list[Slot]:
    """The reviews of a brand and window with their mentions dealt out: some about one thing, some about five."""
    wanted = [mention for mention, count in quota(brand, window).items() for _ in range(count)]
    negative = sum(m.polarity == "negative" for m in wanted)
    # Angry people list more than two complaints; one complaint in five stands in an otherwise friendly review.
    mixed = round(negative * 0.2)
    angry = round(negative * 0.8 / 2.4)
    sizes: dict[Mood, int] = {"mixed": mixed, "negative": angry, "positive": size - mixed - angry}
    moods = [mood for mood, count in sizes.items() for _ in range(count)]
    slots = [
        Slot(
            key=f"{brand}.{window.name}.{place}",
            place="app" if place < app else "shop",
            mood=mood,
            weight=(1, 2, 2, 3)[draw(4, "weight", brand, window.name, place)],
            mentions=[],
        )
        for place, mood in enumerate(shuffled(moods, "mood", brand, window.name))
    ]
    for mention in shuffled(wanted, "deal", brand, window.name):
        best = min((s for s in slots if _fits(s, mention)), key=lambda s: _load(s, mention))
        best.mentions.append(mention)
    return slots


def _fits(slot: Slot, mention: Mention) -> bool:
    return (
        slot.mood in (mention.polarity, "mixed")
        and all(m.theme != mention.theme for m in slot.mentions)
        and (slot.place == "shop" or mention.theme in plan().app.themes)
    )


def _load(slot: Slot, mention: Mention) -> tuple[bool, bool, float, int]:
    same = sum(m.polarity == mention.polarity for m in slot.mentions)
    elsewhere = slot.place == "shop" and mention.theme == "website_app" and bool(slot.mentions)
    return (len(slot.mentions) >= _MOST_MENTIONS, elsewhere, same / slot.weight, draw(1 << 30, slot.key, mention.theme))


def stars_of(slot: Slot) -> int:
    chance = draw(100, "stars", slot.key)
    match slot.mood:
        case "positive":
            return 5 if chance < 74 else 4
        case "negative":
            return 1 if chance < 62 else 2 if chance < 94 else 3
        case "mixed":
            balance = sum(1 if m.polarity == "positive" else -1 for m in slot.mentions)
            return 3 if chance < 45 else 4 if balance > 0 else 2 if balance < 0 else 3
