"""Tags: on pictures, and as a vocabulary."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from .pictures import Selection

#: `yours`: said without an engine. `accepted`: said, and an engine found it too. `suggested`: an engine's above its
#: threshold, not yet decided on. `implied`: by another tag. `unsure`: below the threshold. `rejected`: said no.
TagState = Literal["yours", "accepted", "suggested", "implied", "unsure", "rejected"]
Names = Annotated[list[str], Meta(min_length=1, max_length=1000)]


class EngineTag(Struct, frozen=True):
    """How sure (0 to 1) an active engine is of a tag, and whether that reaches its threshold."""

    engine: str
    confidence: float
    above: bool


class PictureTag(Struct, frozen=True):
    """A tag of one picture. `confidence` (0 to 1): of the engine that counts, None where none found it."""

    id: int
    name: str
    category: str
    state: TagState
    effective: bool
    confidence: float | None
    engines: list[EngineTag]


class TagInfo(Struct, frozen=True):
    """A tag of the vocabulary. `pictures`: how many have it. `alias_of`: the tag it stands for."""

    id: int
    name: str
    category: str
    pictures: int
    alias_of: str | None = None
    never: bool = False


class TagDetail(Struct, frozen=True):
    """A tag with what it is tied to."""

    tag: TagInfo
    aliases: list[str]
    implies: list[str]
    implied_by: list[str]


class Completion(Struct, frozen=True):
    """A tag that begins like what was typed. `via`: the alias that does, where it is not the name itself."""

    id: int
    name: str
    category: str
    pictures: int
    via: str | None = None


class AddTags(Selection, frozen=True, kw_only=True):
    """Say that these pictures have these tags."""

    tags: Names


class RemoveTags(Selection, frozen=True, kw_only=True):
    """Take tags off pictures; where an engine found one, it is rejected, so that it stays away."""

    tags: Names


class AcceptTags(Selection, frozen=True, kw_only=True):
    """Say yes to what engines suggest: to these tags, or to all."""

    tags: list[str] | None = None


class RejectTags(Selection, frozen=True, kw_only=True):
    """Say that these pictures do not have these tags, whatever engines find."""

    tags: Names


class RenameTag(Struct, frozen=True):
    tag: str
    name: str


class MergeTags(Struct, frozen=True):
    """Make tags aliases of another, with all they have."""

    tags: Names
    into: str


class CategoriseTags(Struct, frozen=True):
    tags: Names
    category: Annotated[str, Meta(max_length=50)]


class AliasTags(Struct, frozen=True):
    """Let tags stand for another; without `of`, for themselves again."""

    tags: Names
    of: str | None = None


class ImplyTags(Struct, frozen=True):
    """Whatever has the tag has these too (`yes`), or no longer."""

    tag: str
    implies: Names
    yes: bool = True


class NeverTags(Struct, frozen=True):
    """Do not take these tags from engines (`yes`), or take them again."""

    tags: Names
    yes: bool = True


class Tagging(Struct, frozen=True):
    """How engines are combined: by any of them, by most, or by the preferred one."""

    combine: Literal["union", "vote", "preferred"]


class ImportTags(Struct, frozen=True):
    """Lines of a booru's CSV: `name,category,count,"alias,alias"`, or `name,other` for aliases and implications."""

    text: str
    kind: Literal["tags", "aliases", "implications"] = "tags"


class ImportedTags(Struct, frozen=True):
    """How many tags, aliases and implications are new, and the lines that were left out, with why (50 at most)."""

    tags: int
    aliases: int
    implications: int
    categories: int
    skipped: int
    problems: list[str]
