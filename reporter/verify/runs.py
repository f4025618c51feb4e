"""report.toml, report.lock, the store's entries and their records: whether they speak of the same.

Experiments are read as text, never imported: what code a run reaches is known without running it.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import itertools
import json
import re
from typing import TYPE_CHECKING, Any

from reporter import keys, shipped
from reporter.errors import ReportError, shown
from reporter.meaning.codebase import Codebase
from reporter.meaning.reach import reached
from reporter.plan import seeds_text
from reporter.verify.verdicts import Kept, Verdict, bad, good, note, told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from reporter.plan import Job, Plan
    from reporter.report import RunSpec
    from reporter.store import Store
    from reporter.workplace import Workplace

LOCK = "report.lock"
STORE = "build/store"
MOST_READINGS = 256  # of which parameters name inputs: two for each that may
OWN = re.compile(r"\w+ \.")  # code of the folder of experiments


def compared(at: Workplace, plan: Plan, *, is_same_version: bool) -> Iterator[Verdict]:
    """Yield where specification, lock and store disagree.

    Args:
        at: the unpacked bundle.
        plan: of its lock.
        is_same_version: whether the bundle names this version of the program.
    """
    jobs = plan.jobs
    specified = (_specified(spec, plan, at.experiments) for spec in at.report.runs.values())
    parts = [
        *itertools.chain.from_iterable(specified),
        *(_lacks(job) for job in jobs if job.run not in at.report.runs),
        *itertools.chain.from_iterable(_sound(job, plan, at) for job in plan.distinct()),
        *_pictures(plan, at),
        *_more(at.store, plan),
    ]
    seen = {job.experiment: job for job in jobs}
    for job in seen.values():
        parts += _code(job, at.experiments, is_same_version=is_same_version)
    count = len(plan.distinct())
    message = f"{count} results: lock, store and records agree with report.toml"
    yield from told(parts, good("runs", "", message))


def _lacks(job: Job) -> Verdict:
    return bad("runs", LOCK, f"run {job.run} is not in report.toml")


def _specified(spec: RunSpec, plan: Plan, folders: Sequence[Path]) -> Iterator[Verdict]:
    """Yield where the lock has something else than report.toml asks for."""
    jobs = plan.of(spec.name)
    where = f"{LOCK}, run {spec.name}"
    seeds = [job.seed for job in jobs]
    if sorted(seeds) != sorted(spec.seeds):
        have = seeds_text(seeds) if seeds else "none"
        asked = seeds_text(list(spec.seeds))
        yield bad("runs", where, f"has the seeds {have} where report.toml has {asked}")
    for job in jobs[:1]:
        if job.experiment != spec.experiment:
            message = f"has the experiment {job.experiment!r} where report.toml has"
            yield bad("runs", where, f"{message} {spec.experiment!r}: a stale result")
        asked_for = {**_defaults(spec.experiment, folders), **_plain(spec.parameters)}
        used = _plain(job.parameters)
        for name, value in asked_for.items():
            if used.get(name) != value:
                whose = "report.toml has" if name in spec.parameters else "the default is"
                message = f"{name} = {shown(used.get(name))} where {whose} {shown(value)}"
                yield bad("runs", where, f"{message}: a stale result")
        for text in job.notes:
            yield bad("runs", where, f"a provisional result: {text}")


def _plain(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters as JSON has them, which knows no tuples."""
    return dict(json.loads(json.dumps(dict(parameters), default=str)))


def _sound(job: Job, plan: Plan, at: Workplace) -> Iterator[Verdict]:
    """Yield what is wrong with a key, its entry in the store, and the record of that."""
    where = f"{LOCK}, run {job.run} (seed {job.seed})"
    if job.key not in _keys(job, at):
        message = "its key is not that of its parameters, seed, inputs and code"
        yield bad("runs", where, message)
    if lacking := set(job.needs) - {other.key for other in plan.jobs}:
        yield bad("runs", where, f"builds on {min(lacking)[:10]}, which the lock does not have")
    place = f"{STORE}/{job.key[:10]}…"
    name = at.store.damage(job.key)
    if name:
        yield bad("runs", f"{place}/{name}", f"is not what was stored; result of {job.run}")
    found = at.store.load(job.key)
    if found is None:
        if not name:
            yield bad("runs", place, f"no stored result; of run {job.run}")
        return
    wanted = {"experiment": job.experiment, "seed": job.seed}
    for key, value in wanted.items():
        if found.record.get(key, value) != value:
            message = f"record.json has {key} {shown(found.record[key])} where the lock has"
            yield bad("runs", place, f"{message} {shown(value)}")
    names = {other.run for other in plan.jobs if other.key == job.key}
    if found.record.get("run", job.run) not in names:
        told_of = f"record.json has the run {shown(found.record['run'])}, the lock {job.run}"
        yield note("runs", place, f"{told_of}: it was computed for another report, or renamed")


