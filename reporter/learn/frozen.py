"""A task whose first layers never change → the same task on their outputs, computed once.

Shape legend: N images, B of a batch.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import torch

from reporter.learn import normalisation, streams
from reporter.learn.arithmetic import arithmetic
from reporter.learn.cuts import Cut, Refusal, cut
from reporter.learn.evaluate import modes_kept
from reporter.learn.rows import Kind, digest_of_source, rows_of
from reporter.learn.streams import RunContext, repeatable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from torch import fx, nn

    from reporter.learn.data import Samples
    from reporter.learn.normalisation import Normalisation
    from reporter.learn.train import Task

    Prepare = Callable[[torch.Tensor], torch.Tensor]

# Batches have one size, the last one filled up, so that an image's outputs depend neither on its
# neighbours nor on its place: 14 networks kept every bit, while other sizes round differently. On a
# CPU 1 costs half as much again with ResNet-18, twice as much with AlexNet; 8 to 32 cost the same.
BATCH = {"cpu": 16, "cuda": 128}
MAPS = 4  # dimensions of a batch of maps: batch, channel, height, width
CODE = (__file__, normalisation.__file__, streams.__file__)  # also determine outputs
LIMIT_BYTES = 4 * 2**30  # of memory for the outputs; beyond it the network is used whole


def first_layers_once(task: Task, scaling: Normalisation, run: RunContext) -> Task:
    """Return the task of training what comes after the longest part that never changes.

    A network that can't be cut exactly is used whole, and so is one that sees augmented images. The
    record says why; or where the part ends, how many images passed it now (besides one that checks
    the cut and what fills the last batch), and how many images' outputs were kept.

    Args:
        task: its inputs are images on the CPU.
        scaling: how they are prepared.
        run: its cache keeps the outputs.
    """
    try:
        found, prepare = checked(task, scaling, run)
    except Refusal as reason:
        run.note(whole=str(reason))
        return task
    frozen = Frozen(place=found.place, steps=found.first, scaling=scaling)
    return replace(
        task,
        model=found.rest,
        active=tuple(found.rest if part is task.model else part for part in task.active),
        parts=task.parts.over(frozen.outputs(task.parts.all, run)),
        prepare=prepare,
    )


def checked(task: Task, scaling: Normalisation, run: RunContext) -> tuple[Cut, Prepare]:
    """Cut the task's network; return also what the rest needs its inputs to go through.

    Raises:
        Refusal: there is no place for a cut, or it doesn't pay, or an image gets other scores
            from both parts, in any bit.
    """
    if task.augmentation:
        raise Refusal("images are augmented")
    found = cut(task.model, task.active)
    image = task.parts.train.inputs[:1]
    with evaluating(task.model):
        inputs = scaling.scaled(image.to(run.device))
        expected = task.model(inputs.clone())
        outputs = found.first(inputs)
        prepare = preparation(found.rest, outputs)
        given = found.rest(prepare(outputs.contiguous()))
    if len(outputs) != 1 or not torch.equal(expected, given):
        raise Refusal(f"{type(task.model).__name__} gives other scores when cut")
    count = sum(map(len, task.parts.all))
    if outputs.numel() > image.numel() or outputs.nbytes * count > LIMIT_BYTES:
        raise Refusal(f"{found.place} gives {outputs.numel()} numbers an image")
    return found, prepare


def preparation(rest: fx.GraphModule, outputs: torch.Tensor) -> Prepare:
    """Return what brings kept outputs, which must stay as they are, to where the rest has them.

    Maps lie channels-last where those of the network do: sums over them round alike then.
    """
    if outputs.is_contiguous():
        return torch.clone if works_in_place(rest) else unchanged
    if outputs.dim() == MAPS and outputs.is_contiguous(memory_format=torch.channels_last):
        return partial(torch.clone, memory_format=torch.channels_last)
    raise Refusal("outputs lie in no common order in memory")


def works_in_place(rest: fx.GraphModule) -> bool:
    """Whether some step may write into the inputs."""
    layers = [module for module in rest.modules() if getattr(module, "inplace", False)]
    functions = [node for node in rest.graph.nodes if node.op in {"call_function", "call_method"}]
    return bool(layers) or any("flatten" not in node.name for node in functions)


def unchanged(inputs: torch.Tensor) -> torch.Tensor:
    """Return the inputs: most outputs of frozen layers need no preparation."""
    return inputs


@contextlib.contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Compute repeatable outputs inside the block: no dropout, gradients or updates."""
    with modes_kept(network), torch.no_grad(), repeatable():
        network.eval()
        yield


