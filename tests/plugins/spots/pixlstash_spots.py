"""Finds what is bright, and how bright a picture is."""

from __future__ import annotations

from pixlstash_core import Detector, Measurer, Region, hookimpl


class Spots(Detector):
    """The box around all that is nearly white."""

    id, revision, label, lane, image_side = "bright-spots", "1", "Bright spots", "cpu", 256

    def run(self, model, images, params):
        for image in images:
            bright = image.array.min(axis=2) > 240
            rows, columns = bright.any(1).nonzero()[0], bright.any(0).nonzero()[0]
            if len(rows):
                left, right = columns[0] / image.width, (columns[-1] + 1) / image.width
                top, bottom = rows[0] / image.height, (rows[-1] + 1) / image.height
                share = bright[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].mean()
                yield [Region("bright spot", (float(left), float(top), float(right), float(bottom)), float(share))]
            else:
                yield []


class Light(Measurer):
    """How light a picture is on the whole, in percent."""

    id, revision, label, lane, image_side = "light", "1", "Light", "cpu", 64
    measure, low, high = "light", 0.0, 100.0

    def run(self, model, images, params):
        for image in images:
            yield float(image.array.mean() / 2.55)


@hookimpl
def detectors():
    yield Spots()


@hookimpl
def measurers():
    yield Light()
