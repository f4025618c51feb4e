"""The readings of a metric over rates and epochs → what one rate did, and which rate is ahead."""

from __future__ import annotations

import math
import statistics
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from reporter.errors import ReportError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reporter.artifacts import Metric, Reading

Z_95 = 1.96  # two-sided 95 % quantile of the standard normal distribution


def rates(metrics: Sequence[Metric]) -> tuple[float, ...]:
    """Return the rates that have readings for every seed, in the order they were tried."""
    tried = [[reading.rate for reading in metric.history] for metric in metrics]
    return tuple(
        rate
        for rate in dict.fromkeys(tried[0])
        if rate is not None and all(rate in other for other in tried)
    )


def finished(metrics: Sequence[Metric], source: str) -> tuple[float, ...]:
    """Return the rates that reached the last epoch for every seed.

    Raises:
        ReportError: there is none; `source` is how the metric is called then.
    """
    ends = [{r.rate for r in metric.history if r.epoch == _end(metric)} for metric in metrics]
    found = tuple(rate for rate in rates(metrics) if all(rate in end for end in ends))
    if not found:
        raise ReportError(f"{source}: no rate has readings up to the last epoch")
    return found


def at_rate(metric: Metric, rate: float) -> Metric:
    """Return the metric as if that rate had been the only one: its value is the best one there."""
    history = tuple(reading for reading in metric.history if reading.rate == rate)
    best = best_of(metric, history)
    return replace(metric, value=best.value, epoch=best.epoch, rate=rate, history=history)


def leader(metric: Metric, epoch: int | None, source: str) -> Reading:
    """Return the best reading of one epoch over all rates; of equal ones the first tried.

    Args:
        metric: with its history.
        epoch: None is the last one that any rate reached.
        source: how the metric is called in a message.

    Raises:
        ReportError: nothing was read after that epoch.
    """
    wanted = _end(metric) if epoch is None else epoch
    found = tuple(r for r in metric.history if wanted is not None and r.epoch == wanted)
    if not found:
        raise ReportError(f"{source}: no reading of epoch {wanted}")
    return best_of(metric, found)


def fluctuation(course: Sequence[Reading]) -> float:
    """Return the mean absolute change from one epoch to the next, over the second half.

    Nan if there are fewer than two readings.
    """
    half = [reading.value for reading in course[min(len(course) // 2, len(course) - 2) :]]
    changes = [abs(after - before) for before, after in pairwise(half)]
    return statistics.fmean(changes) if changes else math.nan


def wilson(accuracy: float, images: int) -> tuple[float, float]:
    """Return the 95 % interval of an accuracy that was measured on so many images.

    With z = 1.96, p the accuracy and n the images it is
    (p + z²/2n ± z √(p (1 − p)/n + z²/4n²)) / (1 + z²/n)
    after Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", 1927
    (https://doi.org/10.1080/01621459.1927.10502953). It takes the images as drawn independently.
    """
    if not math.isfinite(accuracy):
        return math.nan, math.nan
    square = Z_95**2 / images
    middle = accuracy + square / 2
    reach = math.sqrt(square * accuracy * (1 - accuracy) + square**2 / 4)
    low, high = ((middle + side * reach) / (1 + square) for side in (-1, 1))
    return max(0.0, low), min(1.0, high)


def _end(metric: Metric) -> int | None:
    """Return the last epoch that any rate reached."""
    read = [reading.epoch for reading in metric.history if reading.epoch is not None]
    return max(read, default=None)


def best_of(metric: Metric, readings: Sequence[Reading]) -> Reading:
    """Return the best reading, of equal ones the first; nan is the best only where all are."""
    choose = min if metric.direction == "min" else max
    known = [reading for reading in readings if not math.isnan(reading.value)]
    return choose(known or readings, key=lambda reading: reading.value)
