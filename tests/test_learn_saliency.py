"""Gradient maps."""

from pathlib import Path

import pytest
import torch
from torch import nn

from reporter.errors import ReportError
from reporter.inputs import ImageFile
from reporter.learn.photographs import Photographs
from reporter.learn.saliency import drawn, gradient_map, target_of
from reporter.learn.streams import generator, isolated


def network() -> nn.Module:
    """Return a small convolutional network in double precision."""
    with isolated(3):
        layers = nn.Sequential(
            nn.Conv2d(3, 4, 3, padding=1), nn.Tanh(), nn.BatchNorm2d(4), nn.Flatten(),
            nn.Dropout(0.5), nn.Linear(4 * 5 * 4, 3),
        )  # fmt: skip
    return layers.double()


def test_a_map_equals_finite_differences() -> None:
    """|S(I + h) - S(I - h)| / 2h for every pixel and channel, the largest of three channels."""
    made = network()
    image = torch.randn(3, 5, 4, dtype=torch.float64, generator=generator(1))
    step, slopes = 1e-5, torch.zeros(3, 5, 4, dtype=torch.float64)
    made.eval()
    with torch.no_grad():
        for index in range(image.numel()):
            nudge = torch.zeros(60, dtype=torch.float64)
            nudge[index] = step
            ahead, behind = (made((image + s * nudge.view(3, 5, 4))[None])[0, 2] for s in (1, -1))
            slopes.view(-1)[index] = (ahead - behind) / (2 * step)
    torch.testing.assert_close(gradient_map(made, image, 2), slopes.abs().amax(0))


def test_the_network_is_left_as_it_was() -> None:
    """Modes, gradient flags and gradients are those from before; so is the image."""
    made = network().train()
    made[0].weight.requires_grad_(requires_grad=False)
    image = torch.zeros(3, 5, 4, dtype=torch.float64)
    gradient_map(made, image, 0)
    assert all(module.training for module in made.modules())
    assert [parameter.requires_grad for parameter in made.parameters()] == [False] + [True] * 5
    assert all(parameter.grad is None for parameter in made.parameters())
    assert not image.requires_grad


def test_maps_are_drawn_from_black_to_white() -> None:
    """Zero is black, an empty map too; the highest value is white."""
    assert drawn(torch.tensor([[0.0, 5.0]])).tolist() == [[0, 255]]
    assert drawn(torch.zeros(2, 2)).unique().tolist() == [0]


def photograph(expected: str | None) -> Photographs:
    """Return one photograph that is taken for a cat."""
    image = ImageFile(name="pet", path=Path("pet.jpg"), digest="", expected=expected)
    return Photographs(
        images=(image,), pixels=torch.zeros(1, 3, 1, 1), logits=torch.tensor([[0.0, 1.0]]),
        classes=("Eskimo dog", "cat"),
    )  # fmt: skip


def test_the_target_is_the_predicted_or_the_expected_class() -> None:
    """Names are compared without case and underscores."""
    assert target_of(photograph("eskimo_dog"), 0, "predicted") == 1
    assert target_of(photograph("eskimo_dog"), 0, "expected") == 0


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        (None, "'pet' has no expected class"),
        ("eskimo dgo", "no class 'eskimo dgo'; did you mean 'eskimo dog'"),
        ("zebra", "no class 'zebra'; write a class of the network"),
    ],
)
def test_an_expected_class_must_be_known(expected: str | None, message: str) -> None:
    """There is no score to explain otherwise."""
    with pytest.raises(ReportError, match=message):
        target_of(photograph(expected), 0, "expected")
