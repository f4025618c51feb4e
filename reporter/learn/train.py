"""A task and a recipe → one trial per learning rate, all from the same initial state.

Shape legend: N images, B of a batch, K classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch.nn import functional

from reporter.learn.evaluate import Score, measured, modes_kept
from reporter.learn.precision import Precision, forward, in_float32
from reporter.learn.streams import RunContext, generator, isolated, repeatable
from reporter.learn.trials import Course, Epoch, Sweep, chosen, finished

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from reporter.learn.augment import Augmentation
    from reporter.learn.data import Parts
    from reporter.learn.trials import State

EPOCH_ORDER = 2  # use of the order stream; 0 and 1 draw and split the training set


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to train; the names are those of the experiment's parameters."""

    rates: tuple[float, ...]
    epochs: int
    batch: int
    momentum: float = 0.0
    weight_decay: float = 0.0
    loss: Literal["mean", "sum"] = "mean"
    measure: Literal["running", "evaluation"] = "running"
    epoch_zero: bool = False
    test: Literal["once", "every-epoch"] = "once"
    backbone_factor: float = 1.0
    patience: int | None = None
    precision: Precision = "float32"


@dataclass(frozen=True, kw_only=True, eq=False)
class Task:
    """What is trained, and on what.

    Attributes:
        model: takes prepared inputs, gives (B, K) scores; parameters that take a gradient learn.
        active: its modules that are in training mode while it learns; all others evaluate.
        parts: training, validation and test inputs with labels, on the run's device.
        prepare: turns a batch of stored inputs into what `model` takes.
        augmentation: changes batches of training images before they are prepared.
        new_part: its modules that came in for old ones; None when all of it is new.
    """

    model: nn.Module
    active: tuple[nn.Module, ...]
    parts: Parts
    prepare: Callable[[torch.Tensor], torch.Tensor]
    augmentation: Augmentation
    new_part: nn.Module | None = None


def sweep(task: Task, recipe: Recipe, run: RunContext) -> Sweep:
    """Train with every rate; leave the chosen state in `task.model`.

    Chosen is the highest validation accuracy over all rates and epochs; of equal ones the first,
    in the order of the rates as they are listed, then of the epochs. Each rate starts from the
    same state and sees the same order, augmentation and dropout, whatever other rates there are.

    Raises:
        RunError: every rate diverged.
    """
    with modes_kept(task.model), repeatable(recipe.precision):
        found, state = finished(one_by_one(task, recipe, run))
    task.model.load_state_dict(state)
    return found


def one_by_one(task: Task, recipe: Recipe, run: RunContext) -> list[Course]:
    """Train one rate after another; only the chosen course keeps its state."""
    initial = snapshot(task.model)
    courses: list[Course] = []
    for rate in recipe.rates:
        task.model.load_state_dict(initial)
        courses.append(train_rate(task, rate, recipe, run))
        for course in courses:
            if course is not chosen(courses):
                course.state = {}
    return courses


def snapshot(model: nn.Module) -> State:
    """Return a copy of all parameters and buffers."""
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


def train_rate(task: Task, rate: float, recipe: Recipe, run: RunContext) -> Course:
    """Train with one rate, from the state that the model is in."""
    course = Course(rate=rate)
    optimizer = torch.optim.SGD(
        at_rates(task, rate, recipe.backbone_factor),
        lr=rate,
        momentum=recipe.momentum,
        weight_decay=recipe.weight_decay,
        fused=True,  # as the loop but for last bits under momentum; a CPU takes up to 5 × less
    )
    order = generator(run.stream("order"), EPOCH_ORDER)
    dice = generator(run.stream("augmentation"))
    if recipe.epoch_zero:
        course.epochs.append(untrained(task, recipe))
    with isolated(run.stream("dropout"), device=run.device):
        while course.done < recipe.epochs and not course.has_ended:
            number = course.done + 1
            losses, running = train_epoch(task, optimizer, recipe, number, (order, dice))
            epoch = after_epoch(task, recipe, number, running)
            course.append(epoch, losses, recipe.patience, lambda: snapshot(task.model))
            run.progress(epoch=number, epochs=recipe.epochs, rate=rate, loss=running.loss)
    optimizer.zero_grad()
    return course


def at_rates(task: Task, rate: float, factor: float) -> list[dict[str, Any]]:
    """Return the parameters that learn: new ones at the rate, older ones at `factor` times it."""
    learning = [p for p in task.model.parameters() if p.requires_grad]
    if task.new_part is None or factor == 1:
        return [{"params": learning}]
    new = set(task.new_part.parameters())
    return [
        {"params": [p for p in learning if p not in new], "lr": rate * factor},
        {"params": [p for p in learning if p in new]},
    ]


def train_epoch(
    task: Task,
    optimizer: torch.optim.Optimizer,
    recipe: Recipe,
    number: int,
    draws: tuple[torch.Generator, torch.Generator],
) -> tuple[list[float], Score]:
    """Take one step per batch of all training images, in an order drawn anew.

    Args:
        task: its model is changed.
        optimizer: over the parameters that learn.
        recipe: batch size and loss.
        number: of the epoch, from 1.
        draws: generators of the order and of the augmentation.

    Returns:
        The mean loss per image of each step, and loss and accuracy over the epoch's batches.
    """
    train = task.parts.train
    task.model.eval()
    for module in task.active:
        module.train()
    sums: list[torch.Tensor] = []
    hits = torch.zeros((), dtype=torch.long, device=train.labels.device)
    batches = torch.randperm(len(train), generator=draws[0]).to(train.labels.device)
    for chosen_B in batches.split(recipe.batch):
        inputs = train.inputs.index_select(0, chosen_B)  # 4 × as fast as [chosen_B]
        images = task.augmentation.applied(inputs, number, draws[1])
        labels_B = train.labels[chosen_B]
        with forward(recipe.precision, images.device.type):
            logits_BK = in_float32(task.model(task.prepare(images)))
        loss = functional.cross_entropy(logits_BK, labels_B, reduction=recipe.loss)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        sums.append(loss.detach() * (len(labels_B) if recipe.loss == "mean" else 1))
        hits += (logits_BK.detach().argmax(1) == labels_B).sum()
    totals = torch.stack(sums).double().tolist()
    losses = [s / len(b) for s, b in zip(totals, batches.split(recipe.batch), strict=True)]
    n = len(train)
    return losses, Score(loss=sum(totals) / n, accuracy=hits.item() / n, n=n)


def untrained(task: Task, recipe: Recipe) -> Epoch:
    """Measure before the first epoch, in evaluation mode."""
    return after_epoch(task, recipe, 0, measured(task.model, task.parts.train, task.prepare))


def after_epoch(task: Task, recipe: Recipe, number: int, running: Score) -> Epoch:
    """Measure after an epoch what the recipe asks for."""
    model, parts = task.model, task.parts
    again = recipe.measure == "evaluation" and number > 0
    return Epoch(
        number=number,
        train=measured(model, parts.train, task.prepare) if again else running,
        validation=measured(model, parts.validation, task.prepare) if parts.validation else None,
        test=measured(model, parts.test, task.prepare) if recipe.test == "every-epoch" else None,
    )
