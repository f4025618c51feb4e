"""Seconds for a pass over images and for a training step: a course's way beside ours.

python tests/benchmarks/steps.py [--images FOLDER] [--rounds N] [--threads N] [--clock processor]

A pass gives every image to the network once, after the first pass: the course's DataLoader decodes
again, ours has decoded. FOLDER has one folder of images per class; without it, images are drawn. A
step is forward, backward and update of a whole network with a batch of 32. Rounds alternate and
medians count. `--clock processor` counts processor seconds, for a machine with other work to do;
it wants --threads 1.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from course_steps import BATCH, dataset, go_through, step
from PIL import Image
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from torchvision import models

from reporter.experiment import Run
from reporter.learn import transfer
from reporter.learn.augment import Augmentation, parse
from reporter.learn.data import Parts, Samples
from reporter.learn.images import load
from reporter.learn.normalisation import IMAGENET
from reporter.learn.streams import generator
from reporter.learn.train import EPOCH_ORDER, Recipe, Task, sweep

if TYPE_CHECKING:
    from collections.abc import Callable

    from reporter.learn.precision import Precision

    Clock = Callable[[], float]

CLOCKS = {"wall": time.perf_counter, "processor": time.process_time}
CLASSES, STEPS = 7, 3
RATE, MOMENTUM = 0.001, 0.9
SQUARES = (1024, 2048, 4096)  # sides of the matrices whose product is the peak
NETWORKS = {"ResNet-18": models.resnet18, "AlexNet": models.alexnet}
RUN = Run(name="benchmark")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One row: both ways, each returning its seconds, and what a step computes.

    Attributes:
        difference: of the pixels, or of the first step's loss; None where both draw at random.
        gflop: of one step, 0 for a pass over images.
    """

    name: str
    plain: Callable[[], float]
    ours: Callable[[], float]
    difference: float | None = None
    gflop: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Row:
    """What was measured of a case: seconds in each round, and the matrix product's GFLOP/s."""

    case: Case
    plain_s: tuple[float, ...]
    ours_s: tuple[float, ...]
    peak: float

    @property
    def ratio(self) -> float:
        """Return how many times as fast ours is: the median over the rounds."""
        return statistics.median(p / o for p, o in zip(self.plain_s, self.ours_s, strict=True))

    def share(self, seconds: tuple[float, ...]) -> str:
        """Return GFLOP/s and the part of the peak that a step reached, at the median."""
        if not self.case.gflop:
            return ""
        rate = self.case.gflop / statistics.median(seconds)
        return f"{rate:.0f} GFLOP/s, {rate / self.peak:.0%}"


AUGMENTATIONS = {
    "as they are": Augmentation(),
    "cropped and flipped": parse(("crop 200", "flip 0.5")),
    "turned": parse(("affine 10",)),
}


