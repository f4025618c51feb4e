"""Contents → files that are there whole or not at all, and locks that end with their process."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from reporter.errors import DiskError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AT_FDCWD, EXCHANGE = -100, 2  # of renameat2(2)


def write_atomically(path: Path, content: bytes) -> None:
    """Put `content` in place of a file; whatever happens, that holds the old bytes or the new.

    Of processes that write the same file at once the last one's stays. What a killed one left is
    written over by the next.

    Raises:
        DiskError: it can't be written.
    """
    scratch = path.with_name(f".{path.name}.new")
    with told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with alone(scratch) as file:
            try:
                file.truncate(0)
                file.write(content)
                flush(file)
                scratch.replace(path)
            except BaseException:
                scratch.unlink(missing_ok=True)
                raise


def file_digest(path: Path) -> str:
    """Return the sha-256 of a file's content, "" where there is none."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


@contextlib.contextmanager
def told(path: Path) -> Iterator[None]:
    """Say in one line that `path` can't be written, and why, when that happens inside the block."""
    try:
        yield
    except OSError as exc:
        raise DiskError(f"{path} can't be written: {reason(exc)}") from exc


def reason(exc: OSError, remedy: str = "see to it and build again") -> str:
    """Return what the system says, and what to do about it."""
    said = (exc.strerror or str(exc)).lower()
    return f"{said}; {'free some and build again' if exc.errno == errno.ENOSPC else remedy}"


def flush(file: BinaryIO) -> None:
    """Have what was written to a file on the disk."""
    file.flush()
    os.fsync(file.fileno())


def flush_folder(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def put(scratch: Path, target: Path) -> None:
    """Give a folder its name; an older one of that name gets the other."""
    try:
        scratch.rename(target)
    except OSError as exc:
        if exc.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        exchange(scratch, target)


def exchange(one: Path, other: Path) -> None:
    """Let two folders change places, so that at no moment either name is missing.

    Some network file systems can't; there it takes three steps, and the names may be missing.
    """
    call = getattr(ctypes.CDLL(None), "renameat2", None)
    if call and call(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), EXCHANGE) == 0:
        return
    aside = one.with_name(f"{one.name}.new")
    other.rename(aside)
    one.rename(other)
    aside.rename(one)


def alone(path: Path) -> BinaryIO:
    """Open a file to append to it, when no other process has it so; its folder is there."""
    while True:
        file = _locked(path, fcntl.LOCK_EX)
        if file:
            return file


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A right that one process has at a time, and until its end at the latest.

    Attributes:
        path: gone when nobody has it.
    """

    path: Path
    file: BinaryIO

    def release(self) -> None:
        """Let others have it."""
        self.path.unlink(missing_ok=True)
        self.file.close()


def claimed(path: Path) -> Claim | None:
    """Return the right that a file stands for; None while another process has it."""
    file = alone_now(path)
    return Claim(path=path, file=file) if file else None


def alone_now(path: Path) -> BinaryIO | None:
    """Open a file as `alone` does; None if another process has it."""
    try:
        return _locked(path, fcntl.LOCK_EX | fcntl.LOCK_NB) or alone_now(path)
    except BlockingIOError:
        return None


@contextlib.contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Keep other processes out of the same block; the lock `path` is gone after it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with alone(path):
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _locked(path: Path, how: int) -> BinaryIO | None:
    """Open and lock a file; None if it was removed or replaced in between."""
    file = path.open("ab")
    try:
        fcntl.flock(file, how)
        if os.path.samestat(os.fstat(file.fileno()), path.stat()):
            return file
    except FileNotFoundError:
        pass
    except BaseException:
        file.close()
        raise
    file.close()
    return None
