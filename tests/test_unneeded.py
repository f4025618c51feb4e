"""Which stored results may go: never what is named, never the newest, whatever the clock says."""

import os
from pathlib import Path

import pytest

from reporter import lock, unneeded
from reporter.artifacts import Metric, Result
from reporter.errors import ReportError
from reporter.plan import Plan
from reporter.store import Store
from tests.workspaces import RECORD, job

NAMES = {"report": "tiny", "experiment": "toy", "run": "one", "seed": 0}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Return an empty store."""
    return Store(tmp_path / "store")


def _keep(store: Store, *keys: str, **changes: object) -> None:
    """Store results of one run, each written a second after the one before."""
    for key in keys:
        store.save(key, Result(a=Metric(value=1.0)), {**RECORD, **NAMES, **changes})
        seconds = int(key[-1])
        os.utime(store.root / key / "manifest.json", (seconds, seconds))


def _gone(
    store: Store, *needed: str, keep: int | None = None, max_bytes: int | None = None
) -> list[str]:
    return [one.key for one in unneeded.results(store, {*needed}, keep=keep, max_bytes=max_bytes)]


def test_the_newest_of_each_run_and_seed_stay(store: Store) -> None:
    """Runs of other reports, experiments, names and seeds are runs of their own."""
    _keep(store, "a1", "a2", "a3")
    _keep(store, "b1", seed=1)
    _keep(store, "c1", run="two")
    _keep(store, "d1", report="tiny@quick")
    _keep(store, "e1", experiment="trains")
    assert _gone(store, keep=1) == ["a1", "a2"]
    assert _gone(store, keep=2) == ["a1"]
    assert _gone(store, keep=3) == []
    assert len(_gone(store, keep=0)) == 7


def test_what_is_needed_stays_though_the_clock_calls_it_the_oldest(store: Store) -> None:
    """A clock that was set back makes new results look old."""
    _keep(store, "a1", "a2", "a3")
    assert _gone(store, "a1", keep=0) == ["a2", "a3"]
    assert _gone(store, "a1", keep=1) == ["a2"]
    assert _gone(store, "a1", max_bytes=0) == ["a2", "a3"]


def test_the_oldest_go_until_the_store_is_small_enough(store: Store) -> None:
    """Together with --keep both rules hold."""
    _keep(store, "a1", "a2", "a3", "a4")
    size = sum(path.stat().st_size for path in (store.root / "a1").iterdir())
    assert _gone(store, max_bytes=4 * size) == []
    assert _gone(store, max_bytes=4 * size - 1) == ["a1"]
    assert _gone(store, max_bytes=2 * size) == ["a1", "a2"]
    assert _gone(store, keep=3, max_bytes=2 * size) == ["a1", "a2"]
    assert _gone(store, keep=1, max_bytes=4 * size) == ["a1", "a2", "a3"]


def test_results_of_unknown_runs_are_not_counted_together(store: Store) -> None:
    """Old records name no run: one of them is not the other's older result."""
    _keep(store, "a1", "a2")
    for key in ("a1", "a2"):
        (store.root / key / "record.json").write_text('{"seconds": 1.0}')
    assert _gone(store, keep=1) == []
    assert _gone(store, keep=0) == ["a1", "a2"]


def test_removed_is_gone_and_nothing_else(store: Store, tmp_path: Path) -> None:
    """No half of an entry stays, and no lock."""
    _keep(store, "a1", "a2")
    found = unneeded.results(store, set(), keep=1, max_bytes=None)
    assert [one.key for one in unneeded.remove(found, store)] == ["a1"]
    assert [path.name for path in (tmp_path / "store").iterdir()] == ["a2"]
    assert store.load("a2")


def test_what_a_build_computes_now_stays(store: Store) -> None:
    """Its lock says so; a lock that nobody holds is a leftover itself."""
    _keep(store, "a1", "a2")
    found = unneeded.results(store, set(), keep=0, max_bytes=None)
    claim = store.claim("a1")
    assert [one.key for one in unneeded.remove(found, store)] == ["a2"]
    claim.release()
    (store.root / ".a1.lock").write_text("")
    assert [one.key for one in unneeded.remove(found[:1], store)] == ["a1"]
    assert list(store.root.iterdir()) == []


def test_work_folders_go_unless_a_planned_run_may_go_on_from_them(
    store: Store, tmp_path: Path
) -> None:
    """The result of such a key, if there is one, stays."""
    _keep(store, "a1")
    work = tmp_path / "work"
    for key in ("a1", "b1"):
        (work / key).mkdir(parents=True)
        (work / key / "epochs.0").write_bytes(b"12345")
    found = unneeded.work_folders(work, {"b1"})
    assert [(one.key, one.size) for one in found] == [("a1", 5)]
    unneeded.remove(found, store)
    assert [path.name for path in work.iterdir()] == ["b1"]
    assert "a1" in store


def test_every_lock_of_a_workspace_names_what_it_needs(tmp_path: Path) -> None:
    """That beside report.toml, and those of quick and changed builds; a broken one is told."""
    for path, key in (("report.lock", "a"), ("build/tiny@quick/report.lock", "b")):
        lock.write(tmp_path / path, Plan(jobs=(job("one", key=key),)), "stamp")
    paths = (tmp_path / "report.lock", tmp_path / "none" / "report.lock")
    assert unneeded.locked_keys(tmp_path / "build", *paths) == {"a", "b"}
    (tmp_path / "build" / "tiny@quick" / "report.lock").write_text("{")
    with pytest.raises(ReportError, match="not a lock file"):
        unneeded.locked_keys(tmp_path / "build", *paths)
