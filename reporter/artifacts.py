"""What an experiment returns: frozen plain data with units and labels, drawn by nobody here.

The union is closed: figures.py and tables.py match on it, store.py writes and reads it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from reporter.shapes import Checked, insist_alike

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

Unit = Literal["fraction", "count", "seconds", "nats", "megabytes", ""]
Cell = str | int | float | bool | None


@dataclass(frozen=True, kw_only=True)
class Reading(Checked):
    """One measurement of a metric on the way: after `epoch` epochs, at learning rate `rate`."""

    value: float
    epoch: int | None = None
    rate: float | None = None


@dataclass(frozen=True, kw_only=True)
class Metric(Checked):
    """One number, with what a reader must know to print and to judge it.

    Attributes:
        value: the number at the state chosen by validation, or the only one measured.
        unit: "fraction" prints as per cent; "nats" for cross-entropy; "" for a bare number.
        direction: whether more ("max") or less ("min") is better; None if neither.
        split: the images it was measured on.
        epoch: epochs trained when `value` was measured (0 is before the first).
        rate: learning rate that `value` belongs to.
        history: all readings over epochs and rates, in the order they were made.
        n: how many images the number rests on.
    """

    value: float
    unit: Unit = "fraction"
    direction: Literal["max", "min"] | None = "max"
    split: Literal["train", "validation", "test"] | None = None
    epoch: int | None = None
    rate: float | None = None
    history: tuple[Reading, ...] = ()
    n: int | None = None


@dataclass(frozen=True, kw_only=True)
class Column(Checked):
    """One column of a table: the `name` prose uses, the `label` a reader sees."""

    name: str
    label: str
    unit: Unit = ""
    digits: int | None = None  # after the point; None lets the printer choose


@dataclass(frozen=True, kw_only=True)
class Table(Checked):
    """Rows of cells, one per column, in the order of `columns`."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def __post_init__(self) -> None:
        """Insist on a cell for each column."""
        super().__post_init__()
        for row in self.rows:
            insist_alike("Table", columns=len(self.columns), cells=len(row))


@dataclass(frozen=True, kw_only=True)
class Series(Checked):
    """One curve: `y[i]` over `x[i]`."""

    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]

    def __post_init__(self) -> None:
        """Insist on a y for each x."""
        super().__post_init__()
        insist_alike("Series", x=len(self.x), y=len(self.y))


@dataclass(frozen=True, kw_only=True)
class Curves(Checked):
    """Curves that share their axes; `unit` is the unit of y ("fraction" is drawn in per cent)."""

    series: tuple[Series, ...]
    x_label: str
    y_label: str
    unit: Unit = ""
    log_y: bool = False


@dataclass(frozen=True, kw_only=True)
class Bars(Checked):
    """One labelled bar per value."""

    labels: tuple[str, ...]
    values: tuple[float, ...]
    y_label: str
    unit: Unit = ""

    def __post_init__(self) -> None:
        """Insist on a label for each value."""
        super().__post_init__()
        insist_alike("Bars", labels=len(self.labels), values=len(self.values))


@dataclass(frozen=True, kw_only=True)
class Matrix(Checked):
    """A labelled grid of counts, for example a confusion matrix: rows are true classes."""

    row_labels: tuple[str, ...]
    column_labels: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]
    row_title: str = "true class"
    column_title: str = "predicted class"

    def __post_init__(self) -> None:
        """Insist on a value for each pair of labels."""
        super().__post_init__()
        insist_alike("Matrix", row_labels=len(self.row_labels), rows=len(self.values))
        for row in self.values:
            insist_alike("Matrix", column_labels=len(self.column_labels), values=len(row))


@dataclass(frozen=True, kw_only=True, eq=False)
class ImageGrid(Checked):
    """Images side by side.

    Attributes:
        images: each (height, width, 3) or (height, width), uint8.
        labels: one per image, "" for none; a line break is kept.
        columns: images in a row.
        description: what the images show, for readers who can't see them.
    """

    images: tuple[np.ndarray, ...]
    labels: tuple[str, ...] = ()
    columns: int = 4
    description: str = ""

    def __post_init__(self) -> None:
        """Insist on bytes of grey or colour, and on a label for each image or none."""
        super().__post_init__()
        insist_alike("ImageGrid", images=len(self.images), labels=len(self.labels or self.images))
        for image in self.images:
            is_grey = len(image.shape) == 2  # noqa: PLR2004 - height and width
            if image.dtype != "uint8" or not (is_grey or image.shape[2:] == (3,)):
                raise TypeError(
                    f"ImageGrid: an image of {image.dtype}, shape {image.shape}, should be uint8, "
                    "(height, width) or (height, width, 3)"
                )


@dataclass(frozen=True, kw_only=True)
class Stage(Checked):
    """One step of a network as its drawing shows it: what it does, and the shape it gives.

    Attributes:
        label: for example "2 × conv 3×3"; a line break is kept.
        shape: of one image's output, (channels, height, width) or (values,).
        role: how it is coloured.
    """

    label: str
    shape: tuple[int, ...]
    role: Literal["input", "convolution", "pooling", "linear"]


@dataclass(frozen=True, kw_only=True)
class Stages(Checked):
    """A network from its input to its scores, drawn as blocks in a row."""

    stages: tuple[Stage, ...]


@dataclass(frozen=True, kw_only=True)
class Text(Checked):
    """A program's output or a listing, set in a monospaced block."""

    body: str
    language: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Checkpoint(Checked):
    """A trained network: what builds it, and its state as arrays by parameter name."""

    network: str
    classes: tuple[str, ...]
    settings: Mapping[str, Cell]
    state: Mapping[str, np.ndarray] = field(repr=False)


Artifact = Table | Curves | Bars | Matrix | ImageGrid | Stages | Text | Checkpoint
KINDS: tuple[type, ...] = (
    Metric,
    Reading,
    Table,
    Column,
    Curves,
    Series,
    Bars,
    Matrix,
    ImageGrid,
    Stage,
    Stages,
    Text,
    Checkpoint,
)


class Result(dict[str, "Metric | Artifact"]):
    """What one run returned for one seed: metrics and artifacts by the names prose uses.

    Example:
        >>> Result(test_accuracy=Metric(value=0.41, split="test"))["test_accuracy"].value
        0.41
    """
