"""A frozen network and images → one vector of features per image.

Shape legend: N images, D dimensions.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import fx, nn

from reporter.errors import ReportError, nearest
from reporter.learn.cuts import Line, Refusal, place_of
from reporter.learn.evaluate import modes_kept
from reporter.learn.frozen import MAPS, Frozen
from reporter.learn.networks import last_layer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reporter.learn.data import Samples
    from reporter.learn.normalisation import Normalisation
    from reporter.learn.streams import RunContext


def features(
    network: nn.Module,
    parts: Sequence[Samples],
    scaling: Normalisation,
    layer: str,
    run: RunContext,
) -> list[torch.Tensor]:
    """Return each part's (N, D) float32, on the CPU: the layer's outputs, maps averaged.

    Args:
        network: in any mode; evaluates, and is left as it was.
        parts: images, uint8 on the CPU.
        scaling: how pixels are normalised.
        layer: a module's name, or "penultimate": what enters the last layer.
        run: its device, its cache, and whom to tell.

    Raises:
        ReportError: the network has no such layer, or it gives no tensor, or its maps have their
            channels elsewhere than before their pixels.
    """
    with modes_kept(network):
        network.eval()
        try:
            line = Line(network)
        except Refusal as exc:
            raise ReportError(f"layer: {exc}; choose another network") from exc
        last = step(line, layer)
        frozen = Frozen(place=place_of(last), steps=line.until(last), scaling=scaling)
        if not line.is_pure_until(last):  # its outputs are not kept
            parts = [replace(part, digests=()) for part in parts]
    one = frozen.one(parts[0], run)
    if not isinstance(one, torch.Tensor):
        kind = type(one).__name__
        raise ReportError(f"layer: {layer!r} gives a {kind}, no tensor; choose another layer")
    if one.dim() == MAPS:
        if not has_channels_first(line, last):
            shape = ", ".join(map(str, one.shape[1:]))
            message = f"layer: {layer!r} gives (N, {shape}), whose channels aren't known to come"
            raise ReportError(f"{message} first; choose 'penultimate'")
        average(frozen.steps)
    return [outputs.flatten(1) for outputs in frozen.outputs(parts, run)]


def step(line: Line, layer: str) -> fx.Node:
    """Return the step that gives what a layer gives, or what enters the last one."""
    if layer == "penultimate":
        found = line.called(last_layer(line.network)).args[0]
    else:
        known = [path for path, _ in line.network.named_modules() if path]
        if layer not in known:
            message = f"layer: the network has no layer {layer!r}{nearest(layer, known)}"
            raise ReportError(message)
        given = line.given.get(layer)
        found = given.node if isinstance(given, fx.Proxy) else None
    if not isinstance(found, fx.Node):
        raise ReportError(f"layer: {layer!r} gives no tensor; choose another layer")
    return found


def has_channels_first(line: Line, last: fx.Node) -> bool:
    """Whether no permutation since the last convolutions takes channels from their first place."""
    found: dict[fx.Node, bool] = {}
    for node in line.graph.nodes:
        if is_convolution(line, node):
            found[node] = True
        elif node.target in {torch.permute, "permute"}:
            axes = node.args[1:] if len(node.args) > 2 else node.args[1]
            found[node] = tuple(axes) == (0, 3, 1, 2) and not found[node.args[0]]
        else:
            found[node] = all(found[given] for given in node.all_input_nodes)
    return found[last]


def is_convolution(line: Line, node: fx.Node) -> bool:
    """Whether a step takes and gives channels first."""
    is_layer = node.op == "call_module"
    return is_layer and isinstance(line.network.get_submodule(str(node.target)), nn.Conv2d)


def average(steps: fx.GraphModule) -> None:
    """Let a network end with the mean over the pixels of its maps, in place."""
    end = steps.graph.output_node()
    with steps.graph.inserting_before(end):
        end.args = (steps.graph.call_method("mean", (end.args[0], (2, 3))),)
    steps.recompile()
