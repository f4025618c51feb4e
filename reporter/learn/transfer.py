"""A pretrained network and the sizes of new last layers → the task of training them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from reporter.errors import ReportError
from reporter.learn.ahead import look_ahead
from reporter.learn.frozen import first_layers_once
from reporter.learn.networks import Initialisation, Surgery, new_layers, replace_layers
from reporter.learn.streams import RunContext, isolated
from reporter.learn.train import Task
from reporter.learn.weights import Pretrained, extended

if TYPE_CHECKING:
    from torch import nn

    from reporter.learn.augment import Augmentation
    from reporter.learn.data import Parts, Samples
    from reporter.learn.normalisation import Normalisation

NEW_LAYERS = 1  # use of the initialisation stream; 0 is the network below them
Mode = Literal["eval", "train"]


def surgery(head: tuple[int, ...], replaces: int | None, classes: tuple[str, ...]) -> Surgery:
    """Return the replacement that a run asks for; no sizes stand for one layer with all classes.

    Raises:
        ReportError: the last size is not the number of classes.
    """
    sizes = head or (len(classes),)
    if sizes[-1] != len(classes):
        message = f"head: the last size is {sizes[-1]}, but there are {len(classes)} classes"
        message += f"; end head with {len(classes)}"
        raise ReportError(message)
    return Surgery(replaces=replaces or len(sizes), sizes=sizes)


def with_new_layers(
    loaded: Pretrained, step: Surgery, init: Initialisation, run: RunContext
) -> tuple[Pretrained, nn.Sequential]:
    """Replace last layers, in place; return the network's new record and the new part.

    The new parameters are the same whatever the rest of the network is.
    """
    with isolated(run.stream("initialisation"), NEW_LAYERS):
        position = replace_layers(loaded.network, step, init)
    loaded.network.to(run.device)
    return extended(loaded, step), new_layers(loaded.network, position)


def task(
    network: nn.Module,
    new_part: nn.Sequential,
    parts: Parts,
    scaling: Normalisation,
    augmentation: Augmentation,
    *,
    train: Literal["head", "all"],
    frozen_mode: Mode,
    run: RunContext,
) -> Task:
    """Return the task of training the new part or all of a network.

    Layers that neither learn nor vary see each image once, and what follows is trained on their
    outputs; frozen ones that vary by dropout alone see many batches at once.

    Args:
        network: its gradient flags are set.
        new_part: the new layers, modules of `network`.
        parts: pixels and labels.
        scaling: how pixels are normalised.
        augmentation: of the training images.
        train: what learns.
        frozen_mode: "eval" keeps statistics of batch norms and leaves out dropout in frozen layers.
        run: its device, and whom to tell.
    """
    learning = new_part if train == "head" else network
    network.requires_grad_(requires_grad=False)
    learning.requires_grad_(requires_grad=True)
    whole = Task(
        model=network,
        active=(network,) if frozen_mode == "train" else (learning,),
        parts=parts,
        prepare=scaling.scaled,
        augmentation=augmentation,
        new_part=new_part,
    )
    found = first_layers_once(whole, scaling, run)
    found = replace(found, parts=on_device(found.parts, run.device))
    return found if found.model is network else look_ahead(found, run)


def on_device(parts: Parts, device: str) -> Parts:
    """Return all parts in the memory of a device."""

    def moved(data: Samples) -> Samples:
        return replace(data, inputs=data.inputs.to(device), labels=data.labels.to(device))

    return replace(
        parts,
        train=moved(parts.train),
        validation=moved(parts.validation) if parts.validation else None,
        test=moved(parts.test),
    )
