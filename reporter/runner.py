"""Plan → results in the store: computes what is missing, through an executor."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from reporter.errors import one_line
from reporter.executors import RESUME, Task
from reporter.schedule import ordered

if TYPE_CHECKING:
    from pathlib import Path

    from reporter.budget import Allowance
    from reporter.executors import Executor
    from reporter.files import Claim
    from reporter.plan import Job, Plan
    from reporter.store import Store

State = Literal["cached", "ran", "failed", "not run", "missing"]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one job.

    Attributes:
        error: why there is no result.
        log: of the worker that failed, which says more.
        damaged: the file of the stored result because of which it was computed again.
    """

    job: Job
    state: State
    error: str = ""
    seconds: float = 0.0
    log: Path | None = None
    damaged: str = ""


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something to show: a job started, told of its progress, ended, or waits for another build."""

    job: Job
    state: Literal["damaged", "waiting", "running", "cached", "ran", "failed", "not run"]
    progress: Mapping[str, float | str]
    seconds: float = 0.0


Watch = Callable[[Event], None]


@dataclass(frozen=True, kw_only=True)
class _Started:
    job: Job
    task: Task
    began: float  # on the monotonic clock
    claim: Claim


@dataclass(kw_only=True)
class _Course:
    """How far a build is.

    Attributes:
        waiting: jobs neither started nor settled.
        lacking: key → the damaged file of its stored result, "" where there is none.
        started: by key.
        elsewhere: keys that another build computes → since when, on the monotonic clock.
        force: whether also what another build has just computed is computed.
    """

    waiting: list[Job]
    lacking: Mapping[str, str]
    force: bool
    started: dict[str, _Started] = field(default_factory=dict)
    elsewhere: dict[str, float] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Runner:
    """How jobs are run: where results, work files, caches and logs go, and on which device."""

    store: Store
    work: Path
    cache: Path
    logs: Path
    device: str
    threads: int
    executor: Executor
    stops_at_failure: bool = False
    allowance: Allowance | None = None
    watch: Watch = lambda _: None

    def run(self, plan: Plan, *, force: bool = False) -> tuple[Outcome, ...]:
        """Compute the missing results of `plan`, every one with `force`; never raises for a run.

        What another build computes at the moment is waited for, and used.

        Returns:
            One outcome per job, in the order of the plan.

        Raises:
            ReportError: something must be computed, and nothing can be stored.
        """
        jobs = plan.distinct()
        lacking = _lacking(jobs, self.store, force=force)
        if lacking:
            self.store.prepare()
        waiting = self.allowance.ordered(jobs) if self.allowance else ordered(jobs)
        course = _Course(waiting=waiting, lacking=lacking, force=force)
        try:
            while course.waiting or course.started:
                course.waiting = [job for job in course.waiting if not self._advance(job, course)]
                if course.waiting or course.started:
                    self._collect(course)
                if self.allowance and self.allowance.is_spent:
                    self._end(course, self.allowance.spent())
        finally:
            self.executor.leave()
            for started in course.started.values():
                started.claim.release()
        return tuple(replace(course.outcomes[job.key], job=job) for job in plan.jobs)

    def _advance(self, job: Job, course: _Course) -> bool:
        """Start or settle a job, if it can be; tell whether it was."""
        is_lacking = job.key in course.lacking
        refusal = self.allowance.refusal(job) if self.allowance and is_lacking else ""
        blocked = self._blocked(job, course.outcomes) if is_lacking else ""
        if refusal:
            self._refuse(job, refusal, course)
        elif blocked:
            self._settle(Outcome(job=job, state="not run", error=blocked), course)
        elif any(need not in course.outcomes for need in job.needs):
            return False
        elif not is_lacking:
            self._settle(Outcome(job=job, state="cached"), course)
        elif len(course.started) >= self.executor.slots:
            return False
        else:
            return self._start(job, course)
        return True

    def _start(self, job: Job, course: _Course) -> bool:
        """Start a job, unless another build computes it now, or did so meanwhile."""
        claim = self.store.claim(job.key)
        if claim is None:
            now = time.monotonic()
            seconds = now - course.elsewhere.setdefault(job.key, now)
            self._tell(job, "waiting", "another build computes it", seconds)
            return False
        is_loaded = any(job.key in other.needs for other in course.waiting)
        if not course.force and _is_stored(job.key, self.store, with_network=is_loaded):
            claim.release()
            self._settle(Outcome(job=job, state="cached"), course)
            return True
        task = self._task(job)
        now = time.monotonic()
        course.started[job.key] = _Started(job=job, task=task, began=now, claim=claim)
        if damaged := course.lacking[job.key]:
            self._tell(job, "damaged", f"its stored {damaged}; computing it again")
        self.watch(Event(job=job, state="running", progress={}))
        self.executor.submit(task)
        return True

    def _collect(self, course: _Course) -> None:
        """Wait a moment, settle what ended and show how far the rest is."""
        for ended in self.executor.wait(timeout_s=0.25):
            started = course.started.pop(ended.task.key)
            started.claim.release()
            outcome = Outcome(
                job=started.job,
                state="ran" if ended.error is None else "failed",
                error=one_line(ended.error or ""),
                seconds=time.monotonic() - started.began,
                log=ended.task.log if ended.error else None,
                damaged=course.lacking[started.job.key],
            )
            self._settle(outcome, course)
        for started in course.started.values():
            progress = self.executor.progress(started.task)
            seconds = time.monotonic() - started.began
            self.watch(Event(job=started.job, state="running", progress=progress, seconds=seconds))

    def _end(self, course: _Course, why: str) -> None:
        """End what still runs when the budget is spent; a later build goes on from what it kept."""
        self.executor.stop()
        for started in course.started.values():
            started.claim.release()
            self._refuse(started.job, why, course)
        course.started.clear()

    def _refuse(self, job: Job, why: str, course: _Course) -> None:
        """Settle a job that no time is left for; a result that was to be renewed is still shown."""
        is_stored = _is_stored(job.key, self.store)
        state: State = "cached" if is_stored else "not run"
        self._settle(Outcome(job=job, state=state, error="" if is_stored else why), course)

    def _settle(self, outcome: Outcome, course: _Course) -> None:
        course.outcomes[outcome.job.key] = outcome
        state = "failed" if outcome.state == "missing" else outcome.state
        told = {"error": outcome.error} if outcome.error else {}
        told |= {"log": str(outcome.log)} if outcome.log else {}
        self.watch(Event(job=outcome.job, state=state, progress=told, seconds=outcome.seconds))

    def _tell(
        self, job: Job, state: Literal["damaged", "waiting"], why: str, seconds: float = 0.0
    ) -> None:
        self.watch(Event(job=job, state=state, progress={"error": why}, seconds=seconds))

    def _blocked(self, job: Job, outcomes: dict[str, Outcome]) -> str:
        """Return why a job can't be run, "" if it can."""
        for need in job.needs:
            if need in outcomes and outcomes[need].state == "not run":
                return outcomes[need].error  # which names the run that failed first
            if need in outcomes and outcomes[need].error:
                return f"not run, because {outcomes[need].job.run} failed"
        if self.stops_at_failure and any(o.state == "failed" for o in outcomes.values()):
            return "not run, because an earlier run failed and -x was given"
        return ""

    def _task(self, job: Job) -> Task:
        if job.file is None:
            raise AssertionError("a job of the lock can't be run")
        suffix = f"-seed-{job.seed}"
        work = self.work / job.key
        return Task(
            report=self.logs.parent.name,  # of build/<report>/logs
            run=job.run,
            seed=job.seed,
            key=job.key,
            experiment=job.experiment,
            file=job.file,
            arguments=job.arguments,
            store=self.store.root,
            work=work,
            cache=self.cache,
            log=self.logs / f"{job.run}{suffix}.log",
            device=self.device,
            threads=self.threads,
            timeout_s=job.timeout_s,
        )


