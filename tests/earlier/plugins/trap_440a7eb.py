"""Shows what the wildlife camera wrote: which gate, and how cold it was."""

from pixlstash_core import Fact, FactReader, Facts, hookimpl


class TrapReader(FactReader):
    id = "trap"

    def read(self, embedded):
        text = embedded.text.get("trap")
        if text is None:
            return None
        place, _, temperature = text.partition("; ")
        degrees = float(temperature.removesuffix(" C"))
        return Facts((
            Fact("Camera trap", "place", "Place", place),
            Fact("Camera trap", "temperature", "Temperature", temperature, degrees),
        ))


@hookimpl
def readers():
    yield TrapReader()
