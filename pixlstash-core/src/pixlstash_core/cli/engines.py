"""The verbs of `pixlstash engine`: list, configure and run engines."""

from __future__ import annotations

import json
from typing import Any

import click

from ..api import Api
from ..types import (
    AllowHost,
    EngineDetail,
    EngineInfo,
    FetchWeights,
    Job,
    Policy,
    Rehearsal,
    RehearseEngine,
    RunEngine,
    SetEngine,
    TrainEngine,
    TrainingInfo,
)
from . import show, watch
from .options import choices, negative, option, selection
from .show import described, ended, rehearsed, sending, state
from .verbs import Shown, Verb, group

KINDS = ("tag", "caption", "vector", "face", "region", "text", "measure")
PARAM = option("-p", "--param", "params", multiple=True, metavar="NAME=VALUE", help="A setting; may be repeated.")
INSTALLED = show.Table("engine=id | kind | lane | state | >done | >errors | >outdated", state=state)
UNINSTALLED = show.Table(
    "engine=id | kind | weights | licence=license | installed by=pip",
    weights=lambda engine: show.size(engine.size) if engine.size else "",
)


def _list(session: Any) -> Shown:
    engines, more = session.engines(), session.uninstalled_engines()

    def text(_: object) -> None:
        INSTALLED(engines)
        if more:
            click.echo("\nNot installed:")
            UNINSTALLED(more)

    return Shown(engines, text)


def _chosen(session: Any, query: str | None, ids: list[int]) -> dict[str, Any]:
    """Return the chosen pictures; all if there is neither a query nor an id."""
    return selection(session, query, ids, "--query") if query is not None or ids else {}


def _run(
    session: Any,
    finish: watch.Finish,
    id: str | None,
    query: str | None,
    ids: list[int],
    kind: str | None,
    params: list[str],
    **which: Any,
) -> Shown:
    chosen = _chosen(session, query, ids)
    ask = RunEngine(engine=id or "", kind=kind or "", params=_params(params) if params else None, **which, **chosen)
    return ran(session, finish(session.run_engine(ask)))


def ran(session: Any, job: Job) -> Shown:
    """Return the result of a run as text."""
    return Shown(job, lambda job: ended(job, session.job_errors(job.id) if job.failed else []))


def _train(session: Any, finish: watch.Finish, id: str) -> TrainingInfo:
    show.demand_done(finish(session.train_engine(TrainEngine(id))))
    show.demand_done(finish(session.run_engine(RunEngine(engine=id))))  # it runs on all pictures already: wait for it
    info: TrainingInfo = session.trained_engine(id)
    return info


def _trained(info: TrainingInfo) -> None:
    numbers = ", ".join(f"{name} {value:g}" for name, value in info.report.items() if isinstance(value, int | float))
    examples = show.counted(info.count, "decision" if info.subject == "tags" else "picture")
    click.echo(f"Learned from {examples} ({info.learned}){': ' if numbers else '.'}{numbers}")
    for tag in info.report.get("tags", []) if info.subject == "tags" else []:
        click.echo(_tag_learned(tag))


def _tag_learned(tag: dict[str, Any]) -> str:
    """Return how well a tag was learned, as one line."""
    if not tag.get("learned", True):
        return f"{tag['name']}: nothing learned, your decisions follow no pattern in these vectors"
    return (
        f"{tag['name']}: precision {_percent(tag.get('precision'))}, recall {_percent(tag.get('recall'))},"
        f" calibration error {_percent(tag.get('error'))}"
    )


def _percent(range: list[float] | None) -> str:
    """Return a share with its interval, given as [share, low, high]."""
    return f"{range[0]:.0%} ({range[1]:.0%} to {range[2]:.0%})" if range else "unknown"


def _rehearse(
    session: Any, finish: watch.Finish, id: str, query: str | None, count: int, params: list[str]
) -> Rehearsal:
    chosen = _chosen(session, query, [])
    ask = RehearseEngine(engine=id, params=_params(params) if params else None, count=count, **chosen)
    job = finish(session.rehearse_engine(ask))
    show.demand_done(job)
    rehearsal: Rehearsal = session.rehearsal(job.id)
    return rehearsal


def _ask_secrets(values: dict[str, Any]) -> None:
    ask = {name: click.prompt(name, hide_input=True, default="", show_default=False) for name in values["secrets"]}
    values["secrets"] = ask or None


