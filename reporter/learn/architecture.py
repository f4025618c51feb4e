"""The name of a network → its layers: output shapes and parameters, by formula and counted.

Nothing is computed: modules and images are on PyTorch's meta device, so VGG-16 takes no memory.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, cast

import torch
from torch import nn

from reporter.errors import ReportError
from reporter.learn.networks import Surgery, new_layers, replace_layers, skeleton
from reporter.learn.streams import isolated

if TYPE_CHECKING:
    from torch.utils.hooks import RemovableHandle

Role = str  # "convolution", "pooling" or "linear", else what is folded into the layer before
Pooling = nn.MaxPool2d | nn.AvgPool2d
ADAPTIVE = (nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)
SHORT = {
    nn.ReLU: "ReLU", nn.BatchNorm2d: "batch norm", nn.LocalResponseNorm: "response norm",
    nn.Dropout: "dropout",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One layer with what follows it element by element.

    Attributes:
        name: of the module.
        role: "convolution", "pooling", "linear" or "other".
        module: what computes it, on the meta device.
        shape: of one image's output, (C, H, W) or (D,).
        then: what follows it, for example ("batch norm", "ReLU").
        formula: its parameters as a product of sizes, "" where no formula is known.
        by_formula: the value of the formula.
        counted: numbers in its parameters, those of what follows it included.
        weights: those of them that multiply inputs.
    """

    name: str
    role: Role
    module: nn.Module
    shape: tuple[int, ...]
    then: tuple[str, ...] = ()
    formula: str = ""
    by_formula: int = 0
    counted: int = 0
    weights: int = 0


@dataclass(frozen=True, kw_only=True)
class Traced:
    """The layers of a network in the order in which an image passes them.

    Attributes:
        layers: those with parameters or with outputs of another shape than their inputs.
        new: names of the layers that came in for old ones.
        total: numbers in all parameters of the network.
    """

    layers: tuple[Layer, ...]
    new: frozenset[str]
    total: int


def traced(model: str, size: int, surgery: Surgery | None) -> Traced:
    """Return the layers of a network for images of `size`×`size` pixels.

    Raises:
        ReportError: an unknown network, or more layers to replace than it has.
    """
    network = skeleton(model)
    new: set[nn.Module] = set()
    if surgery:
        with isolated(0), torch.device("meta"):
            new = set(new_layers(network, replace_layers(network, surgery, "default")).modules())
    named = {module: name for name, module in network.named_modules()}
    calls: list[tuple[nn.Module, torch.Size, torch.Size]] = []

    def keep(module: nn.Module, given: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        calls.append((module, given[0].shape, output.shape))

    leaves = [module for module in network.modules() if not list(module.children())]
    hooks: list[RemovableHandle] = [leaf.register_forward_hook(keep) for leaf in leaves]
    try:
        with torch.no_grad():
            network.eval()(torch.zeros(1, 3, size, size, device="meta"))
    except (RuntimeError, AssertionError) as exc:
        reason = str(exc).partition("\n")[0]
        message = (
            f"{model} can't take images of {size}×{size} pixels ({reason}); choose another size"
        )
        raise ReportError(message) from exc
    finally:
        for hook in hooks:
            hook.remove()
    layers: list[Layer] = []
    seen: set[nn.Module] = set()
    for module, before, after in calls:
        layer = _layer(named[module], module, tuple(after[1:]), is_repeated=module in seen)
        seen.add(module)
        if layer.role == "other" and before == after and layers:
            layers[-1] = _joined(layers[-1], layer)
        elif layer.counted or before != after:
            layers.append(layer)
    total = sum(parameter.numel() for parameter in network.parameters())
    return Traced(
        layers=tuple(layers), new=frozenset(named[m] for m in new if m in named), total=total
    )


def role(module: nn.Module) -> Role:
    """Return what a module is: "convolution", "pooling", "linear" or "other"."""
    if isinstance(module, nn.Conv2d):
        return "convolution"
    if isinstance(module, nn.Linear):
        return "linear"
    return "pooling" if isinstance(module, Pooling | ADAPTIVE[0] | ADAPTIVE[1]) else "other"


def kernel(module: nn.Module) -> str:
    """Return a convolution's kernel, height × width × depth, or a pooling's window; "" for none."""
    if isinstance(module, nn.Conv2d):
        return "×".join(map(str, (*module.kernel_size, module.in_channels // module.groups)))
    return "×".join(map(str, _pair(module.kernel_size))) if isinstance(module, Pooling) else ""


def stepping(module: nn.Module) -> tuple[int, int] | None:
    """Return stride and padding of a convolution or a pooling with a window."""
    if not isinstance(module, nn.Conv2d | Pooling):
        return None
    padding = _pair(cast("int | tuple[int, int]", module.padding))
    return _pair(cast("int | tuple[int, int]", module.stride))[0], padding[0]


def formula(module: nn.Module) -> tuple[str, int]:
    """Return the number of parameters from the sizes of a layer alone, written out and as value.

    A convolution has filters · (height · width · channels ÷ groups) weights, a fully connected
    layer inputs · outputs; each output adds a bias. A batch norm has two numbers a channel.
    """
    if isinstance(module, nn.Conv2d):
        outputs, has_bias = module.out_channels, module.bias is not None
        sizes = (*module.kernel_size, module.in_channels // module.groups)
        text, value = f"{outputs}·({'·'.join(map(str, sizes))})", outputs * prod(sizes)
    elif isinstance(module, nn.Linear):
        outputs, has_bias = module.out_features, module.bias is not None
        text, value = f"{module.in_features}·{outputs}", module.in_features * outputs
    elif isinstance(module, nn.BatchNorm2d) and module.affine:
        return f"2·{module.num_features}", 2 * module.num_features
    else:
        return "", 0
    return (f"{text} + {outputs}", value + outputs) if has_bias else (text, value)


def _layer(name: str, module: nn.Module, shape: tuple[int, ...], *, is_repeated: bool) -> Layer:
    text, value = ("", 0) if is_repeated else formula(module)
    own = () if is_repeated else tuple(module.parameters(recurse=False))
    is_weighted = role(module) in ("convolution", "linear")
    return Layer(
        name=name, role=role(module), module=module, shape=shape,
        formula=text, by_formula=value, counted=sum(p.numel() for p in own),
        weights=own[0].numel() if own and is_weighted else 0,
    )  # fmt: skip


def _joined(layer: Layer, following: Layer) -> Layer:
    """Return a layer with one more step that leaves the shape as it is."""
    name = SHORT.get(type(following.module), type(following.module).__name__)
    is_silent = isinstance(following.module, nn.Identity)
    return replace(
        layer,
        then=layer.then if is_silent else (*layer.then, name),
        formula=" + ".join(filter(None, (layer.formula, following.formula))),
        by_formula=layer.by_formula + following.by_formula,
        counted=layer.counted + following.counted,
    )


def _pair(value: int | tuple[int, int]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else value
