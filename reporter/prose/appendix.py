"""Runs → what the appendix says of them: by experiment, what is common once and the rest by run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from reporter.plan import parameter_text, seeds_text
from reporter.prose.failures import reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reporter.prose.views import Finished

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One run: what it was given beyond what its experiment's runs share, and what it cost."""

    name: str
    seeds: str
    seconds: str
    keys: tuple[str, ...]
    parameters: Pairs
    inputs: Pairs
    computed: tuple[str, ...]
    machine: Pairs
    error: Markup


@dataclass(frozen=True, kw_only=True)
class Group:
    """The runs of one experiment, with the parameters that all of them have."""

    experiment: str
    shared: Pairs
    entries: tuple[Entry, ...]


def groups(finished: Iterable[Finished]) -> tuple[Group, ...]:
    """Return the planned runs by experiment, in the order of the report."""
    planned = [run for run in finished if run.jobs]
    machine = dict(shared_machine(planned))
    by_name: dict[str, list[Finished]] = {}
    for run in planned:
        by_name.setdefault(run.jobs[0].experiment, []).append(run)
    return tuple(_group(name, runs, machine) for name, runs in by_name.items())


def shared_machine(runs: Iterable[Finished]) -> Pairs:
    """Return what is the same of where and with what all runs were computed."""
    return tuple(_shared([_machine(s.record) for run in runs for s in run.results]).items())


def _group(name: str, runs: Sequence[Finished], machine: Mapping[str, str]) -> Group:
    given = [_parameters(run) for run in runs]
    shared = _shared(given) if len(runs) > 1 else {}
    entries = [_entry(run, own, shared, machine) for run, own in zip(runs, given, strict=True)]
    return Group(experiment=name, shared=tuple(shared.items()), entries=tuple(entries))


def _entry(
    run: Finished, given: Mapping[str, str], shared: Mapping[str, str], machine: Mapping[str, str]
) -> Entry:
    seconds = [stored.record["seconds"] for stored in run.results]
    own = [_without(_machine(stored.record), machine) for stored in run.results]
    said = [words for stored in run.results for words in _computed(stored.record)]
    return Entry(
        name=run.name,
        seeds=seeds_text([job.seed for job in run.jobs]),
        seconds=f"{sum(seconds):.1f}" if seconds else "",
        keys=tuple(job.key[:10] for job in run.jobs),
        parameters=tuple(_without(given, shared).items()),
        inputs=tuple((name, digest[:12]) for name, digest in run.jobs[0].inputs.items()),
        computed=tuple(dict.fromkeys(said)),
        machine=tuple(dict.fromkeys(pair for pairs in own for pair in pairs.items())),
        error=Markup(reason(run.error, run.log)),  # noqa: S704 - escaped there
    )


def _shared(tables: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return what stands alike in all of them."""
    first, *others = tables or ({},)
    return {key: text for key, text in first.items() if all(o.get(key) == text for o in others)}


def _without(pairs: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    return {key: text for key, text in pairs.items() if known.get(key) != text}


def _parameters(run: Finished) -> dict[str, str]:
    given = run.jobs[0].parameters
    return {key.replace("_", " "): parameter_text(value) for key, value in given.items()}


def _machine(record: Mapping[str, Any]) -> dict[str, str]:
    """Return device, threads, class of the host, versions, commit."""
    threads = record["threads"]
    said = {"device": record["device"], "threads": str(threads), "host": record["host"]}
    said |= {"Python": record["python"], **dict(sorted(record["versions"].items()))}
    return said | ({"commit": record["commit"][:12]} if record["commit"] else {})


def _computed(record: Mapping[str, Any]) -> list[str]:
    """Return what was computed once or together; nothing that depends on what a cache had."""
    notes = record.get("computed", {})  # other experiments note nothing, old records have none
    said = {
        "prefix": "layers up to {} once for each image",
        "ahead": "then those up to {} for many batches at once",
        "delayed": "weights of the next layer changed once in {} batches",
    }
    found = [text.format(notes[name]) for name, text in said.items() if name in notes]
    return found + ["several rates together"] * (notes.get("sweep") == "stacked")
