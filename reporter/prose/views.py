"""Outcomes of runs → `runs["name"]`, the only way by which prose reaches results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reporter.artifacts import Checkpoint, Metric, Table, Text
from reporter.errors import ReportError, nearest
from reporter.plan import parameter_text
from reporter.prose.cells import TableView
from reporter.prose.measures import MetricValue
from reporter.prose.values import Desk, Missing, Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reporter.artifacts import Artifact
    from reporter.plan import Job
    from reporter.store import Stored


@dataclass(frozen=True, kw_only=True)
class Finished:
    """One run as the report sees it: its jobs, what they returned, or why they did not.

    Attributes:
        results: one per seed; () when any of them is missing.
        error: in one line why there are none.
        log: of the worker that failed, below the report's outputs; "" when none was started.
    """

    name: str
    jobs: tuple[Job, ...]
    results: tuple[Stored, ...]
    error: str = ""
    log: str = ""

    @property
    def is_provisional(self) -> bool:
        """Tell whether stand-ins or quick settings were used."""
        return any(job.notes for job in self.jobs)

    def output(self, name: str) -> tuple[Metric | Artifact, ...]:
        """Return one output for each seed; ReportError with the nearest name if there is none."""
        known = self.results[0].result
        if name not in known:
            raise ReportError(f"run {self.name!r} has no {name!r}{nearest(name, known)}")
        for job, stored in zip(self.jobs, self.results, strict=True):
            if name not in stored.result:
                raise ReportError(f"run {self.name!r} has no {name!r} for seed {job.seed}")
        return tuple(stored.result[name] for stored in self.results)


class Runs:
    """`runs` in templates."""

    def __init__(self, desk: Desk, finished: Mapping[str, Finished]) -> None:
        self._desk, self._finished = desk, finished

    def __getitem__(self, name: str) -> RunView:
        return RunView(self._desk, self._find(name))

    def __iter__(self) -> Iterator[str]:
        return iter(self._finished)

    def _find(self, name: str) -> Finished:
        if name not in self._finished:
            raise ReportError(f"no run is called {name!r}{nearest(name, self._finished)}")
        return self._finished[name]


class RunView:
    """`runs["x"]`: its metrics and tables as attributes, its parameters and record."""

    def __init__(self, desk: Desk, finished: Finished) -> None:
        self._desk, self._finished = desk, finished

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        run = self._finished
        source = f"{run.name}/{name}"
        if run.error:
            return Missing(self._desk, source, f"{run.name}: {run.error}")
        return view(
            self._desk,
            source,
            run.output(name),
            is_provisional=run.is_provisional,
            seeds=tuple(job.seed for job in run.jobs),
        )

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)

    @property
    def name(self) -> str:
        """Return the run's name."""
        return self._finished.name

    @property
    def parameters(self) -> Parameters:
        """Return the parameters after defaults."""
        return Parameters(self._desk, self._finished)

    @property
    def seconds(self) -> Value | Missing:
        """Return how long it took, for each seed."""
        run = self._finished
        source = f"{run.name}/seconds"
        if run.error:
            return Missing(self._desk, source, run.error)
        numbers = tuple(float(stored.record["seconds"]) for stored in run.results)
        return Value(
            desk=self._desk,
            source=source,
            numbers=numbers,
            unit="seconds",
            is_provisional=run.is_provisional,
        )


class Parameters:
    """`runs["x"].parameters`: known even when the run failed, but not when it was not planned."""

    def __init__(self, desk: Desk, finished: Finished) -> None:
        self._desk, self._finished = desk, finished

    def __getattr__(self, name: str) -> Value | Missing:
        if name.startswith("_"):
            raise AttributeError(name)
        run = self._finished
        source = f"{run.name}/parameters/{name}"
        if not run.jobs:
            return Missing(self._desk, source, f"{run.name}: {run.error}")
        known = run.jobs[0].parameters
        if name not in known:
            raise ReportError(f"run {run.name!r} has no parameter {name!r}{nearest(name, known)}")
        value = known[name]
        if isinstance(value, int | float) and not isinstance(value, bool):
            unit = "count" if isinstance(value, int) else ""
            return Value(desk=self._desk, source=source, numbers=(float(value),), unit=unit)
        return Value(desk=self._desk, source=source, text=parameter_text(value), raw=value)


def view(
    desk: Desk,
    source: str,
    artifacts: tuple[Metric | Artifact, ...],
    *,
    is_provisional: bool,
    seeds: tuple[int, ...] = (),
) -> Value | TableView:
    """Return what prose sees of one output of a run, given it for each seed."""
    first = artifacts[0]
    if isinstance(first, Metric):
        metrics = tuple(metric for metric in artifacts if isinstance(metric, Metric))
        return MetricValue(
            desk=desk,
            source=source,
            numbers=tuple(metric.value for metric in metrics),
            unit=first.unit,
            metrics=metrics,
            is_provisional=is_provisional,
            drawn_with=seeds,
        )
    if isinstance(first, Table):
        return TableView(desk, source, first, is_provisional=is_provisional)
    if isinstance(first, Text):
        return Value(desk=desk, source=source, text=first.body, is_provisional=is_provisional)
    shown = source.replace("/", ".")
    remedy = "" if isinstance(first, Checkpoint) else f'; show it with figure("{shown}")'
    raise ReportError(f"{source}: is a {type(first).__name__}, no value{remedy}")
