"""How long the poster of a video takes, next to PyAV seeking to a frame and decoding it, and nothing else.

python bench/poster.py [--rounds 15]
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

from _measure import KEPT, Figure, median, ms, report, unmeasured

MOST = 1.5


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--rounds", type=int, default=15)
    options = ask.parse_args()
    try:
        import av  # noqa: F401
    except ImportError:
        return unmeasured("poster of a video", "PyAV is missing: pip install 'pixlstash-core[video]'")
    path = _clip()
    _ours(path), _bare(path)  # what is loaded once is not what is measured
    ours, bare = median(lambda: _ours(path), options.rounds), median(lambda: _bare(path), options.rounds)
    floor = f"PyAV opens, seeks and decodes one frame to RGB in {ms(bare)}"
    told = f"{ms(ours)}, {ours / bare:.2f} ×"
    return report([Figure("poster of a 1080p video", f"≤ {MOST} × PyAV", told, floor, ours <= MOST * bare)])


def _clip() -> Path:
    """Ten seconds of 1080p H.264 as phones make it: noise on moving shapes, a key frame each second."""
    import av
    from PIL import Image, ImageDraw

    path = KEPT / "poster.mp4"
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = random.Random(1)
    ground = Image.effect_noise((1920, 1080), 30).convert("RGB")
    made = path.with_suffix(".part.mp4")
    with av.open(str(made), "w") as out:
        stream = out.add_stream("libx264", rate=30, options={"preset": "ultrafast", "g": "30"})
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
        for at in range(300):
            image = ground.copy()
            draw = ImageDraw.Draw(image)
            draw.ellipse((at * 4, 200, at * 4 + 500, 700), fill=(200, 90, 40))
            draw.rectangle((1500 - at * 3, 500, 1800 - at * 3, 900), fill=(30, rng.randrange(256), 160))
            out.mux(stream.encode(av.VideoFrame.from_image(image)))
        out.mux(stream.encode())
    made.rename(path)
    return path


def _ours(path: Path) -> None:
    """What the decoder process does for a video once it has its bytes: recognise, open, choose, draw, encode."""
    from pixlstash_core.media.draw import LONG, SHORT, drawn
    from pixlstash_core.media.formats import recognise
    from pixlstash_core.media.video import VideoKind

    with open(path, "rb") as file:
        kind, form = recognise([VideoKind()], file, path.name)
        drawn(kind.open(file, form).still(SHORT, LONG))


def _bare(path: Path) -> None:
    import av

    with open(path, "rb") as file, av.open(file) as container:
        stream = container.streams.video[0]
        container.seek(1_000_000)
        next(container.decode(stream)).to_image()


if __name__ == "__main__":
    sys.exit(main())
