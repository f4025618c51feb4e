"""Figures: drawn once, the same on every day, curves over seeds matched by what they are."""

import io
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from reporter import figures
from reporter.artifacts import Curves, ImageGrid, Series
from reporter.drawing import bands
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
    first, second = bands.over_seeds((CURVES, other))
    assert (first.label, first.x, first.mean, first.spread) == ("0.1", (1, 2), (0, 1), (0, 0))
    assert (second.label, second.x, second.mean) == ("0.01", (1, 2), (6, 9))
    assert second.spread == pytest.approx((2**0.5, 0))
    assert (first.seeds, second.seeds) == (1, 1)


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


def test_a_tall_montage_fits_on_a_page(tmp_path):
    """Sixteen rows of squares are drawn narrower, in proportion."""
    square = np.zeros((8, 8, 3), np.uint8)
    grid = ImageGrid(images=(square,) * 64, columns=4, description="many")
    width = figures.draw((grid,), tmp_path).width_mm
    assert width * 16 / 4 == pytest.approx(figures.TALLEST_MM)
    assert figures.draw((replace(grid, columns=8),), tmp_path).width_mm == figures.TEXT_WIDTH_MM


@pytest.mark.parametrize(
    ("source", "width_mm", "drawn"),
    [
        ((600, 400), 25.4, (300, 200)),  # more than print shows: reduced to 300 dpi
        ((200, 100), 25.4, (200, 100)),  # less: left as it is
        ((11, 7), 25.4, (88, 56)),  # a filter: each pixel becomes 8 x 8 of its colour
    ],
)
def test_an_image_has_the_resolution_of_print_and_is_never_interpolated_up(
    source, width_mm, drawn, tmp_path
):
    """300 dpi at the width on the page where the source has as much."""
    noise = np.random.default_rng(0).integers(0, 255, (source[1], source[0], 3), np.uint8)
    picture = Image.open(io.BytesIO(figures.image(noise, tmp_path, width_mm).content))
    assert picture.size == drawn
    if drawn[0] >= source[0]:
        whole = np.asarray(picture)[:: drawn[1] // source[1], :: drawn[0] // source[0]]
        assert (whole == noise).all()


def test_the_same_image_at_another_width_is_another_drawing(tmp_path):
    """Each is kept at its own resolution."""
    noise = np.zeros((900, 900), np.uint8)
    sizes = [
        Image.open(io.BytesIO(figures.image(noise, tmp_path, width).content)).width
        for width in (25.4, 50.8)
    ]
    assert sizes == [300, 600]


def test_a_montage_of_large_images_is_reduced_to_print(tmp_path):
    """Eight photographs in a row have no more pixels together than paper shows."""
    grid = ImageGrid(images=(np.zeros((500, 500, 3), np.uint8),) * 8, columns=8, description="x")
    drawn = figures.draw((grid,), tmp_path)
    width = Image.open(io.BytesIO(drawn.content)).width
    assert width == pytest.approx(drawn.width_mm / 25.4 * 300, abs=1)


def test_nothing_is_drawn_between_the_images_of_a_montage(tmp_path):
    """White images keep their white, and the page shows between them, light or dark."""
    grid = ImageGrid(images=(np.full((2, 2), 255, np.uint8),) * 3, columns=2, description="x")
    opacity = np.asarray(Image.open(io.BytesIO(figures.draw((grid,), tmp_path).content)))[..., 3]
    height, width = opacity.shape
    corners = opacity[:: height - 1, :: width - 1]
    assert corners.tolist() == [[255, 255], [255, 0]]
    assert opacity[height // 2].max() == opacity[:, width // 2].max() == 0


def test_words_about_drawings_redraw_none():
    """A kept drawing's name depends on the code that draws, and not on the one that describes."""
    folder = Path(bands.__file__).parent
    names = {path.name for path in figures.drawing_files()}
    assert names == {"figures.py", *(path.name for path in folder.glob("*.py"))} - {
        "descriptions.py"
    }


def test_settings_of_matplotlib_change_nothing(tmp_path):
    """Neither the user's own nor a matplotlibrc that lies beside a report."""
    outputs = (every_artifact()["loss"],)
    usual = figures.draw(outputs, tmp_path / "usual").content
    with mpl.rc_context({"lines.linewidth": 9, "axes.grid": True, "xtick.major.size": 30}):
        assert figures.draw(outputs, tmp_path / "other").content == usual
        assert mpl.rcParams["lines.linewidth"] == 9
