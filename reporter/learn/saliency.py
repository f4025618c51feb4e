"""A network and an image → how strongly each pixel moves the score of a class.

Shape legend: B images, C = 3 channels, H height, W width.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import torch

from reporter.errors import ReportError, nearest
from reporter.learn.evaluate import modes_kept
from reporter.learn.photographs import folded
from reporter.learn.streams import repeatable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import nn

    from reporter.learn.photographs import Photographs

BATCH = 16  # images whose gradients are computed together
WHITE_FROM = 0.99  # share of the pixels below the level that is drawn white


def gradient_map(network: nn.Module, image_CHW: torch.Tensor, target: int) -> torch.Tensor:
    """Return one image's map of `gradient_maps`, (H, W)."""
    map_HW: torch.Tensor = gradient_maps(network, image_CHW[None], [target])[0]
    return map_HW


def gradient_maps(
    network: nn.Module, images_BCHW: torch.Tensor, targets: Sequence[int]
) -> torch.Tensor:
    """Return |∂S_c/∂I|, its maximum over the channels, for the un-normalised score S_c: (B, H, W).

    K. Simonyan, A. Vedaldi, A. Zisserman, "Deep Inside Convolutional Networks: Visualising Image
    Classification Models and Saliency Maps", 2014, https://arxiv.org/abs/1312.6034, section 3:
    w = ∂S_c/∂I at I₀, M_ij = max_c |w_h(i,j,c)|.

    Args:
        network: need not be in evaluation mode and is left as it is; no parameter gets a gradient.
        images_BCHW: normalised, on the network's device.
        targets: index c of each image's class.
    """
    targets_B = torch.tensor(targets, device=images_BCHW.device)
    batches = zip(images_BCHW.split(BATCH), targets_B.split(BATCH), strict=True)
    with gradients_of_images(network):
        slopes_BCHW = torch.cat([slopes(network, *batch) for batch in batches])
    return slopes_BCHW.abs().amax(1)


@contextlib.contextmanager
def gradients_of_images(network: nn.Module) -> Iterator[None]:
    """Let a network evaluate with gradients for images and none for its parameters.

    Modes and gradient flags are those from before after the block.
    """
    learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
    try:
        with modes_kept(network), repeatable(), torch.enable_grad():
            network.eval().requires_grad_(requires_grad=False)
            yield
    finally:
        for parameter in learning:
            parameter.requires_grad_()


def slopes(network: nn.Module, images_BCHW: torch.Tensor, targets_B: torch.Tensor) -> torch.Tensor:
    """Return ∂S_c/∂I of each image for its target, (B, C, H, W); inside `gradients_of_images`."""
    leaves_BCHW = images_BCHW.detach().clone().requires_grad_()
    scores_B = network(leaves_BCHW).gather(1, targets_B[:, None])
    (slopes_BCHW,) = torch.autograd.grad(scores_B.sum(), leaves_BCHW)
    return slopes_BCHW


def drawn(map_HW: torch.Tensor) -> torch.Tensor:
    """Return a map as uint8 greys: 0 is black, the highest hundredth of the pixels white."""
    level = torch.quantile(map_HW.float(), WHITE_FROM).clamp_min(1e-12)
    return (map_HW / level * 255).clamp(0, 255).round().to(torch.uint8).cpu()


def target_of(photographs: Photographs, row: int, target: str) -> int:
    """Return the class whose score is explained: the "predicted" or the "expected" one.

    Raises:
        ReportError: nothing is expected of the photograph, or no class of the network.
    """
    if target == "predicted":
        return photographs.predicted[row]
    image = photographs.images[row]
    if image.expected is None:
        message = f"image {image.name!r} has no expected class; add expected, or target 'predicted'"
        raise ReportError(message)
    found = class_index(image.expected, photographs.classes)
    if found is None:
        hint = class_hint(image.expected, photographs.classes)
        message = f"image {image.name!r}: the network knows no class {image.expected!r}{hint}"
        raise ReportError(message)
    return found


def class_index(name: str, classes: Sequence[str]) -> int | None:
    """Return which score stands for a class, the first of that name; None where none does."""
    names = [folded(known) for known in classes]
    return names.index(folded(name)) if folded(name) in names else None


def class_hint(name: str, classes: Sequence[str]) -> str:
    """Return the remedy for an unknown class: the nearest name, never a list of a thousand."""
    hint = nearest(folded(name), {folded(known) for known in classes})
    return hint if "mean" in hint else "; write a class of the network"
