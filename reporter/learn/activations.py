"""A network and an image → its first filters, and what they and the ReLU after them answer.

Shape legend: F filters, C = 3 channels, H height, W width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from reporter.artifacts import ImageGrid
from reporter.learn.evaluate import modes_kept
from reporter.learn.networks import first_convolution
from reporter.learn.streams import repeatable

if TYPE_CHECKING:
    import numpy as np

FEW = 16  # maps; more of them stand eight in a row, else four
MANY = 64  # filters; more of them stand twelve in a row, else eight


@dataclass(frozen=True, kw_only=True, eq=False)
class FirstLayer:
    """The first convolution's filters (F, C, H, W) and its maps (F, H, W) around the ReLU."""

    filters: torch.Tensor
    before: torch.Tensor
    after: torch.Tensor


def first_layer(network: nn.Module, image_CHW: torch.Tensor) -> FirstLayer:
    """Return what the first convolution does with a normalised image, in evaluation mode.

    `after` is what the network's first ReLU gives, a batch norm in between included; where the
    network has no ReLU, one is applied.
    """
    convolution = network.get_submodule(first_convolution(network))
    relus = [module for module in network.modules() if isinstance(module, nn.ReLU)]
    before: list[torch.Tensor] = []
    after: list[torch.Tensor] = []
    hooks = [convolution.register_forward_hook(keep(before))]
    hooks += [relu.register_forward_hook(keep(after)) for relu in relus]
    try:
        with modes_kept(network), torch.no_grad(), repeatable():
            network.eval()
            network(image_CHW[None])
    finally:
        for hook in hooks:
            hook.remove()
    weight = convolution.weight
    assert isinstance(weight, torch.Tensor)  # a convolution has filters
    return FirstLayer(
        filters=weight.detach().cpu(),
        before=before[0][0].cpu(),
        after=(after[0] if after else before[0].relu())[0].cpu(),
    )


def keep(found: list[torch.Tensor]) -> Any:
    """Return a hook that copies a module's first output: a ReLU may overwrite it in place."""

    def hook(_module: nn.Module, _inputs: object, output: torch.Tensor) -> None:
        if not found:
            found.append(output.detach().clone())

    return hook


def stretched(values: torch.Tensor) -> np.ndarray[Any, Any]:
    """Return values as uint8, from the lowest (black) to the highest (white)."""
    low, high = values.min(), values.max()
    scale = (high - low).clamp_min(1e-12)
    return ((values - low) / scale * 255).round().to(torch.uint8).contiguous().numpy()


def filter_grid(filters_FCHW: torch.Tensor) -> ImageGrid:
    """Show filters in colour, each from its lowest to its highest weight."""
    count, channels, height, width = filters_FCHW.shape
    rgb = channels == 3  # red, green, blue
    return ImageGrid(
        images=tuple(stretched(f.permute(1, 2, 0) if rgb else f.mean(0)) for f in filters_FCHW),
        columns=12 if count > MANY else 8,
        description=f"{count} filters of {channels}×{height}×{width} of the first convolution",
    )


def map_grid(maps_FHW: torch.Tensor, channels: int, when: str) -> ImageGrid:
    """Show the first maps in grey, each from its lowest to its highest value."""
    shown = maps_FHW[:channels]
    return ImageGrid(
        images=tuple(stretched(one) for one in shown),
        columns=4 if len(shown) <= FEW else 8,
        description=f"the first {len(shown)} of {len(maps_FHW)} channels {when}",
    )
