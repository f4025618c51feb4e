"""report.lock says what was planned, and whether the inputs are still what they were."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from reporter import lock, shipped
from reporter.errors import ReportError
from reporter.meaning.codebase import Codebase
from reporter.meaning.reach import reached
from reporter.plan import Plan
from tests.workspaces import COVER, TOY, images, planned, png, sources, workspace

TABLES = """
[data.pets]
path = "pets"
[images.rex]
path = "rex.png"
[weights.net]
source = "file:net.pth"
[runs.look]
experiment = "looks"
data = "pets"
seeds = [1, 2]
[runs.show]
experiment = "shows"
images = ["rex"]
[runs.train]
experiment = "trains"
weights = "net"
[runs.late]
experiment = "trains"
weights = "run:train"
"""


def _workspace(folder: Path) -> Path:
    images(folder / "pets", {"train/a": 1, "train/b": 1, "test/a": 1, "test/b": 1})
    png(folder / "rex.png")
    (folder / "net.pth").write_bytes(b"weights")
    return workspace(folder, TABLES)


def _stamp(folder: Path, *, is_quick: bool = False) -> str:
    opened = sources(folder, is_quick=is_quick)
    return lock.stamp(opened.report, opened, [folder / "experiments"])


def test_a_plan_comes_back_from_its_lock(tmp_path: Path) -> None:
    """All but what only the sources know: opened arguments and the experiment's file."""
    made = planned(_workspace(tmp_path))
    path = tmp_path / "report.lock"
    lock.write(path, made, "stamp")
    read, stamp = lock.read(path)
    assert stamp == "stamp"
    for before, after in zip(made.jobs, read.jobs, strict=True):
        for name in ("run", "seed", "key", "experiment", "inputs", "code", "needs", "notes"):
            assert getattr(after, name) == getattr(before, name)
        assert (after.method, after.timeout_s) == (before.method, before.timeout_s)
        assert (after.arguments, after.file) == ({}, None)
    assert read.of("show")[0].parameters == {"images": ["rex"]}


def test_a_lock_names_no_folder_of_this_machine(tmp_path: Path) -> None:
    """It is committed with the report, so it must be the same on every machine."""
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        lock.write(folder / "report.lock", planned(_workspace(folder)), _stamp(folder))
    assert (first / "report.lock").read_bytes() == (second / "report.lock").read_bytes()
    assert str(tmp_path) not in (first / "report.lock").read_text()


def test_a_lock_that_says_the_same_is_not_written_again(tmp_path: Path) -> None:
    """An unchanged build leaves the file's time as it is."""
    made = planned(_workspace(tmp_path))
    path = tmp_path / "report.lock"
    lock.write(path, made, "stamp")
    os.utime(path, ns=(1, 1))
    lock.write(path, made, "stamp")
    assert path.stat().st_mtime_ns == 1
    lock.write(path, made, "another")
    assert path.stat().st_mtime_ns != 1


def test_no_lock_is_none(tmp_path: Path) -> None:
    """The first build has none."""
    assert lock.read(tmp_path / "report.lock") is None


def test_a_lock_of_another_format_is_none(tmp_path: Path) -> None:
    """A newer program begins anew instead of misreading."""
    path = tmp_path / "report.lock"
    lock.write(path, planned(_workspace(tmp_path)), "stamp")
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 0}))
    assert lock.read(path) is None


@pytest.mark.parametrize(
    "content",
    [
        b"<<<<<<< HEAD\n{",
        b"\xff\xfe",
        b"",
        b"[]",
        b"{}",
        b'{"format": 2}',
        b'{"format": 2, "stamp": "", "code": {}, "jobs": [{"run": "a"}]}',
    ],
)
def test_a_file_that_is_no_lock_is_told_in_one_line(tmp_path: Path, content: bytes) -> None:
    """A merge conflict or a stray file is named with its remedy."""
    path = tmp_path / "report.lock"
    path.write_bytes(content)
    with pytest.raises(ReportError) as caught:
        lock.read(path)
    assert str(caught.value) == f"{path}: not a lock file; remove it and build again"


