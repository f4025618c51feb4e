"""A bundle → a folder in an exchange folder, as nbgrader's courses collect them.

An exchange lets everybody write and nobody list or change what others wrote, so nothing is read
there, and each attempt has a folder that no other has, archive+moment+digest, with the bundle by
the name that the course asks for.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from typing import TYPE_CHECKING

from reporter.errors import ReportError
from reporter.files import flush_folder, put, told, write_atomically
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
    attempt = folder / f"{file.stem}+{moment}+{digest}"
    scratch = attempt.with_name(f".{attempt.name}.new")
    try:
        write_atomically(scratch / file.name, content)
        with told(attempt):
            put(scratch, attempt)
        with contextlib.suppress(PermissionError):  # of a folder that nobody may list
            flush_folder(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return Receipt(where=str(attempt / file.name), when=now.isoformat(timespec="seconds"))
