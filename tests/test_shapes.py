"""Artifacts are of the types and lengths that they say, or making one tells what is wrong."""

from typing import get_args

import numpy as np
import pytest
import torch

from reporter.artifacts import (
    Bars,
    Checkpoint,
    Column,
    Curves,
    ImageGrid,
    Matrix,
    Metric,
    Reading,
    Series,
    Stage,
    Table,
    Text,
    Unit,
)

GREY = np.zeros((2, 2), dtype=np.uint8)
BYTES = "should be uint8, (height, width) or (height, width, 3)"
ROLES = "'input', 'convolution', 'pooling', 'linear'"
COLUMN = Column(name="a", label="A")
MISTAKES = {
    "a value in words": (
        lambda: Metric(value="0.4"),
        "Metric: value = '0.4' should be float",
    ),
    "a value for each class": (
        lambda: Metric(value=torch.zeros(2)),
        "Metric: value = tensor([0., 0.]) should be float",
    ),
    "a unit that is none": (
        lambda: Metric(value=0.4, unit="percent"),
        f"Metric: unit = 'percent' should be {', '.join(map(repr, get_args(Unit)))}",
    ),
    "a direction that is none": (
        lambda: Metric(value=0.4, direction="up"),
        """Metric: direction = 'up' should be Literal['max', 'min'] | None""",
    ),
    "half an epoch": (
        lambda: Reading(value=0.4, epoch=1.5),
        "Reading: epoch = 1.5 should be int | None",
    ),
    "a history of numbers": (
        lambda: Metric(value=0.4, history=(0.1, 0.4)),
        "Metric: history = (0.1, 0.4) should be tuple[Reading, ...]",
    ),
    "a curve with an x too many": (
        lambda: Series(label="a", x=(1, 2), y=(1,)),
        "Series: 2 x and 1 y; give as many of each",
    ),
    "curves that are one": (
        lambda: Curves(series=Series(label="a", x=(1,), y=(1,)), x_label="x", y_label="y"),
        "Curves: series = Series(label='a', x=(1,), y=(1,)) should be tuple[Series, ...]",
    ),
    "a bar without a label": (
        lambda: Bars(labels=("a",), values=(1, 2), y_label="y"),
        "Bars: 1 labels and 2 values; give as many of each",
    ),
    "a matrix with a row too few": (
        lambda: Matrix(row_labels=("a", "b"), column_labels=("a",), values=((1,),)),
        "Matrix: 2 row_labels and 1 rows; give as many of each",
    ),
    "a matrix with a number too many": (
        lambda: Matrix(row_labels=("a",), column_labels=("a",), values=((1, 2),)),
        "Matrix: 1 column_labels and 2 values; give as many of each",
    ),
    "a table with a cell too few": (
        lambda: Table(columns=(COLUMN, COLUMN), rows=(("x",),)),
        "Table: 2 columns and 1 cells; give as many of each",
    ),
    "a cell that is a list": (
        lambda: Table(columns=(COLUMN,), rows=(([1],),)),
        "Table: rows = (([1],),) should be tuple[tuple[Cell, ...], ...]",
    ),
    "images between 0 and 1": (
        lambda: ImageGrid(images=(np.zeros((2, 2, 3)),)),
        f"ImageGrid: an image of float64, shape (2, 2, 3), {BYTES}",
    ),
    "images with the channels first": (
        lambda: ImageGrid(images=(np.zeros((3, 2, 2), dtype=np.uint8),)),
        f"ImageGrid: an image of uint8, shape (3, 2, 2), {BYTES}",
    ),
    "images that are lists": (
        lambda: ImageGrid(images=([[1, 2]],)),
        "ImageGrid: images = ([[1, 2]],) should be tuple[np.ndarray, ...]",
    ),
    "an image without its label": (
        lambda: ImageGrid(images=(GREY, GREY), labels=("a",)),
        "ImageGrid: 2 images and 1 labels; give as many of each",
    ),
    "a role that is none": (
        lambda: Stage(label="a", shape=(1,), role="dropout"),
        f"Stage: role = 'dropout' should be {ROLES}",
    ),
    "a text of bytes": (
        lambda: Text(body=b"x"),
        "Text: body = b'x' should be str",
    ),
    "a state of lists": (
        lambda: Checkpoint(network="n", classes=("a",), settings={}, state={"w": [1.0]}),
        "Checkpoint: state = {'w': [1.0]} should be Mapping[str, np.ndarray]",
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_what_is_no_artifact_is_told_where_it_is_made(case):
    """Kind, field, value, and what it should be."""
    make, told = MISTAKES[case]
    with pytest.raises((TypeError, ValueError)) as caught:
        make()
    assert str(caught.value) == told


@pytest.mark.parametrize(
    "number", [1, 0.5, True, np.float32(0.5), np.int64(3), torch.tensor(0.5), float("nan")]
)
def test_a_number_is_one_of_any_library(number):
    """Python's, numpy's and a tensor's alike."""
    assert Metric(value=number).value is number


def test_lists_serve_where_tuples_are_meant():
    """As an experiment builds them."""
    assert Bars(labels=["a"], values=[1], y_label="y").labels == ["a"]
