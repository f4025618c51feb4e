"""Folders → the files in them that were saved, as they are saved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from watchfiles import DefaultFilter, watch

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from watchfiles import Change

STEP_MS = 20  # of silence that end a save of several files
LONGEST_MS = 200  # that a save may take
TICK_MS = 100  # between two looks at whether to stop


def saves(folders: tuple[Path, ...], stop: threading.Event) -> Iterator[set[Path] | None]:
    """Yield an empty set when watching began, then what was saved, or None after each silence."""
    is_first = True
    for changes in watch(
        *folders,
        watch_filter=_Sources(),
        debounce=LONGEST_MS,
        step=STEP_MS,
        rust_timeout=TICK_MS,
        yield_on_timeout=True,
        stop_event=stop,
        raise_interrupt=False,
        recursive=False,
    ):
        yield {Path(path) for _, path in changes} if changes or is_first else None
        is_first = False


class _Sources(DefaultFilter):
    """Leaves out hidden files and what editors and Python write beside a file."""

    def __call__(self, change: Change, path: str) -> bool:
        """Tell whether a change can be a save."""
        return not Path(path).name.startswith(".") and super().__call__(change, path)
