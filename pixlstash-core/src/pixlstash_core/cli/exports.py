"""`pixlstash export`: training sets in a folder or zip file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..types import ExportDiff, ExportOptions, ExportPreview, ExportReport, MakeExport, PreviewExport
from ..types.exports import ImageFormat, Layout, Several, TagsBy
from . import show
from .options import JSON, TOKENIZER, absolute, argument, as_list, choices, negative, option
from .verbs import Shown, Verb, VerbGroup

PATH = click.Path(path_type=Path)
OPTIONS = (
    option("--layout", type=choices(Layout), default="plain", show_default=True, help="Folders and settings files."),
    option("--side", type=click.IntRange(16, 16_384), help="The longest side in pixels; nothing is enlarged."),
    option("--bucket", type=click.IntRange(128, 4096), help="Crop to resolution buckets of this side, such as 1024."),
    option("--faces", is_flag=True, help="Export crops of faces instead of pictures."),
    option(
        "--margin", type=click.FloatRange(0, 4), default=0.3, show_default=True, help="Around faces, by their size."
    ),
    option("--format", type=choices(ImageFormat), default="original", show_default=True),
    option("--quality", type=click.IntRange(1, 100), default=95, show_default=True, help="Of JPEG and WebP."),
    option("--strip", is_flag=True, help="Remove metadata from the files."),
    negative("--no-text", "text", help="Write no caption files."),
    option("--jsonl", is_flag=True, help="Also write metadata.jsonl, for Hugging Face datasets."),
    option(
        "--metadata/--no-metadata",
        default=None,
        help="Write a .json file with all that is known beside each picture; the default for an export of everything.",
    ),
    option("--template", default="{caption}", show_default=True, help="The captions, such as '{caption}, {tags:20}'."),
    option("--trigger", default="", help="The value of {trigger}, and the name of kohya's folder."),
    option("--class", "class_word", default="", help="The value of {class}, behind the trigger in kohya's folder."),
    option("--repeats", type=click.IntRange(1, 10_000), default=10, show_default=True, help="How often in an epoch."),
    option("--captions", multiple=True, help="Whose captions: 'you' or an engine's id; may be repeated."),
    option("--several", type=choices(Several), default="first", show_default=True, help="Which of several captions."),
    option("--tags-by", type=choices(TagsBy), default="all", show_default=True, help="Whose tags."),
    option("--without", multiple=True, help="A tag to leave out; may be repeated."),
    option("--underscores", is_flag=True, help="Write tags with underscores instead of spaces."),
    option("--name", help="File names, such as '{character}/{number}': '{name}', or '{folder}/{name}' of everything."),
)


def _export(
    session: Any,
    query: list[str],
    ids: list[int],
    to: str | None,
    again: str | None,
    preview: bool,
    tokenizer: str | None,
    **values: Any,
) -> Any:
    if bool(query) + bool(ids) + bool(again) > 1:
        raise click.UsageError("Say which pictures: a QUERY, or --id, or --again.")
    everything = not (query or ids or again) and values["layout"] == "plain"
    if values["metadata"] is None:
        values["metadata"] = everything
    if values["name"] is None:
        values["name"] = "{folder}/{name}" if everything else "{name}"
    options = ExportOptions(**values)
    which: dict[str, Any] = {"ids": ids} if ids else {"q": " ".join(query)}
    if preview:
        return Shown(session.preview_export(PreviewExport(options=options, tokenizer=tokenizer, **which)), _previewed)
    if to is None:
        raise click.UsageError("Name the folder or .zip file to write: --to PATH.")
    return session.export(MakeExport(path=to, again=again, options=options, **which))


def _made(report: ExportReport) -> None:
    click.echo(
        f"{report.path}: {show.counted(report.pictures, 'picture')}, {show.counted(report.files, 'file')},"
        f" {report.written:,} of them written now ({show.size(report.bytes)})."
    )
    for problem in report.problems:
        show.problem(problem)
    if report.left_out > len(report.problems):
        click.echo(f"  and {report.left_out - len(report.problems):,} more")
    for name in report.differs:
        show.problem(f"{name} differs from the manifest.")


def _previewed(report: ExportPreview) -> None:
    click.echo(
        f"{show.counted(report.pictures, 'picture')}: {report.empty:,} without a caption, {report.long:,} with more"
        f" than {'' if report.exact else 'about '}75 tokens, {report.left_out:,} left out."
    )
    show.lines(
        f"{sample.name}  {sample.width} × {sample.height}\n  {sample.text or '(no caption)'}"
        for sample in report.samples
    )
    show.lines(f"{tag.pictures:>8,}  {tag.name}" for tag in report.tags[:20])
    show.lines(f"{bucket.pictures:>8,}  {bucket.width} × {bucket.height}" for bucket in report.buckets)


def _differing(report: ExportDiff) -> None:
    click.echo(
        f"{report.added:,} added, {report.removed:,} removed, {report.changed:,} changed, {report.same:,} the same."
    )
    for sign, kind in (("+", "added"), ("-", "removed"), ("~", "changed")):
        show.lines(f"  {sign} {name}" for name in report.names[kind])
    show.lines(f"  {setting}" for setting in report.settings)


@click.command("diff", params=[click.Argument(["before"], type=PATH), click.Argument(["after"], type=PATH), JSON])
def diff(before: Path, after: Path, as_json: bool) -> None:
    """Compare the manifests of two exports: folders, zip files or manifest files."""
    from ..exports import manifest

    report = manifest.diff(before, after)
    (show.dump if as_json else _differing)(report)


class _Export(VerbGroup):
    """`export diff A B`; everything else is `export [QUERY]`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, args if args[:1] == ["diff"] else ["pictures", *args])


pictures_ = Verb(
    "pictures",
    _export,
    "Export the pictures of a QUERY with captions, to a new or empty folder, an earlier export, or a new .zip file.\n\n"
    "Without a QUERY, all pictures, in their folders and with all that is known of them."
    " `pixlstash export diff A B` compares two exports. Exit code 1 if a picture could not be exported, or an"
    " export from a manifest is not the same.",
    argument("query", nargs=-1),
    option(
        "--id", "ids", type=click.IntRange(min=0), multiple=True, callback=as_list, help="A picture; may be repeated."
    ),
    option("--to", type=PATH, callback=lambda ctx, param, value: value and absolute(ctx, param, value)),
    option(
        "--again",
        type=PATH,
        callback=lambda ctx, param, value: value and absolute(ctx, param, value),
        help="Repeat the export of a manifest.",
    ),
    option("--preview", is_flag=True, help="Only show captions, tags and resolution buckets."),
    TOKENIZER,
    *OPTIONS,
    watched=True,
    show=_made,
    fails=lambda report: isinstance(report, ExportReport) and (report.left_out or report.differs),
)
COMMANDS = (_Export("export", commands=[pictures_, diff], help="Export pictures with captions."),)
