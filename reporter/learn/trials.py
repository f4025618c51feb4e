"""Readings after each epoch of each rate → trials, and which rate and epoch validation chose."""

from __future__ import annotations

import math
import struct
from array import array
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from reporter.errors import RunError
from reporter.learn.evaluate import Score

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import torch

    State = dict[str, torch.Tensor]

NUMBERS = struct.Struct("<Q" + 3 * "ddQ")  # of an epoch: its own, and three scores
NO_SCORE = (0.0, 0.0, 0)


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """What was measured after so many epochs; 0 is before the first."""

    number: int
    train: Score
    validation: Score | None
    test: Score | None

    def packed(self) -> bytes:
        """Return its numbers as bytes."""
        scores = self.train, self.validation, self.test
        numbers = ((s.loss, s.accuracy, s.n) if s else NO_SCORE for s in scores)
        return NUMBERS.pack(self.number, *chain.from_iterable(numbers))

    @classmethod
    def unpacked(cls, packed: bytes) -> list[Epoch]:
        """Return the epochs whose bytes follow each other."""
        found = []
        for number, *read in NUMBERS.iter_unpack(packed):
            train, validation, test = (
                Score(loss=loss, accuracy=accuracy, n=n)
                for loss, accuracy, n in (read[:3], read[3:6], read[6:])
            )
            found.append(
                cls(
                    number=number,
                    train=train,
                    validation=validation if validation.n else None,
                    test=test if test.n else None,
                )
            )
        return found


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One rate's course.

    Attributes:
        rate: the learning rate.
        losses: mean training loss per image of each iteration, as long as it was finite.
        epochs: what was measured after each epoch.
        best: the epoch that validation chose, the last one without validation.
        failure: "loss is nan in epoch 3" if the rate diverged, else "".
    """

    rate: float
    losses: tuple[float, ...]
    epochs: tuple[Epoch, ...]
    best: Epoch | None
    failure: str


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """All rates' courses, and which rate and epoch validation chose."""

    trials: tuple[Trial, ...]
    rate: float
    selected: Epoch


@dataclass(kw_only=True, eq=False)
class Course:
    """A trial while it goes on, with the state of its best epoch; {} when it diverged."""

    rate: float
    done: int = 0  # epochs
    losses: array[float] = field(default_factory=lambda: array("d"))
    epochs: list[Epoch] = field(default_factory=list)
    readings: bytearray = field(default_factory=bytearray)  # of the epochs, packed
    best: Epoch | None = None
    state: State = field(default_factory=dict)
    failure: str = ""
    has_ended: bool = False

    def add(self, epoch: Epoch) -> None:
        """Add what was measured."""
        self.epochs.append(epoch)
        self.readings += epoch.packed()

    def append(
        self, epoch: Epoch, losses: list[float], patience: int | None, copy: Callable[[], State]
    ) -> None:
        """Add a trained epoch; decide whether it is the best one and whether it is the last.

        Args:
            epoch: what was measured after it.
            losses: of its iterations.
            patience: the rate ends after so many epochs that were no better; None for never.
            copy: gives the state after the epoch, when it is the best.
        """
        self.done = epoch.number
        self.losses.extend(finite(losses))
        self.failure = divergence(losses, epoch)
        if self.failure:
            self.best, self.state, self.has_ended = None, {}, True
            return
        self.add(epoch)
        if is_better(epoch, self.best):
            self.best, self.state = epoch, copy()
        if patience and self.best:
            self.has_ended = epoch.number - self.best.number >= patience

    def trial(self) -> Trial:
        """Return what is shown of it."""
        return Trial(
            rate=self.rate,
            losses=tuple(self.losses),
            epochs=tuple(self.epochs),
            best=self.best,
            failure=self.failure,
        )


def chosen(courses: Sequence[Course]) -> Course | None:
    """Return the course with the best epoch, of equal ones the first; None if all diverged."""
    best: Course | None = None
    for course in courses:
        if course.best and (best is None or is_better(course.best, best.best)):
            best = course
    return best


def finished(courses: Sequence[Course]) -> tuple[Sweep, State]:
    """Return the sweep that the courses make, and the chosen state.

    Raises:
        RunError: every rate diverged.
    """
    best = chosen(courses)
    if best is None or best.best is None:
        raise RunError(f"{courses[0].failure} at rate {courses[0].rate}; lower rates")
    trials = tuple(course.trial() for course in courses)
    return Sweep(trials=trials, rate=best.rate, selected=best.best), best.state


def is_better(new: Epoch, old: Epoch | None) -> bool:
    """Whether validation prefers `new` to an epoch that came before it: strictly more accurate."""
    if old is None or new.validation is None or old.validation is None:
        return True
    return new.validation.accuracy > old.validation.accuracy


def finite(losses: list[float]) -> list[float]:
    """Return the losses before the first that is no finite number."""
    broken = (i for i, loss in enumerate(losses) if not math.isfinite(loss))
    return losses[: next(broken, len(losses))]


def divergence(losses: list[float], epoch: Epoch) -> str:
    """Return "loss is nan in epoch 3" when a loss of the epoch is no finite number, else ""."""
    scores = (epoch.train, epoch.validation, epoch.test)
    measured_losses = [score.loss for score in scores if score]
    broken = (loss for loss in [*losses, *measured_losses] if not math.isfinite(loss))
    value = next(broken, None)
    return "" if value is None else f"loss is {value} in epoch {epoch.number}"
