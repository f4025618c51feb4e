"""Shared stores for the tests: machines with folders of their own, and connections that break."""

from __future__ import annotations

import contextlib
import http.server
import os
import socket
import socketserver
import subprocess
import sys
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from reporter.shared import remote_at
from reporter.shared.store import SharedStore
from tests.workspaces import RECORD, every_artifact

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = "ab" * 32
REQUIRED = os.environ.get("REPORTER_CLUSTER") == "required"


@dataclass
class Connection:
    """Objects as another remote has them, over a connection that may break.

    Attributes:
        asked: each call, "create entries/abab….json".
        breaks_at: the number of the call from which on nothing is answered; None: it holds.
        is_heard: whether the call at which it breaks is carried out, and only its answer lost.
        refuses: what whatever would change something meets.
    """

    behind: Any
    asked: list[str] = field(default_factory=list)
    breaks_at: int | None = None
    is_heard: bool = False
    refuses: OSError | None = None
    can_be_written: bool = True

    def __getattr__(self, name: str) -> Any:
        return partial(self._carry, name)

    def _carry(self, verb: str, *words: Any) -> Any:
        number = len(self.asked)
        named = words[1] if verb == "send" else words[0]
        self.asked.append(f"{verb} {named}")
        is_broken = self.breaks_at is not None and number >= self.breaks_at
        if self.refuses and verb in ("send", "write", "create", "remove"):
            raise self.refuses
        if not is_broken or (self.is_heard and number == self.breaks_at):
            answer = getattr(self.behind, verb)(*words)
        if is_broken:
            raise ConnectionError(104, "Connection reset by peer")
        return answer

    def counts(self) -> Counter[str]:
        """Return how often each verb was asked for in each folder, and forget it."""
        words = [asked.split("/")[0] for asked in self.asked]
        self.asked.clear()
        return Counter(words)


def machine(folder: Path, address: str, **options: Any) -> tuple[SharedStore, Connection]:
    """Return the shared store as a machine with this folder opens it; attempts take no time."""
    line = Connection(remote_at(address), **options)
    line.can_be_written = line.behind.can_be_written
    return SharedStore(folder, address, line, wait=lambda _: None), line


def computed(store: SharedStore, key: str = KEY, seconds: float = 1.5) -> None:
    """Claim a key, store its result, and let the claim end, as a build does."""
    store.prepare()
    claim = store.claim(key)
    assert claim is not None
    store.here.save(key, every_artifact(), {**RECORD, "seconds": seconds})
    claim.release()


def files(folder: Path) -> dict[str, bytes]:
    """Return the files of an entry."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@contextmanager
def mirror(folder: Path) -> Iterator[str]:
    """Serve a folder as any web server does; yield its address."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    handler = partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def breaking(address: str, after: int) -> Iterator[str]:
    """Pass connections on to a server until so many bytes were sent; then cut and refuse all."""
    host, _, port = address.removeprefix("http://").partition(":")
    left = [after]

    class Passing(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection((host, int(port))) as server:
                back = threading.Thread(target=self.answer, args=(server,))
                back.start()
                while left[0] > 0 and (sent := self.request.recv(4096)):
                    left[0] -= len(sent)
                    server.sendall(sent)
                for end in (server, self.request):
                    end.shutdown(socket.SHUT_RDWR)
                back.join()

        def answer(self, server: socket.socket) -> None:
            with contextlib.suppress(OSError):
                while got := server.recv(4096):
                    self.request.sendall(got)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Passing) as proxy:
        proxy.daemon_threads = True
        thread = threading.Thread(target=proxy.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{proxy.server_address[1]}"
        finally:
            proxy.shutdown()
            thread.join()


RACER = """
import sys, time
from pathlib import Path
from reporter.shared import remote_at
from reporter.shared.store import SharedStore
from tests.workspaces import RECORD, every_artifact

folder, address, key, log = Path(sys.argv[1]), *sys.argv[2:]
store = SharedStore(folder, address, remote_at(address), lease_s=6.0)  # looks every 0.25 s
store.prepare()
print("ready", flush=True)
sys.stdin.readline()
while (claim := store.claim(key)) is None:
    time.sleep(0.02)
if not store.load(key):
    with open(log, "a") as file:
        file.write(f"{folder.name}\\n")
    time.sleep(0.3)
    store.here.save(key, every_artifact(), {**RECORD, "machine": folder.name})
claim.release()
assert store.share([key]) is None
print(store.load(key).record["machine"])
"""


def race(folder: Path, address: str, racers: int = 8) -> tuple[list[str], set[str]]:
    """Let so many processes want one key at once; return who computed it, and what all loaded."""
    log = folder / "computed"
    log.touch()
    script = [sys.executable, "-c", RACER]
    started = [
        subprocess.Popen(
            [*script, str(folder / f"machine-{n}"), address, KEY, str(log)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(racers)
    ]
    for process in started:
        assert process.stdout.readline() == "ready\n"
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    loaded = {process.communicate(timeout=120)[0] for process in started}
    assert [process.returncode for process in started] == [0] * racers
    return log.read_text().split(), {name.strip() for name in loaded}


def needs(*names: str) -> None:
    """Skip a test where a package is missing, unless the environment requires them all."""
    for name in names:
        if not REQUIRED:
            pytest.importorskip(name)
