"""What lies in a shared store → whether a result is there, its files fetched, a new one sent.

store.json says that it is one. entries/<key>.json is the manifest of a result, created once and
after all else; files/<key>/<sha-256> are its files, so that of two machines that send results of
one key none spoils the other's; leases/ says who computes what.
"""

from __future__ import annotations

import errno
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from reporter.errors import ReportError, shown
from reporter.plain import dump

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from reporter.shared.remotes import Remote

    T = TypeVar("T")

ABOUT = "store.json"
FORMAT = 1  # of all that lies in the store; a new number makes every older store unreadable
PAUSES_S = (0.5, 2.0, 8.0)  # between attempts
REST_S = 60.0  # how long nothing is asked after all attempts were in vain
AT_ONCE = 8  # files that are fetched at the same time


class Entries:
    """The results in a shared store.

    All methods but `reach` raise OSError when the store can't be reached any more, PermissionError
    when it can only be read; and ReportError, as `reach` does, when it never could be.
    """

    def __init__(
        self, address: str, remote: Remote, wait: Callable[[float], None] = time.sleep
    ) -> None:
        self.address = address
        self._remote = remote
        self._wait = wait
        self._is_reached = self._is_new = False
        self._keys: set[str] | None = None  # None: not asked, or it can't be
        self._manifests: dict[str, bytes | None] = {}
        self._cut: tuple[float, OSError] | None = None

    def reach(self) -> None:
        """Look whether there is a store of ours.

        Raises:
            ReportError: there is none, or it can't be reached.
        """
        if self._is_reached:
            return
        try:
            about = self.asked(lambda: self._remote.read(ABOUT))
            listed = self.asked(lambda: self._remote.names("")) if about is None else set()
            self._keys = self._list()
        except OSError as exc:
            told = "see to it, or unset REPORT_STORE to use the results here alone"
            raise ReportError(f"{self._name} can't be read: {why(exc)}; {told}") from exc
        if listed is None:
            raise ReportError(f"{self._name}: no shared store is there; correct the address")
        if any(re.fullmatch("[0-9a-f]{64}", name) for name in listed):
            told = "holds results as a folder keeps them; leave out file://, or take another place"
            raise ReportError(f"{self._name} {told}")
        if about is not None and _format(about) != FORMAT:
            told = (
                f"is of format {shown(_format(about))}, not {FORMAT}; use the version that made it"
            )
            raise ReportError(f"{self._name} {told}")
        self._is_new = about is None
        self._is_reached = True

    def establish(self) -> None:
        """Make the store, if there is none yet."""
        self.reach()
        if self._is_new:
            self.asked(lambda: self._remote.create(ABOUT, dump({"format": FORMAT})))
            self._is_new = False

    def has(self, key: str) -> bool:
        """Tell whether there is a result; most stores were asked for all their keys at once."""
        self.reach()
        if self._keys is None:
            return self.manifest(key) is not None
        return key in self._keys

    def manifest(self, key: str, *, anew: bool = False) -> bytes | None:
        """Return the manifest of a result; None if there was none when that was last looked up."""
        self.reach()
        if not anew and self._keys is not None and key not in self._keys:
            return None
        if anew or key not in self._manifests:
            self._know(key, self.asked(lambda: self._remote.read(f"entries/{key}.json")))
        return self._manifests[key]

    def fetch(self, key: str, folder: Path, files: Mapping[str, str]) -> None:
        """Write files of a result, name → sha-256; one that is missing becomes an empty file."""

        def one(name: str) -> None:
            if not self.asked(
                lambda: self._remote.fetch(f"files/{key}/{files[name]}", folder / name)
            ):
                (folder / name).touch()

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(one, files))

    def send(self, key: str, folder: Path, files: Mapping[str, str]) -> None:
        """Put a result there, name → sha-256; the manifest comes last, unless there is one."""
        self.establish()

        def one(name: str) -> None:
            self.asked(lambda: self._remote.send(folder / name, f"files/{key}/{files[name]}"))

        for name in {sha: name for name, sha in files.items()}.values():
            one(name)
        content = (folder / "manifest.json").read_bytes()
        if self.asked(lambda: self._remote.create(f"entries/{key}.json", content)):
            self._know(key, content)
        else:
            self.manifest(key, anew=True)

    def rested(self) -> None:
        """Ask again what could not be reached just now."""
        self._cut = None

    def _know(self, key: str, manifest: bytes | None) -> None:
        self._manifests[key] = manifest
        if manifest is not None and self._keys is not None:
            self._keys.add(key)

    def _list(self) -> set[str] | None:
        names = self.asked(lambda: self._remote.names("entries"))
        return None if names is None else {name.removesuffix(".json") for name in names}

    def asked(self, ask: Callable[[], T]) -> T:
        """Ask with patience; after it was in vain, refuse at once for a while."""
        if self._cut and time.monotonic() < self._cut[0]:
            raise self._cut[1]
        for pause in (*PAUSES_S, None):
            try:
                return ask()
            except OSError as exc:
                if isinstance(exc, PermissionError) or exc.errno == errno.EROFS:
                    raise PermissionError(why(exc)) from exc
                if pause is None:
                    self._cut = (time.monotonic() + REST_S, exc)
                    raise
                self._wait(pause)
        raise AssertionError("the last attempt returns or raises")

    @property
    def _name(self) -> str:
        return f"REPORT_STORE = {self.address}"


def why(exc: OSError) -> str:
    """Return in a few words what went wrong."""
    inner = getattr(exc, "reason", None)  # of urllib
    exc = inner if isinstance(inner, OSError) else exc
    return " ".join((exc.strerror or str(exc) or type(exc).__name__).split()).rstrip(".")


def _format(about: bytes) -> object:
    try:
        return json.loads(about)["format"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
