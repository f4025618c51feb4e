"""Tasks of training new layers."""

from typing import Literal

import pytest
import torch
from torch import nn

from reporter.errors import ReportError
from reporter.experiment import Run
from reporter.inputs import Weights
from reporter.learn.augment import Augmentation, parse
from reporter.learn.data import Parts, Samples
from reporter.learn.networks import Surgery
from reporter.learn.normalisation import HALF
from reporter.learn.steps import snapshot
from reporter.learn.train import Recipe, Task, sweep
from reporter.learn.transfer import Mode, surgery, task, with_new_layers
from reporter.learn.weights import pretrained

RUN = Run(name="x", seed=1)
NOTHING = Augmentation()


def made(
    train: Literal["head", "all"], mode: Mode, augmentation: Augmentation = NOTHING
) -> tuple[Task, nn.Module]:
    """Return a task on six images, and the whole network."""
    loaded = pretrained("compact-alexnet", Weights(name="r", source="random", digest=""), RUN)
    step = surgery((3,), None, ("a", "b", "c"))
    network, part = with_new_layers(loaded, step, "xavier-normal", RUN)
    pixels = torch.arange(6 * 3 * 64 * 64).view(6, 3, 64, 64).byte()
    images = Samples(inputs=pixels, labels=torch.arange(6) % 3)
    parts = Parts(train=images, validation=None, test=images)
    found = task(
        network.network, part, parts, HALF, augmentation, train=train, frozen_mode=mode, run=RUN
    )
    return found, network.network


def changed(
    train: Literal["head", "all"], mode: Mode, augmentation: Augmentation = NOTHING
) -> set[str]:
    """Return the names of parameters and buffers that an epoch of training changes."""
    found, network = made(train, mode, augmentation)
    before = snapshot(network)
    sweep(found, Recipe(rates=(0.1,), epochs=1, batch=3), RUN)
    after = network.state_dict()
    return {name for name, tensor in before.items() if not torch.equal(tensor, after[name])}


NEW = {"classifier.6.weight", "classifier.6.bias"}


def test_only_new_layers_learn_on_a_frozen_network() -> None:
    """With or without augmentation, nothing below them moves."""
    assert changed("head", "eval") == NEW
    assert changed("head", "eval", parse(["flip 0.5"])) == NEW


def test_frozen_batch_norms_move_their_statistics_in_training_mode() -> None:
    """Their parameters stay."""
    found = changed("head", "train") - NEW
    assert found
    assert all("running" in name or "num_batches" in name for name in found)


def test_everything_learns_when_all_is_trained() -> None:
    """No parameter stays as it was."""
    found, network = made("all", "eval")
    assert changed("all", "eval") >= {name for name, _ in network.named_parameters()}
    assert found.model is network


def test_outputs_are_kept_only_when_nothing_varies_below() -> None:
    """Augmentation and training mode keep the whole network in the loop."""
    kept, network = made("head", "eval")
    assert kept.model is not network
    assert kept.parts.train.inputs.shape == (6, 256)
    cases: list[tuple[Mode, Augmentation]] = [("train", NOTHING), ("eval", parse(["flip"]))]
    for mode, augmentation in cases:
        found, network = made("head", mode, augmentation)
        assert found.model is network


def test_new_layers_are_the_same_on_any_network() -> None:
    """Their numbers depend on the run alone, not on what is below."""
    parts = []
    for seed in (1, 2):
        below = Run(name="x", seed=seed)
        loaded = pretrained("compact-alexnet", Weights(name="r", source="random", digest=""), below)
        parts.append(
            with_new_layers(loaded, Surgery(replaces=1, sizes=(3,)), "xavier-normal", RUN)[1]
        )
    assert torch.equal(parts[0].state_dict()["0.weight"], parts[1].state_dict()["0.weight"])


def test_sizes_follow_from_the_classes() -> None:
    """No size is one layer; as many layers make way as are new, unless said otherwise."""
    classes = ("a", "b", "c")
    assert surgery((), None, classes) == Surgery(replaces=1, sizes=(3,))
    assert surgery((9, 3), None, classes) == Surgery(replaces=2, sizes=(9, 3))
    assert surgery((3,), 2, classes) == Surgery(replaces=2, sizes=(3,))
    with pytest.raises(ReportError, match="the last size is 7, but there are 3 classes; end head"):
        surgery((7,), None, classes)
