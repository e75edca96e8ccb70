"""Engines: list, configure and run them, and remove the results of runs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

import msgspec

from ..context import Context, demand_person
from ..database.writer import Write
from ..errors import Conflict, Invalid, NotFound, PixlStashError
from ..jobs.lanes import Jobs
from ..plugins.registry import Offered
from ..plugins.settings import form, is_host, secrets
from ..types import (
    AllowHost,
    Done,
    EngineDetail,
    EngineError,
    EngineInfo,
    FetchWeights,
    Job,
    Reader,
    Rehearsal,
    RehearseEngine,
    RunEngine,
    SendsInfo,
    SetEngine,
    UninstalledEngine,
    WeightsInfo,
)
from ..types.history import Outcome, many
from . import installable, provenance, training
from . import settings as engines
from .host import FETCH, REHEARSAL, Host, ranges
from .interactive import Ask as Rehearse
from .learning import Learning
from .outputs import Outputs
from .producers import ALL, ASKED, KIND, Payload
from .weights import folder_of, missing

T = TypeVar("T")

#: Errors that are listed of an engine or a job, at most.
SHOWN = 100
RUNNING = ("waiting", "running")


def list_engines(context: Context, reader: Reader) -> list[EngineInfo]:
    """Return all installed engines, by kind."""
    infos = [_info(context, offered) for offered in context.part(Host).catalogue.all()]
    order = list(context.part(Outputs).kinds)
    return sorted(infos, key=lambda info: (order.index(info.kind), not info.default, info.id))


def uninstalled_engines(context: Context, reader: Reader) -> list[UninstalledEngine]:
    """Return the engines of our own plugins that are not installed, with the command to install them."""
    there = {offered.engine.id for offered in context.part(Host).catalogue.all()}
    return [engine for engine in installable.ENGINES if engine.id not in there]


def engine(context: Context, reader: Reader, id: str) -> EngineDetail:
    """Return one engine with its settings, their schema, and its failures."""
    offered = context.part(Host).catalogue.offered(id)
    catalogue, params = context.part(Host).catalogue, engines.settings(context.db, id).params
    address, hidden = catalogue.address(offered, params), secrets(offered.engine.Params)
    stored = engines.secrets(context.hub, id, address) if address is not None else {}
    failed = provenance.errors(context.db, _producer(context, offered), SHOWN)
    return EngineDetail(
        _info(context, offered),
        catalogue.shown(offered, params),
        form(offered.engine.Params),
        sorted(stored.keys() & hidden),
        _if_set_up(context, offered, partial(_weights, context)),
        [EngineError(*error) for error in failed],
        threshold(context, offered),
        _if_set_up(context, offered, partial(_sends, context)),
        sorted(engines.other_secrets(context.hub, id, address) & hidden),
    )


def run_engine(context: Context, reader: Reader, ask: RunEngine) -> Job:
    """Run an engine on pictures that it has not processed yet: a selection, or all."""
    offered = context.part(Host).producers.named(ask.engine, ask.kind)
    params, own = context.part(Host).producers.settings(offered, ask.params)
    demand_runs(context, offered, params)
    ids = _meant(context, reader, ask, offered)
    producer = context.part(Host).catalogue.producer(offered, params)
    if ask.retry or ask.failed:
        context.part(Outputs).forget_errors(producer, ids)
    context.part(Host).producers.enlist(offered, producer, ids, own=own)
    chosen = ranges(ids) if ids is not None else None
    payload = Payload(offered.engine.id, producer, context.part(Outputs).begin(producer), params, chosen)
    which = "all pictures" if ids is None else many(len(ids))
    label = (
        f"{context.part(Host).catalogue.kind(offered).verb} {which} with {offered.engine.label or offered.engine.id}"
    )
    priority = ALL if ids is None else ASKED
    return context.part(Jobs).put(KIND, label, payload, lane=offered.engine.lane, priority=priority)


def rehearse_engine(context: Context, reader: Reader, ask: RehearseEngine) -> Job:
    """Run an engine on some pictures without storing results; `rehearsal` returns them."""
    offered = context.part(Host).producers.named(ask.engine, ask.kind)
    params, _ = context.part(Host).producers.settings(offered, ask.params)
    if offered.engine.learns:
        raise Invalid(f"{offered.engine.label or offered.engine.id} learns: its training tells how good it is.")
    demand_runs(context, offered, params)
    chosen = context.selected(reader, ask) if ask.ids is not None or ask.view is not None else None
    ids = provenance.of_kinds(context.db, chosen, sorted(offered.engine.accepts))
    if not ids:
        raise Invalid(f"{offered.engine.label or offered.engine.id} is for none of these pictures.")
    done = context.part(Host).catalogue.find_producer(offered, params)
    left = context.part(Outputs).count_missing(done, among=ids) if done is not None else len(ids)
    sample = [ids[n * len(ids) // ask.count] for n in range(ask.count)] if len(ids) > ask.count else ids
    label = f"Rehearsing {offered.engine.label or offered.engine.id} on {many(len(sample))}"
    payload = Rehearse(offered.engine.id, params, sample, left)
    return context.part(Jobs).put(REHEARSAL, label, payload, lane=offered.engine.lane, priority=ASKED)


def rehearsal(context: Context, reader: Reader, id: int) -> Rehearsal:
    """Return the results of a trial run by the id of its job, until the library is closed."""
    if id not in context.part(Host).rehearsals:
        raise NotFound("There is no such trial run, it has not finished, or the library was closed since then.")
    return context.part(Host).rehearsals[id]


def set_engine(context: Context, reader: Reader, ask: SetEngine) -> EngineInfo:
    """Change an engine's settings, make it the default of its kind, or set which pictures it processes automatically.

    Only the owner in person can set secrets. They are stored for the address in the settings.
    """
    if ask.secrets:
        demand_person(reader)
    offered, catalogue = context.part(Host).catalogue.offered(ask.engine), context.part(Host).catalogue
    stored = engines.settings(context.db, ask.engine)
    if ask.params is not None:
        stored = msgspec.structs.replace(stored, params=catalogue.chosen(offered, ask.params))
    address = _address_of(context, offered, stored.params, ask.secrets or {})
    if ask.policy not in (None, "asked"):
        demand_runs(context, offered, stored.params, by_itself=True)
    if ask.policy is not None:
        after = provenance.newest_picture(context.db) if ask.policy == "new" else 0
        stored = msgspec.structs.replace(stored, policy=ask.policy, after=after)
    if ask.threshold is not None and threshold(context, offered) is None:
        raise Invalid(f"No tags of {ask.engine} count: run it before its threshold is moved.")
    producer = catalogue.producer(offered, stored.params) if ask.default else 0

    def work(write: Write) -> None:
        engines.put_settings(write, ask.engine, stored)
        if ask.threshold is not None:
            provenance.move_threshold(write, _counting(context, offered), ask.threshold)
        if ask.default is False:
            engines.drop_default(write, catalogue.kind(offered).name, ask.engine)
        elif ask.default:
            context.part(Host).producers.replace_default(write, offered, producer)

    with engines.keeping_secrets(context.hub, ask.engine, ask.secrets or {}, address):
        context.change(reader, work, lambda _: f"{offered.engine.label or ask.engine} was set up")
    context.part(Host).autorun.refresh()
    if offered.engine.learns:
        context.part(Learning).changed()
    elif ask.policy == "all":
        run_engine(context, reader, RunEngine(engine=ask.engine))
    return _info(context, offered)


def allow_host(context: Context, reader: Reader, ask: AllowHost) -> EngineDetail:
    """Allow or forbid an engine to send pictures to a host; only for the owner's own session."""
    demand_person(reader)
    offered = context.part(Host).catalogue.offered(ask.engine)
    host = ask.host.strip().lower()
    if offered.engine.lane != "net":
        raise Invalid(f"{ask.engine} sends nothing to other machines.")
    if not is_host(host):
        raise Invalid(f"{ask.host!r} is no name of a host: give it as in the engine's settings, without a port.")
    engines.allow(context.hub, ask.engine, host, ask.allowed)
    return engine(context, reader, ask.engine)


