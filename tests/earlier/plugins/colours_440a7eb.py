"""Tag each picture with the names of its strongest colours."""
from typing import Annotated
from pixlstash_core import Meta, Params, Tag, Tagger, hookimpl

class Colours(Tagger):
    id, revision, lane = "dominant-colour", "1", "cpu"
    class Params(Params):
        top: Annotated[int, Meta(ge=1, le=8, title="Colours", description="How many to name")] = 3
    def run(self, model, images, params):
        for image in images:
            counts = sorted(image.pil.getcolors(1 << 24), reverse=True)[: params.top]
            yield [Tag("#%02x%02x%02x" % rgb, n / image.area) for n, rgb in counts]

@hookimpl
def taggers():
    yield Colours()
