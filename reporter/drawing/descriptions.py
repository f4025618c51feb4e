"""Plotted data → the sentence that stands for the figure where it can't be seen."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from reporter.artifacts import Bars, ImageGrid, Matrix, Metric, Stages
from reporter.drawing import bands
from reporter.drawing.diagrams import size_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reporter.artifacts import Artifact
    from reporter.drawing.bands import Band

RECITED_CURVES = 8  # more of them are summed up
RECITED_BARS = 10
RECITED_LABELS = 12
COUNTED = ("epoch", "iteration", "step", "component")  # of which so many are said
SLIGHT = 0.05  # of a curve's range: what neither a trend nor an extreme stands out by
CALM = 0.1  # of a curve's largest value: a range within which it stays
THOUSAND = 1000
Show = Callable[[float], str]  # a value with its unit; a place on the x axis


def describe(outputs: tuple[Metric | Artifact, ...]) -> str:
    """Say what the figure of one output, given for each seed, shows; "" if nothing is known."""
    match outputs[0]:
        case ImageGrid() as grid:
            return _grid(grid)
        case Stages() as network:
            text = _network(network)
        case Bars() as bars:
            text = _bars(bars)
        case Matrix() as matrix:
            text = _matrix(matrix)
        case _:
            return _curves(outputs)
    return text + (f"; the first of {len(outputs)} seeds" if len(outputs) > 1 else "")


def shown(value: float, unit: str) -> str:
    """Return a value as the figure's axis has it: fractions in per cent, thousands apart."""
    if not math.isfinite(value):
        return "not finite"
    if unit == "fraction":
        text = f"{abs(100 * value):.1f} %"
    else:
        text = f"{abs(value):,.0f}" if abs(value) >= THOUSAND else f"{abs(value):.3g}"
    sign = "−" if value < 0 and text.strip("0. %") else ""
    return sign + text.replace(",", "\N{NARROW NO-BREAK SPACE}")


def _curves(outputs: tuple[Metric | Artifact, ...]) -> str:
    curves = bands.curves(outputs[0])
    found = bands.in_order(bands.over_seeds(outputs), curves.x_label)
    title = curves.y_label
    title = {
        "fraction": bands.without_unit(title, "fraction"),
        "nats": bands.with_unit(title, "nats"),
    }.get(curves.unit, title)
    title = title[:1].upper() + title[1:]
    if not found:
        return f"{title}: no values"
    head = title + _extent(found, curves.x_label)
    if len(outputs) > 1:
        is_whole = all(band.seeds == len(outputs) for band in found)
        head += f", mean of {'' if is_whole else 'up to '}{len(outputs)} seeds"
    direction = outputs[0].direction if isinstance(outputs[0], Metric) else None
    if curves.unit == "nats":
        direction = "min"
    is_rate = bool(bands.rates_of(found, curves.x_label))

    def show(value: float) -> str:
        return shown(value, curves.unit)

    if len(found) > RECITED_CURVES:
        return f"{head}: {_summary(found, show, direction, is_rate=is_rate)}"
    last = max(band.x[-1] for band in found)
    courses = []
    for band in found:
        subject = f"at rate {band.label} it " if is_rate else f"{band.label} ".lstrip()
        course = _course(band, show, lambda x: _at(curves.x_label, x))
        stop = f", where it stops {_at(curves.x_label, band.x[-1])}" if band.x[-1] < last else ""
        courses.append(subject + course + stop)
    return f"{head}: {'; '.join(courses)}"


def _extent(found: Sequence[Band], label: str) -> str:
    """Return what the x axis covers, " over 160 iterations"; "" for a single place."""
    ends = [x for band in found for x in band.x]
    first, last = min(ends), max(ends)
    if first == last:
        return ""
    if label in COUNTED and first <= 1:
        return f" over {last:g} {label}s"
    return f" over {label}{'s' if label in COUNTED else ''} {first:g} to {last:g}"


def _at(label: str, x: float) -> str:
    return f"{'in' if label == 'epoch' else 'at'} {label} {x:g}"


def _course(band: Band, show: Show, at: Show) -> str:
    """Say where a curve begins, ends and turns, and where it has no value."""
    points = band.finite
    if not points:
        return "has no finite value"
    lost = len(band.x) - len(points)
    text = _shape(points, show, at)
    if not lost:
        return text
    if points == tuple(zip(band.x, band.mean, strict=True))[: len(points)]:
        return f"{text}, and has no finite value after {at(points[-1][0]).partition(' ')[2]}"
    return f"{text}; {lost} of its {len(band.x)} values are not finite"


