"""A network and an image → how strongly each pixel moves the score of a class.

Shape legend: C = 3 channels, H height, W width.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from reporter.errors import ReportError, nearest
from reporter.learn.evaluate import modes_kept
from reporter.learn.photographs import folded
from reporter.learn.streams import repeatable

if TYPE_CHECKING:
    from torch import nn

    from reporter.learn.photographs import Photographs

WHITE_FROM = 0.99  # share of the pixels below the level that is drawn white


def gradient_map(network: nn.Module, image_CHW: torch.Tensor, target: int) -> torch.Tensor:
    """Return |∂S_c/∂I|, its maximum over the channels, for the un-normalised score S_c: (H, W).

    K. Simonyan, A. Vedaldi, A. Zisserman, "Deep Inside Convolutional Networks: Visualising Image
    Classification Models and Saliency Maps", 2014, https://arxiv.org/abs/1312.6034, section 3:
    w = ∂S_c/∂I at I₀, M_ij = max_c |w_h(i,j,c)|.

    Args:
        network: need not be in evaluation mode and is left as it is; no parameter gets a gradient.
        image_CHW: normalised, on the network's device.
        target: index c of the class.
    """
    learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
    image_1CHW = image_CHW[None].detach().clone().requires_grad_()
    try:
        with modes_kept(network), repeatable(), torch.enable_grad():
            network.eval().requires_grad_(requires_grad=False)
            score = network(image_1CHW)[0, target]
            (slope_1CHW,) = torch.autograd.grad(score, image_1CHW)
    finally:
        for parameter in learning:
            parameter.requires_grad_()
    slopes_HW: torch.Tensor = slope_1CHW[0].abs().amax(0)
    return slopes_HW


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
    names = [folded(name) for name in photographs.classes]
    if folded(image.expected) not in names:
        hint = nearest(folded(image.expected), set(names))
        short = hint if "mean" in hint else "; write a class of the network"
        message = f"image {image.name!r}: the network knows no class {image.expected!r}{short}"
        raise ReportError(message)
    return names.index(folded(image.expected))
