"""Frozen layers that drop out at random, many batches at once."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
from torch import fx, nn

from reporter.experiment import Run
from reporter.learn import steps
from reporter.learn.ahead import Ahead, look_ahead
from reporter.learn.augment import parse
from reporter.learn.compact import CompactAlexNet
from reporter.learn.frozen import first_layers_once, unchanged
from reporter.learn.networks import Surgery, build
from reporter.learn.normalisation import HALF
from reporter.learn.steps import RateLearner, batches_at_once, blocks
from reporter.learn.train import Recipe, Task, sweep, trained
from tests.tasks import ONE, TWO, alexnet, task, tiny

RECIPE = Recipe(rates=(0.1, 0.01), epochs=2, batch=4, test="every-epoch", epoch_zero=True)
COUNTS = (18, 6, 5)  # images: four whole batches of four, two of which are a block, and two images


@pytest.fixture(autouse=True)
def _few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take two batches at once."""
    monkeypatch.setattr(steps, "ROWS", 8)


def ahead(
    make: Callable[[], nn.Module], surgery: Surgery, mode: str, run: Run, size: int = 64
) -> Task:
    """Return the task of training what comes after frozen layers."""
    return look_ahead(first_layers_once(task(make, surgery, size, mode, COUNTS), HALF, run), run)


CASES = [
    (alexnet, ONE, "train", "classifier.5"),
    (alexnet, TWO, "train", "classifier.3"),
    (alexnet, TWO, "eval", "classifier.3"),
    (CompactAlexNet, TWO, "eval", "classifier.3"),
    (tiny, ONE, "eval", "7"),
]


@pytest.mark.parametrize("change", [{}, {"measure": "evaluation", "momentum": 0.9}])
@pytest.mark.parametrize(("make", "surgery", "mode", "place"), CASES)
def test_batches_at_once_change_no_bit(
    make: Callable[[], nn.Module], surgery: Surgery, mode: str, place: str, change: dict[str, Any]
) -> None:
    """All readings and parameters equal those of batches that pass the frozen layers in turn."""
    run, recipe = Run(name="x", seed=3), replace(RECIPE, **change)
    made = ahead(make, surgery, mode, run)
    whole = first_layers_once(task(make, surgery, 64, mode, COUNTS), HALF, run)
    assert run.notes["ahead"] == place
    found, due = (
        trained(one, recipe, run, partial(RateLearner, one, recipe, run)) for one in (made, whole)
    )
    assert found == due
    expected = whole.model.state_dict()
    state = made.model.state_dict()
    assert all(torch.equal(tensor, expected[name]) for name, tensor in state.items())


def test_validation_and_test_images_pass_frozen_layers_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They have before training, which measures them four times; training images in evaluation do,
    too, for both rates.
    """
    monkeypatch.setattr(Ahead, "are_equal", lambda *_: True)
    made = ahead(alexnet, TWO, "train", Run(name="x"))
    assert made.ahead is not None
    passed: list[int] = []
    layer = made.ahead.steps.get_submodule("classifier.1")
    layer.register_forward_hook(lambda *given: passed.append(len(given[2])))
    sweep(made, RECIPE, Run(name="x"))
    training = [8, 8, 2] * RECIPE.epochs
    assert passed == [18, *training, *training]


class Counting(nn.Module):
    """Layers whose numbers depend on how many inputs there are."""

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the inputs times their number."""
        return inputs * inputs.size(0)


def test_batches_go_alone_where_bits_depend_on_that() -> None:
    """Each block is one batch then."""
    made = ahead(tiny, ONE, "eval", Run(name="x"))
    inputs = torch.ones(18, 3)
    layers = fx.symbolic_trace(Counting())
    other = Ahead(inputs=inputs, prepare=unchanged, steps=layers, masked=layers, drops=())
    assert batches_at_once(made, 4) == 2
    assert batches_at_once(replace(made, ahead=other), 4) == 1


@pytest.mark.parametrize(
    ("count", "batch", "at_once", "sizes"),
    [(18, 4, 2, [8, 8, 2]), (8, 4, 2, [8]), (3, 4, 2, [3]), (9, 4, 1, [4, 4, 1])],
)
def test_blocks_are_whole_batches(count: int, batch: int, at_once: int, sizes: list[int]) -> None:
    """What fills no batch comes last, alone, as products of other sizes round otherwise."""
    found = blocks(torch.arange(count), batch, at_once)
    assert [len(block) for block in found] == sizes
    assert torch.equal(torch.cat(found), torch.arange(count))


def drawing() -> nn.Module:
    """Return a network with dropout after the first of its last two layers, too."""
    network = tiny()
    network.extend([nn.ReLU(), nn.Dropout(0.5), nn.Linear(5, 5)])
    return network


def test_layers_that_draw_while_they_learn_keep_the_frozen_ones_in_turn() -> None:
    """Numbers drawn ahead would be others."""
    run = Run(name="x")
    made = first_layers_once(task(drawing, TWO, 32), HALF, run)
    assert look_ahead(made, run) is made
    assert "ahead" not in run.notes


def test_maps_that_lie_channels_last_drop_out_in_turn() -> None:
    """SqueezeNet's: a dropout draws in the order in which they lie."""
    run = Run(name="x")
    made = first_layers_once(task(lambda: build("squeezenet1_1"), ONE, 64), HALF, run)
    assert look_ahead(made, run) is made


def test_nothing_is_ahead_of_augmented_images_or_without_dropout() -> None:
    """A task is then what it was."""
    run = Run(name="x")
    plain = first_layers_once(task(tiny, TWO, 32), HALF, run)
    assert look_ahead(plain, run) is plain
    augmented = replace(task(alexnet, TWO, 64, "train"), augmentation=parse(["flip"]))
    assert look_ahead(augmented, run) is augmented
