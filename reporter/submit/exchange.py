"""A bundle → a file in an exchange folder, as nbgrader's courses collect them.

Such a folder lets everybody write and nobody list or change what others wrote, so nothing is read
there, and each file has a name that no other has: archive+moment+digest.zip.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from reporter.errors import ReportError
from reporter.files import write_atomically
from reporter.submit import Receipt

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

DIGITS = 12  # of the digest in a name


def hand_in(file: Path, folder: Path, now: dt.datetime) -> Receipt:
    """Copy a file into an exchange folder, whole or not at all.

    Args:
        file: the bundle.
        folder: where the course collects; it has to exist, since nobody looks for a new one.
        now: the moment, with its zone.

    Raises:
        ReportError: there is no such folder.
        DiskError: it can't be written there.
    """
    if not folder.is_dir():
        raise ReportError(f"--to {folder}: no such folder; ask where the course collects")
    content = file.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:DIGITS]
    moment = now.isoformat(timespec="seconds").replace(":", "")
    target = folder / f"{file.stem}+{moment}+{digest}{file.suffix}"
    write_atomically(target, content)
    return Receipt(where=str(target), when=now.isoformat(timespec="seconds"))
