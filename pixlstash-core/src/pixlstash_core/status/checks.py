"""The check of the integrity of the databases and the presence of original files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import closing

from ..database.connection import Database, Rows, fetch, translated
from ..database.hub import Hub
from ..errors import NotThere, PixlStashError, StoreUnreachable
from ..plugins.contracts import Opened
from ..types import CheckReport

Connect = Callable[[int], Opened]


def check(db: Database, hub: Hub, connect: Connect, verify: bool) -> CheckReport:
    """Check the databases and the files of all locations; with `verify`, also compare their hashes."""
    problems: list[str] = []
    for database in (db, hub.db):
        for (line,) in _integrity(database):
            if line != "ok":
                problems.append(f"{database.path.name}: {line}")
        if broken := database.read("pragma foreign_key_check"):
            problems.append(f"{database.path.name}: {len(broken)} broken references")
    places = db.read(
        "select l.store_id, s.name, l.key, p.sha256, l.size, p.name from location l join store s on s.id = l.store_id"
        " join picture p on p.id = l.picture_id where l.state != 'missing' order by l.store_id, l.key"
    )
    unreachable: set[int] = set()
    verified = 0
    for store, store_name, key, sha256, size, _ in places:
        if store in unreachable:
            continue
        try:
            opened = connect(store)
            stat = opened.stat(key)
            if size is not None and stat.size is not None and stat.size != size:
                problems.append(f"{store_name}: {key} has {stat.size} bytes instead of {size}.")
            elif verify and opened.verbatim:
                if _digest(opened, key) != sha256:
                    problems.append(f"{store_name}: the bytes of {key} have changed.")
                verified += 1
        except NotThere:
            problems.append(f"{store_name}: {key} is missing.")
        except StoreUnreachable as error:
            problems.append(str(error))
            unreachable.add(store)
        except PixlStashError as error:
            problems.append(f"{store_name}: {error}")
    lost = db.value(
        "select count(*) from picture p where not exists (select 1 from location l where l.picture_id = p.id"
        " and l.state != 'missing')"
    )
    if lost:
        problems.append(f"{lost} {'picture is' if lost == 1 else 'pictures are'} missing: no location has the bytes.")
    return CheckReport(db.value("select count(*) from picture"), len(places), verified, problems)


def _integrity(database: Database) -> Rows:
    """Run the integrity check on a new connection: an older one may use a cached state of full-text indexes."""
    with translated(), closing(database.connect()) as connection:
        return fetch(connection, "pragma integrity_check(20)")


def _digest(opened: Opened, key: str) -> bytes:
    digest = hashlib.sha256()
    with opened.read(key) as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.digest()
