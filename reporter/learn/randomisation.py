"""A trained network → copies whose last layers are random, and how far maps of them agree.

Shape legend: H height, W width, P pixels.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from reporter.artifacts import Cell, Column, Curves, ImageGrid, Metric, Series, Table
from reporter.learn.maps import TITLES
from reporter.learn.saliency import drawn
from reporter.learn.streams import isolated

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from torch import nn

    from reporter.learn.maps import Method
    from reporter.learn.streams import RunContext

REDRAWN = 1  # use of the initialisation stream; 0 is a network that starts from random weights


@dataclass(frozen=True, kw_only=True, eq=False)
class Agreement:
    """One map, and how far it agrees with the map that the same method makes when trained.

    Attributes:
        method: that the map is compared with.
        layers: how many of the last layers were random; None stands for the edge filter's map.
        map: (H, W), on the CPU.
        correlation: `rank_correlation` with the map of the trained network.
    """

    method: Method
    layers: int | None
    map: torch.Tensor
    correlation: float


def compared(
    layers: int | None, maps: Mapping[Method, torch.Tensor], trained: Mapping[Method, torch.Tensor]
) -> list[Agreement]:
    """Compare each method's map with its map of the trained network."""
    return [
        Agreement(
            method=method,
            layers=layers,
            map=one,
            correlation=rank_correlation(one, trained[method]),
        )
        for method, one in maps.items()
    ]


def redrawn(network: nn.Module, run: RunContext) -> nn.Module:
    """Return a copy whose layers are initialised anew, each in PyTorch's own way.

    Parameters that no layer initialises, such as the positions of a transformer, are shuffled. The
    numbers come from a use of the initialisation stream that random weights don't share.
    """
    copied = copy.deepcopy(network)
    with isolated(run.stream("initialisation"), REDRAWN):
        for module in copied.modules():
            for name in ("reset_parameters", "_reset_parameters"):
                getattr(module, name, lambda: None)()
        for old, new in zip(network.parameters(), copied.parameters(), strict=True):
            if torch.equal(old, new):
                order = torch.randperm(new.numel(), device=new.device)
                new.data = new.data.flatten()[order].view_as(new)
    return copied


def layer_starts(state: Mapping[str, torch.Tensor]) -> list[int]:
    """Return where, in the order of the state's entries, each layer with a weight matrix begins.

    Biases and normalisations that follow a weight belong to its layer.
    """
    return [
        place
        for place, (name, value) in enumerate(state.items())
        if name.endswith("weight") and value.ndim > 1
    ]


def layer_count(network: nn.Module) -> int:
    """Return how many layers a network has that `cascade` counts."""
    return len(layer_starts(network.state_dict()))


def stages(layers: int, most: int) -> tuple[int, ...]:
    """Return how many last layers are random in each of at most so many stages: from one to all."""
    if most == 1:
        return (layers,)
    return tuple(sorted({round(1 + i * (layers - 1) / (most - 1)) for i in range(most)}))


def cascade(trained: nn.Module, random: nn.Module, most: int) -> Iterator[tuple[int, nn.Module]]:
    """Yield copies of a network whose last layers take random values, from the last one to all.

    J. Adebayo et al., "Sanity Checks for Saliency Maps", NeurIPS 2018,
    https://arxiv.org/abs/1810.03292, section 3.1, cascading randomisation.

    Args:
        trained: is left as it is.
        random: the same architecture with the values to take.
        most: stages, spread evenly over the layers.

    Yields:
        How many last layers are random, and the network, which the next stage changes.
    """
    old, new = trained.state_dict(), random.state_dict()
    starts = layer_starts(old)
    mixed = copy.deepcopy(trained)
    for count in stages(len(starts), most):
        first = starts[-count] if count < len(starts) else 0
        state = {
            name: new[name] if place >= first else value
            for place, (name, value) in enumerate(old.items())
        }
        mixed.load_state_dict(state)
        yield count, mixed


