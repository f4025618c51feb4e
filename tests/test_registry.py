"""Experiment files are found by looking; no file sees another's names, and sys.path stays."""

import os
import sys
from pathlib import Path

import pytest

from reporter import registry
from reporter.errors import ReportError

FILE = '''\
from reporter import Count, Result, Run, experiment


@experiment
def {name}(run: Run, *, epochs: Count = {epochs}) -> Result:
    """Do {name}."""
    return Result()
'''


def _write(folder: Path, file: str, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / file).write_text(text)
    return folder


def test_experiments_are_found_by_looking(tmp_path: Path) -> None:
    """Every file counts but those that begin with an underscore, and other things in it do not."""
    _write(tmp_path, "one.py", FILE.format(name="first", epochs=1) + "number = 3\n")
    _write(tmp_path, "two.py", FILE.format(name="second", epochs=1))
    _write(tmp_path, "_helper.py", FILE.format(name="hidden", epochs=1))
    _write(tmp_path, "notes.txt", "not Python")
    found = registry.load([tmp_path])
    assert sorted(found.experiments) == ["first", "second"]
    assert found.files == {"first": tmp_path / "one.py", "second": tmp_path / "two.py"}
    assert found.find("first", "runs.a").summary == "Do first."


def test_a_folder_that_is_not_there_holds_no_experiment(tmp_path: Path) -> None:
    """A workspace need not have experiments of its own."""
    assert registry.load([tmp_path / "none"]).experiments == {}


def test_one_name_twice_in_a_folder_is_told_with_both_files(tmp_path: Path) -> None:
    """Neither file wins by its name."""
    _write(tmp_path, "one.py", FILE.format(name="same", epochs=1))
    _write(tmp_path, "two.py", FILE.format(name="same", epochs=2))
    expected = r"two\.py: experiment 'same' is also defined in one\.py; rename one"
    with pytest.raises(ReportError, match=expected):
        registry.load([tmp_path])


def test_the_later_folder_wins(tmp_path: Path) -> None:
    """A workspace may replace a shipped experiment by its own."""
    shipped = _write(tmp_path / "shipped", "one.py", FILE.format(name="same", epochs=1))
    own = _write(tmp_path / "own", "mine.py", FILE.format(name="same", epochs=2))
    found = registry.load([shipped, own])
    assert found.experiments["same"].parameters["epochs"].default == 2
    assert found.files["same"] == own / "mine.py"


def test_files_of_one_name_in_two_folders_do_not_meet(tmp_path: Path) -> None:
    """Each folder is a package of its own."""
    first = _write(tmp_path / "first", "one.py", FILE.format(name="a", epochs=1))
    second = _write(tmp_path / "second", "one.py", FILE.format(name="b", epochs=2))
    assert sorted(registry.load([first, second]).experiments) == ["a", "b"]


def test_a_helper_is_imported_relatively_and_its_experiments_stay_its_own(tmp_path: Path) -> None:
    """`from ._shared import …` works, and an imported experiment is not found a second time."""
    _write(tmp_path, "_shared.py", "EPOCHS = 7\n")
    _write(tmp_path, "a.py", FILE.format(name="a", epochs=1))
    _write(
        tmp_path,
        "b.py",
        "from ._shared import EPOCHS\nfrom .a import a\n" + FILE.format(name="b", epochs="EPOCHS"),
    )
    found = registry.load([tmp_path])
    assert sorted(found.experiments) == ["a", "b"]
    assert found.files["a"] == tmp_path / "a.py"
    assert found.experiments["b"].parameters["epochs"].default == 7


def test_the_import_path_stays_as_it_was(tmp_path: Path) -> None:
    """Loading adds no folder to sys.path and no top-level module of the file's name."""
    before = list(sys.path)
    _write(tmp_path, "a_file_of_mine.py", FILE.format(name="a", epochs=1))
    registry.load([tmp_path])
    assert sys.path == before
    assert "a_file_of_mine" not in sys.modules


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def x(:\n", "SyntaxError: "),
        ("import no_such_module\n", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("1 / 0\n", "ZeroDivisionError: division by zero"),
        ("from ._gone import x\n", "ModuleNotFoundError: "),
    ],
)
def test_a_file_that_does_not_import_is_told_in_one_line(
    tmp_path: Path, text: str, expected: str
) -> None:
    """The line names the file, the error and its words; the module is not half left behind."""
    _write(tmp_path, "bad.py", text)
    for _ in range(2):
        with pytest.raises(ReportError) as caught:
            registry.load([tmp_path])
        message = str(caught.value)
        assert message.startswith(f"{tmp_path / 'bad.py'}: can't be imported: {expected}")
        assert "\n" not in message


def test_an_unknown_experiment_is_told_with_the_nearest_name(tmp_path: Path) -> None:
    """The message says where the name stands."""
    found = registry.load([_write(tmp_path, "one.py", FILE.format(name="finetune", epochs=1))])
    expected = "runs.a: no experiment is called 'finetun'; did you mean 'finetune'?"
    with pytest.raises(ReportError) as caught:
        found.find("finetun", "runs.a")
    assert str(caught.value) == expected


def test_the_shipped_experiments_load(tmp_path: Path) -> None:
    """Those of the repository are all importable, documented and quick."""
    from reporter import shipped

    found = registry.load([shipped.folder("experiments")])
    assert "finetune" in found.experiments
    assert all(experiment.method for experiment in found.experiments.values())


def test_an_older_version_is_never_taken_from_pythons_cache(tmp_path: Path) -> None:
    """A file of the same second and size as one that was compiled before is compiled again."""
    for number in (1, 2):
        _write(
            tmp_path, "toy.py", FILE.format(name="toy", epochs=number) + "from ._a import M, N\n"
        )
        _write(tmp_path, "_a.py", "from .sub.b import N\nfrom .sub import M\n")
        _write(tmp_path / "sub", "__init__.py", f"from .b import N\n\nM = {number}\n")
        _write(tmp_path / "sub", "b.py", f"N = {number}\n")
        for path in tmp_path.rglob("*.py"):
            os.utime(path, ns=(10**18, 10**18))
        registry.forget([tmp_path])
        found = registry.load([tmp_path]).experiments["toy"]
        assert found.parameters["epochs"].default == number
        assert found.function.__globals__["N"] == found.function.__globals__["M"] == number
