"""The name of an architecture → a network whose last layers can be replaced."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, cast

import torch
from torch import nn
from torchvision import models

from reporter.errors import ReportError, nearest
from reporter.learn.streams import isolated

COMPACT = "compact-alexnet"
OWN = (COMPACT, "alexnet_2012")  # beside torchvision's
IMAGENET_CLASSES = 1000
Initialisation = Literal["default", "xavier-normal"]
Layer = nn.Linear | nn.Conv2d  # SqueezeNet's last layer is a convolution of 1×1


@dataclass(frozen=True, kw_only=True)
class Surgery:
    """One replacement of last layers: how many old ones, the sizes of the new ones."""

    replaces: int
    sizes: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Position:
    """Where the new part starts: index `start` of the container `path`, None for a lone layer."""

    path: str
    start: int | None


def build(name: str, classes: int = IMAGENET_CLASSES) -> nn.Module:
    """Return a randomly initialised network; it draws from PyTorch's global generator.

    Args:
        name: torchvision's name of a classifier, "compact-alexnet" or "alexnet_2012".
        classes: outputs of its last layer.

    Raises:
        ReportError: no classifier of torchvision has that name.
    """
    if name == COMPACT:
        from reporter.learn.compact import CompactAlexNet

        return CompactAlexNet(num_classes=classes)
    if name == "alexnet_2012":
        from reporter.learn.alexnet import AlexNet2012

        return AlexNet2012(num_classes=classes)
    known = models.list_models(module=models)
    if name not in known:
        message = f"no network is called {name!r}{nearest(name, [*known, *OWN])}"
        raise ReportError(message)
    special = name in {"googlenet", "inception_v3"}
    extra = {"aux_logits": False, "init_weights": False, "transform_input": True} if special else {}
    return cast("nn.Module", models.get_model(name, weights=None, num_classes=classes, **extra))


def skeleton(name: str) -> nn.Module:
    """Return the network without memory for its parameters: names and shapes only."""
    with isolated(0), torch.device("meta"):
        return build(name)


def last_layer(network: nn.Module) -> str:
    """Return the name of the layer that gives the class scores."""
    named: list[tuple[str, nn.Module]] = list(network.named_modules())
    linear = [name for name, module in named if isinstance(module, nn.Linear)]
    return (linear or [name for name, module in named if isinstance(module, nn.Conv2d)])[-1]


def first_convolution(network: nn.Module) -> str:
    """Return the name of the first convolution.

    Raises:
        ReportError: the network has none.
    """
    named: list[tuple[str, nn.Module]] = list(network.named_modules())
    for name, module in named:
        if isinstance(module, nn.Conv2d):
            return name
    message = f"{type(network).__name__} has no convolution; choose a convolutional network"
    raise ReportError(message)


def class_count(network: nn.Module) -> int:
    """Return how many class scores the network gives."""
    return width(cast("Layer", network.get_submodule(last_layer(network))))


def width(layer: Layer) -> int:
    """Return the number of outputs of a layer."""
    return layer.out_features if isinstance(layer, nn.Linear) else layer.out_channels


def like(old: Layer, inputs: int, outputs: int, init: Initialisation) -> Layer:
    """Return a new layer of the kind of `old`; "xavier-normal" sets its bias to zero.

    Xavier-normal: X. Glorot, Y. Bengio, "Understanding the difficulty of training deep
    feedforward neural networks", AISTATS 2010, eq. 12 scaled for a normal distribution.
    """
    new: Layer = (
        nn.Linear(inputs, outputs) if isinstance(old, nn.Linear) else nn.Conv2d(inputs, outputs, 1)
    )
    if init == "xavier-normal":
        nn.init.xavier_normal_(new.weight)
        nn.init.zeros_(cast("nn.Parameter", new.bias))
    return new


def replace_layers(network: nn.Module, surgery: Surgery, init: Initialisation) -> Position:
    """Put new layers in the place of the last ones, in place; draws from the global generator.

    What stands between two old layers (ReLU, dropout) stands between the new ones; where there
    was nothing, a ReLU does. What follows the last old layer stays.

    Raises:
        ReportError: the network has fewer fully connected layers than are to be replaced.
    """
    path, _, key = last_layer(network).rpartition(".")
    parent = network.get_submodule(path)
    listed = isinstance(parent, nn.Sequential)
    parts = list(parent.children()) if listed else [parent.get_submodule(key)]
    found = replaceable(parts)
    if surgery.replaces > len(found):
        message = (
            f"replaces: {surgery.replaces} layers of {type(network).__name__}, but only its last"
            f" {len(found)} can be replaced; choose at most {len(found)}"
        )
        raise ReportError(message)
    dropped = found[-surgery.replaces :]
    new = new_part([parts[i] for i in dropped], separators(parts, dropped), surgery.sizes, init)
    if not listed:
        parent.register_module(key, new[0] if len(new) == 1 else nn.Sequential(*new))
        return Position(path=f"{path}.{key}" if path else key, start=None)
    rest = parts[dropped[-1] + 1 :]
    container = cast("nn.Sequential", parent)
    del container[dropped[0] :]
    container.extend([*new, *rest])
    lead = dropped[0] > 0 and isinstance(parts[dropped[0] - 1], nn.Dropout)
    return Position(path=path, start=dropped[0] - lead)


def replaceable(parts: list[nn.Module]) -> list[int]:
    """Return the indices of the layers that count as fully connected."""
    if any(isinstance(part, nn.Linear) for part in parts):
        return [i for i, part in enumerate(parts) if isinstance(part, nn.Linear)]
    return [i for i, part in enumerate(parts) if isinstance(part, nn.Conv2d)]


def separators(parts: list[nn.Module], dropped: list[int]) -> list[list[nn.Module]]:
    """Return what stands between each two neighbours of the dropped layers."""
    return [parts[a + 1 : b] for a, b in pairwise(dropped)]


def new_part(
    old: list[nn.Module],
    between: list[list[nn.Module]],
    sizes: tuple[int, ...],
    init: Initialisation,
) -> list[nn.Module]:
    """Return the new layers, from the inputs of the first old one to the last of `sizes`."""
    first = cast("Layer", old[0])
    inputs = first.in_features if isinstance(first, nn.Linear) else first.in_channels
    part: list[nn.Module] = []
    for index, size in enumerate(sizes):
        if index > 0:
            ready = between[index - 1] if index <= len(between) else [nn.ReLU()]
            part += copy.deepcopy(ready)
        part.append(like(first, inputs, size, init))
        inputs = size
    return part


def new_layers(network: nn.Module, position: Position) -> nn.Sequential:
    """Return the new part, with the dropout right before it, as a network of its own.

    Its modules are those of `network`: training one trains the other.
    """
    module = network.get_submodule(position.path)
    if position.start is None:
        return nn.Sequential(module, nn.Flatten(1))
    return nn.Sequential(*list(module.children())[position.start :], nn.Flatten(1))