def fetch_weights(context: Context, reader: Reader, ask: FetchWeights) -> Job:
    """Download the weights of an engine."""
    offered = context.part(Host).catalogue.offered(ask.engine)
    needed = context.part(Host).catalogue.needed(offered)
    if needed is None:
        raise Invalid(f"{ask.engine} needs no weights.")
    if needed.acknowledge and not engines.has_agreed(context.hub, ask.engine, needed.license):
        if not ask.agree:
            raise Invalid(f"The weights of {ask.engine} are under {needed.license}: agree to that first.")
        engines.agree(context.hub, ask.engine, needed.license)
    label = f"Fetching the weights of {offered.engine.label or ask.engine}"
    return context.part(Jobs).put(FETCH, label, {"engine": ask.engine})


def job_errors(context: Context, reader: Reader, id: int) -> list[EngineError]:
    """Return the pictures on which an engine run failed, with the errors; at most 100."""
    payload = _ran(context, id)
    return [EngineError(*error) for error in provenance.errors(context.db, payload.producer, SHOWN, payload.run)]


def retry_job(context: Context, reader: Reader, id: int) -> Job:
    """Run an engine again on the pictures where a run failed, with the settings of that run."""
    payload = _ran(context, id)
    if context.part(Jobs).get(id).state in RUNNING:
        raise Conflict("This job is not over.")
    if not context.part(Outputs).forget_errors(payload.producer, run=payload.run):
        raise Conflict("This run failed nowhere: there is nothing to try again.")
    return context.part(Jobs).again(id)


