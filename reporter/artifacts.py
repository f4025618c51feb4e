"""What an experiment returns: frozen plain data with units and labels, drawn by nobody here.

The union is closed: figures.py and tables.py match on it, store.py writes and reads it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

Unit = Literal["fraction", "count", "seconds", "nats", "megabytes", ""]
Cell = str | int | float | bool | None


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One measurement of a metric on the way: after `epoch` epochs, at learning rate `rate`."""

    value: float
    epoch: int | None = None
    rate: float | None = None


@dataclass(frozen=True, kw_only=True)
class Metric:
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
class Column:
    """One column of a table: the `name` prose uses, the `label` a reader sees."""

    name: str
    label: str
    unit: Unit = ""
    digits: int | None = None  # after the point; None lets the printer choose


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of cells, one per column, in the order of `columns`."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Series:
    """One curve: `y[i]` over `x[i]`."""

    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Curves:
    """Curves that share their axes; `unit` is the unit of y ("fraction" is drawn in per cent)."""

    series: tuple[Series, ...]
    x_label: str
    y_label: str
    unit: Unit = ""
    log_y: bool = False


@dataclass(frozen=True, kw_only=True)
class Bars:
    """One labelled bar per value."""

    labels: tuple[str, ...]
    values: tuple[float, ...]
    y_label: str
    unit: Unit = ""


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """A labelled grid of counts, for example a confusion matrix: rows are true classes."""

    row_labels: tuple[str, ...]
    column_labels: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]
    row_title: str = "true class"
    column_title: str = "predicted class"


@dataclass(frozen=True, kw_only=True, eq=False)
class ImageGrid:
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


@dataclass(frozen=True, kw_only=True)
class Stage:
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
class Stages:
    """A network from its input to its scores, drawn as blocks in a row."""

    stages: tuple[Stage, ...]


@dataclass(frozen=True, kw_only=True)
class Text:
    """A program's output or a listing, set in a monospaced block."""

    body: str
    language: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Checkpoint:
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
