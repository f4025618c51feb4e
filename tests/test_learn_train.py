"""Training."""

from dataclasses import replace
from typing import Literal

import pytest
import torch
from torch import nn

from reporter.errors import ReportError, RunError
from reporter.experiment import Run
from reporter.learn import train
from reporter.learn.augment import Augmentation, parse
from reporter.learn.data import Parts, Samples
from reporter.learn.frozen import unchanged
from reporter.learn.steps import snapshot
from reporter.learn.streams import generator
from reporter.learn.train import Recipe, Task, sweep
from reporter.learn.trials import Sweep

RECIPE = Recipe(rates=(0.1,), epochs=3, batch=4)


def points(count: int, seed: int) -> Samples:
    """Return points of two classes, apart from each other along the first of four axes."""
    labels = torch.arange(count) % 2
    inputs = torch.randn(count, 4, generator=generator(seed))
    inputs[:, 0] += 3 * labels
    return Samples(inputs=inputs, labels=labels)


def task(*, dropout: float = 0.0, validation: bool = True) -> Task:
    """Return a small task: two layers on points."""
    model = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Dropout(dropout), nn.Linear(6, 2))
    for index, parameter in enumerate(model.parameters()):
        parameter.data = torch.randn(parameter.shape, generator=generator(index)) / 2
    parts = Parts(
        train=points(18, 1), validation=points(8, 2) if validation else None, test=points(8, 3)
    )
    return Task(
        model=model, active=(model,), parts=parts, prepare=unchanged, augmentation=Augmentation()
    )


def trained(recipe: Recipe = RECIPE, seed: int = 0, *, dropout: float = 0.5) -> tuple[Sweep, Task]:
    """Return a sweep and its task."""
    made = task(dropout=dropout)
    return sweep(made, recipe, Run(name="x", seed=seed)), made


@pytest.mark.parametrize("loss", ["mean", "sum"])
def test_a_step_follows_the_gradient_in_closed_form(loss: Literal["mean", "sum"]) -> None:
    """One batch moves a linear layer by -rate (softmax - truth)ᵀ x, averaged or summed."""
    made = task(validation=False)
    model = nn.Linear(4, 2)
    weight = torch.randn(2, 4, generator=generator(9))
    model.weight.data, model.bias.data = weight.clone(), torch.zeros(2)
    made = replace(made, model=model, active=(model,))
    found = sweep(made, replace(RECIPE, epochs=1, batch=18, loss=loss), Run(name="x"))
    inputs, labels = made.parts.train.inputs, made.parts.train.labels
    errors = torch.softmax(inputs @ weight.T, 1) - torch.eye(2)[labels]
    step = errors.T @ inputs / (18 if loss == "mean" else 1)
    torch.testing.assert_close(model.weight.detach(), weight - 0.1 * step)
    log = torch.log_softmax(inputs @ weight.T, 1)[torch.arange(18), labels]
    assert found.trials[0].losses[0] == pytest.approx(-log.mean().item(), rel=1e-6)


def test_training_repeats_bit_by_bit() -> None:
    """The same seed gives the same numbers and the same state; another seed others."""
    (one, first), (two, second) = trained(), trained()
    assert one == two
    assert all(
        torch.equal(a, b)
        for a, b in zip(first.model.parameters(), second.model.parameters(), strict=True)
    )
    assert trained(seed=1)[0] != one


def test_a_rate_goes_its_way_whatever_others_there_are() -> None:
    """All rates start from the same state and see the same order and dropout."""
    alone = trained(replace(RECIPE, rates=(0.03,)))[0].trials[0]
    assert trained(replace(RECIPE, rates=(0.1, 0.03)))[0].trials[1] == alone


def test_the_state_that_validation_chose_is_left_in_the_network() -> None:
    """Evaluated again, it has the accuracy and loss that were read in its epoch."""
    found, made = trained(replace(RECIPE, rates=(0.5, 0.05), epochs=6, test="every-epoch"))
    with torch.no_grad():
        logits = made.model.eval()(made.parts.validation.inputs)
    assert found.selected.validation is not None
    loss = nn.functional.cross_entropy(logits, made.parts.validation.labels)
    assert loss.item() == found.selected.validation.loss
    accuracies = [e.validation.accuracy for t in found.trials for e in t.epochs if e.validation]
    assert max(accuracies) == found.selected.validation.accuracy


