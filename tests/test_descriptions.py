"""Alt texts: every word and number agrees with the data that the figure draws."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest

from reporter.artifacts import Bars, Curves, ImageGrid, Matrix, Metric, Reading, Series
from reporter.drawing.descriptions import describe, shown
from tests.hard_cases import curves, sweep
from tests.workspaces import every_artifact


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("loss", "Training loss (nats) over 2 iterations: at rate 0.1 it falls from 1.5 to 0.5"),
        (
            "test_accuracy",
            "Test accuracy over 2 epochs: at rate 0.1 it rises from 25.0 % to 50.0 %",
        ),
        ("names", "Share: dog 50.0 %, cat 25.0 %"),
        (
            "confusion",
            (
                "Matrix of true class by predicted class, 2 by 2: 80.0 % of 15 on the diagonal; "
                "largest beside it: 2 (true class cat, predicted class dog)"
            ),
        ),
        ("filters", "2 images: two filters"),
        ("mistakes", "true: dog cat 61 %"),
        (
            "stages",
            (
                "The network from left to right: image gives 8×8×3, conv 3×3 gives 8×8×4, "
                "pooling gives 4×4×4, linear gives 2"
            ),
        ),
    ],
)
def test_every_kind_is_said_in_words(name, words):
    """From the data alone."""
    assert describe((every_artifact()[name],)) == words


def _said(*values: float, **changes: object) -> str:
    """Return what is said of one curve, after its title."""
    return describe((curves(("", list(values)), **changes),)).partition(": ")[2]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ((2.0, 1.0, 0.5), "falls from 2 to 0.5"),
        ((0.5, 1.0, 2.0), "rises from 0.5 to 2"),
        ((2.0, 3.0, 0.5), "falls from 2 to 0.5, highest 3 at iteration 2"),
        ((2.0, 0.1, 0.5), "falls from 2 to 0.5, lowest 0.1 at iteration 2"),
        ((1.0, 1.0, 1.0), "stays at 1"),
        ((1.0001, 1.0, 1.0), "stays at 1"),
        (
            (1.0, 0.2, 2.0, 1.0),
            "begins and ends at 1, highest 2 at iteration 3, lowest 0.2 at iteration 2",
        ),
        ((1.0, 3.0, 1.05), "begins at 1 and ends at 1.05, highest 3 at iteration 2"),
        ((1.0, 1.02, 0.99, 1.01), "stays between 0.99 and 1.02, and ends at 1.01"),
        ((3.0,), "is 3 at iteration 1"),
        ((3.0, 4.0, math.nan), "rises from 3 to 4, and has no finite value after iteration 2"),
        ((3.0, math.inf, 2.0), "falls from 3 to 2; 1 of its 3 values are not finite"),
        ((math.nan, math.nan), "has no finite value"),
        ((-1.0, -3.0), "falls from −1 to −3"),
    ],
)
def test_a_course_is_said_truly(values, words):
    """Its ends, what lies beyond them and where, and where it has no value."""
    assert _said(*values) == words


def test_what_is_said_of_any_course_agrees_with_its_numbers():
    """Direction, ends and extremes of 300 random curves against a plain look at the values."""
    source = np.random.default_rng(4)
    for _ in range(300):
        y = [
            round(float(v), 2)
            for v in source.normal(5, 20, source.integers(2, 9)).cumsum()
            + 99
            + 5 * source.integers(30)
        ]
        y = y if source.random() < 0.5 else y[::-1]
        text = _said(*y)
        numbers = [float(n) for n in re.findall(r"(?<![\w.])\d+(?:\.\d+)?", text)]
        near = [pytest.approx(v, rel=6e-3) for v in (y[0], y[-1], min(y), max(y))]
        if text.startswith("rises"):
            assert y[-1] > y[0]
            assert (numbers[0], numbers[1]) == (near[0], near[1])
        elif text.startswith("falls"):
            assert y[-1] < y[0]
            assert (numbers[0], numbers[1]) == (near[0], near[1])
        else:
            assert text.startswith(("stays", "begins"))
            between = re.search(r"between ([\d.]+) and ([\d.]+)", text)
            if between:
                assert (float(between[1]), float(between[2])) == (near[2], near[3])
                assert max(y) - min(y) <= 0.1 * max(y)
            if text.startswith("begins"):
                assert abs(y[-1] - y[0]) <= 0.05 * (max(y) - min(y)) + 1
        for word, choose in (("highest", max), ("lowest", min)):
            found = re.search(rf"{word} ([\d.]+) at iteration (\d+)", text)
            if found:
                assert float(found[1]) == pytest.approx(choose(y), rel=6e-3)
                assert int(found[2]) == y.index(choose(y)) + 1


def test_many_rates_are_summed_up():
    """Which ends best and worst, and between what all lie; by the metric's own direction."""
    metric = sweep()
    words = (
        "Validation accuracy over 30 epochs: 9 rates from 0.0001 to 1; "
        "at the end best 90.0 % (rate 1), worst 0.8 % (rate 0.0001); "
        "all values lie between 0.0 % and 90.0 %"
    )
    assert describe((metric,)) == words
    falls = describe((replace(metric, unit="nats", direction="min"),))
    assert "at the end best 0.00806 (rate 0.0001), worst 0.9 (rate 1)" in falls
    assert "best" not in describe((curves(*((str(i), [i]) for i in range(9)), unit=""),))


