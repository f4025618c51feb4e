"""Features of frozen networks."""

import pytest
import torch
from torch import nn

from reporter.errors import ReportError
from reporter.experiment import Run
from reporter.learn.features import features
from reporter.learn.normalisation import HALF
from reporter.learn.streams import generator

IMAGES = torch.randint(0, 256, (19, 3, 6, 6), dtype=torch.uint8, generator=generator(1))
RUN = Run(name="x")


def network() -> nn.Sequential:
    """Return a small network with a ReLU that works in place."""
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True), nn.Flatten(), nn.Dropout(0.5), nn.Linear(64, 2)
    )


def test_penultimate_features_enter_the_last_layer() -> None:
    """Without dropout, in the order of the images."""
    made = network()
    found = features(made, IMAGES, HALF, "penultimate", RUN)
    with torch.no_grad():
        expected = made[0](HALF.scaled(IMAGES)).relu().flatten(1)
    torch.testing.assert_close(found, expected)
    assert made.training


def test_maps_are_averaged_over_their_pixels() -> None:
    """A layer by name; a later layer in place changes nothing."""
    made = network()
    found = features(made, IMAGES, HALF, "0", RUN)
    with torch.no_grad():
        torch.testing.assert_close(found, made[0](HALF.scaled(IMAGES)).mean((2, 3)))


def test_an_unknown_layer_is_told() -> None:
    """The message lists what there is."""
    with pytest.raises(ReportError, match="no layer 'fc7'; choose from 0, 1, 2, 3, 4"):
        features(network(), IMAGES, HALF, "fc7", RUN)
