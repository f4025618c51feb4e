"""Names → objects, in a folder or on a web server: what a shared store needs of either.

Whatever goes wrong is an OSError: PermissionError where it may not be done, any other where it may
go well later. An object that is not there is no error.
"""

from __future__ import annotations

import contextlib
import errno
import http.client
import os
import secrets
import shutil
import urllib.error
import urllib.request
from http import HTTPStatus
from typing import TYPE_CHECKING, NoReturn, Protocol
from urllib.parse import quote

from reporter.files import flush, flush_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TIMEOUT_S = 30
CHUNK = 1 << 18  # bytes
NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)  # of some file systems
REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.PROXY_AUTHENTICATION_REQUIRED)
# that answer so for what is not there: servers, and buckets whose names may not be listed
ABSENT = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE, HTTPStatus.FORBIDDEN)


class Remote(Protocol):
    """Objects by name, "entries/a.json"; a half written one is never seen.

    Attributes:
        can_be_written: whether that may be tried.
    """

    can_be_written: bool

    def names(self, folder: str, /) -> set[str] | None:
        """Return the names of the objects in a folder; None where that can't be asked."""

    def read(self, name: str) -> bytes | None:
        """Return an object, None if there is none."""

    def fetch(self, name: str, path: Path) -> bool:
        """Write an object into a file; False if there is none."""
        ...

    def send(self, path: Path, name: str) -> None:
        """Make a file an object, in place of an older one."""

    def write(self, name: str, content: bytes) -> None:
        """Make an object, in place of an older one."""

    def create(self, name: str, content: bytes) -> bool:
        """Make an object unless there is one of that name: of several who try one succeeds."""
        ...

    def remove(self, name: str) -> None:
        """Remove an object, if it is there."""


class Folder:
    """Objects as files below a folder; names that begin with a dot are of unfinished ones."""

    can_be_written = True

    def __init__(self, root: Path) -> None:
        self.root = root

    def names(self, folder: str) -> set[str] | None:
        """Return the names of the files in a folder."""
        with contextlib.suppress(FileNotFoundError):
            return {p.name for p in (self.root / folder).iterdir() if p.name[0] != "."}
        return set()

    def read(self, name: str) -> bytes | None:
        """Return a file's content."""
        with contextlib.suppress(FileNotFoundError):
            return (self.root / name).read_bytes()
        return None

    def fetch(self, name: str, path: Path) -> bool:
        """Copy a file from here."""
        with contextlib.suppress(FileNotFoundError), (self.root / name).open("rb") as source:
            with path.open("wb") as file:
                shutil.copyfileobj(source, file, CHUNK)
            return True
        return False

    def send(self, path: Path, name: str) -> None:
        """Copy a file to here."""
        with self._scratch(name) as scratch:
            with path.open("rb") as source, scratch.open("wb") as file:
                shutil.copyfileobj(source, file, CHUNK)
                flush(file)
            scratch.replace(self.root / name)
            flush_folder(scratch.parent)

    def write(self, name: str, content: bytes) -> None:
        """Write a file."""
        with self._scratch(name) as scratch:
            scratch.write_bytes(content)
            scratch.replace(self.root / name)

    def create(self, name: str, content: bytes) -> bool:
        """Write a file, and give it its name by a link: the second to try finds one there."""
        with self._scratch(name) as scratch, contextlib.suppress(FileExistsError):
            with scratch.open("wb") as file:
                file.write(content)
                flush(file)
            try:
                os.link(scratch, self.root / name)
            except OSError as exc:
                if exc.errno not in NO_LINKS:
                    raise
                with (self.root / name).open("xb") as file:  # whose reader may come too early
                    file.write(content)
            flush_folder(scratch.parent)
            return True
        return False

    def remove(self, name: str) -> None:
        """Remove a file."""
        (self.root / name).unlink(missing_ok=True)

    @contextlib.contextmanager
    def _scratch(self, name: str) -> Iterator[Path]:
        """Yield a new name beside a file, which is gone after the block."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
        try:
            yield scratch
        finally:
            scratch.unlink(missing_ok=True)


class Mirror:
    """Objects on a web server that only hands out files."""

    can_be_written = False

    def __init__(self, address: str) -> None:
        self.address = address

    def names(self, _folder: str) -> None:
        """Return None: no web server has to say what it has."""

    def read(self, name: str) -> bytes | None:
        """Return what the server has under a name."""
        with self._answer(name) as answer:
            return answer.read() if answer else None

    def fetch(self, name: str, path: Path) -> bool:
        """Write what the server has under a name into a file."""
        with self._answer(name) as answer:
            if answer is None:
                return False
            with path.open("wb") as file:
                shutil.copyfileobj(answer, file, CHUNK)
            missing = answer.length
        if missing:
            raise ConnectionError(f"the connection broke off, {missing} bytes too early")
        return True

    def send(self, *_: object) -> NoReturn:
        """Refuse, as all that would change something."""
        raise PermissionError(errno.EROFS, f"{self.address} can only be read")

    write = create = remove = send

    @contextlib.contextmanager
    def _answer(self, name: str) -> Iterator[http.client.HTTPResponse | None]:
        """Yield what the server answers; None where it has nothing under the name."""
        headers = {"User-Agent": "reporter", "Accept-Encoding": "identity"}
        url = f"{self.address}/{quote(name)}"
        request = urllib.request.Request(url, headers=headers)  # noqa: S310 - of http(s) alone
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310 - of http(s) alone
                yield answer
        except urllib.error.HTTPError as exc:
            exc.close()
            if exc.code in REFUSED:
                raise PermissionError(errno.EACCES, f"the server answers {exc.code}") from exc
            if exc.code not in ABSENT:
                raise OSError(errno.EIO, f"the server answers {exc.code}") from exc
        except (http.client.HTTPException, ValueError) as exc:
            raise OSError(errno.EIO, f"the connection broke off ({type(exc).__name__})") from exc
        else:
            return
        yield None
