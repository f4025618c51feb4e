"""A task whose first layers never change → the same task on their outputs, computed once.

Shape legend: N images, B of a batch.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from reporter.learn.augment import Augmentation
from reporter.learn.data import Samples
from reporter.learn.evaluate import modes_kept
from reporter.learn.streams import RunContext, repeatable

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from reporter.learn.train import Task

# On a CPU images pass one at a time: a matrix product rounds differently for another number of
# rows, and so an image's outputs don't depend on its neighbours. It costs little there.
BATCH = {"cpu": 1, "cuda": 128}
NEWS = 64  # images between two reports of progress
LIMIT_BYTES = 4 * 2**30  # of memory for the outputs; beyond it they are computed anew each time


def first_layers_once(task: Task, last_layers: nn.Sequential, run: RunContext) -> Task:
    """Return the task of training `last_layers` alone on what comes before them.

    The caller guarantees that what comes before is in evaluation mode, takes no gradient and sees
    images unchanged. Where `last_layers` on those outputs is not the network, or memory would not
    suffice, the task is returned as it came.
    """
    one = task.prepare(task.parts.train.inputs[:1])
    before = outputs_before(task.model, last_layers, one)
    count = len(task.parts.train) + len(task.parts.validation or ()) + len(task.parts.test)
    size_bytes = before.numel() * before.element_size() * count
    if size_bytes > LIMIT_BYTES or not is_rest(task.model, last_layers, one, before):
        return task
    done = 0

    def passed(data: Samples) -> Samples:
        """Return the samples with the frozen layers' outputs in place of their images."""
        nonlocal done
        inputs = frozen_outputs(
            lambda images: outputs_before(task.model, last_layers, task.prepare(images)),
            data.inputs,
            run,
            (done, count),
        )
        done += len(data)
        return Samples(inputs=inputs, labels=data.labels)

    parts = replace(
        task.parts,
        train=passed(task.parts.train),
        validation=passed(task.parts.validation) if task.parts.validation else None,
        test=passed(task.parts.test),
    )
    return replace(
        task,
        model=last_layers,
        active=(last_layers,),
        parts=parts,
        prepare=unchanged,
        augmentation=Augmentation(),
        new_part=None,
    )


def unchanged(inputs: torch.Tensor) -> torch.Tensor:
    """Return the inputs: outputs of frozen layers need no preparation."""
    return inputs


def frozen_outputs(
    compute: Callable[[torch.Tensor], torch.Tensor],
    inputs: torch.Tensor,
    run: RunContext,
    counted: tuple[int, int],
) -> torch.Tensor:
    """Return `compute` of all inputs (N, …), in batches; `counted` is (done before, of all)."""
    done, count = counted
    found: list[torch.Tensor] = []
    with repeatable():
        for batch in inputs.split(BATCH.get(run.device, 1)):
            found.append(compute(batch))
            done += len(batch)
            if done % NEWS < len(batch) or done == count:
                run.progress(stage="features", done=done, of=count)
    return torch.cat(found)


def outputs_before(
    network: nn.Module, last_layers: nn.Sequential, images: torch.Tensor
) -> torch.Tensor:
    """Return what enters `last_layers` (modules of `network`), all in evaluation mode."""
    entering: list[torch.Tensor] = []
    hook = last_layers[0].register_forward_pre_hook(lambda _, inputs: entering.append(inputs[0]))
    try:
        with modes_kept(network), torch.no_grad():
            network.eval()
            network(images)
    finally:
        hook.remove()
    return entering[0].detach().clone()


def is_rest(
    network: nn.Module, last_layers: nn.Sequential, images: torch.Tensor, before: torch.Tensor
) -> bool:
    """Whether `last_layers` on what enters them gives the scores of the network, bit by bit."""
    with modes_kept(network), modes_kept(last_layers), torch.no_grad():
        network.eval()
        last_layers.eval()
        return torch.equal(network(images), last_layers(before))
