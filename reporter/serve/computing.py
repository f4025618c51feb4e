"""A plan that changed → its missing results, computed beside the preview."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from reporter.workplace import carry_out

if TYPE_CHECKING:
    from collections.abc import Callable

    from reporter.plan import Plan
    from reporter.runner import Event
    from reporter.workplace import Request, Workplace


class Computing:
    """Computes one plan at a time; a new one takes the place of the old.

    Attributes:
        failed: key of a job → why it failed; filled here.
        is_due: set when a result, or a failure, is to be shown.
    """

    def __init__(self, request: Request, failed: dict[str, str], is_due: threading.Event) -> None:
        self.request, self.failed, self.is_due = request, failed, is_due
        self._keys: frozenset[str] = frozenset()
        self._thread: threading.Thread | None = None
        self._is_over = threading.Event()

    def want(self, at: Workplace, plan: Plan) -> None:
        """Compute what is missing of `plan`, unless that is under way or has been tried."""
        keys = frozenset(job.key for job in plan.jobs)
        if keys == self._keys:
            return
        self.stop()
        self._keys, self._is_over = keys, threading.Event()
        for key in keys:
            self.failed.pop(key, None)
        request = replace(self.request, watch=self._watch(self._is_over))
        self._thread = threading.Thread(target=_compute, args=(request, at, plan), name="runs")
        self._thread.start()

    def stop(self) -> None:
        """Stop the workers; what they finished is stored."""
        self._is_over.set()
        if self._thread:
            self._thread.join()

    def _watch(self, is_over: threading.Event) -> Callable[[Event], None]:
        def watch(event: Event) -> None:
            """Keep what failed; end the runs once they are not wanted any more."""
            if is_over.is_set():
                raise _Over
            self.request.watch(event)
            if event.state in ("failed", "not run"):
                self.failed[event.job.key] = str(event.progress.get("error", ""))
            if event.state in ("ran", "failed", "not run"):
                self.is_due.set()

        return watch


class _Over(Exception):  # noqa: N818 - no error
    """The plan is not wanted any more."""


def _compute(request: Request, at: Workplace, plan: Plan) -> None:
    with contextlib.suppress(_Over):
        carry_out(request, at, plan)
