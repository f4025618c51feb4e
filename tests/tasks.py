"""Small tasks of training new layers on a frozen network, for tests of what saves work there."""

import hashlib
from collections.abc import Callable

import torch
from torch import nn

from reporter.learn.augment import Augmentation
from reporter.learn.data import Parts, Samples
from reporter.learn.networks import Surgery, build, new_layers, replace_layers
from reporter.learn.normalisation import HALF
from reporter.learn.streams import generator, isolated
from reporter.learn.train import Task


def tiny() -> nn.Module:
    """Return a small network of two fully connected layers."""
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, stride=4), nn.BatchNorm2d(6), nn.ReLU(inplace=True),
        nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(96, 12), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(12, 5),
    )  # fmt: skip


def images(count: int, seed: int, size: int) -> Samples:
    """Return random images of three classes."""
    pixels = torch.randint(
        0, 256, (count, 3, size, size), dtype=torch.uint8, generator=generator(seed)
    )
    digests = tuple(hashlib.sha256(image.numpy().tobytes()).hexdigest() for image in pixels)
    return Samples(inputs=pixels, labels=torch.arange(count) % 3, digests=digests)


def task(
    make: Callable[[], nn.Module],
    surgery: Surgery,
    size: int,
    frozen_mode: str = "eval",
    counts: tuple[int, int, int] = (12, 6, 5),
) -> Task:
    """Return the task of training new layers on a frozen network."""
    with isolated(1):
        network = make().eval()
        part = new_layers(network, replace_layers(network, surgery, "xavier-normal"))
    network.requires_grad_(requires_grad=False)
    part.requires_grad_(requires_grad=True)
    train, validation, test = (images(count, seed, size) for seed, count in enumerate(counts))
    parts = Parts(train=train, validation=validation, test=test)
    return Task(
        model=network, active=(part if frozen_mode == "eval" else network,), parts=parts,
        prepare=HALF.scaled, augmentation=Augmentation(), new_part=part,
    )  # fmt: skip


def alexnet() -> nn.Module:
    """Return torchvision's AlexNet with narrower layers: dropout before each of the first two."""
    network = build("alexnet")
    network.classifier = nn.Sequential(
        nn.Dropout(), nn.Linear(9216, 24), nn.ReLU(inplace=True),
        nn.Dropout(), nn.Linear(24, 16), nn.ReLU(inplace=True), nn.Linear(16, 5),
    )  # fmt: skip
    return network


ONE, TWO = Surgery(replaces=1, sizes=(3,)), Surgery(replaces=2, sizes=(8, 3))
