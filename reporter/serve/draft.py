"""The sources as they are now → a document; what a save leaves as it was is kept."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reporter import build, registry, runner
from reporter.prose import needs, page
from reporter.store import Store
from reporter.workplace import current_plan, open_workplace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reporter.plan import Plan
    from reporter.prose.composed import Document
    from reporter.store import Stored
    from reporter.workplace import Request, Workplace

TEXTS = frozenset({"abstract.md", "questions.md", "references.bib"})
UNSEEN = frozenset({"build", "data", "__pycache__", "node_modules"})  # folders without sources


class Draft:
    """A report that is being written.

    Attributes:
        failed: key of a job → why it failed when it was computed here.
    """

    def __init__(self, request: Request) -> None:
        self.request = request
        self.failed: dict[str, str] = {}
        self._stores: dict[Path, _Memory] = {}
        self._planned: tuple[Workplace, Plan] | None = None

    def forget(self, saved: Iterable[Path]) -> None:
        """Drop what the saved files decide: text decides no plan."""
        if not all(self._is_text(path) for path in saved):
            self._planned = None
        folders = {path.parent for path in saved if path.suffix == ".py"}
        registry.forget(folders)

    def planned(self) -> tuple[Workplace, Plan]:
        """Return the opened report and its plan, as they were at the last save of either."""
        if self._planned is None:
            at = open_workplace(self.request)
            memory = self._memory(at)
            memory.behind = at.store
            self._planned = (at, current_plan(at))
            memory.keep({job.key for job in self._planned[1].jobs})
            memory.root.mkdir(parents=True, exist_ok=True)  # so that results are seen to come
        return self._planned

    def compose(self) -> Document:
        """Compose the report over what is stored; a run that failed here says why."""
        at, plan = self.planned()
        at = replace(at, store=self._memory(at))
        needs.needed_runs(at.report, ())  # for its look at every name
        outcomes = tuple(
            replace(outcome, error=self.failed.get(outcome.job.key, outcome.error))
            if outcome.error
            else outcome
            for outcome in runner.stored(plan, at.store)
        )
        return build.text_over(at, build.finish(at, outcomes))

    def _memory(self, at: Workplace) -> _Memory:
        return self._stores.setdefault(at.store.root, _Memory(at.store.root))

    def folders(self) -> tuple[Path, ...]:
        """Return every folder in which a save changes the page; OSError without the report's."""
        self.request.folder.stat()
        mine = []
        for folder, below, _ in os.walk(self.request.folder):
            mine.append(Path(folder))
            below[:] = [name for name in below if name not in UNSEEN and name[0] != "."]
        others = [page.BASE]
        if self._planned:
            at = self._planned[0]
            others += [at.store.root, *at.experiments]
        return tuple(sorted({*mine, *filter(Path.is_dir, others)}))

    def _is_text(self, path: Path) -> bool:
        """Tell whether a file can change the page only, not what is run."""
        if path.is_relative_to(self.request.folder / "sections"):
            return True
        stores = (page.BASE, *self._stores)
        return path.parent in stores or path.name in TEXTS


class _Memory(Store):
    """A store that reads an entry once, while its manifest stays the same file.

    Attributes:
        behind: the store that is read.
    """

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.behind = Store(root)
        self._read: dict[str, tuple[tuple[int, int], Stored]] = {}

    def keep(self, keys: set[str]) -> None:
        """Forget every other entry: a day of changed parameters would fill the memory."""
        for key in set(self._read) - keys:
            self._read.pop(key, None)  # the thread that computes reads here, too

    def load(self, key: str) -> Stored | None:
        """Return the entry as it was read before, or read it."""
        try:
            stat = (self.root / key / "manifest.json").stat()
        except OSError:
            return self.behind.load(key)  # which may fetch it
        stamp = (stat.st_ino, stat.st_mtime_ns)
        known = self._read.get(key)
        if known and known[0] == stamp:
            return known[1]
        stored = self.behind.load(key)
        if stored:
            self._read[key] = (stamp, stored)
        return stored
