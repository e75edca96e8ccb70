"""Turning files into the tensors of ComfyUI, and tensors into files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any, Literal

from .channel import LibraryError

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

#: What happens to pictures whose size is not that of the batch.
Fit = Literal["crop to the first", "pad to the largest", "require one size"]
FITS: tuple[Fit, ...] = ("crop to the first", "pad to the largest", "require one size")
#: Bytes that a batch of pictures may take in memory.
MOST = 32 << 30
SIXTEEN_BITS = ("I", "I;16", "I;16B", "I;16L", "I;16N")


def open_picture(content: bytes, name: str, turn: int) -> Image.Image:
    """Decode the first frame of a file, upright: mode RGB or RGBA, or F from 0 to 1 for 16 bits.

    `turn`: quarters clockwise on top of what the file says. Raises LibraryError with `name` in its sentence.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        image: Image.Image = Image.open(BytesIO(content))
        image.seek(0)
        image = ImageOps.exif_transpose(image)
        if turn % 4:
            quarters = (Image.Transpose.ROTATE_270, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_90)
            image = image.transpose(quarters[turn % 4 - 1])
        if image.mode in SIXTEEN_BITS:
            return image.convert("I").convert("F").point(lambda value: value * (1 / 65535) + 0.0)
        alpha = image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info
        return image.convert("RGBA" if alpha else "RGB")
    except UnidentifiedImageError:
        raise LibraryError(
            f"{name} has a format that this ComfyUI cannot decode (HEIC and raw files, for example): leave it out, as "
            "with -format:heic in the query, or convert it to PNG or JPEG."
        ) from None
    except Image.DecompressionBombError:
        raise LibraryError(f"{name} has too many pixels for ComfyUI: leave it out, or scale it down first.") from None
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise LibraryError(f"{name} is damaged and cannot be decoded ({error}): leave it out of the query.") from None


class Batch:
    """Pictures of one size: `images` is [N, H, W, 3] and `masks` [N, H, W], both float32 from 0 to 1.

    A mask is 1 where a picture is transparent or padded. Threads may fill different places at once.
    """

    def __init__(self, sizes: list[tuple[int, int]], fit: Fit) -> None:
        import numpy as np

        if fit == "require one size" and len(set(sizes)) > 1:
            first, other = list(dict.fromkeys(sizes))[:2]
            raise LibraryError(
                f"The pictures have different sizes ({first[0]} x {first[1]} and {other[0]} x {other[1]}): choose "
                "another way to fit them, or narrow the query, as with width:1024 height:1024."
            )
        self.fit = fit
        self.width, self.height = sizes[0]
        if fit == "pad to the largest":
            self.width, self.height = max(width for width, _ in sizes), max(height for _, height in sizes)
        if len(sizes) * self.width * self.height * 16 > MOST:
            raise LibraryError(
                f"{len(sizes)} pictures of {self.width} x {self.height} need more than {MOST >> 30} GiB of memory: "
                "lower the limit."
            )
        self.images: np.ndarray[Any, Any] = np.empty((len(sizes), self.height, self.width, 3), np.float32)
        self.masks: np.ndarray[Any, Any] = np.zeros((len(sizes), self.height, self.width), np.float32)

    def put(self, place: int, image: Image.Image) -> None:
        """Fill one place with a picture from `open_picture`."""
        import numpy as np
        from PIL import Image, ImageOps

        left, top = 0, 0
        if image.size != (self.width, self.height):
            if self.fit == "pad to the largest":
                image = ImageOps.contain(image, (self.width, self.height), Image.Resampling.LANCZOS)
                left, top = (self.width - image.width) // 2, (self.height - image.height) // 2
                self.images[place] = 0
                self.masks[place] = 1
            else:
                image = ImageOps.fit(image, (self.width, self.height), Image.Resampling.LANCZOS)
        pixels = np.asarray(image)
        area = slice(top, top + image.height), slice(left, left + image.width)
        images, masks = self.images[place][area], self.masks[place][area]
        if image.mode == "F":
            images[:] = np.clip(pixels, 0, 1)[..., None]
            masks[:] = 0
            return
        np.multiply(pixels[..., :3], np.float32(1 / 255), out=images)
        if image.mode == "RGBA":
            np.subtract(np.float32(1), pixels[..., 3] * np.float32(1 / 255), out=masks)
        elif self.fit == "pad to the largest":
            masks[:] = 0

    def tensors(self) -> tuple[Any, Any]:
        """Return (images, masks) as tensors that share the memory."""
        import torch

        return torch.from_numpy(self.images), torch.from_numpy(self.masks)


def encode_png(image: Any, texts: Mapping[str, Any] | None = None) -> bytes:
    """Encode one picture of an IMAGE batch, [H, W, C], as PNG; each text is stored as JSON, as by ComfyUI's nodes."""
    import numpy as np
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    pixels = np.clip(255.0 * image.detach().cpu().float().numpy(), 0, 255).astype(np.uint8)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    information = PngInfo()
    for name, value in (texts or {}).items():
        information.add_text(name, json.dumps(value))
    output = BytesIO()
    Image.fromarray(pixels).save(output, "PNG", pnginfo=information, compress_level=4)
    return output.getvalue()
