"""Features and labels → a linear support vector machine, chosen by cross-validation.

A linear machine sees features only through their products (C.-C. Chang, C.-J. Lin, "LIBSVM: A
Library for Support Vector Machines", 2011, https://doi.org/10.1145/1961189.1961199, section 2.1:
K(x_i, x_j) = x_iᵀx_j), which take far longer than the rest. All folds and every C share them.

Shape legend: N training images, T others, D dimensions, C choices of the constant, F folds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from reporter.artifacts import Column, Table
from reporter.errors import ReportError

if TYPE_CHECKING:
    from collections.abc import Sequence

    Array = np.ndarray[Any, Any]

SEEDS = 2**32  # NumPy takes no larger ones


@dataclass(frozen=True, kw_only=True, eq=False)
class Fitted:
    """The classifier refitted with the best C on all training features, and how it was found.

    Attributes:
        choices: of C, smallest first.
        accuracies: of every C on what each fold held out, (C, F).
        machine: fitted to the products of `features` with each other.
        scaler: what was done to the training features, and is to others.
        features: of training, scaled, (N, D).
    """

    choices: tuple[float, ...]
    accuracies: Array
    machine: SVC
    scaler: StandardScaler
    features: Array

    @property
    def best_c(self) -> float:
        """Return the C with the highest accuracy over the folds, the smallest on ties."""
        return best(self.choices, self.accuracies)

    @property
    def cv_accuracy(self) -> float:
        """Return the mean accuracy over the folds with the best C."""
        return float(self.accuracies.mean(1).max())

    def predicted(self, features_TD: Array) -> Array:
        """Return class indices (T,) of features."""
        scaled_TD = self.scaler.transform(features_TD).astype(np.float64)
        labels_T: Array = self.machine.predict(scaled_TD @ self.features.T)
        return labels_T

    def grid(self) -> Table:
        """Return accuracy over the folds, mean and standard deviation, for every C."""
        means = self.accuracies.mean(1).tolist()
        deviations = self.accuracies.std(1).tolist()
        columns = (
            Column(name="C", label="C"),
            Column(name="cv_accuracy", label="accuracy over the folds", unit="fraction"),
            Column(name="std", label="standard deviation", unit="fraction"),
            Column(name="rank", label="rank", unit="count"),
        )
        rows = tuple(
            (c, mean, deviation, 1 + sum(other > mean for other in means))
            for c, mean, deviation in zip(self.choices, means, deviations, strict=True)
        )
        return Table(columns=columns, rows=rows)


def fitted(
    features_ND: Array,
    labels_N: Array,
    *,
    choices: tuple[float, ...],
    folds: int,
    scale: bool,
    seed: int,
) -> Fitted:
    """Choose C by stratified cross-validation, then fit on everything.

    The answers are those of scikit-learn's GridSearchCV over SVC(kernel="linear"), with a
    StandardScaler before it if features are scaled. Products take 24 N² bytes at most.

    Args:
        features_ND: of the training images.
        labels_N: class indices.
        choices: of C, the weight of errors against the margin.
        folds: of the cross-validation, shuffled with `seed`.
        scale: whether dimensions are standardised, inside each fold.
        seed: of the folds.

    Raises:
        ReportError: there are fewer than two classes or folds, or a class has fewer images than
            folds.
    """
    if (present := len(set(labels_N.tolist()))) < 2:
        message = f"data: the training images are of {present} class, and a machine tells classes"
        raise ReportError(f"{message} apart; add images of another")
    fewest = int(pd.Series(labels_N).value_counts().min())
    if not 1 < folds <= fewest:
        message = (
            f"folds = {folds}, but a class has {fewest} training images; ask for 2 to {fewest}"
        )
        raise ReportError(message)
    ordered = tuple(sorted(map(float, choices)))
    scaler = StandardScaler(with_mean=scale, with_std=scale)  # neither leaves features as they are
    scaled_ND = scaler.fit_transform(features_ND).astype(np.float64)
    gram_NN = scaled_ND @ scaled_ND.T
    splits = StratifiedKFold(folds, shuffle=True, random_state=seed % SEEDS)
    of_folds = []
    for train, held_out in splits.split(features_ND, labels_N):
        fold_NN = standard_gram(features_ND, train) if scale else gram_NN
        of_folds.append(accuracies(fold_NN, labels_N, train, held_out, ordered))
    accuracies_CF = np.array(of_folds).T.copy()
    machine = SVC(kernel="precomputed", C=best(ordered, accuracies_CF)).fit(gram_NN, labels_N)
    return Fitted(
        choices=ordered,
        accuracies=accuracies_CF,
        machine=machine,
        scaler=scaler,
        features=scaled_ND,
    )


def standard_gram(features_ND: Array, train: Array) -> Array:
    """Return all products of features standardised by those of a fold's training part."""
    standard_ND = StandardScaler().fit(features_ND[train]).transform(features_ND).astype(np.float64)
    gram_NN: Array = standard_ND @ standard_ND.T
    return gram_NN


def accuracies(
    gram_NN: Array, labels_N: Array, train: Array, held_out: Array, choices: Sequence[float]
) -> list[float]:
    """Return the accuracy of every C, smallest first, on what a fold held out.

    Where no multiplier α reaches its bound C, the bounds of larger C are as idle: the machine
    meets the stopping rule for them as it stands (LIBSVM, section 4.1), and is theirs, too.
    """
    train_gram, held_out_gram = (gram_NN[np.ix_(rows, train)] for rows in (train, held_out))
    found: list[float] = []
    for c in choices:
        machine = SVC(kernel="precomputed", C=c).fit(train_gram, labels_N[train])
        found.append(float((machine.predict(held_out_gram) == labels_N[held_out]).mean()))
        if np.abs(machine.dual_coef_).max() < c:
            break
    return found + found[-1:] * (len(choices) - len(found))


def best(choices: Sequence[float], accuracies_CF: Array) -> float:
    """Return the choice with the highest mean accuracy, the first on ties."""
    return choices[int(accuracies_CF.mean(1).argmax())]
