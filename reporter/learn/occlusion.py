"""A network and an image → how far the score of a class falls when a place is covered.

Shape legend: B of a batch, C = 3 channels, H height, W width.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from reporter.learn.evaluate import modes_kept
from reporter.learn.streams import repeatable

if TYPE_CHECKING:
    from torch import nn

BATCH = 64  # covered images at a time


def occlusion_map(
    network: nn.Module, image_CHW: torch.Tensor, target: int, window: int, stride: int
) -> torch.Tensor:
    """Return the mean fall of the score over all windows that cover a pixel, 0 if it rises: (H, W).

    M. D. Zeiler, R. Fergus, "Visualizing and Understanding Convolutional Networks", 2014,
    https://arxiv.org/abs/1311.2901, section 4.2. Windows are filled with the value that the mean
    colour has after normalisation, zero.

    Args:
        network: evaluates, and is left as it is.
        image_CHW: normalised, on the network's device.
        target: index of the class.
        window: side of the square that is covered, in pixels.
        stride: pixels between two squares; the last ones end at the border.
    """
    height, width = image_CHW.shape[1:]
    places = [
        (top, left)
        for top in starts(height, window, stride)
        for left in starts(width, window, stride)
    ]
    covered = torch.stack([cover(image_CHW, place, window) for place in places])
    with modes_kept(network), torch.no_grad(), repeatable():
        network.eval()
        full = network(image_CHW[None])[0, target]
        left_over = torch.cat([network(batch)[:, target] for batch in covered.split(BATCH)])
    falls = (full - left_over).clamp_min(0).cpu()
    total_HW, count_HW = torch.zeros(height, width), torch.zeros(height, width)
    for (top, left), fall in zip(places, falls, strict=True):
        total_HW[top : top + window, left : left + window] += fall
        count_HW[top : top + window, left : left + window] += 1
    return total_HW / count_HW.clamp_min(1)


def starts(length: int, window: int, stride: int) -> list[int]:
    """Return where windows begin along a side, so that they reach its end."""
    last = max(length - window, 0)
    return sorted({*range(0, last + 1, stride), last})


def cover(image_CHW: torch.Tensor, place: tuple[int, int], window: int) -> torch.Tensor:
    """Return a copy of the image with a square of zeros at (top, left)."""
    top, left = place
    covered = image_CHW.clone()
    covered[:, top : top + window, left : left + window] = 0
    return covered
