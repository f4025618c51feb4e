"""A task and a recipe → one trial per learning rate, all from the same initial state.

Shape legend: N images, B of a batch, K classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

from reporter.errors import ReportError
from reporter.learn.data import EPOCH_ORDER
from reporter.learn.epochs import Learner, NewLearner, courses
from reporter.learn.evaluate import Score, measured, modes_kept
from reporter.learn.linear import LinearLearner, only_layer, rates_at_once
from reporter.learn.precision import Precision, forward, in_float32
from reporter.learn.resumption import random_states, restore_random_states, resumption
from reporter.learn.streams import RunContext, generator, isolated, repeatable
from reporter.learn.trials import Epoch, Sweep, finished

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from reporter.learn.augment import Augmentation
    from reporter.learn.data import Parts
    from reporter.learn.resumption import Contents
    from reporter.learn.trials import State


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
    After an interruption, training goes on from `run.resume`, to the same result bit by bit.

    Raises:
        ReportError: a step has one image, which a batch norm in training refuses.
        RunError: every rate diverged.
    """
    insist_on_neighbours(task, recipe, run)
    layer = only_layer(task, recipe)
    if layer is None:
        return trained(task, recipe, run, partial(RateLearner, task, recipe, run))
    learner = partial(LinearLearner, task, recipe, run, layer)
    return trained(task, recipe, run, learner, rates_at_once(task, layer))


def insist_on_neighbours(task: Task, recipe: Recipe, run: RunContext) -> None:
    """Raise a ReportError if a step has one image, and a batch norm would have one number of it.

    One image tells, which passes as in training; nothing of the task changes, nor what it draws.
    """
    train, batch = task.parts.train, recipe.batch
    learning = [module for part in task.active for module in part.modules()]
    if (len(train) % batch or batch) > 1 or not any(isinstance(m, _BatchNorm) for m in learning):
        return
    buffers = [(buffer, buffer.clone()) for buffer in task.model.buffers()]
    try:
        with modes_kept(task.model), isolated(0, device=run.device), torch.no_grad():
            start_learning(task)
            image = task.augmentation.applied(train.inputs[:1].clone(), recipe.epochs, generator(0))
            task.model(task.prepare(image))
    except ValueError as exc:
        message = f"batch = {batch} of {len(train)} training images leaves one for a step, of which"
        remedy = "choose another batch" if len(train) > 1 else "train on more images"
        raise ReportError(f"{message} batch norm can learn nothing; {remedy}") from exc
    finally:
        for buffer, before in buffers:
            buffer.copy_(before)


def start_learning(task: Task) -> None:
    """Put the active modules into training mode, all others into evaluation mode."""
    task.model.eval()
    for module in task.active:
        module.train()


def trained(
    task: Task, recipe: Recipe, run: RunContext, learner: NewLearner, at_once: int = 1
) -> Sweep:
    """Train with every rate, so many at once by a new learner; leave the chosen state."""
    at_once = min(at_once, len(recipe.rates))
    run.note(sweep="stacked" if at_once > 1 else "one by one")
    initial = snapshot(task.model)

    def begin(rates: tuple[float, ...]) -> Learner:
        task.model.load_state_dict(initial)
        return learner(rates)

    file = resumption(run, *identity(task, recipe, run, at_once))
    with modes_kept(task.model), repeatable(recipe.precision):
        found, state = finished(courses(begin, recipe, run, file, at_once))
        task.model.load_state_dict(state)
    return found


def identity(
    task: Task, recipe: Recipe, run: RunContext, at_once: int
) -> tuple[tuple[object, ...], tuple[torch.Tensor, ...]]:
    """Return facts and tensors that tell this training from others that a run may have."""
    if run.resume is None:
        return (), ()
    train = task.parts.train
    few = train.inputs[:: 1 + len(train) // 8]
    streams = [run.stream(name) for name in ("order", "augmentation", "dropout")]
    active = [name for name, module in task.model.named_modules() if module in task.active]
    learning = [name for name, p in task.model.named_parameters() if p.requires_grad]
    facts = (
        recipe,
        at_once,
        streams,
        active,
        learning,
        task.augmentation.listing(),
        train.inputs.shape,
    )
    return facts, (*task.model.state_dict().values(), train.labels, task.prepare(few))


def snapshot(model: nn.Module) -> State:
    """Return a copy of all parameters and buffers."""
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


class RateLearner:
    """Trains all of the model that takes a gradient, at one rate."""

    def __init__(self, task: Task, recipe: Recipe, run: RunContext, rates: tuple[float]) -> None:
        self.task, self.recipe, self.device = task, recipe, run.device
        self.optimizer = torch.optim.SGD(
            at_rates(task, rates[0], recipe.backbone_factor),
            lr=rates[0],
            momentum=recipe.momentum,
            weight_decay=recipe.weight_decay,
            fused=True,  # as the loop but for last bits under momentum; a CPU takes up to 5 × less
        )
        self.order = generator(run.stream("order"), EPOCH_ORDER)
        self.dice = generator(run.stream("augmentation"))

    def untrained(self) -> list[Epoch]:
        """Measure before the first epoch, in evaluation mode."""
        task = self.task
        running = measured(task.model, task.parts.train, task.prepare)
        return [after_epoch(task, self.recipe, 0, running)]

    def epoch(self, number: int) -> list[tuple[list[float], Epoch]]:
        """Train for an epoch; return its losses and what is measured then."""
        draws = self.order, self.dice
        losses, running = train_epoch(self.task, self.optimizer, self.recipe, number, draws)
        self.optimizer.zero_grad()
        return [(losses, after_epoch(self.task, self.recipe, number, running))]

    def copy(self, _: int) -> State:
        """Return a copy of the model's state."""
        return snapshot(self.task.model)

    def state(self) -> Contents:
        """Return what changes from epoch to epoch, global random states included."""
        return {
            "model": self.task.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "order": self.order.get_state(),
            "dice": self.dice.get_state(),
            "random": random_states(self.device),
        }

    def load(self, state: Contents) -> None:
        """Go on from a state."""
        self.task.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.order.set_state(state["order"])
        self.dice.set_state(state["dice"])
        restore_random_states(state["random"])


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
    start_learning(task)
    sums: list[torch.Tensor] = []
    hits = torch.zeros((), dtype=torch.long, device=train.labels.device)
    batches = torch.randperm(len(train), generator=draws[0]).to(train.labels.device)
    for chosen_B in batches.split(recipe.batch):
        images = task.augmentation.applied(train.inputs[chosen_B], number, draws[1])
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
