"""A network and a class → the image that the network scores highest for it.

Shape legend: C = 3 channels, H height, W width.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from reporter.artifacts import Cell, Column, Metric, Series, Table
from reporter.errors import ReportError
from reporter.learn.saliency import class_hint, class_index, gradients_of_images
from reporter.learn.streams import generator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import nn

    from reporter.inputs import Weights
    from reporter.learn.normalisation import Normalisation
    from reporter.learn.weights import Pretrained

IN_A_ROW = 5  # images at most
DEVIATIONS = 3.0  # of an image's values from grey to black or white, when it is drawn


@dataclass(frozen=True, kw_only=True)
class Ascent:
    """How the image is found.

    Attributes:
        steps: of gradient ascent.
        rate: factor of the gradient.
        decay: λ, the weight of the image's squared length against the score.
        jitter: most pixels that the image is shifted, around its border, before a step.
        noise: standard deviation of the first image; 0 starts from the mean of the training.
        seed: of noise and jitter.
    """

    steps: int
    rate: float
    decay: float
    jitter: int = 0
    noise: float = 0.0
    seed: int = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class ClassModel:
    """A class's image and the way to it.

    Attributes:
        name: of the class.
        image: (C, H, W) as the network takes it, on the CPU.
        scores: before each step and after the last one.
        probability: of the class for the image, after the softmax.
    """

    name: str
    image: torch.Tensor
    scores: tuple[float, ...]
    probability: float


def climbed(
    network: nn.Module, target: int, first_CHW: torch.Tensor, ascent: Ascent
) -> tuple[torch.Tensor, tuple[float, ...]]:
    """Return arg max_I S_c(I) − λ‖I‖² near an image, (C, H, W), and the scores on the way.

    K. Simonyan, A. Vedaldi, A. Zisserman, "Deep Inside Convolutional Networks: Visualising Image
    Classification Models and Saliency Maps", 2014, https://arxiv.org/abs/1312.6034, section 2;
    S_c is the score before the softmax. A step is I ← I + rate · (∂S_c/∂I − 2λI).

    Args:
        network: evaluates, and is left as it is; no parameter gets a gradient.
        target: index c of the class.
        first_CHW: where the ascent starts, normalised, on the network's device.
        ascent: steps, rate and λ; `noise` is not added here.
    """
    dice = generator(ascent.seed, use=1)
    image_1CHW = first_CHW[None].detach().clone()
    scores: list[float] = []
    with gradients_of_images(network):
        for _ in range(ascent.steps):
            image_1CHW.requires_grad_()
            score = network(shifted(image_1CHW, ascent.jitter, dice))[0, target]
            (slope_1CHW,) = torch.autograd.grad(score, image_1CHW)
            scores.append(score.item())
            image_1CHW = image_1CHW.detach()
            image_1CHW = image_1CHW + ascent.rate * (slope_1CHW - 2 * ascent.decay * image_1CHW)
        with torch.no_grad():
            scores.append(network(image_1CHW)[0, target].item())
    return image_1CHW[0], tuple(scores)


def shifted(image_1CHW: torch.Tensor, most: int, dice: torch.Generator) -> torch.Tensor:
    """Return the image rolled by at most so many pixels, up or down and left or right."""
    if most == 0:
        return image_1CHW
    down, right = torch.randint(-most, most + 1, (2,), generator=dice).tolist()
    return image_1CHW.roll((down, right), (2, 3))


def class_model(loaded: Pretrained, index: int, size: int, ascent: Ascent) -> ClassModel:
    """Return the image of a class, (3, size, size).

    Raises:
        ReportError: the ascent left the finite numbers.
    """
    device = next(loaded.network.parameters()).device
    first = torch.randn((3, size, size), generator=generator(ascent.seed)) * ascent.noise
    image, scores = climbed(loaded.network, index, first.to(device), ascent)
    name = loaded.classes[index]
    if not math.isfinite(scores[-1]):
        message = f"the ascent on the score of {name!r} diverged at rate = {ascent.rate:g}"
        raise ReportError(f"{message}; choose a smaller rate")
    with gradients_of_images(loaded.network), torch.no_grad():
        probability = torch.softmax(loaded.network(image[None])[0], 0)[index].item()
    return ClassModel(name=name, image=image.cpu(), scores=scores, probability=probability)


def class_indices(names: Sequence[str], loaded: Pretrained, weights: Weights) -> tuple[int, ...]:
    """Return which scores stand for the classes.

    A random network knows no class; there, scores of unknown names are taken in order.

    Raises:
        ReportError: no names, or one that the network does not know.
    """
    if not names:
        raise ReportError("classes is empty; name at least one class of the network")
    found: list[int] = []
    for place, name in enumerate(names):
        index = class_index(name, loaded.classes)
        if index is None and weights.source == "random":
            index = place % len(loaded.classes)
        if index is None:
            hint = class_hint(name, loaded.classes)
            raise ReportError(f"weights {weights.name!r} know no class {name!r}{hint}")
        found.append(index)
    return tuple(found)


def visible(image_CHW: torch.Tensor, normalisation: Normalisation) -> torch.Tensor:
    """Return a normalised image as uint8 pixels, (H, W, C).

    The mean colour of the training stays; contrast is scaled so that `DEVIATIONS` standard
    deviations of the image's values reach black or white.
    """
    mean, std = (
        image_CHW.new_tensor(values).view(3, 1, 1)
        for values in (normalisation.mean, normalisation.std)
    )
    away_CHW = image_CHW * std
    reach = DEVIATIONS * away_CHW.square().mean().sqrt()
    drawn_CHW = mean + away_CHW * (0.5 / reach.clamp_min(1e-12))
    return (drawn_CHW * 255).clamp(0, 255).round().to(torch.uint8).permute(1, 2, 0).contiguous()


def row_length(images: int) -> int:
    """Return how many images stand in a row so that rows are few, of at most five, and even."""
    rows = -(-images // IN_A_ROW)
    return -(-images // rows)


def series(model: ClassModel) -> Series:
    """Return the score over the steps."""
    steps = tuple(float(step) for step in range(len(model.scores)))
    return Series(label=model.name, x=steps, y=model.scores)


def table(models: Sequence[ClassModel]) -> Table:
    """Return first score, last score and probability of each class."""
    columns = (
        Column(name="class", label="class"),
        Column(name="first_score", label="score at the start", digits=1),
        Column(name="score", label="score at the end", digits=1),
        Column(name="probability", label="probability", unit="fraction"),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (one.name, one.scores[0], one.scores[-1], one.probability) for one in models
    )
    return Table(columns=columns, rows=rows)


def mean_metric(values: Sequence[float], *, is_share: bool) -> Metric:
    """Return the mean over the classes."""
    mean = math.fsum(values) / len(values)
    return Metric(value=mean, unit="fraction" if is_share else "", n=len(values))
