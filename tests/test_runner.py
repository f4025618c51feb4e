"""Runs in worker processes: what becomes of each, and that none takes another along."""

import json
import multiprocessing
import os
import re
from pathlib import Path

import pytest

from reporter.executors.local import LocalExecutor
from reporter.executors.worker import Progress
from reporter.runner import Event, Outcome, Runner, stored
from tests.workspaces import TOY, planned, store, workspace

PID = '''

@experiment
def pid(run: Run, *, share: float = 0.0) -> Result:
    """Say which process it is."""
    import os

    run.progress(epoch=1, epochs=1)
    return Result(pid=Metric(value=os.getpid(), unit="count"))


@experiment
def goes_on(run: Run) -> Result:
    """Die once, leaving how far it was."""
    import os, signal

    if not run.resume.exists():
        run.resume.write_text("4")
        run.resume.with_name(f"{run.resume.name}.partial").write_text("half")
        os.kill(os.getpid(), signal.SIGKILL)
    run.note(resumed_at="epoch " + run.resume.read_text())
    return Result(epoch=Metric(value=float(run.resume.read_text()), unit="count"))


@experiment
def counts_threads(run: Run) -> Result:
    """Say how many threads a library takes at most, and whether CUDA came along."""
    import sklearn.svm
    import threadpoolctl
    import torch

    pools = threadpoolctl.threadpool_info()
    return Result(
        libraries=Metric(value=len(pools), unit="count"),
        threads=Metric(value=max(pool["num_threads"] for pool in pools), unit="count"),
        torch=Metric(value=torch.get_num_threads(), unit="count"),
        cuda=Metric(value=float(torch.cuda.is_initialized()), unit="count"),
    )
'''

LATE = '[runs.late]\nexperiment = "trains"\nweights = "run:train"\n'


def _run(
    folder: Path,
    tables: str,
    *,
    slots: int = 2,
    force: bool = False,
    stops: bool = False,
    threads: int = 1,
    told: list[Event] | None = None,
) -> tuple[Outcome, ...]:
    """Carry out all runs of a workspace as a build does."""
    workspace(folder, tables, toy=TOY + PID)
    runner = Runner(
        store=store(folder),
        work=folder / "build" / "work",
        cache=folder / "build" / "cache",
        logs=folder / "build" / "logs",
        device="cpu",
        threads=threads,
        executor=LocalExecutor(slots),
        stops_at_failure=stops,
        watch=(lambda _: None) if told is None else told.append,
    )
    return runner.run(planned(folder), force=force)


def _states(outcomes: tuple[Outcome, ...]) -> dict[str, str]:
    return {f"{o.job.run}-{o.job.seed}": o.state for o in outcomes}


def _value(folder: Path, outcome: Outcome) -> float:
    return store(folder).load(outcome.job.key).result["pid"].value


TOYS = '[runs.a]\nexperiment = "pid"\nseeds = [1, 2]\n'
BREAKS = '[runs.{name}]\nexperiment = "breaks"\nhow = "{how}"\n'


def test_what_is_missing_is_run_and_what_is_stored_is_not(tmp_path: Path) -> None:
    """The second time every result comes from the store, and no worker starts."""
    told: list[Event] = []
    first = _run(tmp_path, TOYS, told=told)
    assert _states(first) == {"a-1": "ran", "a-2": "ran"}
    assert all(outcome.error == "" and outcome.seconds > 0 for outcome in first)
    assert [e.state for e in told if e.state != "running"] == ["ran", "ran"]
    told.clear()
    assert _states(_run(tmp_path, TOYS, told=told)) == {"a-1": "cached", "a-2": "cached"}
    assert [event.state for event in told] == ["cached", "cached"]


@pytest.mark.parametrize("threads", [1, 2])
def test_no_library_takes_more_threads_than_a_worker_has(tmp_path: Path, threads: int) -> None:
    """PyTorch takes as many as the task says; and the server that forks never began with CUDA."""
    outcome = _run(tmp_path, '[runs.a]\nexperiment = "counts_threads"\n', threads=threads)[0]
    result = store(tmp_path).load(outcome.job.key).result
    assert result["libraries"].value >= 2
    assert result["threads"].value <= threads
    assert result["torch"].value == threads
    assert result["cuda"].value == 0