def rank_correlation(first_HW: torch.Tensor, second_HW: torch.Tensor) -> float:
    """Return Spearman's correlation of two maps; equal values share their mean rank.

    Maps are magnitudes, so this is the paper's correlation of absolute values. A map of one value
    has no order; its correlation is 0.
    """
    a_P, b_P = (centred_ranks(one) for one in (first_HW, second_HW))
    scale = (a_P.square().sum() * b_P.square().sum()).sqrt().item()
    return (a_P * b_P).sum().item() / scale if scale > 0 else 0.0


def centred_ranks(map_HW: torch.Tensor) -> torch.Tensor:
    """Return the ranks of a map's values less their mean, (P,)."""
    flat_P = map_HW.flatten().cpu()
    _, place_P, counts = torch.unique(flat_P, return_inverse=True, return_counts=True)
    ranks = counts.cumsum(0) - (counts - 1) / 2
    centred_P: torch.Tensor = ranks.double()[place_P] - (len(flat_P) + 1) / 2
    return centred_P


def title(layers: int | None, total: int) -> str:
    """Say in a few words which layers are random."""
    if layers is None:
        return "edge filter"
    if layers == total:
        return f"all {total}"
    return {0: "trained", 1: "last layer"}.get(layers, f"last {layers}")


def grid(found: Sequence[Agreement], total: int) -> ImageGrid:
    """Show a row for each method, from the trained network to the edge filter."""
    methods = list(dict.fromkeys(one.method for one in found))
    ordered = sorted(found, key=lambda one: methods.index(one.method))
    return ImageGrid(
        images=tuple(drawn(one.map).numpy() for one in ordered),
        labels=tuple(label(one, total) for one in ordered),
        columns=len(found) // len(methods),
        description="a row for each method: its map of the trained network, its maps while more"
        " and more layers are random, with their rank correlation, and an edge filter",
    )


def label(one: Agreement, total: int) -> str:
    """Return the method above the trained network, else the layers above the correlation."""
    if one.layers == 0:
        return f"{TITLES[one.method]}\n{title(0, total)}"
    return f"{title(one.layers, total)}\n{one.correlation:.2f}".replace("-", "−")


def table(found: Sequence[Agreement], total: int) -> Table:
    """Return a row for each stage and the edge filter, a column for each method."""
    methods = list(dict.fromkeys(one.method for one in found))
    columns = (
        Column(name="random", label="random layers"),
        Column(name="layers", label="number", unit="count"),
        *(Column(name=underscored(m), label=TITLES[m], digits=2) for m in methods),
    )
    values = {(one.layers, one.method): one.correlation for one in found}
    rows: list[tuple[Cell, ...]] = [
        (title(layers, total), layers, *(values[layers, method] for method in methods))
        for layers in dict.fromkeys(one.layers for one in found)
    ]
    return Table(columns=columns, rows=tuple(rows))


def underscored(method: str) -> str:
    """Return a method's name as prose can write it."""
    return method.replace("-", "_")


def curves(found: Sequence[Agreement]) -> Curves:
    """Return the correlation of each method's map over the number of random layers."""
    points: dict[str, list[tuple[float, float]]] = {}
    for one in found:
        if one.layers is not None:
            points.setdefault(TITLES[one.method], []).append((one.layers, one.correlation))
    return Curves(
        series=tuple(
            Series(label=name, x=tuple(x for x, _ in pairs), y=tuple(y for _, y in pairs))
            for name, pairs in points.items()
        ),
        x_label="last layers that are random",
        y_label="rank correlation",
    )


def metrics(found: Sequence[Agreement], total: int) -> dict[str, Metric]:
    """Return each method's correlation with all layers random, and that of the edge filter."""
    names = {total: "correlation", None: "edge_correlation"}
    return {
        f"{underscored(one.method)}_{names[one.layers]}": Metric(
            value=one.correlation, unit="", direction="min" if one.layers else None, n=1
        )
        for one in found
        if one.layers in names
    }