@dataclass(frozen=True, kw_only=True, eq=False)
class Frozen:
    """The first steps of a network, up to a place, and how images are prepared for them."""

    place: str
    steps: fx.GraphModule
    scaling: Normalisation

    def one(self, images: Samples, run: RunContext) -> torch.Tensor:
        """Return what the steps give for the first of some images."""
        with evaluating(self.steps):
            found: torch.Tensor = self.steps(self.scaling.scaled(images.inputs[:1].to(run.device)))
            return found

    def outputs(self, parts: Sequence[Samples], run: RunContext) -> list[torch.Tensor]:
        """Return what the steps give for the images (N, …) of each part, on the CPU.

        Args:
            parts: images, uint8 on the CPU; outputs of images without digests are not kept.
            run: its device and its cache, whom to tell, and its record.
        """
        images = [image for part in parts for image in part.inputs]
        digests = [digest for part in parts for digest in part.digests]
        size = BATCH.get(run.device, 16)

        def computed(indices: list[int]) -> Iterator[torch.Tensor]:
            for start in range(0, len(indices), size):
                chosen = indices[start : start + size]
                filled = chosen + chosen[-1:] * (size - len(chosen))
                batch = torch.stack([images[index] for index in filled]).to(run.device)
                yield self.steps(self.scaling.scaled(batch))[: len(chosen)]
                run.progress(stage="features", done=start + len(chosen), of=len(indices))

        self.steps.to(memory_format=torch.channels_last)  # as inputs lie
        one = self.one(parts[0], run)
        with evaluating(self.steps):
            kind = Kind(recipe=self.recipe(run.device), shape=tuple(one.shape[1:]), dtype=one.dtype)
            is_known = len(digests) == len(images)
            names = digests if is_known else [str(index) for index in range(len(images))]
            rows, new = rows_of(run.cache if is_known else None, kind, names, computed)
        run.note(prefix=self.place, forwards=new, kept=len(images) - new)
        return [*rows.split([len(part) for part in parts])]

    def recipe(self, device: str) -> dict[str, object]:
        """Return all that determines the outputs for an image, bit by bit."""
        layers: dict[str, nn.Module] = dict(self.steps.named_modules())
        used = [str(node.target) for node in self.steps.graph.nodes if node.op == "call_module"]
        return {
            "code": [digest_of_source(file) for file in CODE],
            "steps": self.steps.code,
            "layers": {target: settings(layers[target]) for target in used},
            "state": digest_of_state(self.steps),
            "scaling": repr(self.scaling),
            "arithmetic": arithmetic(device),
        }


def settings(layer: nn.Module) -> list[str]:
    """Return a layer's type and its plain attributes, such as stride and epsilon."""
    plain = (bool, int, float, str, tuple, list, type(None))
    found = [f"{name} = {value!r}" for name, value in vars(layer).items() if type(value) in plain]
    return [type(layer).__name__, *sorted(found)]


def digest_of_state(network: nn.Module) -> str:
    """Return the sha-256 of names, shapes and bytes of all parameters and buffers."""
    digest = hashlib.sha256()
    for name, tensor in [*network.named_parameters(), *network.named_buffers()]:
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()
