"""Previews of exports: captions of the first pictures, and counts of tags, resolution buckets and captions."""

from __future__ import annotations

from collections import Counter

from ..captions import lint
from ..database import cancellation
from ..types import BucketTotal, ExportOptions, ExportPreview, ExportSample, TagTotal
from . import buckets, layouts
from .plan import Item, LeftOut, Plan

SAMPLES, TAGS = 20, 200
#: Tokens that CLIP's text encoders read of a caption.
TOKENS = 75


def preview(plan: Plan, options: ExportOptions) -> ExportPreview:
    """Return what the items of a plan come to."""
    count = empty = too_long = left_out = 0
    samples: list[ExportSample] = []
    tags: Counter[str] = Counter()
    sizes: Counter[tuple[int, int]] = Counter()
    for item in plan.items():
        cancellation.check()
        if isinstance(item, LeftOut):
            left_out += 1
            continue
        count += 1
        tokens = lint.tokens(item.text or "")
        empty += not item.text
        too_long += tokens > TOKENS
        tags.update(item.tags)
        size = size_of(item)
        sizes[buckets.choose(*size, options.bucket or options.side or layouts.RESOLUTION)] += 1
        if len(samples) < SAMPLES:
            samples.append(ExportSample(item.source.id, item.name, item.text, tokens, *size))
    frequent = sorted(tags.items(), key=lambda pair: (-pair[1], pair[0]))[:TAGS]
    return ExportPreview(
        count,
        empty,
        too_long,
        left_out,
        samples,
        [TagTotal(name, pictures) for name, pictures in frequent],
        [
            BucketTotal(*size, pictures)
            for size, pictures in sorted(sizes.items(), key=lambda pair: (-pair[1], pair[0]))
        ],
        [name for name, _ in layouts.settings(options)],
    )


def size_of(item: Item) -> tuple[int, int]:
    """The size in pixels of an exported picture."""
    return item.size or (max(1, item.source.width), max(1, item.source.height))
