"""A network and an image → the gradient of a score, averaged over noisy copies of the image.

Shape legend: B of a batch, C = 3 channels, H height, W width.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from reporter.learn.saliency import gradients_of_images, slopes
from reporter.learn.streams import generator

if TYPE_CHECKING:
    from torch import nn

BATCH = 16  # noisy copies at a time


def smoothgrad_map(
    network: nn.Module,
    image_CHW: torch.Tensor,
    target: int,
    *,
    samples: int,
    noise: float,
    seed: int,
) -> torch.Tensor:
    """Return |1/n Σ ∂S_c/∂I (I + ε)|, its maximum over the channels: (H, W).

    D. Smilkov, N. Thorat, B. Kim, F. Viégas, M. Wattenberg, "SmoothGrad: removing noise by adding
    noise", 2017, https://arxiv.org/abs/1706.03825, section 3: ε is normal with the standard
    deviation noise · (max I − min I). Gradients are averaged with their signs.

    Args:
        network: evaluates, and is left as it is; no parameter gets a gradient.
        image_CHW: normalised, on the network's device.
        target: index c of the class.
        samples: number n of noisy copies.
        noise: standard deviation of the noise as a share of the image's range.
        seed: of the noise, which is drawn on the CPU copy by copy.
    """
    dice = generator(seed)
    deviation = noise * (image_CHW.max() - image_CHW.min())
    total_CHW = torch.zeros_like(image_CHW)
    with gradients_of_images(network):
        for first in range(0, samples, BATCH):
            noisy = [
                image_CHW + deviation * normal(image_CHW, dice)
                for _ in range(first, min(first + BATCH, samples))
            ]
            targets_B = torch.full((len(noisy),), target, device=image_CHW.device)
            total_CHW += slopes(network, torch.stack(noisy), targets_B).sum(0)
    mean_HW: torch.Tensor = (total_CHW / samples).abs().amax(0)
    return mean_HW


def normal(image_CHW: torch.Tensor, dice: torch.Generator) -> torch.Tensor:
    """Draw standard normal noise of an image's shape, type and device."""
    return torch.randn(image_CHW.shape, dtype=image_CHW.dtype, generator=dice).to(image_CHW.device)
