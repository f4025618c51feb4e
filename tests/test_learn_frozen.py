"""Outputs of frozen layers, computed once."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import pytest
import torch
from torch import nn

from reporter.experiment import Run
from reporter.learn.augment import Augmentation
from reporter.learn.compact import CompactAlexNet
from reporter.learn.data import Parts, Samples
from reporter.learn.frozen import first_layers_once, outputs_before
from reporter.learn.networks import Surgery, build, new_layers, replace_layers
from reporter.learn.normalisation import HALF
from reporter.learn.streams import generator, isolated
from reporter.learn.train import RateLearner, Recipe, Task, trained

if TYPE_CHECKING:
    from reporter.learn.trials import Sweep


class Plain(nn.Module):
    """The loop without a memory: frozen layers work anew, image by image, each time."""

    def __init__(self, network: nn.Module, last: nn.Sequential) -> None:
        super().__init__()
        self.network, self.last = network, last

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the scores of prepared images."""
        before = [outputs_before(self.network, self.last, image) for image in images.split(1)]
        scores: torch.Tensor = self.last(torch.cat(before))
        return scores


def tiny() -> nn.Module:
    """Return a small network of two fully connected layers."""
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, stride=4), nn.BatchNorm2d(6), nn.ReLU(inplace=True),
        nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(96, 12), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(12, 5),
    )  # fmt: skip


def images(count: int, seed: int, size: int) -> Samples:
    """Return random images of three classes."""
    pixels = torch.randint(
        0, 256, (count, 3, size, size), dtype=torch.uint8, generator=generator(seed)
    )
    return Samples(inputs=pixels, labels=torch.arange(count) % 3)


def task(make: Callable[[], nn.Module], surgery: Surgery, size: int) -> tuple[Task, nn.Sequential]:
    """Return the task of training new layers on a frozen network, and the new layers."""
    with isolated(1):
        network = make().eval()
        part = new_layers(network, replace_layers(network, surgery, "xavier-normal"))
    network.requires_grad_(requires_grad=False)
    part.requires_grad_(requires_grad=True)
    parts = Parts(train=images(11, 1, size), validation=images(6, 2, size), test=images(5, 3, size))
    made = Task(
        model=network, active=(part,), parts=parts, prepare=HALF.scaled, augmentation=Augmentation()
    )
    return made, part


CASES = [
    (tiny, Surgery(replaces=2, sizes=(8, 3)), 32),
    (tiny, Surgery(replaces=1, sizes=(3,)), 32),
    (CompactAlexNet, Surgery(replaces=2, sizes=(16, 3)), 64),
    (lambda: build("squeezenet1_1"), Surgery(replaces=1, sizes=(3,)), 48),
    (lambda: build("resnet18"), Surgery(replaces=1, sizes=(3,)), 32),
]


@pytest.mark.parametrize(("make", "surgery", "size"), CASES)
def test_computing_once_changes_no_bit(
    make: Callable[[], nn.Module], surgery: Surgery, size: int
) -> None:
    """Training by autograd on kept outputs equals the plain loop: each reading and parameter."""
    recipe = Recipe(rates=(0.1, 0.01), epochs=2, batch=4, test="every-epoch", epoch_zero=True)
    results: list[tuple[Sweep, dict[str, torch.Tensor]]] = []
    for once in (True, False):
        made, part = task(make, surgery, size)
        model = Plain(made.model, part)
        plain = Task(
            model=model, active=(part,), parts=made.parts, prepare=made.prepare,
            augmentation=made.augmentation,
        )  # fmt: skip
        used = first_layers_once(made, part, Run(name="x")) if once else plain
        assert (used.model is part) == once
        run = Run(name="x")
        found = trained(used, recipe, run, partial(RateLearner, used, recipe, run))
        results.append((found, made.model.state_dict()))
    assert results[0][0] == results[1][0]
    for name, tensor in results[0][1].items():
        assert torch.equal(tensor, results[1][1][name]), name


def test_an_images_outputs_do_not_depend_on_its_neighbours() -> None:
    """Alone or in a set, the outputs are the same bit by bit."""
    made, part = task(CompactAlexNet, Surgery(replaces=1, sizes=(3,)), 64)
    once = first_layers_once(made, part, Run(name="x"))
    alone = outputs_before(made.model, part, made.prepare(made.parts.train.inputs[3:4]))
    assert torch.equal(once.parts.train.inputs[3:4], alone)


def test_a_network_that_ends_otherwise_is_trained_plainly() -> None:
    """When the last layers are not all that follows, the task stays as it was."""
    made, part = task(tiny, Surgery(replaces=1, sizes=(3,)), 32)
    scaled = nn.Sequential(made.model, nn.Softmax(1))
    odd = Task(
        model=scaled, active=(part,), parts=made.parts, prepare=made.prepare,
        augmentation=made.augmentation,
    )  # fmt: skip
    assert first_layers_once(odd, part, Run(name="x")) is odd


def test_hooks_and_modes_are_taken_back() -> None:
    """The network is as it was, and progress was told."""
    told: list[dict[str, float | str]] = []
    made, part = task(tiny, Surgery(replaces=1, sizes=(3,)), 32)
    made.model.train()
    first_layers_once(made, part, Run(name="x", notify=lambda values: told.append(dict(values))))
    assert all(module.training for module in made.model.modules())
    hooks = [m._forward_pre_hooks for m in made.model.modules()]
    assert not any(hooks)
    assert told[-1] == {"stage": "features", "done": 22, "of": 22}