def test_a_lock_is_fresh_while_its_inputs_are_the_same(tmp_path: Path) -> None:
    """Times do not matter, contents do."""
    folder = _workspace(tmp_path)
    lock.write(folder / "report.lock", planned(folder), "stamp")
    read, _ = lock.read(folder / "report.lock")
    assert lock.is_fresh(read, sources(folder))
    os.utime(folder / "pets/train/a/0.png", ns=(1, 1))
    assert lock.is_fresh(read, sources(folder))


@pytest.mark.parametrize("file", ["pets/train/a/0.png", "rex.png", "net.pth"])
def test_a_lock_is_stale_after_one_byte_of_an_input(tmp_path: Path, file: str) -> None:
    """An image of the data, a photograph, a file of weights; and so when it is gone."""
    folder = _workspace(tmp_path)
    made = planned(folder)
    path = folder / file
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(1, 1))
    assert not lock.is_fresh(made, sources(folder))
    path.unlink()
    assert not lock.is_fresh(made, sources(folder))


def test_the_stamp_changes_with_what_a_plan_is_made_from(tmp_path: Path) -> None:
    """Parameters, data sections, experiment files and --quick; not the words of the cover."""
    base = _stamp(_workspace(tmp_path / "a"))
    assert _stamp(_workspace(tmp_path / "b")) == base
    assert _stamp(tmp_path / "a", is_quick=True) != base
    other = tmp_path / "b" / "report.toml"
    other.write_text(COVER.replace("A tiny", "Another") + TABLES)
    assert _stamp(tmp_path / "b") == base
    other.write_text(COVER + TABLES.replace("seeds = [1, 2]", "seeds = [1]"))
    assert _stamp(tmp_path / "b") != base
    other.write_text(COVER + TABLES)
    (tmp_path / "b" / "experiments" / "toy.py").write_text(TOY + "\nX = 1\n")
    assert _stamp(tmp_path / "b") != base


@pytest.mark.parametrize("file", ["sub/deep.py", "names.txt", "_helper.py"])
def test_the_stamp_sees_whatever_lies_below_the_experiments(tmp_path: Path, file: str) -> None:
    """Helpers in folders, and files that code may read; not what Python or git keep there."""
    folder = _workspace(tmp_path)
    path = folder / "experiments" / file
    path.parent.mkdir(exist_ok=True)
    path.write_text("X = 1\n")
    base = _stamp(folder)
    for passed_over in ("__pycache__/toy.pyc", ".hidden"):
        (folder / "experiments" / passed_over).parent.mkdir(exist_ok=True)
        (folder / "experiments" / passed_over).write_text("x")
    assert _stamp(folder) == base
    path.write_text("X = 2\n")
    assert _stamp(folder) != base


def test_code_that_the_stamp_does_not_cover_leaves_no_stamp(tmp_path: Path) -> None:
    """As of a module elsewhere on Python's path: such a plan is made anew each time."""
    job = planned(_workspace(tmp_path)).of("look")[0]
    path = tmp_path / "report.lock"
    for code, stamp in (("function .sub.a.f", "stamp"), ("function mylib.add", "")):
        lock.write(path, Plan(jobs=(replace(job, code={code: "d"}),)), "stamp")
        assert lock.read(path)[1] == stamp


def test_the_stamp_covers_what_the_shipped_experiments_reach() -> None:
    """So an unchanged build of a shipped report needs no plan."""
    folder = shipped.folder("experiments")
    codebase = Codebase(folder)
    for file in folder.glob("*.py"):
        assert all(map(lock._is_seen, reached(codebase, file, file.stem).digests)), file


def test_the_code_of_an_experiment_stands_once_in_the_lock(tmp_path: Path) -> None:
    """However many seeds and runs it has."""
    made = planned(_workspace(tmp_path))
    lock.write(tmp_path / "report.lock", made, "stamp")
    text = (tmp_path / "report.lock").read_text()
    assert text.count('"experiment .toy.looks"') == 1
    assert len(made.of("look")) == 2
