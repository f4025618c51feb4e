"""The shared store over S3: moto's server on the loopback interface, which is not AWS."""

from __future__ import annotations

import logging
import re
import socket
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest

from reporter.artifacts import Checkpoint, Result
from reporter.errors import ReportError
from reporter.shared import open_store, remote_at
from tests.commanding import report
from tests.sharing import KEY, breaking, computed, files, machine, needs, race
from tests.workspaces import RECORD, workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.cluster
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "a",
    "AWS_SECRET_ACCESS_KEY": "b",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Return the address of an S3 server with the bucket "course"."""
    needs("moto", "flask", "flask_cors", "s3fs")
    from moto.server import ThreadedMotoServer

    threaded = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    threaded.start()
    host, port = threaded.get_host_and_port()
    yield f"http://{host}:{port}"
    threaded.stop()


@pytest.fixture
def address(server: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """Return an empty place in a bucket; who may go there stands in the environment."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    place = re.sub(r"\W+", "-", request.node.name)
    remote_at("s3://course/any").files.makedirs("course", exist_ok=True)
    return f"s3://course/{place}"


def _requests(caplog: pytest.LogCaptureFixture) -> Counter[str]:
    """Return what the server was asked, "PUT files", and forget it."""
    found = [
        re.search(r'"(?:\x1b\[\d+m)*(\w+) /course(\S*)', r.getMessage()) for r in caplog.records
    ]
    caplog.clear()
    return Counter(
        f"{one[1]} {re.sub(r'^/[^/?]+/?', '', one[2]).split('/')[0].partition('?')[0]}".strip()
        for one in found
        if one
    )


def test_another_machine_has_what_one_computed(tmp_path: Path, address: str) -> None:
    """Bit for bit, its network when that is asked for."""
    first, _ = machine(tmp_path / "first", address)
    computed(first)
    assert first.share([KEY]) is None
    second, _ = machine(tmp_path / "second", address)
    assert KEY in second
    assert second.load(KEY).record == RECORD
    assert not second.checkpoint(KEY).exists()
    assert not second.lacks_network(KEY)
    assert files(second.root / KEY) == files(first.root / KEY)
    assert not second._leases.names()


def test_each_call_is_one_request(
    tmp_path: Path, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    """So that what the tests of a folder count is what a bucket is asked."""
    with caplog.at_level(logging.INFO, logger="werkzeug"):
        first, line = machine(tmp_path / "first", address)
        computed(first)
        assert first.share([KEY]) is None
        asked = line.counts()
        assert asked["send files"] == 5
        assert _requests(caplog).total() == asked.total() + 2, "an empty folder is listed twice"
        second, line = machine(tmp_path / "second", address)
        assert second.load(KEY)
        assert line.counts() == {
            "read store.json": 1, "names entries": 1, "read entries": 1, "fetch files": 5
        }  # fmt: skip
        assert _requests(caplog).total() == 8


def test_of_eight_writers_of_one_object_one_creates_it(address: str) -> None:
    """The server decides: the others are told that it is there."""
    barrier = threading.Barrier(8)
    writers = [remote_at(address) for _ in range(8)]

    def create(number: int) -> bool:
        barrier.wait()
        return writers[number].create("entries/a.json", str(number).encode())

    with ThreadPoolExecutor(8) as pool:
        created = list(pool.map(create, range(8)))
    assert sum(created) == 1
    assert writers[0].read("entries/a.json") == str(created.index(True)).encode()


def test_eight_machines_that_want_one_key_compute_it_once(tmp_path: Path, address: str) -> None:
    """The others wait, and load what the first has sent."""
    ran, loaded = race(tmp_path, address)
    assert len(ran) == 1
    assert loaded == set(ran)


def test_a_connection_that_breaks_within_a_network_leaves_nothing_of_it(
    tmp_path: Path, address: str, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A megabyte is on its way; the next build, over a good connection, sends all of it."""
    weights = np.arange(250_000, dtype=np.float32)
    network = Checkpoint(network="toy", classes=("a",), settings={}, state={"w": weights})
    store, _ = machine(tmp_path / "first", address)
    store.prepare()
    store.here.save(KEY, Result(network=network), RECORD)
    with breaking(server, after=200_000) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        told = machine(tmp_path / "first", address)[0].share([KEY])
        monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    assert told.is_failure
    assert machine(tmp_path / "second", address)[0].load(KEY) is None
    assert not remote_at(address).names(f"files/{KEY}"), "the network would have been the first"
    assert machine(tmp_path / "first", address)[0].share([KEY]) is None
    third, _ = machine(tmp_path / "third", address)
    assert not third.lacks_network(KEY)
    assert files(third.root / KEY) == files(store.root / KEY)


def test_a_dead_connection_is_told_and_the_next_build_sends(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server is gone in the middle; its port answers nobody."""
    first, _ = machine(tmp_path / "first", address)
    first.prepare()
    first.claim(KEY).release()
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{nobody.getsockname()[1]}")
        cut, _ = machine(tmp_path / "first", address)
        cut._there._is_reached, cut._there._keys = True, set()  # as in the middle of a build
        computed(cut)
        told = cut.share([KEY])
        with pytest.raises(ReportError, match="can't be read: Could not connect to the endpoint"):
            machine(tmp_path / "second", address)[0].load(KEY)
    assert told.is_failure
    assert "did not take them (Could not connect to the endpoint URL" in told.line
    monkeypatch.undo()


def test_who_is_nobody_is_told_so(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Credentials come from the environment; and a bucket has to be there."""
    store, _ = machine(tmp_path / "first", address.replace("course", "no-such-bucket"))
    with pytest.raises(ReportError, match="can't be written: The specified bucket does not exist"):
        store.prepare()
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(ReportError, match=r"can't be read: no credentials: set AWS_ACCESS_KEY_ID"):
        open_store(tmp_path / "here", address).load(KEY)


def test_two_machines_build_one_report_and_the_second_computes_nothing(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole command, from report.toml to the page."""
    monkeypatch.setenv("REPORT_STORE", address)
    tables = '[runs.one]\nexperiment = "toy"\n[runs.net]\nexperiment = "trains"\n'
    pages = []
    for name in ("first", "second"):
        code, _, told = report(workspace(tmp_path / name, tables), "build", "--format", "html")
        assert code == 0, told
        assert f"{2 if name == 'first' else 0} ran, {2 if name == 'second' else 0} stored" in told
        pages.append((tmp_path / name / "build/tiny/report.html").read_bytes())
    assert pages[0] == pages[1]
