"""Engines with one fault each, as source code: what they do, and what `pixlstash plugin check` has to say about it."""

from __future__ import annotations

from typing import NamedTuple

GOOD = """
from pixlstash_core import Params, Tag, Tagger, hookimpl
{top}
class Bad(Tagger):
    id, revision, lane = "bad/{name}", "1", "cpu"
    class Params(Params):
        names: list[str] = []
    {body}
    def run(self, model, images, params):
        {run}
        for number, image in enumerate(images):
            {each}
            yield [Tag("x", 0.5)]
@hookimpl
def taggers():
    yield Bad()
"""


class Fault(NamedTuple):
    """Where its code goes, and a pattern of the sentence that names it and says what to do."""

    sentence: str
    top: str = ""
    body: str = "pass"
    run: str = "pass"
    each: str = "pass"


FAULTS = {
    "wrong-type": Fault(
        "`run` gave a wrong result for image 1 .*: a list of Tag was expected, and str was given", each="yield 'x'"
    ),
    "no-revision": Fault("needs a `revision`: a text that changes when its results do", body="revision = ''"),
    "nan": Fault(
        "wrong result for image 1 .*: the confidence of 'x' is nan, and not between 0 and 1",
        each="yield [Tag('x', float('nan'))]",
    ),
    "too-few": Fault(
        "`run` gave 5 results for 6 images: yield exactly one for each", each="if number == 3: continue"
    ),
    "raises-on-the-third": Fault(
        "`run` fails after 2 of 6 results: ValueError: the third. It has to give a result for every image",
        each="if number == 2: raise ValueError('the third')",
    ),
    "mutates-params": Fault(
        r"`run` changes its settings \(`params`\): .* copy what you change", run="params.names.append('y')"
    ),
    "prints": Fault("it prints 'hello', which nobody sees: use the module `logging`", each="print('hello')"),
    "network": Fault(
        "it asks the network for 192.0.2.1, and does not say `lane = 'net'`",
        top="import socket",
        run="""try:
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 9))
        except OSError:
            pass""",
    ),
    "file-write": Fault(
        "it writes the file .*kept.txt: an engine keeps nothing",
        top="from pathlib import Path",
        run="Path(__file__).with_name('kept.txt').write_text('x')",
    ),
    "nondeterministic": Fault(
        "the same images give other results the second time: seed what is random by the picture",
        top="import random",
        each="yield [Tag('x', random.random())]; continue",
    ),
    "global-state": Fault(
        r"it keeps state in `global_state.seen`: keep it in the model that `load` returns",
        top="seen = []",
        each="seen.append(number)",
    ),
    "blocking-import": Fault(
        "importing it: it hung: .*Do what takes long in `load`, and wait for nothing",
        top="import time; time.sleep(600)",
    ),
    "torch-at-import": Fault("importing torch-at-import loads torch: import it in `load` or `run`", top="import torch"),
    "unserializable-settings": Fault(
        "the `Params` of bad/unserializable-settings cannot become a form: ",
        body="""class Params(Params):
        lock: type(print) = print""",
    ),
    "bad-id": Fault("an engine needs an `id` of small letters, digits", body="id = 'Bad ID'"),
    "duplicate-id": Fault(
        "taggers: the id 'visual-descriptor' is taken by the plugin pixlstash_core.engines.builtin: choose another",
        body="id = 'visual-descriptor'",
    ),
    "memory": Fault(
        "`run`: it took more than 0.39.* GiB of memory.*PIXLSTASH_ENGINE_MEMORY sets the limit",
        top="import time",
        each="held = [bytearray(b'x') * (16 << 20) for _ in range(60)]; time.sleep(600)",
    ),
    "segfault": Fault(
        "`run`: its process crashed .*The fault is in native code",
        top="import ctypes",
        each="ctypes.string_at(0)",
    ),
    "exit": Fault(
        r"`run`: its process ended \(exit code 0\).*It must not end its process: return, or raise", top="import os",
        each="os._exit(0)",
    ),
    "endless-loop": Fault(
        r"`run`: it hung: .*\(10 seconds\).*give it more time with --timeout", each="while True: pass"
    ),
}  # fmt: skip


def source(name: str) -> str:
    """The code of a plugin with one engine that has this fault; "" for one that has none."""
    fault = FAULTS[name] if name else Fault("")
    code = GOOD.format(name=name or "none", top=fault.top, body=fault.body, run=fault.run, each=fault.each)
    return code
