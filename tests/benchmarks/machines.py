"""Linear machines, principal components and saliency: as a script has them, and ours."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.svm import SVC
from tabled import Case, apart, timed
from torchvision import models

from reporter.learn.saliency import gradient_maps
from reporter.learn.streams import generator, isolated
from reporter.learn.svm import fitted
from reporter.learn.variance import cumulative_shares

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import nn

    Array = np.ndarray[Any, Any]

CHOICES = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)
FOLDS = 5
IMAGES, SIDE, TARGET = 8, 224, 3  # of saliency
SLOW_ROUNDS = 5  # of the plain grid of 4096 dimensions, which takes minutes; none to warm up


# ---- as a script has them ------------------------------------------------------------------------


def plain_grid(features: Array, labels: Array, others: Array) -> tuple[float, Array]:
    """Return the best C and predictions."""
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    search = GridSearchCV(SVC(kernel="linear"), {"C": CHOICES}, cv=folds).fit(features, labels)
    return search.best_params_["C"], search.predict(others)


def plain_components(features: Array) -> Array:
    """Return the shares of the variance."""
    return PCA().fit(features).explained_variance_ratio_.cumsum()


def plain_saliency(network: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """Return the maps."""
    network.eval()
    maps = []
    for image in images:
        leaf = image[None].clone().requires_grad_()
        network.zero_grad()
        network(leaf)[0, TARGET].backward()
        maps.append(leaf.grad[0].abs().amax(0))
    return torch.stack(maps)


# ---- ours ----------------------------------------------------------------------------------------


def our_grid(features: Array, labels: Array, others: Array) -> tuple[float, Array]:
    """Return the best C and predictions."""
    found = fitted(features, labels, choices=CHOICES, folds=FOLDS, scale=False, seed=0)
    return found.best_c, found.predicted(others)


def our_components(features: Array) -> Array:
    """Return the shares of the variance."""
    return cumulative_shares(torch.from_numpy(features)).numpy()


def our_saliency(network: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """Return the maps."""
    return gradient_maps(network, images, [TARGET] * len(images))


# ---- both ----------------------------------------------------------------------------------------


def case(
    name: str,
    plain: Callable[[], Any],
    ours: Callable[[], Any],
    difference: Callable[[Any, Any], str],
    rounds: int | None = None,
) -> Case:
    """Return a case whose ways give results that are compared."""
    results: dict[str, Any] = {}
    return Case(
        name=name,
        plain=lambda: timed(lambda: results.update(plain=plain())),
        ours=lambda: timed(lambda: results.update(ours=ours())),
        difference=lambda: difference(results["plain"], results["ours"]),
        rounds=rounds,
    )


def generated(dimensions: int, apart: float) -> tuple[Array, Array, Array]:
    """Return features of 1500 images of ten classes as a ReLU leaves them, labels, and others."""
    dice = np.random.default_rng(0)
    labels = np.arange(1500) % 10
    means = dice.normal(-0.7, apart, (10, dimensions))[labels]
    train, test = (np.maximum(means + dice.normal(0, 1, means.shape), 0) for _ in range(2))
    return train.astype(np.float32), labels, test.astype(np.float32)


def cases(file: Path | None) -> list[Case]:
    """Return all cases; an .npz `file` with features, labels and test_features adds to them."""
    wide, narrow = generated(4096, 0.1), generated(512, 0.2)
    name = "512 generated"
    if file:
        with np.load(file) as loaded:
            narrow = loaded["features"], loaded["labels"], loaded["test_features"]
        name = f"{narrow[0].shape[1]} of {file.stem}"
    with isolated(0):
        network = models.resnet18()
    laid = copy.deepcopy(network).to(memory_format=torch.channels_last)  # as the engine loads it
    images = torch.randn(IMAGES, 3, SIDE, SIDE, generator=generator(1))
    return [
        grid(f"SVM grid, {len(narrow[0])} × {name}", narrow),
        grid("SVM grid, 1500 × 4096 generated", wide, rounds=SLOW_ROUNDS),
        components(f"components, {len(narrow[0])} × {name}", narrow[0]),
        components("components, 1500 × 4096 generated", wide[0]),
        case(
            f"saliency, ResNet-18, {IMAGES} images of {SIDE}²",
            lambda: plain_saliency(network, images),
            lambda: our_saliency(laid, images.contiguous(memory_format=torch.channels_last)),
            share_of_most,
        ),
    ]


def grid(name: str, data: tuple[Array, Array, Array], rounds: int | None = None) -> Case:
    """Return a search for C and predictions."""
    return case(name, lambda: plain_grid(*data), lambda: our_grid(*data), changed, rounds)


def components(name: str, features: Array) -> Case:
    """Return the shares of variance."""
    return case(name, lambda: plain_components(features), lambda: our_components(features), apart)


def changed(plain: tuple[float, Array], ours: tuple[float, Array]) -> str:
    """Say whether C is the same and how many predictions are not."""
    chosen = f"C = {ours[0]:g}" if plain[0] == ours[0] else f"C = {plain[0]:g}, {ours[0]:g}"
    return f"{chosen}; {(plain[1] != ours[1]).sum()} of {len(ours[1])} predictions"


def share_of_most(plain: torch.Tensor, ours: torch.Tensor) -> str:
    """Say how far values are apart at most, as a share of the largest."""
    return f"{(plain - ours).abs().max() / plain.max():.0e} of the largest value"