def revert_job(context: Context, reader: Reader, id: int) -> Done:
    """Remove the results of an engine run. This can be undone; the engine can process the pictures again."""
    payload = _ran(context, id)
    if context.part(Jobs).get(id).state in RUNNING:
        raise Conflict("This job is not over: cancel it first.")
    offered_kind = context.part(Outputs).producer(payload.producer).kind if payload.producer else "tag"
    tables = context.part(Outputs).kinds[offered_kind].tables

    def work(write: Write) -> Outcome:
        count = provenance.revert(write, payload.run, tables)
        return Outcome(count, f"What {payload.engine} found in {many(count)} was taken back")

    return context.organize(reader, work)


# -- inside --------------------------------------------------------------------------------------------------------


def _ran(context: Context, job: int) -> Payload:
    """Return the arguments of a job that ran an engine."""
    kind, payload = context.part(Jobs).payload(job)
    if kind != KIND:
        raise Invalid("This job ran no engine.")
    return msgspec.convert(payload, Payload)


def _address_of(context: Context, offered: Offered, params: dict[str, Any], texts: dict[str, str]) -> str:
    """Return the address that secrets are for with these settings. Raises `Invalid` if there is none."""
    if unknown := texts.keys() - secrets(offered.engine.Params):
        raise Invalid(f"{offered.engine.id} has no secret called {', '.join(sorted(unknown))}.")
    address = context.part(Host).catalogue.address(offered, params)
    if address is None and any(texts.values()):
        raise Invalid(
            f"{offered.engine.id} cannot be given a secret before its address is set with scheme, host and port:"
            " a secret is only sent to the address it was set for."
        )
    return address or ""


def _meant(context: Context, reader: Reader, ask: RunEngine, offered: Offered) -> list[int] | None:
    """Return the ids of the pictures of a request; None for all."""
    if ask.outdated or ask.failed:
        if ask.params is not None or ask.ids is not None or ask.view is not None or (ask.outdated and ask.failed):
            raise Invalid("What is outdated, or failed, is a selection by itself, with the engine's own settings.")
        if ask.failed:
            return provenance.failed(context.db, _producer(context, offered))
        return context.part(Host).producers.outdated(offered)
    return context.selected(reader, ask) if ask.ids is not None or ask.view is not None else None


def demand_runs(context: Context, offered: Offered, settings: dict[str, Any], *, by_itself: bool = False) -> None:
    """Raise `Invalid` with what to do before an engine can run; `by_itself`: it will run automatically."""
    params, label = context.part(Host).catalogue.params(offered, settings), offered.engine.label or offered.engine.id
    if unset := context.part(Host).catalogue.unset(offered, params):
        raise Invalid(f"{label} cannot be run yet. {unset}")
    context.part(Host).catalogue.reachable(offered, params)
    if offered.engine.learns and not by_itself:
        producer = context.part(Host).catalogue.find_producer(offered, settings)
        if producer is None or training.load(context.db, producer) is None:
            raise Invalid(f"{label} has not learned yet: `pixlstash engine train {offered.engine.id}`.")
    if by_itself and (weights := _weights(context, offered, params)) is not None and weights.missing:
        raise Invalid(f"{label} cannot be run by itself before its weights are fetched.")


