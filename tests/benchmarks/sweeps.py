"""Sweeps over rates on frozen layers: the course script of `course.py` beside our engine.

Each measurement is a process of its own with all cores, so that its peak memory is its own. The
course script trains one epoch a round, and its total is extrapolated: epochs × rates × (one epoch)
+ (one test).
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import course
import torch
from tabled import Measured

REPORT = str(Path(sys.executable).with_name("report"))
HERE = str(Path(__file__).resolve())
COLD = ", cold start"
FEWER = 3  # rounds of all cases but the first, each of which takes a minute or two
RATES = (0.01, 0.03, 0.001, 0.003, 0.0001)  # of report pacs-cartoon


@dataclass(frozen=True, kw_only=True)
class Case:
    """One sweep: which network, how many new layers, how it is trained."""

    model: str
    new: int = 1
    rates: tuple[float, ...] = RATES
    epochs: int = 50
    batch: int = 8
    frozen_mode: str = "eval"

    @property
    def passes(self) -> int:
        """Return the number of epochs over all rates."""
        return self.epochs * len(self.rates)


CASES = {
    "ResNet-18, linear head": Case(model="resnet18"),
    "AlexNet, last layer": Case(model="alexnet", rates=(0.001,), epochs=10, batch=32),
    "AlexNet, last two layers, dropout below": Case(
        model="alexnet", new=2, rates=(0.001,), epochs=10, batch=32, frozen_mode="train"
    ),
}


def course_training(case: Case, images: Path, weights: Path | None) -> dict[str, float]:
    """Time one epoch and one test of the course script, on batches that are decoded already."""
    network, parts = course_script(case, images, weights)
    learning = [p for p in network.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(learning, lr=case.rates[0])
    train, validation, test = (list(part) for part in (parts.train, parts.validation, parts.test))
    evaluates = case.frozen_mode == "eval"
    course.train_epoch(network, train[:4], optimizer, frozen_evaluates=evaluates)
    began = time.perf_counter()
    course.train_epoch(network, train, optimizer, frozen_evaluates=evaluates)
    course.evaluate(network, validation)
    epoch = time.perf_counter() - began
    began = time.perf_counter()
    course.evaluate(network, test)
    return {"seconds": case.passes * epoch + time.perf_counter() - began}


def course_script(
    case: Case, images: Path, weights: Path | None
) -> tuple[torch.nn.Module, course.Loaders]:
    """Return what the course script starts with."""
    network = course.pretrained(case.model, weights if case.model == "resnet18" else None)
    parts = course.loaders(images, batch=case.batch)
    classes = len(parts.test.dataset.classes)
    return course.with_new_head(network, classes, case.new), parts


def course_cold(case: Case, images: Path, weights: Path | None) -> dict[str, float]:
    """Time one epoch and one test of the course script, files decoded as it goes."""
    network, parts = course_script(case, images, weights)
    began = time.perf_counter()
    learning = [p for p in network.parameters() if p.requires_grad]
    course.train_epoch(network, parts.train, torch.optim.SGD(learning, lr=case.rates[0]))
    course.evaluate(network, parts.validation)
    epoch = time.perf_counter() - began
    course.evaluate(network, parts.test)
    return {"again": (case.passes - 1) * epoch}


def our_training(case: Case, images: Path, weights: Path | None) -> dict[str, float]:
    """Time the engine on images that are decoded already: frozen layers once, then all rates."""
    from reporter.datasets.digests import Digests
    from reporter.datasets.folders import open_folder
    from reporter.experiment import Run
    from reporter.learn import evaluate, transfer
    from reporter.learn.augment import Augmentation
    from reporter.learn.data import parts
    from reporter.learn.normalisation import IMAGENET
    from reporter.learn.train import Recipe, sweep
    from reporter.learn.weights import pretrained

    with tempfile.TemporaryDirectory() as place:
        digests = Digests(Path(place) / "digests.json")
        data = open_folder("images", images, "folders", "exact", digests)
        run = Run(name="ours", cache=Path(place))
        loaded = pretrained(case.model, named(weights if case.model == "resnet18" else None), run)
        pixels = parts(data, size=None, per_class=None, validation=0.2, run=run)
        head = (4096,) * (case.new - 1) + (len(data.classes),)
        step = transfer.surgery(head, None, data.classes)
        network, new_part = transfer.with_new_layers(loaded, step, "default", run)
        began = time.perf_counter()
        task = transfer.task(
            network.network, new_part, pixels, IMAGENET, Augmentation(),
            train="head", frozen_mode=case.frozen_mode, run=run,
        )  # fmt: skip
        sweep(task, Recipe(rates=case.rates, epochs=case.epochs, batch=case.batch), run)
        scores = evaluate.logits(task.model, task.parts.test.inputs, task.prepare)
        seconds = time.perf_counter() - began
        theirs = whole_network(network.network, pixels.test.inputs)
    return {
        "seconds": seconds,
        "forwards": run.notes["forwards"],
        "difference": (theirs - scores).abs().max().item(),
    }


@torch.no_grad()
def whole_network(network: torch.nn.Module, images: torch.Tensor) -> torch.Tensor:
    """Return the trained network's scores for pixels in batches of eight, as a course does it."""
    network.eval().to(memory_format=torch.contiguous_format)
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (course.MEAN, course.STD))
    return torch.cat([network((b.float().div(255) - mean) / std) for b in images.split(8)])


