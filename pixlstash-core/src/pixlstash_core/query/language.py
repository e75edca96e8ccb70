"""The query language: parses a text to a tree, and prints a tree as a text (`docs/query.md`).

`model:flux -(format:png OR score:<3) "old man" sort:-score`. A text parses to a `Query`, and a `Query` prints as one
canonical text. A `QueryError` gives the character at which a text cannot be parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from ..errors import QueryError

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
    "text",
    "-text",
    "smart",
    "-smart",
    "random",
    "relevance",
    "likeness",
    "outlier",
    "-outlier",
    "hand",
)
#: The manual order of a set's pictures.
BY_HAND = "hand"
DEFAULT_SORT = "-created"
#: Conditions that rank the matches, or say how; with one of the first two, the most similar come first by default.
RANKING = ("like", "face", "combine", "top", "likeness")
#: Limits of a text: its characters, its conditions, and the depth of its parentheses.
LONGEST, MOST, DEEPEST = 4_000, 200, 30
ALGEBRA = ("union", "overlap", "difference", "unique")


def exactly(value: str) -> str:
    """The value of a query term that finds just this value."""
    return value if _NUMBER.fullmatch(value) else f"={quoted(value)}"


def quoted(value: str) -> str:
    """A value as the query language writes it."""
    if value and not any(c in '"():,' or c.isspace() for c in value) and not value.startswith(("-", ">", "<", "=")):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


_NUMBER = re.compile(r"-?\d+(\.\d+)?")


class Ask(Struct, frozen=True, eq=False):
    """One condition: a term and its value, or free words if `name` is empty. `at`: its position in the text."""

    name: str
    value: str
    at: int = 0

    def __str__(self) -> str:
        if not self.name:
            return _free(self.value)
        operator, rest = split_operator(self.value)
        # The colon after the source of a ranking condition needs no quotes.
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
        return " ".join(f"({node})" if isinstance(node, AnyOf) else str(node) for node in self.of)


class AnyOf(Struct, frozen=True):
    of: tuple[Node, ...]

    def __str__(self) -> str:
        return " OR ".join(str(node) for node in self.of)


class Sets(Struct, frozen=True):
    """A set operation: `union`, `overlap`, `difference` (the first without the others) or `unique` (in exactly one)."""

    how: str
    of: tuple[Ask, ...]

    def __str__(self) -> str:
        return f"{self.how}({', '.join(str(member) for member in self.of)})"


Node = Ask | Not | All | AnyOf | Sets


def default_sort(root: Node) -> str:
    """Return the order of a query without `sort:`."""
    top = root.of if isinstance(root, All) else (root,)
    return "likeness" if any(isinstance(node, Ask) and node.name in RANKING[:2] for node in top) else DEFAULT_SORT


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
        """Yield every condition at any depth."""
        return _asks(self.root)


def parse(text: str, sort: str | None = None) -> Query:
    """Parse a query; `sort` overrides the one in the text. Raises `QueryError`."""
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
    """Return a sort, or `random` with its seed, such as `random.1234`. Raises `QueryError` if it is unknown."""
    if value in SORTS or re.fullmatch(r"random\.\d{1,9}", value):
        return value
    raise QueryError(f"expected one of the sorts {', '.join(SORTS)} at column {at + 1}", at)


# -- reading -----------------------------------------------------------------------------------------------------------

# A bare value may contain balanced parentheses, as many tags do: tag:saber_(fate).
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
    """The state of a recursive-descent parser: a text and the position in it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.end = len(text.rstrip())
        self.sort = ""
        self._depth = self._count = 0

    def all(self) -> Node:
        """Parse alternatives: lists of conditions with OR between them."""
        branches = [self._together()]
        while self._word("OR"):
            branches.append(self._together(needed="OR"))
        return branches[0] if len(branches) == 1 else _any(branches)

    def _together(self, needed: str = "") -> Node:
        nodes: list[Node] = []
        while True:
            self._skip()
            if self.at >= self.end or self.text[self.at] == ")" or self._peek("OR"):
                break
            if self._word("AND"):
                if not nodes:
                    raise self._expected("a condition before AND", back=3)
                self._demand_more("AND")
                continue
            node = self._unary()
            if node is not None:
                nodes.append(node)
        if not nodes and (needed or self._peek("OR")):
            raise self._expected(f"a condition {'after' if needed else 'before'} OR")
        return nodes[0] if len(nodes) == 1 else _all(nodes)

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
            member = self._ask(_ASK_IN_SETS) if self.text[self.at] != ")" else None
            if member is None or not member.name:
                at = self.at if member is None else member.at
                raise QueryError(f"expected a set:, character: or query: at column {at + 1}", at)
            members.append(member)
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


# -- canonical form ----------------------------------------------------------------------------------------------------


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
        for part in node.of:
            yield from _asks(part)


# -- printing ----------------------------------------------------------------------------------------------------------

_PLAIN = re.compile(r'[^\s"\\:()-][^\s"\\:()]*')


def _tight(node: Node) -> str:
    return str(node) if isinstance(node, Ask | Sets) else f"({node})"


def _free(value: str) -> str:
    if _PLAIN.fullmatch(value) and not _WORD.fullmatch(value):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
