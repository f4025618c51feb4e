"""A locked and a new plan of one run → the causes of the difference, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reporter.plan import parameter_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reporter.plan import Job, Plan
    from reporter.store import Store


def causes(run: str, before: Plan | None, now: Plan, store: Store) -> list[str]:
    """Return one line for each reason to compute `run` again, or that it is fresh."""
    jobs = now.of(run)
    if all(store.load(job.key) for job in jobs):
        return ["fresh: the store has its result"]
    known = before.of(run) if before else ()
    if not known:
        return ["never computed: the lock does not name it"]
    found = list(_differences(known[0], jobs[0]))
    seeds = [job.seed for job in known], [job.seed for job in jobs]
    if seeds[0] != seeds[1]:
        found.append(f"seeds {parameter_text(seeds[0])} → {parameter_text(seeds[1])}")
    return found or ["its result is not in the store (failed, removed, or computed elsewhere)"]


def _differences(before: Job, now: Job) -> Iterator[str]:
    if before.experiment != now.experiment:
        yield f"experiment {before.experiment} → {now.experiment}"
    for name, old, new in _changed(before.parameters, now.parameters):
        yield f"parameter {name} {parameter_text(old)} → {parameter_text(new)}"
    for name, old, new in _changed(before.inputs, now.inputs):
        is_new = old is None or new is None
        yield f"input {name} {'added or removed' if is_new else 'changed its content'}"
    for name, _, _ in _changed(before.code, now.code):
        yield f"module {name} changed (the whole module counts)"
    if before.needs != now.needs:
        yield "a run that it builds on has another key"


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name in sorted({*before, *now}):
        old, new = before.get(name), now.get(name)
        if _comparable(old) != _comparable(new):
            yield name, old, new


def _comparable(value: Any) -> Any:
    return [_comparable(item) for item in value] if isinstance(value, tuple | list) else value
