"""A frozen network and a data set → the task of training a small classifier on its features."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from torch import nn

from reporter.learn.augment import Augmentation
from reporter.learn.features import features
from reporter.learn.frozen import unchanged
from reporter.learn.networks import Initialisation, like
from reporter.learn.streams import RunContext, isolated
from reporter.learn.train import Task
from reporter.learn.transfer import NEW_LAYERS, on_device

if TYPE_CHECKING:
    from reporter.learn.data import Parts
    from reporter.learn.normalisation import Normalisation
    from reporter.learn.weights import Pretrained


def described(
    parts: Parts, loaded: Pretrained, scaling: Normalisation, layer: str, run: RunContext
) -> Parts:
    """Return the parts with each image's feature vector, (N, D) float32, in its place."""
    return parts.over(features(loaded.network, parts.all, scaling, layer, run))


def head_task(parts: Parts, sizes: tuple[int, ...], init: Initialisation, run: RunContext) -> Task:
    """Return the task of training fully connected layers of these sizes, ReLUs in between.

    Args:
        parts: feature vectors (N, D) with labels.
        sizes: of the layers; the last is the number of classes.
        init: of the layers, from the run's stream for new ones.
        run: its streams and its device.
    """
    widths = (parts.train.inputs.shape[1], *sizes)
    layers: list[nn.Module] = []
    with isolated(run.stream("initialisation"), NEW_LAYERS):
        for inputs, outputs in pairwise(widths):
            layers += [like(nn.Linear(1, 1), inputs, outputs, init), nn.ReLU()]
    head = nn.Sequential(*layers[:-1]).to(run.device)
    return Task(
        model=head,
        active=(head,),
        parts=on_device(parts, run.device),
        prepare=unchanged,
        augmentation=Augmentation(),
    )
