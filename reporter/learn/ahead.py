"""A task whose frozen layers drop out at random → the same task, many batches at once in them.

Shape legend: N images, A of the batches that are taken at once, B of one batch.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, cast

import torch
from torch import fx
from torch.fx.passes.shape_prop import ShapeProp
from torch.nn import functional

from reporter.learn.cuts import Cut, Refusal, cut_before_learning, drops, layer_of
from reporter.learn.evaluate import logits, modes_kept
from reporter.learn.frozen import evaluating, preparation
from reporter.learn.steps import start_learning

if TYPE_CHECKING:
    from torch import nn

    from reporter.learn.frozen import Prepare
    from reporter.learn.streams import RunContext
    from reporter.learn.train import Task


def look_ahead(task: Task, run: RunContext) -> Task:
    """Return the task of training what comes after frozen layers that drop out at random.

    What these give depends on nothing that is learned, so it is known for many batches before the
    first of them is a step. Validation and test inputs pass them once, as dropout is nothing in
    evaluation. No bit changes. A task without such layers is returned as it is, and so is one whose
    learning layers draw at random, too: they would have to draw in turn with the frozen ones.

    Args:
        task: its inputs are what frozen layers that never change gave.
        run: its device; its record says where the frozen layers end.
    """
    if task.augmentation or run.device != "cpu":
        return task
    with modes_kept(task.model):
        start_learning(task)
        try:
            found = cut_before_learning(task.model)
            ahead = before(found, task)
        except Refusal:
            return task
    others = [logits(found.first, part.inputs, task.prepare) for part in task.parts.all[1:]]
    run.note(ahead=found.place)
    return replace(
        task,
        model=found.rest,
        active=tuple(found.rest if part is task.model else part for part in task.active),
        parts=task.parts.over([ahead.inputs, *others]),
        prepare=preparation(found.rest, others[-1]),
        ahead=ahead,
    )


def before(found: Cut, task: Task) -> Ahead:
    """Return what comes before the learning part of a task, in the modes that it learns in.

    Raises:
        Refusal: a dropout draws in another order than that of a mask, for maps channels last.
    """
    inputs, prepare = task.parts.train.inputs, task.prepare
    places = [step for step in found.first.graph.nodes if drops(found.first, step)]
    layers = [cast("nn.Dropout", layer_of(found.first, place)) for place in places]
    with evaluating(found.first):
        ShapeProp(found.first).propagate(prepare(inputs[:2]))  # one would lie in any order
    given = [place.meta["tensor_meta"] for place in places]
    if any(one.memory_format is not torch.contiguous_format for one in given):
        raise Refusal("what drops out lies in another order in memory")
    return Ahead(
        inputs=inputs,
        prepare=prepare,
        steps=found.first,
        masked=masked(found.first, places),
        drops=tuple((n.p, tuple(one.shape[1:])) for n, one in zip(layers, given, strict=True)),
    )


def masked(steps: fx.GraphModule, places: list[fx.Node]) -> fx.GraphModule:
    """Return the steps with every dropout as a product with a mask, given after the inputs."""
    graph = fx.Graph()
    start, *nodes = steps.graph.nodes
    copies = {start: graph.node_copy(start)}
    masks = {place: graph.placeholder(place.name) for place in places}
    for node in nodes:
        if node in masks:
            copies[node] = graph.call_function(operator.mul, (copies[node.args[0]], masks[node]))
        else:
            copies[node] = graph.node_copy(node, copies.__getitem__)
    return fx.GraphModule(steps, graph)


@dataclass(frozen=True, kw_only=True, eq=False)
class Ahead:
    """Frozen layers that drop out at random, and the training inputs that enter them.

    A product of 32 rows waits for its weights: AlexNet's first fully connected layer, 151 MB of
    them, takes half as long for a row when hundreds are multiplied at once.

    Attributes:
        inputs: (N, …), as they are stored.
        prepare: turns inputs into what `steps` takes.
        steps: the layers.
        masked: the same layers; it takes a mask for each dropout after its inputs.
        drops: probability of each dropout, and the shape of what an image has there.
    """

    inputs: torch.Tensor
    prepare: Prepare
    steps: fx.GraphModule
    masked: fx.GraphModule
    drops: tuple[tuple[float, tuple[int, ...]], ...]

    def identity(self, few: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return what tells the layers, and some of their inputs, from others."""
        return self.prepare(few), *self.steps.state_dict().values()

    @cached_property
    def evaluated(self) -> torch.Tensor:
        """Return what the layers give for all inputs in evaluation, computed when first asked."""
        return logits(self.steps, self.inputs, self.prepare)

    def outputs(self, chosen_A: torch.Tensor, batch: int) -> torch.Tensor:
        """Return what the layers give for some inputs; their batches draw one after another.

        A mask is what dropout makes of ones. It multiplies with one, too, so bits are the same.
        """
        drawn = [self.masks(len(chosen_B)) for chosen_B in chosen_A.split(batch)]
        with torch.no_grad():
            found: torch.Tensor = self.masked(
                self.prepare(self.inputs[chosen_A]), *map(torch.cat, zip(*drawn, strict=True))
            )
            return found

    def masks(self, count: int) -> list[torch.Tensor]:
        """Draw for a batch of so many images."""
        return [
            functional.dropout(self.inputs.new_ones(count, *shape), p) for p, shape in self.drops
        ]

    def are_equal(self, rows: int, batch: int) -> bool:
        """Whether so many inputs at once get the bits that their batches get alone.

        The first inputs tell, with no dropout: the first and the last batch of them.
        """
        with evaluating(self.steps):
            inputs = self.inputs[:rows]
            together = self.steps(self.prepare(inputs))
            return all(
                torch.equal(together[part], self.steps(self.prepare(inputs[part])))
                for part in (slice(batch), slice(-batch, None))
            )
