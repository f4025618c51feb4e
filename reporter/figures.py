"""Stored data → SVG for curves, bars and matrices, PNG for images; drawn once and kept by hash."""

from __future__ import annotations

import hashlib
import io
import math
import statistics
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reporter import diagrams, fonts
from reporter.artifacts import Bars, Curves, ImageGrid, Matrix, Metric, Series, Stages
from reporter.store import dump, to_plain, write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from reporter.artifacts import Artifact

TEXT_WIDTH_MM = 132.0
DRAWING_CODE = (Path(__file__), Path(diagrams.__file__))  # part of a kept drawing's name
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#555555", "#111111")
DASHES = ("-", "--", "-.", ":")  # beside colour, so that grey paper tells curves apart
LABEL_CHARACTERS = 16  # of a vertical label's line, which the lowest figures hold
LEGEND_ENTRY_MM = 20.0
BY_RATE = ("epoch", "iteration")  # what curves of learning rates run over
LOG_RANGE = 1e6  # between the highest value and the lowest that is drawn
TALLEST_MM = 185.0  # of a montage, so that it fits on a page with its caption
SINGLE_IMAGE_MM = 62.0  # a photograph by itself
IMAGE_PIXELS = 720  # longest side of one image on the page: 300 dpi at 62 mm


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A drawn figure: its file's bytes and type, and its width on the page."""

    content: bytes
    media_type: str
    width_mm: float


def is_drawable(artifact: Metric | Artifact) -> bool:
    """Tell whether there is a picture of `artifact`: not for tables, texts and checkpoints."""
    if isinstance(artifact, Metric):
        return bool(artifact.history)
    return isinstance(artifact, Curves | Bars | Matrix | ImageGrid | Stages)


def draw(outputs: tuple[Metric | Artifact, ...], cache: Path, *, columns: int = 1) -> Drawing:
    """Draw one output of a run, given for each seed, `columns` of which stand side by side.

    Curves over several seeds are drawn as mean with a band of ± one standard deviation; other
    kinds show the first seed.
    """
    width = (TEXT_WIDTH_MM - 6 * (columns - 1)) / columns
    first = outputs[0]
    if isinstance(first, Matrix):
        width = min(width, 45 + 9.0 * len(first.column_labels))
    if isinstance(first, ImageGrid) and len(first.images) == 1:
        return image(first.images[0], cache, min(width, SINGLE_IMAGE_MM))
    if isinstance(first, ImageGrid):
        height, side = first.images[0].shape[:2]
        rows = -(-len(first.images) // first.columns)
        width = min(width, TALLEST_MM * first.columns * side / (rows * height))
        return _kept(cache, (outputs[:1], columns), "png", width, lambda: _montage(first))
    return _kept(cache, (outputs, columns), "svg", width, lambda: _plot(outputs, width))


def image(pixels: np.ndarray, cache: Path, width_mm: float) -> Drawing:
    """Return one image of a grid as PNG."""
    return _kept(cache, (pixels,), "png", width_mm, lambda: _png(pixels))


def describe(outputs: tuple[Metric | Artifact, ...]) -> str:
    """Say in a sentence what the figure shows, for readers who can't see it."""
    first = outputs[0]
    if isinstance(first, ImageGrid):
        labels = "; ".join(" ".join(label.split()) for label in first.labels if label)
        return ". ".join(filter(None, (first.description, labels)))
    if isinstance(first, Stages):
        return diagrams.describe(first)
    if isinstance(first, Bars):
        pairs = zip(first.labels, first.values, strict=True)
        return f"{first.y_label}: " + ", ".join(f"{k} {_number(v, first.unit)}" for k, v in pairs)
    if isinstance(first, Matrix):
        right = sum(row[i] for i, row in enumerate(first.values) if i < len(row))
        total = sum(map(sum, first.values))
        kind = f"{first.row_title} by {first.column_title}"
        return f"Matrix of {kind}: {right:g} of {total:g} on the diagonal"
    curves = _curves(first)
    courses = (
        f"{series.label or curves.y_label} goes from {_number(series.y[0], curves.unit)} to "
        f"{_number(series.y[-1], curves.unit)}"
        for series in curves.series
        if series.y
    )
    return f"{curves.y_label} over {curves.x_label}: " + "; ".join(courses)


def _kept(cache: Path, content: Any, suffix: str, width: float, make: Any) -> Drawing:
    """Return the drawing from the cache, or make and keep it."""
    files: dict[str, bytes] = {}
    plain = to_plain(list(content), files)
    total = hashlib.sha256(dump(plain))
    for data in [*files.values(), *map(Path.read_bytes, DRAWING_CODE)]:
        total.update(data)
    path = cache / f"{total.hexdigest()[:32]}.{suffix}"
    if not path.is_file():
        write_atomically(path, make())
    media_type = "image/png" if suffix == "png" else "image/svg+xml"
    return Drawing(content=path.read_bytes(), media_type=media_type, width_mm=width)


def _plot(outputs: tuple[Metric | Artifact, ...], width_mm: float) -> bytes:
    """Draw with matplotlib and return an SVG that is the same on every day."""
    import matplotlib as mpl
    from matplotlib import font_manager
    from matplotlib.figure import Figure

    for _, _, _, package, file in fonts.FACES:
        font_manager.fontManager.addfont(str(fonts.path(package, file)))
    settings: dict[Any, Any] = {
        "font.family": fonts.SANS,
        "font.size": 8,
        "axes.titlesize": 8,
        "axes.labelsize": 8,
        "xtick.labelsize": 7.5,
        "ytick.labelsize": 7.5,
        "legend.fontsize": 7.5,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.6,
        "xtick.major.width": 0.6,
        "ytick.major.width": 0.6,
        "axes.unicode_minus": True,
        "svg.hashsalt": "reporter",
    }
    with mpl.rc_context(settings):
        figure = Figure(figsize=(width_mm / 25.4, _height(outputs[0], width_mm) / 25.4))
        figure.set_layout_engine("constrained")
        _fill(figure, figure.add_subplot(), outputs)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None}, transparent=True)
    return buffer.getvalue()


