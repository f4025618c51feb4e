"""A task and a recipe → one trial per learning rate, all from the same initial state.

Shape legend: N images, B of a batch, K classes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch.nn import functional

from reporter.errors import RunError
from reporter.learn.evaluate import Score, measured, modes_kept
from reporter.learn.precision import Precision, channels_last, forward, in_float32
from reporter.learn.streams import RunContext, generator, isolated, repeatable

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from reporter.learn.augment import Augmentation
    from reporter.learn.data import Parts

State = dict[str, torch.Tensor]
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


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """What was measured after so many epochs; 0 is before the first."""

    number: int
    train: Score
    validation: Score | None
    test: Score | None


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One rate's course.

    Attributes:
        rate: the learning rate.
        losses: mean training loss per image of each iteration, as long as it was finite.
        epochs: what was measured after each epoch.
        best: the epoch that validation chose, the last one without validation.
        failure: "loss is nan in epoch 3" if the rate diverged, else "".
    """

    rate: float
    losses: tuple[float, ...]
    epochs: tuple[Epoch, ...]
    best: Epoch | None
    failure: str


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """All rates' courses, and which rate and epoch validation chose."""

    trials: tuple[Trial, ...]
    rate: float
    selected: Epoch


def sweep(task: Task, recipe: Recipe, run: RunContext) -> Sweep:
    """Train with every rate; leave the chosen state in `task.model`.

    Chosen is the highest validation accuracy over all rates and epochs; of equal ones the first,
    in the order of the rates as they are listed, then of the epochs. Each rate starts from the
    same state and sees the same order, augmentation and dropout, whatever other rates there are.

    Raises:
        RunError: every rate diverged.
    """
    initial = snapshot(task.model)
    trials: list[Trial] = []
    chosen: tuple[float, Epoch, State] | None = None
    with modes_kept(task.model), channels_last(task.model), repeatable(recipe.precision):
        for rate in recipe.rates:
            task.model.load_state_dict(initial)
            trial, state = train_rate(task, rate, recipe, run)
            trials.append(trial)
            if trial.best and (chosen is None or is_better(trial.best, chosen[1])):
                chosen = rate, trial.best, state
        if chosen is None:
            message = f"{trials[0].failure} at rate {trials[0].rate}; lower rates"
            raise RunError(message)
        task.model.load_state_dict(chosen[2])
    return Sweep(trials=tuple(trials), rate=chosen[0], selected=chosen[1])


def is_better(new: Epoch, old: Epoch | None) -> bool:
    """Whether validation prefers `new` to an epoch that came before it: strictly more accurate."""
    if old is None or new.validation is None or old.validation is None:
        return True
    return new.validation.accuracy > old.validation.accuracy


def snapshot(model: nn.Module) -> State:
    """Return a copy of all parameters and buffers, contiguous."""
    return {
        name: tensor.detach().clone(memory_format=torch.contiguous_format)
        for name, tensor in model.state_dict().items()
    }


def train_rate(task: Task, rate: float, recipe: Recipe, run: RunContext) -> tuple[Trial, State]:
    """Train with one rate; return its course and its best state (empty if it diverged)."""
    optimizer = torch.optim.SGD(
        at_rates(task, rate, recipe.backbone_factor),
        lr=rate,
        momentum=recipe.momentum,
        weight_decay=recipe.weight_decay,
        fused=True,  # as the loop but for last bits under momentum; a CPU takes up to 5 × less
    )
    order = generator(run.stream("order"), EPOCH_ORDER)
    dice = generator(run.stream("augmentation"))
    losses: list[float] = []
    epochs = [untrained(task, recipe)] if recipe.epoch_zero else []
    best, state, failure = None, State(), ""
    with isolated(run.stream("dropout"), device=run.device):
        for number in range(1, recipe.epochs + 1):
            new, running = train_epoch(task, optimizer, recipe, number, (order, dice))
            epoch = after_epoch(task, recipe, number, running)
            losses += finite(new)
            run.progress(epoch=number, epochs=recipe.epochs, rate=rate, loss=running.loss)
            failure = divergence(new, epoch)
            if failure:
                best, state = None, State()
                break
            epochs.append(epoch)
            if is_better(epoch, best):
                best, state = epoch, snapshot(task.model)
            if recipe.patience and best and number - best.number >= recipe.patience:
                break
    optimizer.zero_grad()
    trial = Trial(rate=rate, losses=tuple(losses), epochs=tuple(epochs), best=best, failure=failure)
    return trial, state


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


def finite(losses: list[float]) -> list[float]:
    """Return the losses before the first that is no finite number."""
    broken = (i for i, loss in enumerate(losses) if not math.isfinite(loss))
    return losses[: next(broken, len(losses))]


def divergence(losses: list[float], epoch: Epoch) -> str:
    """Return "loss is nan in epoch 3" when a loss of the epoch is no finite number, else ""."""
    scores = (epoch.train, epoch.validation, epoch.test)
    measured_losses = [score.loss for score in scores if score]
    broken = (loss for loss in [*losses, *measured_losses] if not math.isfinite(loss))
    value = next(broken, None)
    return "" if value is None else f"loss is {value} in epoch {epoch.number}"
