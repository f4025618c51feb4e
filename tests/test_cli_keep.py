"""report status and gc: what is stored, what it costs to compute again, and what may go."""

import contextlib
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reporter.build import Request, build, compute
from reporter.cli import group
from reporter.cli.keep import _bytes
from reporter.errors import ReportError
from reporter.store import Store
from tests.workspaces import workspace

ONE = '[runs.one]\nexperiment = "toy"\nepochs = 10\n'
TWO = '[runs.two]\nexperiment = "toy"\nrate = 0.05\nseeds = [0, 1]\n'
BREAKS = '[runs.bad]\nexperiment = "breaks"\n[runs.late]\nexperiment = "trains"\n'
BREAKS += 'weights = "run:bad"\n'


@pytest.fixture
def toy(tmp_path):
    """Return a workspace with two runs, one of them of two seeds."""
    return workspace(tmp_path, ONE + TWO)


def _set(toy: Path, epochs: int) -> None:
    """Give run one so many epochs."""
    workspace(toy, ONE.replace("10", str(epochs)) + TWO)


def report(toy: Path, *words: str) -> Result:
    """Call a command that computes nothing."""
    with contextlib.chdir(toy):
        return CliRunner().invoke(group, words)


def _run(toy: Path, **options: object) -> dict[str, str]:
    """Build without the PDF; return what became of each job."""
    request = Request(folder=toy, root=toy / "build", formats=("html",), **options)
    return {f"{o.job.run}-{o.job.seed}": o.state for o in build(request).outcomes}


def _keys(toy: Path) -> set[str]:
    return {path.name for path in (toy / "build" / "store").iterdir()}


def test_going_back_to_an_old_parameter_runs_nothing(toy):
    """Epochs 10, 12 and 10 again: the first result is still there, after gc, too."""
    _run(toy)
    _set(toy, 12)
    assert _run(toy) == {"one-0": "ran", "two-0": "cached", "two-1": "cached"}
    every = _keys(toy)
    assert len(every) == 4
    _set(toy, 10)
    assert set(_run(toy).values()) == {"cached"}
    for words in ((), ("--keep", "2")):
        assert report(toy, "gc", "--yes", *words).exit_code == 0
        assert _keys(toy) == every
    _set(toy, 12)
    assert set(_run(toy).values()) == {"cached"}


def test_gc_lists_first_and_removes_when_told(toy):
    """What lock and report name stays; key, run, seed and size of the rest are told."""
    _run(toy)
    now = _keys(toy)
    _set(toy, 12)
    _run(toy)
    _set(toy, 10)
    (old,) = _keys(toy) - now
    assert report(toy, "gc", "--keep", "0").output == "nothing to remove\n"  # the lock names it
    _run(toy)
    (work,) = (path for path in (toy / "build" / "work").iterdir() if path.name == old)
    listed = report(toy, "gc", "--keep", "0").output.splitlines()
    assert listed[0].startswith(f"{old[:10]}  tiny/one  seed 0  20")
    assert listed[1] == "1 work folder that no run goes on from, 0 B"
    assert listed[2].startswith("2 to remove, ")
    plain = json.loads(report(toy, "gc", "--keep", "0", "--json").output)
    assert [(one["key"], one["kind"], one["run"]) for one in plain] == [
        (old, "result", "one"),
        (old, "work", ""),
    ]
    assert old in _keys(toy)
    last = report(toy, "gc", "--keep", "0", "--yes").output.splitlines()[-1]
    assert last.startswith("2 removed, ")
    assert _keys(toy) == now
    assert not work.exists()


def test_gc_leaves_what_quick_and_changed_builds_name(toy):
    """Each of them has a lock of its own."""
    _run(toy, is_quick=True)
    _run(toy, overrides=("runs.one.epochs=3",))
    every = _keys(toy)
    assert len(every) == 5
    assert report(toy, "gc", "--keep", "0", "--yes").output == "nothing to remove\n"
    assert _keys(toy) == every


