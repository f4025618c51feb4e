"""Keys → who computes them, among machines that share a store: leases that end by themselves.

A lease is an object leases/<key>.<number> with its owner's name and a count that its owner raises
while it lives; of several numbers the highest counts. Machines compare no clocks: an owner whose
count stood still for LEASE_S by the watcher's own clock is gone, whatever either takes the time to
be. Then the watchers create the next number, which is given once, so that one of them has it.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from reporter.shared.remotes import Remote

LEASE_S = 120.0
BEATS = 4  # times that an owner raises its count in LEASE_S
LOOKS = 24  # times that a watcher looks at it, at most


@dataclass(kw_only=True)
class _Held:
    """A lease of ours, and those of dead owners that it took the place of."""

    name: str
    older: tuple[str, ...]
    count: int = 0


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """Somebody else's lease: as it is since a moment, and when to look again."""

    name: str
    content: bytes
    since: float
    look_at: float


class Leases:
    """The leases of one store that is open on this machine."""

    def __init__(
        self,
        remote: Remote,
        *,
        lease_s: float = LEASE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.owner = secrets.token_hex(8)
        self._remote = remote
        self._lease_s = lease_s
        self._clock = clock
        self._held: dict[str, _Held] = {}
        self._seen: dict[str, _Seen] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def is_due(self, key: str) -> bool:
        """Tell whether it is time to try, after what was seen at the last attempt."""
        seen = self._seen.get(key)
        return seen is None or self._clock() >= seen.look_at

    def take(self, key: str) -> bool:
        """Try to get the lease of a key; False while another owner may live.

        Raises:
            OSError: the store can't be reached, or not written (PermissionError).
        """
        seen, now = self._seen.get(key), self._clock()
        if seen is None and self._create(key, 1, ()):
            return True
        names = self.names(key)
        content = self._remote.read(names[-1]) if names else None
        if content is None:  # it ended just now
            self._seen.pop(key, None)
            return not names and self._create(key, 1, ())
        if content.decode(errors="replace").split()[:1] == [self.owner]:
            self._hold(key, names[-1], tuple(names[:-1]))  # created, and the answer was lost
            return True
        if not seen or (seen.name, seen.content) != (names[-1], content):
            seen = _Seen(name=names[-1], content=content, since=now, look_at=now)
        elif now - seen.since >= self._lease_s:
            self._seen.pop(key)
            return self._create(key, _number(names[-1]) + 1, tuple(names))
        look_at = now + self._lease_s / LOOKS
        self._seen[key] = _Seen(
            name=seen.name, content=seen.content, since=seen.since, look_at=look_at
        )
        return False

    def end(self, key: str) -> None:
        """Let others have the lease of a key."""
        with self._lock:
            held = self._held.pop(key, None)
            for name in (held.name, *reversed(held.older)) if held else ():
                with contextlib.suppress(OSError):  # then it ends by itself
                    self._remote.remove(name)

    def drop(self, key: str, owner: str) -> None:
        """Remove the leases of a key that a dead owner left."""
        with contextlib.suppress(OSError):
            for name in self.names(key):
                content = self._remote.read(name) or b""
                if content.decode(errors="replace").split()[:1] == [owner]:
                    self._remote.remove(name)

    def names(self, key: str = "") -> list[str]:
        """Return the leases there are, of one key or of all, by their numbers."""
        found = self._remote.names("leases") or set()
        mine = [name for name in found if re.fullmatch(rf"{re.escape(key) or '[^.]+'}\.\d+", name)]
        return [f"leases/{name}" for name in sorted(mine, key=_number)]

    def keys(self) -> set[str]:
        """Return the keys of which there is a lease."""
        return {name.removeprefix("leases/").rpartition(".")[0] for name in self.names()}

    def _create(self, key: str, number: int, older: tuple[str, ...]) -> bool:
        name = f"leases/{key}.{number}"
        if not self._remote.create(name, self._content(0)):
            return False
        self._hold(key, name, older)
        return True

    def _hold(self, key: str, name: str, older: tuple[str, ...]) -> None:
        with self._lock:
            self._seen.pop(key, None)
            self._held[key] = _Held(name=name, older=older)
            if self._thread is None:
                self._thread = threading.Thread(target=self._renew, name="leases", daemon=True)
                self._thread.start()

    def _renew(self) -> None:
        """Raise the counts as long as there is a lease."""
        pause = threading.Event()
        while True:
            pause.wait(self._lease_s / BEATS)
            for key in tuple(self._held):
                with self._lock, contextlib.suppress(OSError):
                    if held := self._held.get(key):
                        held.count += 1
                        self._remote.write(held.name, self._content(held.count))
            with self._lock:
                if not self._held:
                    self._thread = None
                    return

    def _content(self, count: int) -> bytes:
        return f"{self.owner} {count}\n".encode()


def _number(name: str) -> int:
    return int(name.rpartition(".")[2])
