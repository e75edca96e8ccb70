"""The verbs of engines, and of what is found by their results."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from . import show
from .options import JSON, selection

if TYPE_CHECKING:
    from ..types import Agreement, EngineDetail, EngineError, EngineInfo, Job, Rehearsal, SendsInfo
    from .main import Shell

#: Pictures that a run failed on, as many as are named.
SHOWN = 10
KINDS = ("tag", "caption", "vector", "face", "region", "measure")
_NOTHING = {
    "tags": "No tag of these pictures was accepted or rejected yet.",
    "faces": "No face of these pictures was drawn or named yet.",
    "words": "None of these pictures has a caption that a person wrote.",
}
PARAM = click.option("-p", "--param", "params", multiple=True, metavar="NAME=VALUE", help="A setting; repeatable.")


@click.group()
def engine() -> None:
    """Engines: what computes tags, captions and more about pictures.

    Environment: PIXLSTASH_ENGINE_MEMORY limits the main memory of an engine, in GiB (default: four fifths of the
    machine's or the container's); PIXLSTASH_DEVICE names the device (cpu, cuda:1, mps); PIXLSTASH_MODELS is the folder
    of weights.
    """


@engine.command("list")
@JSON
@click.pass_obj
def engine_list(shell: Shell, as_json: bool) -> None:
    """List the engines that are installed and how far each has come, and those that could be."""
    with shell.connect() as session:
        found, more = session.engines(), session.uninstalled_engines()
    if as_json:
        return show.dump(found)
    rows = [(one.id, one.kind, one.lane, _state(one), one.done, one.errors, one.outdated) for one in found]
    show.table(("engine", "kind", "lane", "state", "done", "errors", "outdated"), rows, frozenset({4, 5, 6}))
    if more:
        click.echo("\nNot installed:")
        size = show.size
        rest = [(one.id, one.kind, size(one.size) if one.size else "", one.license, one.pip) for one in more]
        show.table(("engine", "kind", "weights", "licence", "installed by"), rest)
    return None


@engine.command("show")
@click.argument("id")
@JSON
@click.pass_obj
def engine_show(shell: Shell, id: str, as_json: bool) -> None:
    """Show one engine: its settings, its weights, and where it failed."""
    with shell.connect() as session:
        found = session.engine(id)
    show.dump(found) if as_json else _detail(found)


@engine.command("run")
@click.argument("id", required=False, default="")
@click.option("-q", "--query", help="The pictures a query finds; without it or --id, all.")
@click.option("--id", "ids", multiple=True, type=click.IntRange(min=0), help="A picture; may be repeated.")
@click.option("--kind", type=click.Choice(KINDS), default=None, help="The default engine of a kind, in place of ID.")
@click.option("--retry", is_flag=True, help="Also where it failed before.")
@click.option("--failed", is_flag=True, help="Everywhere it failed before, and nowhere else.")
@click.option("--outdated", is_flag=True, help="Where results are of an older revision or other settings.")
@PARAM
@JSON
@click.pass_obj
def engine_run(
    shell: Shell,
    id: str,
    query: str | None,
    ids: tuple[int, ...],
    kind: str | None,
    retry: bool,
    failed: bool,
    outdated: bool,
    params: tuple[str, ...],
    as_json: bool,
) -> None:
    """Run an engine on pictures it has not looked at; Ctrl-C cancels it, and what it found stays."""
    from ..types import RunEngine
    from .watch import finish

    with shell.connect(work=True) as session:
        chosen = selection(session, query, ids, "--query") if query is not None or ids else {}
        given = _params(params) if params else None
        how: dict[str, Any] = {"retry": retry, "failed": failed, "outdated": outdated, **chosen}
        ask = RunEngine(engine=id, kind=kind or "", params=given, **how)
        ran(session, finish(session, session.run_engine(ask), quiet=as_json), as_json)


@engine.command("rehearse")
@click.argument("id")
@click.option("-q", "--query", help="The pictures a query finds; without it, all.")
@click.option("--count", type=click.IntRange(1, 200), default=20, show_default=True, help="On so many of them.")
@PARAM
@JSON
@click.pass_obj
def engine_rehearse(
    shell: Shell, id: str, query: str | None, count: int, params: tuple[str, ...], as_json: bool
) -> None:
    """Run an engine on some pictures and keep nothing: what it says, and what all would take."""
    from ..types import RehearseEngine
    from .watch import finish

    with shell.connect(work=True) as session:
        chosen = selection(session, query, (), "--query") if query is not None else {}
        ask = RehearseEngine(engine=id, params=_params(params) if params else None, count=count, **chosen)
        job = finish(session, session.rehearse_engine(ask), quiet=as_json)
        if job.state != "done":
            raise click.ClickException(job.error or f"The job was {job.state}.")
        found = session.rehearsal(job.id)
    show.dump(found) if as_json else _rehearsed(found)


@engine.command("set")
@click.argument("id")
@PARAM
@click.option("--secret", "secrets", multiple=True, metavar="NAME", help="A secret setting, which is asked for.")
@click.option("--default/--no-default", "default", default=None, help="Is it meant where its kind is asked for.")
@click.option("--policy", type=click.Choice(["all", "new", "asked"]), help="On which pictures it is run by itself.")
@JSON
@click.pass_obj
def engine_set(
    shell: Shell,
    id: str,
    params: tuple[str, ...],
    secrets: tuple[str, ...],
    default: bool | None,
    policy: str | None,
    as_json: bool,
) -> None:
    """Change how an engine is set. Settings that are not given stay; NAME= takes one back."""
    from ..types import SetEngine

    hidden = {name: click.prompt(name, hide_input=True, default="", show_default=False) for name in secrets}
    with shell.connect() as session:
        kept = None
        if params:
            before = session.engine(id).params
            kept = {**before, **_params(params)}
            kept = {name: value for name, value in kept.items() if value is not None}
        ask = SetEngine(engine=id, params=kept, secrets=hidden or None, default=default, policy=policy)  # type: ignore[arg-type]
        found = session.set_engine(ask)
    if as_json:
        return show.dump(found)
    return click.echo(f"{found.label}: {_state(found) or 'set up'}.")


@engine.command("allow")
@click.argument("id")
@click.argument("host")
@click.option("--no-longer", is_flag=True, help="Take it back.")
@JSON
@click.pass_obj
def engine_allow(shell: Shell, id: str, host: str, no_longer: bool, as_json: bool) -> None:
    """Allow an engine to send pictures to HOST. `engine show` says what it would send."""
    from ..types import AllowHost

    with shell.connect() as session:
        found = session.allow_host(AllowHost(id, host, not no_longer))
    if as_json:
        return show.dump(found)
    if found.sends is not None and found.sends.hosts:
        return click.echo(f"{found.engine.label} {_sending(found.sends)}.")
    may = "is no longer allowed to" if no_longer else "is allowed to"
    return click.echo(f"{found.engine.label} {may} send pictures to {host}. Its address is not set yet.")


@engine.command("fetch")
@click.argument("id")
@click.option("--agree", is_flag=True, help="Agree to the licence of the weights.")
@JSON
@click.pass_obj
def engine_fetch(shell: Shell, id: str, agree: bool, as_json: bool) -> None:
    """Fetch the weights an engine needs; what was interrupted goes on where it was."""
    from ..types import FetchWeights
    from .watch import finish

    with shell.connect(work=True) as session:
        job = finish(session, session.fetch_weights(FetchWeights(id, agree)), quiet=as_json)
    if as_json:
        show.dump(job)
    elif job.state == "done":
        click.echo(f"{show.size(job.done)} are here.")
    if job.state != "done":
        raise click.ClickException(job.error or f"The job was {job.state}.")


def _params(given: tuple[str, ...]) -> dict[str, Any]:
    """Settings as typed: a value is JSON where it reads as such, else a text; none takes the setting back."""
    found: dict[str, Any] = {}
    for one in given:
        name, equals, text = one.partition("=")
        if not equals or not name:
            raise click.UsageError(f"{one!r} is no setting: write NAME=VALUE.")
        try:
            found[name] = json.loads(text) if text else None
        except ValueError:
            found[name] = text
    return found


def _state(one: EngineInfo) -> str:
    words = {
        "to be set up": one.state == "set",
        "to be fetched": one.state == "fetch",
        "sends pictures elsewhere": one.lane == "net" and one.state != "allow",
        "not allowed to send pictures": one.state == "allow",
        "default": one.default,
        "all pictures": one.policy == "all",
        "new pictures": one.policy == "new",
        "counts": one.active,
        "loaded": one.loaded,
    }
    return ", ".join(word for word, holds in words.items() if holds)


def _sending(sends: SendsInfo) -> str:
    """What an engine may send where."""
    may = "sends" if sends.on else "would send"
    return f"{may} {sends.what} to {', '.join(sends.hosts)}" + ("" if sends.on else ", and is not allowed to")


def _rehearsed(found: Rehearsal) -> None:
    for one in found.pictures:
        click.echo(f"  {one.picture} {one.name}: {one.text}")
    for failed in found.errors:
        click.echo(click.style(f"  ! {failed.picture} {failed.name}: {failed.error}", fg="red"))
    click.echo(_agrees(found.agreement))
    took = f"{_long(found.whole)} on this machine for {show.counted(found.total, 'picture')}, measured on {found.tried}"
    click.echo(f"{took}; {show.size(found.size)}. Nothing was kept.")


def _agrees(one: Agreement | None) -> str:
    """How what it says agrees with what people said."""
    if one is None:
        return "There is nothing it could agree with: people do not say what its results should be."
    if not one.accepted + one.rejected:
        return _NOTHING[one.of]
    if one.of == "tags":
        found = f"It finds {one.found} of {one.accepted} tags that were accepted"
        return f"{found}, and says {one.again} of {one.rejected} that were rejected."
    if one.of == "faces":
        return f"Of {show.counted(one.accepted, 'face')} that people drew or named, it finds {one.found:,}."
    return f"Its captions have {one.found} of {one.accepted} words of people's own."


def _long(seconds: float) -> str:
    """About how long that is."""
    for name, unit in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * unit:
            return f"≈ {seconds / unit:.0f} {name}"
    return f"≈ {seconds:.0f} s" if seconds >= 1 else "less than a second"


def ran(session: Any, job: Job, as_json: bool) -> None:
    """Print what came of a run; one that did not end well is an error."""
    show.dump(job) if as_json else _ran(job, session.job_errors(job.id) if job.failed else [])
    if job.state != "done":
        raise click.ClickException(job.error or f"The job was {job.state}.")


def _ran(job: Job, errors: list[EngineError]) -> None:
    if job.state == "done" and not job.done:
        return click.echo(f"Nothing to do: it has looked at all of these, or is for none of them.  (job {job.id})")
    took = (job.finished - job.started).total_seconds() if job.started and job.finished else 0.0
    rate = f", {job.done / took:.1f}/s" if took else ""
    click.echo(f"{show.counted(job.done, 'picture')}, {took:.1f} s{rate}  (job {job.id})")
    if job.dropped:
        click.echo(f"  {show.counted(job.dropped, 'tag')} dropped: {job.dropped_reason}")
    if not job.failed:
        return None
    click.echo(click.style(f"  It failed on {job.failed:,}: `pixlstash job retry {job.id}` tries again", fg="red"))
    for one in errors[:SHOWN]:
        click.echo(f"  ! {one.picture} {one.name}: {one.error}")
    if job.failed > SHOWN:
        click.echo(f"  … and {job.failed - SHOWN:,} more")
    return None


def _detail(found: EngineDetail) -> None:
    one = found.engine
    click.echo(f"{click.style(one.label, bold=True)}  {one.id} {one.revision}  ({one.package} {one.version})")
    click.echo(f"  {one.kind}, lane {one.lane}" + (f", {state}" if (state := _state(one)) else ""))
    if one.unset:
        click.echo(click.style(f"  ! {one.unset}", fg="yellow"))
        click.echo(f"  `pixlstash engine set {one.id} -p NAME=VALUE` does")
    for name, about in found.form.get("properties", {}).items():
        if name in found.params:
            click.echo(f"  {name} = {json.dumps(found.params[name])}  {about.get('description', '')}".rstrip())
        elif name in found.secrets_elsewhere:
            click.echo(f"  {name}: set for another address, to which alone it is sent (secret)")
        else:
            click.echo(f"  {name}: {'set' if name in found.secrets else 'not set'} (secret)")
    if found.sends is not None and found.sends.hosts:
        click.echo(click.style(f"  ! it {_sending(found.sends)}", fg="yellow"))
        if not found.sends.on:
            click.echo(f"  `pixlstash engine allow {one.id} {found.sends.hosts[0]}` allows it")
    if found.weights is not None:
        licence = f", {found.weights.license}" if found.weights.license else ""
        click.echo(f"  weights: {show.size(found.weights.size)}{licence}, in {found.weights.folder}")
        if found.weights.missing:
            agree = " --agree" if found.weights.agree else ""
            click.echo(f"  `pixlstash engine fetch {one.id}{agree}` brings them from {', '.join(found.weights.hosts)}")
        for file in found.weights.missing:
            click.echo(click.style(f"  ! {file} is missing", fg="red"))
    click.echo(f"  {show.counted(one.done, 'picture')} processed, {one.errors:,} failed")
    if one.outdated:
        outdated = show.counted(one.outdated, "outdated result")
        click.echo(f"  {outdated}: `pixlstash engine run {one.id} --outdated`")
    for failed in found.errors:
        click.echo(click.style(f"  ! {failed.picture} {failed.name}: {failed.error}", fg="red"))


COMMANDS = (engine,)