def test_gc_of_a_shared_store_keeps_a_result_of_each_run(toy, monkeypatch):
    """Nobody here knows what other reports need."""
    monkeypatch.setenv("REPORT_STORE", str(toy / "shared"))
    refused = report(toy, "gc", "--keep", "0").exception
    assert isinstance(refused, ReportError)
    assert "other reports may need what REPORT_STORE holds; keep 1 or more" in str(refused)
    _run(toy)
    other = workspace(toy / "other", '[runs.mine]\nexperiment = "toy"\n')
    assert report(other, "gc", "--keep", "1", "--yes").output == "nothing to remove\n"


def test_gc_says_when_what_is_needed_is_larger_than_asked_for(toy):
    """Needed results are not the limit's to take."""
    _run(toy)
    done = report(toy, "gc", "--max-size", "1kB", "--yes")
    assert done.stdout == "nothing to remove\n"
    assert "stay, for they are needed or in use" in done.stderr
    assert len(_keys(toy)) == 3
    done = report(toy, "gc", "--max-size", "much")
    assert (done.exit_code, "'much' should look like 500MB or 2GB" in done.stderr) == (2, True)


def test_gc_of_a_report_that_can_t_be_planned_goes_by_its_lock(toy):
    """It says so, and removes nothing that was built last."""
    _run(toy)
    (toy / "report.toml").write_text((toy / "report.toml").read_text().replace('"toy"', '"tyo"'))
    done = report(toy, "gc", "--keep", "0", "--yes")
    assert done.stdout == "nothing to remove\n"
    assert "only the locks say what is needed: " in done.stderr
    assert len(_keys(toy)) == 3


def test_status_tells_what_is_to_run_and_about_how_long_it_takes(toy):
    """From what a run of that name took last, with whatever parameters."""
    lines = report(toy, "status").output.splitlines()
    assert lines[0].split()[:5] == ["to", "run", "one", "seed", "0"]
    assert "seeds 0, 1" in lines[1]
    assert lines[2] == "3 of 3 to run, all not computed before; 0 B stored"
    _run(toy)
    _age(toy, 80.0)
    _set(toy, 12)
    lines = report(toy, "status").output.splitlines()
    assert lines[0].startswith("to run  one  seed 0 ")
    assert lines[0].endswith("about 80 s")
    assert lines[1].startswith("stored  two  seeds 0, 1  toy       3 min")
    assert lines[2].startswith("1 of 3 to run, about 80 s of computing; ")


def _age(toy: Path, seconds: float) -> None:
    """Let every stored result have taken so long; no result is changed by that."""
    for path in (toy / "build" / "store").glob("*/record.json"):
        record = {**json.loads(path.read_text()), "seconds": seconds}
        path.write_text(json.dumps(record))
        manifest = json.loads((path.parent / "manifest.json").read_text())
        manifest["record.json"] = _sha(path)
        (path.parent / "manifest.json").write_text(json.dumps(manifest))


def _sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_status_tells_failures_and_what_another_build_computes(toy):
    """A failure is that of the run as it is; with other parameters it is to run again."""
    (toy / "report.toml").write_text((toy / "report.toml").read_text() + BREAKS)
    compute(Request(folder=toy, root=toy / "build", runs=("one", "late")))
    found = {one["run"]: one for one in json.loads(report(toy, "status", "--json").output)}
    assert {name: one["state"] for name, one in found.items()} == {
        "one": "stored",
        "two": "to run",
        "bad": "failed",
        "late": "to run",
    }
    assert found["bad"]["error"] == "loss is nan in epoch 1; lower the rate"
    assert found["one"]["bytes"] > 100
    claim = Store(toy / "build" / "store").claim(found["late"]["key"])
    assert "running  late" in report(toy, "status").output
    claim.release()
    changed = (toy / "report.toml").read_text().replace('"breaks"', '"breaks"\nnote = "x"')
    (toy / "report.toml").write_text(changed)
    assert "failed" not in report(toy, "status").output


def test_status_and_gc_import_no_torch(toy):
    """They are asked often."""
    code = "import sys; sys.modules['torch'] = None; from reporter.cli import group; "
    code += "group(['status'], standalone_mode=False); group(['gc'], standalone_mode=False)"
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, cwd=toy, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "nothing to remove"


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 B"), (999, "999 B"), (1e4, "10 kB"), (1.25e6, "1.2 MB"), (3e9, "3.0 GB")],
)
def test_sizes_are_said_in_units_that_fit(count, said):
    """Powers of ten, as disks are sold."""
    assert _bytes(count) == said
