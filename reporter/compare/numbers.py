"""Metrics of two builds → which differ, and by how much against the spread over seeds."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reporter.artifacts import Metric
from reporter.compare.runs import names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reporter.compare.sides import RunSide, Side

LEAST_SEEDS = 3  # that show a spread


@dataclass(frozen=True, kw_only=True)
class NumberChange:
    """A metric that differs: its values by seed, {} where a build does not have it.

    Attributes:
        difference: of the means over seeds; None where there is none, as with NaN.
        spread: standard deviation over seeds, as `spread` gives it; None where it is not known.
    """

    run: str
    metric: str
    unit: str
    split: str | None
    before: Mapping[int, float]
    after: Mapping[int, float]
    difference: float | None
    spread: float | None

    @property
    def ratio(self) -> float | None:
        """Return the difference in units of the spread; infinite where the seeds agree."""
        if self.difference is None or self.spread is None:
            return None
        return abs(self.difference) / self.spread if self.spread else math.inf


def changed_numbers(a: Side, b: Side) -> tuple[NumberChange, ...]:
    """Return the metrics that differ, of runs that have their result in both builds."""
    found = []
    for run in names(a, b):
        old, new = a.runs.get(run), b.runs.get(run)
        if old is None or new is None or not old.outputs or not new.outputs:
            continue
        for metric, (before, after) in _metrics(old, new).items():
            if not _are_same(before, after):
                found.append(_change(run, metric, before, after))
    return tuple(found)


def mean(values: Iterable[float]) -> float:
    """Return the mean; of values that are not all finite, what their sum is: NaN or infinite."""
    numbers = list(values)
    is_finite = all(map(math.isfinite, numbers))
    return statistics.fmean(numbers) if is_finite else sum(numbers)


def spread(*sides: Iterable[float]) -> float | None:
    """Return √(mean of s²), s the sample standard deviation (n − 1) of each side.

    Only sides with three seeds or more count; None where there is none, or a value is not finite.
    """
    samples = [values for values in map(list, sides) if len(values) >= LEAST_SEEDS]
    if not samples or not all(math.isfinite(value) for values in samples for value in values):
        return None
    return math.sqrt(statistics.fmean(statistics.variance(values) for values in samples))


def is_same(old: object, new: object) -> bool:
    """Tell whether two values are equal; NaN equals itself here."""
    return old == new or (old != old and new != new)  # noqa: PLR0124 - which NaN is not


def _metrics(
    old: RunSide, new: RunSide
) -> dict[str, tuple[Mapping[int, Metric], Mapping[int, Metric]]]:
    """Return for each metric its values by seed before and after."""
    kept = [
        {seed: {n: m for n, m in found.items() if isinstance(m, Metric)} for seed, found in items}
        for items in (old.outputs.items(), new.outputs.items())
    ]
    known = dict.fromkeys(
        name for side in reversed(kept) for found in side.values() for name in found
    )
    return {name: (_of(kept[0], name), _of(kept[1], name)) for name in known}


def _of(side: Mapping[int, Mapping[str, Metric]], name: str) -> dict[int, Metric]:
    return {seed: found[name] for seed, found in side.items() if name in found}


def _are_same(before: Mapping[int, Metric], after: Mapping[int, Metric]) -> bool:
    """Tell whether every seed's value is the same, or there are other seeds with the same one."""
    values = [{metric.value for metric in side.values()} for side in (before, after)]
    if before.keys() != after.keys():
        return values[0] == values[1] and len(values[0]) == 1
    return all(is_same(before[seed].value, after[seed].value) for seed in before)


def _change(
    run: str, name: str, before: Mapping[int, Metric], after: Mapping[int, Metric]
) -> NumberChange:
    metric = next(iter((after or before).values()))
    old, new = ({s: m.value for s, m in side.items()} for side in (before, after))
    difference = mean(new.values()) - mean(old.values()) if old and new else math.nan
    return NumberChange(
        run=run,
        metric=name,
        unit=metric.unit,
        split=metric.split,
        before=old,
        after=new,
        difference=difference if math.isfinite(difference) else None,
        spread=spread(old.values(), new.values()),
    )
