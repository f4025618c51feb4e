"""A data set → its sizes, classes, colour statistics and sample images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torchvision.transforms import functional

from reporter.artifacts import Cell, Column, ImageGrid, Table
from reporter.learn.images import decode
from reporter.learn.normalisation import IMAGENET, Normalisation, measured
from reporter.learn.streams import generator

if TYPE_CHECKING:
    from reporter.inputs import Dataset

THUMBNAIL = 256  # pixels of the longer side, at most


def counts(data: Dataset) -> tuple[list[int], list[int]]:
    """Return the number of training and of test images of each class."""
    train = [sum(e.label == i for e in data.train) for i in range(len(data.classes))]
    test = [sum(e.label == i for e in data.test) for i in range(len(data.classes))]
    return train, test


def sizes_table(data: Dataset) -> Table:
    """Return how many images each set has."""
    columns = (
        Column(name="set", label="set"),
        Column(name="images", label="images", unit="count"),
    )
    return Table(columns=columns, rows=(("training", len(data.train)), ("test", len(data.test))))


def classes_table(classes: tuple[str, ...], train: list[int], test: list[int]) -> Table:
    """Return how many images each class has in each set."""
    columns = (
        Column(name="class", label="class"),
        Column(name="training", label="training images", unit="count"),
        Column(name="test", label="test images", unit="count"),
    )
    return Table(columns=columns, rows=tuple(zip(classes, train, test, strict=True)))


def statistics_table(data: Dataset) -> Table:
    """Return mean and standard deviation per channel of the training set, and ImageNet's."""
    found = measured(functional.pil_to_tensor(decode(e.path))[None] for e in data.train)
    names = [f"{what}_{channel}" for what in ("mean", "std") for channel in "rgb"]
    labels = [f"{what} {c}" for what in ("mean", "deviation") for c in ("red", "green", "blue")]
    columns = (
        Column(name="set", label="set"),
        *(Column(name=n, label=text, digits=4) for n, text in zip(names, labels, strict=True)),
    )
    return Table(columns=columns, rows=(row(data.name, found), row("ImageNet", IMAGENET)))


def row(name: str, statistics: Normalisation) -> tuple[Cell, ...]:
    """Return one row of the table of statistics."""
    return (name, *statistics.mean, *statistics.std)


def sample(data: Dataset, per_class: int, columns: int, seed: int) -> ImageGrid:
    """Return training images drawn from each class, small enough for a page."""
    dice = generator(seed)
    images: list[np.ndarray] = []
    labels: list[str] = []
    for label, name in enumerate(data.classes):
        own = [example.path for example in data.train if example.label == label]
        for index in torch.randperm(len(own), generator=dice)[:per_class].tolist():
            image = decode(own[index])
            image.thumbnail((THUMBNAIL, THUMBNAIL))
            images.append(np.asarray(image))
            labels.append(name)
    description = f"{len(images)} training images of {len(data.classes)} classes"
    return ImageGrid(
        images=tuple(images), labels=tuple(labels), columns=columns, description=description
    )
