"""Questions and answers that only the markup tells: `<details>`, accordions, class names, `dl`, headings, bold lines, plain lines.

Every such construct also serves other ends (menus, product tabs, glossaries, steps), so none is believed by itself. Heads
that look alike form a family (same construct, same depth, same side of an FAQ heading), and a family is taken or left as a whole:
taken when most of its members ask something, or some do where the page says that questions follow. Members that do not ask
are then carried along: "How mining works" among questions is one of them. An interview is no FAQ: there one person is asked.
"""

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import Literal

from bs4 import BeautifulSoup, Tag

from spiders.reading import markup, wording
from spiders.reading.flow import BLOCKS, Flow

MAX_QUESTION = 400
"""Characters; a longer head is a paragraph."""

MAX_WRAPPERS = 30
"""Elements around a heading that hold nothing else; real pages have up to five."""

MAX_LINE = 50
"""Pieces of a plain line that may be a question; what has more is no line."""

Construct = Literal["details", "class", "toggle", "dl", "heading", "bold", "line"]

_LEADS_AWAY = re.compile(r"^\s{0,9}(?!#|javascript:)\S", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One question with its answer."""

    question: str
    answer: str
    group: str | None
    """The heading above it that is no question itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """What may be a question: `start..stop` are its pieces, `answer..end` those of what may answer it."""

    construct: Construct
    tag: Tag
    start: int
    stop: int
    answer: int
    end: int
    text: str
    asks: bool
    hints: bool
    """A help topic or the opening of a question: counts where the page promises questions."""
    topic: bool


def entries(soup: BeautifulSoup) -> Iterator[Found]:
    """The questions of a page in reading order, each with its answer."""
    yield from _Page(soup).found()


class _Page:
    def __init__(self, soup: BeautifulSoup) -> None:
        self.flow = Flow(soup, skip=markup.furniture(soup))
        self.headings = [tag for tag in self.flow.tags if markup.level(tag)]
        self.starts = [self.flow.start(tag) for tag in self.headings]
        self.flow.drop(
            piece for tag in self.flow.tags if tag.name == "a" and markup.is_permalink(tag) for piece in self.flow.range(tag)
        )
        self.links = self._links()
        title = " ".join(tag.get_text(" ") for tag in soup.find_all(["title", "h1"], limit=4))
        self.promised = wording.promises(title)
        self.is_faq = wording.promises_faq(title)
        self.scopes = self._scopes()

    def found(self) -> Iterator[Found]:
        taken: list[_Head] = []
        covered = bytearray(len(self.flow.pieces) + 1)
        inner: set[int] = set()
        for heads in self._constructs():
            if taken and heads == self._lines:
                break
            families: dict[tuple[str, int, bool], list[_Head]] = defaultdict(list)
            for head in heads():
                if not any(covered[head.start : head.stop]):
                    alike = head.tag.name if head.construct in {"heading", "bold"} else ""
                    families[alike, self.flow.depth(head.tag), bool(self.scopes[head.start])].append(head)
            # Deepest headings first: what stands above questions is then seen to be a group.
            for key in sorted(families, reverse=True):
                for head in self._believed(families[key], inner, promised=key[2]):
                    if any(covered[head.start : head.stop]):  # a button inside a heading is both, and counts once
                        continue
                    taken.append(head)
                    covered[head.start : head.stop] = b"\1" * (head.stop - head.start)
                    # Where several headings ask, the next rank up need not be many to be believed.
                    self.promised = self.promised or (head.construct == "heading" and len(taken) >= 3)
        taken.sort(key=lambda head: head.start)
        buttons = (p for tag in self.flow.tags if tag.name == "button" for p in self.flow.range(tag) if not covered[p])
        self.flow.drop(buttons)
        yield from self._answered(taken, inner)

    def _answered(self, taken: Sequence[_Head], inner: set[int]) -> Iterator[Found]:
        questions = {head.start for head in taken}
        seen: set[tuple[str, str]] = set()
        ends = [self._heading_end(head, inner) if head.construct == "heading" else head.end for head in taken]
        ends = [min(end, after.start) for end, after in zip(ends, taken[1:], strict=False)] + ends[-1:]
        answers = [wording.bare_answer(self.flow.text(head.answer, end)) for head, end in zip(taken, ends, strict=True)]
        given = Counter(answers)
        for head, end, answer in zip(taken, ends, answers, strict=True):
            question = wording.bare_question(head.text)
            if (
                any(map(str.isalnum, answer))
                and not self._only_links(head.answer, end, most=0 if given[answer] >= 3 else 1)
                and (question.casefold(), answer) not in seen
            ):
                seen.add((question.casefold(), answer))
                yield Found(question=question, answer=answer, group=self._group(head, questions))

    # --- heads, construct by construct; the surest first ---------------------------------------------------------------

    def _constructs(self) -> tuple[Callable[[], Iterator[_Head]], ...]:
        return self._details, self._classes, self._toggles, self._definitions, self._by_heading, self._bold, self._lines

    def _head(self, construct: Construct, tag: Tag, answer: int, end: int) -> Iterator[_Head]:
        start, stop = self.flow.span(tag)
        if not 0 < self.flow.size(start, stop) <= MAX_QUESTION or stop - start > MAX_QUESTION or not self.flow.size(answer, end):
            return
        text = self.flow.text(start, stop).replace("\n", " ")
        if text and not wording.is_feedback(text):
            asks, topic = wording.asks(text) or wording.is_marked(text), wording.is_topic(text)
            hints = topic or wording.opens_question(text)
            yield _Head(
                construct=construct,
                tag=tag,
                start=start,
                stop=stop,
                answer=answer,
                end=end,
                text=text,
                asks=asks,
                hints=hints,
                topic=topic,
            )

    def _details(self) -> Iterator[_Head]:
        for tag in self.flow.tags:
            if tag.name == "summary" and tag.parent:
                yield from self._head("details", tag, self.flow.stop(tag), self.flow.stop(tag.parent))

    def _classes(self) -> Iterator[_Head]:
        roles = [(tag, role) for tag in self.flow.tags if (role := markup.role(tag))]
        answers = [self.flow.span(tag) for tag, role in roles if role == "answer"]
        begins = [start for start, _ in answers]
        last = 0
        for tag, role in roles:
            start, stop = self.flow.span(tag)
            n = bisect_left(begins, start)
            # A "question" that holds an answer is the wrapper of both; one inside another is a part of it.
            if role == "question" and start >= last and n < len(begins) and begins[n] >= stop:
                last = stop
                yield from self._head("class", tag, *answers[n])

    def _toggles(self) -> Iterator[_Head]:
        named: dict[str, list[Tag]] = defaultdict(list)
        for tag in self.flow.tags:
            if isinstance(name := tag.get("id"), str):
                named[name].append(tag)
        for tag in self.flow.tags:
            if not markup.is_toggle(tag):
                continue
            head = tag
            for _ in range(3):  # an icon beside its text: the text is in the row around both
                if not self.flow.size(*self.flow.span(head)) and head.parent:
                    head = head.parent
            panel = self._panel(head, named.get(markup.target(tag), []))
            if panel is not None and self.flow.start(panel) >= self.flow.stop(head):
                yield from self._head("toggle", head, *self.flow.span(panel))

    def _panel(self, head: Tag, named: Sequence[Tag]) -> Tag | None:
        """What a toggle opens: the element that it names, or (ids repeat on real pages) what follows its row."""
        if len(named) == 1:
            return named[0]
        for _ in range(4):
            following = head.find_next_sibling()
            if isinstance(following, Tag):
                return following if self.flow.size(*self.flow.span(following)) else None
            if head.parent is None:
                break
            head = head.parent
        return None

    def _definitions(self) -> Iterator[_Head]:
        for listing in self.flow.tags:
            if listing.name != "dl":
                continue
            rows = [t for t in listing.find_all(["dt", "dd", "div"], recursive=False) if isinstance(t, Tag)]
            rows = [
                t
                for r in rows
                for t in (r.find_all(["dt", "dd"], recursive=False) if r.name == "div" else [r])
                if isinstance(t, Tag)
            ]
            end = self.flow.stop(listing)
            for n in range(len(rows) - 1, -1, -1):
                if rows[n].name == "dt":
                    yield from self._head("dl", rows[n], self.flow.stop(rows[n]), end)
                    end = self.flow.start(rows[n])

    def _by_heading(self) -> Iterator[_Head]:
        for tag in self.headings:
            if tag.name != "h1":
                stop = self.flow.stop(tag)
                yield from self._head("heading", tag, stop, self._next_heading(tag, self._container_end(tag)))

    def _bold(self) -> Iterator[_Head]:
        bold = [tag for tag in self.flow.tags if tag.name in {"b", "strong"}]
        heads = [tag for tag in [*bold, *self._italics(bold)] if self._begins_line(tag)]
        heads += [tag for tag in self.flow.tags if tag.name in {"p", "li", "td"} and self._is_marked(tag)]
        heads.sort(key=self.flow.start)
        for tag, after in zip(heads, [*heads[1:], None], strict=False):
            block = tag
            while block.name not in BLOCKS and block.parent:
                block = block.parent
            end = self._next_heading(tag, self._container_end(block))
            if after is not None:
                end = min(end, self.flow.start(after))
            yield from self._head("bold", tag, self.flow.stop(tag), end)

    def _italics(self, bold: Sequence[Tag]) -> Iterator[Tag]:
        """Those that ask where questions are promised, and hold or stand in nothing bold."""
        covered = bytearray(len(self.flow.pieces) + 1)
        for tag in bold:
            start, stop = self.flow.span(tag)
            covered[start:stop] = b"\1" * (stop - start)
        for tag in self.flow.tags:
            start, stop = self.flow.span(tag)
            if tag.name not in {"i", "em"} or not (self.promised or self.scopes[start]) or any(covered[start:stop]):
                continue
            if wording.asks(self._line(tag)):
                yield tag

    def _line(self, tag: Tag) -> str:
        """The text of an element that is short enough for a question, else a line break alone."""
        start, stop = self.flow.span(tag)
        is_short = stop - start <= MAX_LINE and sum(map(len, self.flow.pieces[start:stop])) <= 2 * MAX_QUESTION
        return self.flow.text(start, stop) if is_short else "\n"

    def _lines(self) -> Iterator[_Head]:
        """Plain elements of one class, nearly all of which ask, each beside an element of another class that answers."""
        alike: dict[tuple[str, str], list[Tag]] = defaultdict(list)
        for tag in self.flow.tags:
            if (
                tag.name in {"p", "div", "span", "li", "a", "td"}
                and tag.has_attr("class")
                and self.flow.size(*self.flow.span(tag))
            ):
                alike[_kind(tag)].append(tag)
        for tags in alike.values():
            lines = {tag: text for tag in tags if len(tags) >= 3 and "\n" not in (text := self._line(tag))}
            asking = {tag: text for tag, text in lines.items() if wording.asks(text)}
            if len(set(asking.values())) < 3 or len(asking) < 0.8 * len(tags):
                continue
            starts = [self.flow.start(tag) for tag in tags]
            panels = [(tag, panel) for tag in asking if (panel := self._beside(tag, starts))]
            usual = Counter(_kind(panel) for _, panel in panels).most_common(1)
            if usual and usual[0][1] >= 0.8 * len(asking):
                for tag, panel in panels:
                    if _kind(panel) == usual[0][0]:
                        yield from self._head("line", tag, *self.flow.span(panel))

    def _beside(self, tag: Tag, starts: Sequence[int]) -> Tag | None:
        """What answers a plain line: not a form, not the next of the lines that start at `starts`, and no teaser's text."""
        panel = self._panel(tag, ())
        if panel is None or bisect_left(starts, self.flow.start(panel)) != bisect_left(starts, self.flow.stop(panel)):
            return None
        links = (p for p in (tag, *islice(tag.parents, 2)) if p.name == "a")
        leads_away = tag.find("a", href=_LEADS_AWAY) or any(_LEADS_AWAY.search(str(p.get("href") or "")) for p in links)
        return None if leads_away or panel.find(["input", "select", "textarea"]) else panel

    def _begins_line(self, tag: Tag) -> bool:
        start, stop = self.flow.span(tag)
        if not self.flow.size(start, stop):
            return False
        before = start - 1
        while before >= 0 and not self.flow.pieces[before].strip(" \t\r") and self.flow.pieces[before] != "\n":
            before -= 1
        while stop < len(self.flow.pieces) and not self.flow.pieces[stop].strip(" \t\r") and self.flow.pieces[stop] != "\n":
            stop += 1
        return before < 0 or (
            self.flow.pieces[before] == "\n" and (stop >= len(self.flow.pieces) or self.flow.pieces[stop] == "\n")
        )

    def _is_marked(self, tag: Tag) -> bool:
        start, stop = self.flow.span(tag)
        return (
            stop - start < 50 and self.flow.size(start, stop) <= MAX_QUESTION and wording.is_marked(self.flow.text(start, stop))
        )

    # --- which heads are believed ----------------------------------------------------------------------------------------

    def _believed(self, family: list[_Head], inner: set[int], *, promised: bool) -> Iterator[_Head]:
        construct = family[0].construct
        # A heading straight above another one is a group, not a member that fails to ask.
        members = [head for head in family if head.asks or self._has_own_text(head)]
        if construct == "dl":  # a glossary on the page says nothing about the list of questions beside it
            # Lists of one entry each (the rows of a forum's index are such) are one list.
            sizes = Counter(id(head.tag.parent) for head in members)
            lists = {id(head.tag.parent) if sizes[id(head.tag.parent)] > 1 else 0 for head in members if head.asks}
            members = [h for h in members if (id(h.tag.parent) if sizes[id(h.tag.parent)] > 1 else 0) in lists]
        asking = [head for head in members if head.asks]
        hinting = sum(head.asks or head.hints for head in members)
        topical = sum(head.asks or head.topic for head in members)
        if construct in {"heading", "bold", "class", "line"} and not self.is_faq and self._is_interview(asking):
            return
        if not asking and not (promised and len(members) > 1 and construct in {"details", "class", "toggle"} and hinting):
            return
        enough = len(asking) >= (3 if construct in {"heading", "bold", "line"} else 2)
        if not (
            (
                (promised or self.promised)
                and asking
                and hinting >= len(members) * (0.3 if construct in {"details", "class", "toggle"} else 0.5)
            )
            or (enough and len(asking) >= len(members) * 0.5 and self._dominates(asking))
            or (len(members) >= 3 and topical >= len(members) * 0.8)
        ):
            return
        asking = asking or members
        parents = {id(head.tag.parent) for head in asking}
        numbered = sum(wording.is_numbered(head.text) for head in asking) * 2 >= len(asking)
        last = max(head.start for head in asking)
        for head in members:
            if not head.asks and (wording.is_label(head.text) or (wording.is_numbered(head.text) and not numbered)):
                inner.add(id(head.tag))
            elif head.asks or (
                not wording.is_ending(head.text)
                and construct != "bold"
                and (head.start < last or id(head.tag.parent) in parents or construct != "heading")
            ):
                yield head

    def _is_interview(self, asking: Sequence[_Head]) -> bool:
        """A third of the questions say "you", and two thirds of the answers "I": a company says "we", and its customers ask for themselves."""
        some = asking[:30]
        answers = ["".join(self.flow.pieces[head.answer : min(head.end, head.answer + 200)]) for head in some]
        return (
            len(some) >= 3
            and sum(wording.speaks_to_one(head.text) for head in some) * 3 >= len(some)
            and sum(map(wording.speaks_as_one, answers)) * 3 >= 2 * len(some)
        )

    def _dominates(self, asking: Sequence[_Head]) -> bool:
        """Unpromised, question headings make a FAQ only where they are most of the page's headings of their rank and above."""
        if asking[0].construct != "heading":
            return True
        rank = markup.level(asking[0].tag)
        rivals = [
            tag
            for tag in self.headings
            if 1 < markup.level(tag) <= rank and self.flow.size(self.flow.stop(tag), self._next_any(tag))
        ]
        return len(asking) * 2 >= len(rivals)

    def _has_own_text(self, head: _Head) -> bool:
        return head.construct != "heading" or self.flow.size(head.stop, min(head.end, self._next_any(head.tag))) > 0

    # --- where things end ------------------------------------------------------------------------------------------------

    def _container_end(self, tag: Tag) -> int:
        """The end of the innermost element around `tag` that goes on after it: wrappers of a heading alone do not count."""
        stop = self.flow.stop(tag)
        for parent in islice(tag.parents, MAX_WRAPPERS):
            if self.flow.size(stop, self.flow.stop(parent)):
                return self.flow.stop(parent)
        return len(self.flow.pieces)

    def _next_any(self, tag: Tag) -> int:
        n = bisect_left(self.starts, self.flow.stop(tag))
        return self.starts[n] if n < len(self.starts) else len(self.flow.pieces)

    def _next_heading(self, tag: Tag, end: int, inner: set[int] | None = None) -> int:
        """Where the next heading of the same or a higher rank begins, at most `end`; `inner` ones are part of the answer."""
        rank = markup.level(tag) or 6
        for n in range(bisect_left(self.starts, self.flow.stop(tag)), len(self.starts)):
            if self.starts[n] >= end:
                break
            if markup.level(self.headings[n]) <= rank and id(self.headings[n]) not in (inner or ()):
                return self.starts[n]
        return end

    def _heading_end(self, head: _Head, inner: set[int]) -> int:
        return self._next_heading(head.tag, self._container_end(head.tag), inner)

    def _group(self, head: _Head, questions: set[int]) -> str | None:
        rank = markup.level(head.tag) or 7
        for n in range(bisect_left(self.starts, head.start) - 1, max(-1, bisect_left(self.starts, head.start) - 200), -1):
            tag = self.headings[n]
            if tag.name == "h1":
                break
            if markup.level(tag) < rank and self.starts[n] not in questions and not self._inside_question(tag, questions):
                return self.flow.text(*self.flow.span(tag)).replace("\n", " ")[:MAX_QUESTION] or None
        return None

    def _inside_question(self, tag: Tag, questions: set[int]) -> bool:
        return any(self.flow.start(parent) in questions for parent, _ in zip(tag.parents, range(3), strict=False))

    # --- what the page says about itself ---------------------------------------------------------------------------------

    def _scopes(self) -> bytearray:
        """One byte a piece: it stands under a heading, or inside an element, that promises questions."""
        marked = bytearray(len(self.flow.pieces) + 1)
        for tag in self.flow.tags:
            start, stop = self.flow.span(tag)
            said = self.flow.text(start, stop)[:MAX_QUESTION] if markup.level(tag) else " ".join(markup.names(tag))
            if not said or not wording.promises(said) or (markup.level(tag) and wording.asks(said)):
                continue
            if markup.level(tag):
                container = self._container_end(tag)
                end = self._next_heading(tag, container)
                # With another heading straight below it, "FAQ" stands above all of them, whatever their rank.
                start, stop = stop, end if self.flow.size(stop, end) else container
            marked[start:stop] = b"\1" * (stop - start)
        return marked

    def _links(self) -> tuple[list[int], list[int]]:
        """Up to each piece: the letters and digits inside links, and the links that have begun."""
        inside = bytearray(len(self.flow.pieces))
        begun = bytearray(len(self.flow.pieces))
        for tag in self.flow.tags:
            start, stop = self.flow.span(tag)
            if tag.name == "a" and self.flow.size(start, stop):
                inside[start:stop] = b"\1" * (stop - start)
                begun[start] = 1
        letters = (self.flow.size(n, n + 1) if linked else 0 for n, linked in enumerate(inside))
        return list(accumulate(letters, initial=0)), list(accumulate(begun, initial=0))

    def _only_links(self, start: int, stop: int, *, most: int) -> bool:
        """A list of links is a menu or a table of contents, not an answer. One link may be an answer, unless it is everyone's."""
        letters, begun = self.links
        return letters[stop] - letters[start] > 0.9 * self.flow.size(start, stop) and begun[stop] - begun[start] > most


def _kind(tag: Tag) -> tuple[str, str]:
    classes = tag.get("class")
    return tag.name, " ".join(classes) if isinstance(classes, list) else ""
