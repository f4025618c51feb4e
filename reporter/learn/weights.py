"""Where parameters come from → a network that carries them, and how its inputs were prepared."""

from __future__ import annotations

import json
import pickle
import re
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

import torch
from safetensors import SafetensorError, safe_open
from torchvision import models

from reporter.errors import ReportError
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
from reporter.learn.streams import RunContext, isolated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import nn

    from reporter.inputs import Weights

State = dict[str, torch.Tensor]
DENSENET = re.compile(r"(denselayer\d+\.(?:norm|relu|conv))\.([12])\.")  # names of older files
AUXILIARY = ("aux1.", "aux2.", "AuxLogits.")  # of Inception nets; used in their training only


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
    network.to(device=run.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
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
    """Return a network initialised from the run's stream; the global generators stay as they are."""
    with isolated(run.stream("initialisation")):
        return build(model, classes)


def fill(network: nn.Module, state: Mapping[str, torch.Tensor], path: Path, model: str) -> None:
    """Copy `state` into the network, cast to its types.

    Counters of batch norms may be missing: files in half precision leave them out.

    Raises:
        ReportError: the first tensor that is missing, left over or of another shape.
    """
    own = network.state_dict()
    wanted = {n: t for n, t in own.items() if n in state or not n.endswith("num_batches_tracked")}
    for name in [*wanted, *state]:
        there, here = shape(state, name), shape(own, name)
        if there != here:
            message = (
                f"{path} doesn't fit {model}: {name} is {there} in the file and {here} in the"
                f" network; write the model that the file was made for"
            )
            raise ReportError(message)
    network.load_state_dict({**own, **{n: state[n].to(own[n].dtype) for n in wanted}})


def shape(state: Mapping[str, torch.Tensor], name: str) -> str:
    """Return a tensor's shape as text, "absent" when there is none of that name."""
    return "×".join(map(str, state[name].shape)) or "a number" if name in state else "absent"


def file_of(weights: Weights) -> Path:
    """Return the file of weights; ReportError when there is none."""
    if weights.path is None or not weights.path.is_file():
        message = f"weights {weights.name!r}: {weights.path} is no file; correct the path"
        raise ReportError(message)
    return weights.path


def read_state(path: Path) -> State:
    """Return the tensors of a .safetensors or .pth file by name; code in a file is never run.

    Raises:
        ReportError: the file is damaged or holds more than tensors.
    """
    try:
        if path.suffix == ".safetensors":
            with safe_open(path, framework="pt") as file:
                return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no dict
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError, OSError) as exc:
        message = f"{path} can't be read as weights; save the network's state_dict() again"
        raise ReportError(message) from exc
    state = loaded.get("state_dict", loaded) if isinstance(loaded, dict) else {}
    tensors = {str(n): t for n, t in state.items() if isinstance(t, torch.Tensor)}
    if not tensors:
        message = f"{path} holds no tensors by name; save the network's state_dict()"
        raise ReportError(message)
    return {DENSENET.sub(r"\1\2.", n): t for n, t in tensors.items() if not n.startswith(AUXILIARY)}


def read_metadata(path: Path) -> Mapping[str, str]:
    """Return the text beside the tensors of a safetensors file; ReportError if it is damaged."""
    try:
        with safe_open(path, framework="pt") as file:
            return file.metadata() or {}
    except (SafetensorError, OSError) as exc:
        message = f"{path} can't be read as a checkpoint; build the run that made it again"
        raise ReportError(message) from exc


def imagenet_file(model: str, weights: Weights) -> Path:
    """Return torchvision's ImageNet file in the weights' folder, fetched if that is allowed.

    Raises:
        ReportError: the file is not there and may not, or can't, be fetched.
    """
    folder = weights.path or Path()
    url = imagenet_url(model)
    path = folder / PurePosixPath(urlparse(url).path).name
    if path.is_file():
        return path
    if weights.download:
        return fetched(url, folder)
    message = (
        f"weights of {model} are not in {folder}; build with --download or put {path.name} there"
    )
    raise ReportError(message)


def imagenet_url(model: str) -> str:
    """Return where torchvision publishes its first ImageNet weights of a network."""
    try:
        return str(models.get_model_weights(model)["IMAGENET1K_V1"].url)
    except (ValueError, KeyError) as exc:
        message = f"torchvision has no ImageNet weights of {model}; give a file of weights"
        raise ReportError(message) from exc


def fetched(url: str, folder: Path) -> Path:
    """Download a file into `folder`, checked against the digest in its name; return its path.

    Raises:
        ReportError: the server can't be reached, or the content has another digest.
    """
    try:
        torch.hub.load_state_dict_from_url(
            url, model_dir=str(folder), progress=False, check_hash=True, weights_only=True
        )
    except (OSError, RuntimeError, pickle.UnpicklingError) as exc:
        message = f"{url} can't be fetched ({exc}); put the file into {folder}"
        raise ReportError(message) from exc
    return folder / PurePosixPath(urlparse(url).path).name


def class_names(network: nn.Module) -> tuple[str, ...]:
    """Return ImageNet's names for 1000 scores, else numbers, since no file says more."""
    count = class_count(network)
    if count == IMAGENET_CLASSES:
        return tuple(models.ResNet18_Weights.IMAGENET1K_V1.meta["categories"])
    return tuple(f"class {index}" for index in range(count))


def extended(loaded: Pretrained, step: Surgery) -> Pretrained:
    """Return the record of a network after one more replacement of its last layers."""
    return replace(loaded, steps=(*loaded.steps, step))


def format_steps(steps: tuple[Surgery, ...]) -> str:
    """Write replacements as text: "2:4096,10" replaced two layers by two new ones."""
    return " ".join(f"{step.replaces}:{','.join(map(str, step.sizes))}" for step in steps)


def parse_steps(text: str) -> tuple[Surgery, ...]:
    """Read what `format_steps` wrote."""
    pairs = [step.split(":") for step in text.split()]
    return tuple(
        Surgery(replaces=int(old), sizes=tuple(map(int, new.split(",")))) for old, new in pairs
    )


def format_normalisation(normalisation: Normalisation) -> dict[str, str]:
    """Write mean and standard deviation as settings of a checkpoint."""
    return {
        "mean": ",".join(map(repr, normalisation.mean)),
        "std": ",".join(map(repr, normalisation.std)),
    }


def parse_normalisation(settings: Mapping[str, Any], default: Normalisation) -> Normalisation:
    """Read what `format_normalisation` wrote; `default` where there is nothing."""
    if "mean" not in settings:
        return default
    mean, std = ([float(v) for v in settings[k].split(",")] for k in ("mean", "std"))
    return Normalisation(mean=(mean[0], mean[1], mean[2]), std=(std[0], std[1], std[2]))
