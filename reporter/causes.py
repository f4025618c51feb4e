"""A locked and a new plan of one run → the causes of the difference, in words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reporter.datasets import listings
from reporter.inputs import Dataset, ImageFile, Input, Weights
from reporter.meaning.reach import MODULES, shown
from reporter.plan import parameter_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from reporter.plan import Job, Plan
    from reporter.store import Store

FRESH = "fresh: the store has its result"
KINDS: dict[str, type[Input]] = {"data": Dataset, "images": ImageFile, "weights": Weights}
NAMED = 8  # functions that are reached now, or no longer; of those that changed all are named


@dataclass(frozen=True, kw_only=True)
class Traces:
    """Where earlier builds left traces: results, work in progress, lists of files, their record."""

    store: Store
    work: Path
    listings: Path
    last_build: Path


def causes(run: str, before: Plan | None, now: Plan, traces: Traces) -> list[str]:
    """Return one line for each reason to compute `run` again, or that it is fresh."""
    jobs = now.of(run)
    missing = [job for job in jobs if not traces.store.is_whole(job.key)]
    if not missing:
        return [FRESH]
    known = before.of(run) if before else ()
    if not known:
        return [_absent(missing[0], traces, is_known=False)]
    found = list(differences(known[0], jobs[0], traces))
    seeds = [job.seed for job in known], [job.seed for job in jobs]
    if seeds[0] != seeds[1]:
        found.append(f"seeds {parameter_text(seeds[0])} → {parameter_text(seeds[1])}")
    found += _needed(known[0], jobs[0], before, now, traces)
    if found:
        return found
    if jobs[0].key != known[0].key:
        return ["what report.toml says of its inputs changed"]
    of_seeds = len(jobs) > 1
    return [
        f"seed {job.seed}: {_absent(job, traces)}" if of_seeds else _absent(job, traces)
        for job in missing
    ]


def notes(jobs: tuple[Job, ...]) -> list[str]:
    """Return which modules of the workspace count whole, and why: more than need be may."""
    reasons = {name: why for job in jobs for name, why in job.reasons.items()}
    return [
        f"whole module {shown(name)} counts: {why}"
        for name, why in reasons.items()
        if not name.startswith("reporter.")
    ]


def _absent(job: Job, traces: Traces, *, is_known: bool = True) -> str:
    """Return why the store has no result of a job that nothing else speaks against."""
    damaged = traces.store.damage(job.key)
    if damaged:
        return f"damaged in the store ({damaged})"
    work = traces.work / job.key
    try:
        return f"failed last time: {json.loads((work / 'error.json').read_text())['error']}"
    except (OSError, ValueError, LookupError, TypeError):
        pass
    if _was_built(job, traces.last_build):
        return "removed from the store"
    if work.is_dir():
        return "begun and not finished; the next build goes on with it"
    if is_known:
        return "not in this store: removed, or computed elsewhere"
    return "never computed"


def _was_built(job: Job, last_build: Path) -> bool:
    try:
        last = json.loads(last_build.read_text())
        return f"{job.run} (seed {job.seed})" in [*last["ran"], *last["cached"]]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return False


def differences(before: Job, now: Job, traces: Traces) -> Iterator[str]:
    """Yield in what two jobs of a run differ, but for what they build on."""
    if before.experiment != now.experiment:
        yield f"experiment {before.experiment} → {now.experiment}"
    for name, old, new in _changed(before.parameters, now.parameters):
        yield f"parameter {name} {parameter_text(old)} → {parameter_text(new)}"
    for name, old, new in _changed(before.inputs, now.inputs):
        yield from _input(name, old, _opened(name, now) if new else None, traces)
    if before.experiment == now.experiment:
        yield from code_causes(before, now)


def _opened(name: str, job: Job) -> Input | None:
    """Return the input that is called `name`, "data.pets", among the arguments of a job."""
    kind, _, name = name.partition(".")
    for value in job.arguments.values():
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, KINDS[kind]) and one.name == name:
                return one
    return None


def _input(name: str, before: str | None, now: Input | None, traces: Traces) -> Iterator[str]:
    place = name.replace(".", "/", 1)
    if before is None or now is None:
        yield f"{place} {'is used now' if before is None else 'is no longer used'}"
    elif isinstance(now, Dataset):
        found = listings.difference(traces.listings, before, now, place)
        yield from found or [f"{place} changed its content"]
    elif isinstance(now, ImageFile) or now.source == "file":
        file = f" ({now.path.name})" if now.path else ""
        yield f"{place}{file} changed"


def code_causes(before: Job, now: Job) -> Iterator[str]:
    """Yield what of the code changed; what a module that counts whole holds is not named."""
    whole = [name for name in now.code if name.startswith("module ")]
    hidden = tuple(f"{name.removeprefix('module ')}." for name in whole)
    others: dict[str, list[str]] = {"is reached now": [], "is no longer reached": []}
    for name, old, new in _changed(before.code, now.code):
        kind, _, place = name.partition(" ")
        words = f"{kind} {shown(place)}"
        if name == MODULES:
            yield "modules that do more than define are loaded in another order"
        elif kind == "order":
            yield f"the order of statements in {shown(place)} changed"
        elif kind == "module":
            why = now.reasons.get(place)
            yield f"module {shown(place)} changed" + (f" (whole: {why})" if why else "")
        elif old and new:
            yield f"{words} changed"
        elif not place.startswith(hidden):
            others["is reached now" if new else "is no longer reached"].append(words)
    for verb, names in others.items():
        yield from (f"{words} {verb}" for words in names[:NAMED])
        if len(names) > NAMED:
            yield f"{len(names) - NAMED} more of the code {verb.replace('is', 'are')}"


def _needed(known: Job, job: Job, before: Plan | None, now: Plan, traces: Traces) -> Iterator[str]:
    """Yield why the runs that a run builds on changed: the nearest cause first."""
    if set(known.needs) == set(job.needs) or before is None:
        return
    keys = set(job.needs) - set(known.needs)
    for run in dict.fromkeys(other.run for other in now.jobs if other.key in keys):
        mine, theirs = now.of(run)[0], before.of(run)
        if not theirs:
            yield f"builds on {run} now"
            continue
        found = [*differences(theirs[0], mine, traces)]
        found += _needed(theirs[0], mine, before, now, traces)
        yield from (f"builds on {run}, of which: {words}" for words in found)
        if not found:
            yield f"builds on {run}, which changed"


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name in sorted({*before, *now}):
        old, new = before.get(name), now.get(name)
        if _comparable(old) != _comparable(new):
            yield name, old, new


def _comparable(value: Any) -> Any:
    return [_comparable(item) for item in value] if isinstance(value, tuple | list) else value
