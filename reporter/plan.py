"""Report and registry → the jobs to be done, in order, each with its key."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reporter import keys
from reporter.errors import ReportError, nearest
from reporter.inputs import Dataset, ImageFile, Weights
from reporter.meaning.codebase import Codebase
from reporter.meaning.reach import reached

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from reporter.experiment import Experiment, Parameter
    from reporter.meaning.reach import Code
    from reporter.registry import Registry
    from reporter.report import Report, RunSpec
    from reporter.sources import Sources
    from reporter.store import Store


@dataclass(frozen=True, kw_only=True)
class Job:
    """One run with one seed: what must be computed, and the key of its result.

    Attributes:
        parameters: all parameters after defaults, as plain data; inputs by their names.
        inputs: "data.cartoon" and the like → digest of the content.
        code: function, class or constant that it reaches → digest of its meaning.
        reasons: module of which all counts → why; empty in a job read from the lock.
        needs: keys of the results it builds on.
        notes: what is provisional about it: stand-ins, quick parameters.
        method: the experiment's own words on what it does.
        arguments: the parameters as the function takes them; empty in a job read from the lock.
        file: where the experiment is defined; None in a job read from the lock.
    """

    run: str
    seed: int
    key: str
    experiment: str
    parameters: Mapping[str, Any]
    inputs: Mapping[str, str]
    code: Mapping[str, str]
    needs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    method: str = ""
    timeout_s: float | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)
    arguments: Mapping[str, Any] = field(default_factory=dict, repr=False)
    file: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Jobs in an order in which each comes after those it needs."""

    jobs: tuple[Job, ...]

    @property
    def is_locked(self) -> bool:
        """Tell whether the plan was read from the lock, so that its jobs can't be run."""
        return all(job.file is None for job in self.jobs)

    def runs(self) -> tuple[str, ...]:
        """Return the names of the planned runs."""
        return tuple(dict.fromkeys(job.run for job in self.jobs))

    def distinct(self) -> list[Job]:
        """Return the first job of each key: two runs that are the same are computed once."""
        first: dict[str, Job] = {}
        for job in self.jobs:
            first.setdefault(job.key, job)
        return list(first.values())

    def of(self, run: str) -> tuple[Job, ...]:
        """Return the jobs of one run, one per seed."""
        return tuple(job for job in self.jobs if job.run == run)


def make(
    report: Report,
    registry: Registry,
    sources: Sources,
    store: Store,
    wanted: Iterable[str] | None = None,
) -> Plan:
    """Plan the `wanted` runs (all by default) and those that they build on.

    Every parameter is checked and every input opened before anything runs.

    Raises:
        ReportError: the first thing that is wrong, in one line.
    """
    planner = _Planner(report, registry, sources, store)
    for name in report.runs if wanted is None else wanted:
        planner.add(name, ())
    return Plan(jobs=tuple(planner.jobs))


def datasets(plan: Plan) -> list[Dataset]:
    """Return the data sets that the jobs of a plan read, each once."""
    values = [value for job in plan.jobs for value in job.arguments.values()]
    return list({one.digest: one for one in values if isinstance(one, Dataset)}.values())


