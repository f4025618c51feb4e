"""Names → objects in a bucket that speaks S3, through s3fs: the only module that knows of it."""

from __future__ import annotations

import contextlib
import errno
from typing import TYPE_CHECKING, Any

from reporter.errors import ReportError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MET = ("PreconditionFailed", "412")  # what servers call an object that is there already


class Bucket:
    """Objects below a prefix; address and credentials come from the environment: AWS_…."""

    can_be_written = True

    def __init__(self, root: str) -> None:
        self.root = root
        self.files = _file_system()

    def names(self, folder: str) -> set[str] | None:
        """Return the names of the objects in a folder: a thousand with each request."""
        path = self._path(folder)
        with _as_os_errors(), contextlib.suppress(FileNotFoundError):
            found = self.files.ls(path, detail=False, refresh=True)
            return {name.rpartition("/")[2] for name in found}
        return set()

    def read(self, name: str) -> bytes | None:
        """Return an object."""
        with _as_os_errors(), contextlib.suppress(FileNotFoundError):
            return bytes(self.files.cat_file(self._path(name), max_concurrency=1))
        return None

    def fetch(self, name: str, path: Path) -> bool:
        """Write an object into a file."""
        with _as_os_errors(), contextlib.suppress(FileNotFoundError):
            self.files.get_file(self._path(name), str(path))
            return True
        return False

    def send(self, path: Path, name: str) -> None:
        """Upload a file; what was sent in parts is there when the last has come."""
        with _as_os_errors():
            self.files.put_file(str(path), self._path(name))

    def write(self, name: str, content: bytes) -> None:
        """Put an object."""
        with _as_os_errors():
            self.files.pipe_file(self._path(name), content)

    def create(self, name: str, content: bytes) -> bool:
        """Put an object if none has its name (If-None-Match), which the server decides."""
        with _as_os_errors():
            try:
                self.files.pipe_file(self._path(name), content, mode="create")
            except FileExistsError:
                return False
            except OSError as exc:
                if _code(exc) in MET:
                    return False
                raise
        return True

    def remove(self, name: str) -> None:
        """Delete an object."""
        with _as_os_errors(), contextlib.suppress(FileNotFoundError):
            self.files.rm_file(self._path(name))

    def _path(self, name: str) -> str:
        return f"{self.root}/{name}"


def _file_system() -> Any:
    try:
        from s3fs import S3FileSystem
    except ImportError as exc:
        told = "REPORT_STORE = s3://… needs s3fs; pip install 'reporter[shared]'"
        raise ReportError(told) from exc
    patience = {"retries": {"total_max_attempts": 1}}  # ours is in entries.py
    files = S3FileSystem(use_listings_cache=False, skip_instance_cache=True, config_kwargs=patience)
    files.retries = 2
    return files


@contextlib.contextmanager
def _as_os_errors() -> Iterator[None]:
    """Raise what botocore says of connection and credentials as the OSErrors that they are."""
    from botocore.exceptions import BotoCoreError, NoCredentialsError

    try:
        yield
    except NoCredentialsError as exc:
        told = "no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        raise PermissionError(errno.EACCES, told) from exc
    except BotoCoreError as exc:
        raise OSError(errno.EIO, str(exc)) from exc


def _code(exc: OSError) -> str:
    """Return the server's own word for what is wrong."""
    answer = getattr(exc.__cause__, "response", None) or {}
    return str(answer.get("Error", {}).get("Code", ""))
