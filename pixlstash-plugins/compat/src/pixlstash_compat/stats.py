"""Statistics and the progress of jobs, as clients of the public PixlStash ask for them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

from msgspec import Struct

from pixlstash_core import Invalid, Job, Library, Reader, quoted
from pixlstash_web import Call, Route, api

from .filters import BUCKETS, KEYS, SMART, filter_of

SCORES = {"Unscored": "score:0", **{str(n): f"score:{n}" for n in range(1, 6)}}
#: Tags and pairs of tags that are named, at most.
TOP = 50
SHARES = ("0-20%", "20-40%", "40-60%", "60-80%", "80-100%")
RUNNING = frozenset({"running", "waiting"})


class Bucket(Struct, frozen=True):
    label: str
    count: int


class TagCount(Struct, frozen=True):
    tag: str
    count: int


class TagPairCount(Struct, frozen=True):
    tag_a: str
    tag_b: str
    count: int


class PictureStats(Struct, frozen=True, omit_defaults=True):
    """Those of the last five fields that `include` asks for: cooc, conf, picture."""

    total: int
    total_tags: int
    tagged: int
    untagged: int
    avg_tags_per_image: float
    top_tags: list[TagCount]
    top_cooccurrences: list[TagPairCount] | None = None
    confidence_histogram: list[Bucket] | None = None
    score_distribution: list[Bucket] | None = None
    smart_score_distribution: list[Bucket] | None = None
    resolution_distribution: list[Bucket] | None = None


class Worker(Struct, frozen=True):
    """Jobs of one kind together. `current` of `total` steps are done."""

    label: str
    current: int
    total: int
    remaining: int
    updated_at: datetime
    status: Literal["running", "idle"]
    running: bool
    active: bool


class WorkerProgress(Struct, frozen=True):
    workers: dict[str, Worker]
    status: Literal["success"] = "success"


def picture_stats(
    call: Call, include: list[str] | None = None, confidence_tag: str | None = None, only_penalised: bool = False
) -> PictureStats:
    """Statistics of a list of pictures: tags, and more with `include`."""
    library, reader, within = call.library, call.reader, filter_of(call, picture_stats)
    wanted = set(include or ())
    if unknown := sorted(wanted - {"cooc", "conf", "picture"}):
        raise Invalid(f"include is cooc, conf or picture, not {unknown[0][:50]!r}.")
    if within.only is not None:
        raise Invalid(
            "Statistics are not made of pictures by id, or of those that are in no set, character or project."
        )

    def count(condition: str) -> int:
        return library.count(reader, f"{within.text} {condition}".strip()).total

    statistics = library.statistics(reader, within.text)
    tags = next((panel.bars for panel in statistics.panels if panel.name == "tag"), [])
    total_tags = _tags_in_all(count)
    return PictureStats(
        statistics.total,
        total_tags,
        statistics.tagged,
        statistics.total - statistics.tagged,
        round(total_tags / statistics.total, 3) if statistics.total else 0.0,
        [TagCount(bar.label, bar.count) for bar in tags[:TOP]],
        [TagPairCount(pair.one, pair.other, pair.count) for pair in statistics.pairs[:TOP]]
        if "cooc" in wanted
        else None,
        _confidences(count, confidence_tag) if "conf" in wanted else None,
        [Bucket(label, count(text)) for label, text in SCORES.items()] if "picture" in wanted else None,
        [Bucket(label, count(text)) for label, text in SMART.items()] if "picture" in wanted else None,
        [Bucket(label, count(text)) for label, text in BUCKETS.items()] if "picture" in wanted else None,
    )


def _tags_in_all(count: Callable[[str], int]) -> int:
    """The tags of all pictures together: how many have at least one, at least two, and so on."""
    total, least = 0, 1
    while more := count(f"tags:>={least}"):
        total, least = total + more, least + 1
    return total


def _confidences(count: Callable[[str], int], tag: str | None) -> list[Bucket]:
    """How sure engines are of one tag, in fifths; pictures that have it from people alone are in the first."""
    if tag is None:
        raise Invalid("Say which tag: confidence_tag=NAME.")
    least = [count(f"tag:{quoted(f'{tag}>={n / 5:g}')}") for n in range(1, 5)]
    every = count(f"(tag:{quoted(f'={tag}')} OR tag:{quoted(f'{tag}>0')})")
    steps = [every, *least, 0]
    return [Bucket(label, steps[n] - steps[n + 1]) for n, label in enumerate(SHARES)]


def worker_progress(library: Library, reader: Reader) -> WorkerProgress:
    """Progress of background work, by kind; clients calculate a rate from two responses."""
    kinds: dict[str, list[Job]] = {}
    for job in library.jobs(reader):
        kinds.setdefault(job.kind, []).append(job)
    return WorkerProgress({kind: _worker(jobs) for kind, jobs in kinds.items()})


def _worker(jobs: list[Job]) -> Worker:
    now = [job for job in jobs if job.state in RUNNING and job.every is None]
    shown = now or jobs[:1]
    current, total = sum(job.done for job in shown), sum(job.total or job.done for job in shown)
    running = any(job.state == "running" for job in now)
    ended = [job.finished for job in shown if job.finished is not None]
    return Worker(
        shown[0].label,
        current,
        total,
        max(0, total - current) if now else 0,
        max(ended) if ended and not now else datetime.now(UTC),
        "running" if running else "idle",
        running,
        bool(now),
    )


ROUTES: tuple[Route, ...] = (
    api("GET", "/pictures/stats", picture_stats, "read", at="api", also=KEYS),
    api("GET", "/workers/progress", worker_progress, "owner", at="api"),
)
