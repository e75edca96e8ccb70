"""File names of pictures that are saved elsewhere: with the extension of what they are, and fit for any file system."""

from __future__ import annotations

import mimetypes
import re
import unicodedata

from .formats import RAW_SUFFIXES

#: Characters of a name without its extension, at most. 255 bytes is the limit of most file systems.
LONGEST = 120
#: Names that stand for devices on Windows, with any ending.
RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3])(\.|$)", re.IGNORECASE)
#: The usual ending of each type of picture and video, all endings of such files, and the types of others.
ENDINGS = {
    **{f"image/{name}": name for name in ("png", "webp", "gif", "avif", "bmp", "jp2", "heic", "heif", "jxl")},
    "image/jpeg": "jpg",
    "image/tiff": "tif",
    "image/j2c": "j2k",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "video/quicktime": "mov",
    "video/x-matroska": "mkv",
    "video/x-msvideo": "avi",
}
SHOWN = RAW_SUFFIXES.union(ENDINGS.values(), "jpeg jpe jfif tiff apng dib jpc jpx j2c hif m4v qt mpg mpeg 3gp".split())
TYPES = mimetypes.MimeTypes()


def honest_name(name: str, mime: str) -> str:
    """A name whose ending fits what the file is: a PNG that was uploaded as `x.html` is saved as `x.html.png`.

    An ending of the same sort of file stays, as `.jpeg` for JPEG, or that of a camera's raw format.
    """
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    if mime.startswith(("image/", "video/")):
        return name if ending in SHOWN else f"{name}.{ENDINGS.get(mime, 'raw')}"
    return name if TYPES.guess_type(name)[0] == mime else name + (TYPES.guess_extension(mime) or ".bin")


def safe_name(name: str) -> str:
    """A name that any file system accepts: without folders, control characters, and names of Windows' devices.

    It is in NFC, never empty, and does not begin with a dot.
    """
    shown = "".join(c for c in unicodedata.normalize("NFC", name) if unicodedata.category(c)[0] != "C" or c == "\u200d")
    shown = re.sub(r'[/\\:*?"<>|\u2028\u2029]', "_", shown).strip(" .") or "picture"
    if RESERVED.match(shown):
        shown = f"_{shown}"
    stem, dot, end = shown.rpartition(".")
    if not stem:
        stem, dot, end = shown, "", ""
    while len((stem := stem[:LONGEST].rstrip(" .") or "picture").encode()) > 200:
        stem = stem[:-1]
    return f"{stem}{dot}{end[:20]}"