def _height(first: Metric | Artifact, width_mm: float) -> float:
    """Return a height in mm that suits what is drawn."""
    if isinstance(first, Matrix):
        return min(width_mm, 30 + 7.5 * len(first.values))
    if isinstance(first, Bars):
        return min(150.0, 14 + 5.5 * len(first.labels))
    if isinstance(first, Stages):
        return diagrams.HEIGHT_MM + 6
    legend_mm = 5.0 * (-(-len(_curves(first).series) // _legend_columns(width_mm)) - 1)
    return max(39.0, width_mm * 0.42) + legend_mm


def _legend_columns(width_mm: float) -> int:
    """Return how many entries of a legend stand side by side."""
    return max(2, int(width_mm / LEGEND_ENTRY_MM))


def _fill(figure: Figure, axes: Axes, outputs: tuple[Metric | Artifact, ...]) -> None:
    first = outputs[0]
    if isinstance(first, Matrix):
        _fill_matrix(axes, first)
    elif isinstance(first, Bars):
        _fill_bars(axes, first)
    elif isinstance(first, Stages):
        diagrams.fill(axes, first, figure.get_figwidth() * 25.4)
    else:
        every = [_curves(output) for output in outputs]
        _fill_curves(axes, _over_seeds(every), every[0])
        handles, labels = axes.get_legend_handles_labels()
        if len(labels) > 1:
            if every[0].x_label in BY_RATE and all(map(_is_number, labels)):
                labels[0] = f"rate {labels[0]}"
            columns = min(len(labels), _legend_columns(figure.get_figwidth() * 25.4))
            place: Any = {"loc": "outside upper center", "ncols": columns}
            figure.legend(handles, labels, frameon=False, **place)


def _is_number(label: str) -> bool:
    """Tell whether a curve is named by a learning rate."""
    try:
        return math.isfinite(float(label))
    except ValueError:
        return False


def _curves(output: Metric | Artifact) -> Curves:
    """Return curves; of a metric its history over epochs, a curve for each rate."""
    if isinstance(output, Curves):
        return output
    if not isinstance(output, Metric):
        raise TypeError(type(output).__name__)
    rates = list(dict.fromkeys(reading.rate for reading in output.history))
    split = {"train": "training ", None: ""}.get(output.split, f"{output.split} ")
    name = "loss (nats)" if output.unit == "nats" else "accuracy (%)"
    series = tuple(
        Series(
            label=f"{rate:g}" if rate is not None else "",
            x=tuple(float(r.epoch or 0) for r in output.history if r.rate == rate),
            y=tuple(r.value for r in output.history if r.rate == rate),
        )
        for rate in rates
    )
    return Curves(series=series, x_label="epoch", y_label=f"{split}{name}", unit=output.unit)


Band = tuple[str, tuple[float, ...], list[float], list[float]]  # label, x, mean, deviation


def _over_seeds(every: list[Curves]) -> list[Band]:
    """Return mean and standard deviation over seeds: of curves of one label, at equal x."""
    found: dict[str, dict[float, list[float]]] = {}
    for series in (series for curves in every for series in curves.series):
        points = found.setdefault(series.label, {})
        for x, y in zip(series.x, series.y, strict=True):
            points.setdefault(x, []).append(y)
    return [_band(label, points) for label, points in found.items()]


def _band(label: str, points: dict[float, list[float]]) -> Band:
    columns = [points[x] for x in sorted(points)]
    mean = [statistics.fmean(column) for column in columns]
    is_spread = [len(c) > 1 and all(map(math.isfinite, c)) for c in columns]
    spread = [statistics.stdev(c) if s else 0.0 for c, s in zip(columns, is_spread, strict=True)]
    return label, tuple(sorted(points)), mean, spread


def _fill_curves(axes: Axes, bands: list[Band], curves: Curves) -> None:
    factor = 100 if curves.unit == "fraction" else 1
    axes.set_yscale("log" if curves.log_y else "linear")
    for index, (label, x, mean, spread) in enumerate(bands):
        style: dict[str, Any] = {
            "color": PALETTE[index % len(PALETTE)],
            "linestyle": DASHES[index % len(DASHES)],
            "linewidth": 1.1 if len(x) < 200 else 0.6,  # noqa: PLR2004 - dense curves are thin
        }
        y = [factor * value for value in mean]
        axes.plot(x, y, label=label or None, **style)
        if any(spread):
            low = [v - factor * s for v, s in zip(y, spread, strict=True)]
            high = [v + factor * s for v, s in zip(y, spread, strict=True)]
            axes.fill_between(x, low, high, color=style["color"], alpha=0.18, linewidth=0)
    if curves.log_y:  # rounding errors far below everything else would take all the room
        highest = max((v for _, _, mean, _ in bands for v in mean), default=1.0)
        axes.set_ylim(bottom=max(axes.get_ylim()[0], factor * highest / LOG_RANGE))
    elif curves.unit == "fraction":  # a band may reach beyond what a share can be
        bottom, top = axes.get_ylim()
        axes.set_ylim(max(bottom, -2), min(top, 102))
    if not curves.log_y:
        axes.ticklabel_format(useOffset=False)
    if all(float(x).is_integer() for _, xs, _, _ in bands for x in xs):
        axes.locator_params(axis="x", integer=True)
    axes.set_xlabel(curves.x_label)
    axes.set_ylabel(textwrap.fill(curves.y_label, LABEL_CHARACTERS), linespacing=1.3)
    axes.grid(axis="y", linewidth=0.3, color="#bbbbbb")
    axes.set_axisbelow(True)
    axes.margins(x=0.02)


def _fill_bars(axes: Axes, bars: Bars) -> None:
    factor = 100 if bars.unit == "fraction" else 1
    positions = range(len(bars.labels))
    values = [factor * value for value in bars.values]
    drawn = axes.barh(positions, values, height=0.62, color=PALETTE[0])
    axes.bar_label(drawn, fmt="%g" if bars.unit == "count" else "%.1f", padding=3, fontsize=7.5)
    axes.set_yticks(positions, [label.replace("_", " ") for label in bars.labels])
    axes.invert_yaxis()
    axes.set_xlabel(bars.y_label)
    axes.margins(x=0.1)


def _fill_matrix(axes: Axes, matrix: Matrix) -> None:
    highest = max((max(row) for row in matrix.values), default=1) or 1
    axes.imshow(matrix.values, cmap="Blues", vmin=0, vmax=highest * 1.15, aspect="auto")
    for row, values in enumerate(matrix.values):
        for column, value in enumerate(values):
            if value:
                color = "white" if value > 0.6 * highest else "#222222"
                axes.text(
                    column, row, f"{value:g}", ha="center", va="center", color=color, fontsize=7
                )
    axes.set_xticks(range(len(matrix.column_labels)), _readable(matrix.column_labels))
    axes.tick_params(axis="x", rotation=45)
    axes.set_yticks(range(len(matrix.row_labels)), _readable(matrix.row_labels))
    for label in axes.get_xticklabels():
        label.set_horizontalalignment("right")
        label.set_rotation_mode("anchor")
    axes.set_xlabel(matrix.column_title)
    axes.set_ylabel(matrix.row_title)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _readable(labels: Iterable[str]) -> list[str]:
    return [label.replace("_", " ") for label in labels]


def _montage(grid: ImageGrid) -> bytes:
    """Put unlabelled images side by side, small ones enlarged in whole pixels."""
    import numpy as np
    from PIL import Image

    height, width = grid.images[0].shape[:2]
    factor = max(1, 1400 // (grid.columns * width))
    gap = max(1, factor * width // 12)
    rows = -(-len(grid.images) // grid.columns)
    step = (height * factor + gap, width * factor + gap)
    canvas = np.full((rows * step[0] - gap, grid.columns * step[1] - gap, 3), 255, np.uint8)
    for index, pixels in enumerate(grid.images):
        top, left = step[0] * (index // grid.columns), step[1] * (index % grid.columns)
        large = np.kron(_rgb(pixels), np.ones((factor, factor, 1), np.uint8))
        canvas[top : top + height * factor, left : left + width * factor] = large
    return _encode(Image.fromarray(canvas))


def _png(pixels: np.ndarray) -> bytes:
    """Encode one image: a large one at print resolution, a tiny one in enlarged pixels."""
    from PIL import Image

    picture = Image.fromarray(_rgb(pixels))
    longest = max(picture.size)
    if longest > IMAGE_PIXELS:
        scale = IMAGE_PIXELS / longest
        size = (round(picture.width * scale), round(picture.height * scale))
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    elif longest < 64:  # noqa: PLR2004 - filters and the like
        picture = picture.resize((picture.width * 8, picture.height * 8), Image.Resampling.NEAREST)
    return _encode(picture)


def _rgb(pixels: np.ndarray) -> np.ndarray:
    import numpy as np

    is_grey = pixels.ndim == 2  # noqa: PLR2004 - height and width alone
    return np.repeat(pixels[..., None], 3, axis=2) if is_grey else pixels


def _encode(picture: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _number(value: float, unit: str) -> str:
    return f"{100 * value:.1f} %" if unit == "fraction" else f"{value:.3g}"
