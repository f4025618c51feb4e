"""A request → the opened report, the places of its build, its plan and the outcomes of its runs."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reporter import lock, plan, registry, report, runner, shipped
from reporter.datasets.digests import Digests
from reporter.environment import limit_bytes, store_folder
from reporter.errors import ReportError
from reporter.executors.local import LocalExecutor
from reporter.runner import Event, Outcome, Runner
from reporter.sources import Sources
from reporter.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reporter.plan import Plan
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
    force: bool = False
    stops_at_failure: bool = False
    jobs: int | None = None  # worker processes at most; None: as many as the cores allow
    watch: Callable[[Event], None] = lambda _: None


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


def open_workplace(request: Request) -> Workplace:
    """Read report.toml and find the folders of this build."""
    opened = report.load(request.folder, request.overrides)
    name = f"{opened.name}@quick" if request.is_quick else opened.name
    output = request.root / name
    store = store_folder(request.root)
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
        store=Store(store),
        root=request.root,
        output=output,
        lock=(request.folder if beside else output) / "report.lock",
        changes=report.overridden(request.overrides),
        experiments=(shipped.folder("experiments"), request.folder / "experiments"),
    )


def make_plan(request: Request, at: Workplace, wanted: tuple[str, ...] | None) -> Plan:
    """Return the locked plan where nothing changed or --frozen says so, else a new one."""
    locked = lock.read(at.lock)
    if request.is_frozen and request.overrides:
        raise ReportError(
            "--frozen trusts the lock, which --set contradicts; leave one of them out"
        )
    if request.is_frozen:
        return _frozen(locked, at, wanted)
    stamp = lock.stamp(at.report, at.sources, at.experiments)
    if locked and locked[1] == stamp and not request.force and wanted is None:
        is_stored = all(at.store.load(job.key) for job in locked[0].jobs)
        if is_stored and lock.is_fresh(locked[0], at.sources):
            return locked[0]
    made = current_plan(at, wanted)
    if wanted is None:
        lock.write(at.lock, made, stamp)
    return made


def current_plan(at: Workplace, wanted: tuple[str, ...] | None = None) -> Plan:
    """Return the plan as the sources are now."""
    made = plan.make(at.report, registry.load(at.experiments), at.sources, at.store, wanted)
    at.sources.digests.remember()
    return made


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
    """Compute what is missing; a frozen build only looks."""
    if request.is_frozen:
        return runner.stored(planned, at.store)
    settings = at.report.settings
    workers, threads = workers_and_threads(cores(), request.jobs, settings.threads)
    return Runner(
        store=at.store,
        work=at.root / "work",
        cache=at.root / "cache",
        logs=at.output / "logs",
        device=settings.device,
        threads=threads,
        executor=LocalExecutor(workers),
        stops_at_failure=request.stops_at_failure,
        watch=request.watch,
    ).run(planned, force=request.force)


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
