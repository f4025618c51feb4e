"""Curves over seeds → lines with bands, named at their ends or in a legend that covers nothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from reporter.drawing import bands, style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from reporter.artifacts import Artifact, Curves, Metric
    from reporter.drawing.bands import Band

LOG_RANGE = 1e6  # between the highest value and the lowest that is drawn
DIVERGED = 10.0  # times the highest first loss: a curve beyond leaves the axes at the top
LEAST_WRITTEN = 1e-4  # on a logarithmic axis; lower ones are written as 1e−5
DENSE = 200  # points; a curve of more is drawn thin
LEAST_MM, SHAPE = 42.0, 0.42  # height of a panel, and its share of the width
AROUND_MM = 14.0  # beside the axes: ticks, titles of one line, gaps
ENTRY_MM = 11.2  # of a legend beside its text: line, gaps
MOST_NAMED = 5  # lines that are named at their ends
NAME_MM = 30.0  # the longest name that stands there
NAME_PLACE = 1.02  # of the axes' width
NAME_POINTS = 9.0  # from name to name there
NEAR = 0.9  # of NAME_POINTS: how far a name may stand from its line's end


def fill(
    outputs: tuple[Metric | Artifact, ...],
    figure: Figure,
    axes: Axes,
    *,
    alone: bool,
    has_legend: bool = True,
) -> None:
    """Draw curves given for each seed; one that stands `alone` may name lines at their ends."""
    curves = bands.curves(outputs[0])
    found = bands.in_order(bands.over_seeds(outputs), curves.x_label)
    width = figure.get_figwidth() * 25.4
    is_rate = bool(bands.rates_of(found, curves.x_label))
    styles = style.lines(len(found), is_ordered=is_rate)
    factor = 100 if curves.unit == "fraction" else 1
    drawn = [*zip(found, styles, strict=True)]
    for band, look in drawn:
        _draw(axes, band, factor, look)
    _set_axes(axes, curves, found, factor, width)
    is_named = alone and _name_ends(figure, axes, drawn, factor, is_rate=is_rate)
    if len(found) > 1 and has_legend and not is_named:
        _add_legend(figure, axes, "learning rate" if is_rate else "")
    style.thin_ticks(figure, axes)


def _draw(axes: Axes, band: Band, factor: int, look: dict[str, Any]) -> None:
    y = [factor * value for value in band.mean]
    is_drawn = [False, *map(math.isfinite, y), False]
    lone = [
        index
        for index in range(len(y))
        if is_drawn[index + 1] and not (is_drawn[index] or is_drawn[index + 2])
    ]
    if lone:  # a line needs two points
        look = {**look, "marker": "o", "markersize": 2.5, "markevery": lone}
    width = style.LINE_PT if len(y) < DENSE else 0.6
    axes.plot(band.x, y, label=band.label or None, linewidth=width, **look)
    if any(band.spread):
        low = [v - factor * s for v, s in zip(y, band.spread, strict=True)]
        high = [v + factor * s for v, s in zip(y, band.spread, strict=True)]
        axes.fill_between(band.x, low, high, color=look["color"], alpha=0.18, linewidth=0)


def _set_axes(
    axes: Axes, curves: Curves, found: Sequence[Band], factor: int, width_mm: float
) -> None:
    """Choose scale, limits, ticks and titles."""
    highest = max((factor * value for band in found for _, value in band.finite), default=0.0)
    axes.margins(x=0.02)
    if curves.log_y and highest > 0:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(lambda value, _: _power(value))
        # rounding errors far below all else would take all the room
        axes.set_ylim(bottom=max(axes.get_ylim()[0], highest / LOG_RANGE))
    else:
        axes.ticklabel_format(useOffset=False)
    bottom, top = axes.get_ylim()  # bands may reach beyond what a share or a loss can be
    values = [value for band in found for _, value in band.finite]
    if curves.unit in ("fraction", "nats") and not curves.log_y and min(values, default=0) >= 0:
        most = 102 if curves.unit == "fraction" else top
        axes.set_ylim(max(bottom, -0.02 * min(most, top)), min(most, top))
    if curves.unit == "nats" and not curves.log_y:
        _cut_off(axes, found)
    places = {x for band in found for x in band.x}
    if len(places) == 1:
        axes.set_xticks([*places])
    elif all(float(x).is_integer() for x in places):
        axes.locator_params(axis="x", integer=True)
    if not any(band.finite for band in found):
        axes.set_yticks([])
        axes.set_xlim(min(places, default=0), max(places, default=0) + 1)
        axes.text(0.5, 0.5, "no finite value", ha="center", transform=axes.transAxes)
    elif sum(len(band.finite) for band in found) < sum(len(band.x) for band in found):
        room = 0.02 * (max(places) - min(places))  # also for what has no finite value
        axes.set_xlim(min(places) - room, max(places) + room)
    _set_titles(axes, curves, width_mm)
    axes.grid(axis="y", linewidth=0.3, color="#bbbbbb")
    axes.set_axisbelow(True)


def _cut_off(axes: Axes, found: Sequence[Band]) -> None:
    """End the axes where a loss that diverges would leave the others no room, and say so."""
    limit = DIVERGED * max((band.finite[0][1] for band in found if band.finite), default=0.0)
    values = [value for band in found for _, value in band.finite]
    if limit <= 0 or max(values) <= limit:
        return
    top = 1.05 * max(value for value in values if value <= limit)
    axes.set_ylim(-0.02 * top, top)
    highest = max(found, key=lambda band: max((value for _, value in band.finite), default=0.0))
    left, right = axes.get_xlim()
    x = next(x for x, value in highest.finite if value > limit)
    is_late = x > (left + right) / 2
    axes.annotate(
        f"up to {_power(max(values))} ",
        (x, top),
        (-2 if is_late else 3, -1),
        textcoords="offset points",
        ha="right" if is_late else "left",
        va="top",
        fontsize=style.SMALL,
    )


def _power(value: float) -> str:
    """Return a power of ten in signs of full size, for small raised ones can't be read."""
    if LEAST_WRITTEN <= value <= 1 / LEAST_WRITTEN:
        return f"{value:g}"
    text = f"{value:.0e}".replace("e-0", "e−").replace("e-", "e−")
    return text.replace("e+0", "e").replace("e+", "e")


