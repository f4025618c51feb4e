"""A request → the opened report, the places of its build, its plan and the outcomes of its runs."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reporter import lock, merging, plan, registry, report, runner, shipped, trust
from reporter.budget import Allowance, Choice, choose
from reporter.causes import Traces
from reporter.datasets import listings
from reporter.datasets.digests import Digests
from reporter.environment import limit_bytes, store_place
from reporter.errors import ReportError
from reporter.forecast import Forecast
from reporter.past import past_seconds
from reporter.runner import Event, Outcome, Runner
from reporter.schedule import ordered
from reporter.sources import Sources
from reporter.store import Store, Unshared

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reporter.plan import Plan
    from reporter.registry import Registry
    from reporter.report import Report


@dataclass(frozen=True, kw_only=True)
class Request:
    """What the user asks for; every flag of `report build` ends here."""

    folder: Path  # of report.toml
    root: Path  # of outputs: build/
    runs: tuple[str, ...] | None = None  # of `compute`; None: all
    sections: tuple[str, ...] = ()  # (): the whole report
    formats: tuple[str, ...] = ("html", "pdf")
    overrides: tuple[str, ...] = ()
    is_quick: bool = False
    is_frozen: bool = False
    download: bool = False
    is_trusted: bool = False  # whether the folder's own experiments may run; else as remembered
    force: bool = False
    stops_at_failure: bool = False
    jobs: int | None = None  # worker processes at most; None: as many as the cores allow
    budget_s: float | None = None  # of wall time, for the runs; None: as long as it takes
    begin: Callable[[Forecast], None] = lambda _: None  # told once, if there is anything to run
    watch: Callable[[Event], None] = lambda _: None
    unshared: Callable[[Unshared], None] = lambda _: None  # told at the end, if need be


@dataclass(frozen=True, kw_only=True)
class Workplace:
    """The opened report and the places that its build reads and writes."""

    report: Report
    sources: Sources
    store: Store
    root: Path  # build/
    output: Path  # build/<name>/
    lock: Path
    changes: tuple[str, ...]  # of report.toml, "runs.full.epochs = 5", by --set
    experiments: tuple[Path, ...]
    is_trusted: bool

    @property
    def listings(self) -> Path:
        """Return where the files of data sets are listed, so that versions can be compared."""
        return self.root / "cache" / "listings"

    @property
    def traces(self) -> Traces:
        """Return where earlier builds left traces."""
        return Traces(
            store=self.store,
            work=self.root / "work",
            listings=self.listings,
            last_build=self.output / "last-build.json",
        )


def open_workplace(request: Request) -> Workplace:
    """Read report.toml and find the folders of this build."""
    opened = report.load(request.folder, request.overrides)
    name = f"{opened.name}@quick" if request.is_quick else opened.name
    output = request.root / name
    store, address = store_place(request.root)
    limit_bytes()  # what is wrong with it is told before a run asks for it
    for folder in (request.root, output, store):
        if folder.exists() and not folder.is_dir():
            told = "is a file; it should be a folder for what is built: move the file away"
            raise ReportError(f"{folder} {told}")
    is_shipped = request.folder.is_relative_to(shipped.folder("templates"))
    beside = not (is_shipped or request.is_quick or request.overrides)
    sources = Sources(
        report=opened,
        cache=request.root / "cache" / "data",
        digests=Digests(request.root / "cache" / "digests.json"),
        is_quick=request.is_quick,
        download=request.download,
    )
    return Workplace(
        report=opened,
        sources=sources,
        store=_store(store, address),
        root=request.root,
        output=output,
        lock=(request.folder if beside else output) / "report.lock",
        changes=merging.overridden(request.overrides),
        experiments=(shipped.folder("experiments"), request.folder / "experiments"),
        is_trusted=request.is_trusted,
    )


def _store(folder: Path, address: str) -> Store:
    """Return the results of a folder, or those of an address with the folder in front of them."""
    if not address:
        return Store(folder)
    from reporter.shared import open_store

    return open_store(folder, address)


def make_plan(
    request: Request,
    at: Workplace,
    wanted: tuple[str, ...] | None,
    is_stored: Callable[[str], object] | None = None,
) -> Plan:
    """Return the locked plan where nothing changed or --frozen says so, else a new one.

    Args:
        request: what the user asks for.
        at: where things are.
        wanted: the runs to plan, None for all.
        is_stored: tells whether the result of a key can be read; as the store's `load` does.
    """
    is_stored = is_stored or at.store.load
    locked = lock.read(at.lock)
    if request.is_frozen and request.overrides:
        raise ReportError(
            "--frozen trusts the lock, which --set contradicts; leave one of them out"
        )
    if request.is_frozen:
        return _frozen(locked, at, wanted)
    stamp = lock.stamp(at.report, at.sources, at.experiments)
    if locked and locked[1] == stamp and not request.force and wanted is None:
        are_stored = all(is_stored(job.key) for job in locked[0].jobs)
        if are_stored and lock.is_fresh(locked[0], at.sources):
            at.sources.digests.remember()
            return locked[0]
    made = current_plan(at, wanted)
    if wanted is None:
        lock.write(at.lock, made, stamp)
    return made


def current_plan(at: Workplace, wanted: tuple[str, ...] | None = None) -> Plan:
    """Return the plan as the sources are now."""
    made = plan.make(at.report, experiments(at), at.sources, at.store, wanted)
    at.sources.digests.remember()
    listings.remember(at.listings, plan.datasets(made))
    return made


def experiments(at: Workplace) -> Registry:
    """Import the experiments that a report may use: nothing else does, so nothing forgets to ask.

    Raises:
        ReportError: the folder has some of its own, and its owner has not agreed to run them.
    """
    trust.insist(at.report.folder, is_trusted=at.is_trusted)
    return registry.load(at.experiments)


def _frozen(locked: tuple[Plan, str] | None, at: Workplace, wanted: tuple[str, ...] | None) -> Plan:
    """Return the locked plan, trusting it."""
    if locked is None:
        raise ReportError(f"--frozen: no lock {at.lock}; build once without --frozen")
    missing = [
        n for n in (at.report.runs if wanted is None else wanted) if n not in locked[0].runs()
    ]
    if missing:
        raise ReportError(f"--frozen: run {missing[0]!r} is not in {at.lock}; build it once")
    names = set(at.report.runs if wanted is None else wanted)
    return plan.Plan(jobs=tuple(job for job in locked[0].jobs if job.run in names))


def carry_out(request: Request, at: Workplace, planned: Plan) -> tuple[Outcome, ...]:
    """Compute what is missing; of a plan that was read from the lock nothing is."""
    if not request.is_frozen:
        runner.tidy(planned, at.store, at.root / "work")
    if planned.is_locked:
        return runner.stored(planned, at.store)
    from reporter.executors.local import LocalExecutor

    settings = at.report.settings
    workers, threads = workers_and_threads(cores(), request.jobs, settings.threads)
    forecast, choice = foresee(request, at, planned)
    if forecast.jobs:
        request.begin(forecast)
    return Runner(
        store=at.store,
        work=at.root / "work",
        cache=at.root / "cache",
        logs=at.output / "logs",
        device=settings.device,
        threads=threads,
        executor=LocalExecutor(workers),
        stops_at_failure=request.stops_at_failure,
        allowance=_allowance(request, choice),
        watch=request.watch,
    ).run(planned, force=request.force)


def share(request: Request, at: Workplace, planned: Plan) -> None:
    """Have the results of a plan where other machines find them; tell if they are not."""
    if request.is_frozen:
        return
    unshared = at.store.share(job.key for job in planned.jobs)
    if unshared:
        request.unshared(unshared)


def _allowance(request: Request, choice: Choice) -> Allowance | None:
    """Return what starts, and until when; the time begins now."""
    if request.budget_s is None:
        return None
    ends = time.monotonic() + request.budget_s
    return Allowance(choice=choice, seconds=request.budget_s, ends=ends, clock=time.monotonic)


def foresee(request: Request, at: Workplace, planned: Plan) -> tuple[Forecast, Choice]:
    """Return what is to run with how long it takes, and what a budget leaves out."""
    workers, _ = workers_and_threads(cores(), request.jobs, at.report.settings.threads)
    missing = [job for job in planned.distinct() if request.force or job.key not in at.store]
    seconds = past_seconds(missing, at.store, at.output.name) if missing else {}
    choice = Choice(jobs=tuple(ordered(missing)), refused={})
    if request.budget_s is not None:
        from reporter.prose import needs

        sections = needs.used_by_section(at.report).values()
        choice = choose(missing, sections, seconds, workers, request.budget_s)
    return Forecast(jobs=choice.jobs, seconds=seconds, slots=workers), choice


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def workers_and_threads(cores: int, jobs: int | None, threads: int) -> tuple[int, int]:
    """Return how many workers run, with how many threads each: never more than there are cores.

    Args:
        cores: that may be used.
        jobs: workers that were asked for, None for as many as there is room for.
        threads: of each worker that were asked for.
    """
    threads = min(threads, cores)
    room = cores // threads
    return min(jobs or room, room), threads
