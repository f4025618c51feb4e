"""Jobs that are to run, their past and a budget → which of them start, the most useful first."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reporter.errors import ReportError
from reporter.forecast import about, duration
from reporter.schedule import finish_times

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from reporter.plan import Job

AMOUNT = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?")
MOST_NAMED = 3  # more runs than these are counted


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What starts within a budget.

    Attributes:
        jobs: those that fit, then those of which nobody knows; in the order in which they start.
        refused: key of each other job → why it is not run.
    """

    jobs: tuple[Job, ...]
    refused: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """A choice while it is carried out: what starts, and until when.

    Attributes:
        seconds: of the budget.
        ends: when it is spent, on `clock`.
    """

    choice: Choice
    seconds: float
    ends: float
    clock: Callable[[], float]

    @property
    def is_spent(self) -> bool:
        """Tell whether the time is over."""
        return self.clock() >= self.ends

    def ordered(self, jobs: Sequence[Job]) -> list[Job]:
        """Return the jobs of a plan in the order in which they start."""
        places = {job.key: place for place, job in enumerate(self.choice.jobs)}
        return sorted(jobs, key=lambda job: places.get(job.key, -1))

    def takes(self, job: Job) -> bool:
        """Tell whether a job is to be computed."""
        return job.key in {one.key for one in self.choice.jobs}

    def refusal(self, job: Job) -> str:
        """Return why a job is not started, "" if it may."""
        return self.choice.refused.get(job.key) or (self.spent() if self.is_spent else "")

    def spent(self) -> str:
        """Return what is said of a job for which the time did not last."""
        return f"not run, because the budget of {duration(self.seconds)} was spent before it ended"


def seconds_of(text: str) -> float:
    """Return the seconds of "30m", "45s", "2h" or "1h30m".

    Raises:
        ReportError: it is none of these, or nothing.
    """
    found = AMOUNT.fullmatch(text)
    hours, minutes, seconds = (float(part or 0) for part in found.groups()) if found else (0, 0, 0)
    total = 3600 * hours + 60 * minutes + seconds
    if not total:
        raise ReportError(f"--budget {text!r}: should look like 45s, 30m, 2h or 1h30m")
    return total


def choose(
    jobs: Sequence[Job],
    sections: Iterable[Sequence[str]],
    seconds: Mapping[str, float],
    slots: int,
    budget: float,
) -> Choice:
    """Return what fits into a budget, the most useful first.

    Useful is what stands first in the report, then what is cheapest; runs that no section uses come
    last. A run counts with all its seeds and all that it needs, since half of it shows nothing, and
    is taken if with it the schedule still ends within the budget. Runs that were never computed
    start after these, while there is time.

    Args:
        jobs: without a result, each after those it needs.
        sections: the runs that each section uses, in the order of the report.
        seconds: that each took before, by key; not of all.
        slots: how many run at a time.
        budget: in seconds.
    """
    chosen: list[Job] = []
    bundles = _useful(jobs, list(sections), seconds)
    for bundle in sorted(bundles, key=lambda those: any(job.key not in seconds for job in those)):
        with_it = [*chosen, *_new(bundle, chosen)]
        known = [job for job in with_it if job.key in seconds]
        if max(finish_times(known, seconds, slots, {}).values(), default=0.0) <= budget:
            chosen = with_it
    refused = _new(jobs, chosen)
    return Choice(
        jobs=tuple(chosen),
        refused={job.key: _reason(job, refused, chosen, seconds, budget) for job in refused},
    )


def _useful(
    jobs: Sequence[Job], sections: Sequence[Sequence[str]], seconds: Mapping[str, float]
) -> list[list[Job]]:
    """Return each run's jobs with those they need, the most useful run first."""
    places = {run: place for place, used in reversed([*enumerate(sections)]) for run in used}
    bundles = {job.run: _bundle(job.run, jobs) for job in jobs}

    def usefulness(run: str) -> tuple[int, float]:
        cost = sum(seconds.get(job.key, 0.0) for job in bundles[run])
        return places.get(run, len(sections)), cost

    return [bundles[run] for run in sorted(bundles, key=usefulness)]


def _bundle(run: str, jobs: Sequence[Job]) -> list[Job]:
    """Return the jobs of a run and all that they need of `jobs`, in their order."""
    wanted = {job.key for job in jobs if job.run == run}
    for job in reversed(jobs):
        if job.key in wanted:
            wanted.update(job.needs)
    return [job for job in jobs if job.key in wanted]


def _new(jobs: Iterable[Job], known: Iterable[Job]) -> list[Job]:
    keys = {job.key for job in known}
    return [job for job in jobs if job.key not in keys]


def _reason(
    job: Job,
    refused: Sequence[Job],
    chosen: Sequence[Job],
    seconds: Mapping[str, float],
    budget: float,
) -> str:
    """Return why a job did not fit: what its run takes, and what the budget is spent on."""
    own = [seconds[one.key] for one in _bundle(job.run, refused) if one.key in seconds]
    takes = f"it takes {about(sum(own))} and " if own else ""
    names = list(dict.fromkeys(one.run for one in chosen))
    rest = len(names) - MOST_NAMED
    shown = ", ".join(names[:MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")
    spent = f"was spent on {shown}" if names else "is less"
    return f"not run, because {takes}the budget of {duration(budget)} {spent}"
