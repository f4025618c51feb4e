"""Stored data → SVG for curves, bars and matrices, PNG for images; drawn once and kept by hash."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from functools import cache as cached
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reporter import drawing
from reporter.artifacts import Bars, Curves, ImageGrid, Matrix, Metric, Stages
from reporter.drawing import bands, charts, curves, diagrams, images, style
from reporter.drawing.descriptions import describe
from reporter.files import write_atomically
from reporter.plain import dump, to_plain

if TYPE_CHECKING:
    import numpy as np

    from reporter.artifacts import Artifact

__all__ = ["Drawing", "describe", "draw", "image", "is_drawable"]

TEXT_WIDTH_MM = 132.0
GAP_MM = 6.0  # between panels
TALLEST_MM = 185.0  # of a montage, so that it fits on a page with its caption
SINGLE_IMAGE_MM = 62.0  # a photograph by itself
SAYS = "descriptions.py"  # words beside a drawing, which do not change it


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


def draw(
    outputs: tuple[Metric | Artifact, ...],
    cache: Path,
    *,
    columns: int = 1,
    has_legend: bool = True,
) -> Drawing:
    """Draw one output of a run, given for each seed, `columns` of which stand side by side.

    Curves over several seeds are drawn as mean with a band of ± one standard deviation; other
    kinds show the first seed. Without a legend of their own, the figure's stands for all.
    """
    width = (TEXT_WIDTH_MM - GAP_MM * (columns - 1)) / columns
    first = outputs[0]
    if isinstance(first, Matrix):
        width = min(width, charts.matrix_width(first))
    if isinstance(first, ImageGrid) and len(first.images) == 1:
        return image(first.images[0], cache, min(width, SINGLE_IMAGE_MM))
    if isinstance(first, ImageGrid):
        height, side = first.images[0].shape[:2]
        rows = -(-len(first.images) // first.columns)
        width = min(width, TALLEST_MM * first.columns * side / (rows * height))
        parts = (outputs[:1], width)
        return _kept(cache, parts, "png", width, lambda: images.montage(first, width))
    given = (outputs, columns) if has_legend else (outputs, columns, "no legend")
    how = {"alone": columns == 1, "has_legend": has_legend}
    return _kept(cache, given, "svg", width, lambda: _plot(outputs, width, **how))


def names(outputs: tuple[Metric | Artifact, ...]) -> tuple[str, tuple[str, ...]]:
    """Return what curves are called by and their names; ("", ()) of what has no legend."""
    if not outputs or not isinstance(outputs[0], Curves | Metric):
        return "", ()
    found = bands.names(outputs)
    return found if len(found[1]) > 1 else ("", ())


def samples(title: str, count: int, cache: Path) -> tuple[Drawing, ...]:
    """Return a piece of each of so many curves, for a legend of that title."""
    width = style.SAMPLE_PT * style.MM_PER_POINT

    def drawn(index: int) -> Drawing:
        def make() -> bytes:
            return style.sample(style.lines(count, is_ordered=bool(title))[index])

        return _kept(cache, ("sample", title, count, index), "svg", width, make)

    return tuple(map(drawn, range(count)))


def image(pixels: np.ndarray, cache: Path, width_mm: float) -> Drawing:
    """Return one image of a grid as PNG."""
    parts = (pixels, width_mm)
    return _kept(cache, parts, "png", width_mm, lambda: images.single(pixels, width_mm))


def _kept(cache: Path, content: Any, suffix: str, width: float, make: Any) -> Drawing:
    """Return the drawing from the cache, or make and keep it."""
    files: dict[str, bytes] = {}
    plain = to_plain(list(content), files)
    total = hashlib.sha256(dump(plain))
    for data in [*files.values(), _drawing_code()]:
        total.update(data)
    path = cache / f"{total.hexdigest()[:32]}.{suffix}"
    if not path.is_file():
        write_atomically(path, make())
    media_type = "image/png" if suffix == "png" else "image/svg+xml"
    return Drawing(content=path.read_bytes(), media_type=media_type, width_mm=width)


def drawing_files() -> tuple[Path, ...]:
    """Return the files whose change draws everything anew."""
    parts = sorted(Path(drawing.__file__).parent.glob("*.py"))
    return (Path(__file__), *(path for path in parts if path.name != SAYS))


@cached
def _drawing_code() -> bytes:
    """Return the digest of all code that draws: a part of a kept drawing's name."""
    return hashlib.sha256(b"\0".join(map(Path.read_bytes, drawing_files()))).digest()


def _plot(outputs: tuple[Metric | Artifact, ...], width_mm: float, **how: bool) -> bytes:
    """Draw with matplotlib and return an SVG that is the same on every day."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()  # a matplotlibrc, the user's or one beside a report, changes nothing
        mpl.rcParams.update(style.settings())
        figure = plotted(outputs, width_mm, **how)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None}, transparent=True)
    return buffer.getvalue()


def plotted(outputs: tuple[Metric | Artifact, ...], width_mm: float, **how: bool) -> Any:
    """Return the figure of one output, under the style's settings."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_mm / 25.4, 1))
    figure.set_layout_engine("constrained")
    axes = figure.add_subplot()
    match outputs[0]:
        case Matrix() as matrix:
            charts.fill_matrix(matrix, figure, axes)
        case Bars() as bars:
            charts.fill_bars(bars, figure, axes)
        case Stages() as network:
            figure.set_figheight((diagrams.HEIGHT_MM + 6) / 25.4)
            diagrams.fill(axes, network, width_mm)
        case _:
            curves.fill(outputs, figure, axes, **how)
    return figure