class _Planner:
    """Collects jobs, the needed ones first."""

    def __init__(self, report: Report, registry: Registry, sources: Sources, store: Store) -> None:
        self.report, self.registry, self.sources, self.store = report, registry, sources, store
        self.jobs: list[Job] = []
        self.codebases: dict[Path, Codebase] = {}
        self.codes: dict[str, Code] = {}

    def add(self, name: str, seen: tuple[str, ...]) -> None:
        """Add one run, unless it is planned already."""
        if any(job.run == name for job in self.jobs):
            return
        if name in seen:
            told = f"a cycle of runs: {' → '.join((*seen, name))}; give one other weights"
            raise ReportError(f"runs.{seen[0]}: {told}")
        if name not in self.report.runs:
            hint = nearest(name, self.report.runs)
            raise ReportError(f"no run is called {name!r}{hint}")
        spec = self.report.runs[name]
        experiment = self.registry.find(spec.experiment, f"runs.{name}.experiment")
        given = spec.parameters
        if self.sources.is_quick:
            given = {**given, **experiment.quick, **spec.quick}
        bound = experiment.bind(given, f"runs.{name}")
        for parameter, needed in self._needed(experiment, bound, name):
            if needed not in self.report.runs:
                hint = nearest(needed, self.report.runs)
                raise ReportError(f"runs.{name}.{parameter}: no run is called {needed!r}{hint}")
            self.add(needed, (*seen, name))
        is_quick = self.sources.is_quick and bool(experiment.quick or spec.quick)
        for seed in spec.seeds[:1] if self.sources.is_quick else spec.seeds:
            self.jobs.append(self._job(spec, experiment, bound, seed, is_quick=is_quick))

    def _needed(
        self, experiment: Experiment, bound: Mapping[str, Any], name: str
    ) -> Iterator[tuple[str, str]]:
        """Yield parameter and run of every network that another run must train first."""
        for parameter in experiment.parameters.values():
            value = bound[parameter.name]
            if parameter.input_type is Weights and value is not None:
                source = self.sources.weights_source(value, f"runs.{name}.{parameter.name}")
                if source.startswith("run:"):
                    yield parameter.name, source.removeprefix("run:")

    def _job(
        self,
        spec: RunSpec,
        experiment: Experiment,
        bound: Mapping[str, Any],
        seed: int,
        *,
        is_quick: bool,
    ) -> Job:
        opened = {
            name: self._open(parameter, bound[name], f"runs.{spec.name}", seed)
            for name, parameter in experiment.parameters.items()
            if parameter.input_type is not None and bound[name] is not None
        }
        inputs = [one for value in opened.values() for one in _each(value)]
        notes = [self.sources.note(kind, one.name) for kind, one in inputs]
        code = self._code(experiment.name)
        parameters = {**bound, **{name: _digest(value) for name, value in opened.items()}}
        needs = tuple(one.digest for _, one in inputs if _is_checkpoint(one))
        quick = ["short quick settings"] if is_quick else []
        return Job(
            run=spec.name,
            seed=seed,
            key=keys.key(
                experiment=experiment.name,
                parameters=parameters,
                seed=seed,
                code=code.digests,
                needs=needs,
            ),
            experiment=experiment.name,
            parameters=bound,
            inputs={f"{kind}.{one.name}": one.digest for kind, one in inputs},
            code=code.digests,
            reasons=code.reasons,
            needs=needs,
            notes=tuple(dict.fromkeys([*quick, *filter(None, notes), *self._inherited(needs)])),
            method=experiment.method,
            timeout_s=spec.timeout_s,
            arguments={**bound, **opened},
            file=self.registry.files[experiment.name],
        )

    def _code(self, experiment: str) -> Code:
        """Return the code that an experiment reaches; a file is read once for all of them."""
        if experiment not in self.codes:
            file = self.registry.files[experiment]
            codebase = self.codebases.setdefault(file.parent, Codebase(file.parent))
            self.codes[experiment] = reached(codebase, file, experiment)
        return self.codes[experiment]

    def _open(self, parameter: Parameter, value: Any, where: str, seed: int) -> Any:
        where = f"{where}.{parameter.name}"
        if parameter.input_type is Dataset:
            return self.sources.data(value, where)
        if parameter.input_type is ImageFile:
            if isinstance(value, tuple):
                return tuple(self.sources.image(name, where) for name in value)
            return self.sources.image(value, where)
        source = self.sources.weights_source(value, where)
        if source.startswith("run:"):
            return self._checkpoint(value, source.removeprefix("run:"), seed)
        return self.sources.weights(value, where)

    def _checkpoint(self, name: str, run: str, seed: int) -> Weights:
        """Return the network of another run: of the same seed if it has that, else of its first."""
        jobs = [job for job in self.jobs if job.run == run]
        job = next((job for job in jobs if job.seed == seed), jobs[0])
        path = self.store.checkpoint(job.key)
        return Weights(name=name, source="run", digest=job.key, path=path)

    def _inherited(self, needs: tuple[str, ...]) -> list[str]:
        return [note for job in self.jobs if job.key in needs for note in job.notes]


def _each(opened: Any) -> list[tuple[str, Any]]:
    """Return the inputs of one parameter, each with the table of report.toml it stands in."""
    if isinstance(opened, Dataset):
        return [("data", opened)]
    if isinstance(opened, Weights):
        return [("weights", opened)]
    return [("images", one) for one in (opened if isinstance(opened, tuple) else (opened,))]


def _digest(opened: Any) -> Any:
    """Return what stands for an input in the key: content, and what a result may show of it."""
    if isinstance(opened, tuple):
        return [_digest(one) for one in opened]
    expected = [opened.expected] if isinstance(opened, ImageFile) else []
    return [opened.name, opened.digest, *expected]


def _is_checkpoint(opened: Any) -> bool:
    return isinstance(opened, Weights) and opened.source == "run"


def parameter_text(value: Any) -> str:
    """Return how a parameter's value is shown."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple | list):
        return ", ".join(parameter_text(item) for item in value) or "–"
    return f"{value:g}" if isinstance(value, float) else str(value)


def seeds_text(seeds: list[int]) -> str:
    """Return seeds as they are listed: "0–4" for a range of three and more."""
    is_run = seeds == list(range(seeds[0], seeds[0] + len(seeds)))
    if is_run and len(seeds) > 2:  # noqa: PLR2004 - "0–1" is no shorter than "0, 1"
        return f"{seeds[0]}–{seeds[-1]}"
    return ", ".join(map(str, seeds))
