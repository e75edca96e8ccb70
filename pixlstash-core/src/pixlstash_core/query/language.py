"""The query language: what people type as a tree, and the tree as a text again (`docs/query.md`).

`model:flux -(format:png OR score:<3) "old man" sort:-score`. A text parses to a `Query`, and a `Query` prints to one
canonical text. Anything that cannot be read is a `QueryError` at its character.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from ..errors import QueryError
from .quoting import quoted

SORTS = (
    "created",
    "-created",
    "imported",
    "-imported",
    "score",
    "-score",
    "name",
    "-name",
    "size",
    "-size",
    "pixels",
    "-pixels",
    "rarity",
    "-rarity",
    "random",
    "relevance",
    "likeness",
    "outlier",
    "-outlier",
    "hand",
)
#: The order that people gave a set's pictures.
BY_HAND = "hand"
DEFAULT_SORT = "-created"
#: Conditions that rank what the others find, or say how: with one of the first two, the likest come first by default.
RANKING = ("like", "face", "combine", "top", "likeness")
#: Characters of a text, conditions in it, and parentheses in each other, that are read.
LONGEST, MOST, DEEPEST = 4_000, 200, 30
ALGEBRA = ("union", "overlap", "difference", "unique")


class Ask(Struct, frozen=True, eq=False):
    """One condition: a term and its value, or free words where `name` is empty. `at`: where it was typed."""

    name: str
    value: str
    at: int = 0

    def __str__(self) -> str:
        if not self.name:
            return _free(self.value)
        operator, rest = split_operator(self.value)
        # The colon after the source of what ranks needs no quotes.
        plain = self.name in RANKING and quoted(bare := rest.replace(":", "")) == bare
        return f"{self.name}:{operator}{rest if plain else quoted(rest)}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ask) and (self.name, self.value) == (other.name, other.value)

    def __hash__(self) -> int:
        return hash((self.name, self.value))


class Not(Struct, frozen=True):
    of: Node

    def __str__(self) -> str:
        return f"-{_tight(self.of)}"


class All(Struct, frozen=True):
    of: tuple[Node, ...] = ()

    def __str__(self) -> str:
        return " ".join(f"({one})" if isinstance(one, AnyOf) else str(one) for one in self.of)


class AnyOf(Struct, frozen=True):
    of: tuple[Node, ...]

    def __str__(self) -> str:
        return " OR ".join(str(one) for one in self.of)


class Sets(Struct, frozen=True):
    """`union`, `overlap`, `difference` (the first without the others) or `unique` (in exactly one)."""

    how: str
    of: tuple[Ask, ...]

    def __str__(self) -> str:
        return f"{self.how}({', '.join(str(one) for one in self.of)})"


Node = Ask | Not | All | AnyOf | Sets


def default_sort(root: Node) -> str:
    """The order of what says nothing of an order."""
    top = root.of if isinstance(root, All) else (root,)
    return "likeness" if any(isinstance(one, Ask) and one.name in RANKING[:2] for one in top) else DEFAULT_SORT


class Query(Struct, frozen=True):
    """A filter and an order."""

    root: Node = All()
    sort: str = DEFAULT_SORT

    def __str__(self) -> str:
        parts = [str(self.root)] if self.root != All() else []
        if self.sort != default_sort(self.root):
            parts.append(f"sort:{self.sort}")
        return " ".join(parts)

    def asks(self) -> Iterator[Ask]:
        """Every condition, however deep."""
        return _asks(self.root)


def parse(text: str, sort: str | None = None) -> Query:
    """Read a text; `sort` overrides the one in it."""
    _demand_text(text)
    reading = _Reading(text)
    root = reading.all()
    if reading.at < reading.end:
        raise QueryError(f"expected a ( before the ) at column {reading.at + 1}", reading.at)
    order = order_named(sort, 0) if sort else reading.sort or default_sort(root)
    return Query(root, order)


def split_operator(value: str) -> tuple[str, str]:
    for operator in (">=", "<=", ">", "<", "="):
        if value.startswith(operator):
            return operator, value[len(operator) :]
    return "", value


def order_named(value: str, at: int) -> str:
    """A known order, or `random` with its seed: `random.1234`."""
    if value in SORTS or re.fullmatch(r"random\.\d{1,9}", value):
        return value
    raise QueryError(f"expected one of the sorts {', '.join(SORTS)} at column {at + 1}", at)


# -- reading -----------------------------------------------------------------------------------------------------------

# A bare value may hold parentheses in pairs, as many a tag does: tag:saber_(fate).
_BARE = r"""(?:[^\s"()]|(?<=[^\s"(),-])\([^\s"()]*\))+"""
_BARE_IN_SETS = r"""(?:[^\s"(),]|(?<=[^\s"(),-])\([^\s"(),]*\))+"""
_HEAD = (
    r"""(?:(?P<name>[A-Za-z][A-Za-z0-9_.-]*):(?P<operator>>=|<=|>|<|=)?)?(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>"""
)
_ASK = re.compile(f"{_HEAD}{_BARE}))?", re.DOTALL)
_ASK_IN_SETS = re.compile(f"{_HEAD}{_BARE_IN_SETS}))?", re.DOTALL)
_SPACE = re.compile(r"\s*")
_WORD = re.compile(r"(AND|OR|NOT)(?=[\s()\"]|$)")
_SETS = re.compile(rf"({'|'.join(ALGEBRA)})\(", re.IGNORECASE)


class _Reading:
    """A text and how far it is read: a parser by recursive descent."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.end = len(text.rstrip())
        self.sort = ""
        self._depth = self._count = 0

    def all(self) -> Node:
        """Alternatives: conditions that all hold, with OR between."""
        branches = [self._together()]
        while self._word("OR"):
            branches.append(self._together(needed="OR"))
        return branches[0] if len(branches) == 1 else _any(branches)

    def _together(self, needed: str = "") -> Node:
        found: list[Node] = []
        while True:
            self._skip()
            if self.at >= self.end or self.text[self.at] == ")" or self._peek("OR"):
                break
            if self._word("AND"):
                if not found:
                    raise self._expected("a condition before AND", back=3)
                self._demand_more("AND")
                continue
            one = self._unary()
            if one is not None:
                found.append(one)
        if not found and (needed or self._peek("OR")):
            raise self._expected(f"a condition {'after' if needed else 'before'} OR")
        return found[0] if len(found) == 1 else _all(found)

    def _unary(self) -> Node | None:
        start = self.at
        if self._word("NOT"):
            self._demand_more("NOT")
            return self._negated(start)
        if self.text[self.at] == "-":
            self.at += 1
            if self.at >= self.end or self.text[self.at].isspace() or self.text[self.at] == ")":
                raise QueryError(f"expected a word or name:value at column {start + 1}", start)
            return self._negated(start)
        if self.text[self.at] == "(":
            return self._group()
        if match := _SETS.match(self.text, self.at):
            return self._sets(match)
        return self._ask(_ASK)

    def _negated(self, start: int) -> Node:
        self._deeper(start)
        self._skip()
        inner = self._unary()
        self._depth -= 1
        if inner is None:
            raise QueryError(f"expected a condition, not an order, after the minus at column {start + 1}", start)
        return inner.of if isinstance(inner, Not) else Not(inner)

    def _group(self) -> Node:
        start = self.at
        self._deeper(start)
        self.at += 1
        inner = self.all()
        self._skip()
        if self.at >= self.end or self.text[self.at] != ")":
            raise QueryError(f"expected a closing ) for the one at column {start + 1}", start)
        if isinstance(inner, All) and not inner.of:
            raise QueryError(f"expected a condition between the parentheses at column {start + 1}", start)
        self.at += 1
        self._depth -= 1
        return inner

    def _sets(self, match: re.Match[str]) -> Node:
        start, how = self.at, match[1].lower()
        self.at = match.end()
        members: list[Ask] = []
        while True:
            self._skip()
            if self.at >= self.end:
                raise QueryError(f"expected a closing ) for {how}( at column {start + 1}", start)
            one = self._ask(_ASK_IN_SETS) if self.text[self.at] != ")" else None
            if one is None or not one.name:
                at = self.at if one is None else one.at
                raise QueryError(f"expected a set:, character: or query: at column {at + 1}", at)
            members.append(one)
            self._skip()
            mark = self.text[self.at : self.at + 1]
            if mark not in (",", ")") or self.at >= self.end:
                at = min(self.at, self.end)
                raise QueryError(f"expected , or ) at column {at + 1}", at)
            self.at += 1
            if mark == ")":
                return Sets(how, tuple(members))

    def _ask(self, pattern: re.Pattern[str]) -> Ask | None:
        start = self.at
        match = pattern.match(self.text, start, self.end)
        assert match is not None  # every part of the pattern is optional
        value = _value(match)
        if value is None:
            raise self._unread(start, match)
        name = (match["name"] or "").lower()
        self.at = match.end()
        if name == "sort":
            self.sort = order_named(value, start)
            return None
        if not name and not value:
            return None
        self._count += 1
        if self._count > MOST:
            raise QueryError(f"expected at most {MOST} conditions; one more is at column {start + 1}", start)
        return Ask(name, (match["operator"] or "") + value, start)

    def _unread(self, start: int, match: re.Match[str]) -> QueryError:
        at = match.end()
        if at < self.end and self.text[at] == '"':
            return QueryError(f'expected a closing " for the one at column {at + 1}', at)
        if match["name"]:
            return QueryError(f"expected a value after {match['name']}: at column {at + 1}", at)
        return QueryError(f"expected a word or name:value at column {start + 1}", start)

    def _deeper(self, at: int) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise QueryError(f"expected at most {DEEPEST} parentheses in each other; see column {at + 1}", at)

    def _skip(self) -> None:
        match = _SPACE.match(self.text, self.at, self.end)
        self.at = match.end() if match else self.at

    def _peek(self, word: str) -> bool:
        self._skip()
        match = _WORD.match(self.text, self.at, self.end)
        return match is not None and match[1] == word

    def _word(self, word: str) -> bool:
        if self._peek(word):
            self.at += len(word)
            return True
        return False

    def _demand_more(self, word: str) -> None:
        self._skip()
        if self.at >= self.end or self.text[self.at] == ")" or self._peek("OR") or self._peek("AND"):
            raise self._expected(f"a condition after {word}")

    def _expected(self, what: str, back: int = 0) -> QueryError:
        at = min(self.at - back, len(self.text))
        return QueryError(f"expected {what} at column {at + 1}", at)


def _demand_text(text: str) -> None:
    if len(text) > LONGEST:
        raise QueryError(f"expected at most {LONGEST} characters; the rest begins at column {LONGEST + 1}", LONGEST)
    at = next((at for at, c in enumerate(text) if "\ud800" <= c <= "\udfff"), None)
    if at is not None:
        raise QueryError(f"expected a character that is text at column {at + 1}", at)


def _value(match: re.Match[str]) -> str | None:
    if match["quoted"] is not None:
        return re.sub(r"\\(.)", r"\1", match["quoted"], flags=re.DOTALL)
    return match["bare"]


# -- one shape for what means the same ---------------------------------------------------------------------------------


def _all(nodes: list[Node]) -> All:
    return All(tuple(_flat(nodes, All)))


def _any(nodes: list[Node]) -> AnyOf:
    return AnyOf(tuple(_flat(nodes, AnyOf)))


def _flat(nodes: list[Node], kind: Any) -> Iterator[Node]:
    for node in nodes:
        if isinstance(node, kind):
            yield from node.of
        else:
            yield node


def _asks(node: Node) -> Iterator[Ask]:
    if isinstance(node, Ask):
        yield node
    elif isinstance(node, Not):
        yield from _asks(node.of)
    else:
        for one in node.of:
            yield from _asks(one)


# -- printing ----------------------------------------------------------------------------------------------------------

_PLAIN = re.compile(r'[^\s"\\:()-][^\s"\\:()]*')


def _tight(node: Node) -> str:
    return str(node) if isinstance(node, Ask | Sets) else f"({node})"


def _free(value: str) -> str:
    if _PLAIN.fullmatch(value) and not _WORD.fullmatch(value):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
