"""A large first layer that learns → its weights, changed once in many batches.

Shape legend: A inputs of the batches that are taken at once, B of one batch, D numbers of an input,
K outputs of the layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

from reporter.learn.cuts import Refusal, layer_of, learning_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import fx

    from reporter.learn.cuts import Line
    from reporter.learn.train import Recipe, Task

    Step = tuple[torch.Tensor, torch.Tensor]  # its loss, and the scores before it
    TakeStep = Callable[[Callable[[torch.Tensor], torch.Tensor], torch.Tensor, torch.Tensor], Step]

VECTORS = 2  # dimensions of a batch of them
LEAST = 2**20  # weights; fewer stay in a processor's cache from step to step
WIDTH = 256  # outputs; with fewer, products among inputs cost more than is saved


def delayed(task: Task, recipe: Recipe) -> Delayed | None:
    """Return a task's first layer if its weights can be changed once in many batches, else None.

    It must be linear and large, the only one to take the inputs as they are kept, and learn by
    plain gradient descent: momentum and weight decay need its weights at each step. Batches of 32
    are learned 1.2 times as fast with 4096 inputs and 256 outputs, those of 8 2.3 times, and 3.5
    times with 1024 outputs; with 16384 and 64 it would be 0.6 times.
    """
    one = task.parts.test.inputs[:1]
    is_plain = not (recipe.momentum or recipe.weight_decay or task.augmentation or one.is_cuda)
    is_kept = one.dim() == VECTORS and torch.equal(task.prepare(one), one)
    if not (is_plain and is_kept and recipe.precision == "float32"):
        return None
    try:
        with learning_line(task.model, task.active) as line:
            return delayed_first(line, task, recipe)
    except Refusal:
        return None


def delayed_first(line: Line, task: Task, recipe: Recipe) -> Delayed | None:
    """Return the first layer of a line, with what comes after it, if it is as `delayed` asks."""
    start, first, *_ = line.graph.nodes
    layer = layer_of(task.model, first)
    if type(layer) is not nn.Linear or [*start.users] != [first] or not layer.weight.requires_grad:
        return None
    if layer.out_features < WIDTH or layer.weight.numel() < LEAST:
        return None
    uses = [w for step in line.graph.nodes for w in line.weights(step) if w is layer.weight]
    has_own_rate = task.new_part is not None and layer not in task.new_part.modules()
    if len(uses) > 1 or (has_own_rate and recipe.backbone_factor != 1):
        return None
    return Delayed(layer=layer, rest=line.after(first))


@dataclass(frozen=True, kw_only=True, eq=False)
class Delayed:
    """A network whose first layer keeps its weights W during a block of batches.

    With X the inputs of the whole block, which are known ahead, G_j the gradient of step j by the
    outputs of the layer, and b its bias, gradient descent gives the outputs of step i as

        X_i W_iᵀ + b = X_i Wᵀ - rate Σ_{j<i} (X_i X_jᵀ) G_j + b,

    and W - rate Gᵀ X after the block: two products of the whole block with W in place of two for
    each batch, which wait for W to come from memory. It is the same algebra with other last bits;
    numerical linear algebra updates by blocks in this way since C. Bischof, C. Van Loan, "The WY
    representation for products of Householder matrices", SIAM J. Sci. Stat. Comput. 8 (1987).
    """

    layer: nn.Linear
    rest: fx.GraphModule

    def steps(
        self, inputs_AxD: torch.Tensor, labels: Sequence[torch.Tensor], rate: float, step: TakeStep
    ) -> list[Step]:
        """Take one step per batch; return what each gives.

        Args:
            inputs_AxD: of all batches.
            labels: the classes of each batch.
            rate: of the layer.
            step: trains what comes after the layer's product, given inputs there and classes.
        """
        with torch.no_grad():
            products_AxK = inputs_AxD @ self.layer.weight.T
            gram_AxA = inputs_AxD @ inputs_AxD.T
        gradients_AxK = torch.empty_like(products_AxK)
        found, start = [], 0
        for labels_B in labels:
            own = slice(start, start + len(labels_B))
            outputs_BxK = torch.addmm(
                products_AxK[own], gram_AxA[own, :start], gradients_AxK[:start], alpha=-rate
            ).requires_grad_()
            found.append(step(self.after_product, outputs_BxK, labels_B))
            assert outputs_BxK.grad is not None  # the step has gone back to them
            gradients_AxK[own] = outputs_BxK.grad
            start = own.stop
        with torch.no_grad():
            self.layer.weight.addmm_(gradients_AxK.T, inputs_AxD, alpha=-rate)
        return found

    def after_product(self, outputs_BxK: torch.Tensor) -> torch.Tensor:
        """Return the network's scores, given the layer's outputs without its bias."""
        bias = self.layer.bias
        scores: torch.Tensor = self.rest(
            outputs_BxK.clone() if bias is None else outputs_BxK + bias
        )
        return scores