def test_of_equally_accurate_states_the_first_is_chosen() -> None:
    """Rates in the order in which they are listed, then epochs: only a better one takes over."""
    for rates in ((0.5, 0.05), (0.05, 0.5)):
        found, _ = trained(replace(RECIPE, rates=rates, epochs=6))
        states = [(t.rate, e) for t in found.trials for e in t.epochs if e.validation]
        best = max(e.validation.accuracy for _, e in states)
        first = next((r, e) for r, e in states if e.validation.accuracy == best)
        assert (found.rate, found.selected) == first


def test_without_validation_the_last_epoch_counts() -> None:
    """Nothing chooses, so nothing is chosen."""
    found = sweep(task(validation=False), RECIPE, Run(name="x"))
    assert found.selected.number == 3
    assert found.selected.validation is None


def test_a_rate_that_diverges_ends_and_is_not_selected() -> None:
    """Its curve ends before the first loss that is no number."""
    found, _ = trained(replace(RECIPE, rates=(1e38, 0.1)))
    assert found.rate == 0.1
    assert found.trials[0].failure.startswith("loss is ")
    assert found.trials[0].failure.endswith(" in epoch 1")
    assert found.trials[0].best is None
    assert len(found.trials[0].losses) < 5


def test_when_every_rate_diverges_the_run_fails() -> None:
    """The message names loss, epoch, rate and remedy."""
    with pytest.raises(RunError, match=r"loss is (nan|inf) in epoch 1 at rate 1e\+38; lower rates"):
        trained(replace(RECIPE, rates=(1e38,)))


def test_epoch_zero_is_measured_before_any_step() -> None:
    """It shows the initial state, and can't be selected."""
    found, _ = trained(replace(RECIPE, epoch_zero=True, rates=(0.1, 0.2)))
    first, second = (trial.epochs[0] for trial in found.trials)
    assert first == second
    assert first.number == 0
    assert found.selected.number > 0


def test_training_accuracy_can_be_measured_after_the_epoch() -> None:
    """Without dropout both ways train alike and differ in what they read."""
    running, _ = trained(dropout=0.0)
    again, _ = trained(replace(RECIPE, measure="evaluation"), dropout=0.0)
    assert running.trials[0].losses == again.trials[0].losses
    assert running.selected.train != again.selected.train
    assert running.selected.validation == again.selected.validation


def test_dropout_and_augmentation_do_not_shift_the_order() -> None:
    """The streams are separate: the first batch of the second epoch holds the same points."""
    orders: list[list[torch.Tensor]] = []
    for dropout in (0.0, 0.5):
        seen: list[torch.Tensor] = []
        made = task(dropout=dropout)

        def note(inputs: torch.Tensor, seen: list[torch.Tensor] = seen) -> torch.Tensor:
            seen.append(inputs)
            return inputs

        sweep(replace(made, prepare=note), RECIPE, Run(name="x"))
        orders.append(seen)
    assert all(torch.equal(a, b) for a, b in zip(*orders, strict=True))


def test_augmented_training_repeats() -> None:
    """Augmentation draws from its own stream, anew for each rate."""
    images = Samples(
        inputs=torch.randint(0, 256, (8, 3, 4, 4), dtype=torch.uint8, generator=generator(0)),
        labels=torch.arange(8) % 2,
    )
    results = []
    for _ in range(2):
        model = nn.Sequential(nn.Flatten(), nn.Linear(48, 2))
        model.load_state_dict({"1.weight": torch.zeros(2, 48), "1.bias": torch.zeros(2)})
        made = Task(
            model=model, active=(model,), parts=Parts(train=images, validation=images, test=images),
            prepare=lambda x: x.float(), augmentation=parse(["flip 0.5", "grey 0.5"], 2),
        )  # fmt: skip
        results.append(sweep(made, replace(RECIPE, rates=(0.01, 0.01)), Run(name="x")))
    assert results[0] == results[1]
    assert results[0].trials[0] == results[0].trials[1]


def test_the_world_is_left_as_it_was() -> None:
    """Modes, gradients and the global generator are those from before."""
    made = task(dropout=0.5)
    made.model.eval()
    torch.manual_seed(5)
    due = torch.rand(1)
    torch.manual_seed(5)
    sweep(made, RECIPE, Run(name="x"))
    assert torch.equal(torch.rand(1), due)
    assert not any(module.training for module in made.model.modules())
    assert all(parameter.grad is None for parameter in made.model.parameters())