def _set(session: Any, id: str, params: list[str], **how: Any) -> EngineInfo:
    settings = None
    if params:
        settings = {**session.engine(id).params, **_params(params)}
        settings = {name: value for name, value in settings.items() if value is not None}
    engine: EngineInfo = session.set_engine(SetEngine(engine=id, params=settings, **how))
    return engine


def _params(settings: list[str]) -> dict[str, Any]:
    """Parse settings: a value is JSON if it can be parsed, otherwise text; an empty one restores the default."""
    values: dict[str, Any] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals or not name:
            raise click.UsageError(f"{setting!r} is no setting: write NAME=VALUE.")
        try:
            values[name] = json.loads(text) if text else None
        except ValueError:
            values[name] = text
    return values


def _allow(session: Any, id: str, host: str, allowed: bool) -> Shown:
    def text(detail: EngineDetail) -> None:
        if detail.sends is not None and detail.sends.hosts:
            return click.echo(f"{detail.engine.label} {sending(detail.sends)}.")
        may = "is allowed to" if allowed else "is no longer allowed to"
        return click.echo(f"{detail.engine.label} {may} send pictures to {host}. Its address is not set yet.")

    return Shown(session.allow_host(AllowHost(id, host, allowed)), text)


def _fetch(session: Any, finish: watch.Finish, id: str, agree: bool) -> Job:
    return finish(session.fetch_weights(FetchWeights(id, agree)))


def _fetched(job: Job) -> None:
    if job.state == "done":
        click.echo(f"{show.size(job.done)} are here.")


engine = group(
    "engine",
    """Engines: what computes tags, captions and more about pictures.

    Environment: PIXLSTASH_ENGINE_MEMORY limits the main memory of an engine, in GiB (default: four fifths of the
    machine's or the container's); PIXLSTASH_DEVICE names the device (cpu, cuda:1, mps); PIXLSTASH_MODELS is the folder
    of weights.
    """,
    Verb("list", _list, "List installed engines with their progress, and engines that can be installed."),
    Verb("show ID", Api.engine, "Show an engine: its settings, weights and errors.", show=described),
    Verb(
        "run [ID]",
        _run,
        "Run an engine on pictures it has not processed; Ctrl-C cancels it and keeps finished results.",
        option("-q", "--query", help="The pictures a query finds; without it or --id, all."),
        option("--id", "ids", multiple=True, type=click.IntRange(min=0), help="A picture; may be repeated."),
        option("--kind", type=click.Choice(KINDS), help="Use the default engine of a kind instead of ID."),
        option("--retry", is_flag=True, help="Also retry failed pictures."),
        option("--failed", is_flag=True, help="Only retry failed pictures."),
        option("--outdated", is_flag=True, help="Replace results of older revisions or other settings."),
        PARAM,
        work=True,
    ),
    Verb(
        "train ID",
        _train,
        "Let an engine learn from your decisions, and run it on all pictures; `engine show` tells how good it is.",
        work=True,
        show=_trained,
    ),
    Verb(
        "rehearse ID",
        _rehearse,
        "Try an engine on some pictures without storing results, and estimate a full run.",
        option("-q", "--query", help="The pictures a query finds; without it, all."),
        option("--count", type=click.IntRange(1, 200), default=20, show_default=True, help="The number of pictures."),
        PARAM,
        work=True,
        show=rehearsed,
    ),
    Verb(
        "set ID",
        _set,
        "Change settings of an engine; NAME= resets one.",
        PARAM,
        option(
            "--secret",
            "secrets",
            multiple=True,
            metavar="NAME",
            help="A secret setting; you are prompted for its value.",
        ),
        option("--default/--no-default", "default", default=None, help="Make this the default engine for its kind."),
        option("--policy", type=choices(Policy), help="Which pictures it processes automatically."),
        prepare=_ask_secrets,
        show=lambda engine: click.echo(f"{engine.label}: {state(engine) or 'set up'}."),
    ),
    Verb(
        "allow ID HOST",
        _allow,
        "Allow an engine to send pictures to HOST. `engine show` says what it would send.",
        negative("--no-longer", "allowed", help="Revoke it."),
    ),
    Verb(
        "fetch ID",
        _fetch,
        "Download the weights of an engine; interrupted downloads are resumed.",
        option("--agree", is_flag=True, help="Accept the license of the weights."),
        work=True,
        show=_fetched,
    ),
)
COMMANDS = (engine,)
