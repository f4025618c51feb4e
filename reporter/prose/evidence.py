"""Two values over seeds → their difference, and whether the seeds show which is larger."""

from __future__ import annotations

import math
import statistics

from reporter.errors import ReportError, shown
from reporter.prose.values import Missing, Value, mean

# Two-sided 95 % quantiles of Student's t for 1, 2, … 15 degrees of freedom; the last serves beyond.
T_95 = (12.71, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
        2.201, 2.179, 2.160, 2.145, 2.131)  # fmt: skip


def diff(first: Value | Missing, second: Value | Missing) -> Value | Missing:
    """Return first − second: seed by seed where both have the same seeds, else of the means."""
    return _pair(first, second, "diff", lambda a, b: a - b)


def wins(first: Value | Missing, second: Value | Missing) -> Value | Missing:
    """Return for how many seeds `first` is above `second`."""
    found = _pair(first, second, "wins", lambda a, b: float(a > b))
    if isinstance(found, Missing):
        return found
    return Value(
        desk=found.desk,
        source=found.source,
        numbers=(sum(found.numbers),),
        unit="count",
        is_provisional=found.is_provisional,
    )


def clearly_above(first: Value | Missing, second: Value | Missing) -> bool:
    """Tell whether the 95 % interval of the paired mean difference lies above zero.

    The interval is Student's: mean ± t · s / √n over the n seeds. One seed shows nothing, nor do
    two values over different seeds.
    """
    found = _pair(first, second, "diff", lambda a, b: a - b)
    for value in (first, second):
        value.desk.read.append(value)
    if isinstance(found, Missing) or len(found.numbers) < 2:  # noqa: PLR2004 - a spread needs two
        return False
    if not all(map(math.isfinite, found.numbers)):
        return False
    quantile = T_95[min(len(found.numbers) - 1, len(T_95)) - 1]
    error = statistics.stdev(found.numbers) / math.sqrt(len(found.numbers))
    return statistics.fmean(found.numbers) > quantile * error


def _pair(
    first: Value | Missing, second: Value | Missing, name: str, join: object
) -> Value | Missing:
    """Join two values seed by seed; a missing one makes all missing."""
    for value in (first, second):
        if isinstance(value, Missing):
            return value
        if not isinstance(value, Value):
            raise ReportError(f"{name}: {shown(value)} is no value of a run")
        if not value.numbers:
            raise ReportError(f"{name}: {value.source} is a text, no number")
    assert isinstance(first, Value)
    assert isinstance(second, Value)
    assert callable(join)
    is_paired = first.drawn_with == second.drawn_with and len(first.numbers) == len(second.numbers)
    if is_paired:
        numbers = tuple(join(a, b) for a, b in zip(first.numbers, second.numbers, strict=True))
    else:
        numbers = (join(mean(first.numbers), mean(second.numbers)),)
    return Value(
        desk=first.desk,
        source=f"{name}({first.source}, {second.source})",
        numbers=numbers,
        unit=first.unit,
        is_provisional=first.is_provisional or second.is_provisional,
        drawn_with=first.drawn_with if is_paired else (),
    )
