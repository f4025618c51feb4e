"""A task of training one linear layer → what trains it at several rates at once.

Shape legend: N inputs, B of a batch, D numbers of an input, E = D + 1, R rates, K classes, S steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from reporter.learn.data import EPOCH_ORDER
from reporter.learn.evaluate import Score, modes_kept
from reporter.learn.streams import RunContext, generator, isolated
from reporter.learn.trials import Epoch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reporter.learn.data import Samples
    from reporter.learn.resumption import Contents
    from reporter.learn.train import Recipe, Task
    from reporter.learn.trials import State

PROBES = 2  # random inputs that tell whether a model is its linear layer
CPU_WEIGHTS = 2**20  # trained at once; a matrix that leaves the cache loses: 4096 × 500 0.8 times
SCORES = 2**26  # of all training inputs at all rates trained at once, which are kept for an epoch


def only_layer(task: Task, recipe: Recipe) -> nn.Linear | None:
    """Return the linear layer that is all there is to train, None where there is more to it.

    Nothing else may have parameters or buffers, nothing may change the inputs on their way, and
    nobody asked for less precision.
    """
    if task.ahead:
        return None
    inputs = task.parts.train.inputs
    layers = [module for module in task.model.modules() if isinstance(module, nn.Linear)]
    if len(layers) != 1 or task.augmentation or recipe.precision != "float32":
        return None
    (layer,) = layers
    state = task.model.state_dict(keep_vars=True).values()
    has_more = [id(tensor) for tensor in state] != [id(layer.weight), id(layer.bias)]
    learns = all(p.requires_grad for p in layer.parameters())
    is_new = task.new_part is None or layer in task.new_part.modules()
    if has_more or not learns or not (is_new or recipe.backbone_factor == 1):
        return None
    fits = inputs[0].numel() == layer.in_features and inputs.dtype == layer.weight.dtype
    return layer if fits and computes(task, layer) else None


def rates_at_once(task: Task, layer: nn.Linear) -> int:
    """Return how many rates of a layer are best trained together; measured with five of them.

    Against one rate after another by autograd, on two cores: 12 times as fast for 512 inputs and 7
    classes, 4 times for 4096 and 10, 2.6 times for 4096 and 30. Larger layers are no faster
    together, but alone 1.2 to 1.5 times as fast as by autograd.
    """
    weights = layer.out_features * (layer.in_features + 1)
    scores = layer.out_features * len(task.parts.train)
    is_cpu = layer.weight.device.type == "cpu"
    return max(1, min(SCORES // scores, CPU_WEIGHTS // weights if is_cpu else SCORES))


def computes(task: Task, layer: nn.Linear) -> bool:
    """Whether the model gives what its layer gives on flattened inputs, bit by bit.

    Random inputs of both signs tell: a rectifier or a dropout on the way changes some of them.
    """
    like = task.parts.train.inputs
    probes = torch.randn(PROBES, *like.shape[1:], dtype=like.dtype, generator=generator(0))
    probes = probes.to(like.device)
    with modes_kept(task.model), isolated(0, device=like.device.type), torch.no_grad():
        due = functional.linear(probes.flatten(1), layer.weight, layer.bias)
        in_evaluation = task.model.eval()(probes)
        for module in task.active:
            module.train()
        in_training = task.model(probes)
    is_unprepared = task.prepare(probes) is probes
    return is_unprepared and torch.equal(in_training, due) and torch.equal(in_evaluation, due)


@dataclass(frozen=True, kw_only=True, eq=False)
class Heads:
    """One linear layer for each rate, below each other in one matrix; its last column is the bias.

    A step of stochastic gradient descent on the cross-entropy of a batch X, with P = softmax(X Wᵀ),
    Y the truth as ones and zeros, m the momentum, d the weight decay, and c = 1/B or 1:

        V ← m V + c (P - Y)ᵀ X + d W,    W ← W - rate V

    which is what `torch.optim.SGD` does; V is zero at first. Rates never meet: each has its own
    rows, and one that is no number any more stays so alone. The last bits of a rate's numbers may
    depend on how many rates there are.

    Attributes:
        rates: R learning rates.
        weights: (R·K, E), changed by `descend`.
        velocity: V, of the same shape.
    """

    rates: tuple[float, ...]
    weights: torch.Tensor
    velocity: torch.Tensor

    @cached_property
    def minus_rates(self) -> torch.Tensor:
        """Return minus the rate of each row, (R·K, 1)."""
        rates_R = -self.weights.new_tensor(self.rates)
        return rates_R.repeat_interleave(len(self.weights) // len(self.rates)).unsqueeze(1)

    def descend(
        self, inputs_BxE: torch.Tensor, truth_Bx1xK: torch.Tensor, out: torch.Tensor, recipe: Recipe
    ) -> None:
        """Take one step for every rate; `out` (B, R·K) receives the scores before it."""
        torch.mm(inputs_BxE, self.weights.T, out=out)
        errors_BxRxK = out.view(len(out), len(self.rates), -1).softmax(2).sub_(truth_Bx1xK)
        factor = 1 / len(out) if recipe.loss == "mean" else 1
        self.velocity.addmm_(
            errors_BxRxK.flatten(1).T, inputs_BxE, beta=recipe.momentum, alpha=factor
        )
        if recipe.weight_decay:
            self.velocity.add_(self.weights, alpha=recipe.weight_decay)
        self.weights.addcmul_(self.velocity, self.minus_rates)

    def compared(
        self, logits_NxRK: torch.Tensor, labels_N: torch.Tensor
    ) -> tuple[torch.Tensor, tuple[Score, ...]]:
        """Return the cross-entropy of each input at each rate, (N, R), and each rate's score."""
        n, rates = len(labels_N), len(self.rates)
        logits_NxKxR = logits_NxRK.view(n, rates, -1).transpose(1, 2)
        labels_NxR = labels_N.unsqueeze(1).expand(n, rates)
        losses_NxR = functional.cross_entropy(logits_NxKxR, labels_NxR, reduction="none").double()
        hits_NxR = logits_NxKxR.argmax(1) == labels_NxR
        sums_2xR = torch.stack([losses_NxR.sum(0), hits_NxR.sum(0)]).T.tolist()
        return losses_NxR, tuple(Score(loss=a / n, accuracy=b / n, n=n) for a, b in sums_2xR)

    def scores(self, data: Samples) -> tuple[Score, ...]:
        """Return every rate's loss and accuracy on samples."""
        bias_RK, weights_RKxD = self.weights[:, -1], self.weights[:, :-1]
        logits_NxRK = torch.addmm(bias_RK, data.inputs.flatten(1), weights_RKxD.T)
        return self.compared(logits_NxRK, data.labels)[1]


