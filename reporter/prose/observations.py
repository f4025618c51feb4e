"""Courses of metrics → facts: what may be said of them, and what makes it true.

The table of `courses.py` decides what is told and in which words. Beyond it:

A setback is told when a later epoch regains it, up to `least`, or half of it at least. A plateau is
early when it begins in the first half of the epochs and holds for three more. A gap between two
accuracies is narrow below 5 and wide from 15 points. Over-fitting shows when the validation loss
ends 5 % or more above its lowest reading, two epochs or more after it, while the training loss,
which went down as a whole, went down since. The loss of an iteration fluctuates by the mean
absolute difference of successive iterations, over the mean loss, both in the second half of the
iterations: hardly below 5 %, strongly from 20 %. Two runs differ in a metric from 0.0005 on.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from reporter.prose.courses import (
    POINTS,
    At,
    Change,
    Condition,
    Course,
    EpochOf,
    Size,
    improves,
    shape,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

PLATEAU_STEPS = 3  # epochs that a plateau lasts at least after its first
NARROW, WIDE = 0.05, 0.15  # gaps between accuracies, as fractions
OVERFIT_RISE = 0.05  # of the lowest validation loss
OVERFIT_EPOCHS = 2  # readings after the lowest
HARDLY, STRONGLY = 0.05, 0.2  # fluctuation, as a share of the mean loss
SAME = 0.0005  # two runs whose difference does not show in a tenth of a point, or three digits
FEWEST_ITERATIONS = 20  # for a statement about fluctuation


@dataclass(frozen=True)
class Wins:
    """For how many seeds `upper` is above `lower`."""

    upper: At
    lower: At


@dataclass(frozen=True)
class Seeds:
    """How many seeds a metric was measured with."""

    at: At


@dataclass(frozen=True)
class Fluctuation:
    """How much the loss changes from one iteration to the next, as a share of its mean."""


@dataclass(frozen=True)
class NameOf:
    """What a run is called in the text."""

    run: int


Slot = At | EpochOf | Change | Wins | Seeds | Fluctuation | NameOf


@dataclass(frozen=True, kw_only=True)
class Fact:
    """Something true of the readings: its numbers by name, and what makes it true."""

    kind: str
    metric: str
    slots: Mapping[str, Slot]
    conditions: tuple[Condition, ...] = ()
    size: str = ""  # "slight" or "marked" and the like, where a word says so
    direction: Literal["max", "min"] | None = "max"  # of the metric


def odd(metric: str, epoch: int | None, run: int | None = None) -> Fact:
    """Return that a metric is no finite number: since which epoch; of two runs, of which."""
    slots: dict[str, Slot] = {"value": At(metric, run=run or 0)}
    if run is not None:
        return Fact(kind="odd", metric=metric, slots={**slots, "name": NameOf(run)})
    if epoch is None:
        return Fact(kind="value", metric=metric, slots=slots)
    slots["epoch"] = EpochOf(At(metric, epoch))
    return Fact(kind="odd-from", metric=metric, slots=slots)


def of_course(course: Course) -> tuple[Fact, ...]:
    """Return every fact about one metric: its shape, its best epoch, a setback, a plateau."""
    found = [_shaped(course), _best(course), _setback(course), plateau(course), _lost(course)]
    return tuple(fact for fact in found if fact)


def _shaped(course: Course) -> Fact:
    """Return what the shape says, with the readings that show it."""
    kind = shape(course)
    if kind in {"single", "value"}:
        return Fact(kind=kind, metric=course.name, slots={"value": At(course.name)})
    last, best, worst, least = course.last, course.best, course.worst, course.scale.least
    slots: dict[str, Slot] = {"first": course.at(0), "last": course.at(last)}
    slots |= {"first_epoch": EpochOf(course.at(0)), "last_epoch": EpochOf(course.at(last))}
    conditions: tuple[Condition, ...]
    size: Size = ""
    if kind in {"flat", "constant"}:
        low, high = sorted((best, worst), key=course.mean)
        slots |= {"low": course.at(low), "high": course.at(high), "span": course.rise(low, high)}
        conditions = (("span", "<", 3 * least),)
    elif kind in {"up", "down"}:
        slots["change"] = course.rise(0, last)
        size = course.size(course.change(0, last))
        sign: Literal[">", "<"] = ">" if kind == "up" else "<"
        conditions = (
            ("change", ">=", least),
            ("last", sign, "first"),
            *course.sized("change", size),
        )
    elif kind in {"peak", "low"}:
        slots |= {"best": course.at(best), "best_epoch": EpochOf(course.at(best))}
        slots |= {"gained": course.rise(0, best), "lost": course.rise(best, last)}
        conditions = (("gained", ">=", least), ("lost", ">=", least))
    else:
        slots |= {"worst": course.at(worst), "worst_epoch": EpochOf(course.at(worst))}
        slots |= {"depth": course.rise(0, worst), "moved": course.rise(0, last)}
        conditions = (("depth", ">=", least), ("moved", "<", least))
    return Fact(kind=kind, metric=course.name, slots=slots, conditions=conditions, size=size)


def _best(course: Course) -> Fact | None:
    """Return where the best reading is, of a course that improves; a peak tells it itself."""
    if not improves(course) or len(course.epochs) <= 2:  # noqa: PLR2004 - of two it is the last
        return None
    best, last = course.best, course.last
    if best != last and course.gain(last, best) < course.scale.least / 5:
        return None  # the two would look the same
    slots: dict[str, Slot] = {
        "best": course.at(best),
        "best_epoch": EpochOf(course.at(best)),
        "last": course.at(last),
    }
    sign: Literal["<=", ">="] = "<=" if course.direction == "min" else ">="
    kind = "best-last" if best == last else "best"
    return Fact(
        kind=kind,
        metric=course.name,
        slots=slots,
        conditions=(("best", sign, "last"),),
        direction=course.direction,
    )


def _setback(course: Course) -> Fact | None:
    """Return the largest step back of one epoch, if a later epoch regains at least half of it."""
    if shape(course) not in {"up", "down", "peak", "low"}:
        return None
    step, start = max((course.gain(i + 1, i), -i) for i in range(course.last))
    start = -start
    later = range(start + 2, course.last + 1)
    if step < course.scale.setback or not later:
        return None
    whole = [i for i in later if course.gain(i, start) < course.scale.least]
    end = whole[0] if whole else max(later, key=lambda i: course.gain(start, i))
    if not whole and course.gain(start + 1, end) < step / 2:
        return None
    better, worse = (end, start) if course.direction == "min" else (start, end)
    slots: dict[str, Slot] = {
        "step": course.rise(start, start + 1),
        "step_epoch": EpochOf(course.at(start + 1)),
        "regained": course.rise(start + 1, end),
        "back_epoch": EpochOf(course.at(end)),
        "short": Change(course.at(better), course.at(worse)),
    }
    size = course.size(step)
    shown: Condition = ("short", "<", course.scale.least) if whole else ("regained", ">=", step / 2)
    word = "jump" if course.direction == "min" else "drop"
    return Fact(
        kind=f"{word}-{'recovered' if whole else 'partly'}",
        metric=course.name,
        slots=slots,
        conditions=(("step", ">=", course.scale.setback), shown, *course.sized("step", size)),
        size=size,
    )


def _lost(course: Course) -> Fact | None:
    """Return from which epoch on the readings are no finite numbers, or in which one is none."""
    if not course.lost:
        return None
    kind = "lost" if course.lost[0] > course.epochs[-1] else "lost-once"
    epoch = EpochOf(At(course.name, course.lost[0]))
    return Fact(kind=kind, metric=course.name, slots={"epoch": epoch})


def plateau(course: Course) -> Fact | None:
    """Return from which early epoch on a course that improves stays within a narrow band."""
    if not improves(course):
        return None
    for start in range(1, course.last - PLATEAU_STEPS + 1):
        after = range(start, course.last + 1)
        low, high = min(after, key=course.mean), max(after, key=course.mean)
        if course.change(low, high) >= course.scale.plateau:
            continue
        first, last = course.epochs[0], course.epochs[-1]
        if course.epochs[start] - first > (last - first) / 2:
            return None
        slots: dict[str, Slot] = {
            "from_epoch": EpochOf(course.at(start)),
            "span": course.rise(low, high),
        }
        conditions: tuple[Condition, ...] = (("span", "<", course.scale.plateau),)
        return Fact(kind="plateau", metric=course.name, slots=slots, conditions=conditions)
    return None


def gap(training: Course, other: Course) -> Fact:
    """Return how far training accuracy and another one are apart in the selected state."""
    pairs = zip(training.selected, other.selected, strict=True)
    distance = statistics.fmean(a - b for a, b in pairs)
    mine, theirs = At(training.name), At(other.name)
    upper, lower = (mine, theirs) if distance >= 0 else (theirs, mine)
    slots: dict[str, Slot] = {"training": mine, "other": theirs, "gap": Change(upper, lower)}
    slots |= {"wins": Wins(upper, lower), "seeds": Seeds(mine)}
    if abs(distance) < POINTS.least:
        condition: Condition = ("gap", "<", POINTS.least)
        return Fact(kind="gap-none", metric=other.name, slots=slots, conditions=(condition,))
    size = "narrow" if abs(distance) < NARROW else "wide" if abs(distance) >= WIDE else ""
    kind = "gap" if distance > 0 else "gap-below"
    condition = ("gap", ">=", POINTS.least)
    return Fact(kind=kind, metric=other.name, slots=slots, conditions=(condition,), size=size)


def overfitting(training: Course, validation: Course) -> Fact | None:
    """Return the sign of over-fitting in two losses, by the rule of this module."""
    if training.epochs != validation.epochs or not improves(training):
        return None
    low, last = validation.best, validation.last
    rise = validation.change(low, last)
    least = max(OVERFIT_RISE * abs(validation.mean(low)), validation.scale.least)
    if last - low < OVERFIT_EPOCHS or rise < least:
        return None
    if training.gain(low, last) < training.scale.least:
        return None
    slots: dict[str, Slot] = {
        "low": validation.at(low),
        "low_epoch": EpochOf(validation.at(low)),
        "last": validation.at(last),
        "last_epoch": EpochOf(validation.at(last)),
        "rise": Change(validation.at(last), validation.at(low)),
        "training_then": training.at(low),
        "training_last": training.at(last),
    }
    conditions: tuple[Condition, ...] = (
        ("rise", ">=", least),
        ("training_last", "<", "training_then"),
    )
    return Fact(kind="overfitting", metric=validation.name, slots=slots, conditions=conditions)


def fluctuation(losses: tuple[float, ...]) -> float | None:
    """Return how much successive losses differ, over their mean; None for few iterations."""
    half = losses[len(losses) // 2 :]
    if len(losses) < FEWEST_ITERATIONS or not all(map(math.isfinite, half)):
        return None
    level = statistics.fmean(half)
    if level <= 0:
        return None
    return statistics.fmean(abs(b - a) for a, b in pairwise(half)) / level


def fluctuating(shares: tuple[float, ...]) -> Fact:
    """Return the word for the fluctuation of the loss, given for each seed."""
    mean = statistics.fmean(shares)
    conditions: tuple[Condition, ...] = (("share", ">=", HARDLY), ("share", "<", STRONGLY))
    size = ""
    if mean < HARDLY:
        size, conditions = "hardly", (("share", "<", HARDLY),)
    elif mean >= STRONGLY:
        size, conditions = "strongly", (("share", ">=", STRONGLY),)
    return Fact(
        kind="fluctuation",
        metric="loss",
        slots={"share": Fluctuation()},
        conditions=conditions,
        size=size,
    )


def comparison(first: Course, second: Course, *, is_paired: bool, is_shown: bool) -> Fact:
    """Return which of two runs is higher in one metric.

    Args:
        first: of the first run, in the selected state.
        second: of the second run.
        is_paired: whether both were measured with the same seeds.
        is_shown: whether the seeds show which is higher, as evidence.py judges.
    """
    one, two = At(first.name, run=0), At(second.name, run=1)
    distance = statistics.fmean(first.selected) - statistics.fmean(second.selected)
    if is_paired:
        pairs = zip(first.selected, second.selected, strict=True)
        distance = statistics.fmean(a - b for a, b in pairs)
    upper, lower = (one, two) if distance >= 0 else (two, one)
    slots: dict[str, Slot] = {"upper": upper, "lower": lower, "distance": Change(upper, lower)}
    slots |= {"upper_name": NameOf(upper.run), "lower_name": NameOf(lower.run)}
    slots |= {"seeds": Seeds(upper), "wins": Wins(upper, lower)}
    conditions: tuple[Condition, ...] = (("distance", ">=", SAME), ("upper", ">", "lower"))
    if abs(distance) < SAME:
        kind, conditions = "same", (("distance", "<", SAME),)
    elif len(first.selected) == len(second.selected) == 1:
        kind = "ahead-single"
    elif not is_paired:
        kind = "ahead-unpaired"
    else:
        kind = "ahead-shown" if is_shown else "ahead-open"
    return Fact(kind=kind, metric=first.name, slots=slots, conditions=conditions)
