"""Gradients averaged over noisy copies."""

import torch
from torch import nn

from reporter.learn.saliency import gradient_map
from reporter.learn.smoothgrad import smoothgrad_map
from reporter.learn.streams import generator, isolated

IMAGE = torch.randn(3, 6, 5, dtype=torch.float64, generator=generator(1))


def network() -> nn.Module:
    """Return a small convolutional network in double precision."""
    with isolated(3):
        layers = nn.Sequential(
            nn.Conv2d(3, 4, 3), nn.Tanh(), nn.Flatten(), nn.Dropout(0.5), nn.Linear(4 * 4 * 3, 3)
        )
    return layers.double()


def test_a_map_matches_a_manual_oracle() -> None:
    """One copy after the other, its gradient by backward(); the mean keeps the signs."""
    made, dice, total = network().eval(), generator(7), torch.zeros(3, 6, 5, dtype=torch.float64)
    for _ in range(20):
        noise = torch.randn(3, 6, 5, dtype=torch.float64, generator=dice)
        copy = (IMAGE + 0.2 * (IMAGE.max() - IMAGE.min()) * noise)[None].requires_grad_()
        made(copy)[0, 2].backward()
        assert copy.grad is not None
        total += copy.grad[0] / 20
    found = smoothgrad_map(network().train(), IMAGE, 2, samples=20, noise=0.2, seed=7)
    torch.testing.assert_close(found, total.abs().amax(0))


def test_without_noise_it_is_the_gradient() -> None:
    """However many copies there are."""
    found = smoothgrad_map(network(), IMAGE, 1, samples=3, noise=0.0, seed=7)
    torch.testing.assert_close(found, gradient_map(network(), IMAGE, 1))


def test_the_network_is_left_as_it_was() -> None:
    """Modes and gradient flags are those from before, and no parameter got a gradient."""
    made = network().train()
    made[0].weight.requires_grad_(requires_grad=False)
    smoothgrad_map(made, IMAGE, 0, samples=2, noise=0.1, seed=0)
    assert all(module.training for module in made.modules())
    assert [parameter.requires_grad for parameter in made.parameters()] == [False] + [True] * 3
    assert all(parameter.grad is None for parameter in made.parameters())
