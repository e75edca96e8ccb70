"""Generates the description of the API (OpenAPI 3.1) from the route table and structs."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct
from starlette.responses import Response

from pixlstash_core import __version__

from .adapter import Argument, RoutePlan
from .answers import as_json
from .table import Call

REFERENCE = "#/components/schemas/{name}"


class Problem(Struct, frozen=True):
    """The body of every error: a sentence for users. Some have more fields, such as `at` for an invalid query."""

    detail: str


def openapi(call: Call) -> Response:
    """Return the OpenAPI description of this server."""
    return as_json(call.site.describe())


def describe(plans: Iterable[RoutePlan], also: Iterable[type[Struct]] = ()) -> dict[str, Any]:
    """Return the OpenAPI document. `also`: structs to include that no route uses."""
    plans = list(plans)
    types: list[Any] = [Problem, *also]
    for plan in plans:
        types += [argument.type for argument in (*plan.path, *plan.query)]
        types += [plan.body.type] if plan.body else []
        types += [plan.returns] if _is_json(plan) else []
    schemas, components = msgspec.json.schema_components(types, ref_template=REFERENCE)
    schema_of = {id(type): schema for type, schema in zip(types, schemas, strict=True)}
    paths: dict[str, dict[str, Any]] = {}
    for plan in plans:
        path = re.sub(r"{(\w+):\w+}", r"{\1}", plan.route.path)
        operation = _operation(plan, schema_of)
        first = paths.setdefault(path, {}).setdefault(plan.route.method.lower(), operation)
        if first is not operation:  # a plugin's, for some requests, which OpenAPI cannot express
            first.setdefault("x-alternatives", []).append(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "PixlStash", "version": __version__},
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "pl_session_{public_id}"},
            },
        },
        "paths": paths,
    }


def _operation(plan: RoutePlan, schema_of: dict[int, Any]) -> dict[str, Any]:
    route = plan.route
    parameters = [_parameter("path", argument, schema_of) for argument in plan.path]
    parameters += [_parameter("query", argument, schema_of) for argument in plan.query]
    text = {"in": "query", "required": False, "schema": {"type": "string"}}
    parameters += [{"name": name, **text} for name in route.also]
    answer: dict[str, Any] = {"204": {"description": "Done."}}
    if plan.returns is not type(None) or route.present or route.media != "application/json":
        schema = schema_of[id(plan.returns)] if _is_json(plan) else {}
        answer = {str(route.status): {"description": "The answer.", "content": {route.media: {"schema": schema}}}}
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": summary(plan),
        "x-right": route.right,
        "parameters": parameters,
        "responses": {
            **answer,
            "default": {
                "description": "An error.",
                "content": {"application/json": {"schema": schema_of_problem(schema_of)}},
            },
        },
        "security": [] if route.right == "public" else [{"token": []}, {"session": []}],
    }
    if plan.body is not None:
        schema = schema_of[id(plan.body.type)]
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return operation


def schema_of_problem(schema_of: dict[int, Any]) -> Any:
    return schema_of[id(Problem)]


def _parameter(where: str, argument: Argument, schema_of: dict[int, Any]) -> dict[str, Any]:
    required = where == "path" or argument.required
    return {"name": argument.name, "in": where, "required": required, "schema": schema_of[id(argument.type)]}


def _is_json(plan: RoutePlan) -> bool:
    """Return whether the answer is the function's result as JSON."""
    if plan.route.present is not None or plan.returns is type(None):
        return False
    return not (isinstance(plan.returns, type) and issubclass(plan.returns, Response))


def summary(plan: RoutePlan) -> str:
    """Return the first sentence of the function's docstring."""
    text = " ".join((inspect.getdoc(plan.route.function) or "").split("\n\n")[0].split())
    return text