def test_a_result_is_stored_with_how_it_was_computed(tmp_path: Path) -> None:
    """The record names when, device, threads and versions; progress lies in the work folder."""
    outcome = _run(tmp_path, TOYS)[0]
    record = store(tmp_path).load(outcome.job.key).record
    assert record["threads"] == 1
    assert record["device"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", record["started"])
    assert re.fullmatch(r"[0-9a-f]{12}", record["machine"]), "and nothing that names it"
    assert {"numpy", "torch", "reporter"} <= set(record["versions"])
    assert record["seconds"] >= 0
    assert record["processor_seconds"] > 0
    lines = (tmp_path / "build/work" / outcome.job.key / "progress.jsonl").read_text().splitlines()
    assert {**json.loads(lines[-1]), "time": 0} == {"epoch": 1, "epochs": 1, "time": 0}


def test_a_killed_run_goes_on_from_what_it_kept(tmp_path: Path) -> None:
    """A new worker finds it; nothing of it is left when the result is stored."""
    tables = '[runs.a]\nexperiment = "goes_on"\n'
    (first,), (second,) = _run(tmp_path, tables), _run(tmp_path, tables)
    assert "SIGKILL" in first.error
    found = store(tmp_path).load(second.job.key)
    assert found.result["epoch"].value == 4
    assert found.record["computed"] == {"resumed_at": "epoch 4"}
    left = [path.name for path in (tmp_path / "build/work" / second.job.key).iterdir()]
    assert not [name for name in left if name.startswith("epochs")]


def test_a_fast_loop_is_heard_ten_times_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 100 epochs in a second every tenth is written, and the last one; so is another loop's."""
    clock = [5.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    progress = Progress(tmp_path / "progress.jsonl")
    for epoch in range(1, 101):
        progress({"epoch": epoch, "epochs": 100})
        clock[0] += 0.01 + 1e-9
    progress({"done": 8, "of": 8})
    lines = [json.loads(line) for line in progress.path.read_text().splitlines()]
    assert [line["epoch"] for line in lines[:-1]] == [1, 11, 21, 31, 41, 51, 61, 71, 81, 91, 100]
    assert lines[-1]["done"] == 8


def test_force_computes_again_what_is_stored(tmp_path: Path) -> None:
    """The entry is replaced by that of another process."""
    before = _value(tmp_path, _run(tmp_path, TOYS)[0])
    after = _run(tmp_path, TOYS, force=True)
    assert _states(after) == {"a-1": "ran", "a-2": "ran"}
    assert _value(tmp_path, after[0]) != before


def test_a_change_runs_only_what_it_changes(tmp_path: Path) -> None:
    """A new run beside old ones leaves those in the store."""
    _run(tmp_path, TOYS)
    outcomes = _run(tmp_path, TOYS + '[runs.b]\nexperiment = "pid"\nshare = 0.5\n')
    assert _states(outcomes) == {"a-1": "cached", "a-2": "cached", "b-0": "ran"}


FAILURES = {
    "told": "loss is nan in epoch 1; lower the rate",
    "ours": "KeyError: 'inner' (toy.py:55)",
    "killed": "its worker died (SIGKILL, as when memory runs out); the log has its last lines",
    "exits": "its worker died (exit code 3); the log has its last lines",
    "wrong": "breaks returned dict; return a Result",
}


def test_a_run_that_fails_tells_one_line_and_the_others_complete(tmp_path: Path) -> None:
    """However a worker ends, it fails alone: told, raised, killed, or gone."""
    tables = TOYS + "".join(BREAKS.format(name=how, how=how) for how in FAILURES)
    outcomes = {outcome.job.run: outcome for outcome in _run(tmp_path, tables)}
    assert outcomes["a"].state == "ran"
    for how, line in FAILURES.items():
        assert (outcomes[how].state, outcomes[how].error) == ("failed", line)
        assert outcomes[how].job.key not in store(tmp_path)
    logs = {how: (tmp_path / "build/logs" / f"{how}-seed-0.log").read_text() for how in FAILURES}
    for how, log in logs.items():
        first, printed, *_, last = log.splitlines()
        assert first.startswith(f"{how} (seed 0), key {outcomes[how].job.key[:10]}, ")
        assert printed == "this is printed"
        assert " ".join(last.split()) == FAILURES[how] or how == "told"
        assert outcomes[how].log == tmp_path / "build/logs" / f"{how}-seed-0.log"
    assert "Traceback" in logs["ours"]
    assert "toy.py" in logs["ours"]
    assert "Traceback" not in logs["told"]
    assert "loss is nan" in logs["told"]
    assert len(list(store(tmp_path).root.iterdir())) == 2  # the two seeds of a


def test_what_builds_on_a_failed_run_is_not_run(tmp_path: Path) -> None:
    """The reason names the run that failed, also over two steps."""
    tables = (
        BREAKS.format(name="train", how="told")
        + """
[runs.late]
experiment = "trains"
weights = "run:train"
[runs.later]
experiment = "trains"
weights = "run:late"
"""
    )
    outcomes = _run(tmp_path, tables)
    assert _states(outcomes) == {"train-0": "failed", "late-0": "not run", "later-0": "not run"}
    assert outcomes[1].error == "not run, because train failed"
    assert outcomes[2].error == "not run, because train failed"


def test_what_builds_on_a_run_comes_after_it(tmp_path: Path) -> None:
    """The checkpoint that a run asks for is there when it starts."""
    outcomes = _run(tmp_path, LATE + '[runs.train]\nexperiment = "trains"\n')
    assert [(o.job.run, o.state) for o in outcomes] == [("train", "ran"), ("late", "ran")]
    assert outcomes[1].job.arguments["weights"].path.is_file()


def test_a_network_that_a_bundle_left_out_is_trained_again_when_it_is_needed(
    tmp_path: Path,
) -> None:
    """Not before: a run whose network nothing loads is stored."""
    tables = '[runs.train]\nexperiment = "trains"\n'
    (first,) = _run(tmp_path, tables)
    key, entry = first.job.key, store(tmp_path).root / first.job.key
    (entry / "manifest.json").write_bytes(store(tmp_path).portable(key)["manifest.json"])
    store(tmp_path).checkpoint(key).unlink()
    assert _states(_run(tmp_path, tables)) == {"train-0": "cached"}
    outcomes = _run(tmp_path, tables + LATE)
    assert _states(outcomes) == {"train-0": "ran", "late-0": "ran"}
    assert not outcomes[0].damaged
    assert store(tmp_path).checkpoint(key).is_file()


def test_a_build_can_stop_at_the_first_failure(tmp_path: Path) -> None:
    """With -x what has not begun is not begun."""
    tables = BREAKS.format(name="bad", how="told") + TOYS
    outcomes = _run(tmp_path, tables, slots=1, stops=True)
    assert _states(outcomes) == {"bad-0": "failed", "a-1": "not run", "a-2": "not run"}
    assert outcomes[1].error == "not run, because an earlier run failed and -x was given"


def test_a_run_ends_when_its_time_is_up(tmp_path: Path) -> None:
    """timeout_s is a limit, and the message says which and what to do."""
    tables = BREAKS.format(name="slow", how="long") + "timeout_s = 0.5\n"
    outcome = _run(tmp_path, tables)[0]
    assert outcome.state == "failed"
    assert outcome.error == "ran past timeout_s = 0.5; raise it or shorten the run"
    assert 0.5 <= outcome.seconds < 20
    log = (tmp_path / "build/logs/slow-seed-0.log").read_text()
    assert log.endswith(f"{outcome.error}\n")


def test_a_log_of_the_past_is_not_that_of_a_worker_that_wrote_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be killed before its first line; its log then holds its end alone."""
    monkeypatch.setattr("reporter.executors.local._work", os.abort)
    past = tmp_path / "build/logs/a-seed-0.log"
    past.parent.mkdir(parents=True)
    past.write_text("of an earlier build")
    (outcome,) = _run(tmp_path, '[runs.a]\nexperiment = "pid"\n')
    assert past.read_text() == f"{outcome.error}\n"


def test_two_runs_that_are_the_same_are_computed_once(tmp_path: Path) -> None:
    """Both have the result, one worker made it."""
    outcomes = _run(tmp_path, '[runs.a]\nexperiment = "pid"\n[runs.b]\nbase = "a"\n')
    assert outcomes[0].job.key == outcomes[1].job.key
    assert [(o.job.run, o.state) for o in outcomes] == [("a", "ran"), ("b", "ran")]
    assert [path.name for path in (tmp_path / "build/logs").iterdir()] == ["a-seed-0.log"]


def test_a_failure_of_the_past_is_not_told_again(tmp_path: Path) -> None:
    """A worker that is killed tells of its own end, not of that of an earlier one."""
    told = BREAKS.format(name="a", how="told")
    assert _run(tmp_path, told)[0].error == FAILURES["told"]
    key = planned(tmp_path).jobs[0].key
    work = tmp_path / "build/work" / key
    assert json.loads((work / "error.json").read_text()) == {"error": FAILURES["told"]}
    killed = BREAKS.format(name="a", how="killed")
    workspace(tmp_path, killed, toy=TOY + PID)
    later = tmp_path / "build/work" / planned(tmp_path).jobs[0].key
    later.mkdir(parents=True)
    (later / "error.json").write_text('{"error": "old"}')
    assert _run(tmp_path, killed)[0].error == FAILURES["killed"]


def test_a_build_that_is_interrupted_ends_its_workers(tmp_path: Path) -> None:
    """Ctrl-C leaves no process behind and nothing in the store."""

    class Interrupts(list[Event]):
        def append(self, event: Event) -> None:
            if event.seconds:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _run(tmp_path, BREAKS.format(name="slow", how="long"), told=Interrupts())
    assert multiprocessing.active_children() == []
    assert not store(tmp_path).root.exists() or not list(store(tmp_path).root.iterdir())


def test_a_worker_that_is_ended_leaves_where_it_stood(tmp_path: Path) -> None:
    """Its log has the traceback, whether its time was up or its build ends."""
    log = tmp_path / "build/logs/slow-seed-0.log"

    class Interrupts(list[Event]):
        def append(self, event: Event) -> None:
            if log.is_file() and "this is printed" in log.read_text():
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _run(tmp_path, BREAKS.format(name="slow", how="long"), told=Interrupts())
    assert re.search(r'toy\.py", line \d+ in breaks', log.read_text())


def test_a_plan_can_be_answered_from_the_store_alone(tmp_path: Path) -> None:
    """A frozen build runs nothing: what is not stored is missing."""
    _run(tmp_path, TOYS)
    workspace(tmp_path, TOYS + '[runs.b]\nexperiment = "toy"\n', toy=TOY + PID)
    outcomes = stored(planned(tmp_path), store(tmp_path))
    assert _states(outcomes) == {"a-1": "cached", "a-2": "cached", "b-0": "missing"}
    assert outcomes[2].error == "no stored result; build it"
