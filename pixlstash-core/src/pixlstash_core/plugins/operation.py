"""`op`: one row of the table of operations, with its HTTP route, the right it needs, and its function.

A row is an attribute of a class. From it follow a method of a library (`library.add_tags(reader, ask)`), of a session
(`session.add_tags(ask)`) and of a client, its HTTP route, and its documentation.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
from collections.abc import Callable
from functools import cache, cached_property, partial
from typing import Any, Concatenate, Generic, Literal, NamedTuple, ParamSpec, TypeVar, overload

from ..errors import Forbidden, ReadOnly
from ..types import Reader, Right

P = ParamSpec("P")
R = TypeVar("R")
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
#: The type of an answer: JSON, bytes or text unchanged, or the first answer of a view (`docs/http.md`).
Answer = Literal["json", "bytes", "text", "view"]


class _Deferred(NamedTuple):
    """The name of a function whose module is imported on first use."""

    module: str
    name: str


class Later:
    """A module of operations that is imported when one of them is first used: `later.add` stands for its `add`."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return _Deferred(self._module, name)


class WithReader:
    """Base of objects whose operations take a reader: a library, also one as of a snapshot."""

    def call(self, row: op[P, R], reader: Reader, /, *args: P.args, **kwargs: P.kwargs) -> R:
        raise NotImplementedError


