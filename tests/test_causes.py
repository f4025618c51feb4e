"""Why a run would be computed again: each cause in words, and that of a result which is gone."""

import json
from pathlib import Path

import pytest

from reporter import lock, report
from reporter.artifacts import Result
from reporter.causes import Traces, causes, notes
from reporter.datasets import listings
from reporter.plan import datasets
from tests.workspaces import TOY, images, planned, png, store, workspace

TABLES = """
[data.pets]
path = "pets"
[images.rex]
path = "rex.png"
expected = "dog"
[weights.net]
source = "file:net.pth"
[runs.one]
experiment = "toy"
[runs.look]
experiment = "looks"
data = "pets"
[runs.show]
experiment = "shows"
images = ["rex"]
[runs.small]
experiment = "trains"
weights = "net"
[runs.late]
experiment = "trains"
weights = "run:small"
[runs.last]
experiment = "trains"
weights = "run:late"
seeds = [0, 1]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a workspace whose runs are all in the store and in the lock."""
    images(tmp_path / "pets", {"train/a": 3, "train/b": 2, "test/a": 1, "test/b": 1})
    png(tmp_path / "rex.png")
    (tmp_path / "net.pth").write_bytes(b"weights")
    _build(workspace(tmp_path, TABLES))
    return tmp_path


def _build(folder: Path) -> None:
    made = planned(folder)
    for job in made.jobs:
        store(folder).save(job.key, Result(), {"seconds": 1.0})
    listings.remember(folder / "listings", datasets(made))
    lock.write(folder / "report.lock", made, "stamp")


def _why(folder: Path, run: str) -> list[str]:
    locked = lock.read(folder / "report.lock")
    traces = Traces(
        store=store(folder),
        work=folder / "work",
        listings=folder / "listings",
        last_build=folder / "last-build.json",
    )
    return causes(run, locked[0] if locked else None, planned(folder), traces)


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_nothing_changed(folder: Path) -> None:
    """Every run is fresh."""
    assert {tuple(_why(folder, run)) for run in report.load(folder).runs} == {
        ("fresh: the store has its result",)
    }


@pytest.mark.parametrize(
    ("run", "old", "new", "words"),
    [
        ("one", '"toy"', '"toy"\nepochs = 12', ["parameter epochs 10 → 12"]),
        ("one", '"toy"', '"toy"\nseeds = [0, 1]', ["seeds 0 → 0, 1"]),
        ("show", '"dog"', '"cat"', ["what report.toml says of its inputs changed"]),
        ("look", 'data = "pets"', 'data = "pets"\nseeds = [3]', ["seeds 0 → 3"]),
    ],
)
def test_a_change_of_the_specification(
    folder: Path, run: str, old: str, new: str, words: list[str]
) -> None:
    """The parameter with both its values."""
    _edit(folder / "report.toml", old, new)
    assert _why(folder, run) == words


def test_files_of_a_data_set_are_named(folder: Path) -> None:
    """Those that changed, came and went; three of each at most."""
    png(folder / "pets/train/a/0.png", 9)
    png(folder / "pets/test/b/0.png", 8)
    assert _why(folder, "look") == ["2 files of data/pets changed: test/b/0.png, train/a/0.png"]
    png(folder / "pets/train/a/new.png")
    (folder / "pets/train/b/0.png").unlink()
    assert _why(folder, "look")[1:] == [
        "1 file of data/pets added: train/a/new.png",
        "1 file of data/pets removed: train/b/0.png",
    ]
    for index in range(5):
        png(folder / f"pets/train/b/{index}-more.png")
    assert _why(folder, "look")[1].endswith("train/b/0-more.png, train/b/1-more.png and 3 more")


def test_a_file_that_is_touched_changes_nothing(folder: Path) -> None:
    """The content counts."""
    path = folder / "pets/train/a/0.png"
    path.write_bytes(path.read_bytes())
    assert _why(folder, "look") == ["fresh: the store has its result"]


