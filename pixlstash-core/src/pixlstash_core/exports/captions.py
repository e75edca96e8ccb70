"""The texts of exported pictures: captions and file names, made from templates."""

from __future__ import annotations

from collections.abc import Callable

from ..media.file_names import honest_name, safe_name
from ..tags.normalise import folded
from ..types import ExportOptions
from ..types.times import when
from .reading import Annotations, Source, TagUse
from .templates import Field, Template

YOU = "you"
FIELDS = ("caption", "tags", "character", "set", "trigger", "class", "prompt", "negative", "name", "score", "created")
NAME_FIELDS = ("name", "number", "id", "sha256", "character", "set", "score", "created")
#: Captions are longer only by mistake, and trainers cut them off at a small part of this.
LONGEST = 20_000


class Captioner:
    """Makes the captions of an export. `Invalid` if the template cannot be read."""

    def __init__(self, options: ExportOptions) -> None:
        self._options = options
        self._template = Template(options.template, FIELDS)
        self._without = set(map(folded, options.without))

    def tags(self, notes: Annotations) -> list[str]:
        """Return the names of the tags that `{tags}` can have, as they are written."""
        return [self._written(use.name) for use in notes.tags if self._wants(use)]

    def text(self, source: Source, notes: Annotations, index: int) -> str | None:
        """Return the caption of the picture at an index of the export; None if it would be empty.

        If all captions are wanted, each is one line.
        """
        lines = [self._line(source, notes, caption) for caption in self._captions(notes, index)]
        return "\n".join(dict.fromkeys(line for line in lines if line))[:LONGEST] or None

    def _line(self, source: Source, notes: Annotations, caption: str) -> str:
        values = _values(source, notes)
        values["caption"] = lambda _: caption
        values["tags"] = lambda most: ", ".join(self.tags(notes)[:most])
        values["trigger"] = lambda _: self._options.trigger.strip()
        values["class"] = lambda _: self._options.class_word.strip()
        text = self._template.fill(values)
        return " ".join(text.split()) if self._options.several == "all" else text

    def _captions(self, notes: Annotations, index: int) -> list[str]:
        """The captions to use: at least one, which may be empty."""
        if not self._options.captions and self._options.several == "first":
            return [notes.caption]
        wanted = self._options.captions or [YOU, *notes.captions]
        texts = [notes.own if source == YOU else notes.captions.get(source, "") for source in wanted]
        present = [text for text in texts if text]
        if self._options.several == "all":
            return present or [""]
        if self._options.several == "turn" and present:
            return [present[index % len(present)]]
        return present[:1] or [""]

    def _wants(self, use: TagUse) -> bool:
        if folded(use.name) in self._without:
            return False
        return {"all": True, "people": use.person, "engines": use.engine}[self._options.tags_by]

    def _written(self, name: str) -> str:
        """A tag with spaces or underscores. Smileys such as ^_^ stay."""
        if self._options.underscores:
            return name.replace(" ", "_")
        return name.replace("_", " ") if any(c.isalpha() for c in name) and len(name) > 3 else name


class Namer:
    """Makes the file names of an export, without extension; a slash in the template is a folder."""

    def __init__(self, options: ExportOptions, count: int) -> None:
        self._template = Template(options.name, NAME_FIELDS)
        self._digits = max(4, len(str(count)))

    def name(self, source: Source, notes: Annotations, number: int) -> str:
        """Return the path of the picture with a number, counted from 1."""
        values = {name: _flat(field) for name, field in _values(source, notes).items()}
        values["number"] = lambda digits: f"{number:0{min(digits or self._digits, 12)}d}"
        values["id"] = lambda _: source.public_id
        values["sha256"] = lambda most: source.sha256.hex()[:most]
        folders = [folder for folder in self._template.fill(values).split("/") if folder.strip(" .")]
        return "/".join(safe_name(folder) for folder in folders[-8:]) or "picture"


def _values(source: Source, notes: Annotations) -> dict[str, Field]:
    """The fields that captions and names share."""
    stem = honest_name(source.name, source.mime).rpartition(".")[0]
    return {
        "name": lambda _: stem or source.name,
        "character": lambda most: ", ".join(notes.characters[:most]),
        "set": lambda most: ", ".join(notes.sets[:most]),
        "prompt": lambda _: notes.prompt,
        "negative": lambda _: notes.negative,
        "score": lambda _: str(source.score),
        "created": lambda _: when(source.created).date().isoformat(),
    }


def _flat(field: Field) -> Callable[[int | None], str]:
    """A field of a file name, which cannot add a folder."""
    return lambda number: field(number).replace("/", "_")
