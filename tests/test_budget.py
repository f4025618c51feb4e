"""What fits into a budget: the most useful first, and never more than it allows."""

import json
import multiprocessing
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporter.budget import Allowance, choose, seconds_of
from reporter.build import Request, build
from reporter.cli.watch import LiveWatcher
from reporter.errors import ReportError
from reporter.executors.local import LocalExecutor
from reporter.forecast import Forecast, about
from reporter.runner import Event, Runner
from reporter.schedule import finish_times
from tests.workspaces import job, planned, store, workspace


def jobs(needs: dict[str, tuple[str, ...]], seeds: int = 1) -> list:
    """Return a job for each run and seed, which needs those of other runs of the same seed."""
    return [
        job(run, seed, needs=tuple(f"{need}-{seed}" for need in needed))
        for run, needed in needs.items()
        for seed in range(seeds)
    ]


def chosen(choice) -> list[str]:
    """Return the keys of what starts."""
    return [one.key for one in choice.jobs]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("45s", 45), ("30m", 1800), ("2h", 7200), ("1h30m", 5400), ("1.5m", 90), ("1h0m5s", 3605)],
)
def test_budget_is_read_in_units(text, expected):
    """Hours, then minutes, then seconds."""
    assert seconds_of(text) == expected


@pytest.mark.parametrize("text", ["", "30", "m", "0s", "-5m", "30m1h", "5 m", "1d", "nan", "1e3s"])
def test_bad_budget_is_one_line(text):
    """It says what a budget looks like."""
    with pytest.raises(ReportError, match="should look like 45s, 30m, 2h or 1h30m"):
        seconds_of(text)


def test_schedule_ends_as_reckoned_by_hand():
    """Two at a time: a and b begin, c follows b, d needs a."""
    plan = jobs({"a": (), "b": (), "c": (), "d": ("a",)})
    seconds = {"a-0": 10.0, "b-0": 4.0, "c-0": 5.0, "d-0": 1.0}
    assert finish_times(plan, seconds, 2, {}) == {"a-0": 10, "b-0": 4, "c-0": 9, "d-0": 11}
    assert finish_times(plan[2:], seconds, 2, {"a-0": 3.0, "x": 1.0}) == {
        "a-0": 3,
        "x": 1,
        "c-0": 6,
        "d-0": 4,
    }


def test_report_order_comes_before_cost():
    """The first section's run is taken although a later one costs less."""
    plan = jobs({"late": (), "early": ()})
    seconds = {"late-0": 10.0, "early-0": 50.0}
    choice = choose(plan, [["early"], ["late"]], seconds, 1, 55.0)
    assert chosen(choice) == ["early-0"]
    assert choice.refused == {
        "late-0": "not run, because it takes about 10 s and the budget of 55 s was spent on early"
    }


def test_within_a_section_the_cheapest_comes_first_and_what_is_not_used_last():
    """A run that no section uses waits for those that one does."""
    plan = jobs({"unused": (), "dear": (), "cheap": ()})
    seconds = {"unused-0": 1.0, "dear-0": 30.0, "cheap-0": 5.0}
    assert chosen(choose(plan, [["dear", "cheap"]], seconds, 1, 100.0)) == [
        "cheap-0",
        "dear-0",
        "unused-0",
    ]


def test_run_is_taken_with_all_its_seeds_and_needs_or_not_at_all():
    """Half of it would show nothing."""
    plan = jobs({"base": (), "top": ("base",)}, seeds=2)
    seconds = dict.fromkeys([one.key for one in plan], 10.0)
    assert sorted(chosen(choose(plan, [["top"], ["base"]], seconds, 2, 20.0))) == sorted(seconds)
    less = choose(plan, [["top"], ["base"]], seconds, 2, 19.0)
    assert chosen(less) == ["base-0", "base-1"]
    assert less.refused["top-1"] == (
        "not run, because it takes about 20 s and the budget of 19 s was spent on base"
    )


def test_unknown_runs_start_last_and_nothing_fits_into_too_little():
    """Nobody knows what they take; the time that is left is theirs."""
    plan = jobs({"new": (), "old": ()})
    choice = choose(plan, [["new"], ["old"]], {"old-0": 5.0}, 1, 10.0)
    assert (chosen(choice), choice.refused) == (["old-0", "new-0"], {})
    little = choose(plan[1:], [], {"old-0": 5.0}, 1, 4.0)
    assert little.refused["old-0"] == (
        "not run, because it takes about 5 s and the budget of 4 s is less"
    )


