"""Names of augmentations → batches changed at random, drawn from a generator of their own.

All images of a batch change at once, on whatever device they lie; the draws are made on the CPU.

Shape legend: B images, C = 3 channels, H height, W width, N = H × W pixels.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torchvision.transforms import functional

from reporter.errors import ReportError, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

Change = Callable[[torch.Tensor, float, torch.Generator], torch.Tensor]
SHARPNESS = 2.0  # 1 leaves an image as it is


def chance(images_BCHW: torch.Tensor, probability: float, dice: torch.Generator) -> torch.Tensor:
    """Return the indices of the images that are drawn, each with that probability."""
    drawn = torch.rand(len(images_BCHW), generator=dice) < probability
    return drawn.nonzero()[:, 0].to(images_BCHW.device)


def floats(images_BCHW: torch.Tensor) -> torch.Tensor:
    """Return uint8 pixels as floats in [0, 1]; floats as they are."""
    return images_BCHW / 255 if images_BCHW.dtype == torch.uint8 else images_BCHW


def flip(images_BCHW: torch.Tensor, probability: float, dice: torch.Generator) -> torch.Tensor:
    """Mirror images left to right, each with that probability."""
    drawn = chance(images_BCHW, probability, dice)
    return images_BCHW.index_copy(0, drawn, images_BCHW.index_select(0, drawn).flip(3))


def affine(images_BCHW: torch.Tensor, degrees: float, dice: torch.Generator) -> torch.Tensor:
    """Turn each image by an angle drawn between -degrees and +degrees; bare corners are black.

    A pixel takes the colour of the nearest one where it comes from.
    """
    (channels, height, width), device = images_BCHW.shape[1:], images_BCHW.device
    angles = (2 * torch.rand(len(images_BCHW), generator=dice) - 1) * degrees
    radians_B11 = angles.deg2rad().to(device).view(-1, 1, 1)
    cos_B11, sin_B11 = radians_B11.cos(), radians_B11.sin()
    x_W = torch.arange(width, device=device) - (width - 1) / 2
    y_H1 = torch.arange(height, device=device).view(-1, 1) - (height - 1) / 2
    columns_BHW = (cos_B11 * x_W + (sin_B11 * y_H1 + (width - 1) / 2)).round_()
    rows_BHW = (-sin_B11 * x_W + (cos_B11 * y_H1 + (height - 1) / 2)).round_()
    bare_BHW = (columns_BHW < 0) | (columns_BHW >= width) | (rows_BHW < 0) | (rows_BHW >= height)
    sources_BHW = rows_BHW.clamp_(0, height - 1).long() * width
    sources_BHW += columns_BHW.clamp_(0, width - 1).long()
    sources_BCN = sources_BHW.flatten(1).unsqueeze(1).expand(-1, channels, -1)
    turned_BCHW = images_BCHW.flatten(2).gather(2, sources_BCN).view_as(images_BCHW)
    return turned_BCHW.masked_fill_(bare_BHW.unsqueeze(1), 0)


def crop(images_BCHW: torch.Tensor, side: float, dice: torch.Generator) -> torch.Tensor:
    """Cut a window of side × side pixels, no more than the image, at a place drawn per image."""
    count, _, height, width = images_BCHW.shape
    rows, columns = min(int(side), height), min(int(side), width)
    tops_B = torch.randint(height - rows + 1, (count,), generator=dice)
    lefts_B = torch.randint(width - columns + 1, (count,), generator=dice)
    windows = images_BCHW.unfold(2, rows, 1).unfold(3, columns, 1)  # a view: nothing is copied yet
    places = (torch.arange(count), tops_B, lefts_B)
    images_B, tops_B, lefts_B = (indices.to(images_BCHW.device) for indices in places)
    return windows[images_B, :, tops_B, lefts_B]


def sharpness(images_BCHW: torch.Tensor, probability: float, dice: torch.Generator) -> torch.Tensor:
    """Sharpen images by the factor 2, each with that probability."""
    unit_BCHW, drawn = floats(images_BCHW), chance(images_BCHW, probability, dice)
    sharp = functional.adjust_sharpness(unit_BCHW.index_select(0, drawn), SHARPNESS)
    return unit_BCHW.index_copy(0, drawn, sharp)


def grey(images_BCHW: torch.Tensor, probability: float, dice: torch.Generator) -> torch.Tensor:
    """Take the colour from images, each with that probability."""
    unit_BCHW, drawn = floats(images_BCHW), chance(images_BCHW, probability, dice)
    plain = functional.rgb_to_grayscale(unit_BCHW.index_select(0, drawn), num_output_channels=3)
    return unit_BCHW.index_copy(0, drawn, plain)


CHANGES: dict[str, tuple[Change, float]] = {  # with the amount used when none is given
    "flip": (flip, 0.1),
    "affine": (affine, 10.0),
    "crop": (crop, 200.0),
    "sharpness": (sharpness, 0.1),
    "grey": (grey, 0.1),
}


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """Changes in the order they are made, each with its amount; from epoch `first` on."""

    changes: tuple[tuple[Change, float], ...] = ()
    first: int = 1

    def __bool__(self) -> bool:
        return bool(self.changes)

    def applied(self, images_BCHW: torch.Tensor, epoch: int, dice: torch.Generator) -> torch.Tensor:
        """Return uint8 images changed; untouched before the first epoch.

        They stay uint8 as long as pixels only move; new colours are floats in [0, 1].
        """
        for change, amount in self.changes if epoch >= self.first else ():
            images_BCHW = change(images_BCHW, amount, dice)
        return images_BCHW

    def listing(self) -> str:
        """Return the code of the changes as they run, then their order and amounts."""
        used = dict.fromkeys(change for change, _ in self.changes)
        order = "\n".join(
            f"    ({change.__name__}, {amount:g})," for change, amount in self.changes
        )
        steps = f"changes = (  # in this order, from epoch {self.first} on\n{order}\n)"
        return "\n\n".join([*(inspect.getsource(change).rstrip() for change in used), steps])


def parse(names: Sequence[str], first: int = 1) -> Augmentation:
    """Read augmentations such as "flip", "affine 10" or "crop 200".

    Raises:
        ReportError: an unknown name, or an amount that is no finite number above 0, or crops to
            no pixel.
    """
    return Augmentation(changes=tuple(parse_change(name) for name in names), first=first)


def parse_change(text: str) -> tuple[Change, float]:
    """Read one augmentation: its name, and its amount where that is given."""
    name, _, amount = text.partition(" ")
    if name not in CHANGES:
        message = f"augment: no augmentation is called {name!r}{nearest(name, CHANGES)}"
        raise ReportError(message)
    change, usual = CHANGES[name]
    try:
        given = float(amount) if amount else usual
    except ValueError:
        given = 0.0
    enough, least = (given >= 1, "of at least 1") if change is crop else (given > 0, "above 0")
    if not (enough and math.isfinite(given)):
        message = f"augment: {text!r} needs a number {least}, for example '{name} {usual:g}'"
        raise ReportError(message)
    return change, given
