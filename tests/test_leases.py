"""Leases: one machine computes a key at a time, and a dead one is not waited for for ever."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reporter.shared.leases import LEASE_S, Leases
from reporter.shared.remotes import Folder
from tests.processes import until
from tests.sharing import KEY, Connection, machine

HOUR_S = 3600.0


class Machine:
    """A machine with a clock of its own, whose leases nobody renews but `renew`."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, clock_s: float = 0) -> None:
        monkeypatch.setattr(Leases, "_renew", lambda self: setattr(self, "_thread", None))
        self.now_s = clock_s
        self.line = Connection(Folder(folder))
        self.leases = Leases(self.line, clock=lambda: self.now_s)

    def take(self, after_s: float = 0) -> bool:
        """Let time pass here, and try."""
        self.now_s += after_s
        return self.leases.is_due(KEY) and self.leases.take(KEY)

    def renew(self) -> None:
        """Raise the count once, as the thread does."""
        held = self.leases._held[KEY]
        held.count += 1
        self.line.write(held.name, self.leases._content(held.count))


@pytest.fixture
def machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Machine]:
    """Return three machines; the clock of the second is an hour ahead, the third's is behind."""
    return [Machine(tmp_path, monkeypatch, clock_s) for clock_s in (9e5, 9e5 + HOUR_S, 3.0)]


def test_a_lease_is_given_once(machines: list[Machine]) -> None:
    """Until it ends; then to whoever comes next, and nothing of it is left."""
    first, second, third = machines
    assert [one.take() for one in machines] == [True, False, False]
    first.leases.end(KEY)
    assert second.take(after_s=LEASE_S / 10)
    assert not third.take(after_s=LEASE_S / 10)
    second.leases.end(KEY)
    assert not first.leases.names()


def test_a_dead_owner_is_followed_by_one_of_those_who_wait(machines: list[Machine]) -> None:
    """After the lease's time on the watcher's own clock: what hour it is says nothing."""
    assert [one.take() for one in machines] == [True, False, False]
    assert [one.take(after_s=LEASE_S - 1) for one in machines[1:]] == [False, False]
    assert [one.take(after_s=LEASE_S) for one in machines[1:]] == [True, False]
    assert machines[2].leases.names() == [f"leases/{KEY}.1", f"leases/{KEY}.2"]
    assert not machines[2].take(after_s=LEASE_S / 2), "the new owner has its time, too"
    machines[1].leases.end(KEY)
    assert not machines[1].leases.names()


def test_an_owner_that_lives_is_waited_for(machines: list[Machine]) -> None:
    """However long: its count goes up."""
    first, second, _ = machines
    assert first.take()
    for _ in range(50):
        assert not second.take(after_s=LEASE_S * 0.9)
        first.renew()


def test_a_slow_owner_that_comes_back_does_not_take_the_lease_again(
    machines: list[Machine],
) -> None:
    """The higher number counts, whatever the lower one does."""
    first, second, third = machines
    assert first.take()
    second.take()
    assert second.take(after_s=LEASE_S)
    first.renew()
    assert not third.take()
    first.leases.end(KEY)
    assert third.leases.names() == [f"leases/{KEY}.2"]


def test_looking_at_another_lease_asks_little(machines: list[Machine]) -> None:
    """A build asks four times a second; the store is asked every five seconds."""
    first, second, _ = machines
    assert first.take()
    second.take()
    second.line.asked.clear()
    for _ in range(100):
        assert not second.take(after_s=0.25)
    assert len(second.line.asked) == 2 * 5, "a listing and a lease every five seconds"


@pytest.mark.parametrize("generation", [1, 2])
def test_of_eight_who_want_a_lease_at_once_one_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, generation: int
) -> None:
    """The first of a key, and that of a dead owner; in ten rounds each."""
    for number in range(10):
        folder = tmp_path / str(number)
        eight = [Machine(folder, monkeypatch) for _ in range(8)]
        if generation == 2:
            assert Machine(folder, monkeypatch).take()
            assert not any(one.take() for one in eight)
        barrier = threading.Barrier(8)

        def take(one: Machine, barrier: threading.Barrier = barrier) -> bool:
            barrier.wait()
            return one.take(after_s=LEASE_S)

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(take, eight)) == 1
        assert eight[0].leases.names()[-1].endswith(f".{generation}")


def test_a_lease_whose_answer_was_lost_is_known_as_ours(machines: list[Machine]) -> None:
    """It was created and the connection broke: asked again, it is no other's."""
    first, second, _ = machines
    first.line.breaks_at, first.line.is_heard = 0, True
    with pytest.raises(ConnectionError):
        first.take()
    first.line.breaks_at = None
    assert first.take()
    assert not second.take()


def test_an_owner_renews_as_long_as_its_run_goes_on(tmp_path: Path) -> None:
    """By a thread, which ends with the last lease."""
    leases = Leases(Folder(tmp_path), lease_s=0.04)
    assert leases.take(KEY)
    path = tmp_path / f"leases/{KEY}.1"
    assert until(lambda: path.read_text().split() == [leases.owner, "3"])
    thread = leases._thread
    leases.end(KEY)
    thread.join()
    assert not path.exists()


def test_a_killed_build_of_this_machine_is_not_waited_for(tmp_path: Path) -> None:
    """Its lock here, which nobody holds, says whose lease is left: the next build ends it."""
    address = f"file://{tmp_path}/there"
    killed, _ = machine(tmp_path / "here", address)
    killed.prepare()
    claim = killed.claim(KEY)
    killed._leases._held.clear()  # its thread ends
    claim.file.close()  # and the system lets its lock go
    elsewhere, _ = machine(tmp_path / "elsewhere", address)
    elsewhere.prepare()
    assert elsewhere.claim(KEY) is None
    assert elsewhere.is_claimed(KEY)
    store, _ = machine(tmp_path / "here", address)
    store.sweep()
    assert not store._leases.names()
    store.claim(KEY).release()
    assert not list((tmp_path / "here").iterdir())
    assert not machine(tmp_path / "elsewhere", address)[0].is_claimed(KEY)