def test_rates_that_diverged_are_named_in_the_summary():
    """They have no end to be compared."""
    readings = (*sweep().history, Reading(value=math.nan, epoch=31, rate=1.0))
    text = describe((replace(sweep(), history=readings),))
    assert "best 90.0 % (rate 0.3)" in text
    assert text.endswith("; no finite value at the end: rate 1")


def test_over_seeds_the_mean_is_said():
    """With the number of seeds; "up to" where a seed lost points."""
    one, two = curves(("a", [4.0, 2.0])), curves(("a", [2.0, 1.0]))
    assert describe((one, two)) == (
        "Training loss (nats) over 2 iterations, mean of 2 seeds: a falls from 3 to 1.5"
    )
    assert "mean of up to 2 seeds" in describe((one, curves(("a", [2.0]))))
    matrix = every_artifact()["confusion"]
    assert describe((matrix, matrix)).endswith("; the first of 2 seeds")


def test_a_curve_that_stops_early_is_told():
    """A patient run ends at its own epoch; rates are told from the largest to the smallest."""
    readings = [Reading(value=v, epoch=e, rate=0.01) for e, v in enumerate((0.5, 0.6, 0.7), 1)]
    readings += [Reading(value=v, epoch=e, rate=0.1) for e, v in enumerate((0.2, 0.1), 1)]
    metric = Metric(value=0.7, split="test", history=tuple(readings))
    assert describe((metric,)) == (
        "Test accuracy over 3 epochs: at rate 0.1 it falls from 20.0 % to 10.0 %, where it stops "
        "in epoch 2; at rate 0.01 it rises from 50.0 % to 70.0 %"
    )


def test_other_axes_are_named_as_they_are():
    """What does not count from one is told by its ends."""
    series = Series(label="map", x=(0.0, 0.5, 1.0), y=(1.0, 0.6, 0.2))
    drawn = Curves(series=(series,), x_label="share of pixels", y_label="score", unit="fraction")
    assert (
        describe((drawn,)) == "Score over share of pixels 0 to 1: map falls from 100.0 % to 20.0 %"
    )
    assert describe((replace(drawn, series=()),)) == "Score: no values"


def test_many_bars_are_summed_up():
    """Ten are recited; of more the ends are named."""
    names = tuple(f"class_{i}" for i in range(11))
    values = (*map(float, range(10)), 5000.0)
    bars = Bars(labels=names, values=values, y_label="images", unit="count")
    assert describe((bars,)) == "Images: 11 bars, highest class 10 5\u202f000, lowest class 0 0"
    assert describe((replace(bars, values=(4.0,) * 11),)) == "Images: 11 bars, each 4"
    holed = replace(bars, values=(math.nan, *values[1:]))
    assert describe((holed,)).endswith("highest class 10 5\u202f000, lowest class 1 1")
    assert describe((replace(bars, values=(math.nan,) * 11),)).endswith("without a finite value")
    ten = replace(bars, labels=names[:10], values=values[:10])
    assert describe((ten,)).count("class") == 10


def test_the_largest_confusion_is_that_of_the_data():
    """Against a search through a random matrix; also where nothing is confused."""
    source = np.random.default_rng(1)
    counts = source.permutation(49).reshape(7, 7)
    names = tuple(f"c{i}" for i in range(7))
    values = tuple(tuple(map(float, row)) for row in counts)
    matrix = Matrix(row_labels=names, column_labels=names, values=values)
    apart = counts.copy()
    np.fill_diagonal(apart, -1)
    row, column = np.unravel_index(apart.argmax(), apart.shape)
    share = 100 * counts.trace() / counts.sum()
    assert describe((matrix,)) == (
        f"Matrix of true class by predicted class, 7 by 7: {share:.1f} % of 1\u202f176 on the "
        f"diagonal; largest beside it: {apart.max()} (true class c{row}, predicted class c{column})"
    )
    eye = replace(matrix, values=tuple(tuple(map(float, row)) for row in np.eye(7)))
    assert describe((eye,)).endswith(": 100.0 % of 7 on the diagonal, nothing beside it")
    empty = replace(matrix, values=((0.0,) * 7,) * 7)
    assert describe((empty,)).endswith("7 by 7, all zero")
    other = replace(matrix, column_labels=tuple("abcdefg"))
    assert "diagonal" not in describe((other,))


def test_images_are_counted_and_named():
    """By description and labels; nothing is made up where there is neither."""
    square = np.zeros((8, 8), np.uint8)
    grid = ImageGrid(images=(square,) * 14, labels=tuple(f"map_{i}" for i in range(14)))
    assert describe((grid,)).startswith("14 images: map 0; map 1; ")
    assert describe((grid,)).endswith("; map 11; and 2 more")
    assert describe((replace(grid, labels=()),)) == ""


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.8766, "fraction", "87.7 %"),
        (-0.0001, "fraction", "0.0 %"),
        (-0.25, "fraction", "−25.0 %"),
        (12345.6, "", "12\u202f346"),
        (0.00012345, "", "0.000123"),
        (2.3149, "nats", "2.31"),
        (math.inf, "nats", "not finite"),
    ],
)
def test_a_value_is_said_as_the_axis_has_it(value, unit, text):
    """Fractions in per cent, large numbers with their thousands apart."""
    assert shown(value, unit) == text


def test_a_metric_without_unit_is_no_accuracy():
    """Its axis says value."""
    metric = Metric(value=2.0, unit="", history=(Reading(value=1.0, epoch=1),), split="test")
    assert describe((metric,)) == "Test value: is 1 in epoch 1"
