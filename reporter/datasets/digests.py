"""Files → digests of their content, remembered by size and modification time."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from reporter.errors import ReportError

if TYPE_CHECKING:
    from pathlib import Path


class Digests:
    """sha-256 of files; what was hashed once is not read again while size and mtime stay."""

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
        stat = path.stat()
        seen = self._known.get(str(path))
        if seen and seen[:2] == [stat.st_size, stat.st_mtime_ns]:
            return str(seen[2])
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        self._known[str(path)] = [stat.st_size, stat.st_mtime_ns, digest]
        self._is_changed = True
        return digest

    def remember(self) -> None:
        """Write what was learnt, if anything was."""
        if self._is_changed:
            self.memory.parent.mkdir(parents=True, exist_ok=True)
            scratch = self.memory.with_suffix(".tmp")
            scratch.write_text(json.dumps(self._known))
            scratch.replace(self.memory)


def _remembered(memory: Path) -> dict[str, list[int | str]]:
    """Return what was written before; {} where that is damaged."""
    try:
        known: dict[str, list[int | str]] = json.loads(memory.read_text())
        whole = all([*map(type, seen)] == [int, int, str] for seen in known.values())
    except (OSError, ValueError, AttributeError, TypeError, RecursionError):
        return {}
    return known if whole else {}
