"""Rates and what trains them → their courses, epoch by epoch, across interruptions."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Protocol

from reporter.learn.resumption import packed, tell_resumed, unpacked
from reporter.learn.streams import RunContext, isolated
from reporter.learn.trials import Course, Epoch, chosen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reporter.learn.resumption import Contents, Resumption
    from reporter.learn.train import Recipe
    from reporter.learn.trials import State


class Learner(Protocol):
    """Whatever trains one rate, or several at once, epoch by epoch."""

    def untrained(self) -> list[Epoch]:
        """Measure every rate before the first epoch."""

    def epoch(self, number: int) -> list[tuple[list[float], Epoch]]:
        """Train for an epoch; return every rate's losses and what is measured then."""

    def copy(self, index: int) -> State:
        """Return a copy of the model's state at one of the rates."""

    def state(self) -> Contents:
        """Return what changes from epoch to epoch, random states included."""

    def load(self, state: Contents) -> None:
        """Go on from a state."""


NewLearner = Callable[[tuple[float, ...]], Learner]  # of some rates


def courses(
    begin: NewLearner, recipe: Recipe, run: RunContext, file: Resumption, at_once: int
) -> list[Course]:
    """Train some rates at once, then the next ones; only the chosen course keeps its state.

    Args:
        begin: gives what trains some rates from the initial state.
        recipe: how to train.
        run: its streams, and whom to tell.
        file: where the training goes on, and is kept after an epoch.
        at_once: how many rates are trained together.
    """
    kept = file.read()
    found = [unpacked(course) for course in kept.get("courses", ())]
    for start in range(0, len(recipe.rates), at_once):
        rates = recipe.rates[start : start + at_once]
        if start + len(rates) < len(found):
            continue  # ended before the interruption
        learner = begin(rates)
        with isolated(run.stream("dropout"), device=run.device):
            if start < len(found):
                learner.load(kept["learner"])
                names = ", ".join(f"{rate:g}" for rate in rates)
                tell_resumed(run, f"rate {names}, epoch {max(c.done for c in found[start:])}")
            else:
                found += begun(learner, rates, recipe)
            for _ in epochs(learner, found[start:], recipe, run):
                file.write(partial(contents, found, learner))
        best = chosen(found)
        for course in found:
            course.state = course.state if course is best else {}
    return found


def contents(courses: list[Course], learner: Learner) -> Contents:
    """Return what is needed to go on from here."""
    return {"courses": [packed(course) for course in courses], "learner": learner.state()}


def begun(learner: Learner, rates: tuple[float, ...], recipe: Recipe) -> list[Course]:
    """Return the courses of rates before their first epoch."""
    courses = [Course(rate=rate) for rate in rates]
    if recipe.epoch_zero:
        for course, epoch in zip(courses, learner.untrained(), strict=True):
            course.add(epoch)
    return courses


def epochs(
    learner: Learner, courses: list[Course], recipe: Recipe, run: RunContext
) -> Iterator[int]:
    """Train until all courses have ended, and yield the number of each epoch after it."""
    first = 1 + max(course.done for course in courses)
    for number in range(first, recipe.epochs + 1):
        if all(course.has_ended for course in courses):
            return
        for index, (losses, epoch) in enumerate(learner.epoch(number)):
            if not courses[index].has_ended:
                copy = partial(learner.copy, index)
                courses[index].append(epoch, losses, recipe.patience, copy)
        finite = [course.epochs[-1].train.loss for course in courses if not course.failure]
        rates = {"rate": courses[0].rate} if len(courses) == 1 else {"rates": len(courses)}
        loss = min(finite, default=math.nan)
        run.progress(epoch=number, epochs=recipe.epochs, **rates, loss=loss)
        yield number
