"""Drawings: nothing touches or is cut, colours are told apart, sizes hold at final width."""

import itertools
import re
from functools import cache

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from reporter import figures
from reporter.drawing import charts, curves, diagrams, style
from tests import hard_cases
from tests.hard_cases import cases
from tests.workspaces import every_artifact

LEAST_POINTS = 6.0
DRAWN = {
    **cases(),
    "stages": ((every_artifact()["stages"],), 1),
    "stages in two": ((every_artifact()["stages"],), 2),
}


def _width(outputs, columns):
    width = (figures.TEXT_WIDTH_MM - figures.GAP_MM * (columns - 1)) / columns
    is_matrix = isinstance(outputs[0], hard_cases.Matrix)
    return min(width, charts.matrix_width(outputs[0])) if is_matrix else width


@pytest.fixture(autouse=True, scope="module")
def _style():
    with mpl.rc_context(style.settings()):
        yield


@cache
def _plotted(name: str) -> Figure:
    """Draw a case and settle its layout."""
    outputs, columns = DRAWN[name]
    figure = figures.plotted(outputs, _width(outputs, columns), alone=columns == 1)
    figure.draw_without_rendering()
    return figure


def _texts(figure: Figure) -> list[Text]:
    """Return every text that is seen; ticks beyond the limits of an axis are none."""
    hidden = set()
    for axes in figure.findobj(mpl.axes.Axes):
        for axis in (axes.xaxis, axes.yaxis):
            drawn = {id(tick) for tick in axis._update_ticks() if axes.axison}
            ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
            hidden |= {id(t) for tick in ticks if id(tick) not in drawn for t in tick.findobj(Text)}
    return [
        text
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip() and id(text) not in hidden
    ]


@pytest.mark.parametrize("name", DRAWN)
def test_no_text_touches_another_or_is_cut(name):
    """Of all titles, ticks, names, values and legends, each stands by itself inside the figure."""
    figure = _plotted(name)
    texts = _texts(figure)
    boxes = np.array([Text.get_window_extent(text).extents for text in texts])
    names = [text.get_text() for text in texts]
    outer = figure.bbox.extents
    is_cut = (boxes[:, :2] < outer[:2] - 0.5).any(1) | (boxes[:, 2:] > outer[2:] + 0.5).any(1)
    assert [names[index] for index in is_cut.nonzero()[0]] == []
    overlap = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    overlap -= np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    touching = np.triu((overlap > 0.5).all(2), 1)
    assert [(names[a], names[b]) for a, b in np.argwhere(touching)] == []


@pytest.mark.parametrize("name", DRAWN)
def test_text_is_as_large_at_final_width_in_any_number_of_columns(name):
    """A figure is drawn at the width that it is shown at: titles 8, ticks 7.5, nothing below 6."""
    figure = _plotted(name)
    assert figure.get_figwidth() * 25.4 == pytest.approx(_width(*DRAWN[name]))
    assert {text.get_fontname() for text in _texts(figure)} == {"Source Sans Pro"}
    assert min(text.get_fontsize() for text in _texts(figure)) >= LEAST_POINTS
    for axes in figure.axes:
        if axes.get_xlabel():
            assert axes.xaxis.label.get_fontsize() == style.SIZE
            sizes = {label.get_fontsize() for label in axes.get_xticklabels()}
            assert sizes <= {style.SMALL}


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_fits_on_a_page(name):
    """With its caption below it."""
    assert _plotted(name).get_figheight() * 25.4 <= figures.TALLEST_MM


@pytest.mark.parametrize("name", [name for name in DRAWN if "rates" in name or "named" in name])
def test_a_legend_covers_nothing(name):
    """It stands on room of its own, or each line is named beside its end."""
    figure = _plotted(name)
    (axes,) = figure.axes
    frame = axes.get_window_extent()
    for legend in figure.legends:
        assert not legend.get_window_extent().overlaps(frame)
    for name_text in axes.texts:
        assert Text.get_window_extent(name_text).x0 > frame.x1
    assert figure.legends or len(axes.texts) == len(axes.get_lines())


