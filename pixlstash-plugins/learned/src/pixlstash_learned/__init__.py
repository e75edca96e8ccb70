"""A tagger that learns from the tags that you accept and reject, one classifier per tag, with nothing to download."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

from pixlstash_core import Examples, Image, Tag, Tagger, Trained, hookimpl

#: Results with a confidence below are left out: they would fill the index with tags that nearly no picture has.
LEAST = 0.1


class Learned(Tagger[Any]):
    """Tags pictures by the vectors of the active embedder."""

    id, revision, label, lane = "learned/tags", "1", "Your tags", "cpu"
    pixels, batch_size, threshold = False, 256, 0.5
    learns, fewest = "tags", 30

    def train(self, examples: Examples, params: Any) -> Trained:
        """Learn each tag; the report has its quality by cross-validation (see `quality.measured`)."""
        import numpy as np

        from . import classifier

        space = classifier.space(examples.vectors)
        rows = space.rows(examples.vectors)
        examples.progress(0.1)
        ids, names, weights, report = [], [], [], []
        for n, tag in enumerate(examples.tags, 1):
            learned = classifier.learn(rows, tag.rows, tag.yes)
            report.append({"id": tag.id, "name": tag.name, **learned.quality})
            if learned.quality["learned"]:
                ids.append(tag.id)
                names.append(tag.name)
                weights.append(learned.weights)
            examples.progress(0.1 + 0.9 * n / len(examples.tags))
        file = io.BytesIO()
        np.savez(
            file,
            ids=np.array(ids, np.int64),
            names=np.array(names, str),
            weights=np.array(weights, np.float32).reshape(len(ids), rows.shape[1]),
            mean=space.mean,
            axes=space.axes,
        )
        return Trained(file.getvalue(), {"tags": report})

    def restore(self, model: Any, state: bytes, params: Any) -> Any:
        """Return the arrays of a state."""
        import numpy as np

        with np.load(io.BytesIO(state), allow_pickle=False) as arrays:
            return {name: arrays[name] for name in ("ids", "names", "weights", "mean", "axes")}

    def run(self, model: Any, images: Sequence[Image], params: Any) -> Iterator[list[Tag]]:
        """Yield the tags of each image that are likely enough, the most likely first."""
        import numpy as np

        from . import classifier

        space = classifier.Space(model["mean"], model["axes"])
        ids, names = model["ids"].tolist(), model["names"].tolist()
        for image in images:
            if "vector" not in image.given:
                raise ValueError("it has no vector, or a damaged one: run the embedder again")
            row = space.rows(np.asarray(image.given["vector"], np.float32)[None])
            sure = classifier.probabilities(row, model["weights"])[0] if ids else np.zeros(0)
            order = np.argsort(-sure, kind="stable")
            yield [Tag(names[n], round(float(sure[n]), 4), id=ids[n]) for n in order.tolist() if sure[n] >= LEAST]


@hookimpl
def taggers() -> Iterator[Tagger[Any]]:
    yield Learned()
