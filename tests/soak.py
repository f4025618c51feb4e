"""Builds that are killed at random moments, and what the next one makes of it: `make soak`.

A report of tiny trainings and of results in many files is built over and over. Each build but the
last of a row is killed: at any moment, within an epoch of a training, or while a result is put into
the store; by itself, with all its processes, or one of its workers. When a row ends with a whole
build, its results are compared with those of an undisturbed one, bit by bit.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.processes import ended, family, left_over, until
from tests.workspaces import workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


CHECKOUT = str(Path(__file__).parents[1])
BUILD = """
from reporter.cli import main
from reporter.executors import local
local.PRELOADED.append("tests.slow_commits")
main()
"""
ROW = 5  # kills before a build may come to its end
EPOCHS = 12
TABLES = f"""
[data.paintings]
source = "paintings"
class_count = 4
train = 24
test = 4
size = 64

[runs.trained]
experiment = "finetune"
data = "paintings"
model = "compact-alexnet"
weights = "random"
train = "all"
rates = [0.003]
epochs = {EPOCHS}
batch = 16
momentum = 0.9
size = 64
normalise = "half"
seeds = [0, 1]

[runs.scattered]
experiment = "scattered"
seeds = [0, 1, 2, 3, 4, 5]
"""
SCATTERED = '''
from reporter import *


@experiment
def scattered(run: Run) -> Result:
    """Return what takes a while to store: many files."""
    import numpy as np

    dice = np.random.default_rng(run.stream("order"))
    images = tuple(dice.integers(0, 256, (8, 8, 3), dtype=np.uint8) for _ in range(60))
    return Result(images=ImageGrid(images=images, columns=10, description="noise"))
'''
MOMENTS = ("epoch", "commit", "any", "commit", "epoch")
WAYS = ("all", "build", "worker", "all")


@dataclass
class Tally:
    """What came of the kills."""

    moments: Counter[str] = field(default_factory=Counter)
    ways: Counter[str] = field(default_factory=Counter)
    builds: int = 0
    resumed: int = 0  # trainings that went on after an epoch
    lost: list[int] = field(default_factory=list)  # of each that went on: epochs told of, not kept
    untold: list[str] = field(default_factory=list)  # trainings that went on and did not say so
    differing: list[str] = field(default_factory=list)
    orphans: int = 0
    left: list[str] = field(default_factory=list)

    @property
    def kills(self) -> int:
        """Return how many builds were killed."""
        return sum(self.moments.values())


class Soak:
    """One report that is built and killed.

    Attributes:
        told: run and seed of an unfinished training → the last epoch that it told of.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = workspace(folder, TABLES, toy=SCATTERED)
        self.dice = random.Random(seed)
        self.tally = Tally()
        self.told: dict[str, int] = {}
        began = time.monotonic()
        self.finish()
        self.seconds = time.monotonic() - began
        self.due = self.entries()
        self.tally.builds = 0

    def row(self, kills: int) -> None:
        """Kill so many builds one after the other from an empty store, then let one be."""
        for name in ("store", "work", *(("cache",) if self.dice.random() < 0.3 else ())):
            shutil.rmtree(self.folder / "build" / name, ignore_errors=True)
        self.told.clear()
        for _ in range(kills):
            if not self.kill():
                break
        self.finish()
        found = self.entries()
        names = sorted({*self.due, *found})
        self.tally.differing += [n for n in names if found.get(n) != self.due.get(n)]
        self.tally.left += [str(path.relative_to(self.folder)) for path in left_over(self.folder)]

    def kill(self) -> bool:
        """Begin a build and kill it; False if it was faster."""
        moment = MOMENTS[self.tally.kills % len(MOMENTS)]
        way = self.dice.choice(WAYS)
        self.forget_progress()
        build = self.begin()
        if not self.await_moment(moment, build):
            build.wait()
            return False
        self.tally.ways[strike(build.pid, way)] += 1
        build.wait()
        self.tally.orphans += ended(build.pid)
        is_commit = any(self.store.glob(".*.new"))
        is_epoch = any(0 < epoch < EPOCHS for epoch in self.epochs().values())
        kind = "during a commit" if is_commit else "within an epoch" if is_epoch else "elsewhere"
        self.tally.moments[kind] += 1
        self.look_at_trainings()
        return True

    def finish(self) -> None:
        """Build to the end."""
        self.forget_progress()
        build = self.begin()
        if build.wait():
            raise AssertionError((self.folder / "build.log").read_text())
        self.tally.orphans += ended(build.pid)
        self.look_at_trainings()

    def begin(self) -> subprocess.Popen[bytes]:
        """Start a build in a session of its own."""
        self.tally.builds += 1
        with (self.folder / "build.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-c", BUILD, "build", self.folder, "--format", "html", "-j", "2"],
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={
                    **os.environ,
                    "REPORT_STORE": "",
                    "PYTHONPATH": str(Path(__file__).parents[1]),
                },
            )

    def await_moment(self, moment: str, build: subprocess.Popen[bytes]) -> bool:
        """Wait until the moment has come, and a little on; False if the build is over."""
        last = self.dice.randrange(1, EPOCHS - 1)
        if moment == "any":
            pause, is_due = self.dice.uniform(0, self.seconds), lambda: True
        elif moment == "commit":
            pause, is_due = self.dice.uniform(0, 0.1), lambda: any(self.store.glob(".*.new"))
        else:
            pause, is_due = (
                self.dice.uniform(0, 0.3),
                lambda: last <= max(self.epochs().values(), default=0),
            )
        until(lambda: is_due() or build.poll() is not None, pause_s=0.004)
        with contextlib.suppress(subprocess.TimeoutExpired):
            build.wait(pause)
        return build.poll() is None

    @property
    def store(self) -> Path:
        """Return the folder of the results."""
        return self.folder / "build" / "store"

    def trainings(self) -> Iterator[tuple[str, Path, Path]]:
        """Yield name, work folder and log of each training without a result."""
        with contextlib.suppress(OSError):
            for job in json.loads((self.folder / "report.lock").read_text())["jobs"]:
                name = f"{job['run']}-seed-{job['seed']}"
                if job["run"] == "trained":
                    log = self.folder / "build" / "tiny" / "logs" / f"{name}.log"
                    yield name, self.folder / "build" / "work" / job["key"], log

    def epochs(self) -> dict[str, int]:
        """Return the last epoch that each training told of since the build began."""
        return {name: told[-1] for name, work, _ in self.trainings() if (told := progress(work))}

    def forget_progress(self) -> None:
        """Remove what trainings told, so that what they tell next is of the next build."""
        for _, work, log in self.trainings():
            for path in (work / "progress.jsonl", log):
                path.unlink(missing_ok=True)

    def look_at_trainings(self) -> None:
        """Note where each training went on that the last build had, and what it lost."""
        for name, work, log in self.trainings():
            told = progress(work)
            if not told:
                continue
            kept = told[0] - 1
            if name in self.told:
                self.tally.lost.append(self.told[name] - kept)
            self.tally.resumed += kept > 0
            said = re.findall(r"going on after rate 0.003, epoch (\d+)", log.read_text())
            if said != ([str(kept)] if kept else []):
                self.tally.untold.append(f"{name} went on after epoch {kept} and said {said}")
            self.told[name] = told[-1]

    def entries(self) -> dict[str, str]:
        """Return the sha-256 of every file of the results, but how they were computed."""
        found = {}
        for path in self.store.glob("*/*"):
            content = path.read_bytes()
            if path.name == "manifest.json":
                content = repr({**json.loads(content), "record.json": ""}).encode()
            if path.name != "record.json":
                found[f"{path.parent.name}/{path.name}"] = hashlib.sha256(content).hexdigest()
        return found


