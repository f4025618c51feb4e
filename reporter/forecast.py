"""Jobs that are to run and what they took before → how long it takes, said honestly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reporter.schedule import finish_times

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from reporter.plan import Job

MINUTE, HOUR = 60.0, 3600.0
FEW_MINUTES = 1.5  # fewer are told in seconds, and so few hours in minutes


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What is to be computed, in the order in which it starts.

    Attributes:
        jobs: without a result; each key once.
        seconds: that each took before, by key; a job that never ran is not in it.
        slots: how many run at a time.
    """

    jobs: tuple[Job, ...]
    seconds: Mapping[str, float]
    slots: int

    def beginning(self) -> str:
        """Return "12 to run, about 4 min", and how many of them nobody knows."""
        return f"{len(self.jobs)} to run, {self._told((), {}, '')}"

    def state(self, ended: Collection[str], running: Mapping[str, float | None]) -> str:
        """Return "7 of 12 runs, about 3 min to go".

        Args:
            ended: keys of jobs that have ended.
            running: key → seconds still to go, None where only the past could tell.
        """
        count = sum(job.key in ended for job in self.jobs)
        return f"{count} of {len(self.jobs)} runs, {self._told(ended, running, ' to go')}"

    def _told(self, ended: Collection[str], running: Mapping[str, float | None], to_go: str) -> str:
        going = {key: left for key, left in running.items() if left is not None}
        left = [job for job in self.jobs if job.key not in ended and job.key not in going]
        known = [job for job in left if job.key in self.seconds and job.key not in running]
        ends = finish_times(known, self.seconds, self.slots, going)
        unknown = len(left) - len(known)
        if not ends:
            return "never run before" if unknown else "done"
        told = f"{about(max(ends.values()))}{to_go}"
        return f"{told} and {unknown} never run before" if unknown else told


def about(seconds: float) -> str:
    """Return "about 40 s", "about 3 min" or "about 2.5 h"."""
    return f"about {duration(seconds)}"


def duration(seconds: float) -> str:
    """Return a time in the unit in which it is read best: "40 s", "30 min", "2.5 h"."""
    if seconds < FEW_MINUTES * MINUTE:
        return f"{seconds:.0f} s"
    if seconds < FEW_MINUTES * HOUR:
        return f"{seconds / MINUTE:.0f} min"
    return f"{seconds / HOUR:.1f} h".replace(".0 h", " h")
