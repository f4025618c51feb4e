"""A network and photographs → what it takes them for, beside what a person expects.

Shape legend: N images, K classes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from reporter.artifacts import Cell, Column, Table
from reporter.errors import ReportError, nearest
from reporter.learn.evaluate import modes_kept
from reporter.learn.images import load
from reporter.learn.streams import repeatable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reporter.inputs import ImageFile
    from reporter.learn.weights import Pretrained


@dataclass(frozen=True, kw_only=True, eq=False)
class Photographs:
    """Photographs as a network saw them.

    Attributes:
        images: their names and expected classes.
        pixels: (N, 3, H, W) uint8.
        logits: (N, K) scores, on the CPU.
        classes: what the scores stand for.
        ids: the network's numbers of these classes, if they are only some of its own.
    """

    images: tuple[ImageFile, ...]
    pixels: torch.Tensor
    logits: torch.Tensor
    classes: tuple[str, ...]
    ids: tuple[int, ...] = ()

    @property
    def probabilities(self) -> torch.Tensor:
        """Return the softmax of the scores, (N, K)."""
        return torch.softmax(self.logits, 1)

    @property
    def predicted(self) -> tuple[int, ...]:
        """Return the class with the highest score of each photograph."""
        return tuple(self.logits.argmax(1).tolist())


def seen(images: Sequence[ImageFile], loaded: Pretrained, size: int | None) -> Photographs:
    """Show photographs to a network, one at a time; `size` falls back to the network's own."""
    pixels = load([image.path for image in images], size or loaded.size)
    device = next(loaded.network.parameters()).device
    with modes_kept(loaded.network), torch.no_grad(), repeatable():
        loaded.network.eval()
        rows = [
            loaded.network(loaded.normalisation.scaled(image.to(device))).cpu()
            for image in pixels.split(1)
        ]
    logits_NK = torch.cat(rows)
    return Photographs(
        images=tuple(images), pixels=pixels, logits=logits_NK, classes=loaded.classes
    )


def restricted(photographs: Photographs, among: Sequence[str]) -> Photographs:
    """Return the same photographs with the scores of some classes only, in the order given.

    Raises:
        ReportError: the network knows no class of that name.
    """
    names = [folded(name) for name in photographs.classes]
    for name in among:
        if folded(name) not in names:
            hint = nearest(folded(name), names)
            message = f"among: the network knows no class {name!r}{hint if 'mean' in hint else ''}"
            raise ReportError(message)
    chosen = [names.index(folded(name)) for name in among]
    return replace(
        photographs,
        logits=photographs.logits[:, chosen],
        classes=tuple(photographs.classes[index] for index in chosen),
        ids=tuple(chosen),
    )


def folded(name: str) -> str:
    """Return a class name in the form that is compared: lower case, "_" as a space."""
    return name.replace("_", " ").casefold().strip()


def is_correct(image: ImageFile, predicted: str) -> bool | None:
    """Whether the class is the one expected; None where nothing is expected."""
    return None if image.expected is None else folded(image.expected) == folded(predicted)


def predictions_table(photographs: Photographs) -> Table:
    """Return expected and predicted class of each photograph."""
    columns = (
        Column(name="image", label="image"),
        Column(name="expected", label="expected"),
        Column(name="predicted", label="predicted"),
        Column(name="probability", label="probability", unit="fraction"),
        Column(name="correct", label="correct"),
    )
    rows: list[tuple[Cell, ...]] = []
    for row, index in enumerate(photographs.predicted):
        image, name = photographs.images[row], photographs.classes[index]
        probability = photographs.probabilities[row, index].item()
        rows.append((image.name, image.expected, name, probability, is_correct(image, name)))
    return Table(columns=columns, rows=tuple(rows))


def ranking_table(photographs: Photographs, k: int) -> Table:
    """Return the `k` likeliest classes of each photograph."""
    columns = (
        Column(name="image", label="image"),
        Column(name="rank", label="rank", unit="count"),
        Column(name="class_id", label="class id"),
        Column(name="class", label="class"),
        Column(name="probability", label="probability", unit="fraction", digits=2),
    )
    top = photographs.probabilities.topk(min(k, len(photographs.classes)))
    ids = photographs.ids or range(len(photographs.classes))
    rows = tuple(
        (image.name, rank, ids[index], photographs.classes[index], probability)
        for image, indices, values in zip(
            photographs.images, top.indices.tolist(), top.values.tolist(), strict=True
        )
        for rank, (index, probability) in enumerate(zip(indices, values, strict=True), start=1)
    )
    return Table(columns=columns, rows=rows)


def printed(ranking: Table) -> str:
    """Return a ranking as a program prints it: class id, class, probability."""
    lines: list[str] = []
    for image, rank, index, name, probability in ranking.rows:
        if rank == 1:
            lines += ["", str(image)]
        lines.append(f"{index:>5}  {probability:.4f}  {name}")
    return "\n".join(lines[1:])
