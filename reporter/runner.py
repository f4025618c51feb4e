"""Plan → results in the store: computes what is missing, through an executor."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from reporter.executors import Task
from reporter.schedule import ordered

if TYPE_CHECKING:
    from pathlib import Path

    from reporter.budget import Allowance
    from reporter.executors import Executor
    from reporter.plan import Job, Plan
    from reporter.store import Store

State = Literal["cached", "ran", "failed", "not run", "missing"]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one job; `error` says why there is no result."""

    job: Job
    state: State
    error: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something to show: a job started, told of its progress, or ended."""

    job: Job
    state: Literal["running", "cached", "ran", "failed", "not run"]
    progress: Mapping[str, float | str]
    seconds: float = 0.0


Watch = Callable[[Event], None]


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

        Returns:
            One outcome per job, in the order of the plan.
        """
        outcomes: dict[str, Outcome] = {}
        jobs = unique(plan.jobs)
        waiting = self.allowance.ordered(jobs) if self.allowance else ordered(jobs)
        started: dict[str, tuple[Job, float]] = {}
        try:
            while waiting or started:
                waiting = self._start(waiting, started, outcomes, force=force)
                if started:
                    self._collect(started, outcomes)
                if self.allowance and self.allowance.is_spent:
                    self._end(started, outcomes)
        finally:
            self.executor.stop()
        return tuple(_for(job, outcomes[job.key]) for job in plan.jobs)

    def _start(
        self,
        waiting: list[Job],
        started: dict[str, tuple[Job, float]],
        outcomes: dict[str, Outcome],
        *,
        force: bool,
    ) -> list[Job]:
        """Start or settle every job that can be; return those that still wait."""
        still = []
        for job in waiting:
            blocked = self._blocked(job, outcomes)
            unaffordable = self._unaffordable(job)
            if unaffordable:
                self._settle(unaffordable, outcomes)
            elif blocked:
                self._settle(Outcome(job=job, state="not run", error=blocked), outcomes)
            elif any(need not in outcomes for need in job.needs):
                still.append(job)
            elif not force and self.store.load(job.key):  # a damaged entry is computed again
                self._settle(Outcome(job=job, state="cached"), outcomes)
            elif len(started) >= self.executor.slots:
                still.append(job)
            else:
                started[job.key] = (job, time.monotonic())
                self.watch(Event(job=job, state="running", progress={}))
                self.executor.submit(self._task(job))
        return still

    def _collect(self, started: dict[str, tuple[Job, float]], outcomes: dict[str, Outcome]) -> None:
        """Wait a moment, settle what ended and show how far the rest is."""
        for ended in self.executor.wait(timeout_s=0.25):
            job, began = started.pop(ended.task.key)
            seconds = time.monotonic() - began
            state: State = "ran" if ended.error is None else "failed"
            error = ended.error or ""
            self._settle(Outcome(job=job, state=state, error=error, seconds=seconds), outcomes)
        for job, began in started.values():
            progress = _last_line(self.work / job.key / "progress.jsonl")
            seconds = time.monotonic() - began
            self.watch(Event(job=job, state="running", progress=progress, seconds=seconds))

    def _end(self, started: dict[str, tuple[Job, float]], outcomes: dict[str, Outcome]) -> None:
        """End what still runs when the budget is spent; a later build goes on from what it kept."""
        self.executor.stop()
        for job, _ in started.values():
            self._settle(self._unaffordable(job) or Outcome(job=job, state="not run"), outcomes)
        started.clear()

    def _unaffordable(self, job: Job) -> Outcome | None:
        """Return what becomes of a job that no budget is left for, None if it may run."""
        if self.allowance is None:
            return None
        refusal = self.allowance.refusal(job)
        if (refusal or not self.allowance.takes(job)) and self.store.load(job.key):
            return Outcome(job=job, state="cached")
        return Outcome(job=job, state="not run", error=refusal) if refusal else None

    def _settle(self, outcome: Outcome, outcomes: dict[str, Outcome]) -> None:
        outcomes[outcome.job.key] = outcome
        state = "failed" if outcome.state == "missing" else outcome.state
        told = {"error": outcome.error} if outcome.error else {}
        self.watch(Event(job=outcome.job, state=state, progress=told, seconds=outcome.seconds))

    def _blocked(self, job: Job, outcomes: dict[str, Outcome]) -> str:
        """Return why a job can't be run, "" if it can."""
        for need in job.needs:
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
        work.mkdir(parents=True, exist_ok=True)
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


def stored(plan: Plan, store: Store) -> tuple[Outcome, ...]:
    """Return the outcomes of a plan that only reads the store."""
    return tuple(
        Outcome(job=job, state="cached")
        if job.key in store
        else Outcome(job=job, state="missing", error="no stored result; build it")
        for job in plan.jobs
    )


def unique(jobs: tuple[Job, ...]) -> list[Job]:
    """Return the first job of each key: two runs that are the same are computed once."""
    first: dict[str, Job] = {}
    for job in jobs:
        first.setdefault(job.key, job)
    return list(first.values())


def _for(job: Job, outcome: Outcome) -> Outcome:
    return Outcome(job=job, state=outcome.state, error=outcome.error, seconds=outcome.seconds)


def _last_line(path: Path) -> Mapping[str, float | str]:
    """Return the newest progress of a run; {} before the first."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return dict(json.loads(lines[-1])) if lines else {}
    except (OSError, ValueError):
        return {}
