"""Names of augmentations → batches changed at random, drawn from a generator of their own.

Shape legend: B images, C = 3 channels, H height, W width.
"""

from __future__ import annotations

import inspect
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


def chance(count: int, probability: float, dice: torch.Generator) -> torch.Tensor:
    """Return (count,) booleans, each true with that probability."""
    return torch.rand(count, generator=dice) < probability


def flip(images_BCHW: torch.Tensor, probability: float, dice: torch.Generator) -> torch.Tensor:
    """Mirror images left to right, each with that probability."""
    drawn = chance(len(images_BCHW), probability, dice).to(images_BCHW.device)
    return torch.where(drawn.view(-1, 1, 1, 1), images_BCHW.flip(3), images_BCHW)


def affine(images_BCHW: torch.Tensor, degrees: float, dice: torch.Generator) -> torch.Tensor:
    """Turn each image by an angle drawn between -degrees and +degrees; bare corners are black."""
    angles = (2 * torch.rand(len(images_BCHW), generator=dice) - 1) * degrees
    turned = [
        functional.affine(image, angle, translate=[0, 0], scale=1.0, shear=[0.0, 0.0])
        for image, angle in zip(images_BCHW, angles.tolist(), strict=True)
    ]
    return torch.stack(turned)


def crop(images_BCHW: torch.Tensor, side: float, dice: torch.Generator) -> torch.Tensor:
    """Cut a window of side × side pixels, no more than the image, at a place drawn per image."""
    height, width = images_BCHW.shape[2:]
    rows, columns = min(int(side), height), min(int(side), width)
    tops = torch.randint(height - rows + 1, (len(images_BCHW),), generator=dice).tolist()
    lefts = torch.randint(width - columns + 1, (len(images_BCHW),), generator=dice).tolist()
    windows = [
        image[:, top : top + rows, left : left + columns]
        for image, top, left in zip(images_BCHW, tops, lefts, strict=True)
    ]
    return torch.stack(windows)


def sharpness(images_BCHW: torch.Tensor, probability: float, dice: torch.Generator) -> torch.Tensor:
    """Sharpen images by the factor 2, each with that probability."""
    drawn = chance(len(images_BCHW), probability, dice).to(images_BCHW.device)
    sharp = functional.adjust_sharpness(images_BCHW, SHARPNESS)
    return torch.where(drawn.view(-1, 1, 1, 1), sharp, images_BCHW)


def grey(images_BCHW: torch.Tensor, probability: float, dice: torch.Generator) -> torch.Tensor:
    """Take the colour from images, each with that probability."""
    drawn = chance(len(images_BCHW), probability, dice).to(images_BCHW.device)
    plain = functional.rgb_to_grayscale(images_BCHW, num_output_channels=3)
    return torch.where(drawn.view(-1, 1, 1, 1), plain, images_BCHW)


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
        """Return uint8 images changed, as floats in [0, 1]; untouched before the first epoch."""
        if not self.changes or epoch < self.first:
            return images_BCHW
        changed = images_BCHW.float() / 255
        for change, amount in self.changes:
            changed = change(changed, amount, dice)
        return changed

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
        ReportError: an unknown name, or an amount that is no positive number.
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
    if given <= 0:
        message = f"augment: {text!r} needs a number above 0, for example '{name} {usual:g}'"
        raise ReportError(message)
    return change, given