def test_many_rates_are_told_in_rows_with_a_heading():
    """From the largest to the smallest, in whatever order they ran; colours of one ramp."""
    figure = _plotted("nine rates in two")
    (legend,) = figure.legends
    assert legend.get_title().get_text() == "learning rate"
    places = [text.get_window_extent() for text in legend.get_texts()]
    words = [text.get_text() for text in legend.get_texts()]
    read = [words[i] for i in sorted(range(9), key=lambda i: (-round(places[i].y0), places[i].x0))]
    assert read == [f"{rate:g}" for rate in hard_cases.RATES]
    light = [_lab(_linear(line.get_color()))[0] for line in figure.axes[0].get_lines()]
    assert light == sorted(light)


def test_few_lines_are_named_at_their_ends_when_alone():
    """Side by side with others, all have a legend; so has one whose curve broke off."""
    alone = _plotted("three seeds")
    assert [text.get_text() for text in alone.axes[0].texts] == [
        "rate 0.03",
        "0.01",
        "0.003",
        "0.001",
    ]
    for name in ("three seeds in two", "diverged"):
        assert len(_plotted(name).legends) == 1


def test_names_are_moved_apart_as_little_as_possible():
    """Against a search over a grid of all places that are far enough apart."""
    places, step = [3.0, 0.0, 3.5], 2.0
    moved = curves.spread(places, step)
    grid = np.arange(-3, 8, 0.25)
    allowed = (
        (a, b, c)
        for a, b, c in itertools.product(grid, repeat=3)
        if min(abs(a - b), abs(b - c), abs(a - c)) >= step
    )
    best = min(allowed, key=lambda t: sum((x - y) ** 2 for x, y in zip(t, places, strict=True)))
    assert moved == pytest.approx(best)
    assert curves.spread([0.0, 9.0], step) == [0.0, 9.0]


def test_rounding_errors_take_no_room_on_a_logarithmic_axis():
    """The lowest value drawn is a millionth of the highest."""
    (axes,) = _plotted("logarithmic").axes
    assert axes.get_ylim()[0] == pytest.approx(1 / curves.LOG_RANGE)
    assert axes.get_yscale() == "log"


@pytest.mark.parametrize(("unit", "least", "most"), [("fraction", -3, 102), ("nats", -0.1, 2)])
def test_a_band_does_not_draw_what_cannot_be(unit, least, most):
    """No share below nothing or above all, and no loss below nothing."""
    outputs = tuple(hard_cases.curves(("a", [v, 1.0 - v]), unit=unit) for v in (0.0, 0.9))
    bottom, top = figures.plotted(outputs, 66, alone=False).axes[0].get_ylim()
    assert least <= bottom < 0
    assert top <= most


def test_a_point_between_holes_is_seen():
    """A line needs two points; one alone is a dot."""
    line, _ = _plotted("hole").axes[0].get_lines()
    assert (line.get_marker(), line.get_markevery()) == ("o", [3])
    assert _plotted("one point").axes[0].get_lines()[0].get_marker() == "o"


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("nine rates", "validation accuracy (%)"),
        ("one point", "training loss (nats)"),
        ("tiny range", "training loss (%)"),
    ],
)
def test_the_title_of_an_axis_names_the_unit(name, title):
    """Fractions are drawn in per cent, and say so."""
    (axes,) = _plotted(name).axes
    assert axes.get_ylabel().replace("\n", " ") == title


@pytest.mark.parametrize("columns", [1, 2, 3])
def test_a_drawing_is_as_wide_as_it_is_shown(columns, tmp_path):
    """So that 8 points in the file are 8 points on paper, in however many columns."""
    drawn = figures.draw((every_artifact()["loss"],), tmp_path, columns=columns)
    points = float(re.search(r'<svg[^>]* width="([\d.]+)pt"', drawn.content.decode())[1])
    assert points / 72 * 25.4 == pytest.approx(drawn.width_mm, abs=0.01)
    gaps = figures.GAP_MM * (columns - 1)
    assert drawn.width_mm == pytest.approx((figures.TEXT_WIDTH_MM - gaps) / columns)


