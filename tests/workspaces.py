"""Tiny real things for the tests: a workspace with runs of a toy experiment, images, results."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from reporter import plan, registry, report, trust
from reporter.artifacts import (
    Bars,
    Checkpoint,
    Column,
    Curves,
    ImageGrid,
    Matrix,
    Metric,
    Reading,
    Result,
    Series,
    Stage,
    Stages,
    Table,
    Text,
)
from reporter.datasets.digests import Digests
from reporter.plan import Job, Plan
from reporter.prose.views import Finished
from reporter.report import Report
from reporter.sources import Sources
from reporter.store import Store, Stored

COVER = """\
schema = 1
[report]
name = "tiny"
title = "A tiny report"
date = 2026-05-04
"""

TOY = '''\
"""A toy."""
from reporter import *


@experiment(quick={"epochs": 2})
def toy(run: Run, *, rate: Rate = 0.1, epochs: Count = 10) -> Result:
    """Pretend to train.

    It multiplies.
    """
    history = tuple(Reading(value=rate * e, epoch=e, rate=rate) for e in range(1, epochs + 1))
    accuracy = Metric(
        value=history[-1].value, split="test", epoch=epochs, rate=rate, history=history, n=100
    )
    return Result(test_accuracy=accuracy)


@experiment
def looks(run: Run, *, data: Dataset) -> Result:
    """Count images."""
    return Result(images=Metric(value=len(data.train), unit="count", direction=None))


@experiment
def portrays(run: Run, *, photo: ImageFile) -> Result:
    """Show a photograph."""
    return Result()


@experiment
def shows(run: Run, *, images: tuple[ImageFile, ...]) -> Result:
    """Count photographs."""
    return Result(images=Metric(value=len(images), unit="count", direction=None))


@experiment
def trains(run: Run, *, weights: Weights = "random") -> Result:
    """Make a network."""
    import numpy as np

    state = {"w": np.full(3, run.seed, dtype=np.float32)}
    return Result(network=Checkpoint(network="toy", classes=("a", "b"), settings={}, state=state))


@experiment
def breaks(run: Run, *, how: str = "told", note: str = "", weights: Weights = "random") -> Result:
    """Fail in one of the ways in which runs fail."""
    import os
    import time

    print("this is printed", flush=True)
    if how == "told":
        raise RunError("loss is nan in epoch 1; lower\\nthe rate")
    if how == "ours":
        raise KeyError("inner")
    if how == "killed":
        os.kill(os.getpid(), 9)
    if how == "long":
        time.sleep(60)
    if how == "wrong":
        return {"a": 1}
    if how == "exits":
        os._exit(3)
    return Result()
'''


def workspace(
    folder: Path,
    tables: str = '[runs.one]\nexperiment = "toy"\n',
    *,
    toy: str = TOY,
    sections: Mapping[str, str] | None = None,
) -> Path:
    """Write a workspace with the toy experiments and the tables below the cover; trust it."""
    trust.remember(folder)
    (folder / "experiments").mkdir(parents=True, exist_ok=True)
    (folder / "experiments" / "toy.py").write_text(toy)
    (folder / "report.toml").write_text(COVER + tables)
    for name, text in (sections or {"01-results.md": "# Results\n"}).items():
        (folder / "sections").mkdir(exist_ok=True)
        (folder / "sections" / name).write_text(text)
    return folder


def sources(folder: Path, *, is_quick: bool = False, overrides: tuple[str, ...] = ()) -> Sources:
    """Open what the report of a workspace names."""
    return Sources(
        report=report.load(folder, overrides),
        cache=folder / "build" / "cache" / "data",
        digests=Digests(folder / "build" / "cache" / "digests.json"),
        is_quick=is_quick,
    )


def store(folder: Path) -> Store:
    """Return the store of a workspace."""
    return Store(folder / "build" / "store")


def planned(
    folder: Path,
    *,
    is_quick: bool = False,
    overrides: tuple[str, ...] = (),
    wanted: Iterable[str] | None = None,
) -> Plan:
    """Plan the runs of a workspace."""
    known = registry.load((folder / "experiments",))
    opened = sources(folder, is_quick=is_quick, overrides=overrides)
    return plan.make(opened.report, known, opened, store(folder), wanted)


def png(path: Path, shade: int = 0) -> Path:
    """Write an 8 x 8 image of one grey."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8), (shade, shade, shade)).save(path)
    return path


