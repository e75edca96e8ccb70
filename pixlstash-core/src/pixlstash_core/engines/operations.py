"""Engines: what there is, how it is set, running it, and taking back what a run wrote."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

import msgspec

from ..context import Context, demand, demand_person
from ..database.writer import Write
from ..errors import Conflict, Invalid, NotFound, PixlStashError
from ..plugins.addresses import is_host
from ..plugins.registry import Offered
from ..plugins.settings import form, secrets
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
from ..types.outcome import Outcome, many
from . import known, provenance
from . import settings as engines
from .autorun import ALL, ASKED, KIND
from .host import FETCH, REHEARSAL, Payload, ranges
from .trial import Ask as Rehearse
from .weights import folder_of, missing

T = TypeVar("T")

#: Errors that are listed of one engine.
SHOWN = 100
RUNNING = ("waiting", "running")


def list_engines(context: Context, reader: Reader) -> list[EngineInfo]:
    """Every engine installed, by kind."""
    demand(reader, "owner")
    found = [_info(context, offered) for offered in context.host.catalogue.all()]
    order = list(context.outputs.kinds)
    return sorted(found, key=lambda one: (order.index(one.kind), not one.default, one.id))


def uninstalled_engines(context: Context, reader: Reader) -> list[UninstalledEngine]:
    """Engines of our own plugins that are not installed, and how each is."""
    demand(reader, "owner")
    there = {offered.engine.id for offered in context.host.catalogue.all()}
    return [one for one in known.ENGINES if one.id not in there]


def engine(context: Context, reader: Reader, id: str) -> EngineDetail:
    """One engine with its settings, their form, and where it failed."""
    demand(reader, "owner")
    offered = context.host.catalogue.offered(id)
    catalogue, kept = context.host.catalogue, engines.settings(context.db, id).params
    address, hidden = catalogue.address(offered, kept), secrets(offered.engine.Params)
    stored = engines.secrets(context.hub, id, address) if address is not None else {}
    failed = provenance.errors(context.db, _known(context, offered), SHOWN)
    return EngineDetail(
        _info(context, offered),
        catalogue.shown(offered, kept),
        form(offered.engine.Params),
        sorted(stored.keys() & hidden),
        _if_set_up(context, offered, partial(_weights, context)),
        [EngineError(*one) for one in failed],
        _threshold(context, offered),
        _if_set_up(context, offered, partial(_sends, context)),
        sorted(engines.other_secrets(context.hub, id, address) & hidden),
    )


def run_engine(context: Context, reader: Reader, ask: RunEngine) -> Job:
    """Run an engine on pictures it has not looked at: a selection, or all."""
    demand(reader, "write", whole=True)
    context.demand_writable()
    offered = context.host.producers.named(ask.engine, ask.kind)
    params, own = context.host.producers.settings(offered, ask.params)
    _demand_runs(context, offered, params)
    ids = _meant(context, reader, ask, offered)
    producer = context.host.catalogue.producer(offered, params)
    if ask.retry or ask.failed:
        context.outputs.forget_errors(producer, ids)
    context.host.producers.enlist(offered, producer, ids, own=own)
    chosen = ranges(ids) if ids is not None else None
    payload = Payload(offered.engine.id, producer, context.outputs.begin(producer), params, chosen)
    which = "all pictures" if ids is None else many(len(ids))
    label = f"{context.host.catalogue.kind(offered).verb} {which} with {offered.engine.label or offered.engine.id}"
    priority = ALL if ids is None else ASKED
    return context.queue.put(KIND, label, payload, lane=offered.engine.lane, priority=priority)


def rehearse_engine(context: Context, reader: Reader, ask: RehearseEngine) -> Job:
    """Run an engine on some pictures and keep nothing; `rehearsal` says what came of it."""
    demand(reader, "owner")
    context.demand_writable()
    offered = context.host.producers.named(ask.engine, ask.kind)
    params, _ = context.host.producers.settings(offered, ask.params)
    _demand_runs(context, offered, params)
    chosen = context.selected(reader, ask) if ask.ids is not None or ask.view is not None else None
    ids = provenance.of_kinds(context.db, chosen, sorted(offered.engine.accepts))
    if not ids:
        raise Invalid(f"{offered.engine.label or offered.engine.id} is for none of these pictures.")
    done = context.host.catalogue.known(offered, params)
    left = context.outputs.count_missing(done, among=ids) if done is not None else len(ids)
    sample = [ids[n * len(ids) // ask.count] for n in range(ask.count)] if len(ids) > ask.count else ids
    label = f"Rehearsing {offered.engine.label or offered.engine.id} on {many(len(sample))}"
    payload = Rehearse(offered.engine.id, params, sample, left)
    return context.queue.put(REHEARSAL, label, payload, lane=offered.engine.lane, priority=ASKED)


def rehearsal(context: Context, reader: Reader, id: int) -> Rehearsal:
    """What came of a rehearsal, by the id of its job, as long as the library stays open."""
    demand(reader, "owner")
    if id not in context.host.rehearsals:
        raise NotFound("There is no such rehearsal, or it is not over, or the library was closed since.")
    return context.host.rehearsals[id]


def set_engine(context: Context, reader: Reader, ask: SetEngine) -> EngineInfo:
    """Change an engine's settings, make it the default of its kind, or say what it is run on by itself.

    Secrets are set by the owner in person only, and are tied to the address that the settings send to.
    """
    demand(reader, "owner")
    if ask.secrets:
        demand_person(reader)
    context.demand_writable()
    offered, catalogue = context.host.catalogue.offered(ask.engine), context.host.catalogue
    kept = engines.settings(context.db, ask.engine)
    if ask.params is not None:
        kept = msgspec.structs.replace(kept, params=catalogue.chosen(offered, ask.params))
    address = _address_of(context, offered, kept.params, ask.secrets or {})
    if ask.policy not in (None, "asked"):
        _demand_runs(context, offered, kept.params, by_itself=True)
    if ask.policy is not None:
        after = provenance.newest_picture(context.db) if ask.policy == "new" else 0
        kept = msgspec.structs.replace(kept, policy=ask.policy, after=after)
    if ask.threshold is not None and _threshold(context, offered) is None:
        raise Invalid(f"No tags of {ask.engine} count: run it before its threshold is moved.")
    producer = catalogue.producer(offered, kept.params) if ask.default else 0

    def work(write: Write) -> None:
        engines.put_settings(write, ask.engine, kept)
        if ask.threshold is not None:
            provenance.move_threshold(write, _counting(context, offered), ask.threshold)
        if ask.default is False:
            engines.drop_default(write, catalogue.kind(offered).name, ask.engine)
        elif ask.default:
            context.host.producers.replace_default(write, offered, producer)

    with engines.keeping_secrets(context.hub, ask.engine, ask.secrets or {}, address):
        context.change(reader, work, lambda _: f"{offered.engine.label or ask.engine} was set up")
    context.host.autorun.refresh()
    if ask.policy == "all":
        run_engine(context, reader, RunEngine(engine=ask.engine))
    return _info(context, offered)


def allow_host(context: Context, reader: Reader, ask: AllowHost) -> EngineDetail:
    """Allow an engine to send pictures to a host, or no longer: by the owner in person only."""
    demand_person(reader)
    context.demand_writable()
    offered = context.host.catalogue.offered(ask.engine)
    host = ask.host.strip().lower()
    if offered.engine.lane != "net":
        raise Invalid(f"{ask.engine} sends nothing to other machines.")
    if not is_host(host):
        raise Invalid(f"{ask.host!r} is no name of a host: give it as in the engine's settings, without a port.")
    engines.allow(context.hub, ask.engine, host, ask.allowed)
    return engine(context, reader, ask.engine)


def fetch_weights(context: Context, reader: Reader, ask: FetchWeights) -> Job:
    """Fetch the weights an engine needs, from where it says they are."""
    demand(reader, "owner")
    context.demand_writable()
    offered = context.host.catalogue.offered(ask.engine)
    needed = context.host.catalogue.needed(offered)
    if needed is None:
        raise Invalid(f"{ask.engine} needs no weights.")
    if needed.acknowledge and not engines.has_agreed(context.hub, ask.engine, needed.license):
        if not ask.agree:
            raise Invalid(f"The weights of {ask.engine} are under {needed.license}: agree to that first.")
        engines.agree(context.hub, ask.engine, needed.license)
    label = f"Fetching the weights of {offered.engine.label or ask.engine}"
    return context.queue.put(FETCH, label, {"engine": ask.engine})


def job_errors(context: Context, reader: Reader, id: int) -> list[EngineError]:
    """Where the run of an engine failed, and why: 100 at most."""
    demand(reader, "owner")
    payload = _ran(context, id)
    return [EngineError(*one) for one in provenance.errors(context.db, payload.producer, SHOWN, payload.run)]


def retry_job(context: Context, reader: Reader, id: int) -> Job:
    """Run an engine again on the pictures where a run of it failed, with the settings of then."""
    demand(reader, "write", whole=True)
    context.demand_writable()
    payload = _ran(context, id)
    if context.queue.get(id).state in RUNNING:
        raise Conflict("This job is not over.")
    if not context.outputs.forget_errors(payload.producer, run=payload.run):
        raise Conflict("This run failed nowhere: there is nothing to try again.")
    return context.queue.again(id)


def revert_job(context: Context, reader: Reader, id: int) -> Done:
    """Take back what a run of an engine wrote. It can be undone, and the pictures can be looked at again."""
    demand(reader, "write", whole=True)
    context.demand_writable()
    payload = _ran(context, id)
    if context.queue.get(id).state in RUNNING:
        raise Conflict("This job is not over: cancel it first.")
    offered_kind = context.outputs.producer(payload.producer).kind if payload.producer else "tag"
    tables = context.outputs.kinds[offered_kind].tables

    def work(write: Write) -> Outcome:
        count = provenance.revert(write, payload.run, tables)
        return Outcome(count, f"What {payload.engine} found in {many(count)} was taken back")

    return context.organise(reader, work)


# -- inside --------------------------------------------------------------------------------------------------------


def _ran(context: Context, job: int) -> Payload:
    """What a job that runs an engine was given."""
    kind, given = context.queue.payload(job)
    if kind != KIND:
        raise Invalid("This job ran no engine.")
    return msgspec.convert(given, Payload)


def _address_of(context: Context, offered: Offered, params: dict[str, Any], given: dict[str, str]) -> str:
    """The address that these secrets are for with these settings. Raises `Invalid` where there is none."""
    if unknown := given.keys() - secrets(offered.engine.Params):
        raise Invalid(f"{offered.engine.id} has no secret called {', '.join(sorted(unknown))}.")
    address = context.host.catalogue.address(offered, params)
    if address is None and any(given.values()):
        raise Invalid(
            f"{offered.engine.id} cannot be given a secret before its address is set with scheme, host and port:"
            " a secret is only sent to the address it was set for."
        )
    return address or ""


def _meant(context: Context, reader: Reader, ask: RunEngine, offered: Offered) -> list[int] | None:
    """The pictures of a request; None: all."""
    if ask.outdated or ask.failed:
        if ask.params is not None or ask.ids is not None or ask.view is not None or (ask.outdated and ask.failed):
            raise Invalid("What is outdated, or failed, is a selection by itself, with the engine's own settings.")
        if ask.failed:
            return provenance.failed(context.db, _known(context, offered))
        return context.host.producers.outdated(offered)
    return context.selected(reader, ask) if ask.ids is not None or ask.view is not None else None


def _demand_runs(context: Context, offered: Offered, given: dict[str, Any], *, by_itself: bool = False) -> None:
    """Raise `Invalid` with what is to be done before an engine can be run; `by_itself`: when nobody looks on."""
    params, label = context.host.catalogue.params(offered, given), offered.engine.label or offered.engine.id
    if said := context.host.catalogue.unset(offered, params):
        raise Invalid(f"{label} cannot be run yet. {said}")
    context.host.catalogue.reachable(offered, params)
    if by_itself and (weights := _weights(context, offered, params)) is not None and weights.missing:
        raise Invalid(f"{label} cannot be run by itself before its weights are fetched.")


def _counting(context: Context, offered: Offered) -> list[int]:
    """Its producers whose results count, the preferred one first."""
    producer = _known(context, offered)
    return provenance.active(context.db, [producer, *context.host.producers.before(offered, producer)])


def _threshold(context: Context, offered: Offered) -> float | None:
    counting = _counting(context, offered) if context.host.catalogue.kind(offered).name == "tag" else []
    return provenance.threshold(context.db, counting[0]) if counting else None


def _known(context: Context, offered: Offered) -> int:
    """The producer that an engine is; -1 where it cannot be one, or never was (and nothing is written)."""
    return context.host.producers.known(offered) or -1


def _info(context: Context, offered: Offered) -> EngineInfo:
    engine, kind = offered.engine, context.host.catalogue.kind(offered).name
    producer = _known(context, offered)
    count = provenance.count(context.db, producer)
    olds = context.host.producers.before(offered, producer)
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
        any(loaded == engine.id for _, loaded, _ in context.host.loaded()),
        count.done,
        count.errors,
        provenance.count_outdated(context.db, olds, producer),
        state,
        weights.size if weights else 0,
        unset,
    )


def _state(
    context: Context, offered: Offered
) -> tuple[Literal["ready", "set", "allow", "fetch"], WeightsInfo | None, str]:
    """What is to be done before an engine can be run, its weights, what is to be set. A fault is told by a run."""
    try:
        params = context.host.catalogue.params(offered, engines.settings(context.db, offered.engine.id).params)
    except Invalid as error:
        return "set", None, str(error)
    try:
        if unset := context.host.catalogue.unset(offered, params):
            return "set", None, unset
        weights, sends = _weights(context, offered, params), _sends(context, offered, params)
    except PixlStashError:
        return "ready", None, ""
    if sends is not None and not sends.on:
        return "allow", None, ""
    return "fetch" if weights is not None and weights.missing else "ready", weights, ""


def _if_set_up(context: Context, offered: Offered, ask: Callable[[Offered, Any], T | None]) -> T | None:
    """What an engine says with its own settings; None where it cannot say: its settings can be changed anyway."""
    with suppress(PixlStashError):
        return ask(
            offered, context.host.catalogue.params(offered, engines.settings(context.db, offered.engine.id).params)
        )
    return None


def _sends(context: Context, offered: Offered, params: Any) -> SendsInfo | None:
    sends = context.host.catalogue.sends(offered, params)
    if sends is None:
        return None
    allowed = engines.allowed(context.hub, offered.engine.id)
    on = bool(sends.hosts) and all(host in allowed for host in sends.hosts)
    return SendsInfo(list(sends.hosts), sends.what, allowed, on)


def _weights(context: Context, offered: Offered, params: Any) -> WeightsInfo | None:
    needed = context.host.catalogue.weights(offered, params)
    if needed is None:
        return None
    place = folder_of(context.host.catalogue.models, offered.engine.id, needed)
    hosts = sorted({urlsplit(file.url).hostname or "" for file in needed.files})
    agree = needed.acknowledge and not engines.has_agreed(context.hub, offered.engine.id, needed.license)
    return WeightsInfo(needed.size, needed.license, str(place), missing(place, needed), hosts, agree)
