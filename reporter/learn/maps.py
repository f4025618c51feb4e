"""The name of a saliency method → its map of an image.

Shape legend: C = 3 channels, H height, W width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from reporter.errors import ReportError
from reporter.learn.grad_cam import grad_cam_map
from reporter.learn.saliency import gradient_map
from reporter.learn.smoothgrad import smoothgrad_map

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from torch import nn

Method = Literal["gradient", "smoothgrad", "grad-cam"]
TITLES = {"gradient": "saliency", "smoothgrad": "SmoothGrad", "grad-cam": "Grad-CAM"}


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the methods ask for beside an image.

    Attributes:
        samples: noisy copies of SmoothGrad.
        noise: their standard deviation as a share of the image's range.
        layer: whose maps Grad-CAM weighs; None for the last ones.
        seed: of the noise, the same for every image.
    """

    samples: int
    noise: float
    layer: str | None
    seed: int


def maps_of(
    methods: Sequence[Method],
    network: nn.Module,
    image_CHW: torch.Tensor,
    target: int,
    options: Options,
) -> dict[Method, torch.Tensor]:
    """Return each method's map of a normalised image for the class `target`, (H, W), on the CPU.

    Raises:
        ReportError: no methods; or Grad-CAM's layer is unknown or gives no maps.
    """
    if not methods:
        raise ReportError(f"methods is empty; choose from {', '.join(TITLES)}")
    return {method: map_of(method, network, image_CHW, target, options).cpu() for method in methods}


def map_of(
    method: Method, network: nn.Module, image_CHW: torch.Tensor, target: int, options: Options
) -> torch.Tensor:
    """Return the method's map of a normalised image for the class `target`, (H, W), never below 0.

    Raises:
        ReportError: Grad-CAM's layer is unknown or gives no maps.
    """
    match method:
        case "gradient":
            return gradient_map(network, image_CHW, target)
        case "smoothgrad":
            return smoothgrad_map(
                network,
                image_CHW,
                target,
                samples=options.samples,
                noise=options.noise,
                seed=options.seed,
            )
        case "grad-cam":
            return grad_cam_map(network, image_CHW, target, options.layer)