def _counting(context: Context, offered: Offered) -> list[int]:
    """Return the active producers of an engine, the preferred one first."""
    producer = _producer(context, offered)
    return provenance.active(context.db, [producer, *context.part(Host).producers.before(offered, producer)])


def threshold(context: Context, offered: Offered) -> float | None:
    counting = _counting(context, offered) if context.part(Host).catalogue.kind(offered).name == "tag" else []
    return provenance.threshold(context.db, counting[0]) if counting else None


def _producer(context: Context, offered: Offered) -> int:
    """Return the id of an engine's present producer; -1 if it never ran."""
    return context.part(Host).producers.find(offered) or -1


def _info(context: Context, offered: Offered) -> EngineInfo:
    engine, kind = offered.engine, context.part(Host).catalogue.kind(offered).name
    producer = _producer(context, offered)
    count = provenance.count(context.db, producer)
    olds = context.part(Host).producers.before(offered, producer)
    state, weights, unset = _state(context, offered)
    return EngineInfo(
        engine.id,
        kind,
        engine.label or engine.id,
        engine.revision,
        engine.license or (weights.license if weights else ""),
        engine.lane,
        offered.origin.plugin,
        offered.origin.distribution,
        offered.origin.version,
        engines.default(context.db, kind) == engine.id,
        engines.settings(context.db, engine.id).policy,  # type: ignore[arg-type]  # it holds only these
        bool(provenance.active(context.db, [producer, *olds])),
        any(loaded == engine.id for _, loaded, _ in context.part(Host).loaded()),
        count.done,
        count.errors,
        provenance.count_outdated(context.db, olds, producer),
        state,
        weights.size if weights else 0,
        unset,
        engine.learns,
    )


def _state(
    context: Context, offered: Offered
) -> tuple[Literal["ready", "set", "allow", "fetch"], WeightsInfo | None, str]:
    """Return what to do before an engine can run, its weights, and a sentence about missing settings."""
    try:
        params = context.part(Host).catalogue.params(offered, engines.settings(context.db, offered.engine.id).params)
    except Invalid as error:
        return "set", None, str(error)
    try:
        if unset := context.part(Host).catalogue.unset(offered, params):
            return "set", None, unset
        weights, sends = _weights(context, offered, params), _sends(context, offered, params)
    except PixlStashError:
        return "ready", None, ""
    if sends is not None and not sends.on:
        return "allow", None, ""
    return "fetch" if weights is not None and weights.missing else "ready", weights, ""


def _if_set_up(context: Context, offered: Offered, ask: Callable[[Offered, Any], T | None]) -> T | None:
    """Return a property of an engine with its own settings; None if the settings are incomplete or invalid."""
    with suppress(PixlStashError):
        return ask(
            offered,
            context.part(Host).catalogue.params(offered, engines.settings(context.db, offered.engine.id).params),
        )
    return None


def _sends(context: Context, offered: Offered, params: Any) -> SendsInfo | None:
    sends = context.part(Host).catalogue.sends(offered, params)
    if sends is None:
        return None
    allowed = engines.allowed(context.hub, offered.engine.id)
    on = bool(sends.hosts) and all(host in allowed for host in sends.hosts)
    return SendsInfo(list(sends.hosts), sends.what, allowed, on)


def _weights(context: Context, offered: Offered, params: Any) -> WeightsInfo | None:
    needed = context.part(Host).catalogue.weights(offered, params)
    if needed is None:
        return None
    place = folder_of(context.part(Host).catalogue.models, offered.engine.id, needed)
    hosts = sorted({urlsplit(file.url).hostname or "" for file in needed.files})
    agree = needed.acknowledge and not engines.has_agreed(context.hub, offered.engine.id, needed.license)
    return WeightsInfo(needed.size, needed.license, str(place), missing(place, needed), hosts, agree)
