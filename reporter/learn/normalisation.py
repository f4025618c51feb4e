"""Pixels → the numbers a network takes: mean and standard deviation per channel.

Shape legend: N images, B of a batch, C = 3 channels, H height, W width, V pixel values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch

if TYPE_CHECKING:
    from collections.abc import Iterable

Triple = tuple[float, float, float]
Choice = Literal["imagenet", "train-set", "half"]
WHITE = 255  # the largest value of a uint8 pixel
BATCH = 256  # images summed at a time


@dataclass(frozen=True, kw_only=True)
class Normalisation:
    """Mean and standard deviation per channel (red, green, blue) of pixels in [0, 1]."""

    mean: Triple
    std: Triple

    def scaled(self, images_BCHW: torch.Tensor) -> torch.Tensor:
        """Return pixels, uint8 or floats in [0, 1], as normalised float32 of the same shape.

        Channels lie last in memory, which CPUs convolve faster.
        """
        is_uint8 = images_BCHW.dtype == torch.uint8
        unit = images_BCHW.float().div_(WHITE) if is_uint8 else images_BCHW.clone()
        mean, std = (unit.new_tensor(values).view(3, 1, 1) for values in (self.mean, self.std))
        return unit.sub_(mean).div_(std).contiguous(memory_format=torch.channels_last)


IMAGENET = Normalisation(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
HALF = Normalisation(mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))


def measured(batches: Iterable[torch.Tensor]) -> Normalisation:
    """Return mean and (population) standard deviation per channel over all pixels.

    Args:
        batches: uint8 images (B, 3, H, W). Pixels are counted by value, which is exact, so
            another batch size gives the same numbers.
    """
    counts_CV = torch.zeros((3, WHITE + 1), dtype=torch.long)
    for images_BCHW in batches:
        channels = images_BCHW.unbind(1)
        counts_CV += torch.stack(
            [torch.bincount(c.flatten().cpu(), minlength=256) for c in channels]
        )
    values_V = torch.arange(WHITE + 1, dtype=torch.float64) / WHITE
    share_CV = counts_CV / counts_CV.sum(1, keepdim=True).double()
    mean_C = share_CV @ values_V
    variance_C = (share_CV * (values_V - mean_C[:, None]).square()).sum(1)
    return Normalisation(mean=triple(mean_C), std=triple(variance_C.sqrt()))


def triple(values_C: torch.Tensor) -> Triple:
    """Return three numbers as a tuple."""
    red, green, blue = values_C.tolist()
    return red, green, blue


def chosen(choice: Choice, training: Iterable[torch.Tensor]) -> Normalisation:
    """Return the normalisation that a run asks for; "train-set" measures uint8 `training`."""
    if choice == "train-set":
        return measured(batch for images in training for batch in images.split(BATCH))
    return HALF if choice == "half" else IMAGENET
