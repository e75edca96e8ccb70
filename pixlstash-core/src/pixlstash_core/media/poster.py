"""Draws frames of a video: at given times, or the poster frame, which is an early one that is not black."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from .draw import fit

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream
    from PIL.Image import Image

#: Below this brightness (of 255) everywhere, a frame counts as black: films fade in.
_BLACK = 40
#: The next candidates if the first frame is black: seconds, and fractions of the duration.
_LATER = (1.0, 3.0, 8.0)
_SHARES = (0.1, 0.3, 0.6)
#: The most frames decoded from a key frame to the wanted time: for a poster, and for a requested frame.
_NEAR, _FAR = 90, 600
_SHORTEST = 0.0005  # seconds: containers round times
_UNNAMED = 2  # AVCOL_SPC_UNSPECIFIED
_TURNS = {90: 2, 180: 3, 270: 4}  # degrees counter-clockwise to PIL.Image.Transpose


def poster(
    container: InputContainer, stream: VideoStream, seconds: float | None, short: int, long: int
) -> tuple[Image, int]:
    """Return the upright image, and by how many degrees it was rotated counterclockwise: 0, 90, 180 or 270."""
    # One thread, because there is a process per core, and several would delay the first frame.
    stream.codec_context.thread_count = 1
    best: tuple[int, Image, int] | None = None
    for frame in _candidates(container, stream, seconds):
        image = _image(frame, short, long)
        light = _light(image)
        if best is None or light > best[0]:
            best = light, image, _turn(frame)
        if light >= _BLACK:
            break
    if best is None:
        raise ValueError("it has no frames")
    _, image, turn = best
    return _upright(image, turn), turn


def frames(
    container: InputContainer, stream: VideoStream, times: Sequence[float], short: int, long: int
) -> Iterator[Image]:
    """Yield the upright image shown at each time, in seconds from the first frame."""
    stream.codec_context.thread_count = 1
    first = next(container.decode(stream), None)
    if first is None:
        raise ValueError("it has no frames")
    start = first.time or 0.0
    for at in times:
        frame = (_frame_at(container, stream, start + at, _FAR) if at else first) or first
        yield _upright(_image(frame, short, long), _turn(frame))


def _upright(image: Image, turn: int) -> Image:
    from PIL import Image as pil

    return image.transpose(pil.Transpose(_TURNS[turn])) if turn else image


def _turn(frame: VideoFrame) -> int:
    return round(frame.rotation / 90) % 4 * 90


def _candidates(container: InputContainer, stream: VideoStream, seconds: float | None) -> Iterator[VideoFrame]:
    first = next(container.decode(stream), None)
    if first is None:
        return
    yield first
    if seconds is None or seconds <= 0:
        return
    start = first.time or 0.0
    times = {at for at in (*_LATER, *(seconds * share for share in _SHARES)) if at < seconds}
    for at in sorted(times):
        frame = _frame_at(container, stream, start + at, _NEAR)
        if frame is not None:
            yield frame


def _frame_at(container: InputContainer, stream: VideoStream, at: float, most: int) -> VideoFrame | None:
    """Return the frame shown at a time in seconds, or the last one reached within `most` frames."""
    import av

    last: VideoFrame | None = None
    try:
        base = stream.time_base
        # In the stream's time base, rounded down: FFmpeg rounds to the nearest, which may be after the wanted frame.
        container.seek(int(at / base) if base else int(at * 1_000_000), backward=True, stream=stream if base else None)
        for count, frame in enumerate(container.decode(stream)):
            if last is not None and (count > most or (frame.time is not None and frame.time > at + _SHORTEST)):
                break
            last = frame
    except av.error.FFmpegError:
        pass  # truncated: the frames before it are used
    return last


def _image(frame: VideoFrame, short: int, long: int) -> Image:
    """Convert a frame to a small sRGB image; it is scaled first, so that no large image is ever made."""
    from av.video.reformatter import ColorRange, Colorspace, Interpolation

    width, height = fit(frame.width, frame.height, short, long)
    # FFmpeg uses the frame's color matrix if it names one; otherwise players choose by the height.
    unnamed = frame.colorspace == _UNNAMED
    small = frame.reformat(
        width,
        height,
        "rgb24",
        src_colorspace=(Colorspace.ITU709 if frame.height >= 720 else Colorspace.ITU601) if unnamed else None,
        dst_color_range=ColorRange.JPEG,
        interpolation=Interpolation.AREA,
        threads=1,
    )
    image: Image = small.to_image()  # type: ignore[no-untyped-call]
    return image


def _light(image: Image) -> int:
    """Return the brightness of the brightest area, 0 to 255; areas are large enough that noise does not count."""
    bounds: Any = image.convert("L").resize((16, 9), 4).getextrema()
    return int(bounds[1])