def test_without_a_list_of_files_the_data_set_is_named(folder: Path) -> None:
    """The lock may come from another machine."""
    png(folder / "pets/train/a/0.png", 9)
    for path in (folder / "listings").iterdir():
        path.unlink()
    assert _why(folder, "look") == ["data/pets changed its content"]


def test_photographs_and_weights_are_named_with_their_files(folder: Path) -> None:
    """By their tables in report.toml."""
    png(folder / "rex.png", 7)
    assert _why(folder, "show") == ["images/rex (rex.png) changed"]
    (folder / "net.pth").write_bytes(b"others")
    assert _why(folder, "small") == ["weights/net (net.pth) changed"]


def test_a_cause_in_a_run_that_is_built_on_is_told_with_the_way_to_it(folder: Path) -> None:
    """However far away it is."""
    (folder / "net.pth").write_bytes(b"others")
    cause = "weights/net (net.pth) changed"
    assert _why(folder, "late") == [f"builds on small, of which: {cause}"]
    assert _why(folder, "last") == [f"builds on late, of which: builds on small, of which: {cause}"]


def test_code_is_named_by_function(folder: Path) -> None:
    """And what is reached now, or no longer."""
    code = folder / "experiments" / "toy.py"
    _edit(code, "len(data.train)", "counted(data)")
    code.write_text(code.read_text() + "\n\ndef counted(data):\n    return len(data.train)\n")
    assert _why(folder, "look") == [
        "experiment experiments.toy.looks changed",
        "function experiments.toy.counted is reached now",
    ]
    assert _why(folder, "one") == ["fresh: the store has its result"]


def test_going_back_costs_nothing(folder: Path) -> None:
    """The result of the old parameter is still there, whatever the lock says."""
    _edit(folder / "report.toml", '"toy"', '"toy"\nepochs = 12')
    _build(folder)
    _edit(folder / "report.toml", '"toy"\nepochs = 12', '"toy"')
    assert _why(folder, "one") == ["fresh: the store has its result"]


def test_a_run_that_is_new(folder: Path) -> None:
    """The lock does not name it."""
    toml = folder / "report.toml"
    toml.write_text(toml.read_text() + '[runs.two]\nexperiment = "toy"\nepochs = 3\n')
    assert _why(folder, "two") == ["never computed"]


def test_a_result_that_is_gone(folder: Path) -> None:
    """Removed since the last build, or never here."""
    key = planned(folder).of("one")[0].key
    store(folder).forget(key)
    assert _why(folder, "one") == ["not in this store: removed, or computed elsewhere"]
    (folder / "last-build.json").write_text(json.dumps({"ran": [], "cached": ["one (seed 0)"]}))
    assert _why(folder, "one") == ["removed from the store"]


def test_a_run_that_failed_or_was_interrupted(folder: Path) -> None:
    """Its work folder tells."""
    key = planned(folder).of("one")[0].key
    store(folder).forget(key)
    (folder / "work" / key).mkdir(parents=True)
    assert _why(folder, "one") == ["begun and not finished; the next build goes on with it"]
    (folder / "work" / key / "error.json").write_text('{"error": "loss is nan"}')
    assert _why(folder, "one") == ["failed last time: loss is nan"]


def test_a_damaged_result_names_its_file_and_seed(folder: Path) -> None:
    """The other seed is well."""
    key = planned(folder).of("last")[1].key
    (store(folder).root / key / "result.json").write_text("{ }")
    assert _why(folder, "last") == ["seed 1: damaged in the store (result.json)"]


def test_a_module_of_the_workspace_that_counts_whole_is_noted(folder: Path) -> None:
    """With the reason, so that it can be mended."""
    code = folder / "experiments" / "toy.py"
    code.write_text(TOY + "\nSEEN = {}\nSEEN['a'] = 1\n")
    line = len(code.read_text().splitlines())
    assert notes(planned(folder).jobs) == [
        f"whole module experiments.toy counts: an assignment to a part at line {line}"
    ]
