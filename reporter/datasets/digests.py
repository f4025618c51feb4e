"""Files → digests of their content, remembered as long as nothing about a file has changed."""

from __future__ import annotations

import hashlib
import json
import time
from stat import S_ISREG
from typing import TYPE_CHECKING

from reporter.errors import ReportError
from reporter.files import write_atomically

if TYPE_CHECKING:
    from pathlib import Path

# A file may be written twice within one tick of the clock that dates it, and keep its size: what
# was young when it was read is read again. Two seconds is the coarsest tick, of FAT.
TICK_NS = 2 * 10**9


class Digests:
    """sha-256 of files; what was read once is not read again while the file stays as it was."""

    def __init__(self, memory: Path) -> None:
        self.memory = memory
        self._known = _remembered(memory)
        self._is_changed = False

    def of(self, path: Path) -> str:
        """Return the sha-256 of the content of `path`; ReportError if it can't be read."""
        try:
            return self._of(path)
        except OSError as exc:
            reason = (exc.strerror or str(exc)).lower()
            raise ReportError(f"{path}: {reason}; put the file there anew") from exc

    def _of(self, path: Path) -> str:
        before = _state(path)
        seen = self._known.get(str(path))
        if seen and seen[:-1] == before:
            return str(seen[-1])
        began_ns = time.time_ns()
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        _, *times_ns, _ = before
        if max(times_ns) < began_ns - TICK_NS and _state(path) == before:
            self._known[str(path)] = [*before, digest]
            self._is_changed = True
        elif self._known.pop(str(path), None):
            self._is_changed = True
        return digest

    def remember(self) -> None:
        """Write what was learnt, if anything was."""
        if self._is_changed:
            write_atomically(self.memory, json.dumps(self._known).encode())
            self._is_changed = False


def _state(path: Path) -> list[int]:
    """Return what changes when a file is written, replaced, or given another date."""
    stat = path.stat()
    if not S_ISREG(stat.st_mode):  # of which there may be no end
        raise ReportError(f"{path} is no file; remove it")
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]


def _remembered(memory: Path) -> dict[str, list[int | str]]:
    """Return what was written before; {} where that is damaged."""
    try:
        known: dict[str, list[int | str]] = json.loads(memory.read_text())
        kinds = [*[int] * len(_state(memory)), str]
        whole = all([*map(type, seen)] == kinds for seen in known.values())
    except (OSError, ValueError, AttributeError, TypeError, RecursionError):
        return {}
    return known if whole else {}