def progress(work: Path) -> list[int]:
    """Return the epochs that a training told of."""
    with contextlib.suppress(OSError, ValueError):
        lines = (work / "progress.jsonl").read_text().splitlines()
        return [json.loads(line)["epoch"] for line in lines]
    return []


def strike(build: int, way: str) -> str:
    """Kill a build, or it and all its processes, or one of its workers if there is one."""
    below = family(build)
    workers = [pid for pid, depth in below.items() if depth == 3]
    if way == "worker" and workers:
        os.kill(workers[0], signal.SIGKILL)
        return "a worker"
    if way == "all":
        os.killpg(build, signal.SIGKILL)
        return "all processes"
    os.kill(build, signal.SIGKILL)
    return "the build alone"


def soak(folder: Path, kills: int, seed: int, tell: Callable[[str], None]) -> Tally:
    """Kill so many builds."""
    run = Soak(folder, seed)
    tell(f"seed {seed}; an undisturbed build takes {run.seconds:.1f} s")
    while run.tally.kills < kills:
        run.row(min(ROW, kills - run.tally.kills))
        tell(f"{run.tally.kills:3d} kills in {run.tally.builds} builds")
    return run.tally


def main() -> None:
    """Soak, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tell = partial(print, flush=True)
        tally = soak(Path(folder), asked.kills, asked.seed, tell)
    for name, value in vars(tally).items():
        print(f"{name}: {value}")  # noqa: T201 - what it is run for
    most = max(tally.lost, default=0)
    is_bad = tally.differing or tally.orphans or tally.left or tally.untold or most > 1
    sys.exit(1 if is_bad else 0)


if __name__ == "__main__":
    main()
