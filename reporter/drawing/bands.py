"""Metrics and curves, given for each seed → what is drawn and described: means with spreads."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass

from reporter.artifacts import Artifact, Curves, Metric, Series

BY_RATE = ("epoch", "iteration")  # what curves of learning rates run over
SIGNS = {"fraction": "%", "nats": "nats", "seconds": "s", "megabytes": "MB"}


@dataclass(frozen=True, kw_only=True)
class Band:
    """One curve over seeds: mean and standard deviation (0 for one seed) at each x."""

    label: str
    x: tuple[float, ...]
    mean: tuple[float, ...]
    spread: tuple[float, ...]
    seeds: int  # the fewest that a point rests on

    @property
    def finite(self) -> tuple[tuple[float, float], ...]:
        """Return the points that have a value."""
        return tuple(p for p in zip(self.x, self.mean, strict=True) if math.isfinite(p[1]))


def curves(output: Metric | Artifact) -> Curves:
    """Return curves; of a metric its history over epochs, a curve for each rate."""
    if isinstance(output, Curves):
        return output
    if not isinstance(output, Metric):
        raise TypeError(type(output).__name__)
    split = {"train": "training ", None: ""}.get(output.split, f"{output.split} ")
    name = {"nats": "loss", "fraction": "accuracy"}.get(output.unit, "value")
    series = tuple(
        Series(
            label=f"{rate:g}" if rate is not None else "",
            x=tuple(float(r.epoch or 0) for r in output.history if r.rate == rate),
            y=tuple(r.value for r in output.history if r.rate == rate),
        )
        for rate in dict.fromkeys(reading.rate for reading in output.history)
    )
    return Curves(series=series, x_label="epoch", y_label=f"{split}{name}", unit=output.unit)


def over_seeds(outputs: tuple[Metric | Artifact, ...]) -> tuple[Band, ...]:
    """Return mean and standard deviation over seeds: of curves of one label, at equal x."""
    found: dict[str, dict[float, list[float]]] = {}
    for series in (series for output in outputs for series in curves(output).series):
        points = found.setdefault(series.label, {})
        for x, y in zip(series.x, series.y, strict=True):
            points.setdefault(x, []).append(y)
    return tuple(_band(label, points) for label, points in found.items() if points)


def _shown(label: str) -> str:
    return label.replace("_", " ").strip()


def _band(label: str, points: dict[float, list[float]]) -> Band:
    columns = [points[x] for x in sorted(points)]
    return Band(
        label=_shown(label),
        x=tuple(sorted(points)),
        mean=tuple(map(_mean, columns)),
        spread=tuple(
            statistics.stdev(column) if len(column) > 1 and all(map(math.isfinite, column)) else 0.0
            for column in columns
        ),
        seeds=min(map(len, columns)),
    )


def _mean(values: list[float]) -> float:
    """Return the mean; nan where a seed has no finite value, for it has none of the others."""
    return statistics.fmean(values) if all(map(math.isfinite, values)) else math.nan


def names(outputs: tuple[Metric | Artifact, ...]) -> tuple[str, tuple[str, ...]]:
    """Return what curves are called by, "learning rate" or "", and their names in order."""
    found = [curves(output) for output in outputs]
    labels = dict.fromkeys(series.label for one in found for series in one.series if series.x)
    shown = tuple(_shown(label) for label in labels)
    rates = _rates(shown, found[0].x_label)
    if not rates:
        return "", shown
    order = sorted(range(len(shown)), key=lambda index: rates[index], reverse=True)
    return "learning rate", tuple(shown[index] for index in order)


def rates_of(found: tuple[Band, ...], x_label: str) -> tuple[float, ...]:
    """Return the learning rates that the curves are named by; () where they have other names."""
    return _rates(tuple(band.label for band in found), x_label)


def _rates(labels: tuple[str, ...], x_label: str) -> tuple[float, ...]:
    try:
        rates = tuple(map(float, labels))
    except ValueError:
        return ()
    return rates if x_label in BY_RATE and all(map(math.isfinite, rates)) else ()


def in_order(found: tuple[Band, ...], x_label: str) -> tuple[Band, ...]:
    """Return curves of learning rates from the largest to the smallest, others as they are."""
    if not rates_of(found, x_label):
        return found
    return tuple(sorted(found, key=lambda band: float(band.label), reverse=True))


def with_unit(label: str, unit: str) -> str:
    """Return the title of an axis, which names the unit that the values are drawn in."""
    sign = SIGNS.get(unit, "")
    return label if not sign or label.endswith(f"({sign})") else f"{label} ({sign})"


def without_unit(label: str, unit: str) -> str:
    """Return the title of an axis for a text whose every number carries the sign."""
    return label.removesuffix(f"({SIGNS.get(unit, '')})").strip()