def _shape(points: Sequence[tuple[float, float]], show: Show, at: Show) -> str:
    first, last = points[0][1], points[-1][1]
    low, high = (choose(points, key=lambda point: point[1]) for choose in (min, max))
    slight = SLIGHT * (high[1] - low[1])
    if len(points) == 1:
        return f"is {show(first)} {at(points[0][0])}"
    if show(low[1]) == show(high[1]):
        return f"stays at {show(first)}"
    if high[1] - low[1] <= CALM * max(abs(low[1]), abs(high[1])):
        return f"stays between {show(low[1])} and {show(high[1])}, and ends at {show(last)}"
    if show(first) == show(last):
        text = f"begins and ends at {show(first)}"
    elif abs(last - first) <= slight:
        text = f"begins at {show(first)} and ends at {show(last)}"
    else:
        text = f"{'rises' if last > first else 'falls'} from {show(first)} to {show(last)}"
    if high[1] > max(first, last) + slight:
        text += f", highest {show(high[1])} {at(high[0])}"
    if low[1] < min(first, last) - slight:
        text += f", lowest {show(low[1])} {at(low[0])}"
    return text


def _summary(found: Sequence[Band], show: Show, direction: str | None, *, is_rate: bool) -> str:
    """Say how many curves there are, which end highest and lowest, and between what all lie."""
    points = [value for band in found for _, value in band.finite]
    name = "rate " if is_rate else ""
    ended = sorted(
        (band.finite[-1][1], band.label)
        for band in found
        if band.finite and band.finite[-1][0] == band.x[-1]
    )
    words = {"max": ("worst", "best"), "min": ("best", "worst")}.get(
        direction or "", ("lowest", "highest")
    )
    text = f"{len(found)} {'rates' if is_rate else 'curves'}"
    if is_rate:
        rates = sorted((band.label for band in found), key=float)
        text += f" from {rates[0]} to {rates[-1]}"
    if ended:
        ends = [
            f"{word} {show(value)} ({name}{label})"
            for word, (value, label) in zip(words, (ended[0], ended[-1]), strict=True)
        ]
        text += f"; at the end {', '.join(sorted(ends))}"
    if points:
        text += f"; all values lie between {show(min(points))} and {show(max(points))}"
    kept = {label for _, label in ended}
    lost = [f"{name}{band.label}" for band in found if band.label not in kept]
    return text + (f"; no finite value at the end: {', '.join(lost)}" if lost else "")


def _bars(bars: Bars) -> str:
    title = bands.without_unit(bars.y_label, "fraction" if bars.unit == "fraction" else "")
    title = title[:1].upper() + title[1:]
    pairs = [
        (f"{label.replace('_', ' ')} {shown(value, bars.unit)}", value)
        for label, value in zip(bars.labels, bars.values, strict=True)
    ]
    if not pairs:
        return f"{title}: no values"
    if len(pairs) <= RECITED_BARS:
        return f"{title}: {', '.join(text for text, _ in pairs)}"
    finite = [pair for pair in pairs if math.isfinite(pair[1])]
    if not finite:
        return f"{title}: {len(pairs)} bars without a finite value"
    high, low = (choose(finite, key=lambda pair: pair[1]) for choose in (max, min))
    if {value for _, value in pairs} == {high[1]}:
        return f"{title}: {len(pairs)} bars, each {shown(high[1], bars.unit)}"
    return f"{title}: {len(pairs)} bars, highest {high[0]}, lowest {low[0]}"


def _matrix(matrix: Matrix) -> str:
    """Say what share lies on the diagonal, and what is confused most often."""
    finite = [value for row in matrix.values for value in row if math.isfinite(value)]
    total = sum(finite)
    rows, columns = matrix.row_labels, matrix.column_labels
    head = f"Matrix of {matrix.row_title} by {matrix.column_title}, {len(rows)} by {len(columns)}"
    cells = [
        (value, rows[r].replace("_", " "), columns[c].replace("_", " "), rows[r] == columns[c])
        for r, values in enumerate(matrix.values)
        for c, value in enumerate(values)
        if math.isfinite(value)
    ]
    lost = sum(map(len, matrix.values)) - len(finite)
    head += f", {lost} of {lost + len(finite)} cells not finite" if lost else ""
    if not total:
        return f"{head}, all zero" if finite else head
    if rows == columns:
        right = sum(cell[0] for cell in cells if cell[3])
        head += f": {shown(right / total, 'fraction')} of {shown(total, '')} on the diagonal"
        cells = [cell for cell in cells if not cell[3]]
    value, row, column, _ = max(cells, key=lambda cell: cell[0], default=(0.0, "", "", False))
    if not value:
        return f"{head}, nothing beside it"
    where = "largest beside it" if rows == columns else "largest"
    pair = f"{matrix.row_title} {row}, {matrix.column_title} {column}"
    return f"{head}; {where}: {shown(value, '')} ({pair})"


def _grid(grid: ImageGrid) -> str:
    """Name the images by description and labels; without both nothing is known of them."""
    labels = [" ".join(label.replace("_", " ").split()) for label in grid.labels if label]
    if len(labels) > RECITED_LABELS:
        labels = [*labels[:RECITED_LABELS], f"and {len(labels) - RECITED_LABELS} more"]
    known = ". ".join(filter(None, (grid.description, "; ".join(labels))))
    count = len(grid.images)
    if not known or count == 1:
        return known
    return f"{count} images: {known}"


def _network(network: Stages) -> str:
    steps = (
        f"{' '.join(stage.label.split()) or stage.role} gives {size_text(stage.shape)}"
        for stage in network.stages
    )
    return "The network from left to right: " + ", ".join(steps)
