"""Scores, loss and accuracy."""

import math

import pytest
import torch
from torch import nn

from reporter.learn.data import Samples
from reporter.learn.evaluate import BATCH, logits, measured, score
from reporter.learn.frozen import unchanged


def test_loss_and_accuracy_are_those_of_the_definition() -> None:
    """Cross-entropy is -log of the softmax at the true class; accuracy the share of hits."""
    scores = torch.tensor([[math.log(3), 0.0], [0.0, 0.0], [0.0, math.log(9)]])
    found = score(scores, torch.tensor([0, 0, 0]))
    assert found.loss == pytest.approx(-math.log(0.75 * 0.5 * 0.1) / 3, rel=1e-6)
    assert found.accuracy == pytest.approx(2 / 3)
    assert found.n == 3


def test_evaluation_leaves_out_dropout_and_keeps_modes() -> None:
    """Dropout is off inside, and on again after."""
    network = nn.Sequential(nn.Dropout(0.9), nn.BatchNorm1d(2))
    network[1].eval()
    inputs = torch.arange(2.0 * (BATCH["cpu"] + 3)).view(-1, 2)
    found = logits(network, inputs, unchanged)
    torch.testing.assert_close(found, inputs, rtol=1e-4, atol=1e-4)
    assert (network.training, network[0].training, network[1].training) == (True, True, False)
    assert (
        measured(
            network, Samples(inputs=inputs, labels=torch.ones(len(inputs)).long()), unchanged
        ).accuracy
        == 1
    )