@st.composite
def cases(draw):
    """Draw jobs with needs among earlier ones, what they take, their use, slots and a budget."""
    names = [f"r{i}" for i in range(draw(st.integers(1, 7)))]
    needs = {
        name: tuple(draw(st.lists(st.sampled_from(names[:i]), max_size=2, unique=True)))
        if i
        else ()
        for i, name in enumerate(names)
    }
    plan = jobs(needs, seeds=draw(st.integers(1, 2)))
    cost = st.none() | st.floats(0.1, 50)
    seconds = {one.key: known for one in plan if (known := draw(cost)) is not None}
    sections = draw(st.lists(st.lists(st.sampled_from(names), max_size=3), max_size=3))
    return plan, sections, seconds, draw(st.integers(1, 3)), draw(st.floats(1, 120))


@settings(max_examples=200, deadline=None)
@given(cases())
def test_what_is_chosen_fits_and_has_what_it_needs(case):
    """By the schedule, with dependencies; each is chosen or refused; the first use comes first."""
    plan, sections, seconds, slots, budget = case
    choice = choose(plan, sections, seconds, slots, budget)
    keys = chosen(choice)
    assert sorted([*keys, *choice.refused]) == sorted(one.key for one in plan)
    for place, one in enumerate(choice.jobs):
        assert set(one.needs) <= set(keys[:place])
    known = [one for one in choice.jobs if one.key in seconds]
    assert max(finish_times(known, seconds, slots, {}).values(), default=0.0) <= budget
    useful = [run for used in sections for run in used]
    if useful and all(one.key in seconds for one in plan):
        first = [one.key for one in plan if one.run in sections[0][:1]]
        alone = [one for one in plan if one.key in _closure(plan, first)]
        fits = max(finish_times(alone, seconds, slots, {}).values(), default=0.0) <= budget
        if len(set(sections[0])) == 1 and fits:
            assert set(first) <= set(keys)


def _closure(plan, keys):
    wanted = set(keys)
    for one in reversed(plan):
        wanted |= set(one.needs) if one.key in wanted else set()
    return wanted


def test_forecast_counts_what_nobody_knows():
    """The start, the middle, with a run's own epochs, and the end."""
    plan = tuple(jobs({"a": (), "b": (), "c": ()}))
    forecast = Forecast(jobs=plan, seconds={"a-0": 100.0, "b-0": 140.0}, slots=1)
    assert forecast.beginning() == "3 to run, about 4 min and 1 never run before"
    told = forecast.state({"a-0"}, {"b-0": 30.0})
    assert told == "1 of 3 runs, about 30 s to go and 1 never run before"
    assert forecast.state({"a-0", "b-0"}, {"c-0": None}) == "2 of 3 runs, never run before"
    assert forecast.state({"a-0", "b-0", "c-0"}, {}) == "3 of 3 runs, done"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.4, "about 0 s"), (89, "about 89 s"), (95, "about 2 min"), (5000, "about 83 min"),
     (7200, "about 2 h"), (9000, "about 2.5 h")],
)  # fmt: skip
def test_times_are_told_in_the_unit_in_which_they_are_read(seconds, told):
    """Seconds up to a minute and a half, minutes up to an hour and a half."""
    assert about(seconds) == told


class Screen:
    """Stands for the live display: keeps what it is told to show."""

    def __init__(self) -> None:
        self.printed: list[str] = []
        self.console = self

    def print(self, text, **_) -> None:
        """Keep a line."""
        self.printed.append(text)

    def update(self, shown) -> None:
        """Keep what is shown now."""
        self.shown = shown


def test_live_line_follows_the_epochs_of_what_runs():
    """What a run tells of itself counts more than its past."""
    plan = tuple(jobs({"a": (), "b": ()}))
    watcher = LiveWatcher(Screen())
    assert watcher.state() == ""
    watcher.begin(Forecast(jobs=plan, seconds={"a-0": 100.0, "b-0": 50.0}, slots=1))
    watcher(Event(job=plan[0], state="running", progress={}, seconds=0.0))
    assert watcher.state() == "0 of 2 runs, about 2 min to go"
    told = {"epoch": 3, "epochs": 7, "time": 1000.0}  # it went on after its second epoch
    watcher(Event(job=plan[0], state="running", progress=told, seconds=70.0))
    assert watcher.state() == "0 of 2 runs, about 80 s to go"  # by the past: 30 and 50
    told = {"epoch": 5, "epochs": 7, "time": 1020.0}
    watcher(Event(job=plan[0], state="running", progress=told, seconds=90.0))
    assert watcher.state() == "0 of 2 runs, about 70 s to go"  # two more of 10 s, and 50
    watcher(Event(job=plan[0], state="ran", progress={}, seconds=80.0))
    assert watcher.state() == "1 of 2 runs, about 50 s to go"


BOTH = '[runs.one]\nexperiment = "toy"\n[runs.two]\nexperiment = "toy"\nrate = 0.05\n'
SECTIONS = {
    "01-two.md": '# Two\n\n{{ runs["two"].test_accuracy | percent }}\n',
    "02-one.md": '# One\n\n{{ runs["one"].test_accuracy | percent }}\n',
}


