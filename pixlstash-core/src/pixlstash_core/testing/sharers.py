"""Checks sharers: returns problems as sentences."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from ..plugins.contracts import Rendition, Shared, Sharer
from ..plugins.settings import read_params
from .engines import describe
from .objects import name_faults, settings_faults


class _Stop(Exception):
    """Raised while renditions are made."""


def sharer_faults(sharer: Sharer, params: dict[str, Any] | None = None) -> list[str]:
    """Return problems of a sharer. `params`: settings for publishing; None: do not publish."""
    wrong = [*name_faults(sharer, "id"), *settings_faults(sharer)]
    if params is None or wrong:
        return wrong
    values = read_params(sharer.Params, params)
    try:
        sharer.share("Broken", _broken(), values)
        wrong.append("`share` goes on although a rendition could not be made: let the exception through")
    except _Stop:
        pass
    except Exception as error:
        wrong.append(f"`share` fails without an exception of its own when one is raised: {describe(error)}")
    for time in ("first", "second"):
        seen: list[str] = []
        try:
            shared = sharer.share("Three <pictures>", _renditions(seen), values)
            texts = (getattr(shared, "where", None), getattr(shared, "state", None))
            if type(shared) is not Shared or not all(isinstance(text, str) for text in texts):
                wrong.append(f"`share` gives {shared!r:.80}: return Shared with texts")
                break
            if len(seen) != 3:
                wrong.append("`share` does not iterate over all renditions")
            sharer.revoke(shared.state)
            sharer.revoke(shared.state)  # harmless when it is gone
        except Exception as error:
            wrong.append(f"publishing for the {time} time and taking it back fails: {describe(error)}")
            break
    return list(dict.fromkeys(wrong))


def _renditions(seen: list[str]) -> Iterator[Rendition]:
    from PIL import Image

    for number in range(1, 4):
        out = io.BytesIO()
        Image.new("RGB", (8 * number, 8), (number * 60, 90, 120)).save(out, "JPEG")
        name = f"{number:04}.jpg"
        seen.append(name)
        yield Rendition(name, 8 * number, 8, out.getvalue(), out.getvalue())


def _broken() -> Iterator[Rendition]:
    yield from list(_renditions([]))[:1]
    raise _Stop("as if this picture could not be read")
