"""Tags of pictures, and the vocabulary of tags."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from .pictures import Selection

#: `yours`: said without an engine. `accepted`: said, and an engine found it too. `suggested`: an engine's above its
#: threshold, not yet decided on. `implied`: by another tag. `unsure`: below the threshold. `rejected`: said no.
TagState = Literal["yours", "accepted", "suggested", "implied", "unsure", "rejected"]
Names = Annotated[list[str], Meta(min_length=1, max_length=1000)]


class EngineTag(Struct, frozen=True):
    """An active engine's confidence (0 to 1) in a tag, and whether it reaches the threshold."""

    engine: str
    confidence: float
    above: bool


class PictureTag(Struct, frozen=True):
    """A tag of one picture. `confidence` (0 to 1) is that of the engine that counts, None if none found the tag."""

    id: int
    name: str
    category: str
    state: TagState
    effective: bool
    confidence: float | None
    engines: list[EngineTag]


class TagInfo(Struct, frozen=True):
    """A tag of the vocabulary. `pictures`: the number that have it; `alias_of`: the tag it is an alias of."""

    id: int
    name: str
    category: str
    pictures: int
    alias_of: str | None = None
    never: bool = False


class TagDetail(Struct, frozen=True):
    """A tag with its aliases and implications."""

    tag: TagInfo
    aliases: list[str]
    implies: list[str]
    implied_by: list[str]


class Completion(Struct, frozen=True):
    """A tag that completes the typed text. `via`: the alias that matches, if the name does not."""

    id: int
    name: str
    category: str
    pictures: int
    via: str | None = None


class AddTags(Selection, frozen=True, kw_only=True):
    """Add tags to pictures."""

    tags: Names


class RemoveTags(Selection, frozen=True, kw_only=True):
    """Remove tags from pictures. A tag that an engine found is rejected, so that it does not come back."""

    tags: Names


class AcceptTags(Selection, frozen=True, kw_only=True):
    """Accept these tags, or all that engines suggest."""

    tags: list[str] | None = None


class RejectTags(Selection, frozen=True, kw_only=True):
    """Reject tags of pictures, whatever engines find."""

    tags: Names


class RenameTag(Struct, frozen=True):
    tag: str
    name: str


class MergeTags(Struct, frozen=True):
    """Merge tags into another; their names become aliases of it."""

    tags: Names
    into: str


class CategoriseTags(Struct, frozen=True):
    tags: Names
    category: Annotated[str, Meta(max_length=50)]


class AliasTags(Struct, frozen=True):
    """Make tags aliases of another; without `of`, remove their aliases."""

    tags: Names
    of: str | None = None


class ImplyTags(Struct, frozen=True):
    """Add (`yes`) or remove implications of a tag."""

    tag: str
    implies: Names
    yes: bool = True


class NeverTags(Struct, frozen=True):
    """Never take these tags from engines (`yes`), or take them again."""

    tags: Names
    yes: bool = True


class Tagging(Struct, frozen=True):
    """How engines are combined: any of them, most of them, or the preferred one decides."""

    combine: Literal["union", "vote", "preferred"]


class ImportTags(Struct, frozen=True):
    """Lines of a booru CSV file: `name,category,count,"alias,alias"`, or `name,other` for aliases and implications."""

    text: str
    kind: Literal["tags", "aliases", "implications"] = "tags"


class ImportedTags(Struct, frozen=True):
    """The numbers of new tags, aliases and implications, and up to 50 skipped lines with the reasons."""

    tags: int
    aliases: int
    implications: int
    categories: int
    skipped: int
    problems: list[str]
