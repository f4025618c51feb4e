"""A task and a recipe → one trial per learning rate, all from the same initial state.

Shape legend: N images, B of a batch, K classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from reporter.errors import ReportError
from reporter.learn.epochs import Learner, NewLearner, courses
from reporter.learn.evaluate import modes_kept
from reporter.learn.linear import LinearLearner, only_layer, rates_at_once
from reporter.learn.resumption import resumption
from reporter.learn.steps import RateLearner, snapshot, start_learning
from reporter.learn.streams import RunContext, generator, isolated, repeatable
from reporter.learn.trials import Sweep, finished

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from reporter.learn.ahead import Ahead
    from reporter.learn.augment import Augmentation
    from reporter.learn.data import Parts
    from reporter.learn.precision import Precision


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
        ahead: layers between training inputs and `model`; other inputs have passed them.
    """

    model: nn.Module
    active: tuple[nn.Module, ...]
    parts: Parts
    prepare: Callable[[torch.Tensor], torch.Tensor]
    augmentation: Augmentation
    new_part: nn.Module | None = None
    ahead: Ahead | None = None

    def rows(
        self, chosen_A: torch.Tensor, batch: int, number: int, dice: torch.Generator
    ) -> torch.Tensor:
        """Return what training images are in an epoch, before `prepare`; their batches draw."""
        if self.ahead:
            return self.ahead.outputs(chosen_A, batch)
        return self.augmentation.applied(self.parts.train.inputs[chosen_A], number, dice)


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
            image = task.rows(train.labels.new_zeros(1), 1, recipe.epochs, generator(0))
            task.model(task.prepare(image))
    except ValueError as exc:
        message = f"batch = {batch} of {len(train)} training images leaves one for a step, of which"
        remedy = "choose another batch" if len(train) > 1 else "train on more images"
        raise ReportError(f"{message} batch norm can learn nothing; {remedy}") from exc
    finally:
        for buffer, before in buffers:
            buffer.copy_(before)


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
    given = task.ahead.identity(few) if task.ahead else (task.prepare(few),)
    return facts, (*task.model.state_dict().values(), train.labels, *given)
