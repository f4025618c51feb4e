"""The order in which jobs start: long chains first, what can be divided last."""

from pathlib import Path

from reporter.schedule import ordered
from tests.workspaces import planned, workspace

RUNS = """
[runs.many]
experiment = "toy"
seeds = [1, 2, 3]
[runs.single]
experiment = "toy"
rate = 0.5
[runs.trained]
experiment = "trains"
seeds = [1, 2]
[runs.shown]
experiment = "trains"
weights = "run:trained"
[runs.shown-again]
experiment = "trains"
weights = "run:shown"
"""


def _names(folder: Path, tables: str) -> list[str]:
    jobs = ordered(planned(workspace(folder, tables)).jobs)
    return [f"{job.run}-{job.seed}" for job in jobs]


def test_the_longest_chain_begins_first_and_many_seeds_come_last(tmp_path: Path) -> None:
    """Three runs on each other, then the single one, then those of two and of three seeds."""
    chain = ["shown-0", "shown-again-0", "trained-1"]
    found = _names(tmp_path, RUNS)
    assert sorted(found[:3]) == chain
    assert found[3:] == ["single-0", "trained-2", "many-1", "many-2", "many-3"]


def test_equal_jobs_keep_the_order_of_the_plan(tmp_path: Path) -> None:
    """Nothing but the report decides."""
    tables = '[runs.b]\nexperiment = "toy"\n[runs.a]\nbase = "b"\nrate = 0.5\n'
    assert _names(tmp_path, tables) == ["b-0", "a-0"]


def test_every_job_is_started_once(tmp_path: Path) -> None:
    """The order loses none and adds none."""
    jobs = planned(workspace(tmp_path, RUNS)).jobs
    assert sorted(job.key for job in ordered(jobs)) == sorted(job.key for job in jobs)


def test_what_is_needed_and_has_ended_is_not_asked_for(tmp_path: Path) -> None:
    """Jobs that build on stored results are ordered like others."""
    jobs = [job for job in planned(workspace(tmp_path, RUNS)).jobs if job.run != "trained"]
    assert [job.run for job in ordered(jobs)][:3] == ["shown", "shown-again", "single"]
