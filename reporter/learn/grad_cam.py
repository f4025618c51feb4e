"""A network and an image → where the last maps of its convolutions speak for a class.

Shape legend: K maps of h × w, C = 3 channels, H height, W width.
"""

from __future__ import annotations

import contextlib
import itertools
from typing import TYPE_CHECKING, Any, TypeGuard

import torch
from torch import nn
from torch.nn import functional

from reporter.errors import ReportError, nearest
from reporter.learn.networks import last_layer
from reporter.learn.saliency import gradients_of_images

if TYPE_CHECKING:
    from collections.abc import Iterator


def grad_cam_map(
    network: nn.Module, image_CHW: torch.Tensor, target: int, layer: str | None = None
) -> torch.Tensor:
    """Return ReLU(Σ_k α_k A_k), brought to the size of the image: (H, W).

    R. R. Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
    Localization", ICCV 2017, https://arxiv.org/abs/1610.02391, eq. 1 and 2: α_k is the mean over
    the pixels of ∂S_c/∂A_k. The small map is enlarged bilinearly.

    Args:
        network: evaluates, and is left as it is; no parameter gets a gradient.
        image_CHW: normalised, on the network's device.
        target: index c of the class.
        layer: a module of the network by name, whose output are the maps A; none means
            `last_maps`.

    Raises:
        ReportError: the network has no such layer, or it gives no maps.
    """
    name = layer or last_maps(network, image_CHW)
    maps_1Khw, slopes_1Khw = maps_and_slopes(network, image_CHW, target, name)
    weights_1K11 = slopes_1Khw.mean((2, 3), keepdim=True)
    small_11hw = (weights_1K11 * maps_1Khw).sum(1, keepdim=True).relu()
    large_11HW = functional.interpolate(small_11hw, image_CHW.shape[1:], mode="bilinear")
    return large_11HW[0, 0]


def maps_and_slopes(
    network: nn.Module, image_CHW: torch.Tensor, target: int, layer: str
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the output A of a layer and ∂S_c/∂A, both (1, K, h, w)."""
    modules: dict[str, nn.Module] = dict(network.named_modules())
    if not layer or layer not in modules:
        message = f"{type(network).__name__} has no layer {layer!r}{nearest(layer, modules)}"
        raise ReportError(message)
    outputs: list[Any] = []

    def keep(_module: nn.Module, _inputs: object, output: Any) -> Any:
        """Keep what the layer gives; the network goes on with a copy, which it may overwrite."""
        outputs.append(output)
        return output.clone() if isinstance(output, torch.Tensor) else output

    with gradients_of_images(network), hooked([modules[layer]], keep):
        score = network(image_CHW[None].detach().clone().requires_grad_())[0, target]
        maps = outputs[-1] if outputs else None
        if not is_map(maps):
            message = f"layer {layer!r} gives no maps; choose one before the maps are pooled"
            raise ReportError(message)
        (slopes_1Khw,) = torch.autograd.grad(score, maps)
    return maps.detach(), slopes_1Khw


def last_maps(network: nn.Module, image_CHW: torch.Tensor) -> str:
    """Return the last layer that gives maps as fine as those of the last convolution.

    Normalisation, addition and ReLU after that convolution are part of it, pooling is not, and a
    convolution that gives the class scores is none.

    Raises:
        ReportError: the network has no convolution before its scores, or attention after it.
    """
    scores = last_layer(network)
    given = list(itertools.takewhile(lambda one: one[0] != scores, shapes(network, image_CHW)))
    modules: dict[str, nn.Module] = dict(network.named_modules())
    if any("Attention" in type(module).__name__ for module in modules.values()):
        message = f"{type(network).__name__} attends instead of convolving; name a layer with maps"
        raise ReportError(message)
    convolutions = [i for i, (name, _) in enumerate(given) if isinstance(modules[name], nn.Conv2d)]
    if not convolutions:
        message = f"{type(network).__name__} has no maps; choose a convolutional network"
        raise ReportError(message)
    first = convolutions[-1]
    found, size = given[first]
    for name, other in given[first:]:
        if other != size:
            break
        if not isinstance(modules[name], nn.Dropout):
            found = name
    return found


def shapes(network: nn.Module, image_CHW: torch.Tensor) -> list[tuple[str, tuple[int, ...]]]:
    """Return each layer's name and the height and width it gives, () for none, as they end."""
    names = {module: name for name, module in network.named_modules() if name}
    found: list[tuple[str, tuple[int, ...]]] = []

    def note(module: nn.Module, _inputs: object, output: Any) -> None:
        found.append((names[module], tuple(output.shape[2:]) if is_map(output) else ()))

    with gradients_of_images(network), torch.no_grad(), hooked(list(names), note):
        network(image_CHW[None])
    return found


def is_map(output: Any) -> TypeGuard[torch.Tensor]:
    """Whether an output has height and width."""
    return isinstance(output, torch.Tensor) and output.ndim == 4


@contextlib.contextmanager
def hooked(modules: list[nn.Module], hook: Any) -> Iterator[None]:
    """Have modules call a forward hook inside the block."""
    handles = [module.register_forward_hook(hook) for module in modules]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
