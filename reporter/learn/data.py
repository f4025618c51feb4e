"""A data set → pixels and labels in memory: training, validation and test part.

Shape legend: N images, C = 3 channels, H height, W width.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

import torch

from reporter.errors import ReportError
from reporter.learn import images
from reporter.learn.rows import rows_of
from reporter.learn.streams import RunContext, generator

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reporter.inputs import Dataset, Example

DRAW, SPLIT, EPOCH_ORDER = 0, 1, 2  # uses of the order stream


@dataclass(frozen=True, kw_only=True, eq=False)
class Samples:
    """Inputs and their classes.

    Attributes:
        inputs: images (N, 3, H, W) uint8, or what a frozen network made of them, float32.
        labels: (N,) class indices.
        digests: N texts, each of which stands for the content of an image; () if there are none.
    """

    inputs: torch.Tensor
    labels: torch.Tensor
    digests: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, kw_only=True, eq=False)
class Parts:
    """What a network is trained on, chosen by and tested on; no validation means None."""

    train: Samples
    validation: Samples | None
    test: Samples

    @property
    def all(self) -> tuple[Samples, ...]:
        """Return training, validation (if there is one) and test samples."""
        return (self.train, *((self.validation,) if self.validation else ()), self.test)

    def over(self, inputs: Sequence[torch.Tensor]) -> Parts:
        """Return parts with other inputs, as many as `all` has, and the same labels."""
        found = [replace(part, inputs=given) for part, given in zip(self.all, inputs, strict=True)]
        return Parts(
            train=found[0], validation=found[1] if self.validation else None, test=found[-1]
        )

    @property
    def training_inputs(self) -> tuple[torch.Tensor, ...]:
        """Return the inputs of all training images, those held out included."""
        return (self.train.inputs, *((self.validation.inputs,) if self.validation else ()))


def samples(examples: Sequence[Example], size: int | None, run: RunContext) -> Samples:
    """Return images as (N, 3, H, W) uint8, with their labels; each file is decoded once.

    Args:
        examples: the images, in the order of the samples.
        size: side of the images in pixels, None for ImageNet's evaluation.
        run: its cache keeps the pixels.
    """

    def decoded(indices: list[int]) -> Iterator[torch.Tensor]:
        return images.decoded([examples[index].path for index in indices], size)

    kind = images.kind(size)
    pixels, _ = rows_of(run.cache, kind, [example.digest for example in examples], decoded)
    return Samples(
        inputs=pixels,
        labels=torch.tensor([example.label for example in examples], dtype=torch.long),
        digests=tuple(kind.digest(example.digest) for example in examples),
    )


def parts(
    data: Dataset, *, size: int | None, per_class: int | None, validation: float, run: RunContext
) -> Parts:
    """Draw the training images, hold some out for validation, and decode all once.

    Args:
        data: the set; its test images are never drawn from.
        size: side of the images in pixels, None for ImageNet's evaluation.
        per_class: so many training images of each class are drawn, None for all.
        validation: share of the drawn images that is held out, rounded down; 0 for none.
        run: its order stream draws and splits; its cache keeps the pixels.

    Raises:
        ReportError: a class has too few images, or a part would be empty.
    """
    seed = run.stream("order")
    train, held_out = hold_out(few(data, per_class, seed), validation, seed)
    insist_on_both(data, train)
    return Parts(
        train=samples(train, size, run),
        validation=samples(held_out, size, run) if held_out else None,
        test=samples(data.test, size, run),
    )


def insist_on_both(data: Dataset, train: Sequence[Example]) -> None:
    """Raise a ReportError unless there are images to train on, those given, and to test on."""
    if not train or not data.test:
        counts = f"{len(train)} images to train and {len(data.test)} to test"
        raise ReportError(f"data {data.name!r} has {counts}; both are needed")


def few(data: Dataset, per_class: int | None, seed: int) -> tuple[Example, ...]:
    """Draw `per_class` training images of each class; their order in the set is kept."""
    if per_class is None:
        return data.train
    dice = generator(seed, DRAW)
    chosen: list[int] = []
    for label, name in enumerate(data.classes):
        own = [i for i, example in enumerate(data.train) if example.label == label]
        if len(own) < per_class:
            message = f"per_class = {per_class}, but class {name!r} of {data.name!r} has {len(own)}"
            message += " training images; ask for at most that"
            raise ReportError(message)
        chosen += [own[i] for i in torch.randperm(len(own), generator=dice)[:per_class].tolist()]
    return tuple(data.train[i] for i in sorted(chosen))


def hold_out(
    examples: tuple[Example, ...], share: float, seed: int
) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    """Split at random into what is trained on and the share, rounded down, that is not."""
    count = math.floor(len(examples) * Fraction(str(share)))
    if share > 0 and count == 0:
        message = f"validation = {share} of {len(examples)} training images is none; ask for more"
        raise ReportError(message)
    order = torch.randperm(len(examples), generator=generator(seed, SPLIT)).tolist()
    kept, held_out = sorted(order[count:]), sorted(order[:count])
    return tuple(examples[i] for i in kept), tuple(examples[i] for i in held_out)