def test_progress_is_told_once_an_epoch() -> None:
    """Epoch, epochs, rate and loss."""
    told: list[dict[str, float | str]] = []
    sweep(task(), RECIPE, Run(name="x", notify=lambda values: told.append(dict(values))))
    assert [values["epoch"] for values in told] == [1, 2, 3]
    assert set(told[0]) == {"epoch", "epochs", "rate", "loss"}


def test_a_snapshot_does_not_follow_the_network() -> None:
    """It is a copy."""
    model = nn.Linear(1, 1)
    before = snapshot(model)
    model.weight.data += 1
    assert before["weight"] != model.weight.detach()


def test_older_layers_learn_at_a_factor_of_the_rate() -> None:
    """One step of both layers: the new one moves as before, the old one a tenth as far."""
    moved = {}
    for factor in (1.0, 0.1):
        made = task(validation=False)
        new = nn.Sequential(*list(made.model.children())[2:])
        before = snapshot(made.model)
        recipe = replace(RECIPE, epochs=1, batch=18, backbone_factor=factor)
        sweep(replace(made, new_part=new), recipe, Run(name="x"))
        moved[factor] = {k: made.model.state_dict()[k] - before[k] for k in before}
    for name, far in moved[1.0].items():
        share = 0.1 if name.startswith("0.") else 1.0
        torch.testing.assert_close(moved[0.1][name], share * far, atol=1e-6, rtol=1e-3)
        assert far.abs().sum() > 0


def normalised(count: int, *, side: int, crop: str = "crop 9") -> Task:
    """Return the task of training a batch norm on images of so many pixels a side."""
    images = torch.randint(0, 256, (count, 3, side, side), generator=generator(1)).byte()
    samples = Samples(inputs=images, labels=torch.arange(count) % 2)
    layers = (nn.BatchNorm2d(3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout())
    model = nn.Sequential(*layers, nn.Linear(3, 2))
    model[4].load_state_dict({"weight": torch.ones(2, 3), "bias": torch.zeros(2)})
    return Task(
        model=model, active=(model,), parts=Parts(train=samples, validation=None, test=samples),
        prepare=torch.Tensor.float, augmentation=parse([crop]),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("count", "batch", "side", "crop", "message"),
    [
        (9, 4, 1, "crop 9", "batch = 4 of 9 .* leaves one for a step, .* choose another batch"),
        (9, 4, 2, "crop 1", "batch = 4 of 9 .* choose another batch"),
        (2, 1, 1, "crop 9", "batch = 1 of 2 .* choose another batch"),
        (1, 4, 1, "crop 9", "batch = 4 of 1 .* train on more images"),
    ],
)
def test_a_step_that_batch_norm_would_refuse_is_told_before_any(
    count: int, batch: int, side: int, crop: str, message: str
) -> None:
    """The message says which batch, of how many images; the network stays as it was."""
    made = normalised(count, side=side, crop=crop)
    told: list[object] = []
    before = snapshot(made.model)
    run = Run(name="x", notify=told.append)
    with pytest.raises(ReportError, match=message):
        sweep(made, replace(RECIPE, batch=batch), run)
    assert not told
    assert all(torch.equal(before[name], now) for name, now in made.model.state_dict().items())


def test_a_step_of_one_image_is_fine_where_maps_have_pixels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The look ahead changes no bit of what is trained."""
    results = []
    for _ in range(2):
        made = normalised(9, side=2)
        results.append((sweep(made, RECIPE, Run(name="x")), snapshot(made.model)))
        monkeypatch.setattr(train, "insist_on_neighbours", lambda *_: None)
    (found, state), (due, due_state) = results
    assert found == due
    assert all(torch.equal(state[name], due_state[name]) for name in due_state)


def test_patience_stops_a_rate_that_no_longer_improves() -> None:
    """A rate of nearly nothing never gets better than its first epoch; two more end it."""
    recipe = replace(RECIPE, rates=(1e-9,), epochs=9)
    patient, _ = trained(recipe)
    impatient, made = trained(replace(recipe, patience=2))
    assert [epoch.number for epoch in patient.trials[0].epochs] == list(range(1, 10))
    assert [epoch.number for epoch in impatient.trials[0].epochs] == [1, 2, 3]
    assert impatient.selected == patient.selected
    assert made.new_part is None
