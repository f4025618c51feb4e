"""Features and labels → a linear support vector machine, chosen by cross-validation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from reporter.artifacts import Column, Table
from reporter.errors import ReportError

if TYPE_CHECKING:
    import numpy as np

SEEDS = 2**32  # NumPy takes no larger ones


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """The classifier refitted with the best C on all training features, and how it was found."""

    search: GridSearchCV

    @property
    def best_c(self) -> float:
        """Return the C with the highest accuracy over the folds, the smallest on ties."""
        return float(self.search.best_params_["svc__C"])

    @property
    def cv_accuracy(self) -> float:
        """Return the mean accuracy over the folds with the best C."""
        return float(self.search.best_score_)

    def predicted(self, features: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Return class indices (N,) of features (N, D)."""
        labels: np.ndarray[Any, Any] = self.search.predict(features)
        return labels

    def grid(self) -> Table:
        """Return accuracy over the folds, mean and standard deviation, for every C."""
        frame = pd.DataFrame(self.search.cv_results_)
        names = ["param_svc__C", "mean_test_score", "std_test_score", "rank_test_score"]
        columns = (
            Column(name="C", label="C"),
            Column(name="cv_accuracy", label="accuracy over the folds", unit="fraction"),
            Column(name="std", label="standard deviation", unit="fraction"),
            Column(name="rank", label="rank", unit="count"),
        )
        rows = tuple(
            (float(c), float(mean), float(std), int(rank))
            for c, mean, std, rank in frame[names].itertuples(index=False)
        )
        return Table(columns=columns, rows=rows)


def fitted(
    features: np.ndarray[Any, Any],
    labels: np.ndarray[Any, Any],
    *,
    choices: tuple[float, ...],
    folds: int,
    scale: bool,
    seed: int,
) -> Fitted:
    """Choose C by stratified cross-validation, then fit on everything.

    Args:
        features: (N, D).
        labels: (N,) class indices.
        choices: of C, the weight of errors against the margin.
        folds: of the cross-validation, shuffled with `seed`.
        scale: whether dimensions are standardised, inside each fold.
        seed: of the folds.

    Raises:
        ReportError: there are fewer than two folds, or a class has fewer images than folds.
    """
    fewest = int(pd.Series(labels).value_counts().min())
    if not 1 < folds <= fewest:
        message = (
            f"folds = {folds}, but a class has {fewest} training images; ask for 2 to {fewest}"
        )
        raise ReportError(message)
    steps = [StandardScaler()] if scale else []
    search = GridSearchCV(
        make_pipeline(*steps, SVC(kernel="linear")),
        {"svc__C": sorted(choices)},
        cv=StratifiedKFold(folds, shuffle=True, random_state=seed % SEEDS),
        error_score="raise",
    )
    return Fitted(search=search.fit(features, labels))
