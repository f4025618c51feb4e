"""Files → digests of their content, remembered by size and modification time."""

from __future__ import annotations

import hashlib
import json
from stat import S_ISREG
from typing import TYPE_CHECKING

from reporter.errors import ReportError
from reporter.files import write_atomically

if TYPE_CHECKING:
    from pathlib import Path


class Digests:
    """sha-256 of files; what was hashed once is not read again while size and mtime stay."""

    def __init__(self, memory: Path) -> None:
        self.memory = memory
        try:
            self._known: dict[str, list[int | str]] = json.loads(memory.read_text())
        except (OSError, ValueError):
            self._known = {}
        self._is_changed = False

    def of(self, path: Path) -> str:
        """Return the sha-256 of the content of `path`."""
        stat = path.stat()
        if not S_ISREG(stat.st_mode):  # of which there may be no end
            raise ReportError(f"{path} is no file; remove it")
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
            write_atomically(self.memory, json.dumps(self._known).encode())
