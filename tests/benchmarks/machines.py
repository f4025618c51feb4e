"""Seconds for linear machines, principal components and saliency: as a script has them, and ours.

python tests/benchmarks/machines.py [--rounds N] [--features FILE] [--write]: medians of N rounds,
5 by default. Rounds are interleaved in one process, every other one backwards; a ratio is the
median of those of the rounds. The plain grid of 4096 dimensions takes a minute or more, so it gets
one round, or with --write N. FILE is an .npz with features, labels and test_features.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.svm import SVC
from torchvision import models

from reporter.learn.saliency import gradient_map
from reporter.learn.streams import generator, isolated
from reporter.learn.svm import fitted
from reporter.learn.variance import cumulative_shares

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import nn

    Array = np.ndarray[Any, Any]

CHOICES = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)
FOLDS = 5
IMAGES, SIDE, TARGET = 8, 224, 3  # of saliency
HEAD = ["case", "plain, s", "ours, s", "ratio", "rounds", "difference"]


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
    return torch.stack([gradient_map(network, image, TARGET) for image in images])


# ---- both ----------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Case:
    """The same work in two ways, and how their results are compared in words."""

    name: str
    plain: Callable[[], Any]
    ours: Callable[[], Any]
    difference: Callable[[Any, Any], str]
    is_slow: bool = False


@dataclass(frozen=True, kw_only=True)
class Row:
    """Medians over the rounds."""

    case: str
    plain_s: float
    ours_s: float
    ratio: float
    rounds: int
    difference: str


def generated(dimensions: int, apart: float) -> tuple[Array, Array, Array]:
    """Return features of 1500 images of ten classes as a ReLU leaves them, labels, and others."""
    dice = np.random.default_rng(0)
    labels = np.arange(1500) % 10
    means = dice.normal(-0.7, apart, (10, dimensions))[labels]
    train, test = (np.maximum(means + dice.normal(0, 1, means.shape), 0) for _ in range(2))
    return train.astype(np.float32), labels, test.astype(np.float32)


def cases(file: Path | None) -> list[Case]:
    """Return what is measured."""
    wide, narrow = generated(4096, 0.1), generated(512, 0.2)
    name = "512 generated"
    if file:
        with np.load(file) as loaded:
            narrow = loaded["features"], loaded["labels"], loaded["test_features"]
        name = f"{narrow[0].shape[1]} of {file.stem}"
    with isolated(0):
        network = models.resnet18()
    images = torch.randn(IMAGES, 3, SIDE, SIDE, generator=generator(1))
    return [
        grid_case(f"SVM grid, {len(narrow[0])} × {name}", narrow),
        grid_case("SVM grid, 1500 × 4096 generated", wide, is_slow=True),
        components_case(f"components, {len(narrow[0])} × {name}", narrow[0]),
        components_case("components, 1500 × 4096 generated", wide[0]),
        Case(
            name=f"saliency, ResNet-18, {IMAGES} images of {SIDE}²",
            plain=lambda: plain_saliency(network, images),
            ours=lambda: our_saliency(network, images),
            difference=farthest,
        ),
    ]


def grid_case(name: str, data: tuple[Array, Array, Array], *, is_slow: bool = False) -> Case:
    """Return a search for C and predictions."""
    return Case(
        name=name,
        plain=lambda: plain_grid(*data),
        ours=lambda: our_grid(*data),
        difference=changed,
        is_slow=is_slow,
    )


def components_case(name: str, features: Array) -> Case:
    """Return the shares of variance."""
    return Case(
        name=name,
        plain=lambda: plain_components(features),
        ours=lambda: our_components(features),
        difference=farthest,
    )


def changed(plain: tuple[float, Array], ours: tuple[float, Array]) -> str:
    """Say whether C is the same and how many predictions are not."""
    chosen = f"C = {ours[0]:g}" if plain[0] == ours[0] else f"C = {plain[0]:g}, {ours[0]:g}"
    return f"{chosen}; {(plain[1] != ours[1]).sum()} of {len(ours[1])} predictions"


def farthest(plain: Any, ours: Any) -> str:
    """Say how far values are apart at most."""
    most = float(abs(plain - ours).max())
    return f"{most:.0e}" if most else "none, bitwise"


def measured(case: Case, rounds: int) -> Row:
    """Return the medians of one case."""
    case.ours()  # both are as warm in the first round as later
    if not case.is_slow:
        case.plain()
    seconds: dict[str, list[float]] = {"plain": [], "ours": []}
    results: dict[str, Any] = {}
    for round_ in range(rounds):
        for way in ("plain", "ours") if round_ % 2 == 0 else ("ours", "plain"):
            began = time.perf_counter()
            results[way] = getattr(case, way)()
            seconds[way].append(time.perf_counter() - began)
    return Row(
        case=case.name,
        plain_s=statistics.median(seconds["plain"]),
        ours_s=statistics.median(seconds["ours"]),
        ratio=statistics.median(a / b for a, b in zip(*seconds.values(), strict=True)),
        rounds=rounds,
        difference=case.difference(results["plain"], results["ours"]),
    )


def rows(rounds: int, slow_rounds: int, file: Path | None = None) -> list[Row]:
    """Measure every case."""
    found = []
    for case in cases(file):
        found.append(measured(case, slow_rounds if case.is_slow else rounds))
        sys.stderr.write(f"{case.name}: {found[-1].ratio:.1f}\n")
    return found


def table(found: Sequence[Row]) -> str:
    """Return the rows as Markdown."""
    lines = [f"| {' | '.join(HEAD)} |", "|---|--:|--:|--:|--:|---|"]
    lines += [
        f"| {row.case} | {row.plain_s:.2f} | {row.ours_s:.2f} | {row.ratio:.1f}"
        f" | {row.rounds} | {row.difference} |"
        for row in found
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--features", type=Path)
    parser.add_argument("--write", action="store_true", help="as many rounds of the slow grid, too")
    given = parser.parse_args()
    slow_rounds = given.rounds if given.write else 1
    sys.stdout.write(f"{table(rows(given.rounds, slow_rounds, given.features))}\n")


if __name__ == "__main__":
    main()
