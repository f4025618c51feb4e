"""What a figure of curves draws → a table of its points, for readers who want the numbers."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any

from reporter.artifacts import Curves, Metric
from reporter.drawing import bands
from reporter.prose.styles import SPACE, default_style, short_style

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reporter.drawing.bands import Band

MOST_ROWS = 40  # of a table; a longer course is thinned


def details(panels: Iterable[tuple[str, tuple[Any, ...]]]) -> str:
    """Return an element that unfolds the values of a figure; "" where nothing in it is a curve.

    Args:
        panels: of each its mark, "(a)" or "", and its output for each seed.
    """
    grids = [
        _table(mark, outputs)
        for mark, outputs in panels
        if outputs and isinstance(outputs[0], Curves | Metric)
    ]
    if not grids:
        return ""
    return f'<details class="screen values"><summary>Values</summary>{"".join(grids)}</details>'


def thinned(places: Sequence[float]) -> list[float]:
    """Return `places`, or evenly spaced ones of many, the first and the last among them."""
    last = len(places) - 1
    if last < MOST_ROWS:
        return list(places)
    return [places[round(i * last / (MOST_ROWS - 1))] for i in range(MOST_ROWS)]


def _table(mark: str, outputs: tuple[Any, ...]) -> str:
    axes = bands.curves(outputs[0])
    courses = bands.in_order(bands.over_seeds(outputs), axes.x_label)
    every = sorted({x for course in courses for x in course.x})
    chosen = thinned(every)
    title = f"{mark} {axes.y_label}".strip()
    if any(any(course.spread) for course in courses):
        title += f", mean ± standard deviation of {len(outputs)} seeds"
    if len(chosen) < len(every):
        title += f"; {len(chosen)} of {len(every)} points, evenly spaced"
    heads = [axes.x_label, *(course.label or axes.y_label for course in courses)]
    head = "".join(f'<th scope="col" class="number">{escape(text)}</th>' for text in heads)
    columns = [[_number(x, short_style(x)) for x in chosen]]
    columns += [_column(course, chosen, axes.unit) for course in courses]
    rows = "".join(
        "<tr>" + "".join(f'<td class="number">{cell}</td>' for cell in row) + "</tr>"
        for row in zip(*columns, strict=True)
    )
    return (
        f'<div class="scroll"><table><caption>{escape(title)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _column(course: Band, places: Sequence[float], unit: str) -> list[str]:
    """Return a curve's cells, a dash where it has no point."""
    style, suffix = default_style(unit, ())
    points = dict(zip(course.x, zip(course.mean, course.spread, strict=True), strict=True))
    return [_cell(points[x], style, suffix) if x in points else "–" for x in places]


def _cell(point: tuple[float, float], style: Any, suffix: str) -> str:
    mean, spread = point
    if not math.isfinite(mean):
        return _number(mean, style(mean))
    deviation = f"{SPACE}±{SPACE}{style(spread)}" if spread else ""
    return _number(mean, f"{style(mean)}{deviation}{suffix}")


def _number(value: float, shown: str) -> str:
    return f'<data value="{value!r}">{shown}</data>'
