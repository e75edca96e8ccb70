"""The texts of exported pictures: captions and unique file names, made from templates."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from ..errors import Invalid
from ..media.file_names import honest_name, safe_name
from ..tags.names import folded
from ..types import ExportOptions
from ..types.times import when
from .reading import Annotations, Source, TagUse

_PIECE = re.compile(r"\{\{|\}\}|\{([a-z_0-9]+)(?::(\d{1,6}))?\}|[{}]|[^{}]+")
#: Text between two fields that goes if one of them is empty.
_SEPARATOR = re.compile(r"[\s,;.:|/_-]+")
#: The value of a field, given the number behind its colon.
Field = Callable[[int | None], str]
YOU = "you"
SHARED = ("character", "set", "text", "name", "score", "created")
FIELDS = ("caption", "tags", "trigger", "class", "prompt", "negative", *SHARED)
NAME_FIELDS = ("number", "id", "sha256", "folder", *SHARED)
#: Captions are longer only by mistake, and trainers cut them off at a small part of this.
LONGEST = 20_000


class UniqueNames:
    """Gives each file a name of its own, also on file systems that ignore case or normalize Unicode.

    `stems`: names that differ only in their extension count as the same, because a caption file belongs to the stem.
    """

    def __init__(self, *, stems: bool = False, reserved: tuple[str, ...] = ()) -> None:
        self._stems = stems
        self._used: dict[str, int] = {self._key(name): 1 for name in reserved}

    def take(self, name: str) -> str:
        """Return the name, or `stem (2).ext` and so on if it is in use. A name may have folders in front."""
        folder, slash, last = name.rpartition("/")
        stem, dot, end = last.rpartition(".")
        if not stem:
            stem, dot, end = last, "", ""
        key = self._key(name)
        number = self._used.get(key, 0) + 1
        candidate = name
        while number > 1:
            candidate = f"{folder}{slash}{stem} ({number}){dot}{end}"
            if self._key(candidate) not in self._used:
                break
            number += 1
        self._used[key] = number
        if candidate != name:
            self._used[self._key(candidate)] = 1
        return candidate

    def _key(self, name: str) -> str:
        folded = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", name).casefold())
        folder, slash, last = folded.rpartition("/")
        stem = last.rpartition(".")[0] if self._stems else ""
        return f"{folder}{slash}{stem or last}"


class Part(Struct, frozen=True):
    """A piece of a template: literal text, or the name of a field with an optional number."""

    text: str
    field: bool = False
    number: int | None = None


class Template:
    """A parsed template. `Invalid` if it has a field that is not among `fields`, or a single brace."""

    def __init__(self, text: str, fields: Sequence[str]) -> None:
        self._parts: list[Part] = []
        for match in _PIECE.finditer(text):
            piece = match[0]
            if piece in ("{{", "}}"):
                self._parts.append(Part(piece[0]))
            elif match[1] is not None:
                if match[1] not in fields:
                    raise Invalid(f"There is no field {{{match[1]}}}. Fields are {_listed(fields)}.")
                self._parts.append(Part(match[1], True, int(match[2]) if match[2] else None))
            elif piece in "{}":
                raise Invalid(f"A single {piece} in a template has no meaning. Write {piece}{piece} for the character.")
            else:
                self._parts.append(Part(piece))

    @property
    def fields(self) -> set[str]:
        """The names of the fields it uses."""
        return {part.text for part in self._parts if part.field}

    def fill(self, values: Mapping[str, Field]) -> str:
        """Return the text with the values of its fields. A separator beside an empty field is left out."""
        pieces: list[str] = []
        gap = False  # the field before was empty, so that the separator behind it goes
        for part in self._parts:
            if part.field:
                value = values[part.text](part.number)
                gap = not value
                if value:
                    pieces.append(value)
            elif not (gap and _SEPARATOR.fullmatch(part.text)):
                pieces.append(part.text)
                gap = False
        if gap and pieces and self._parts[-1].field and _is_separator(pieces[-1], self._parts):
            pieces.pop()  # the one in front of an empty last field
        return "".join(pieces).strip()


def _is_separator(piece: str, parts: Sequence[Part]) -> bool:
    return _SEPARATOR.fullmatch(piece) is not None and any(part.text == piece and not part.field for part in parts)


def _listed(fields: Sequence[str]) -> str:
    return ", ".join(f"{{{field}}}" for field in fields)


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
        values["folder"] = lambda _: source.folder  # the one field with slashes that are folders
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
        "text": lambda most: " ".join(notes.lines[:most]),
        "prompt": lambda _: notes.prompt,
        "negative": lambda _: notes.negative,
        "score": lambda _: str(source.score),
        "created": lambda _: when(source.created).date().isoformat(),
    }


def _flat(field: Field) -> Callable[[int | None], str]:
    """A field of a file name, which cannot add a folder."""
    return lambda number: field(number).replace("/", "_")
