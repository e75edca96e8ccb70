"""Everything people can see of a library, as plain data, to compare a library before and after an upgrade."""

from __future__ import annotations

from typing import Any

import msgspec

from pixlstash_core import OWNER
from pixlstash_core.library import Library

QUERIES = (
    "tag:winter",
    "-tag:season",
    "score:>=3",
    'character:"Ann"',
    "set:Winter",
    "project:Book",
    "seed:3",
    'prompt:"red fox"',
    "caption:snow",
    "model:fox1",
    "is:stacked",
    "measure:sharpness>0",
    "name:picture",
    "faces:0",
    "query:Best",
    "snow -set:Winter",
)


def describe(library: Library) -> dict[str, Any]:
    """Pictures with all their details, groups, words, engines' results, history, snapshots, tokens and plugins."""
    ids = sorted(library.find(OWNER, "").ids)
    return plain(
        {
            "pictures": [library.picture(OWNER, id) for id in ids],
            "tags of pictures": [library.picture_tags(OWNER, id) for id in ids],
            "captions": [library.caption(OWNER, id) for id in ids],
            "found": {query: sorted(found(library, query)) for query in QUERIES},
            "sidebar": library.sidebar(OWNER),
            "tags": library.tags(OWNER),
            "queries": library.queries(OWNER),
            "history": library.history(OWNER),
            "snapshots": library.snapshots(OWNER),
            "tokens": library.tokens(OWNER),
            "producers": library.read("select kind, engine, revision, params from producer order by id"),
            "done": library.read("select producer_id, count(*) from done group by 1 order by 1"),
            "disabled": [plugin.name for plugin in library.plugin_list(OWNER) if not plugin.enabled],
        }
    )


def found(library: Library, query: str) -> list[int]:
    """The pictures that a query finds; none where it is not understood."""
    try:
        return library.find(OWNER, query).ids
    except Exception as error:
        return [str(error)]  # type: ignore[list-item]


def plain(value: Any) -> Any:
    """As JSON reads it back."""
    return msgspec.json.decode(msgspec.json.encode(value))


def differences(before: Any, after: Any, where: str = "") -> list[str]:
    """Where `after` says something else than `before`. Fields that are new in `after` are no difference."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [one for key in before for one in differences(before[key], after.get(key), f"{where}/{key}")]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return [one for n, (a, b) in enumerate(zip(before, after)) for one in differences(a, b, f"{where}/{n}")]
    return [] if before == after else [f"{where}: {before!r} became {after!r}"]