class Glance(nn.Module):
    """A network that costs nothing: scores from one pixel, so that a pass is only the data's."""

    def __init__(self) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(CLASSES))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return (B, CLASSES) scores."""
        return images[:, 0, 0, :1] + self.bias


def task(network: nn.Module, samples: Samples, augmentation: Augmentation) -> Task:
    """Return the task of training all of a network, its weights as `pretrained` lays them."""
    network.to(memory_format=torch.channels_last)
    return transfer.task(
        network, nn.Sequential(), Parts(train=samples, validation=None, test=samples), IMAGENET,
        augmentation, train="all", frozen_mode="eval", run=RUN,
    )  # fmt: skip


def our_pass(samples: Samples, augmentation: Augmentation) -> None:
    """Go once through the images."""
    recipe = Recipe(rates=(RATE,), epochs=1, batch=BATCH)
    sweep(task(Glance(), samples, augmentation), recipe, RUN)


def our_steps(
    network: nn.Module, samples: Samples, precision: Precision, clock: Clock
) -> tuple[float, float]:
    """Train an epoch; return the seconds of a step, from batch to batch, and the first loss."""
    began: list[float] = []

    def prepare(images: torch.Tensor) -> torch.Tensor:
        began.append(clock())
        return IMAGENET.scaled(images)

    recipe = Recipe(
        rates=(RATE,), epochs=1, batch=BATCH, momentum=MOMENTUM, precision=precision
    )  # fmt: skip
    made = replace(task(network, samples, Augmentation()), prepare=prepare)
    found = sweep(made, recipe, RUN)
    return (began[-1] - began[0]) / (len(began) - 1), found.trials[0].losses[0]


def timed(act: Callable[[], object], clock: Clock) -> float:
    """Return the seconds that a call takes."""
    began = clock()
    act()
    return clock() - began


def passes(folder: Path, clock: Clock) -> list[Case]:
    """Return the cases of a pass over the images of a folder, which are decoded here."""
    course = {name: dataset(folder, name) for name in AUGMENTATIONS}
    first = course["as they are"]
    listed = first.samples
    pixels = load([Path(path) for path, _ in listed], None)
    samples = Samples(inputs=pixels, labels=torch.tensor([label for _, label in listed]))
    plain = torch.stack([first[index][0] for index in range(min(BATCH, len(first)))])
    difference = (IMAGENET.scaled(pixels[:BATCH]) - plain).abs().max().item()
    return [
        Case(
            name=f"{len(listed)} images, {name}",
            plain=lambda name=name: timed(lambda: go_through(course[name]), clock),
            ours=lambda changes=changes: timed(lambda: our_pass(samples, changes), clock),
            difference=None if changes else difference,
        )
        for name, changes in AUGMENTATIONS.items()
    ]


def step_cases(name: str, clock: Clock) -> list[Case]:
    """Return a network's cases: ours beside the course's way, then bfloat16 beside float32."""
    pixels = torch.randint(0, 256, (STEPS * BATCH, 3, 224, 224), generator=generator(0)).byte()
    samples = Samples(inputs=pixels, labels=torch.arange(len(pixels)) % CLASSES)
    twins = []
    for _ in range(3):
        torch.manual_seed(0)
        twins.append(NETWORKS[name](num_classes=CLASSES).train())
    network, ours, rounded = twins
    optimizer = torch.optim.SGD(network.parameters(), lr=RATE, momentum=MOMENTUM)
    chosen = torch.randperm(len(pixels), generator=generator(RUN.stream("order"), EPOCH_ORDER))
    chosen = chosen[:BATCH]
    batch = IMAGENET.scaled(pixels[chosen]).contiguous(), samples.labels[chosen]
    torch.manual_seed(RUN.stream("dropout"))
    with FlopCounterMode(display=False) as counter:
        loss = step(network, optimizer, *batch).item()
    exact = our_steps(ours, samples, "float32", clock)[1]
    near = our_steps(rounded, samples, "bfloat16", clock)[1]
    gflop = counter.get_total_flops() / 1e9

    def ours_s() -> float:
        return our_steps(ours, samples, "float32", clock)[0]

    return [
        Case(
            name=f"{name}, a step",
            plain=lambda: timed(lambda: step(network, optimizer, *batch), clock),
            ours=ours_s,
            difference=abs(exact - loss),
            gflop=gflop,
        ),
        Case(
            name=f"{name}, a step in bfloat16, beside ours in float32",
            plain=ours_s,
            ours=lambda: our_steps(rounded, samples, "bfloat16", clock)[0],
            difference=abs(near - exact),
            gflop=gflop,
        ),
    ]


def product_rate(clock: Clock) -> float:
    """Return the GFLOP/s of matrix products, the best of some sizes."""
    rates = []
    for side in SQUARES * 3:
        square = torch.randn(side, side)
        rates.append(2 * side**3 / 1e9 / timed(lambda square=square: square @ square, clock))
    return max(rates)


def measure(cases: list[Case], rounds: int, clock: Clock) -> list[Row]:
    """Return the rows, measured in rounds; every other one runs backwards."""
    seconds: dict[str, list[tuple[float, float]]] = {case.name: [] for case in cases}
    peak = 0.0
    for round_ in range(rounds):
        peak = max(peak, product_rate(clock))
        for case in cases if round_ % 2 == 0 else cases[::-1]:
            seconds[case.name].append((case.plain(), case.ours()))
        sys.stderr.write(f"round {round_ + 1} of {rounds}\n")
    columns = {name: tuple(zip(*pairs, strict=True)) for name, pairs in seconds.items()}
    return [
        Row(case=c, plain_s=columns[c.name][0], ours_s=columns[c.name][1], peak=peak) for c in cases
    ]


def rows(folder: Path, rounds: int, clock: Clock = time.perf_counter) -> list[Row]:
    """Return all rows, for images in one folder per class."""
    cases = passes(folder, clock)
    for name in NETWORKS:
        cases += step_cases(name, clock)
    return measure(cases, rounds, clock)


def table(found: list[Row]) -> str:
    """Return the rows as Markdown; the peak is that of float32."""
    lines = [
        "| | course, s | ours, s | ratio | course, of peak | ours, of peak | difference |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for row in found:
        plain, ours = statistics.median(row.plain_s), statistics.median(row.ours_s)
        shares = f"{row.share(row.plain_s)} | {row.share(row.ours_s)}"
        gap = "" if row.case.difference is None else f"{row.case.difference:.1g}"
        lines.append(
            f"| {row.case.name} | {plain:.3f} | {ours:.3f} | {row.ratio:.2f} | {shares} | {gap} |"
        )
    return "\n".join(lines)


def draw_images(folder: Path, count: int = 256) -> None:
    """Write soft coloured JPEGs of 227 pixels, in one folder per class."""
    dice = np.random.default_rng(0)
    for index in range(count):
        path = folder / f"class-{index % CLASSES}" / f"{index}.jpg"
        path.parent.mkdir(exist_ok=True)
        small = Image.fromarray(dice.integers(0, 256, (16, 16, 3), dtype=np.uint8))
        small.resize((227, 227), Image.Resampling.BICUBIC).save(path, quality=90)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--clock", choices=CLOCKS, default="wall")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    with tempfile.TemporaryDirectory() as place:
        folder = given.images or Path(place)
        if not given.images:
            draw_images(folder)
        found = rows(folder, given.rounds, CLOCKS[given.clock])
    sys.stdout.write(
        f"{table(found)}\n\nMedians of {given.rounds} alternating rounds, {given.clock} seconds; "
        f"{given.threads} threads; peak of a float32 matrix product {found[0].peak:.0f} GFLOP/s; "
        f"torch {torch.__version__}.\n"
    )


if __name__ == "__main__":
    main()
