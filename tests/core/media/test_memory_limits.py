"""How much memory an engine may take: of the machine, of the container it is in, or as people say."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pixlstash_core.engines.limits import Limits, _installed, available
from pixlstash_core.errors import Invalid

MB = 1 << 20
UNLIMITED = 9223372036854771712  # what version 1 says where nothing was set
V1 = "35 31 0:32 {root} {place} rw,relatime - cgroup cgroup rw,memory"
V2 = "41 31 0:38 {root} {place} rw,nosuid - cgroup2 cgroup2 rw"

#: What there is: version; the path in /proc/self/cgroup; what of the hierarchy is mounted; limits by path; expected MB.
TREES: dict[str, tuple[str, str, str, dict[str, object], int | None]] = {
    "Docker, version 2": ("2", "/", "/", {"": 512 * MB}, 512),
    "Docker without a limit, version 2": ("2", "/", "/", {"": "max"}, None),
    "a limit around it, version 2": ("2", "/user/app", "/", {"user": 256 * MB, "user/app": "max"}, 256),
    "the tightest counts, version 2": ("2", "/a/b", "/", {"a": 300 * MB, "a/b": 700 * MB}, 300),
    "the machine's path, version 2": ("2", "/docker/1f", "/docker/1f", {"": 128 * MB}, 128),
    "Docker, version 1": ("1", "/docker/1f", "/docker/1f", {"": 640 * MB}, 640),
    "a namespace, version 1": ("1", "/", "/", {"": 641 * MB}, 641),
    "no limit, version 1": ("1", "/docker/1f", "/docker/1f", {"": UNLIMITED}, None),
    "a limit around it, version 1": ("1", "/a/b", "/", {"": UNLIMITED, "a": 100 * MB, "a/b": UNLIMITED}, 100),
    "a part of which is not mounted": ("1", "/docker/1f", "/", {"": 96 * MB}, 96),
    "a name that begins the same": ("1", "/docker/1fa", "/docker/1f", {"": 95 * MB}, 95),
    "nothing to be read": ("2", "/", "/", {}, None),
    "no number": ("2", "/", "/", {"": "what?"}, None),
}


@pytest.mark.parametrize("what", TREES)
def test_in_a_container_its_memory_counts(tmp_path: Path, what: str) -> None:
    version, path, root, limits, expected = TREES[what]
    top = tmp_path / "control groups"
    top.mkdir()
    for group, limit in limits.items():
        (top / group).mkdir(parents=True, exist_ok=True)
        (top / group / ("memory.max" if version == "2" else "memory.limit_in_bytes")).write_text(f"{limit}\n")
    process = tmp_path / "self"
    process.mkdir()
    mine, line = (f"0::{path}", V2) if version == "2" else (f"4:cpu,memory:{path}\n0::/", V1)
    (process / "cgroup").write_text(f"9:name=systemd:/\n{mine}\n")
    mounts = ["31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw", "short"]
    place = str(top).replace(" ", "\\040")
    (process / "mountinfo").write_text("\n".join([*mounts, line.format(root=root, place=place), ""]))
    assert available(process) == (expected * MB if expected else _installed())


def test_where_there_are_no_control_groups(tmp_path: Path) -> None:
    assert available(tmp_path) == _installed() > 0


def test_people_say_how_much() -> None:
    assert Limits.chosen({}).memory == available() * 4 // 5
    assert Limits.chosen({"PIXLSTASH_ENGINE_MEMORY": "1.5"}).memory == 1536 * MB
    for text in ("0", "-1", "much", "1e9"):
        with pytest.raises(Invalid, match="PIXLSTASH_ENGINE_MEMORY"):
            Limits.chosen({"PIXLSTASH_ENGINE_MEMORY": text})


@pytest.fixture
def group() -> Iterator[Path]:
    """A real control group of half a gigabyte."""
    for top, name in (
        ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
        ("/sys/fs/cgroup", "memory.max"),
    ):
        place = Path(top) / f"pixlstash-test-{os.getpid()}"
        with contextlib.suppress(OSError):
            place.mkdir()
            try:
                (place / name).write_text(str(512 * MB))
                yield place
                return
            except OSError:
                continue
            finally:
                place.rmdir()
    pytest.skip("only root can make control groups, where the machine lets it")


def test_in_a_real_control_group(group: Path) -> None:
    join = f"open({str(group / 'cgroup.procs')!r}, 'w').write(str(os.getpid()))"
    code = f"import os, sys\nsys.path[:] = {sys.path!r}\n{join}\n"
    code += "from pixlstash_core.engines.limits import Limits\nprint(Limits.chosen({}).memory)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == 512 * MB * 4 // 5
