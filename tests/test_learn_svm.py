"""Linear support vector machines."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from reporter.errors import ReportError
from reporter.learn import svm
from reporter.learn.svm import fitted

MANY = (1000.0, 0.001, 0.01, 0.1, 1.0, 10.0, 100.0)


def points() -> tuple[np.ndarray, np.ndarray]:
    """Return two classes of points, one dimension of which says nothing and is large."""
    dice = np.random.default_rng(0)
    labels = np.arange(60) % 2
    return np.stack([labels + dice.normal(0, 0.2, 60), dice.normal(0, 50, 60)], 1), labels


def drawn(
    counts: tuple[int, ...], dimensions: int, spread: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return features as a ReLU leaves them, of classes so far apart, and others; their labels."""
    dice = np.random.default_rng(1)
    labels = dice.permutation(np.repeat(np.arange(len(counts)), counts))
    means = dice.normal(-0.5, spread, (len(counts), dimensions))
    sizes = dice.uniform(0.1, 3, dimensions)
    train, test = (
        (np.maximum(means[labels] + dice.normal(0, 1, (len(labels), dimensions)), 0) * sizes)
        for _ in range(2)
    )
    return train.astype(np.float32), test.astype(np.float32), labels


def by_scikit_learn(
    features: np.ndarray, labels: np.ndarray, choices: tuple[float, ...], folds: int, *, scale: bool
) -> GridSearchCV:
    """Return the grid search as scikit-learn does it."""
    steps = [StandardScaler()] if scale else []
    search = GridSearchCV(
        make_pipeline(*steps, SVC(kernel="linear")),
        {"svc__C": sorted(choices)},
        cv=StratifiedKFold(folds, shuffle=True, random_state=3),
    )
    return search.fit(features, labels)


@pytest.mark.parametrize("scale", [False, True])
@pytest.mark.parametrize(
    ("counts", "dimensions", "spread", "folds"),
    [
        pytest.param((30, 30, 30, 30), 96, 0.25, 5, id="more dimensions than images of a fold"),
        pytest.param((40, 35), 6, 0.4, 3, id="classes that overlap"),
        pytest.param((60, 7, 21), 24, 0.4, 5, id="classes of unlike size"),
        pytest.param((20, 20, 20), 40, 2.0, 4, id="every choice right everywhere"),
    ],
)
def test_answers_are_those_of_a_grid_search(
    counts: tuple[int, ...], dimensions: int, spread: float, folds: int, *, scale: bool
) -> None:
    """Accuracies in each fold, mean, deviation and rank of each C, best C, and predictions."""
    features, others, labels = drawn(counts, dimensions, spread)
    search = by_scikit_learn(features, labels, MANY[1:6], folds, scale=scale)
    found = fitted(features, labels, choices=MANY[1:6], folds=folds, scale=scale, seed=3)
    theirs = pd.DataFrame(search.cv_results_)
    per_fold = theirs[[f"split{fold}_test_score" for fold in range(folds)]].to_numpy()
    assert found.accuracies.tolist() == per_fold.tolist()
    names = ["param_svc__C", "mean_test_score", "std_test_score", "rank_test_score"]
    assert found.grid().rows == tuple(theirs[names].itertuples(index=False, name=None))
    assert (found.best_c, found.cv_accuracy) == (search.best_params_["svc__C"], search.best_score_)
    assert found.predicted(others).tolist() == search.predict(others).tolist()


def test_the_smallest_of_equal_choices_wins() -> None:
    """All rank first, as in scikit-learn."""
    features, _, labels = drawn((20, 20, 20), 40, 2.0)
    found = fitted(features, labels, choices=MANY, folds=4, scale=False, seed=3)
    assert found.best_c == min(MANY)
    assert [row[3] for row in found.grid().rows] == [1] * len(MANY)


def test_a_machine_serves_every_larger_choice_once_no_bound_is_reached(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Separable classes: one machine for the small C, one for all others, in each fold."""
    features, _, labels = drawn((30, 30), 96, 0.25)
    asked: list[float] = []

    class Noted(SVC):
        def fit(self, features: np.ndarray, labels: np.ndarray) -> SVC:
            asked.append(self.C)
            return super().fit(features, labels)

    monkeypatch.setattr(svm, "SVC", Noted)
    choices = (1e-4, 10.0, 100.0, 1000.0)
    found = fitted(features, labels, choices=choices, folds=3, scale=False, seed=3)
    assert asked == [1e-4, 10.0] * 3 + [found.best_c]


def test_c_is_chosen_by_cross_validation() -> None:
    """The grid lists every C in order; the best of it is selected, and the machine separates."""
    features, labels = points()
    found = fitted(features, labels, choices=(1.0, 0.01), folds=5, scale=True, seed=2**62)
    rows = found.grid().rows
    assert [row[0] for row in rows] == [0.01, 1.0]
    assert found.cv_accuracy == max(float(row[1] or 0) for row in rows)
    assert found.best_c == next(row[0] for row in rows if row[3] == 1)
    assert (found.predicted(features) == labels).mean() > 0.95
    again = fitted(features, labels, choices=(1.0, 0.01), folds=5, scale=True, seed=2**62)
    assert again.grid() == found.grid()


def test_a_single_class_is_refused() -> None:
    """There is nothing to tell apart."""
    features, labels = points()
    with pytest.raises(ReportError, match=r"are of 1 class, .* add images of another"):
        fitted(features, labels * 0, choices=(1.0,), folds=5, scale=False, seed=0)


def test_too_many_folds_are_refused() -> None:
    """The message says how many images the smallest class has."""
    features, labels = points()
    with pytest.raises(ReportError, match="folds = 31, but a class has 30"):
        fitted(features, labels, choices=(1.0,), folds=31, scale=False, seed=0)
