"""Whether a watermark can be seen in an encoded picture.

Three images of one picture are compared: with the mark, without it, and as it is decoded from the file in question.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

#: A pixel is changed visibly by so many of 255 levels; a mark has at least so many of these pixels.
LEVELS, PIXELS = 4, 12
#: The least part of the mark that must be in the decoded image: 1 is all of it, 0 is the picture without it.
PART = 0.5
#: Pixels that are compared at most; of larger areas, some of the rows.
COMPARED = 1 << 20


def shows(marked: Image, unmarked: Image, decoded: Image) -> bool:
    """Return whether the difference of the first two images is visible, and in the third one. All are RGB, of one size.

    Noise of the encoding is as likely to be along the mark as against it, so that it adds up to nothing.
    """
    import numpy as np
    from PIL import ImageChops

    box = ImageChops.difference(marked, unmarked).getbbox()
    if box is None or decoded.size != marked.size:
        return False
    step = max(1, (box[2] - box[0]) * (box[3] - box[1]) // COMPARED)
    with_mark, without, shown = (
        np.asarray(image.crop(box))[::step].astype(np.float32) for image in (marked, unmarked, decoded)
    )
    mark = with_mark - without
    visible = int((np.abs(mark).max(axis=2) >= LEVELS).sum()) * step
    weight = float((mark * mark).sum())
    return visible >= PIXELS and weight > 0 and float(((shown - without) * mark).sum()) >= PART * weight


def opened(jpeg: bytes) -> Image:
    """Decode a JPEG that was made here."""
    from PIL import Image as pil

    with pil.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
        return image.convert("RGB")


def distance(image: Image, other: Image) -> float:
    """Return the mean difference of two images of one size, in levels of 255; 255 if their sizes differ."""
    from PIL import ImageChops, ImageStat

    if image.size != other.size:
        return 255.0
    return max(ImageStat.Stat(ImageChops.difference(image, other)).mean)
