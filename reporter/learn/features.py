"""A frozen network and images → one vector of features per image.

Shape legend: N images, B of a batch, C channels, D dimensions, H height, W width.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from reporter.errors import ReportError, nearest
from reporter.learn.evaluate import modes_kept
from reporter.learn.networks import last_layer
from reporter.learn.streams import RunContext, repeatable

if TYPE_CHECKING:
    from torch import nn

    from reporter.learn.normalisation import Normalisation

BATCH = 8  # images at a time
NEWS = 64  # images between two reports of progress
MAPS = 4  # dimensions of a batch of maps: batch, channel, height, width


def features(
    network: nn.Module,
    images_NCHW: torch.Tensor,
    scaling: Normalisation,
    layer: str,
    run: RunContext,
) -> torch.Tensor:
    """Return (N, D) float32 on the CPU: the layer's outputs, maps averaged over their pixels.

    Args:
        network: in any mode; evaluates, and is left as it was.
        images_NCHW: uint8.
        scaling: how pixels are normalised.
        layer: a module's name, or "penultimate": what enters the last layer.
        run: its device, and whom to tell.

    Raises:
        ReportError: the network has no such layer.
    """
    found: list[torch.Tensor] = []
    with modes_kept(network), torch.no_grad(), repeatable():
        network.eval()
        for done, batch in enumerate(images_NCHW.split(BATCH)):
            outputs = layer_outputs(network, scaling.scaled(batch.to(run.device)), layer)
            found.append(
                (outputs.mean((2, 3)) if outputs.dim() == MAPS else outputs.flatten(1)).cpu()
            )
            if done * BATCH % NEWS == 0:
                run.progress(stage="features", done=done * BATCH, of=len(images_NCHW))
    return torch.cat(found)


def layer_outputs(network: nn.Module, inputs: torch.Tensor, layer: str) -> torch.Tensor:
    """Return what a layer gives for prepared inputs, copied before later layers change it."""
    kept: list[torch.Tensor] = []
    if layer == "penultimate":
        module = network.get_submodule(last_layer(network))
        hook = module.register_forward_pre_hook(lambda _, given: kept.append(given[0].clone()))
    else:
        module = named_module(network, layer)
        hook = module.register_forward_hook(lambda _m, _i, output: kept.append(output.clone()))
    try:
        network(inputs)
    finally:
        hook.remove()
    return kept[0]


def named_module(network: nn.Module, layer: str) -> nn.Module:
    """Return a module by its name; ReportError with the nearest name where there is none."""
    known = [name for name, _ in network.named_modules() if name]
    if layer not in known:
        message = f"layer: the network has no layer {layer!r}{nearest(layer, known)}"
        raise ReportError(message)
    return network.get_submodule(layer)
