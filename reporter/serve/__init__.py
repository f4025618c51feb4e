"""A report → its page in the browser, set anew on every save."""

from __future__ import annotations

import contextlib
import threading
import traceback
from typing import TYPE_CHECKING

from reporter.errors import ReportError
from reporter.prose import page
from reporter.serve.computing import Computing
from reporter.serve.draft import Draft
from reporter.serve.news import News
from reporter.serve.site import Site
from reporter.serve.watching import saves

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reporter.workplace import Request

RETRY_S = 1.0  # after watching failed


@contextlib.contextmanager
def serving(request: Request, port: int, *, computes: bool = False) -> Iterator[str]:
    """Serve the page of a report to this machine until the block ends; yield its address.

    Args:
        request: the report, and how its runs are meant.
        port: 0 for a free one.
        computes: whether missing results are computed, at the start and when the plan changes.

    Raises:
        ReportError: the port can't be had.
    """
    news = News()
    with Site(port, news) as site:
        preview = _Preview(request, news, computes=computes)
        threads = [
            threading.Thread(target=site.serve_forever, args=(0.05,), name="site"),
            threading.Thread(target=preview.follow, name="saves"),
        ]
        for thread in threads:
            thread.start()
        try:
            yield f"http://127.0.0.1:{site.port}/"
        finally:
            preview.stop.set()
            news.close()
            site.shutdown()
            for thread in threads:
                thread.join()


class _Preview:
    """Sets the page again whenever something that it is made of was saved."""

    def __init__(self, request: Request, news: News, *, computes: bool) -> None:
        self.draft, self.news = Draft(request), news
        self.stop, self.is_due = threading.Event(), threading.Event()
        self.computing = Computing(request, self.draft.failed, self.is_due) if computes else None

    def follow(self) -> None:
        """Set the page now and after every save, until told to stop."""
        try:
            while not self.stop.is_set():
                try:
                    self._follow(self.draft.folders())
                except OSError as exc:  # a folder that went meanwhile, or too many to watch
                    self.news.tell(faults=(f"saves are not seen: {exc}",))
                    self.stop.wait(RETRY_S)
        finally:
            if self.computing:
                self.computing.stop()

    def _follow(self, folders: tuple[Path, ...]) -> None:
        """Set the page after every save in these folders, until there are others."""
        for saved in saves(folders, self.stop):
            if saved is not None or self.is_due.is_set():
                self.is_due.clear()
                self._set(saved or set())
            if saved is not None and self._is_moved(folders, saved):
                return

    def _is_moved(self, folders: tuple[Path, ...], saved: set[Path]) -> bool:
        """Tell whether watching has to begin anew: a folder came, or went, if only for a moment."""
        return not saved.isdisjoint(folders) or self.draft.folders() != folders

    def _set(self, saved: set[Path]) -> None:
        """Tell the new page, or why there is none."""
        try:
            self.draft.forget(saved)
            composed = self.draft.compose()
            told = [f"{problem.where}: {problem.message}" for problem in composed.problems]
            self.news.tell(html=page.whole(composed), faults=tuple(told))
            if self.computing:
                self.computing.want(*self.draft.planned())
        except ReportError as exc:
            self.news.tell(faults=(str(exc).replace(f"{self.draft.request.folder}/", ""),))
        except Exception as exc:  # noqa: BLE001 - a preview outlives whatever is half-saved
            traceback.print_exc()
            self.news.tell(faults=(f"{type(exc).__name__}: {exc} (the terminal has more)",))
