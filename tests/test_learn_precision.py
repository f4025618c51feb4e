"""Precision of training."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from reporter.experiment import Run
from reporter.learn.augment import Augmentation
from reporter.learn.data import EPOCH_ORDER, Parts, Samples
from reporter.learn.normalisation import HALF
from reporter.learn.precision import forward, in_float32
from reporter.learn.streams import generator
from reporter.learn.train import Recipe, Task, sweep

RECIPE = Recipe(rates=(0.05,), epochs=3, batch=4, weight_decay=1e-3)
RUN = Run(name="x")


def network() -> nn.Sequential:
    """Return a small network with convolution, batch norm, pooling and a layer of scores."""
    made = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 4, 3),
        nn.Flatten(), nn.Linear(36, 2),
    )  # fmt: skip
    for index, parameter in enumerate(made.parameters()):
        parameter.data = torch.randn(parameter.shape, generator=generator(index)) / 4
    return made


def task() -> Task:
    """Return the task of telling dark noise from bright noise."""
    pixels = torch.randint(0, 200, (20, 3, 12, 12), dtype=torch.uint8, generator=generator(0))
    labels = torch.arange(20) % 2
    samples = Samples(inputs=pixels + (40 * labels).byte().view(-1, 1, 1, 1), labels=labels)
    model = network().to(memory_format=torch.channels_last)
    return Task(
        model=model, active=(model,), prepare=HALF.scaled, augmentation=Augmentation(),
        parts=Parts(train=samples, validation=None, test=samples),
    )  # fmt: skip


def plainly(recipe: Recipe) -> tuple[list[float], nn.Module]:
    """Train the task as a course's script does; return the losses of its steps."""
    made, losses = replace(task(), model=network()), []
    made.model.train()
    optimizer = torch.optim.SGD(
        made.model.parameters(), lr=recipe.rates[0], momentum=recipe.momentum,
        weight_decay=recipe.weight_decay, fused=False, foreach=False,
    )  # fmt: skip
    order = generator(RUN.stream("order"), EPOCH_ORDER)
    for _ in range(recipe.epochs):
        for chosen in torch.randperm(20, generator=order).split(recipe.batch):
            train = made.parts.train
            scores = made.model(HALF.scaled(train.inputs[chosen]))
            loss = nn.functional.cross_entropy(scores, train.labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses, made.model


def test_training_in_float32_is_that_of_a_plain_loop() -> None:
    """Fused steps and the order of weights in memory change no bit, over 15 steps."""
    made = task()
    found = sweep(made, RECIPE, RUN)
    losses, model = plainly(RECIPE)
    assert list(found.trials[0].losses) == losses
    state = model.state_dict()
    assert all(torch.equal(t, state[name]) for name, t in made.model.state_dict().items())


def test_steps_with_momentum_are_those_of_a_plain_loop() -> None:
    """Fused ones contract products and sums here and there: last bits differ."""
    recipe = replace(RECIPE, momentum=0.9)
    losses, _ = plainly(recipe)
    assert list(sweep(task(), recipe, RUN).trials[0].losses) == pytest.approx(losses, rel=1e-5)
    gradients = [torch.randn(103, generator=generator(step)) for step in range(20)]
    ends = []
    for fused in (True, False):
        weights = nn.Parameter(torch.randn(103, generator=generator(99)))
        optimizer = torch.optim.SGD([weights], 0.05, 0.9, weight_decay=1e-3, fused=fused)
        for weights.grad in gradients:
            optimizer.step()
        ends.append(weights.detach())
    assert (ends[0] - ends[1]).norm() < 1e-7 * ends[1].norm()


def test_bfloat16_learns_nearly_the_same() -> None:
    """Steps are rounded; weights and measurements are float32, and the loss ends near."""
    exact, rounded = task(), task()
    epochs = replace(RECIPE, epochs=8, measure="evaluation")
    reference = sweep(exact, epochs, RUN).trials[0]
    found = sweep(rounded, replace(epochs, precision="bfloat16"), RUN).trials[0]
    assert found.losses[0] != reference.losses[0]
    assert abs(found.losses[0] - reference.losses[0]) < 0.02
    assert found.epochs[-1].train.loss < 0.5 * found.losses[0]
    assert abs(found.epochs[-1].train.loss - reference.epochs[-1].train.loss) < 0.05
    assert {parameter.dtype for parameter in rounded.model.parameters()} == {torch.float32}


def test_tf32_on_a_processor_is_float32() -> None:
    """It is a format of CUDA alone."""
    assert sweep(task(), replace(RECIPE, precision="tf32"), RUN) == sweep(task(), RECIPE, RUN)


def test_scores_leave_a_rounded_block_as_float32() -> None:
    """Products round inside; float64 stays float64, so that a loop in it can be an oracle."""
    rows = torch.randn(4, 4, generator=generator(0))
    with forward("bfloat16", "cpu"):
        assert (rows @ rows).dtype == torch.bfloat16
        assert in_float32(rows @ rows).dtype == torch.float32
    with forward("float32", "cpu"):
        assert torch.equal(rows @ rows, torch.mm(rows, rows))
        assert in_float32(rows.double()).dtype == torch.float64
