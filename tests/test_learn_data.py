"""Data sets as pixels and labels."""

import hashlib
from pathlib import Path

import pytest
import torch
from PIL import Image

from reporter.errors import ReportError
from reporter.experiment import Run
from reporter.inputs import Dataset, Example
from reporter.learn.data import few, hold_out, parts, samples


def made(folder: Path, train: int = 6, test: int = 2) -> Dataset:
    """Return a set of two classes: dark and bright images, `train` and `test` of each."""
    examples: dict[str, list[Example]] = {"train": [], "test": []}
    for split, count in (("train", train), ("test", test)):
        for label in (0, 1):
            for number in range(count):
                path = folder / f"{split}-{label}-{number}.png"
                Image.new("RGB", (8, 8), (200 * label + number,) * 3).save(path)
                examples[split].append(
                    Example(
                        path=path, label=label, digest=hashlib.sha256(path.read_bytes()).hexdigest()
                    )
                )
    return Dataset(
        name="grey", classes=("dark", "bright"), digest="",
        train=tuple(examples["train"]), test=tuple(examples["test"]),
    )  # fmt: skip


def names(examples: tuple[Example, ...]) -> list[str]:
    """Return the file names."""
    return [example.path.name for example in examples]


@pytest.mark.parametrize(
    ("count", "share", "expected"),
    [(2108, 0.2, 421), (236, 0.2, 47), (236, 0.3, 70), (100, 0.29, 29), (10, 0.0, 0)],
)
def test_the_part_held_out_is_rounded_down(count: int, share: float, expected: int) -> None:
    """The counts are those of the share as it is written, not of its binary neighbour."""
    examples = tuple(Example(path=Path(f"{i:04d}"), label=0, digest=f"{i}") for i in range(count))
    kept, held_out = hold_out(examples, share, seed=42)
    assert len(held_out) == expected
    assert sorted(names(kept) + names(held_out)) == names(examples)


def test_a_share_of_nothing_is_an_error() -> None:
    """A share that rounds to no image is told, not ignored."""
    with pytest.raises(ReportError, match=r"validation = 0\.2 of 4 training images is none"):
        hold_out((Example(path=Path("a"), label=0, digest="a"),) * 4, 0.2, 0)


def test_few_images_are_drawn_from_each_class(tmp_path: Path) -> None:
    """The draw is balanced, depends on the seed, and repeats."""
    data = made(tmp_path)
    draws = [few(data, 2, seed) for seed in (0, 0, 1, 2, 3)]
    assert all([example.label for example in draw] == [0, 0, 1, 1] for draw in draws)
    assert draws[0] == draws[1]
    assert len({tuple(names(draw)) for draw in draws}) > 1


def test_a_class_with_too_few_images_is_named(tmp_path: Path) -> None:
    """The message says how many there are."""
    with pytest.raises(ReportError, match="per_class = 7, but class 'dark' of 'grey' has 6"):
        few(made(tmp_path), 7, 0)


def test_parts_hold_all_images_once(tmp_path: Path) -> None:
    """Training and validation share the training images; the test set is whole."""
    found = parts(
        made(tmp_path), size=8, per_class=None, validation=0.25, run=Run(name="x", seed=1)
    )
    assert found.validation is not None
    assert (len(found.train), len(found.validation), len(found.test)) == (9, 3, 4)
    shades = [int(image[0, 0, 0]) for images in found.training_inputs for image in images]
    assert sorted(shades) == [*range(6), *range(200, 206)]
    assert [
        int(image[0, 0, 0]) // 200 for image in found.train.inputs
    ] == found.train.labels.tolist()


def test_an_empty_test_set_is_an_error(tmp_path: Path) -> None:
    """There is nothing to report without test images."""
    with pytest.raises(ReportError, match="12 images to train and 0 to test"):
        parts(made(tmp_path, test=0), size=8, per_class=None, validation=0, run=Run(name="x"))


def test_images_are_decoded_once(tmp_path: Path) -> None:
    """A second run reads the pixels: it needs the files no more, whatever part they are in."""
    run = Run(name="x", cache=tmp_path / "cache")
    data = made(tmp_path)
    found = samples((*data.train, *data.test), 8, run)
    for example in (*data.train, *data.test):
        example.path.unlink()
    again = samples(tuple(reversed(data.train)), 8, run)
    assert torch.equal(again.inputs, found.inputs[:12].flip(0))
    assert again.digests == found.digests[11::-1]
    with pytest.raises(ReportError, match=r"train-0-0\.png can't be read"):
        samples(data.train, 9, run)


def test_another_content_is_another_image(tmp_path: Path) -> None:
    """The digests of samples differ with the file's content and with the size in pixels."""
    data, run = made(tmp_path), Run(name="x")
    digests = [*samples(data.train, 8, run).digests, *samples(data.train, 7, run).digests]
    assert len(set(digests)) == 24