def named(weights: Path | None) -> Any:
    """Return a weights file as an experiment gets it; random parameters without."""
    from reporter.inputs import Weights

    if weights is None:
        return Weights(name="random", source="random", digest="random")
    return Weights(name="file", source="file", digest="file", path=weights)


WORKSPACE = """schema = 1
[report]
name = "cold"
title = "Cold"
authors = [{{ name = "A. Example" }}]
date = 2026-01-01
[settings]
threads = {threads}
[data.images]
path = "{images}"
split = "folders"
[weights.given]
source = "{weights}"
[runs.head]
experiment = "finetune"
data = "images"
model = "{model}"
weights = "given"
rates = {rates}
epochs = {epochs}
batch = {batch}
"""


def cold(side: str, case: Case, images: Path, weights: Path | None) -> dict[str, float]:
    """Time a whole process from its start: the course script, or `report run` with nothing kept."""
    began = time.perf_counter()
    if side == "course":
        said = child("course_cold", next(iter(CASES)), images, weights)
        return {**said, "seconds": time.perf_counter() - began + said["again"]}
    with tempfile.TemporaryDirectory() as place:
        source = f"file:{weights}" if weights else "random"
        text = WORKSPACE.format(
            threads=os.cpu_count(), images=images, weights=source, model=case.model,
            rates=list(case.rates), epochs=case.epochs, batch=case.batch,
        )  # fmt: skip
        (Path(place) / "report.toml").write_text(text, encoding="utf-8")
        began = time.perf_counter()
        environment = {k: v for k, v in os.environ.items() if k != "REPORT_STORE"}
        subprocess.run(
            [REPORT, "run", "head"], cwd=place, check=True, capture_output=True, env=environment
        )
        seconds = time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return {"seconds": seconds, "memory": memory}


def child(act: str, name: str, images: Path, weights: Path | None) -> dict[str, float]:
    """Run one measurement in a process of its own; return what it printed."""
    given = [act, name, str(images), str(weights or "")]
    done = subprocess.run(
        [sys.executable, HERE, *given], check=True, stdout=subprocess.PIPE, text=True
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def rows(images: Path, weights: Path | None, rounds: int) -> list[Measured]:
    """Measure every case, the first also from a cold start; the later ones in fewer rounds."""
    first, *others = CASES
    fewer = [f"{first}{COLD}", *others]
    found = [measured(first, images, weights, rounds)]
    return found + [measured(name, images, weights, min(rounds, FEWER)) for name in fewer]


def measured(name: str, images: Path, weights: Path | None, rounds: int) -> Measured:
    """Measure both sides of a case, interleaved, every other round backwards."""
    case = CASES[name.removesuffix(COLD)]
    found: dict[str, list[dict[str, float]]] = {"course": [], "our": []}
    for number in range(rounds):
        for side in list(found)[:: 1 if number % 2 == 0 else -1]:
            if name.endswith(COLD):
                found[side].append(cold(side, case, images, weights))
            else:
                found[side].append(child(f"{side}_training", name, images, weights))
            sys.stderr.write(f"{name}, {side}: {found[side][-1]}\n")
    both = [max(one["memory"] for one in side) for side in found.values()]
    said = found["our"][-1]
    forwards = sorted({int(one["forwards"]) for one in found["our"] if "forwards" in one})
    difference = f"{said['difference']:.0e} of the scores" if forwards else ""
    counted = f"; {', '.join(map(str, forwards))} forward passes" if forwards else ""
    return Measured(
        name=name,
        plain_s=tuple(one["seconds"] for one in found["course"]),
        ours_s=tuple(one["seconds"] for one in found["our"]),
        memory=" / ".join(f"{one:.0f}" for one in both),
        difference=difference + counted,
    )


def main() -> None:
    """Measure one thing, as a child that prints it as JSON."""
    import reporter.executors.memory  # noqa: F401 - both sides keep memory as our workers do

    act, name, images, weights = sys.argv[1:]
    torch.set_num_threads(os.cpu_count() or 1)
    found = globals()[act](CASES[name], Path(images), Path(weights) if weights else None)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"memory": memory, **found}) + "\n")


if __name__ == "__main__":
    main()
