"""`pixlstash store`: stores of plugins, whose files are indexed in place."""

from __future__ import annotations

from typing import Any

import click

from ..api import Api
from ..types import AddStore, Job, SourceKind, SourceKinds, StoreState
from . import show
from .folders import scanned
from .options import SETTINGS, Lookup, argument, option, read_settings
from .verbs import Shown, Verb, group
from .watch import Finish


class StoreArgument(click.Argument, Lookup):
    """The name or number of a store. The operation takes its id."""

    def __init__(self) -> None:
        super().__init__(["id"], metavar="STORE")

    def look_up(self, session: Any, values: dict[str, Any]) -> None:
        text = values["id"]
        stores: list[StoreState] = session.store_list()
        same = [store for store in stores if store.name.casefold() == text.casefold()]
        same = same or [store for store in stores if str(store.id) == text]
        if not same:
            raise click.ClickException(f"There is no store called {text!r}. `pixlstash store list` shows them.")
        values["id"] = same[0].id


def _kinds(kinds: SourceKinds) -> None:
    for title, sources in (("Stores", kinds.stores), ("Importers", kinds.importers)):
        click.echo(f"{title}:" if sources else f"{title}: no installed plugin offers any.")
        for source in sources:
            _kind(source)


def _kind(source: SourceKind) -> None:
    click.echo(f"  {source.id}  {source.label}" + (f", which connects to {source.reaches}" if source.reaches else ""))
    required = source.form.get("required", [])
    for name, field in source.form["properties"].items():
        kind = "env:NAME or file:/path" if field.get("x-secret") else field.get("type", "one of several")
        need = ", required" if name in required else f", default {field['default']!r}" if "default" in field else ""
        about = f": {field['description']}" if "description" in field and not field.get("x-secret") else ""
        click.echo(f"      {name} ({kind}{need}){about}")


def _add(session: Any, finish: Finish, kind: str, name: str, settings: list[str], scan: bool) -> Shown:
    store = session.create_store(AddStore(kind, name, read_settings(session, "stores", kind, settings)))
    job = finish(session.scan_store(store.id)) if scan else None

    def shown(store: StoreState) -> None:
        click.echo(f"Added store {store.name}." + (f" {store.problem}" if store.problem else ""))
        if job is not None:
            scanned(job)
            show.demand_done(job, "The scan")

    return Shown(store, shown)


def _scan(session: Any, finish: Finish, id: int) -> Job:
    job: Job = finish(session.scan_store(id))
    return job


def _remove(session: Any, id: int, keep: bool, dry_run: bool) -> Any:
    if dry_run:
        preview = session.preview_remove_store(id)
        return Shown(
            preview,
            lambda _: click.echo(f"{show.counted(preview.pictures, 'picture')} in the store. {preview.sentence}"),
        )
    return session.remove_store(id, keep=keep)


store = group(
    "store",
    "Stores of plugins, whose files are indexed in place: list, add, scan and remove them.",
    Verb("kinds", Api.source_kinds, "List what plugins offer: stores and importers, with settings.", show=_kinds),
    Verb(
        "list",
        Api.store_list,
        "List stores with their state.",
        show=show.Table(
            ">id | >pictures | >missing | state | kind=scheme | name | problem",
            "No stores. `pixlstash store kinds` lists the kinds you can add.",
        ),
    ),
    Verb(
        "add",
        _add,
        "Add a store of a KIND under a NAME, and index it in place; its files are never changed.",
        argument("kind"),
        argument("name"),
        SETTINGS,
        option("--scan/--no-scan", default=True, show_default=True, help="Index its files now."),
        work=True,
    ),
    Verb(
        "scan",
        _scan,
        "Scan a store for new, changed, moved and missing files.",
        StoreArgument(),
        work=True,
        show=scanned,
    ),
    Verb(
        "remove",
        _remove,
        "Forget a store. No file in it is deleted; pictures without another file move to the scrapheap.",
        StoreArgument(),
        option("--keep", is_flag=True, help="Keep such pictures, without a file."),
        option("--dry-run", is_flag=True, help="Only say what would be removed."),
    ),
)
COMMANDS = (store,)
