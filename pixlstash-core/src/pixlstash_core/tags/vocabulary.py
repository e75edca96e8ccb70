"""The vocabulary of tags: names, categories, aliases, implications, and the never-list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from ..database.connection import Database, Rows, bind_ids
from ..database.writer import Write
from ..errors import Conflict, Invalid
from ..types import ImportedTags, TagDetail, TagInfo
from . import names
from . import names as words
from .booru import ImportPlan

_INFO = """
    select t.id, t.name, t.category, coalesce(c.pictures, 0), a.name, t.never
    from tag t left join tag a on a.id = t.alias_id
      left join derived_tag_count c on c.tag_id = coalesce(t.alias_id, t.id)
    """


def info(row: tuple[Any, ...]) -> TagInfo:
    return TagInfo(row[0], row[1], row[2], row[3], row[4], bool(row[5]))


def detail(db: Database, name: str) -> TagDetail:
    """Return a tag by its own name, with its aliases and implications."""
    written = words.written(name)
    rows = db.read(f"{_INFO} where t.folded = ?", (words.folded(written),))
    if not rows:
        raise names.absent(written)
    tag = rows[0][0]

    def tied(sql: str) -> list[str]:
        return [row[0] for row in db.read(f"{sql} order by 1", (tag,))]

    return TagDetail(
        info(rows[0]),
        tied("select name from tag where alias_id = ?"),
        tied("select t.name from implication i join tag t on t.id = i.implied_id where i.tag_id = ?"),
        tied("select t.name from implication i join tag t on t.id = i.tag_id where i.implied_id = ?"),
    )


def most_used(db: Database, limit: int, offset: int, never: bool) -> list[TagInfo]:
    """Return the tags, or those on the never-list, the most used first."""
    where = "where t.never" if never else "where t.alias_id is null"
    order = "order by coalesce(c.pictures, 0) desc, t.folded limit ? offset ?"
    return [info(row) for row in db.read(f"{_INFO} {where} {order}", (limit, offset))]


# --- changing it ------------------------------------------------------------------------------------------------------


def rename(write: Write, tag: str, name: str) -> int:
    """Rename a tag; return 1 if its name changed."""
    old, new = words.written(tag), words.written(name)
    row = _row(write, old)
    other = write.value("select id from tag where folded = ?", (words.folded(new),))
    if other not in (None, row):
        raise Conflict(f"There is a tag “{new}” already: merge the two instead.")
    write.execute(
        "update tag set name = :name, folded = :folded where id = :tag and name != :name",
        {"name": new, "folded": words.folded(new), "tag": row},
    )
    return write.changes()


def categorise(write: Write, tags: Iterable[int], category: str) -> int:
    name = " ".join(category.split())
    if not all(c.isprintable() for c in name):
        raise Invalid("The name of a category must consist of printable characters.")
    write.execute(
        "update tag set category = :category where id in carray(:tags) and category != :category",
        {"category": name, "tags": bind_ids(tags)},
    )
    return write.changes()


def never(write: Write, tags: Iterable[int], yes: bool) -> int:
    write.execute(
        "update tag set never = :yes where id in carray(:tags) and never != :yes",
        {"yes": yes, "tags": bind_ids(tags)},
    )
    return write.changes()


def alias(write: Write, tags: Iterable[str], of: str) -> int:
    """Make tags aliases of another and move their annotations and implications to it; return how many changed."""
    goal = _stands_for(write, _row(write, words.written(of)))
    changed = 0
    for name in map(words.written, tags):
        tag = _row(write, name)
        if tag == goal:
            if words.folded(name) == words.folded(words.written(of)):
                continue
            raise Conflict(f"“{of}” stands for “{name}” already.")
        if write.value("select alias_id from tag where id = ?", (tag,)) != goal:
            _move(write, tag, goal)
            changed += 1
    return changed


def unalias(write: Write, tags: Iterable[str]) -> int:
    """Remove aliases; return how many. Annotations made meanwhile stay with the other tag."""
    rows = [_row(write, name) for name in map(words.written, tags)]
    write.execute("update tag set alias_id = null where id in carray(?) and alias_id is not null", (bind_ids(rows),))
    return write.changes()


def _move(write: Write, tag: int, goal: int) -> None:
    """Make a tag an alias of `goal`, and move its annotations and implications there."""
    write.execute("update tag set alias_id = :goal where id = :tag or alias_id = :tag", {"goal": goal, "tag": tag})
    bound = {"goal": goal, "tag": tag}
    annotations = "from said_tag where tag_id = :tag and picture_id in carray(:pictures)"
    pictures = write.execute(
        "select t.picture_id from derived_block b cross join derived_tag t on t.block = b.block and t.tag_id = ?",
        (tag,),
    )
    bound_pictures = {"pictures": bind_ids(row[0] for row in pictures)}
    write.execute(
        f"insert into said_tag select picture_id, :goal, yes, at {annotations}"
        " on conflict(picture_id, tag_id) do update set yes = excluded.yes,"
        # The later annotation counts; in the same millisecond, the positive one.
        " at = excluded.at where (excluded.at, excluded.yes) > (at, yes)",
        {**bound, **bound_pictures},
    )
    write.execute(f"delete {annotations}", {"tag": tag, **bound_pictures})
    for mine, other in (("tag_id", "implied_id"), ("implied_id", "tag_id")):
        tied = write.execute(f"select {other} from implication where {mine} = :tag and {other} != :goal", bound)
        for (id,) in tied:
            source, target = (goal, id) if mine == "tag_id" else (id, goal)
            _demand_no_circle(write, source, target)
            write.execute("insert or ignore into implication values (?, ?)", (source, target))
    write.execute("delete from implication where tag_id = :tag or implied_id = :tag", bound)


def imply(write: Write, tag: str, implied: Iterable[str], yes: bool) -> int:
    """Add or remove implications of a tag; return how many changed."""
    source = _stands_for(write, _row(write, words.written(tag)))
    changed = 0
    for name in map(words.written, implied):
        target = _stands_for(write, _row(write, name))
        if not yes:
            write.execute("delete from implication where tag_id = ? and implied_id = ?", (source, target))
        else:
            _demand_no_circle(write, source, target)
            write.execute("insert or ignore into implication values (?, ?)", (source, target))
        changed += write.changes()
    return changed


def _demand_no_circle(write: Write, tag: int, implied: int) -> None:
    """Raise `Conflict` if `implied` already implies `tag`, and name the chain."""
    came_from: dict[int, int] = {implied: 0}
    edge = {implied}
    while edge and tag not in came_from:
        sql = "select tag_id, implied_id from implication where tag_id in carray(?)"
        rows: Rows = write.execute(sql, (bind_ids(edge),))
        edge = {target for _, target in rows} - came_from.keys()
        for source, target in rows:
            came_from.setdefault(target, source)
    if tag not in came_from:
        return
    chain = [tag]
    while chain[-1] != implied:
        chain.append(came_from[chain[-1]])
    tag_names: dict[int, str] = dict(
        write.execute("select id, name from tag where id in carray(?)", (bind_ids(chain),))
    )
    if len(chain) == 1:
        raise Conflict(f"“{tag_names[tag]}” cannot imply itself.")
    path = " → ".join(f"“{tag_names[tag_id]}”" for tag_id in reversed(chain))
    raise Conflict(f"“{tag_names[tag]}” cannot imply “{tag_names[implied]}”, which implies it already: {path}.")


def _row(write: Write, name: str) -> int:
    """Return the tag with exactly this name, even if it is an alias."""
    tag: int | None = write.value("select id from tag where folded = ?", (words.folded(name),))
    if tag is None:
        raise names.absent(name)
    return tag


def _stands_for(write: Write, tag: int) -> int:
    return int(write.value("select coalesce(alias_id, id) from tag where id = ?", (tag,)))


# --- importing --------------------------------------------------------------------------------------------------------


def take_in(write: Write, plan: ImportPlan, new: int) -> ImportedTags:
    """Import a file whose tags exist already. Cycles, and what would replace people's choices, are skipped."""
    rows = write.execute(
        "select folded, id, alias_id, category from tag where folded in (select value from json_each(?))",
        (msgspec.json.encode(list(plan.names)).decode(),),
    )
    ids: dict[str, int] = {fold: tag for fold, tag, _, _ in rows}
    stands: dict[int, int] = {tag: alias for _, tag, alias, _ in rows if alias is not None}
    blank = [(plan.categories[fold], tag) for fold, tag, _, old in rows if not old and fold in plan.categories]
    write.many("update tag set category = ? where id = ?", blank)
    aliases = _take_aliases(write, plan, ids, stands)
    implications = 0
    for fold, implied in plan.implications:
        source, target = (_stands_for(write, ids[name]) for name in (fold, implied))
        try:
            _demand_no_circle(write, source, target)
        except Conflict as error:
            plan.skip(str(error))
            continue
        write.execute("insert or ignore into implication values (?, ?)", (source, target))
        implications += write.changes()
    return ImportedTags(new, aliases, implications, len(blank), plan.skipped, plan.problems)


def _take_aliases(write: Write, plan: ImportPlan, ids: dict[str, int], stands: dict[int, int]) -> int:
    """Add aliases, except of tags that have one, are the target of one, or are in use."""
    used = {row[0] for row in write.execute("select distinct alias_id from tag where alias_id is not null")}
    tied = {row[0] for row in write.execute("select distinct tag_id from said_tag")}
    tied |= {tag for row in write.execute("select tag_id, implied_id from implication") for tag in row}
    done: list[tuple[int, int]] = []
    for fold, name in plan.aliases:
        tag, goal = ids[fold], ids[name]
        goal = stands.get(goal, goal)
        if tag in stands or tag == goal:
            if stands.get(tag) != goal:
                plan.skip(f"“{plan.names[fold]}” stands for something else already.")
        elif tag in used:
            plan.skip(f"Other names stand for “{plan.names[fold]}” already.")
        elif tag in tied:
            plan.skip(f"“{plan.names[fold]}” is in use: merge it by hand.")
        else:
            stands[tag] = goal
            used.add(goal)
            done.append((goal, tag))
    write.many("update tag set alias_id = ? where id = ?", done)
    return len(done)
