"""Bars and matrices → drawings in which no name touches another one and none is cut."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from reporter.drawing import bands, style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from reporter.artifacts import Bars, Matrix

TALLEST_MM = 178.0  # so that a figure fits on a page with its caption
NAME_SHARES = 0.36, 0.5  # of the width, for the names of bars and rows; of more than MANY
MANY = 10
WORD_SHARE = 0.6  # of the width; a word that is longer is broken
ROW_MM, BAR_MM, LEAST_MM = 7.5, 5.5, 25.0
LETTER_MM = 1.3  # on average
SCALE_MM = 8.0  # of the colours, where values do not fit into the cells
COLUMN_MM = 42.0  # the longest name that stands along a column
AROUND_MM = 11.0  # titles of the axes, and gaps
AS_DARK_AS_LIGHT = 0.18  # the luminance that black and white stand out from equally
ODD = {"nan": "not a number", "inf": "∞", "-inf": "−∞"}
VALUE_SIZES = (7.0, 6.5, 6.0)  # points


def matrix_width(matrix: Matrix) -> float:
    """Return the width in mm at which a matrix has cells that are not too large.

    A drawing that is kept needs it, too, so that nothing is measured here.
    """
    names = LETTER_MM * max(map(len, matrix.row_labels), default=0)
    return min(names, COLUMN_MM) + AROUND_MM + 11.0 * max(2, len(matrix.column_labels))


def fill_bars(bars: Bars, figure: Figure, axes: Axes) -> None:
    """Draw a horizontal bar for each value, with its name and its number."""
    width = figure.get_figwidth() * 25.4
    names = _names(bars.labels, width)
    lines = max((name.count("\n") + 1 for name in names), default=1)
    row = max(BAR_MM, lines * style.LINE_MM + 1)
    row = max(style.LINE_MM * lines, min(row, (TALLEST_MM - 14) / max(1, len(names))))
    every = math.ceil(len(names) * row / (TALLEST_MM - 14))
    figure.set_figheight((14 + row * len(names) / every) / 25.4)
    factor = 100 if bars.unit == "fraction" else 1
    positions = range(len(names))
    wide = [factor * value if math.isfinite(value) else 0.0 for value in bars.values]
    drawn = axes.barh(positions, wide, height=0.62, color=style.PALETTE[0])
    if every == 1:
        numbers = [_number(factor * value, bars.unit) for value in bars.values]
        axes.bar_label(drawn, numbers, padding=3, fontsize=style.SMALL)
    axes.set_yticks(positions[::every], names[::every])
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    room = width - 4 - max(map(style.text_mm, names), default=0.0)
    axes.set_xlabel(style.wrapped(bands.with_unit(bars.y_label, bars.unit), room, style.SIZE))
    axes.margins(x=0.1)
    style.thin_ticks(figure, axes)


def fill_matrix(matrix: Matrix, figure: Figure, axes: Axes) -> None:
    """Draw a grid of shaded cells with their values, where these fit, else with a scale."""
    import numpy as np

    width = figure.get_figwidth() * 25.4
    names = _names(matrix.row_labels, width)
    count = max(1, len(matrix.column_labels))
    cell = (width - AROUND_MM - max(map(style.text_mm, names), default=0.0)) / count
    columns, is_upright = _column_names(matrix, cell)
    if len(columns) < count:  # names have no room there: numbers stand for them
        names = [f"{name} {index}" for index, name in enumerate(names, 1)]
    lines = max((name.count("\n") + 1 for name in names), default=1)
    row = max(lines * style.LINE_MM + 0.4, min(ROW_MM, cell))
    below = max(map(style.text_mm, columns.values())) if is_upright else style.LINE_MM
    size = _value_size(matrix, cell)
    around = below + AROUND_MM + (0 if size else SCALE_MM)
    high = min(max(LEAST_MM, row * len(names)), TALLEST_MM - around)
    every = math.ceil(len(names) * style.LINE_MM * lines / high)
    figure.set_figheight((high + around) / 25.4)
    edge: Any = {"edgecolors": "white", "linewidth": 0.3} if size else {"edgecolors": "face"}
    values = [[v if math.isfinite(v) else math.nan for v in row] for row in matrix.values]
    mesh = axes.pcolormesh(np.ma.masked_invalid(values), cmap="Blues", vmin=0, **edge)
    if size:
        _write_values(axes, matrix, mesh, size)
    else:
        _add_scale(figure, axes, mesh, (cell * count, high))
    axes.set_xticks(
        [place + 0.5 for place in columns], [*columns.values()], rotation=90 if is_upright else 0
    )
    axes.set_yticks([index + 0.5 for index in range(0, len(names), every)], names[::every])
    axes.set_ylim(len(names), 0)
    axes.set_xlabel(style.wrapped(matrix.column_title, cell * count + 2, style.SIZE))
    axes.set_ylabel(style.wrapped(matrix.row_title, high, style.SIZE))
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _add_scale(figure: Figure, axes: Axes, mesh: Any, size_mm: tuple[float, float]) -> None:
    """Say above the cells what their colours mean."""
    above = axes.inset_axes((0, 1 + 2 / size_mm[1], 1, 2 / size_mm[1]))
    from matplotlib.ticker import MaxNLocator

    scale = figure.colorbar(mesh, cax=above, orientation="horizontal", ticklocation="top")
    scale.locator = MaxNLocator(max(1, int(size_mm[0] / 8)), integer=True)
    scale.outline.set_visible(False)


def _column_names(matrix: Matrix, cell_mm: float) -> tuple[dict[int, str], bool]:
    """Return what stands below which columns, and whether it stands upright."""
    names = _readable(matrix.column_labels)
    if all(style.text_mm(name) < cell_mm - 1 for name in names):
        return dict(enumerate(names)), False
    if cell_mm >= style.LINE_MM:
        long = COLUMN_MM if cell_mm < 2 * style.LINE_MM else COLUMN_MM / 2
        upright = [style.wrapped(name, long) for name in names]
        if all((n.count("\n") + 1) * style.LINE_MM <= cell_mm for n in upright):
            return dict(enumerate(upright)), True
    every = math.ceil((style.text_mm(str(len(names))) + 1.5) / cell_mm)
    return {i: str(i + 1) for i in range(every - 1, len(names), every)}, False


def _value_size(matrix: Matrix, cell_mm: float) -> float:
    """Return the size at which all values fit into cells of that width; 0 where none does."""
    texts = {_cell(value) for row in matrix.values for value in row if value}
    high = (TALLEST_MM - COLUMN_MM) / max(1, len(matrix.values))  # at least
    for size in VALUE_SIZES:
        is_low = size * style.MM_PER_POINT < high
        if is_low and all(style.text_mm(text, size) < cell_mm - 0.8 for text in texts):
            return size
    return 0.0


def _write_values(axes: Axes, matrix: Matrix, mesh: Any, size: float) -> None:
    for row, values in enumerate(matrix.values):
        for column, value in enumerate(values):
            if value:
                is_dark = math.isfinite(value) and _is_dark(mesh.cmap(mesh.norm(value)))
                axes.text(
                    column + 0.5,
                    row + 0.5,
                    _cell(value),
                    ha="center",
                    va="center_baseline",
                    color="white" if is_dark else "black",
                    fontsize=size,
                )


def _is_dark(colour: Sequence[float]) -> bool:
    """Tell whether white stands out from a colour better than black does (WCAG 2.2, 1.4.3)."""
    red, green, blue = (part**2.2 for part in colour[:3])
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return bool(light < AS_DARK_AS_LIGHT)


def _cell(value: float) -> str:
    return "NaN" if math.isnan(value) else ODD.get(str(value)) or f"{value:g}"


def _number(value: float, unit: str) -> str:
    if not math.isfinite(value):
        return ODD[str(value)]
    if unit == "count":
        return f"{value:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    return f"{value:.1f}" if unit == "fraction" else f"{value:.3g}"


def _names(labels: Sequence[str], width_mm: float) -> list[str]:
    """Return the names of bars or rows, in lines; a word is broken only where it must."""
    names = _readable(labels)
    words = max((style.text_mm(word) for name in names for word in name.split()), default=0.0)
    room = max(width_mm * NAME_SHARES[len(names) > MANY], words)
    return [style.wrapped(name, min(room, WORD_SHARE * width_mm)) for name in names]


def _readable(labels: Sequence[str]) -> list[str]:
    return [label.replace("_", " ") for label in labels]