class LinearLearner:
    """Trains the model's only layer at several rates at once, all on the same order of inputs.

    A rate that has ended stays in the matrix, and is no longer read.
    """

    def __init__(
        self,
        task: Task,
        recipe: Recipe,
        run: RunContext,
        layer: nn.Linear,
        rates: tuple[float, ...],
    ) -> None:
        weights = torch.cat([layer.weight, layer.bias.unsqueeze(1)], dim=1).detach()
        weights = weights.repeat(len(rates), 1)
        self.heads = Heads(rates=rates, weights=weights, velocity=torch.zeros_like(weights))
        self.names = list(task.model.state_dict())
        self.order = generator(run.stream("order"), EPOCH_ORDER)
        self.parts, self.recipe = task.parts, recipe
        truth_NxK = functional.one_hot(task.parts.train.labels, layer.out_features)
        self.truth_Nx1xK = truth_NxK.to(weights.dtype).unsqueeze(1)
        rows = min(recipe.batch, len(task.parts.train))
        self.rows_BxE = weights.new_ones(rows, weights.shape[1])  # the last column stays

    def untrained(self) -> list[Epoch]:
        """Measure every rate before the first epoch."""
        return self.measured(0, self.heads.scores(self.parts.train))

    def epoch(self, number: int) -> list[tuple[list[float], Epoch]]:
        """Train for an epoch; return every rate's losses and what is measured then."""
        losses_RxS, running = self.steps()
        again = self.recipe.measure == "evaluation"
        train = self.heads.scores(self.parts.train) if again else running
        return list(zip(losses_RxS, self.measured(number, train), strict=True))

    def steps(self) -> tuple[list[list[float]], tuple[Score, ...]]:
        """Take one step per batch of all training inputs, in an order drawn anew.

        Returns:
            For every rate the mean loss per input of each step, and its score over the batches.
        """
        labels_N, batch = self.parts.train.labels, self.recipe.batch
        order_N = torch.randperm(len(labels_N), generator=self.order).to(labels_N.device)
        inputs_NxD = self.parts.train.inputs.flatten(1)
        logits_NxRK = inputs_NxD.new_empty(len(order_N), len(self.heads.weights))
        batches = order_N.split(batch)
        truths = self.truth_Nx1xK[order_N].split(batch)
        for chosen_B, truth, out in zip(batches, truths, logits_NxRK.split(batch), strict=True):
            rows_BxE = self.rows_BxE[: len(chosen_B)]
            torch.index_select(inputs_NxD, 0, chosen_B, out=rows_BxE[:, :-1])
            self.heads.descend(rows_BxE, truth, out, self.recipe)
        losses_NxR, scores = self.heads.compared(logits_NxRK, labels_N[order_N])
        return [means(losses_N, batch) for losses_N in losses_NxR.T.cpu()], scores

    def measured(self, number: int, train: Sequence[Score]) -> list[Epoch]:
        """Return every rate's epoch: training scores with those that the recipe asks for."""
        nothing = [None] * len(train)
        parts, every = self.parts, self.recipe.test == "every-epoch"
        validation = self.heads.scores(parts.validation) if parts.validation else nothing
        test = self.heads.scores(parts.test) if every else nothing
        return [
            Epoch(number=number, train=read[0], validation=read[1], test=read[2])
            for read in zip(train, validation, test, strict=True)
        ]

    def copy(self, index: int) -> State:
        """Return a copy of the model's state at one of the rates."""
        own_KxE = self.heads.weights.chunk(len(self.heads.rates))[index]
        values = own_KxE[:, :-1].clone(), own_KxE[:, -1].clone()
        return dict(zip(self.names, values, strict=True))

    def state(self) -> Contents:
        """Return what changes from epoch to epoch."""
        heads = self.heads
        return {
            "weights": heads.weights, "velocity": heads.velocity, "order": self.order.get_state()
        }  # fmt: skip

    def load(self, state: Contents) -> None:
        """Go on from a state."""
        self.heads.weights.copy_(state["weights"])
        self.heads.velocity.copy_(state["velocity"])
        self.order.set_state(state["order"])


def means(values_N: torch.Tensor, size: int) -> list[float]:
    """Return the mean of each batch of values, of which the last may be smaller."""
    whole = len(values_N) // size * size
    rest = [values_N[whole:].mean().item()] if whole < len(values_N) else []
    return values_N[:whole].view(-1, size).mean(1).tolist() + rest