def test_curves_are_vectors_and_cells_too(tmp_path):
    """No raster is hidden in the SVG."""
    for name in ("nine rates", "15 classes", "27 bars"):
        outputs, columns = DRAWN[name]
        svg = figures.draw(outputs, tmp_path, columns=columns).content.decode()
        assert "<image" not in svg
        assert re.search(r'width="[\d.]+pt"', svg)


# Machado, Oliveira and Fernandes 2009, "A physiologically-based model for simulation of color
# vision deficiency", https://doi.org/10.1109/TVCG.2009.113, severity 1.0, on linear RGB.
SEEN = {
    "all": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602]],
}
SEEN["protan"].append([-0.003882, -0.048116, 1.051998])
SEEN["deutan"].append([-0.011820, 0.042940, 0.968881])
SEEN["tritan"].append([0.004733, 0.691367, 0.303900])
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def _linear(colour: str) -> np.ndarray:
    rgb = np.array(mpl.colors.to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def _lab(linear: np.ndarray) -> np.ndarray:
    xyz = TO_XYZ @ linear / [0.9505, 1.0, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("vision", SEEN)
def test_any_two_colours_are_told_apart_by_everyone(vision):
    """Their distance in CIELAB is 15 at least, as a colour-blind reader sees them, too."""
    seen = [_lab(np.clip(np.array(SEEN[vision]) @ _linear(c), 0, 1)) for c in style.PALETTE]
    for one, other in itertools.combinations(seen, 2):
        assert np.linalg.norm(one - other) >= 15


def test_the_blocks_of_a_network_are_told_apart_in_grey():
    """Each kind from the other two, by lightness."""
    kinds = [_lab(_linear(diagrams.COLOURS[kind]))[0] for kind in diagrams.NAMES]
    assert min(abs(a - b) for a, b in itertools.combinations(kinds, 2)) >= 10


@pytest.mark.parametrize("count", [2, 4, 6, 9])
def test_neighbours_are_told_apart_in_grey(count):
    """By lightness, 15 at least between named curves; rates have an order, and other dashes."""
    for looks, least in (
        (style.lines(min(count, 6)), 15),
        (style.lines(count, is_ordered=True), 40 / count),
    ):
        light = [_lab(_linear(look["color"]))[0] for look in looks]
        for (a, one), (b, other) in itertools.pairwise(zip(light, looks, strict=True)):
            assert abs(a - b) >= least
            assert one["linestyle"] != other["linestyle"]


def test_every_line_stands_out_from_paper():
    """A contrast of 3 at least, as WCAG 2.2 asks of graphics (1.4.11)."""
    ramp = [look["color"] for look in style.lines(9, is_ordered=True)]
    for colour in (*style.PALETTE, *ramp):
        assert 1.05 / (TO_XYZ[1] @ _linear(colour) + 0.05) >= 2.95


def test_the_values_of_a_matrix_are_read_on_every_shade():
    """A contrast of 4.5 at least between a number and its cell, as WCAG 2.2 asks of text."""
    shades = [mpl.colormaps["Blues"](level / 40) for level in range(41)]
    for shade in shades:
        light = TO_XYZ[1] @ _linear(mpl.colors.to_hex(shade)) + 0.05
        contrast = 1.05 / light if charts._is_dark(shade) else light / 0.05
        assert contrast >= 4.5


def test_twelve_named_curves_look_all_different():
    """Colours and dashes have periods of 6 and 4, so that twelve pairs come before the first."""
    looks = {tuple(sorted(look.items())) for look in style.lines(12)}
    assert len(looks) == 12