class Caller:
    """Base of objects whose operations take no reader: a session or a client."""

    def call(self, row: op[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        raise NotImplementedError


class op(Generic[P, R]):
    """A row: `op("POST", "/tags/rename", "write", tags.rename_tag)`.

    `function(context, reader, …)` takes names in the path, one struct from the JSON body, and the rest from the query
    string. `scoped`: readers who see only part of the library may use it (default: if it only reads). `changes`: it is
    refused where the library is open read-only (default: if its method is not GET and its right not "read"). `past`:
    it also works on the library as of a snapshot. `long`: a client waits for it without a time limit. `status` is that
    of a JSON answer. Without a path it is served by no route: see `local`.
    """

    name: str = ""

    def __init__(
        self,
        method: Method,
        path: str,
        right: Right,
        function: Callable[Concatenate[Any, Reader, P], R],
        *,
        scoped: bool | None = None,
        changes: bool | None = None,
        past: bool = False,
        long: bool = False,
        answer: Answer = "json",
        status: int = 200,
    ) -> None:
        self.method, self.path, self.right = method, path, right
        self.scoped = right == "read" if scoped is None else scoped
        self.changes = (method != "GET" and right != "read") if changes is None else changes
        self.past, self.long, self.answer, self.status = past, long, answer, status
        self._function: Any = function

    @classmethod
    def local(
        cls, right: Right, function: Callable[Concatenate[Any, Reader, P], R], *, changes: bool | None = None
    ) -> op[P, R]:
        """Define an operation without an HTTP route, such as importing a file in the library's folder."""
        return op("POST", "", right, function, changes=changes)

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> op[P, R]: ...
    @overload
    def __get__(self, instance: WithReader, owner: type) -> Callable[Concatenate[Reader, P], R]: ...
    @overload
    def __get__(self, instance: Caller, owner: type) -> Callable[P, R]: ...
    def __get__(self, instance: Any, owner: type) -> Any:
        return self if instance is None else partial(instance.call, self)

    def demand(self, reader: Reader, *, read_only: bool) -> None:
        """Raise unless the reader may use the operation. This is the only permission check."""
        demand(reader, self.right, whole=not self.scoped)
        if read_only and self.changes:
            raise ReadOnly("This library is open read-only, so nothing in it can be changed.")

    @cached_property
    def function(self) -> Callable[Concatenate[Any, Reader, P], R]:
        """The function of the operation. Its module is imported on first use."""
        function: Callable[Concatenate[Any, Reader, P], R] = self._function
        if isinstance(self._function, _Deferred):
            function = getattr(importlib.import_module(self._function.module), self._function.name)
        return function

    @cached_property
    def signature(self) -> inspect.Signature:
        """The signature of the function without context and reader, read without importing its module."""
        if isinstance(self._function, _Deferred):
            return _read_signature(*self._function)
        whole = inspect.signature(self._function)
        names = getattr(inspect.unwrap(self._function), "__globals__", {})
        parameters = [
            parameter.replace(annotation=_evaluated(parameter.annotation, names))
            for parameter in list(whole.parameters.values())[2:]
        ]
        return whole.replace(parameters=parameters, return_annotation=_evaluated(whole.return_annotation, names))


def demand(reader: Reader, right: Right, *, whole: bool = False) -> None:
    """Raise unless the reader has the right (and, with `whole` or as the owner, sees the whole library)."""
    if not reader.may(right):
        raise Forbidden(f"This login may not do that: it has the right to {reader.right}, and {right} is needed.")
    if (whole or right == "owner") and not reader.scope.all:
        raise Forbidden("This login may not do that: it sees only a part of the library.")


class Operations(Caller):
    """Base of a plugin's table of operations: each row becomes a method, a route, and a command.

        class Notes(Operations, plugin="notes"):
            add = op("POST", "/notes", "write", add_note)

    `Notes(session).add(…)` runs it in this process, `Notes(client).add(…)` on a server, `pixlstash notes add` either.
    `plugin` is the name of the plugin's entry point. Paths are below `/api/v1/x/<plugin>`, and answers are JSON.
    """

    plugin: str

    def __init_subclass__(cls, *, plugin: str, **more: Any) -> None:
        super().__init_subclass__(**more)
        cls.plugin = plugin
        for row in cls.rows():
            if not row.path.startswith("/") or row.past or row.answer != "json":
                raise TypeError(f"{plugin}: the path of {row.name} must begin with /, and its answer be JSON.")
            row.path = f"/x/{plugin}{row.path}"

    def __init__(self, session: Caller) -> None:
        self._session = session

    def call(self, row: op[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        return self._session.call(row, *args, **kwargs)

    @classmethod
    def rows(cls) -> list[op[Any, Any]]:
        """Return the rows in order."""
        return [row for row in vars(cls).values() if isinstance(row, op)]


def _evaluated(annotation: Any, names: dict[str, Any]) -> Any:
    """Evaluate an annotation, which `from __future__ import annotations` turns into a string."""
    return eval(annotation, names) if isinstance(annotation, str) else annotation


@cache
def _source(module: str) -> tuple[ast.Module, str]:
    """Return the syntax tree of a module, and the package that its relative imports are relative to."""
    spec = importlib.util.find_spec(module)
    source = spec.loader.get_source(module) if spec is not None and spec.loader is not None else None  # type: ignore[attr-defined]
    if spec is None or source is None:
        raise ImportError(f"The source of {module} cannot be read.")
    return ast.parse(source), spec.parent or ""


def _read_signature(module: str, name: str) -> inspect.Signature:
    """Read the signature of a function from its source, so that clients do not import the module."""
    tree, package = _source(module)
    [function] = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name]
    arguments = function.args.posonlyargs + function.args.args
    defaults = [None] * (len(arguments) - len(function.args.defaults)) + function.args.defaults
    own = list(zip(arguments, defaults, strict=True))[2:]  # the context and the reader come before them
    parameters = [
        inspect.Parameter(
            argument.arg,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            default=inspect.Parameter.empty if default is None else ast.literal_eval(default),
            annotation=_annotation(argument.annotation, tree, package),
        )
        for argument, default in own
    ]
    return inspect.Signature(parameters, return_annotation=_annotation(function.returns, tree, package))


def _annotation(node: ast.expr | None, tree: ast.Module, package: str) -> Any:
    """Evaluate an annotation from source; the modules of the types in it are imported."""
    if node is None:
        return inspect.Parameter.empty
    wanted = {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
    names: dict[str, Any] = {}
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom):
            for alias in statement.names:
                if (local := alias.asname or alias.name) in wanted:
                    source = importlib.util.resolve_name("." * statement.level + (statement.module or ""), package)
                    names[local] = getattr(importlib.import_module(source), alias.name)
    return eval(compile(ast.Expression(node), "<annotation>", "eval"), {}, names)
