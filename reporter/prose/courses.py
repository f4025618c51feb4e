"""Metrics with their histories → courses: what each did over the epochs, and its one shape.

A course keeps to the selected rate; over seeds, means are taken. It has exactly one shape, so that
no two sentences about it can disagree:

    single, value   read once, in a selected state or where nothing was selected
    peak, low       its best is in the middle: better than the first and the last by `least` or more
    up, down        no peak or low, and its last differs from its first by `least` or more
    dip, bump       ends where it began, but in the middle it was worse by `least` or more
    constant, flat  nothing of that: all readings are equal, or within three times `least`

How far is far is decided by one table, for every word in every sentence:

    word                        fractions (in points)   others (share of the first reading)
    least   to be told          0.5                     1 %, and 0.002
    slight  below               2                       5 %
    marked  from                5                       25 %
    setback of one epoch, from  1                       5 %
    plateau all within less     1                       5 %
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from reporter.artifacts import Metric

Size = Literal["slight", "", "marked"]
Condition = tuple[str, Literal["<", "<=", ">", ">=", "=="], str | float]


@dataclass(frozen=True, kw_only=True)
class Scale:
    """One column of the table: when a change is told, and in which words."""

    least: float
    slight: float
    marked: float
    setback: float
    plateau: float


POINTS = Scale(least=0.005, slight=0.02, marked=0.05, setback=0.01, plateau=0.01)  # 0.01: a point
SHARES = Scale(least=0.01, slight=0.05, marked=0.25, setback=0.05, plateau=0.05)  # of the first
LEAST_CHANGE = 0.002  # of what is no fraction: less does not show in three digits


@dataclass(frozen=True)
class At:
    """A reading after an epoch at the selected rate; the selected state's where it is None."""

    metric: str
    epoch: int | None = None
    run: int = 0  # of the runs that are observed


@dataclass(frozen=True)
class EpochOf:
    """The epoch of a reading."""

    at: At


@dataclass(frozen=True)
class Change:
    """`upper` − `lower`, seed by seed."""

    upper: At
    lower: At


@dataclass(frozen=True, kw_only=True)
class Course:
    """What one metric did: `values[seed][i]` after `epochs[i]`, and the selected state's values."""

    name: str
    unit: str
    direction: Literal["max", "min"] | None
    epochs: tuple[int, ...]
    values: tuple[tuple[float, ...], ...]
    selected: tuple[float, ...]
    is_selected: bool = True  # whether validation chose an epoch at all
    lost: tuple[int, ...] = ()  # epochs in which some seed read no finite number

    def mean(self, index: int) -> float:
        """Return the mean over the seeds after an epoch."""
        return statistics.fmean(seed[index] for seed in self.values)

    def change(self, start: int, end: int) -> float:
        """Return by how much the metric grew between two epochs, in the mean over the seeds."""
        return statistics.fmean(seed[end] - seed[start] for seed in self.values)

    def gain(self, start: int, end: int) -> float:
        """Return by how much the metric became better."""
        change = self.change(start, end)
        return -change if self.direction == "min" else change

    def at(self, index: int) -> At:
        """Return where the reading of `epochs[index]` stands."""
        return At(self.name, self.epochs[index])

    def rise(self, start: int, end: int) -> Change:
        """Return the change between two epochs as it is printed, the smaller mean subtracted."""
        low, high = (start, end) if self.change(start, end) >= 0 else (end, start)
        return Change(self.at(high), self.at(low))

    @property
    def last(self) -> int:
        """Return the index of the last epoch."""
        return len(self.epochs) - 1

    @property
    def best(self) -> int:
        """Return the index of the first of the best epochs."""
        means = [self.mean(index) for index in range(len(self.epochs))]
        return means.index(min(means) if self.direction == "min" else max(means))

    @property
    def worst(self) -> int:
        """Return the index of the first of the worst epochs."""
        means = [self.mean(index) for index in range(len(self.epochs))]
        return means.index(max(means) if self.direction == "min" else min(means))

    @property
    def scale(self) -> Scale:
        """Return the column of the table that this metric is judged by, in its own unit."""
        if self.unit == "fraction":
            return POINTS
        first = abs(self.mean(0))
        return Scale(
            least=max(SHARES.least * first, LEAST_CHANGE),
            slight=max(SHARES.slight * first, LEAST_CHANGE),
            marked=max(SHARES.marked * first, LEAST_CHANGE),
            setback=max(SHARES.setback * first, LEAST_CHANGE),
            plateau=max(SHARES.plateau * first, LEAST_CHANGE),
        )

    def size(self, change: float) -> Size:
        """Return the word for a change."""
        if abs(change) < self.scale.slight:
            return "slight"
        return "marked" if abs(change) >= self.scale.marked else ""

    def sized(self, slot: str, size: Size) -> tuple[Condition, ...]:
        """Return what makes a word for a change true."""
        if not size:
            return ((slot, ">=", self.scale.slight), (slot, "<", self.scale.marked))
        return (
            ((slot, "<", self.scale.slight),)
            if size == "slight"
            else ((slot, ">=", self.scale.marked),)
        )


