"""Turns operations into HTTP endpoints: parses requests by the function's signature, and encodes results.

`RoutePlan` is the analyzed signature of a row; `Resource` is the endpoint of one path with its methods.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import math
import re
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct
from starlette.datastructures import QueryParams
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import compile_path
from starlette.types import Receive, Scope, Send

from pixlstash_core.errors import Abandoned, Invalid, PixlStashError
from pixlstash_core.query.scope import hide, may_know
from pixlstash_core.threads import Cancellation, applied
from pixlstash_core.types import ViewAnswer

from .answers import (
    ASK_FIRST,
    FOREVER,
    TooLarge,
    TooSlow,
    WrongMedia,
    WrongMethod,
    as_bytes,
    as_error,
    as_json,
    run_in_threadpool,
)
from .authorization import SeeOther, admit
from .site import Site
from .table import Call, Policy, Route

P = ParamSpec("P")
T = TypeVar("T")
log = logging.getLogger(__name__)
BODY_LIMIT = 1 << 20
BODY_SECONDS = 30.0
#: Time limit of reading requests in seconds, by the right they need.
SECONDS: dict[Policy, float] = {"public": 120.0, "read": 120.0, "write": 120.0, "owner": 900.0}
#: The largest integer of a path or query string, which JavaScript can represent exactly, and of a body.
EXACT, LARGEST = 1 << 53, (1 << 63) - 1
#: Matches possible absolute paths.
ABSOLUTE = re.compile(r"[/\\]")
DIGITS = re.compile(rb"\d{19}")
#: The part of a path with the id of a snapshot.
SNAPSHOT = "snapshot"
BINARY = "application/octet-stream"
#: Smallest answer in bytes that is worth compressing.
COMPRESS = 64 << 10


class Argument(Struct, frozen=True):
    """One argument of a function: its source in the request, and its type."""

    name: str
    type: Any
    default: Any = inspect.Parameter.empty

    @property
    def required(self) -> bool:
        return self.default is inspect.Parameter.empty

    @property
    def many(self) -> bool:
        """Whether the argument is a list, given as a repeated key."""
        return any(get_origin(type) is list for type in (self.type, *get_args(self.type)))


class RoutePlan:
    """A row with its function's analyzed signature. Raises for a function without annotations."""

    def __init__(self, route: Route) -> None:
        self.route = route
        _, _, converters = compile_path(route.path)
        signature = inspect.signature(route.function)
        hints = _hints(route.function)
        first, *rest = signature.parameters.values()
        self.takes_call = hints.get(first.name) is Call
        self.streams = inspect.iscoroutinefunction(route.function)
        self.returns = hints.get("return", type(None))
        self.path: list[Argument] = []
        self.query: list[Argument] = []
        self.body: Argument | None = None
        for parameter in rest if self.takes_call else rest[1:]:
            if parameter.name not in hints:
                raise TypeError(f"{route.method} {route.path}: {parameter.name!r} has no annotation.")
            argument = Argument(parameter.name, hints[parameter.name], parameter.default)
            if parameter.name in converters:
                self.path.append(argument)
            elif isinstance(argument.type, type) and issubclass(argument.type, Struct):
                self.body = argument
            else:
                self.query.append(argument)
        fields = self.body.type.__struct_fields__ if self.body else ()
        unknown = set(converters) - {argument.name for argument in self.path} - set(fields) - {SNAPSHOT}
        if unknown and (rest or not self.takes_call):
            raise TypeError(f"{route.method} {route.path}: the function takes no {sorted(unknown)}.")
        self._overrides = [name for name in converters if name in fields]
        #: The parameters of the path that must be integers.
        self.integers = frozenset(
            argument.name for argument in self.path if int in (argument.type, *get_args(argument.type)[:1])
        )

    def arguments(self, call: Call, body: bytes) -> dict[str, Any]:
        """Return the function's arguments, besides the library and the reader."""
        request = call.request
        values: dict[str, Any] = {}
        for argument in self.path:
            values[argument.name] = read_text(argument, request.path_params[argument.name])
        for argument in self.query:
            texts = request.query_params.getlist(argument.name)
            if texts:
                values[argument.name] = read_text(argument, texts if argument.many else texts[-1])
            elif argument.required:
                raise Invalid(f"The query parameter {argument.name!r} is missing.")
        if self.body is not None:
            values[self.body.name] = self._read_struct(self.body.type, body, request.path_params)
        return values

    def _read_struct(self, type: Any, body: bytes, path: Mapping[str, str]) -> Any:
        if not self._overrides:
            return read_json(body or b"{}", type)
        raw = read_json(body or b"{}", dict[str, Any])
        hints = get_type_hints(type, include_extras=True)
        for name in self._overrides:  # the path takes precedence over the body
            raw[name] = read_text(Argument(name, hints[name]), path[name])
        try:
            return msgspec.convert(raw, type)
        except msgspec.ValidationError as error:
            raise Invalid(f"{error}.") from error

    def run(self, call: Call, arguments: Mapping[str, Any]) -> Response:
        """Call the function and encode its result."""
        if self.takes_call:
            return self.answer(call, self.route.function(call, **arguments))
        if self.route.past:
            snapshot = read_text(Argument(SNAPSHOT, int), call.request.path_params[SNAPSHOT])
            with call.library.as_of(call.reader, snapshot) as past:
                return self.answer(call, getattr(past, self.route.name)(call.reader, **arguments))
        return self.answer(call, self.route.function(call.library, call.reader, **arguments))

    async def in_thread(self, request: Request, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run the function on a thread. Reading stops if the client disconnects; a change is completed."""
        if self.route.method == "GET" or self.route.right == "read":
            return await while_wanted(request, SECONDS[self.route.right], work, *args, **kwargs)
        return await run_in_threadpool(work, *args, **kwargs)

    def answer(self, call: Call, result: Any) -> Response:
        if self.route.present is not None:
            result = self.route.present(call, result)
        if isinstance(result, Response):
            response: Response = result
        elif result is None:
            response = Response(None, 204, {"Cache-Control": "no-store"})
        else:
            response = as_json(result, self.route.status)
        for name, value in call.headers:
            response.headers.append(name, value)
        return response


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the annotations of a function. A plugin may import the library and the reader only for type checkers."""
    try:
        return get_type_hints(function, include_extras=True)
    except NameError:
        names = {"Library": object, "Reader": object, **getattr(function, "__globals__", {})}
        return get_type_hints(function, names, include_extras=True)


class Resource:
    """The endpoint of one path."""

    def __init__(self, site: Site, plans: Sequence[RoutePlan]) -> None:
        self._site = site
        self.plans: dict[str, RoutePlan] = {plan.route.method: plan for plan in plans if not plan.route.conditional}
        self._by_query = [plan for plan in plans if plan.route.when is not None]
        self._by_body = [plan for plan in plans if plan.route.fields]
        methods = {*self.plans, "OPTIONS"} | ({"HEAD"} if "GET" in self.plans else set())
        self._allow = {"Allow": ", ".join(sorted(methods))}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        call = Call(self._site, request)
        try:
            response = await self._answer(call)
        except PixlStashError as error:
            await run_in_threadpool(redact, call, error)
            response = as_error(error, self._allow if error.status == 405 else None)
        except SeeOther as other:
            response = Response(None, 303, {"Location": other.location, "Cache-Control": "no-store"})
            if other.cookie is not None:
                response.headers["Set-Cookie"] = other.cookie
        except (ClientDisconnect, Abandoned):
            return
        except (Exception, SystemExit, KeyboardInterrupt):  # a plugin's route may raise anything
            log.exception("%s %s failed", request.method, scope["path"])
            response = as_error(PixlStashError("Something went wrong in the server; its log says what."))
        await response(scope, receive, send)

    async def _answer(self, call: Call) -> Response:
        request = call.request
        plan = self._plan(request)
        if plan is None and request.method == "OPTIONS":
            return Response(None, 204, self._allow)
        if plan is None:
            raise WrongMethod(f"{request.method} is not possible here, only {self._allow['Allow']}.")
        if plan.body is None and not plan.streams:
            return await plan.in_thread(request, _all, plan, call)
        await run_in_threadpool(admit, call, plan.route)
        body = await read_body(request) if plan.body is not None else b""
        plan = self._plan_of_body(plan, body)
        arguments = plan.arguments(call, body)
        if not plan.streams:
            return await plan.in_thread(request, plan.run, call, arguments)
        first = (call,) if plan.takes_call else (call.library, call.reader)
        return plan.answer(call, await plan.route.function(*first, **arguments))

    def _plan(self, request: Request) -> RoutePlan | None:
        method = "GET" if request.method == "HEAD" else request.method
        for plan in self._by_query:
            if plan.route.method == method and _is_asked(plan.route, request.query_params):
                return plan
        return self.plans.get(method)

    def _plan_of_body(self, plan: RoutePlan, body: bytes) -> RoutePlan:
        """Return the row for a body with fields that the plain row does not have; both need the same right."""
        extending = [other for other in self._by_body if other.route.method == plan.route.method]
        if not extending or plan.route.conditional:
            return plan
        try:
            names = msgspec.json.decode(body or b"{}", type=dict[str, msgspec.Raw]).keys()
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return plan  # the plain row reports the error
        return next((other for other in extending if not names.isdisjoint(other.route.fields)), plan)


def _is_asked(route: Route, query: QueryParams) -> bool:
    """Return whether a request is for a row with `when`; exceptions in it are recorded as problems."""
    try:
        return route.when is not None and bool(route.when(query))
    except Exception:
        log.exception("`when` of %s %s failed", route.method, route.path)
        return False


async def while_wanted(request: Request, seconds: float, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run work that only reads on a thread, until its client disconnects or it takes too long."""
    cancellation = Cancellation(seconds)

    def run() -> T:
        with applied(cancellation):
            return work(*args, **kwargs)

    watching = asyncio.create_task(_cancel_on_disconnect(request, cancellation))
    try:
        return await run_in_threadpool(run)
    finally:
        watching.cancel()


async def read_in_thread(call: Call, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run reading work on a thread, for routes that are coroutines, until the client disconnects."""
    return await while_wanted(call.request, SECONDS["read"], work, *args, **kwargs)


async def _cancel_on_disconnect(request: Request, cancellation: Cancellation) -> None:
    """Cancel work when the client disconnects. Call it after the body has been read."""
    message = await request.receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        message = await request.receive()
    if message["type"] == "http.disconnect":
        cancellation.cancel()


def redact(call: Call, error: PixlStashError) -> None:
    """Remove absolute paths from an error, unless the owner asks."""
    if may_know(call.who) or not ABSOLUTE.search(str(error)):
        return
    try:
        with call.library.db.reading() as connection:
            error.args = (hide(connection, str(error)),)
    except PixlStashError:
        log.exception("The database cannot be read")
        error.args = ("The library cannot be read now. Its owner can find out why.",)


def _all(plan: RoutePlan, call: Call) -> Response:
    admit(call, plan.route)
    return plan.run(call, plan.arguments(call, b""))


async def read_body(request: Request) -> bytes:
    """Read a JSON body of at most 1 MiB, with a time limit. The required media type excludes plain HTML forms."""
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > BODY_LIMIT:
        raise TooLarge("The body is larger than 1 MiB.")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for block in request.stream():
                body += block
                if len(body) > BODY_LIMIT:
                    raise TooLarge("The body is larger than 1 MiB.")
    except TimeoutError:
        raise TooSlow("The body did not arrive in time.") from None
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and media != "application/json":
        raise WrongMedia("The body must be JSON, with Content-Type: application/json.")
    return bytes(body)


def read_json(body: bytes, type: Any) -> Any:
    """Decode JSON as a struct. Raises `Invalid` for NaN, infinities and values that the struct does not allow."""
    try:
        value = msgspec.json.decode(body, type=type)
    except msgspec.DecodeError as error:  # includes ValidationError
        raise Invalid(f"{error}.") from error
    except UnicodeDecodeError:
        raise Invalid("The JSON is not UTF-8.") from None
    except RecursionError:
        raise Invalid("The JSON is nested too deeply.") from None
    if DIGITS.search(body):
        _demand_range(value, LARGEST)
    return value


def read_text(argument: Argument, text: str | list[str]) -> Any:
    """Convert a value from a path or query string."""
    try:
        value = msgspec.convert(text, argument.type, strict=False)
        _demand_range(value, EXACT)
    except (msgspec.ValidationError, Invalid) as error:
        raise Invalid(f"{argument.name}: {str(error).removesuffix('.')}.") from error
    return value


def _demand_range(value: Any, most: int) -> None:
    """Raise for numbers that the database cannot store, at any depth."""
    values = [value]
    while values:
        match values.pop():
            case bool() | str() | None:
                pass
            case int() as number if abs(number) > most:
                raise Invalid("Number out of range.")
            case float() as number if not math.isfinite(number):
                raise Invalid("Expected a finite number.")
            case Mapping() as mapping:
                values += [*mapping.keys(), *mapping.values()]
            case list() | tuple() | set() | frozenset() as several:
                values += several
            case Struct() as struct:
                values += [getattr(struct, name) for name in struct.__struct_fields__]


def present_view(call: Call, answer: ViewAnswer) -> Response:
    return as_bytes(call.request, lay_out(answer), BINARY, ASK_FIRST, compress_from=COMPRESS)


def present_block(call: Call, block: bytes) -> Response:
    return as_bytes(call.request, block, BINARY, FOREVER)


def lay_out(answer: ViewAnswer) -> bytes:
    """Return header length, header, aspects and block, each starting at a multiple of four bytes."""
    header = msgspec.json.encode(answer.header)
    header += b" " * (-len(header) % 4)
    padding = bytes(-len(answer.aspects) % 4)
    return b"".join((struct.pack("<I", len(header)), header, answer.aspects, padding, answer.block))
