"""What a regex cannot do without: literals that stand in each text that it matches.

Read off the pattern's parse tree as clauses: of each clause, at least one literal must be found in the text. A literal
lies within one token (a run of word characters), and `<` or `>` at its end says that the token begins or ends there, so
that a pattern is tried only on texts whose tokens, written `<token>`, hold one literal of each clause.
"""

import functools
import re
from collections.abc import Iterator, Sequence

# The parser has no public name since `sre_parse` was deprecated; typeshed leaves it out.
from re import _parser  # type: ignore[attr-defined]
from typing import NamedTuple

TOKEN = re.compile(r"\w+")

Clause = frozenset[str]

_WHOLE = re.compile(r"\\[1-9]|\(\?(?:P|[aiLmsux-])")
"""Groups by number or name, and flags: what binds the alternatives of a pattern together."""

_ONE_GROUP = re.compile(r"(\\b)?\(\?:(.*)\)(\\b)?", re.DOTALL)

_Node = tuple[object, object]

_REPEATS = (_parser.MAX_REPEAT, _parser.MIN_REPEAT, _parser.POSSESSIVE_REPEAT)


class Required(NamedTuple):
    """What a pattern demands of each text that it matches, in lower case."""

    literals: tuple[Clause, ...]
    """Its two rarest clauses; none where it demands no literal.

    Patterns asked of an English sentence by one clause 18.9, by two 3.2, by three 2.8 (of which .5 match)."""
    phrase: str
    """The longest run of characters over two tokens or more; "" where there is none."""


@functools.cache  # asked twice of each pattern while a matcher is made
def required(pattern: str) -> Required:
    """Raises re.error."""
    tree = list(_parser.parse(pattern))
    clauses = sorted(_clauses(tree, left=False, right=False), key=_rarity, reverse=True)
    return Required(tuple(clauses[:2]), max(_phrases(tree), key=len, default=""))


def _phrases(tree: Sequence[_Node]) -> Iterator[str]:
    run = ""
    for operator, argument in [*tree, (_parser.AT, None)]:
        if operator is _parser.LITERAL and isinstance(argument, int):
            run += chr(argument).lower()
            continue
        if TOKEN.search(run) and not TOKEN.fullmatch(run):
            yield run
        run = ""
        match argument:
            case (_, _, _, _parser.SubPattern() as inner) if operator is _parser.SUBPATTERN:
                yield from _phrases(list(inner))


def alternatives(pattern: str) -> list[str]:
    """Patterns that together find what this one finds: its parts between the outermost `|`, also in `\\b(?:a|b)\\b`."""
    if _WHOLE.search(pattern):
        return [pattern]
    parts = _split(pattern)
    if len(parts) == 1 and (around := _ONE_GROUP.fullmatch(pattern)) and _closes_last(pattern, around.start(2) - 1):
        before, inside, after = around.groups(default="")
        return [f"{before}{part}{after}" for part in alternatives(inside)]
    return parts if len(parts) == 1 else [one for part in parts for one in alternatives(part)]


def is_one(pattern: str) -> bool:
    """Whether no `|` stands outside of its parentheses."""
    return len(_split(pattern)) == 1


def _split(pattern: str) -> list[str]:
    bars = [place for place, depth in _structure(pattern) if depth == 0 and pattern[place] == "|"]
    return [pattern[start + 1 : stop] for start, stop in zip([-1, *bars], [*bars, len(pattern)], strict=True)]


def _closes_last(pattern: str, within: int) -> bool:
    """Whether the group that holds this place is closed by the last parenthesis, with none of its depth before."""
    closing = [place for place, depth in _structure(pattern) if depth == 0 and pattern[place] == ")" and place > within]
    return len(closing) == 1


def _structure(pattern: str) -> Iterator[tuple[int, int]]:
    """Places of parentheses and bars that mean something, with the depth around them."""
    depth, in_class, place = 0, False, 0
    while place < len(pattern):
        match pattern[place]:
            case "\\":
                place += 1
            case "]" if in_class:
                in_class = False
            case "[" if not in_class:
                in_class = True
                # A `]` that comes first in a class stands for itself.
                place += pattern.startswith("^", place + 1)
                place += pattern.startswith("]", place + 1)
            case "(" if not in_class:
                yield place, depth
                depth += 1
            case ")" if not in_class:
                depth -= 1
                yield place, depth
            case "|" if not in_class:
                yield place, depth
        place += 1


def _clauses(tree: Sequence[_Node], *, left: bool, right: bool) -> list[Clause]:
    """`left`, `right`: whether a token begins or ends for certain where the tree's match does."""
    found: list[Clause] = []
    place = 0
    while place < len(tree):
        stop = place
        run = ""
        while stop < len(tree) and (character := _word_character(tree[stop])):
            run += character
            stop += 1
        begins = left if place == 0 else _parts_tokens(tree[place - 1])
        stop = max(stop, place + 1)
        ends = right if stop == len(tree) else _parts_tokens(tree[stop])
        if run:
            found.append(frozenset({"<" * begins + run + ">" * ends}))
        else:
            found += _inside(tree[place], left=begins, right=ends)
        place = stop
    return found


def _word_character(node: _Node) -> str:
    operator, argument = node
    if operator is _parser.LITERAL and isinstance(argument, int) and TOKEN.fullmatch(chr(argument)):
        return chr(argument).lower()
    return ""


def _parts_tokens(node: _Node) -> bool:
    operator, argument = node
    if operator is _parser.AT:
        return argument in (_parser.AT_BOUNDARY, _parser.AT_BEGINNING, _parser.AT_BEGINNING_STRING)
    return operator is _parser.LITERAL and isinstance(argument, int) and not TOKEN.fullmatch(chr(argument))


def _inside(node: _Node, *, left: bool, right: bool) -> list[Clause]:
    operator, argument = node
    match argument:
        case (_, list(branches)) if operator is _parser.BRANCH:
            each = [_clauses(list(branch), left=left, right=right) for branch in branches]
            return [frozenset().union(*(_rarest(clauses) for clauses in each))] if all(each) else []
        case (_, _, _, _parser.SubPattern() as inner) if operator is _parser.SUBPATTERN:
            return _clauses(list(inner), left=left, right=right)
        case (int(least), _, _parser.SubPattern() as inner) if operator in _REPEATS and least > 0:
            return _clauses(list(inner), left=False, right=False)
        case _:
            return []


def _rarest(clauses: list[Clause]) -> Clause:
    """The longer a literal, the fewer texts have it; but for the commonest English words, which tell no more than an ending does."""
    return max(clauses, key=_rarity)


def _rarity(clause: Clause) -> tuple[float, int]:
    return min(3.5 if literal in _COMMON else len(literal) for literal in clause), -len(clause)


_COMMON = frozenset(
    f"<{word}>"
    for word in re.findall(
        r"\w+",
        "the and a i to it is was of for in we my that this you with on not have but are as be so at they very had were all no me one if"
        " from do an our he she their would will just there when what can get out up your very good great",
    )
)
