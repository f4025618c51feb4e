"""Linear layers at several rates at once."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
from torch import nn

from reporter.experiment import Run
from reporter.learn.augment import Augmentation, parse
from reporter.learn.data import Parts, Samples
from reporter.learn.frozen import unchanged
from reporter.learn.linear import only_layer, rates_at_once
from reporter.learn.outcome import loss_curves, rates_table
from reporter.learn.steps import RateLearner, snapshot
from reporter.learn.streams import generator
from reporter.learn.train import Recipe, Task, sweep, trained
from reporter.learn.trials import Sweep

RECIPE = Recipe(rates=(0.3, 0.1, 0.03), epochs=4, batch=8)


def points(count: int, seed: int, dtype: torch.dtype) -> Samples:
    """Return points (count, 2, 3) of three classes that overlap."""
    labels = torch.arange(count) % 3
    inputs = torch.randn(count, 2, 3, dtype=dtype, generator=generator(seed))
    inputs[:, 0, 0] += labels
    return Samples(inputs=inputs, labels=labels)


def task(dtype: torch.dtype = torch.float64, *, validation: bool = True) -> Task:
    """Return a task of one layer on flattened points; 27 of them don't fill batches of eight."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(6, 3, dtype=dtype))
    for index, parameter in enumerate(model.parameters()):
        parameter.data = torch.randn(parameter.shape, dtype=dtype, generator=generator(index)) / 2
    held_out = points(20, 2, dtype) if validation else None
    parts = Parts(train=points(27, 1, dtype), validation=held_out, test=points(10, 3, dtype))
    return Task(
        model=model, active=(model,), parts=parts, prepare=unchanged, augmentation=Augmentation()
    )


def both(recipe: Recipe, made: Task) -> tuple[Sweep, Sweep, float]:
    """Return the sweep at once, the one rate by rate by autograd, and how far states differ."""
    initial = snapshot(made.model)
    run = Run(name="x", seed=3)
    at_once = sweep(made, recipe, run)
    assert run.notes["sweep"] == ("stacked" if len(recipe.rates) > 1 else "one by one")
    state = snapshot(made.model)
    made.model.load_state_dict(initial)
    oracle = trained(made, recipe, run, partial(RateLearner, made, recipe, run))
    due = snapshot(made.model)
    return at_once, oracle, max(((state[k] - due[k]).norm() / due[k].norm()).item() for k in due)


def decisions(found: Sweep) -> list[object]:
    """Return all that a sweep decides or counts."""
    trials = [
        (
            [epoch.number for epoch in trial.epochs],
            [score and (score.accuracy, score.n) for e in trial.epochs
             for score in (e.train, e.validation, e.test)],
            trial.best and trial.best.number,
            trial.failure,
            len(trial.losses),
        )
        for trial in found.trials
    ]  # fmt: skip
    return [found.rate, found.selected.number, trials]


def numbers(found: Sweep) -> list[float]:
    """Return all losses of a sweep."""
    losses = [loss for trial in found.trials for loss in trial.losses]
    scores = [s for t in found.trials for e in t.epochs for s in (e.train, e.validation, e.test)]
    return losses + [score.loss for score in scores if score]


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"rates": (0.1,)},
        {"momentum": 0.9, "weight_decay": 0.1},
        {"loss": "sum", "weight_decay": 0.01},
        {"measure": "evaluation", "epoch_zero": True, "test": "every-epoch"},
        {"patience": 2, "epochs": 20, "momentum": 0.5},
        {"batch": 100},
        {"rates": (0.1, 1e308, 0.3), "momentum": 0.9},
    ],
)
def test_rates_at_once_decide_what_rates_one_by_one_decide(change: dict[str, Any]) -> None:
    """In double precision readings agree to 1e-12, and epochs, accuracies and choices exactly."""
    at_once, oracle, distance = both(replace(RECIPE, **change), task())
    assert decisions(at_once) == decisions(oracle)
    assert numbers(at_once) == pytest.approx(numbers(oracle), rel=1e-12)
    assert distance < 1e-12
    assert [bool(trial.failure) for trial in at_once.trials] == [
        trial.rate > 1 for trial in oracle.trials
    ]


def test_without_validation_the_last_epoch_counts() -> None:
    """Nothing chooses, at once or one by one."""
    recipe = replace(RECIPE, rates=(0.1,))
    at_once, oracle, distance = both(recipe, task(validation=False))
    assert decisions(at_once) == decisions(oracle)
    assert at_once.selected.number == recipe.epochs
    assert distance < 1e-12


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_in_single_precision_ten_steps_agree_to_rounding(momentum: float) -> None:
    """Losses and weights differ by a few units in the last place: 5e-7."""
    recipe = replace(RECIPE, epochs=3, momentum=momentum)
    at_once, oracle, distance = both(recipe, task(torch.float32))
    assert numbers(at_once) == pytest.approx(numbers(oracle), rel=5e-7)
    assert distance < 5e-7


