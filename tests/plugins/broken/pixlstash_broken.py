"""Measures every picture but one, on which it raises."""

from __future__ import annotations

from pixlstash_core import Measurer, Params, hookimpl


class Broken(Measurer):
    id, revision, lane, measure = "broken-measure", "1", "cpu", "broken"

    class Params(Params):
        on: int = 0

    def run(self, model, images, params):
        for image in images:
            if image.picture.id == params.on:
                raise ValueError("no such colour")
            yield 0.5


@hookimpl
def measurers():
    yield Broken()
