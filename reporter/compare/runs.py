"""Runs of two builds → which were added, removed, failed or computed from something else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reporter.plan import parameter_text, seeds_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reporter.compare.sides import RunSide, Side


@dataclass(frozen=True, kw_only=True)
class RunChange:
    """A run whose result is another one, or only in one build, and what differs."""

    run: str
    what: tuple[str, ...]


def names(a: Side, b: Side) -> tuple[str, ...]:
    """Return the runs of two builds by name, those that went at the end."""
    return tuple(dict.fromkeys([*b.runs, *a.runs]))


def changed_runs(a: Side, b: Side) -> tuple[RunChange, ...]:
    """Return the runs that differ in more than their numbers."""
    found = []
    for name in names(a, b):
        old, new = a.runs.get(name), b.runs.get(name)
        if old is None or new is None:
            what = ["removed" if new is None else "added"]
        else:
            what = [*_changes(old, new)]
        if what:
            found.append(RunChange(run=name, what=tuple(what)))
    return tuple(found)


def _changes(old: RunSide, new: RunSide) -> Iterator[str]:
    if old.error != new.error:
        yield f"{old.error or 'had its result'} → {new.error or 'has its result'}"
    if list(old.keys) != list(new.keys):
        yield f"seeds {_seeds(old)} → {_seeds(new)}"
    if not old.keys or not new.keys:
        return
    causes = [*_causes(old, new)]
    shared = old.keys.keys() & new.keys.keys()
    is_other = any(old.keys[seed] != new.keys[seed] for seed in shared)
    if is_other and not causes:
        causes = ["another key by its code or a run that it builds on; `report why` knows more"]
    yield from causes


def _causes(old: RunSide, new: RunSide) -> Iterator[str]:
    if old.experiment != new.experiment:
        yield f"experiment {old.experiment} → {new.experiment}"
    for name in dict.fromkeys([*new.parameters, *old.parameters]):
        before, after = (
            parameter_text(side.parameters[name]) if name in side.parameters else "not there"
            for side in (old, new)
        )
        if before != after:
            yield f"{name} {before} → {after}"
    for name in dict.fromkeys([*new.inputs, *old.inputs]):
        if name in old.inputs and name in new.inputs and old.inputs[name] != new.inputs[name]:
            yield f"{name} has other content"


def _seeds(side: RunSide) -> str:
    return seeds_text(list(side.keys)) if side.keys else "none"
