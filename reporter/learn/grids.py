"""Test images → 2×2 grids of four classes, in which a saliency map should find one.

Shape legend: N images, C = 3 channels, H height, W width.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from reporter.artifacts import Cell, Column, Metric, Table
from reporter.errors import ReportError
from reporter.learn.photographs import folded
from reporter.learn.streams import generator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reporter.inputs import Dataset, Weights
    from reporter.learn.weights import Pretrained

CELLS = 4
PLACES = ("top left", "top right", "bottom left", "bottom right")  # of the cells 0 to 3
CHANCE = 1 / CELLS
SPREAD = 0.25  # standard deviation of the centre-weighted map, of the side
GREY = (0.299, 0.587, 0.114)  # ITU-R BT.601


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Which test images stand in a grid, row by row, and which cell is asked for."""

    images: tuple[int, int, int, int]
    cell: int


def layouts(data: Dataset, count: int, seed: int) -> tuple[Layout, ...]:
    """Draw grids of test images with four different classes each.

    Raises:
        ReportError: the test set has fewer than four classes.
    """
    own = {
        label: [i for i, e in enumerate(data.test) if e.label == label]
        for label in range(len(data.classes))
    }
    filled = [label for label, indices in own.items() if indices]
    if len(filled) < CELLS:
        message = f"data {data.name!r} has test images of {len(filled)} classes; a grid needs four"
        raise ReportError(message)
    dice = generator(seed)

    def drawn(items: Sequence[int]) -> int:
        return items[int(torch.randint(len(items), (), generator=dice))]

    found: list[Layout] = []
    for _ in range(count):
        order = torch.randperm(len(filled), generator=dice).tolist()
        a, b, c, d = (drawn(own[filled[i]]) for i in order[:CELLS])
        found.append(Layout(images=(a, b, c, d), cell=drawn(range(CELLS))))
    return tuple(found)


def composed(images_NCHW: torch.Tensor, layout: Layout) -> torch.Tensor:
    """Return the grid, (C, H, W) uint8: the centre quarter of each of its four images."""
    height, width = (side // 2 for side in images_NCHW.shape[2:])
    top, left = height // 2, width // 2
    a, b, c, d = (images_NCHW[i, :, top : top + height, left : left + width] for i in layout.images)
    return torch.cat([torch.cat([a, b], 2), torch.cat([c, d], 2)], 1)


def energy(map_HW: torch.Tensor, cell: int) -> float:
    """Return the share of a non-negative map that lies in a cell; a quarter of an empty one."""
    height, width = (side // 2 for side in map_HW.shape)
    top, left = (cell // 2) * height, (cell % 2) * width
    total = map_HW.double().sum().item()
    inside = map_HW[top : top + height, left : left + width].double().sum().item()
    return inside / total if total > 0 else CHANCE


def edges(image_CHW: torch.Tensor) -> torch.Tensor:
    """Return the magnitude of the Sobel gradient of a uint8 image's grey values, (H, W)."""
    grey = (image_CHW.float() * torch.tensor(GREY).view(3, 1, 1)).sum(0)[None, None]
    across = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])
    kernels = torch.stack([across, across.T])[:, None]
    padded = functional.pad(grey, (1, 1, 1, 1), mode="replicate")
    magnitude: torch.Tensor = functional.conv2d(padded, kernels)[0].square().sum(0).sqrt()
    return magnitude


def centre(height: int, width: int) -> torch.Tensor:
    """Return a map that weighs the middle of an image, a Gaussian, (H, W)."""
    rows = (torch.arange(height) - (height - 1) / 2) / (SPREAD * height)
    columns = (torch.arange(width) - (width - 1) / 2) / (SPREAD * width)
    return torch.exp(-(rows.square()[:, None] + columns.square()[None, :]) / 2)


def class_indices(data: Dataset, loaded: Pretrained, weights: Weights) -> tuple[int, ...]:
    """Return which score of the network stands for each class of the data.

    A random network knows no class; there, the scores are taken in order.

    Raises:
        ReportError: the network has no score for a class.
    """
    names = [folded(name) for name in loaded.classes]
    if weights.source == "random" and len(data.classes) <= len(names):
        return tuple(range(len(data.classes)))
    missing = next((name for name in data.classes if folded(name) not in names), None)
    if missing is not None:
        message = (
            f"weights {weights.name!r} know no class {missing!r} of data {data.name!r};"
            f" use those of a run trained on it"
        )
        raise ReportError(message)
    return tuple(names.index(folded(name)) for name in data.classes)


def energy_metric(energies: Sequence[float]) -> Metric:
    """Return the mean share of the map in the cell that was asked for."""
    return Metric(value=math.fsum(energies) / len(energies), split="test", n=len(energies))


def scores_table(energies: Mapping[str, Sequence[float]]) -> Table:
    """Return mean and standard error of each map's energy, and chance."""
    columns = (
        Column(name="map", label="map"),
        Column(name="energy", label="energy in the cell", unit="fraction"),
        Column(name="standard_error", label="standard error", unit="fraction"),
        Column(name="n", label="grids", unit="count"),
    )
    rows: list[tuple[Cell, ...]] = [
        (name, energy_metric(found).value, standard_error(found), len(found))
        for name, found in energies.items()
    ]
    return Table(columns=columns, rows=(*rows, ("chance", CHANCE, None, None)))


def standard_error(values: Sequence[float]) -> float | None:
    """Return the standard error of the mean, None for fewer than two values."""
    if len(values) <= 1:
        return None
    mean = math.fsum(values) / len(values)
    variance = math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return math.sqrt(variance / len(values))