def _keys(job: Job, at: Workplace) -> Iterator[str]:
    """Yield the keys that a job may have: a parameter may be an input's name, or just a text."""
    readings = {name: list(_readings(value, job, at)) for name, value in job.parameters.items()}
    for values in itertools.islice(itertools.product(*readings.values()), MOST_READINGS):
        yield keys.key(
            experiment=job.experiment,
            parameters=dict(zip(readings, values, strict=True)),
            seed=job.seed,
            code=job.code,
            needs=job.needs,
        )


def _readings(value: Any, job: Job, at: Workplace) -> Iterator[Any]:
    """Yield what may stand for a parameter in a key: names and digests of inputs, or itself."""
    if isinstance(value, list | tuple) and value:
        images = [_image(name, job, at) for name in value]
        if all(images):
            yield images
    elif isinstance(value, str):
        if image := _image(value, job, at):
            yield image
        for kind in ("data", "weights"):
            if f"{kind}.{value}" in job.inputs:
                yield [value, job.inputs[f"{kind}.{value}"]]
    yield value


def _image(name: Any, job: Job, at: Workplace) -> list[str | None] | None:
    if f"images.{name}" not in job.inputs or name not in at.report.images:
        return None
    return [name, job.inputs[f"images.{name}"], at.report.images[name].expected]


def _pictures(plan: Plan, at: Workplace) -> Iterator[Verdict]:
    """Yield the pictures of the bundle that are not those that a run has read."""
    read = {name: digest for job in plan.jobs for name, digest in job.inputs.items()}
    for name, digest in read.items():
        kind, _, image = name.partition(".")
        if kind == "images" and image in at.report.images:
            path = at.report.images[image].path
            try:
                found = at.sources.image(image, name).digest
            except ReportError:
                yield note("runs", path, f"is not in the bundle, so {name} was not compared")
                continue
            if found != digest:
                yield bad("runs", path, f"is not the picture {image} that the lock has been read")


def _more(store: Store, plan: Plan) -> Iterator[Verdict]:
    """Yield the entries of the store that the lock does not name."""
    names = {path.name for path in store.root.glob("*")} - {job.key for job in plan.jobs}
    for name in sorted(names):
        yield bad("runs", f"{STORE}/{name[:10]}…", "is in the store, not in the lock")


def _code(job: Job, folders: Sequence[Path], *, is_same_version: bool) -> Iterator[Verdict]:
    """Yield where an experiment's code is not what its results were computed by."""
    where = f"{LOCK}, run {job.run}"
    found = _definition(job.experiment, folders)
    if found is None:
        yield bad("runs", where, f"no file of experiments defines {job.experiment!r}")
        return
    file, _ = found
    try:
        now = reached(Codebase(file.parent), file, job.experiment).digests
    except (SyntaxError, ValueError, AssertionError, RecursionError):
        yield bad("runs", f"experiments/{file.name}", "can't be read as Python")
        return
    differ = sorted(name for name in {*now, *job.code} if now.get(name) != job.code.get(name))
    is_own = not file.is_relative_to(shipped.folder("experiments"))
    own = [name for name in differ if is_own and OWN.match(name)]
    if not differ:
        return
    if not is_same_version:
        message = "another version of this program computed it: its code was not compared"
        yield note("runs", where, message)
    elif own:
        message = f"{own[0]} is not the code that its result was computed by: a stale result"
        yield bad("runs", f"experiments/{file.name}", message)
    else:
        message = f"{differ[0]} is not the code of this program that its result was computed by"
        yield bad("runs", where, message)


def _definition(experiment: str, folders: Sequence[Path]) -> tuple[Path, ast.FunctionDef] | None:
    """Return an experiment as its file says it; a later folder's wins, as in the registry."""
    for folder in reversed(folders):
        for path in sorted(folder.glob("[!_.]*.py")):
            try:
                tree = ast.parse(path.read_bytes())
            except (SyntaxError, ValueError, RecursionError):
                continue
            for one in tree.body:
                if isinstance(one, ast.FunctionDef) and one.name == experiment:
                    return path, one
    return None


def _defaults(experiment: str, folders: Sequence[Path]) -> dict[str, Any]:
    """Return the defaults of an experiment that are written out as values."""
    found = _definition(experiment, folders)
    known = {}
    pairs = zip(found[1].args.kwonlyargs, found[1].args.kw_defaults, strict=True) if found else ()
    for argument, default in pairs:
        with contextlib.suppress(ValueError, TypeError, RecursionError):
            if default is not None:
                known[argument.arg] = ast.literal_eval(default)
    return _plain(known)


def kept(at: Workplace, plan: Plan) -> Iterator[Kept]:
    """Yield the stored results of a bundle as they are compared with those of others."""
    for job in plan.distinct():
        if found := at.store.load(job.key):
            content = (at.store.root / job.key / "record.json").read_bytes()
            yield Kept(
                run=job.run,
                seed=job.seed,
                key=job.key,
                digest=hashlib.sha256(content).hexdigest(),
                machine=str(found.record.get("machine", "")),
                started=str(found.record.get("started", "")),
            )
