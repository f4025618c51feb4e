"""Traced layers → the tables and the drawing of a network."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from reporter.artifacts import Cell, Column, Stage, Stages, Table
from reporter.learn.architecture import kernel, stepping

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    from reporter.learn.architecture import Layer, Traced

SHORT = {"convolution": "conv", "linear": "fc", "pooling": "pool"}
NAMES = {"convolution": "convolutions", "linear": "fully connected", "other": "others"}


def size_text(shape: tuple[int, ...]) -> str:
    """Return a shape as papers write it: height × width × channels, or a number of values."""
    return "×".join(map(str, (*shape[1:], shape[0])))


def layers_table(network: Traced) -> Table:
    """Return a row for each layer: kernel, stride, padding, groups, output and parameters."""
    columns = (
        Column(name="layer", label="layer"),
        Column(name="kernel", label="kernel"),
        Column(name="stride", label="stride", unit="count"),
        Column(name="padding", label="padding", unit="count"),
        Column(name="groups", label="groups", unit="count"),
        Column(name="then", label="then"),
        Column(name="output", label="output"),
        Column(name="parameters", label="parameters", unit="count"),
    )
    pairs = zip(titles(network), network.layers, strict=True)
    return Table(columns=columns, rows=tuple(_row(title, layer) for title, layer in pairs))


def titles(network: Traced) -> tuple[str, ...]:
    """Return the layers' names in papers: conv1, pool1, …; fc6 comes after five convolutions."""
    found, learning, poolings = [], 0, 0
    for layer in network.layers:
        learning += layer.role in ("convolution", "linear")
        poolings += layer.role == "pooling"
        number = poolings if layer.role == "pooling" else learning
        short = SHORT.get(layer.role)
        found.append(f"{short}{number}" if short else layer.name)
    return tuple(found)


def _row(title: str, layer: Layer) -> tuple[Cell, ...]:
    stride, padding = stepping(layer.module) or (None, None)
    groups = getattr(layer.module, "groups", None)
    then = ", ".join(layer.then)
    size = size_text(layer.shape)
    window = kernel(layer.module) or None
    return (title, window, stride, padding, groups, then, size, layer.counted or None)


def formulas_table(network: Traced) -> Table:
    """Return the parameters of each layer that has some, by formula beside the counted ones."""
    columns = (
        Column(name="layer", label="layer"),
        Column(name="module", label="module"),
        Column(name="formula", label="formula"),
        Column(name="by_formula", label="by formula", unit="count"),
        Column(name="parameters", label="counted", unit="count"),
    )
    rows = tuple(
        (title, layer.name, layer.formula or "none known", layer.by_formula, layer.counted)
        for title, layer in zip(titles(network), network.layers, strict=True)
        if layer.counted
    )
    return Table(columns=columns, rows=rows)


def parts_table(network: Traced) -> Table:
    """Return convolutions and fully connected layers: how many, their weights, their share."""
    columns = (
        Column(name="part", label="part"),
        Column(name="layers", label="layers", unit="count"),
        Column(name="weights", label="weights", unit="count"),
        Column(name="parameters", label="parameters", unit="count"),
        Column(name="share", label="share", unit="fraction"),
    )
    rows: list[tuple[Cell, ...]] = []
    for role, name in NAMES.items():
        own = [layer for layer in network.layers if layer.role == role and layer.counted]
        if own:
            counted = sum(layer.counted for layer in own)
            weights = sum(layer.weights for layer in own)
            rows.append((name, len(own), weights, counted, counted / network.total))
    rest = network.total - sum(layer.counted for layer in network.layers)
    if rest:
        rows.append(("outside layers", None, None, rest, rest / network.total))
    rows.append(("all", None, None, network.total, 1.0))
    return Table(columns=columns, rows=tuple(rows))


def weights_formula(layers: Sequence[Layer]) -> str:
    """Return the weights of fully connected layers as a sum of products, without biases."""
    return " + ".join(layer.formula.split(" + ")[0] for layer in layers)


def stages(network: Traced, size: int) -> Stages:
    """Return the drawing: neighbouring convolutions of one output shape become one stage."""
    found = [Stage(label="image", shape=(3, size, size), role="input")]
    layers = [layer for layer in network.layers if layer.role != "other"]
    for (role, shape), group in groupby(layers, lambda layer: (layer.role, layer.shape)):
        own = list(group)
        if role == "pooling":
            same = found[-1].shape == shape
            found += [] if same else [Stage(label="", shape=shape, role="pooling")]
        else:
            kind: Literal["convolution", "linear"] = "linear" if role == "linear" else "convolution"
            found += [
                Stage(label=text, shape=shape, role=kind)
                for text in _labels(own, is_linear=kind == "linear")
            ]
    return Stages(stages=tuple(found))


def _labels(layers: list[Layer], *, is_linear: bool) -> list[str]:
    """Return the label of each stage: one for a group of convolutions, one per linear layer."""
    if is_linear:
        return ["FC" for _ in layers]
    windows = dict.fromkeys(kernel(layer.module).rpartition("×")[0] for layer in layers)
    count = f"{len(layers)} × " if len(layers) > 1 else ""
    return [f"{count}conv\n{', '.join(windows)}"]