def course(name: str, metrics: tuple[Metric, ...]) -> Course | None:
    """Return the course of a metric, given once per seed; None without a finite number.

    It has the epochs in which every seed read a finite number at its selected rate.
    """
    if not metrics or not all(math.isfinite(metric.value) for metric in metrics):
        return None
    rows = [_by_epoch(metric) for metric in metrics]
    read = sorted(set.intersection(*(set(row) for row in rows)))
    epochs = [epoch for epoch in read if all(math.isfinite(row[epoch]) for row in rows)]
    return Course(
        name=name,
        unit=metrics[0].unit,
        direction=metrics[0].direction,
        epochs=tuple(epochs),
        values=tuple(tuple(row[epoch] for epoch in epochs) for row in rows),
        selected=tuple(metric.value for metric in metrics),
        is_selected=all(metric.epoch is not None for metric in metrics),
        lost=tuple(sorted({*read} - {*epochs})),
    )


def lost_from(metrics: tuple[Metric, ...]) -> int | None:
    """Return the epoch from which on a metric, given once per seed, is no finite number any more.

    None where it was never finite, or is so again.
    """
    rows = [_by_epoch(metric) for metric in metrics]
    read = sorted(set.intersection(*(set(row) for row in rows)))
    is_lost = [not all(math.isfinite(row[epoch]) for row in rows) for epoch in read]
    if True not in is_lost or is_lost[0] or not all(is_lost[is_lost.index(True) :]):
        return None
    return read[is_lost.index(True)]


def _by_epoch(metric: Metric) -> dict[int, float]:
    found: dict[int, float] = {}
    for reading in metric.history:
        is_ours = metric.rate is None or reading.rate == metric.rate
        if is_ours and reading.epoch is not None:
            found.setdefault(reading.epoch, reading.value)
    return found


def shape(course: Course) -> str:
    """Return the one shape of a course."""
    if len(course.epochs) < 2:  # noqa: PLR2004 - a course needs a beginning and an end
        return "single" if course.is_selected else "value"
    least, last, best = course.scale.least, course.last, course.best
    is_min = course.direction == "min"
    if min(course.gain(0, best), course.gain(last, best)) >= least:
        return "low" if is_min else "peak"
    if abs(course.change(0, last)) >= least:
        return "up" if course.change(0, last) > 0 else "down"
    if course.gain(course.worst, 0) >= least:
        return "bump" if is_min else "dip"
    return "flat" if course.mean(best) != course.mean(course.worst) else "constant"


def improves(course: Course) -> bool:
    """Tell whether a course ends better than it began, and near its best."""
    return shape(course) == ("down" if course.direction == "min" else "up")
