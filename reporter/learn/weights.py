"""Where parameters come from → a network that carries them, and how its inputs were prepared."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torchvision import models

from reporter.errors import ReportError
from reporter.learn.downloads import imagenet_file
from reporter.learn.networks import (
    COMPACT,
    IMAGENET_CLASSES,
    Surgery,
    build,
    class_count,
    last_layer,
    replace_layers,
    skeleton,
)
from reporter.learn.normalisation import HALF, IMAGENET, Normalisation
from reporter.learn.settings import parse_normalisation, parse_steps
from reporter.learn.streams import RunContext, isolated
from reporter.learn.weight_files import file_of, fill, read_metadata, read_state

if TYPE_CHECKING:
    from torch import nn

    from reporter.inputs import Weights


@dataclass(frozen=True, kw_only=True, eq=False)
class Pretrained:
    """A network in evaluation mode, whose parameters take no gradient.

    Attributes:
        network: what was built, on the run's device.
        classes: what its scores stand for, in order.
        normalisation: how its inputs were prepared when it was trained.
        size: side of the inputs in pixels, None for ImageNet's evaluation.
        steps: the replacements that led from the architecture of that name to this network.
    """

    network: nn.Module
    classes: tuple[str, ...]
    normalisation: Normalisation
    size: int | None = None
    steps: tuple[Surgery, ...] = ()


def pretrained(model: str, weights: Weights, run: RunContext) -> Pretrained:
    """Build the network `model` and give it its parameters.

    Random parameters descend from the run's initialisation stream.

    Raises:
        ReportError: an unknown model; weights that are missing, unreadable or of another network.
    """
    if weights.source == "run":
        loaded = from_run(model, weights, run)
    else:
        network = from_elsewhere(model, weights, run)
        usual = HALF if model == COMPACT else IMAGENET
        loaded = Pretrained(network=network, classes=class_names(network), normalisation=usual)
    return ready(loaded, run)


def ready(loaded: Pretrained, run: RunContext) -> Pretrained:
    """Set a network to evaluate, on the run's device, with the layout that CPUs prefer."""
    network = loaded.network.eval().requires_grad_(requires_grad=False)
    network.to(device=run.device, memory_format=torch.channels_last)  # type: ignore[call-overload] # torch lists no such pair
    return loaded


def from_elsewhere(model: str, weights: Weights, run: RunContext) -> nn.Module:
    """Return a network with random parameters, torchvision's own, or those of a file."""
    if weights.source == "random":
        return random_network(model, run, IMAGENET_CLASSES)
    path = imagenet_file(model, weights) if weights.source == "imagenet" else file_of(weights)
    state = read_state(path)
    score = state.get(f"{last_layer(skeleton(model))}.weight")
    classes = IMAGENET_CLASSES if score is None else len(score)
    network = random_network(model, run, classes)
    fill(network, state, path, model)
    return network


def from_run(model: str, weights: Weights, run: RunContext) -> Pretrained:
    """Return the network of another run's checkpoint, as it stood there.

    The file is safetensors with text metadata: "network", "classes" and "settings" as JSON.
    """
    path = file_of(weights)
    metadata = read_metadata(path)
    name = metadata.get("network", "no network of a run")
    if name != model:
        message = f"{path} holds {name}, not {model}; write model = {name!r} or other weights"
        raise ReportError(message)
    classes: list[str] = json.loads(metadata["classes"])
    settings: dict[str, Any] = json.loads(metadata["settings"])
    steps = parse_steps(str(settings.get("head", "")))
    network = random_network(model, run, IMAGENET_CLASSES if steps else len(classes))
    for step in steps:
        replace_layers(network, step, "default")
    fill(network, read_state(path), path, model)
    return Pretrained(
        network=network,
        classes=tuple(classes),
        normalisation=parse_normalisation(settings, HALF if model == COMPACT else IMAGENET),
        size=settings.get("size"),
        steps=steps,
    )


def untrained(loaded: Pretrained, model: str, run: RunContext) -> Pretrained:
    """Return the same architecture with random parameters from the initialisation stream."""
    classes = IMAGENET_CLASSES if loaded.steps else len(loaded.classes)
    with isolated(run.stream("initialisation")):
        network = build(model, classes)
        for step in loaded.steps:
            replace_layers(network, step, "xavier-normal")
    return ready(replace(loaded, network=network), run)


def random_network(model: str, run: RunContext, classes: int) -> nn.Module:
    """Return a network initialised from the run's stream; global generators stay as they are."""
    with isolated(run.stream("initialisation")):
        return build(model, classes)


def class_names(network: nn.Module) -> tuple[str, ...]:
    """Return ImageNet's names for 1000 scores, else numbers, since no file says more."""
    count = class_count(network)
    if count == IMAGENET_CLASSES:
        return tuple(models.ResNet18_Weights.IMAGENET1K_V1.meta["categories"])
    return tuple(f"class {index}" for index in range(count))


def extended(loaded: Pretrained, step: Surgery) -> Pretrained:
    """Return the record of a network after one more replacement of its last layers."""
    return replace(loaded, steps=(*loaded.steps, step))
