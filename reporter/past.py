"""Records in the store → what the runs of a plan took when they were last computed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from reporter.plan import Job
    from reporter.store import Store

QUICK = "@quick"  # ends the name of a quick build, whose seconds say nothing of the real one


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A stored result as its record describes it; of the result itself nothing is read.

    Attributes:
        seconds: what it took to compute.
        written: when, in seconds of the clock, which may have been set back since.
    """

    key: str
    folder: Path
    record: Mapping[str, Any]
    seconds: float
    written: float

    @property
    def name(self) -> tuple[str, str, str]:
        """Return report, experiment and run that it was computed for, "" in old records."""
        known = self.record
        return known.get("report", ""), known.get("experiment", ""), known.get("run", "")


def past_seconds(jobs: Iterable[Job], store: Store, report: str) -> dict[str, float]:
    """Return what each job took when it was last computed: its key → seconds.

    A stored result tells its own seconds. For a missing one speaks the newest result of the same
    run of the same experiment, whatever its parameters and seed were, of this report before others
    that share the store; a job is left out when there is none. Quick builds and real ones do not
    speak for each other.

    Args:
        jobs: of a plan.
        store: where results are looked for; only records are read.
        report: the name of the build's folder, "demo" or "demo@quick".
    """
    jobs = tuple(jobs)
    found = {job.key: entry(store, job.key) for job in jobs}
    others = list(entries(store)) if None in found.values() else []
    last: dict[tuple[str, str], Entry] = {}
    for one in sorted(others, key=lambda one: _weight(one, report)):
        theirs, experiment, run = one.name
        if theirs.endswith(QUICK) == report.endswith(QUICK):
            last[experiment, run] = one
    chosen = {job.key: found[job.key] or last.get((job.experiment, job.run)) for job in jobs}
    return {key: one.seconds for key, one in chosen.items() if one}


def _weight(one: Entry, report: str) -> tuple[bool, bool, float]:
    """Return what decides between results of a run: a resumed one took longer than it says."""
    is_whole = "resumed_at" not in one.record.get("computed", {})
    return one.name[0] == report, is_whole, one.written


def entries(store: Store) -> Iterator[Entry]:
    """Yield what the store holds, in no order; what is half written or damaged is passed over."""
    folders = store.root.iterdir() if store.root.is_dir() else ()
    for folder in folders:
        found = None if folder.name.startswith(".") else entry(store, folder.name)
        if found:
            yield found


def entry(store: Store, key: str) -> Entry | None:
    """Return what the record of a stored result says, None where there is none that can be read."""
    folder = store.root / key
    try:
        written = (folder / "manifest.json").stat().st_mtime
        record = json.loads((folder / "record.json").read_bytes())
        seconds = float(record["seconds"])
    except (OSError, ValueError, TypeError, LookupError):
        return None
    return Entry(key=key, folder=folder, record=record, seconds=seconds, written=written)


def size_of(folder: Path) -> int:
    """Return the bytes of a folder's files; one that goes meanwhile counts nothing."""
    try:
        return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    except OSError:
        return 0