@pytest.fixture
def changed(tmp_path) -> Path:
    """Return a workspace whose run `two` once took 100 s, and whose runs have other rates now."""
    folder = workspace(tmp_path, BOTH, sections=SECTIONS)
    built = build(Request(folder=folder, root=folder / "build", formats=()))
    for one in (outcome.job for outcome in built.outcomes):
        found = store(folder).load(one.key)
        seconds = {"one": 1.0, "two": 100.0}[one.run]
        store(folder).save(one.key, found.result, {**found.record, "seconds": seconds})
    return workspace(folder, BOTH.replace("0.05", "0.06"), sections=SECTIONS)


def test_what_does_not_fit_is_marked_in_the_report(changed):
    """The rest is there; last-build.json has what was left out; the report is not complete."""
    workspace(changed, BOTH.replace("0.05", "0.06").replace('"toy"\n[', '"toy"\nrate = 0.2\n['))
    told: list[str] = []
    request = Request(
        folder=changed,
        root=changed / "build",
        formats=("html",),
        budget_s=45.0,
        begin=lambda forecast: told.append(forecast.beginning()),
    )
    built = build(request)
    states = {outcome.job.run: outcome.state for outcome in built.outcomes}
    assert states == {"one": "ran", "two": "not run"}
    assert told == ["1 to run, about 1 s"]
    why = "not run, because it takes about 2 min and the budget of 45 s was spent on one"
    assert f"two: {why}" in built.files[0].read_text()
    assert not built.is_well
    last = json.loads((changed / "build" / "tiny" / "last-build.json").read_text())
    assert (last["ran"], last["not run"]) == (["one (seed 0)"], ["two (seed 0)"])
    again = build(replace(request, budget_s=None))
    assert again.is_well
    assert {o.job.run: o.state for o in again.outcomes} == {"one": "cached", "two": "ran"}


def test_stored_results_cost_nothing(changed):
    """However little time there is; of forced ones the stored result is shown."""
    request = Request(folder=changed, root=changed / "build", formats=("html",), budget_s=3.0)
    workspace(changed, BOTH, sections=SECTIONS)
    assert build(request).is_well
    forced = build(replace(request, force=True))
    assert {o.job.run: o.state for o in forced.outcomes} == {"one": "ran", "two": "cached"}
    assert forced.is_well


def _runner(folder: Path, tables: str, clock, watch) -> tuple:
    """Carry out the runs of a workspace with a budget that ends at 10 on a clock of our own."""
    workspace(folder, tables)
    plan = planned(folder)
    allowance = Allowance(
        choice=choose(plan.jobs, [], {}, 1, 10.0), seconds=10.0, ends=10.0, clock=clock
    )
    return Runner(
        store=store(folder),
        work=folder / "build" / "work",
        cache=folder / "build" / "cache",
        logs=folder / "build" / "logs",
        device="cpu",
        threads=1,
        executor=LocalExecutor(1),
        allowance=allowance,
        watch=watch,
    ).run(plan)


def test_nothing_starts_when_the_time_is_over(tmp_path):
    """The clock jumps when the first run ends."""
    now = [0.0]

    def watch(event: Event) -> None:
        now[0] += 10.0 * (event.state == "ran")

    first, second = _runner(tmp_path, BOTH, lambda: now[0], watch)
    assert (first.state, second.state) == ("ran", "not run")
    assert second.error == "not run, because the budget of 10 s was spent before it ended"


def test_what_runs_when_the_time_is_over_is_stopped(tmp_path):
    """A budget is a promise; no worker is left behind."""
    now = [0.0]

    def watch(event: Event) -> None:
        now[0] += 10.0 * (event.seconds > 0)

    (stopped,) = _runner(
        tmp_path, '[runs.a]\nexperiment = "breaks"\nhow = "long"\n', lambda: now[0], watch
    )
    assert (stopped.state, stopped.seconds) == ("not run", 0.0)
    assert "was spent before it ended" in stopped.error
    assert multiprocessing.active_children() == []


def test_dry_run_foretells_seconds_and_what_has_no_time(changed):
    """The total stands on stderr; --json has numbers."""
    code = "from reporter.cli import main; main()"

    def report(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", code, "build", "-n", *words]
        return subprocess.run(command, cwd=changed, capture_output=True, text=True, check=False)

    done = report()
    assert done.stdout == "stored  one (seed 0)\nto run  two (seed 0)  about 2 min\n"
    assert done.stderr == "1 to run, about 2 min\n"
    assert "no time  two (seed 0)  about 2 min\n" in report("--budget", "45s").stdout
    assert json.loads(report("--json").stdout)[1]["seconds"] == 100.0
    bad = report("--budget", "soon")
    assert (bad.returncode, bad.stderr.count("\n")) == (2, 1)
    assert "--budget 'soon': should look like 45s, 30m, 2h or 1h30m" in bad.stderr
