"""The name of a saliency method → its maps of images.

Shape legend: B images, C = 3 channels, H height, W width.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

import torch

from reporter.errors import ReportError
from reporter.learn.grad_cam import grad_cam_map
from reporter.learn.saliency import gradient_maps
from reporter.learn.smoothgrad import smoothgrad_map

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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
    images_BCHW: torch.Tensor,
    targets: Sequence[int],
    options: Options,
    *,
    tell: Callable[..., None] = lambda **_: None,
) -> dict[Method, torch.Tensor]:
    """Return each method's maps of normalised images for their targets, (B, H, W), on the CPU.

    No map has a value below 0. `tell` hears of each method that is done.

    Raises:
        ReportError: no methods; or Grad-CAM's layer is unknown or gives no maps.
    """
    if not methods:
        raise ReportError(f"methods is empty; choose from {', '.join(TITLES)}")
    found: dict[Method, torch.Tensor] = {}
    for done, method in enumerate(methods, 1):
        found[method] = maps_by(method, network, images_BCHW, targets, options).cpu()
        tell(stage=TITLES[method], done=done, of=len(methods))
    return found


def maps_of_one(
    methods: Sequence[Method],
    network: nn.Module,
    image_CHW: torch.Tensor,
    target: int,
    options: Options,
) -> dict[Method, torch.Tensor]:
    """Return each method's map of one normalised image, (H, W), on the CPU; as `maps_of`."""
    found = maps_of(methods, network, image_CHW[None], [target], options)
    return {method: maps_BHW[0] for method, maps_BHW in found.items()}


def maps_by(
    method: Method,
    network: nn.Module,
    images_BCHW: torch.Tensor,
    targets: Sequence[int],
    options: Options,
) -> torch.Tensor:
    """Return one method's maps, (B, H, W)."""
    match method:
        case "gradient":
            return gradient_maps(network, images_BCHW, targets)
        case "smoothgrad":
            each = partial(
                smoothgrad_map, samples=options.samples, noise=options.noise, seed=options.seed
            )
        case "grad-cam":
            each = partial(grad_cam_map, layer=options.layer)
    pairs = zip(images_BCHW, targets, strict=True)
    return torch.stack([each(network, image_CHW, target) for image_CHW, target in pairs])
