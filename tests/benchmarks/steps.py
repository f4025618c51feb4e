"""A pass over images and a training step of a whole network: a course's way beside ours.

A pass gives every image to the network once, after the first pass: the course's DataLoader decodes
again, ours has decoded. A step is forward, backward and update with a batch of 32.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import course
import torch
from tabled import Case, apart, timed
from torch import nn
from torch.utils.data import DataLoader
from torch.utils.flop_counter import FlopCounterMode
from torchvision import models, transforms
from torchvision.datasets import ImageFolder

from reporter.experiment import Run
from reporter.learn import transfer
from reporter.learn.augment import Augmentation, parse
from reporter.learn.data import EPOCH_ORDER, Parts, Samples
from reporter.learn.images import load
from reporter.learn.normalisation import IMAGENET
from reporter.learn.streams import generator
from reporter.learn.train import Recipe, Task, sweep

if TYPE_CHECKING:
    from pathlib import Path

    from reporter.learn.precision import Precision

BATCH, CLASSES, STEPS = 32, 7, 5
RATE, MOMENTUM = 0.001, 0.9
NETWORKS = {"ResNet-18": models.resnet18, "AlexNet": models.alexnet}
RUN = Run(name="benchmark")
AUGMENTATIONS = {
    "deterministic": Augmentation(),
    "crop and flip": parse(("crop 200", "flip 0.5")),
    "affine": parse(("affine 10",)),
}


class Glance(nn.Module):
    """A network that costs nothing: scores from one pixel, so that a pass is only the data's."""

    def __init__(self) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(CLASSES))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return (B, CLASSES) scores."""
        return images[:, 0, 0, :1] + self.bias


def passes(folder: Path) -> list[Case]:
    """Return the cases of a pass over the images of a folder, which ours decodes here."""
    plain = {
        name: ImageFolder(folder, transforms.Compose([*course.PIPELINES[name], *course.TENSOR]))
        for name in AUGMENTATIONS
    }
    first = plain["deterministic"]
    pixels = load([path for path, _ in first.samples], None)
    samples = Samples(inputs=pixels, labels=torch.tensor(first.targets))

    def difference() -> str:
        theirs = torch.stack([first[index][0] for index in range(BATCH)])
        return apart(IMAGENET.scaled(pixels[:BATCH]), theirs)

    return [
        Case(
            name=f"pass over {len(pixels)} images, {name}",
            plain=lambda name=name: timed(lambda: go_through(plain[name])),
            ours=lambda changes=changes: timed(lambda: our_pass(samples, changes)),
            difference=(lambda: "drawn at random") if changes else difference,
        )
        for name, changes in AUGMENTATIONS.items()
    ]


def go_through(images: ImageFolder) -> None:
    """Take every batch once."""
    for _ in DataLoader(images, batch_size=BATCH, shuffle=True):
        pass


def our_pass(samples: Samples, augmentation: Augmentation) -> None:
    """Go once through the images."""
    recipe = Recipe(rates=(RATE,), epochs=1, batch=BATCH)
    sweep(task(Glance(), samples, augmentation), recipe, RUN)


def task(network: nn.Module, samples: Samples, augmentation: Augmentation) -> Task:
    """Return the task of training all of a network, its weights as `pretrained` lays them."""
    network.to(memory_format=torch.channels_last)
    return transfer.task(
        network, nn.Sequential(), Parts(train=samples, validation=None, test=samples), IMAGENET,
        augmentation, train="all", frozen_mode="eval", run=RUN,
    )  # fmt: skip


def steps(name: str) -> list[Case]:
    """Return a network's cases: ours beside the course's way, then bfloat16 beside float32."""
    pixels = torch.randint(0, 256, (STEPS * BATCH, 3, 224, 224), generator=generator(0)).byte()
    samples = Samples(inputs=pixels, labels=torch.arange(len(pixels)) % CLASSES)
    networks = []
    for _ in range(3):
        torch.manual_seed(0)
        networks.append(NETWORKS[name](num_classes=CLASSES).train())
    plain, ours, rounded = networks
    optimizer = torch.optim.SGD(plain.parameters(), lr=RATE, momentum=MOMENTUM)
    order = torch.randperm(len(pixels), generator=generator(RUN.stream("order"), EPOCH_ORDER))
    batch = IMAGENET.scaled(pixels[order[:BATCH]]).contiguous(), samples.labels[order[:BATCH]]
    torch.manual_seed(RUN.stream("dropout"))

    def step() -> float:
        return course.train_epoch(plain, [batch], optimizer, frozen_evaluates=False)[0]

    with FlopCounterMode(display=False) as counter:
        loss = step()
    exact = our_steps(ours, samples, "float32")[1]
    near = our_steps(rounded, samples, "bfloat16")[1]
    gflop = counter.get_total_flops() / 1e9
    return [
        Case(
            name=f"{name}, a step",
            plain=lambda: timed(step),
            ours=lambda: our_steps(ours, samples, "float32")[0],
            difference=lambda: f"{abs(exact - loss):.0e} of the first loss",
            gflop=gflop,
        ),
        Case(
            name=f"{name}, ours in float32, in bfloat16",
            plain=lambda: our_steps(ours, samples, "float32")[0],
            ours=lambda: our_steps(rounded, samples, "bfloat16")[0],
            difference=lambda: f"{abs(near - exact):.0e} of the first loss",
            gflop=gflop,
        ),
    ]


def our_steps(network: nn.Module, samples: Samples, precision: Precision) -> tuple[float, float]:
    """Train an epoch; return the seconds of a step, from batch to batch, and the first loss.

    The first step is left out, as for the course: it finds no memory for momentum yet.
    """
    began: list[float] = []

    def prepare(images: torch.Tensor) -> torch.Tensor:
        began.append(time.perf_counter())
        return IMAGENET.scaled(images)

    recipe = Recipe(rates=(RATE,), epochs=1, batch=BATCH, momentum=MOMENTUM, precision=precision)
    made = replace(task(network, samples, Augmentation()), prepare=prepare)
    found = sweep(made, recipe, RUN)
    return (began[-1] - began[1]) / (len(began) - 2), found.trials[0].losses[0]


def cases(folder: Path) -> list[Case]:
    """Return all cases, for images in one folder per class."""
    return [*passes(folder), *(case for name in NETWORKS for case in steps(name))]
