"""The operation that runs an engine on a file without storing anything."""

from __future__ import annotations

from pathlib import Path

from ..context import Context
from ..errors import Invalid
from ..plugins.registry import Offered
from ..types import Reader, Tried, TriedTag
from . import provenance
from . import settings as engines
from .host import Host
from .operations import demand_runs, threshold
from .outputs import Outputs

#: Bytes of a file, at most.
MOST = 64 << 20


def try_engine(context: Context, reader: Reader, name: str, path: Path, kind: str = "tag", engine: str = "") -> Tried:
    """Return what an engine finds in a file that is not in the library. Neither is stored.

    `engine`: empty for the default engine of the kind, or else the one whose results count first.
    """
    if path.stat().st_size > MOST:
        raise Invalid(f"A picture to try an engine on has at most {MOST >> 20} MiB.")
    offered = _chosen(context, kind, engine)
    label = offered.engine.label or offered.engine.id
    if offered.engine.learns or offered.engine.needs:
        raise Invalid(f"{label} needs what the library knows of a picture, and cannot be tried on a file.")
    if "image" not in offered.engine.accepts:
        raise Invalid(f"{label} is not for pictures.")
    settings = engines.settings(context.db, offered.engine.id).params
    demand_runs(context, offered, settings)
    host = context.part(Host)
    value = host.trying.run(offered, settings, path, name)
    least = threshold(context, offered)
    least = float(getattr(offered.engine, "threshold", 0.0)) if least is None else least
    output = host.catalogue.kind(offered)
    if output.name == "tag":
        sure = sorted((tag for tag in value if tag[1] >= least), key=lambda tag: -tag[1])
        tags = [TriedTag(tag[0], round(tag[1], 4)) for tag in (output.sift(sure)[0] if output.sift else sure)]
        return Tried(offered.engine.id, output.name, tags, ", ".join(tag.name for tag in tags))
    return Tried(offered.engine.id, output.name, [], "" if value is None else output.shown(value, least))


def _chosen(context: Context, kind: str, engine: str) -> Offered:
    """Return the engine with an id, which must be of the kind; or the default one, or the first active one."""
    producers = context.part(Host).producers
    if not engine and (first := provenance.first(context.db, kind)) is not None:
        default = engines.default(context.db, kind)
        engine = default or context.part(Outputs).producer(first).engine
    offered = producers.named(engine, kind)
    if (actual := context.part(Host).catalogue.kind(offered).name) != kind:
        raise Invalid(f"{offered.engine.id} is an engine of the kind {actual}, not {kind}.")
    return offered
