"""Descriptions of data sets."""

from pathlib import Path

import pytest
from PIL import Image

from reporter.inputs import Dataset, Example
from reporter.learn import description


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    """Return a set of images of different sizes: two red ones, one black one, a test image."""
    for name, side, shade in (("a", 4, 255), ("b", 2, 255), ("c", 600, 0)):
        Image.new("RGB", (side, side), (shade, 0, 0)).save(tmp_path / f"{name}.png")
    paths = [
        Example(path=tmp_path / f"{name}.png", label=label, digest=name)
        for name, label in zip("abc", (0, 0, 1), strict=True)
    ]
    return Dataset(
        name="reds",
        classes=("red", "black"),
        train=tuple(paths[:2]),
        test=tuple(paths[2:]),
        digest="",
    )


def test_classes_are_counted(data: Dataset) -> None:
    """Per class and set, and in total."""
    train, test = description.counts(data)
    assert description.classes_table(data.classes, train, test).rows == (
        ("red", 2, 0),
        ("black", 0, 1),
    )
    assert description.sizes_table(data).rows == (("training", 2), ("test", 1))


def test_statistics_stand_beside_imagenets(data: Dataset) -> None:
    """Over all pixels of the training images, whatever their size."""
    rows = description.statistics_table(data).rows
    assert rows[0] == ("reds", 1, 0, 0, 0, 0, 0)
    assert rows[1] == ("ImageNet", 0.485, 0.456, 0.406, 0.229, 0.224, 0.225)


def test_samples_are_drawn_from_each_class(data: Dataset) -> None:
    """As many as there are, up to the number asked for; large ones are made small."""
    assert description.sample(data, 1, 5, seed=0).labels == ("red",)
    swapped = Dataset(name="x", classes=data.classes, train=data.test, test=(), digest="")
    grid = description.sample(swapped, 3, 5, seed=0)
    assert grid.labels == ("black",)
    assert grid.images[0].shape == (256, 256, 3)
