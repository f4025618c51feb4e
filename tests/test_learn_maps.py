"""Saliency methods and the gradients that they ask for."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torchvision import models

from reporter.learn.class_model import Ascent, climbed
from reporter.learn.maps import Method, Options, maps_of, maps_of_one
from reporter.learn.saliency import gradient_map
from reporter.learn.streams import generator, isolated

IMAGE = torch.randn(3, 64, 64, generator=generator(1))
OPTIONS = Options(samples=3, noise=0.1, layer="layer3", seed=0)
METHODS: tuple[Method, ...] = ("gradient", "smoothgrad", "grad-cam")


class Backwards(TorchDispatchMode):
    """Notes which gradients, of input, weight and bias, each layer's backward pass computes."""

    def __init__(self) -> None:
        super().__init__()
        self.masks: list[list[bool]] = []

    def __torch_dispatch__(
        self, called: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        arguments = [argument.name for argument in called._schema.arguments]
        if "output_mask" in arguments:
            self.masks.append(args[arguments.index("output_mask")])
        return called(*args, **(kwargs or {}))


def network() -> nn.Module:
    """Return ResNet-18 with random weights, all of which ask for gradients."""
    with isolated(4):
        return models.resnet18(num_classes=5)


def by_hand(made: nn.Module) -> torch.Tensor:
    """Return the gradient map as most scripts write it: weights get gradients, too."""
    image = IMAGE[None].clone().requires_grad_()
    made.eval()(image)[0, 2].backward()
    assert image.grad is not None
    return image.grad[0].abs().amax(0)


def climb(made: nn.Module) -> None:
    """Take two steps towards the image of a class."""
    climbed(made, 2, IMAGE, Ascent(steps=2, rate=1.0, decay=0.01))


@pytest.mark.parametrize(
    "act",
    [*(lambda made, m=m: maps_of_one([m], made, IMAGE, 2, OPTIONS) for m in METHODS), climb],
    ids=[*METHODS, "class model"],
)
def test_no_gradient_of_a_weight_is_computed(act: Callable[[nn.Module], object]) -> None:
    """Neither kept in a parameter nor computed and thrown away by a layer."""
    made = network()
    with Backwards() as noted:
        act(made)
    assert noted.masks
    assert all(mask[0] and not any(mask[1:]) for mask in noted.masks)
    assert all(parameter.grad is None for parameter in made.parameters())


def test_a_map_is_bit_by_bit_the_one_with_gradients_of_weights() -> None:
    """Which by hand are computed in every one of the 20 convolutions and 20 normalisations."""
    made = network()
    with Backwards() as noted:
        expected = by_hand(made)
    assert sum(mask[1] for mask in noted.masks) == 40
    assert torch.equal(gradient_map(network(), IMAGE, 2), expected)


@pytest.mark.parametrize("method", METHODS)
def test_images_are_explained_together_as_they_are_alone(method: Method) -> None:
    """Each for a class of its own, over more images than one batch holds."""
    images = torch.randn(17, 3, 32, 32, generator=generator(2))
    targets = [number % 5 for number in range(17)]
    together = maps_of([method], network(), images, targets, OPTIONS)[method]
    for number in (0, 3, 16):
        alone = maps_of_one([method], network(), images[number], targets[number], OPTIONS)[method]
        torch.testing.assert_close(together[number], alone)
