"""What runs took when they were last computed, from records alone."""

import os
from pathlib import Path

import pytest

from reporter.artifacts import Metric, Result
from reporter.past import entries, past_seconds
from reporter.store import Store
from tests.workspaces import RECORD, job

NAMES = {"report": "tiny", "experiment": "toy", "run": "one", "seed": 0}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Return an empty store."""
    return Store(tmp_path / "store")


def _keep(store: Store, key: str, seconds: float, *, written: float = 0, **changes: object) -> None:
    """Store a result that took so many seconds, written at that time."""
    record = {**RECORD, **NAMES, "seconds": seconds, **changes}
    store.save(key, Result(a=Metric(value=1.0)), record)
    os.utime(store.root / key / "manifest.json", (written, written))


def _seconds(store: Store, report: str = "tiny") -> float | None:
    return past_seconds([job("one", key="now")], store, report).get("now")


def test_a_stored_result_tells_its_own_seconds_whoever_computed_it(store: Store) -> None:
    """Nothing newer of that name counts, and old records without names do."""
    _keep(store, "now", 3.0, report="other", run="another")
    _keep(store, "later", 9.0, written=50)
    assert _seconds(store) == 3.0
    (store.root / "now" / "record.json").write_text('{"seconds": 4.5}')
    assert _seconds(store) == 4.5


def test_a_missing_result_costs_what_the_newest_of_that_run_did(store: Store) -> None:
    """Its parameters and seed may differ, its experiment and its name may not."""
    assert _seconds(store) is None
    _keep(store, "old", 10.0, written=100, seed=3)
    _keep(store, "new", 12.0, written=200)
    _keep(store, "third", 99.0, written=300, run="two")
    _keep(store, "fourth", 99.0, written=300, experiment="trains")
    assert _seconds(store) == 12.0


def test_quick_builds_do_not_speak_for_real_ones(store: Store) -> None:
    """Nor the other way round."""
    _keep(store, "quick", 0.5, report="tiny@quick")
    assert _seconds(store) is None
    _keep(store, "real", 60.0)
    assert _seconds(store) == 60.0
    assert _seconds(store, "tiny@quick") == 0.5


def test_other_reports_of_a_shared_store_speak_last(store: Store) -> None:
    """Their run of that name may read other data, so an older one of this report is better."""
    _keep(store, "theirs", 60.0, written=200, report="copy")
    assert _seconds(store) == 60.0
    _keep(store, "ours", 10.0, written=100)
    assert _seconds(store) == 10.0


def test_a_resumed_result_speaks_only_where_no_other_does(store: Store) -> None:
    """Its record counts from where it went on."""
    _keep(store, "resumed", 2.0, written=200, computed={"resumed_at": "rate 0.1, epoch 9"})
    assert _seconds(store) == 2.0
    _keep(store, "whole", 20.0, written=100)
    assert _seconds(store) == 20.0


@pytest.mark.parametrize("record", ["", "{", "[]", "null", "{}", '{"seconds": "x"}'])
def test_damaged_and_half_written_entries_are_passed_over(store: Store, record: str) -> None:
    """An estimate is no reason to stop."""
    _keep(store, "whole", 20.0)
    _keep(store, "damaged", 1.0, written=300)
    (store.root / "damaged" / "record.json").write_text(record)
    (store.root / ".half-written").mkdir()
    (store.root / "empty").mkdir()
    (store.root / "file").write_text("")
    assert [one.key for one in entries(store)] == ["whole"]
    assert _seconds(store) == 20.0
