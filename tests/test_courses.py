"""Courses: one shape each, judged at the selected rate and over the mean of the seeds."""

import math
import random
from dataclasses import replace

import pytest

from reporter.artifacts import Metric
from reporter.prose.courses import course, improves, shape
from tests.histories import metric, walk


def _course(values, unit="fraction"):
    return course("x", (metric(values, "test", unit=unit),))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((0.5,), "single"),
        ((0.5, 0.5, 0.5), "constant"),
        ((0.5, 0.504, 0.501), "flat"),
        ((0.5, 0.505, 0.501), "flat"),
        ((0.346, 0.38, 0.413, 0.372, 0.409), "up"),
        ((0.5, 0.3, 0.6), "up"),
        ((0.6, 0.7, 0.3), "peak"),
        ((0.7, 0.702, 0.3), "down"),
        ((0.5, 0.3, 0.502), "dip"),
        ((0.5, 0.505), "up"),
        ((0.505, 0.5), "down"),
    ],
)
def test_an_accuracy_has_one_shape(values, expected):
    """Half a point is the least that counts."""
    assert shape(_course(values)) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((2.0, 1.0, 0.5), "down"),
        ((2.0, 1.0, 1.5), "low"),
        ((1.0, 1.2, 1.9), "up"),
        ((1.0, 1.5, 1.005), "bump"),
        ((1.0, 1.009, 1.0), "flat"),
    ],
)
def test_less_loss_is_better(values, expected):
    """So its turning point is a low, and a hundredth of the first reading is the least."""
    assert shape(_course(values, "nats")) == expected
    assert improves(_course(values, "nats")) == (expected == "down")


def test_only_the_selected_rate_and_common_epochs_count():
    """Another rate's readings are left aside; seeds of unequal length share their beginning."""
    first = metric((0.1, 0.2, 0.3), "test", other_rate=(0.9, 0.9))
    second = metric((0.3, 0.4), "test")
    found = course("x", (first, second))
    assert found.epochs == (1, 2)
    assert [found.mean(i) for i in (0, 1)] == pytest.approx([0.2, 0.3])
    assert found.selected == (0.3, 0.4)


def test_what_is_no_finite_number_is_left_out():
    """A reading is skipped; a metric without a finite value has no course."""
    broken = metric((0.1, math.nan, 0.3), "test")
    assert course("x", (broken,)).epochs == (1, 3)
    assert course("x", (replace(broken, value=math.inf),)) is None
    assert course("x", ()) is None


def test_a_number_that_nothing_selected_is_a_value():
    """Such as the accuracy of a classifier that has no epochs."""
    assert shape(course("x", (Metric(value=0.5),))) == "value"


def _oracle(values, least, *, is_min):
    """Tell the shape by comparing every reading, slowly."""
    good = [-v if is_min else v for v in values]
    if all(g == good[0] for g in good):
        return "constant"
    if max(good) - good[0] >= least and max(good) - good[-1] >= least:
        return "low" if is_min else "peak"
    if abs(values[-1] - values[0]) >= least:
        return "up" if values[-1] > values[0] else "down"
    if good[0] - min(good) >= least:
        return "bump" if is_min else "dip"
    assert max(good) - min(good) < 3 * least
    return "flat"


@pytest.mark.parametrize("unit", ["fraction", "nats"])
def test_shapes_agree_with_a_slow_oracle(unit):
    """Over many drawn histories every shape occurs."""
    seen = set()
    for seed in range(600):
        dice = random.Random(seed)
        values = walk(dice, dice.randrange(2, 10), top=1)
        least = 0.005 if unit == "fraction" else max(0.01 * values[0], 0.002)
        steps = {round(abs(a - b) - least, 9) for a in values for b in values}
        if 0 in steps:
            continue  # on the border, where rounding decides
        found = shape(_course(values, unit))
        assert found == _oracle(values, least, is_min=unit == "nats"), values
        seen.add(found)
    turn, back = ("low", "bump") if unit == "nats" else ("peak", "dip")
    assert seen == {"constant", "flat", "up", "down", turn, back}
