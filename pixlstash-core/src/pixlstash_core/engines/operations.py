"""Engines: what there is, how it is set, running it, and taking back what a run wrote."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

import msgspec

from ..collections.groups import Told, many
from ..database.writer import Write
from ..errors import Conflict, Invalid, NotFound, PixlStashError
from ..plugins.addresses import is_host
from ..plugins.registry import Offered
from ..plugins.settings import form, secrets
from ..session import Wired, demand, demand_person
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
from . import known, provenance
from . import settings as engines
from .autorun import ALL, ASKED, KIND
from .host import FETCH, REHEARSAL, Host, Payload, ranges
from .outputs import Outputs
from .trial import Ask as Rehearse
from .weights import folder_of, missing

T = TypeVar("T")

#: Errors that are listed of one engine.
SHOWN = 100
RUNNING = ("waiting", "running")


class Engines(Wired):
    host: Host
    outputs: Outputs

    def engines(self, reader: Reader) -> list[EngineInfo]:
        """Every engine installed, by kind."""
        demand(reader, "owner")
        found = [self._info(offered) for offered in self.host.catalogue.all()]
        order = list(self.outputs.kinds)
        return sorted(found, key=lambda one: (order.index(one.kind), not one.default, one.id))

    def uninstalled_engines(self, reader: Reader) -> list[UninstalledEngine]:
        """Engines of our own plugins that are not installed, and how each is."""
        demand(reader, "owner")
        there = {offered.engine.id for offered in self.host.catalogue.all()}
        return [one for one in known.ENGINES if one.id not in there]

    def engine(self, reader: Reader, id: str) -> EngineDetail:
        """One engine with its settings, their form, and where it failed."""
        demand(reader, "owner")
        offered = self.host.catalogue.offered(id)
        catalogue, kept = self.host.catalogue, engines.settings(self.db, id).params
        address, hidden = catalogue.address(offered, kept), secrets(offered.engine.Params)
        stored = engines.secrets(self.hub, id, address) if address is not None else {}
        failed = provenance.errors(self.db, self._known(offered), SHOWN)
        return EngineDetail(
            self._info(offered),
            catalogue.shown(offered, kept),
            form(offered.engine.Params),
            sorted(stored.keys() & hidden),
            self._if_set_up(offered, self._weights),
            [EngineError(*one) for one in failed],
            self._threshold(offered),
            self._if_set_up(offered, self._sends),
            sorted(engines.other_secrets(self.hub, id, address) & hidden),
        )

    def run_engine(self, reader: Reader, ask: RunEngine) -> Job:
        """Run an engine on pictures it has not looked at: a selection, or all."""
        demand(reader, "write", whole=True)
        self._writable()
        offered = self.host.choosing.named(ask.engine, ask.kind)
        params, own = self.host.choosing.settings(offered, ask.params)
        self._demand_runs(offered, params)
        ids = self._meant(reader, ask, offered)
        producer = self.host.catalogue.producer(offered, params)
        if ask.retry or ask.failed:
            self.outputs.forget_errors(producer, ids)
        self.host.choosing.enlist(offered, producer, ids, own=own)
        chosen = ranges(ids) if ids is not None else None
        payload = Payload(offered.engine.id, producer, self.outputs.begin(producer), params, chosen)
        which = "all pictures" if ids is None else many(len(ids))
        label = f"{self.host.catalogue.kind(offered).verb} {which} with {offered.engine.label or offered.engine.id}"
        priority = ALL if ids is None else ASKED
        return self.queue.put(KIND, label, payload, lane=offered.engine.lane, priority=priority)

    def rehearse_engine(self, reader: Reader, ask: RehearseEngine) -> Job:
        """Run an engine on some pictures and keep nothing; `rehearsal` says what came of it."""
        demand(reader, "owner")
        self._writable()
        offered = self.host.choosing.named(ask.engine, ask.kind)
        params, _ = self.host.choosing.settings(offered, ask.params)
        self._demand_runs(offered, params)
        chosen = self._selected(reader, ask) if ask.ids is not None or ask.view is not None else None
        ids = provenance.of_kinds(self.db, chosen, sorted(offered.engine.accepts))
        if not ids:
            raise Invalid(f"{offered.engine.label or offered.engine.id} is for none of these pictures.")
        done = self.host.catalogue.known(offered, params)
        left = self.outputs.count_missing(done, among=ids) if done is not None else len(ids)
        sample = [ids[n * len(ids) // ask.count] for n in range(ask.count)] if len(ids) > ask.count else ids
        label = f"Rehearsing {offered.engine.label or offered.engine.id} on {many(len(sample))}"
        payload = Rehearse(offered.engine.id, params, sample, left)
        return self.queue.put(REHEARSAL, label, payload, lane=offered.engine.lane, priority=ASKED)

    def rehearsal(self, reader: Reader, id: int) -> Rehearsal:
        """What came of a rehearsal, by the id of its job, as long as the library stays open."""
        demand(reader, "owner")
        if id not in self.host.rehearsals:
            raise NotFound("There is no such rehearsal, or it is not over, or the library was closed since.")
        return self.host.rehearsals[id]

    def set_engine(self, reader: Reader, ask: SetEngine) -> EngineInfo:
        """Change an engine's settings, make it the default of its kind, or say what it is run on by itself.

        Secrets are set by the owner in person only, and are tied to the address that the settings send to.
        """
        demand(reader, "owner")
        if ask.secrets:
            demand_person(reader)
        self._writable()
        offered, catalogue = self.host.catalogue.offered(ask.engine), self.host.catalogue
        kept = engines.settings(self.db, ask.engine)
        if ask.params is not None:
            kept = msgspec.structs.replace(kept, params=catalogue.chosen(offered, ask.params))
        address = self._address_of(offered, kept.params, ask.secrets or {})
        if ask.policy not in (None, "asked"):
            self._demand_runs(offered, kept.params, by_itself=True)
        if ask.policy is not None:
            after = provenance.newest_picture(self.db) if ask.policy == "new" else 0
            kept = msgspec.structs.replace(kept, policy=ask.policy, after=after)
        if ask.threshold is not None and self._threshold(offered) is None:
            raise Invalid(f"No tags of {ask.engine} count: run it before its threshold is moved.")
        producer = catalogue.producer(offered, kept.params) if ask.default else 0

        def work(write: Write) -> None:
            engines.put_settings(write, ask.engine, kept)
            if ask.threshold is not None:
                provenance.move_threshold(write, self._counting(offered), ask.threshold)
            if ask.default is False:
                engines.drop_default(write, catalogue.kind(offered).name, ask.engine)
            elif ask.default:
                self.host.choosing.replace_default(write, offered, producer)

        with engines.keeping_secrets(self.hub, ask.engine, ask.secrets or {}, address):
            self._do(reader, work, lambda _: f"{offered.engine.label or ask.engine} was set up")
        self.host.arrivals.refresh()
        if ask.policy == "all":
            self.run_engine(reader, RunEngine(engine=ask.engine))
        return self._info(offered)

    def allow_host(self, reader: Reader, ask: AllowHost) -> EngineDetail:
        """Allow an engine to send pictures to a host, or no longer: by the owner in person only."""
        demand_person(reader)
        self._writable()
        offered = self.host.catalogue.offered(ask.engine)
        host = ask.host.strip().lower()
        if offered.engine.lane != "net":
            raise Invalid(f"{ask.engine} sends nothing to other machines.")
        if not is_host(host):
            raise Invalid(f"{ask.host!r} is no name of a host: give it as in the engine's settings, without a port.")
        engines.allow(self.hub, ask.engine, host, ask.allowed)
        return self.engine(reader, ask.engine)

    def fetch_weights(self, reader: Reader, ask: FetchWeights) -> Job:
        """Fetch the weights an engine needs, from where it says they are."""
        demand(reader, "owner")
        self._writable()
        offered = self.host.catalogue.offered(ask.engine)
        needed = self.host.catalogue.needed(offered)
        if needed is None:
            raise Invalid(f"{ask.engine} needs no weights.")
        if needed.acknowledge and not engines.has_agreed(self.hub, ask.engine, needed.license):
            if not ask.agree:
                raise Invalid(f"The weights of {ask.engine} are under {needed.license}: agree to that first.")
            engines.agree(self.hub, ask.engine, needed.license)
        label = f"Fetching the weights of {offered.engine.label or ask.engine}"
        return self.queue.put(FETCH, label, {"engine": ask.engine})

    def job_errors(self, reader: Reader, id: int) -> list[EngineError]:
        """Where the run of an engine failed, and why: 100 at most."""
        demand(reader, "owner")
        payload = self._ran(id)
        return [EngineError(*one) for one in provenance.errors(self.db, payload.producer, SHOWN, payload.run)]

    def retry_job(self, reader: Reader, id: int) -> Job:
        """Run an engine again on the pictures where a run of it failed, with the settings of then."""
        demand(reader, "write", whole=True)
        self._writable()
        payload = self._ran(id)
        if self.queue.get(id).state in RUNNING:
            raise Conflict("This job is not over.")
        if not self.outputs.forget_errors(payload.producer, run=payload.run):
            raise Conflict("This run failed nowhere: there is nothing to try again.")
        return self.queue.again(id)

    def revert_job(self, reader: Reader, id: int) -> Done:
        """Take back what a run of an engine wrote. It can be undone, and the pictures can be looked at again."""
        demand(reader, "write", whole=True)
        self._writable()
        payload = self._ran(id)
        if self.queue.get(id).state in RUNNING:
            raise Conflict("This job is not over: cancel it first.")
        offered_kind = self.outputs.producer(payload.producer).kind if payload.producer else "tag"
        tables = self.outputs.kinds[offered_kind].tables

        def work(write: Write) -> Told:
            count = provenance.revert(write, payload.run, tables)
            return Told(count, f"What {payload.engine} found in {many(count)} was taken back")

        return self._organise(reader, work)

    # -- inside --------------------------------------------------------------------------------------------------------

    def _ran(self, job: int) -> Payload:
        """What a job that runs an engine was given."""
        kind, given = self.queue.payload(job)
        if kind != KIND:
            raise Invalid("This job ran no engine.")
        return msgspec.convert(given, Payload)

    def _address_of(self, offered: Offered, params: dict[str, Any], given: dict[str, str]) -> str:
        """The address that these secrets are for with these settings. Raises `Invalid` where there is none."""
        if unknown := given.keys() - secrets(offered.engine.Params):
            raise Invalid(f"{offered.engine.id} has no secret called {', '.join(sorted(unknown))}.")
        address = self.host.catalogue.address(offered, params)
        if address is None and any(given.values()):
            raise Invalid(
                f"{offered.engine.id} cannot be given a secret before its address is set with scheme, host and port:"
                " a secret is only sent to the address it was set for."
            )
        return address or ""

    def _meant(self, reader: Reader, ask: RunEngine, offered: Offered) -> list[int] | None:
        """The pictures of a request; None: all."""
        if ask.outdated or ask.failed:
            if ask.params is not None or ask.ids is not None or ask.view is not None or (ask.outdated and ask.failed):
                raise Invalid("What is outdated, or failed, is a selection by itself, with the engine's own settings.")
            if ask.failed:
                return provenance.failed(self.db, self._known(offered))
            return self.host.choosing.outdated(offered)
        return self._selected(reader, ask) if ask.ids is not None or ask.view is not None else None

    def _demand_runs(self, offered: Offered, given: dict[str, Any], *, by_itself: bool = False) -> None:
        """Raise `Invalid` with what is to be done before an engine can be run; `by_itself`: when nobody looks on."""
        params, label = self.host.catalogue.params(offered, given), offered.engine.label or offered.engine.id
        if said := self.host.catalogue.unset(offered, params):
            raise Invalid(f"{label} cannot be run yet. {said}")
        self.host.catalogue.reachable(offered, params)
        if by_itself and (weights := self._weights(offered, params)) is not None and weights.missing:
            raise Invalid(f"{label} cannot be run by itself before its weights are fetched.")

    def _counting(self, offered: Offered) -> list[int]:
        """Its producers whose results count, the preferred one first."""
        producer = self._known(offered)
        return provenance.active(self.db, [producer, *self.host.choosing.before(offered, producer)])

    def _threshold(self, offered: Offered) -> float | None:
        counting = self._counting(offered) if self.host.catalogue.kind(offered).name == "tag" else []
        return provenance.threshold(self.db, counting[0]) if counting else None

    def _known(self, offered: Offered) -> int:
        """The producer that an engine is; -1 where it cannot be one, or never was (and nothing is written)."""
        return self.host.choosing.known(offered) or -1

    def _info(self, offered: Offered) -> EngineInfo:
        engine, kind = offered.engine, self.host.catalogue.kind(offered).name
        producer = self._known(offered)
        count = provenance.count(self.db, producer)
        olds = self.host.choosing.before(offered, producer)
        state, weights, unset = self._state(offered)
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
            engines.default(self.db, kind) == engine.id,
            engines.settings(self.db, engine.id).policy,  # type: ignore[arg-type]  # it holds only these
            bool(provenance.active(self.db, [producer, *olds])),
            any(loaded == engine.id for _, loaded, _ in self.host.loaded()),
            count.done,
            count.errors,
            provenance.count_outdated(self.db, olds, producer),
            state,
            weights.size if weights else 0,
            unset,
        )

    def _state(self, offered: Offered) -> tuple[Literal["ready", "set", "allow", "fetch"], WeightsInfo | None, str]:
        """What is to be done before an engine can be run, its weights, what is to be set. A fault is told by a run."""
        try:
            params = self.host.catalogue.params(offered, engines.settings(self.db, offered.engine.id).params)
        except Invalid as error:
            return "set", None, str(error)
        try:
            if unset := self.host.catalogue.unset(offered, params):
                return "set", None, unset
            weights, sends = self._weights(offered, params), self._sends(offered, params)
        except PixlStashError:
            return "ready", None, ""
        if sends is not None and not sends.on:
            return "allow", None, ""
        return "fetch" if weights is not None and weights.missing else "ready", weights, ""

    def _if_set_up(self, offered: Offered, ask: Callable[[Offered, Any], T | None]) -> T | None:
        """What an engine says with its own settings; None where it cannot say: its settings can be changed anyway."""
        with suppress(PixlStashError):
            return ask(
                offered, self.host.catalogue.params(offered, engines.settings(self.db, offered.engine.id).params)
            )
        return None

    def _sends(self, offered: Offered, params: Any) -> SendsInfo | None:
        sends = self.host.catalogue.sends(offered, params)
        if sends is None:
            return None
        allowed = engines.allowed(self.hub, offered.engine.id)
        on = bool(sends.hosts) and all(host in allowed for host in sends.hosts)
        return SendsInfo(list(sends.hosts), sends.what, allowed, on)

    def _weights(self, offered: Offered, params: Any) -> WeightsInfo | None:
        needed = self.host.catalogue.weights(offered, params)
        if needed is None:
            return None
        place = folder_of(self.host.catalogue.models, offered.engine.id, needed)
        hosts = sorted({urlsplit(file.url).hostname or "" for file in needed.files})
        agree = needed.acknowledge and not engines.has_agreed(self.hub, offered.engine.id, needed.license)
        return WeightsInfo(needed.size, needed.license, str(place), missing(place, needed), hosts, agree)