def images(root: Path, counts: Mapping[str, int]) -> Path:
    """Write so many images into each folder below `root`."""
    for folder, count in counts.items():
        (root / folder).mkdir(parents=True, exist_ok=True)
        for index in range(count):
            png(root / folder / f"{index}.png", index)
    return root


def accuracy(*values: float, split: str = "test", rate: float | None = 0.1) -> Metric:
    """Return a metric with one reading per epoch, chosen at the last."""
    history = tuple(Reading(value=v, epoch=e, rate=rate) for e, v in enumerate(values, 1))
    last = history[-1]
    return Metric(
        value=last.value, split=split, epoch=last.epoch, rate=rate, history=history, n=1200
    )


def job(run: str, seed: int = 0, **changes: object) -> Job:
    """Return a job as a plan holds it."""
    values = {
        "run": run,
        "seed": seed,
        "key": f"{run}-{seed}",
        "experiment": "toy",
        "parameters": {"rate": 0.1, "epochs": 10},
        "inputs": {},
        "code": {},
        "method": "Pretend to train.",
    }
    return Job(**{**values, **changes})


RECORD = {
    "seconds": 1.5,
    "device": "CPU",
    "host": "toy",
    "threads": 1,
    "python": "3",
    "versions": {"numpy": "2"},
    "commit": "",
}


def finished(name: str, *results: Result, error: str = "", **changes: object) -> Finished:
    """Return a run as prose sees it: one result per seed, or an error."""
    jobs = tuple(job(name, seed, **changes) for seed in range(max(1, len(results))))
    kept = tuple(
        Stored(key=one.key, result=result, record=RECORD)
        for one, result in zip(jobs, results, strict=False)
    )
    return Finished(name=name, jobs=jobs, results=kept, error=error)


def every_artifact() -> Result:
    """Return a result with one artifact of each kind."""
    pixels = np.arange(8 * 8 * 3, dtype=np.uint8).reshape(8, 8, 3)
    return Result(
        test_accuracy=accuracy(0.25, 0.5),
        loss=Curves(
            series=(Series(label="0.1", x=(1.0, 2.0), y=(1.5, 0.5)),),
            x_label="iteration",
            y_label="training loss (nats)",
            unit="nats",
        ),
        names=Bars(labels=("dog", "cat"), values=(0.5, 0.25), y_label="share", unit="fraction"),
        confusion=Matrix(
            row_labels=("dog", "cat"), column_labels=("dog", "cat"), values=((5.0, 1.0), (2.0, 7.0))
        ),
        filters=ImageGrid(images=(pixels, pixels[..., 0]), columns=2, description="two filters"),
        mistakes=ImageGrid(images=(pixels,), labels=("true: dog\ncat 61 %",), columns=1),
        rates=Table(
            columns=(
                Column(name="rate", label="Rate"),
                Column(name="acc", label="Accuracy", unit="fraction"),
            ),
            rows=((0.1, 0.5123), (0.001, 0.4)),
        ),
        stages=Stages(
            stages=(
                Stage(label="image", shape=(3, 8, 8), role="input"),
                Stage(label="conv 3×3", shape=(4, 8, 8), role="convolution"),
                Stage(label="", shape=(4, 4, 4), role="pooling"),
                Stage(label="linear", shape=(2,), role="linear"),
            )
        ),
        printed=Text(body="698 palace 0.5005", language="text"),
        network=Checkpoint(
            network="toy",
            classes=("dog", "cat"),
            settings={"head": 7},
            state={"fc.weight": np.eye(3, dtype=np.float32)},
        ),
    )


def opened(folder: Path, sections: Mapping[str, str], tables: str = "") -> Report:
    """Write and read a report with these sections."""
    return report.load(workspace(folder, tables, sections=sections))