def _set_titles(axes: Axes, curves: Curves, width_mm: float) -> None:
    """Name the axes, in lines that are no longer than these are."""
    high = max(LEAST_MM, width_mm * SHAPE)
    title = bands.with_unit(curves.y_label, curves.unit)
    upright = style.wrapped(title, high - AROUND_MM, style.SIZE)
    wide = width_mm - AROUND_MM - upright.count("\n") * style.LINE_MM
    below = style.wrapped(curves.x_label, wide, style.SIZE)
    axes.set_ylabel(upright, linespacing=1.1)
    axes.set_xlabel(below, linespacing=1.1)
    axes.figure.set_figheight((high + below.count("\n") * style.LINE_MM) / 25.4)  # type: ignore[union-attr] # the whole one


def _name_ends(
    figure: Figure,
    axes: Axes,
    drawn: Sequence[tuple[Band, dict[str, Any]]],
    factor: int,
    *,
    is_rate: bool,
) -> bool:
    """Name each line at its end; tell whether there was room."""
    names = [band.label for band, _ in drawn]
    right = max((x for band, _ in drawn for x in band.x), default=0.0)
    if not 1 < len(drawn) <= MOST_NAMED or max(map(style.text_mm, names)) > NAME_MM:
        return False
    if any(not band.finite or band.finite[-1][0] < right for band, _ in drawn):
        return False
    figure.draw_without_rendering()
    tips = [(right, factor * band.finite[-1][1]) for band, _ in drawn]
    if max(y for _, y in tips) > axes.get_ylim()[1]:
        return False
    heights = [float(axes.transData.transform(tip)[1]) for tip in tips]
    step = NAME_POINTS * figure.dpi / 72
    places = spread(heights, step)
    if any(abs(a - b) > NEAR * step for a, b in zip(heights, places, strict=True)):
        return False
    top = places.index(max(places))
    to_axes = axes.transAxes.inverted()
    for index, (tip, place, (band, look)) in enumerate(zip(tips, places, drawn, strict=True)):
        y = to_axes.transform((0, place))[1]
        axes.annotate(
            f"rate {band.label}" if is_rate and index == top else band.label,
            tip,
            (NAME_PLACE, y),
            textcoords="axes fraction",
            va="center",
            fontsize=style.SMALL,
            arrowprops={"arrowstyle": "-", "color": look["color"], "linewidth": 0.7, "shrinkB": 0},
        )
    return True


def spread(places: Sequence[float], step: float) -> list[float]:
    """Move places apart to `step` at least, each as little as possible (isotonic regression)."""
    order = sorted(range(len(places)), key=lambda index: places[index])
    groups: list[list[float]] = []
    for rank, index in enumerate(order):
        groups.append([places[index] - rank * step])
        while len(groups) > 1 and _mean(groups[-2]) > _mean(groups[-1]):
            groups[-2:] = [groups[-2] + groups[-1]]
    levels = [_mean(group) for group in groups for _ in group]
    moved = [0.0] * len(places)
    for rank, index in enumerate(order):
        moved[index] = levels[rank] + rank * step
    return moved


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _add_legend(figure: Figure, axes: Axes, title: str) -> None:
    """Put a legend in rows above the axes, on room of its own."""
    handles, names = axes.get_legend_handles_labels()
    room = figure.get_figwidth() * 25.4 - 2
    names = [style.wrapped(name, room - ENTRY_MM) for name in names]
    most = max(1, int(room / (ENTRY_MM + max(map(style.text_mm, names)))))
    rows = -(-len(names) // most)
    columns = -(-len(names) // rows)
    order = [i for column in range(columns) for i in range(column, len(names), columns)]
    height = sum(
        max(names[i].count("\n") + 1 for i in range(first, min(first + columns, len(names))))
        for first in range(0, len(names), columns)
    )
    figure.set_figheight(figure.get_figheight() + (height + bool(title)) * style.LINE_MM / 25.4)
    legend = figure.legend(
        [handles[i] for i in order],
        [names[i] for i in order],
        loc="outside upper center",
        ncols=columns,
        title=title or None,
        handlelength=2.2,
        handletextpad=0.6,
        columnspacing=1.4,
        labelspacing=0.25,
        borderpad=0,
    )
    for line in legend.get_lines():
        line.set_linewidth(style.LINE_PT)
        line.set_marker("")
