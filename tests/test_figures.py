"""Figures: drawn once, the same on every day, curves over seeds matched by what they are."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from reporter import figures
from reporter.artifacts import Curves, ImageGrid, Series
from tests.workspaces import every_artifact

CURVES = Curves(
    series=(
        Series(label="0.1", x=(1.0, 2.0), y=(0.0, 1.0)),
        Series(label="0.01", x=(1.0,), y=(5.0,)),
    ),
    x_label="epoch",
    y_label="loss",
)


def test_curves_over_seeds_are_matched_by_label_and_x():
    """A rate that one seed lost takes nobody else's place."""
    other = replace(CURVES, series=(Series(label="0.01", x=(1.0, 2.0), y=(7.0, 9.0)),))
    bands = figures._over_seeds([CURVES, other])
    assert bands[0] == ("0.1", (1.0, 2.0), [0.0, 1.0], [0.0, 0.0])
    label, x, mean, spread = bands[1]
    assert (label, x, mean) == ("0.01", (1.0, 2.0), [6.0, 9.0])
    assert spread == pytest.approx([2**0.5, 0.0])


@pytest.mark.parametrize(
    "name", ["loss", "test_accuracy", "names", "confusion", "filters", "stages"]
)
def test_figure_is_drawn_once_and_the_same_again(name, tmp_path):
    """The cache holds one file, and another cache the same bytes."""
    artifact = every_artifact()[name]
    first = figures.draw((artifact,), tmp_path / "a")
    again = figures.draw((artifact,), tmp_path / "a")
    elsewhere = figures.draw((artifact,), tmp_path / "b")
    assert first == again == elsewhere
    assert len(list((tmp_path / "a").iterdir())) == 1


STAGES = (
    "The network from left to right: image gives 8×8×3, conv 3×3 gives 8×8×4, "
    "pooling gives 4×4×4, linear gives 2"
)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("loss", "training loss (nats) over iteration: 0.1 goes from 1.5 to 0.5"),
        ("test_accuracy", "test accuracy (%) over epoch: 0.1 goes from 25.0 % to 50.0 %"),
        ("names", "share: dog 50.0 %, cat 25.0 %"),
        ("confusion", "Matrix of true class by predicted class: 12 of 15 on the diagonal"),
        ("filters", "two filters"),
        ("mistakes", "true: dog cat 61 %"),
        ("stages", STAGES),
    ],
)
def test_alt_text_says_what_is_drawn(name, words):
    """It comes from the data, so it is never wrong."""
    assert figures.describe((every_artifact()[name],)) == words


def test_a_tall_montage_fits_on_a_page(tmp_path):
    """Sixteen rows of squares are drawn narrower, in proportion."""
    square = np.zeros((8, 8, 3), np.uint8)
    grid = ImageGrid(images=(square,) * 64, columns=4, description="many")
    width = figures.draw((grid,), tmp_path).width_mm
    assert width * 16 / 4 == pytest.approx(figures.TALLEST_MM)
    assert figures.draw((replace(grid, columns=8),), tmp_path).width_mm == figures.TEXT_WIDTH_MM


def test_rounding_errors_take_no_room_on_a_logarithmic_axis():
    """The lowest value drawn is a millionth of the highest."""
    axes = Figure().add_subplot()
    curves = replace(CURVES, log_y=True, unit="fraction")
    figures._fill_curves(axes, [("", (1.0, 2.0, 3.0), [0.5, 0.1, 1e-17], [0.0] * 3)], curves)
    assert axes.get_ylim()[0] == pytest.approx(50 / figures.LOG_RANGE)
    assert axes.get_yscale() == "log"


def test_the_legend_says_that_numbers_are_rates():
    """Once, before the first of them; other names stand as they are."""
    for labels, shown in ((("0.1", "0.01"), ["rate 0.1", "0.01"]), (("a", "0.1"), ["a", "0.1"])):
        series = tuple(Series(label=label, x=(1.0, 2.0), y=(0.0, 1.0)) for label in labels)
        figure = Figure(layout="constrained")
        figures._fill(figure, figure.add_subplot(), (replace(CURVES, series=series),))
        assert [text.get_text() for text in figure.legends[0].get_texts()] == shown
    figure = Figure(layout="constrained")
    figures._fill(figure, figure.add_subplot(), (replace(CURVES, x_label="step"),))
    assert figure.legends[0].get_texts()[0].get_text() == "0.1"
