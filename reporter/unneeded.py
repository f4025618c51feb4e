"""Store, plans and locks → stored results and work folders that nobody needs any more.

What a plan or a lock of this workspace names is needed, whatever any clock says; so are the newest
results of each run, since a parameter may go back to what it was.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reporter import lock
from reporter.past import Entry, entries, size_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from reporter.store import Store


@dataclass(frozen=True, kw_only=True)
class Leftover:
    """A stored result, or what an ended run left in its work folder, that may go."""

    key: str
    folder: Path
    entry: Entry | None  # None of a work folder
    size: int  # bytes


def locked_keys(root: Path, *beside: Path) -> set[str]:
    """Return every key that a lock names: of those given, and of each build below `root`.

    Raises:
        ReportError: a lock that can't be read, for nobody knows what it needs.
    """
    found = [lock.read(path) for path in (*beside, *sorted(root.glob("*/report.lock")))]
    return {job.key for one in found if one for job in one[0].jobs}


def results(
    store: Store, needed: set[str], *, keep: int | None, max_bytes: int | None
) -> tuple[Leftover, ...]:
    """Return the results that may go, the oldest first.

    Args:
        store: all of it, also what other reports put there.
        needed: keys that stay.
        keep: so many of the newest stay of each run and seed of each report; None: all. Results
            whose record does not say their run count as runs of their own.
        max_bytes: the oldest go until the whole store is no larger; None: no limit.
    """
    found = sorted(entries(store), key=lambda one: (one.written, one.key))
    sizes = {one.key: size_of(one.folder) for one in found}
    free = [one for one in found if one.key not in needed]
    gone = {one.key for one in free} - _newest(found, keep)
    left = sum(size for key, size in sizes.items() if key not in gone)
    for one in free:
        if max_bytes is None or left <= max_bytes:
            break
        if one.key not in gone:
            gone.add(one.key)
            left -= sizes[one.key]
    return tuple(
        Leftover(key=one.key, folder=one.folder, entry=one, size=sizes[one.key])
        for one in free
        if one.key in gone
    )


def work_folders(work: Path, needed: set[str]) -> tuple[Leftover, ...]:
    """Return the work folders of what is planned no more: nothing goes on from them."""
    folders = sorted(work.iterdir()) if work.is_dir() else []
    return tuple(
        Leftover(key=folder.name, folder=folder, entry=None, size=size_of(folder))
        for folder in folders
        if folder.is_dir() and folder.name not in needed
    )


def remove(leftovers: Iterable[Leftover], store: Store) -> tuple[Leftover, ...]:
    """Remove them, but none that a build is using now; return those that went."""
    store.prepare()
    gone = []
    for one in leftovers:
        claim = store.claim(one.key)
        if claim:
            aside = one.folder.with_name(f".{one.key}.gone.new")  # never half an entry
            one.folder.rename(aside)
            shutil.rmtree(aside, ignore_errors=True)
            claim.release()
            gone.append(one)
    return tuple(gone)


def _newest(found: Sequence[Entry], keep: int | None) -> set[str]:
    """Return the keys of the newest results of each run; `found` has the oldest first."""
    runs: dict[object, list[str]] = {}
    for one in reversed(found):
        name = (*one.name, one.record.get("seed")) if all(one.name) else one.key
        runs.setdefault(name, []).append(one.key)
    return {key for keys in runs.values() for key in keys[:keep]}