def unchanged(plan: Plan) -> tuple[Outcome, ...]:
    """Return the outcomes of a plan all of whose results are known to be stored."""
    return tuple(Outcome(job=job, state="cached") for job in plan.jobs)


def tidy(plan: Plan, store: Store, work: Path) -> None:
    """Remove what killed processes left: of a result that is stored, how far it was, too."""
    store.sweep()
    for job in plan.jobs:
        for left in (work / job.key).glob(f"{RESUME}*") if job.key in store else ():
            left.unlink(missing_ok=True)


def stored(plan: Plan, store: Store) -> tuple[Outcome, ...]:
    """Return the outcomes of a plan that only reads the store."""
    return tuple(_looked_up(job, store) for job in plan.jobs)


def _looked_up(job: Job, store: Store) -> Outcome:
    if store.load(job.key):
        return Outcome(job=job, state="cached")
    damaged = store.damage(job.key)
    lost = f"its stored {damaged} is damaged" if damaged else "no stored result"
    return Outcome(job=job, state="missing", error=f"{lost}; build it")


def _lacking(jobs: list[Job], store: Store, *, force: bool) -> dict[str, str]:
    """Return the keys to compute, each with the damaged file of its stored result, if any.

    Networks are large: only those that a run will load are read and compared, or missed.
    """
    if force:
        return {job.key: "" for job in jobs}
    lacking: dict[str, str] = {}
    loaded: set[str] = set()
    for job in reversed(jobs):  # those that build on others come first
        damaged = store.damage(job.key) if job.key in loaded else ""
        is_missed = job.key in loaded and store.lacks_network(job.key)
        if damaged or is_missed or not store.load(job.key):
            lacking[job.key] = damaged or store.damage(job.key)
            loaded.update(job.needs)
    return lacking


def _is_stored(key: str, store: Store, *, with_network: bool = True) -> bool:
    """Tell whether a result is stored undamaged; its network, too, where that is asked for."""
    if not store.load(key) or store.damage(key):
        return False
    return not (with_network and store.lacks_network(key))