def test_a_rate_that_diverges_leaves_the_others_alone() -> None:
    """The curve of the second ends before its first loss that is none; the rest is as without."""
    made = task()
    initial = snapshot(made.model)
    found = sweep(made, replace(RECIPE, rates=(0.1, 1e308, 0.3)), Run(name="x"))
    made.model.load_state_dict(initial)
    without = sweep(made, replace(RECIPE, rates=(0.1, 0.3)), Run(name="x"))
    assert found.trials[1].failure.startswith("loss is ")
    assert found.trials[1].failure.endswith(" in epoch 1")
    assert found.trials[1].best is None
    assert len(found.trials[1].losses) < 4
    assert [row[3] for row in rates_table(found).rows][1] == "diverged in epoch 1"
    assert [len(series.y) for series in loss_curves(found).series][::2] == [16, 16]
    for index, trial in zip((0, 2), without.trials, strict=True):
        assert found.trials[index].losses == pytest.approx(trial.losses, rel=1e-12)
    assert found.rate == without.rate


class Shifted(nn.Module):
    """A layer and something that is no module."""

    def __init__(self, layer: nn.Linear, shift: float) -> None:
        super().__init__()
        self.layer, self.shift = layer, shift

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return scores of flattened inputs, shifted."""
        scores: torch.Tensor = self.layer(inputs.flatten(1) + self.shift)
        return scores


def layer() -> nn.Linear:
    """Return a layer for the points."""
    return nn.Linear(6, 3, dtype=torch.float64)


@pytest.mark.parametrize(
    "model",
    [
        nn.Sequential(nn.Flatten(), nn.ReLU(), layer()),
        nn.Sequential(nn.Flatten(), nn.Dropout(0.01), layer()),
        nn.Sequential(nn.Flatten(), layer(), nn.Linear(3, 3, dtype=torch.float64)),
        nn.Sequential(nn.Flatten(), nn.BatchNorm1d(6, dtype=torch.float64), layer()),
        nn.Sequential(nn.Flatten(), nn.Linear(6, 3, bias=False, dtype=torch.float64)),
        nn.Sequential(nn.Flatten(), layer()).requires_grad_(requires_grad=False),
        Shifted(layer(), 1e-6),
    ],
)
def test_a_model_that_does_more_than_its_layer_is_trained_by_autograd(model: nn.Module) -> None:
    """Rectifier, dropout, second layer, batch norm, no bias, nothing to learn, a function."""
    assert only_layer(replace(task(), model=model, active=(model,)), RECIPE) is None


def test_a_model_that_only_flattens_or_passes_on_is_its_layer() -> None:
    """Whatever its modules are, what it computes tells; a dropout that rests is none."""
    own = layer()
    made = task()
    for model in (Shifted(own, 0.0), nn.Sequential(nn.Flatten(), own, nn.Identity())):
        assert only_layer(replace(made, model=model), RECIPE) is own
    resting = nn.Sequential(nn.Flatten(), nn.Dropout(), own)
    assert only_layer(replace(made, model=resting, active=(own,)), RECIPE) is own


def test_inputs_that_change_on_their_way_are_trained_by_autograd() -> None:
    """Augmented or prepared ones, another precision, and an older layer's rate."""
    made = task()
    assert only_layer(made, replace(RECIPE, precision="bfloat16")) is None
    assert only_layer(replace(made, augmentation=parse(["flip"])), RECIPE) is None
    assert only_layer(replace(made, prepare=lambda x: x + 0), RECIPE) is None
    single = Parts(train=points(9, 1, torch.float32), validation=None, test=made.parts.test)
    assert only_layer(replace(made, parts=single), RECIPE) is None
    older = replace(made, new_part=nn.Identity())
    assert only_layer(older, replace(RECIPE, backbone_factor=0.1)) is None
    assert only_layer(older, RECIPE) is not None
    newer = replace(made, new_part=made.model)
    assert only_layer(newer, replace(RECIPE, backbone_factor=0.1)) is not None


def test_modes_and_generator_are_left_as_they_were() -> None:
    """Asking what a model computes changes nothing."""
    made = task()
    made.model.eval()
    torch.manual_seed(5)
    due = torch.rand(1)
    torch.manual_seed(5)
    assert only_layer(made, RECIPE) is not None
    assert torch.equal(torch.rand(1), due)
    assert not any(module.training for module in made.model.modules())


def test_large_layers_are_trained_alone() -> None:
    """On a CPU their matrix would leave the cache."""
    made = task()
    assert rates_at_once(made, nn.Linear(512, 7)) > 5
    assert rates_at_once(made, nn.Linear(4096, 1000, device="meta")) > 5
    assert rates_at_once(made, nn.Linear(4096, 1000)) == 1


def test_groups_of_rates_find_what_all_at_once_find(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two and one, or all three: the same decisions, from the same state."""
    made = task()
    initial = snapshot(made.model)
    due = sweep(made, RECIPE, Run(name="x"))
    made.model.load_state_dict(initial)
    monkeypatch.setattr("reporter.learn.linear.CPU_WEIGHTS", 2 * 3 * 7)
    found = sweep(made, RECIPE, Run(name="x"))
    assert decisions(found) == decisions(due)
    assert numbers(found) == pytest.approx(numbers(due), rel=1e-12)
