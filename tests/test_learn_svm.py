"""Linear support vector machines."""

import numpy as np
import pytest

from reporter.errors import ReportError
from reporter.learn.svm import fitted


def points() -> tuple[np.ndarray, np.ndarray]:
    """Return two classes of points, one dimension of which says nothing and is large."""
    dice = np.random.default_rng(0)
    labels = np.arange(60) % 2
    return np.stack([labels + dice.normal(0, 0.2, 60), dice.normal(0, 50, 60)], 1), labels


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


def test_too_many_folds_are_refused() -> None:
    """The message says how many images the smallest class has."""
    features, labels = points()
    with pytest.raises(ReportError, match="folds = 31, but a class has 30"):
        fitted(features, labels, choices=(1.0,), folds=31, scale=False, seed=0)
