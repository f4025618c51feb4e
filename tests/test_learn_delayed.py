"""Large first layers whose weights change once in many batches."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from reporter.experiment import Run
from reporter.learn import delayed, steps
from reporter.learn.augment import Augmentation, parse
from reporter.learn.data import Parts, Samples
from reporter.learn.frozen import unchanged
from reporter.learn.steps import RateLearner, snapshot
from reporter.learn.streams import generator
from reporter.learn.train import Recipe, Task, trained
from reporter.learn.trials import Sweep

RECIPE = Recipe(rates=(0.3, 0.1), epochs=3, batch=8, measure="evaluation")


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let layers of any size be large, and three batches be a block."""
    monkeypatch.setattr(delayed, "LEAST", 1)
    monkeypatch.setattr(delayed, "WIDTH", 1)
    monkeypatch.setattr(steps, "ROWS", 24)


def points(count: int, seed: int, dtype: torch.dtype) -> Samples:
    """Return points of three classes that overlap."""
    labels = torch.arange(count) % 3
    inputs = torch.randn(count, 6, dtype=dtype, generator=generator(seed))
    inputs[:, 0] += labels
    return Samples(inputs=inputs, labels=labels)


def task(dtype: torch.dtype = torch.float64, *, bias: bool = True) -> Task:
    """Return a task of two layers; 51 points are six batches of eight, and three."""
    layers = nn.Linear(6, 5, bias=bias), nn.ReLU(inplace=True), nn.Dropout(0.3), nn.Linear(5, 3)
    model = nn.Sequential(*layers).to(dtype)
    for index, parameter in enumerate(model.parameters()):
        parameter.data = torch.randn(parameter.shape, dtype=dtype, generator=generator(index)) / 2
    parts = Parts(
        train=points(51, 1, dtype), validation=points(20, 2, dtype), test=points(9, 3, dtype)
    )
    return Task(
        model=model, active=(model,), parts=parts, prepare=torch.clone, augmentation=Augmentation()
    )


def both(recipe: Recipe, made: Task, monkeypatch: pytest.MonkeyPatch) -> tuple[Sweep, Sweep, float]:
    """Return the sweep by blocks, the one step by step, and how far apart their states are."""
    initial, run = snapshot(made.model), Run(name="x", seed=3)
    found = trained(made, recipe, run, partial(RateLearner, made, recipe, run))
    assert run.notes["delayed"] == (3 if recipe.batch < 51 else 1)
    state = snapshot(made.model)
    made.model.load_state_dict(initial)
    monkeypatch.setattr(delayed, "LEAST", 2**60)
    run = Run(name="x", seed=3)
    due = trained(made, recipe, run, partial(RateLearner, made, recipe, run))
    assert "delayed" not in run.notes
    distances = [(state[k] - v).norm() / v.norm() for k, v in made.model.state_dict().items()]
    return found, due, max(distances).item()


def losses(found: Sweep) -> list[float]:
    """Return the losses of all steps, then those after each epoch."""
    steps = [loss for trial in found.trials for loss in trial.losses]
    scores = [s for t in found.trials for e in t.epochs for s in (e.train, e.validation) if s]
    return steps + [score.loss for score in scores]


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("change", [{}, {"loss": "sum", "rates": (0.01,)}, {"batch": 100}])
def test_blocks_learn_what_steps_learn(
    change: dict[str, Any],
    bias: bool,  # noqa: FBT001 - a case
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In double precision losses and states agree to 1e-10; dropout after it draws in turn."""
    found, due, distance = both(replace(RECIPE, **change), task(bias=bias), monkeypatch)
    assert losses(found) == pytest.approx(losses(due), rel=1e-10)
    assert (found.rate, found.selected.number) == (due.rate, due.selected.number)
    assert 0 < distance < 1e-10


def test_in_single_precision_an_epoch_agrees_to_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Losses of its seven steps, and weights after it, differ by a few units in the last place."""
    recipe = replace(RECIPE, epochs=1)
    found, due, distance = both(recipe, task(torch.float32), monkeypatch)
    assert losses(found) == pytest.approx(losses(due), rel=1e-6)
    assert distance < 1e-6


def test_a_rate_that_diverges_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the same epoch as step by step."""
    found, due, _ = both(replace(RECIPE, rates=(1e300, 0.1)), task(), monkeypatch)
    assert found.trials[0].failure == due.trials[0].failure != ""
    assert found.rate == 0.1


class Odd(nn.Module):
    """A network with a way of its own through its first layer."""

    def __init__(self, way: Callable[[nn.Linear, torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.layer, self.last, self.way = nn.Linear(6, 6), nn.Linear(6, 3), way

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return scores."""
        return self.last(self.way(self.layer, inputs))


TWICE = Odd(lambda layer, inputs: layer(layer(inputs)))
AROUND = Odd(lambda layer, inputs: layer(inputs) + inputs)
NOISY = Odd(lambda layer, inputs: functional.dropout(layer(inputs), training=layer.training))


@pytest.mark.parametrize(
    "change", [{"momentum": 0.9}, {"weight_decay": 0.1}, {"precision": "tf32"}]
)
def test_other_recipes_need_the_weights_at_each_step(change: dict[str, Any]) -> None:
    """Momentum, weight decay, and less precision."""
    made = task(torch.float32)
    assert delayed.delayed(made, RECIPE) is not None
    assert delayed.delayed(made, replace(RECIPE, **change)) is None


@pytest.mark.parametrize(
    "model",
    [
        nn.Sequential(nn.ReLU(), nn.Linear(6, 3)),
        nn.Sequential(nn.Linear(6, 5).requires_grad_(requires_grad=False), nn.Linear(5, 3)),
        TWICE,
        AROUND,
        NOISY,
    ],
)
def test_other_networks_learn_step_by_step(model: nn.Module) -> None:
    """Something comes before the layer or goes around it; it is frozen, or taken twice; or steps
    differ in training.
    """
    made = replace(task(torch.float32), model=model, active=(model,))
    assert delayed.delayed(made, RECIPE) is None


def test_small_and_narrow_layers_learn_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """They would be no faster."""
    made = task()
    for limit, most in (("LEAST", 30), ("WIDTH", 5)):
        monkeypatch.setattr(delayed, limit, most)
        assert delayed.delayed(made, RECIPE) is not None
        monkeypatch.setattr(delayed, limit, most + 1)
        assert delayed.delayed(made, RECIPE) is None
        monkeypatch.setattr(delayed, limit, 1)


def test_other_inputs_are_learned_from_step_by_step() -> None:
    """Augmented ones, several vectors for an image, those that are prepared for each step."""
    made = task(torch.float32)
    rows = [replace(part, inputs=part.inputs.unsqueeze(1)) for part in made.parts.all]
    several = Parts(train=rows[0], validation=rows[1], test=rows[2])
    for other in (
        replace(made, augmentation=parse(["flip"])),
        replace(made, parts=several),
        replace(made, prepare=torch.neg),
    ):
        assert delayed.delayed(other, RECIPE) is None
    assert delayed.delayed(replace(made, prepare=unchanged), RECIPE) is not None


def test_an_older_layer_at_its_own_rate_learns_step_by_step() -> None:
    """The factor is for layers that are not new."""
    made = replace(task(), new_part=nn.Sequential())
    assert delayed.delayed(made, RECIPE) is not None
    assert delayed.delayed(made, replace(RECIPE, backbone_factor=0.1)) is None
