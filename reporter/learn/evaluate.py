"""A network and samples → scores, loss and accuracy, in evaluation mode.

Shape legend: N images, B of a batch, K classes.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from reporter.learn.streams import repeatable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import nn

    from reporter.learn.data import Samples

BATCH = {"cpu": 32, "cuda": 128}  # images at a time; CPUs are no faster with more


@dataclass(frozen=True, kw_only=True)
class Score:
    """Mean cross-entropy in nats and share of right answers, over `n` images."""

    loss: float
    accuracy: float
    n: int


@contextlib.contextmanager
def modes_kept(network: nn.Module) -> Iterator[None]:
    """Give every module its training or evaluation mode back after the block."""
    before = {module: module.training for module in network.modules()}
    try:
        yield
    finally:
        for module, training in before.items():
            module.training = training


def logits(
    network: nn.Module, inputs: torch.Tensor, prepare: Callable[[torch.Tensor], torch.Tensor]
) -> torch.Tensor:
    """Return (N, K) scores in float32, without dropout, gradients or updates of batch norms."""
    with modes_kept(network), torch.no_grad(), repeatable():
        network.eval()
        batches = inputs.split(BATCH.get(inputs.device.type, 32))
        return torch.cat([network(prepare(batch)) for batch in batches])


def score(logits_NK: torch.Tensor, labels_N: torch.Tensor) -> Score:
    """Return loss and accuracy of scores."""
    loss = functional.cross_entropy(logits_NK, labels_N).item()
    accuracy = (logits_NK.argmax(1) == labels_N).double().mean().item()
    return Score(loss=loss, accuracy=accuracy, n=len(labels_N))


def measured(
    network: nn.Module, data: Samples, prepare: Callable[[torch.Tensor], torch.Tensor]
) -> Score:
    """Return loss and accuracy of a network on samples."""
    return score(logits(network, data.inputs, prepare), data.labels)
