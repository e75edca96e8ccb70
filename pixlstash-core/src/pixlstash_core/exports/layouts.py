"""Layouts of training sets for each trainer: folders, settings files, and the buckets that pictures are cropped to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache

from ..media.file_names import safe_name
from ..types import ExportOptions

#: The resolution that settings name if pictures are not cropped to buckets.
RESOLUTION = 1024
#: Sides of buckets are multiples of this; the longest is at most twice the resolution, the shortest half of it.
STEP = 64


def folder(options: ExportOptions) -> str:
    """Return what is put in front of the names of pictures: kohya's `10_trigger word/`, or nothing."""
    return f"{_kohya_folder(options)}/" if options.layout == "kohya" else ""


def settings(options: ExportOptions) -> Iterator[tuple[str, bytes]]:
    """Yield (name, contents) of the files that a layout has besides the pictures. Paths are relative to the export."""
    if options.layout == "kohya":
        yield "dataset.toml", _kohya(options).encode()
    elif options.layout == "ai-toolkit":
        yield "ai-toolkit.yaml", _ai_toolkit(options).encode()
    elif options.layout == "onetrainer":
        yield "concepts.json", (json.dumps([_onetrainer(options)], indent=2, ensure_ascii=False) + "\n").encode()


def _kohya_folder(options: ExportOptions) -> str:
    words = " ".join(part.strip() for part in (options.trigger, options.class_word) if part.strip())
    return safe_name(f"{options.repeats}_{words or 'pictures'}")


def _kohya(options: ExportOptions) -> str:
    """A dataset configuration of sd-scripts. JSON strings are TOML strings as well."""
    resolution = options.bucket or options.side or RESOLUTION
    lines = [
        "[general]",
        'caption_extension = ".txt"',
        f"enable_wildcard = {str(options.several == 'all').lower()}",
        "",
        "[[datasets]]",
        f"resolution = {resolution}",
        "batch_size = 1",
        "enable_bucket = true",
        "bucket_no_upscale = true",
        "bucket_reso_steps = 64",
        "",
        "  [[datasets.subsets]]",
        f"  image_dir = {json.dumps(_kohya_folder(options), ensure_ascii=False)}",
        f"  num_repeats = {options.repeats}",
    ]
    if options.class_word.strip() or options.trigger.strip():
        words = " ".join(part.strip() for part in (options.trigger, options.class_word) if part.strip())
        lines.append(f"  class_tokens = {json.dumps(words, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"


def _ai_toolkit(options: ExportOptions) -> str:
    """The `datasets` part of a configuration of ai-toolkit. JSON strings are YAML strings as well."""
    trigger = options.trigger.strip()
    first = [f"trigger_word: {json.dumps(trigger, ensure_ascii=False)}"] if trigger else []
    lines = [
        *first,
        "datasets:",
        '  - folder_path: "."',
        "    caption_ext: txt",
        f"    num_repeats: {options.repeats}",
        f"    resolution: [{options.bucket or options.side or RESOLUTION}]",
    ]
    return "\n".join(lines) + "\n"


def _onetrainer(options: ExportOptions) -> dict[str, object]:
    """A concept of OneTrainer, which takes the defaults for what is missing."""
    return {
        "name": options.trigger.strip() or "pictures",
        "path": ".",
        "enabled": True,
        "include_subdirectories": "/" in options.name,
        "balancing": float(options.repeats),
        "balancing_strategy": "REPEATS",
        "text": {"prompt_source": "sample"},
    }


@cache
def sizes(resolution: int, step: int = STEP) -> Sequence[tuple[int, int]]:
    """Return the buckets (width, height) with at most `resolution`² pixels, by ascending width."""
    area, shortest, longest = resolution * resolution, max(step, resolution // 2 // step * step), resolution * 2
    buckets = {(side := max(step, resolution // step * step), side)}
    for width in range(shortest, longest + 1, step):
        height = min(longest, area // width) // step * step
        if height >= shortest:
            buckets |= {(width, height), (height, width)}
    return sorted(buckets)


def choose(width: int, height: int, resolution: int) -> tuple[int, int]:
    """Return the bucket with the nearest aspect ratio; of equally near ones, the largest."""
    aspect = width / height

    def rank(bucket: tuple[int, int]) -> tuple[float, int]:
        other = bucket[0] / bucket[1]
        return max(aspect / other, other / aspect), -bucket[0] * bucket[1]

    return min(sizes(resolution), key=rank)


def fit(width: int, height: int, side: int | None) -> tuple[int, int]:
    """Return the size with the longest side at most `side` pixels. Nothing is enlarged."""
    longest = max(width, height)
    if side is None or longest <= side:
        return width, height
    return max(1, round(width * side / longest)), max(1, round(height * side / longest))
