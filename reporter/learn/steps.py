"""A task and one rate → its epochs, step by step.

Shape legend: N images, A of the batches that are taken at once, B of one batch, K classes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from reporter.learn.data import EPOCH_ORDER
from reporter.learn.delayed import delayed
from reporter.learn.evaluate import Score, measured
from reporter.learn.precision import forward, in_float32
from reporter.learn.resumption import random_states, restore_random_states
from reporter.learn.streams import RunContext, generator
from reporter.learn.trials import Epoch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import nn

    from reporter.learn.data import Samples
    from reporter.learn.delayed import Delayed, Step
    from reporter.learn.resumption import Contents
    from reporter.learn.train import Recipe, Task
    from reporter.learn.trials import State

ROWS = 512  # inputs of the batches taken at once: a CPU is at its peak, and they need little memory


def start_learning(task: Task) -> None:
    """Put the active modules into training mode, all others into evaluation mode."""
    task.model.eval()
    for module in task.active:
        module.train()


def snapshot(model: nn.Module) -> State:
    """Return a copy of all parameters and buffers."""
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


class RateLearner:
    """Trains all of the model that takes a gradient, at one rate."""

    def __init__(self, task: Task, recipe: Recipe, run: RunContext, rates: tuple[float]) -> None:
        self.task, self.recipe, self.device = task, recipe, run.device
        self.first = delayed(task, recipe)
        self.at_once = batches_at_once(task, recipe.batch) if task.ahead or self.first else 1
        if self.first:
            run.note(delayed=self.at_once)
        self.rate = rates[0]
        self.optimizer = torch.optim.SGD(
            at_rates(task, recipe, self.rate, self.first),
            lr=self.rate,
            momentum=recipe.momentum,
            weight_decay=recipe.weight_decay,
            fused=True,  # as the loop but for last bits under momentum; a CPU takes up to 5 × less
        )
        self.order = generator(run.stream("order"), EPOCH_ORDER)
        self.dice = generator(run.stream("augmentation"))

    def untrained(self) -> list[Epoch]:
        """Measure before the first epoch, in evaluation mode."""
        return [self.measured(0, self.evaluated(self.training_inputs()))]

    def epoch(self, number: int) -> list[tuple[list[float], Epoch]]:
        """Train for an epoch; return its losses and what is measured then."""
        losses, running = self.steps(number)
        self.optimizer.zero_grad()
        again = self.recipe.measure == "evaluation"
        train = self.evaluated(self.training_inputs()) if again else running
        return [(losses, self.measured(number, train))]

    def steps(self, number: int) -> tuple[list[float], Score]:
        """Take one step per batch of all training images, in an order drawn anew.

        Returns:
            The mean loss per image of each step, and loss and accuracy over the epoch's batches.
        """
        labels_N, batch = self.task.parts.train.labels, self.recipe.batch
        start_learning(self.task)
        sums: list[torch.Tensor] = []
        hits = torch.zeros((), dtype=torch.long, device=labels_N.device)
        order_N = torch.randperm(len(labels_N), generator=self.order).to(labels_N.device)
        for chosen_A in blocks(order_N, batch, self.at_once):
            rows_A = self.task.rows(chosen_A, batch, number, self.dice)
            labels = labels_N[chosen_A].split(batch)
            for labels_B, (loss, logits_BK) in zip(labels, self.block(rows_A, labels), strict=True):
                sums.append(loss * (len(labels_B) if self.recipe.loss == "mean" else 1))
                hits += (logits_BK.argmax(1) == labels_B).sum()
        totals, n = torch.stack(sums).double().tolist(), len(labels_N)
        losses = [s / len(b) for s, b in zip(totals, order_N.split(batch), strict=True)]
        return losses, Score(loss=sum(totals) / n, accuracy=hits.item() / n, n=n)

    def block(self, rows_A: torch.Tensor, labels: Sequence[torch.Tensor]) -> list[Step]:
        """Take one step per batch of rows; labels are those of each batch."""
        if self.first:
            return self.first.steps(rows_A, labels, self.rate, self.step)
        model, prepare, batches = self.task.model, self.task.prepare, rows_A.split(len(labels[0]))
        return [self.step(model, prepare(b), own) for b, own in zip(batches, labels, strict=True)]

    def step(
        self,
        model: Callable[[torch.Tensor], torch.Tensor],
        inputs: torch.Tensor,
        labels_B: torch.Tensor,
    ) -> Step:
        """Take a step with a batch."""
        with forward(self.recipe.precision, inputs.device.type):
            logits_BK = in_float32(model(inputs))
        loss = functional.cross_entropy(logits_BK, labels_B, reduction=self.recipe.loss)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.detach(), logits_BK.detach()

    def training_inputs(self) -> Samples:
        """Return the training samples as they are in evaluation."""
        train, ahead = self.task.parts.train, self.task.ahead
        return replace(train, inputs=ahead.evaluated) if ahead else train

    def evaluated(self, data: Samples) -> Score:
        """Return loss and accuracy on samples."""
        return measured(self.task.model, data, self.task.prepare)

    def measured(self, number: int, train: Score) -> Epoch:
        """Measure after an epoch what the recipe asks for, beside the training score."""
        parts, every = self.task.parts, self.recipe.test == "every-epoch"
        return Epoch(
            number=number,
            train=train,
            validation=self.evaluated(parts.validation) if parts.validation else None,
            test=self.evaluated(parts.test) if every else None,
        )

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


def at_rates(
    task: Task, recipe: Recipe, rate: float, first: Delayed | None
) -> list[dict[str, Any]]:
    """Return what learns at each step: new layers at the rate, older ones at a factor of it."""
    kept = first and first.layer.weight
    learning = [p for p in task.model.parameters() if p.requires_grad and p is not kept]
    if task.new_part is None or recipe.backbone_factor == 1:
        return [{"params": learning}]
    new = set(task.new_part.parameters())
    return [
        {"params": [p for p in learning if p not in new], "lr": rate * recipe.backbone_factor},
        {"params": [p for p in learning if p in new]},
    ]


def batches_at_once(task: Task, batch: int) -> int:
    """Return how many batches are taken at once, so that blocks are as equal as can be."""
    whole = len(task.parts.train) // batch
    blocks = -(-whole * batch // ROWS)
    count = max(1, -(-whole // max(1, blocks)))
    if task.ahead and not all(
        task.ahead.are_equal(size * batch, batch) for size in {count, whole % count} - {0}
    ):
        return 1
    return count


def blocks(order_N: torch.Tensor, batch: int, at_once: int) -> list[torch.Tensor]:
    """Split an order into whole batches, so many at once, and what fills none."""
    whole = len(order_N) // batch * batch
    found = [*order_N[:whole].split(batch * at_once), order_N[whole:]]
    return [chosen_A for chosen_A in found if len(chosen_A)]
