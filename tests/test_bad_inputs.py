"""A corpus of bad inputs over all that a user writes or has, each with the line that tells it.

A case of bad_inputs/*.toml changes a small workspace (`change`, `add`, `files`, `latin`, `images`,
`links`, `remove`, `env`), runs the command (`words`) and says what it tells. Exit code 2 is a
mistake that was found before anything began: the line is all, and nothing is written.
"""

import pickle
import tomllib
from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from reporter.errors import ReportError
from reporter.experiment import Run
from reporter.inputs import Weights
from reporter.learn.weights import pretrained
from tests.commanding import LONGEST, built, contents, report
from tests.workspaces import png, workspace

CASES = {
    f"{file.stem}: {name}": case
    for file in sorted((Path(__file__).parent / "bad_inputs").glob("*.toml"))
    for name, case in tomllib.loads(file.read_text(encoding="utf-8")).items()
}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Return a store in which the workspace's run has its result."""
    return built(tmp_path_factory.mktemp("built"))


def _write(folder, case):
    workspace(folder)
    toml = (folder / "report.toml").read_text()
    old, new = case.get("change", ("", ""))
    assert old in toml
    (folder / "report.toml").write_text(toml.replace(old, new, 1) + case.get("add", ""))
    for name in case.get("remove", ()):
        (folder / name).unlink()
    for name, text in {**case.get("files", {}), **case.get("latin", {})}.items():
        path = folder / name
        (path if name.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
        if not name.endswith("/"):
            path.write_text(text, encoding="utf-8" if name in case.get("files", {}) else "latin-1")
    for name in case.get("images", ()):
        png(folder / name)
    for name, target in case.get("links", {}).items():
        (folder / name).symlink_to(target)


@pytest.mark.parametrize("name", CASES)
def test_a_bad_input_is_told_in_one_line(name, store, tmp_path, monkeypatch):
    """What, where, value, remedy; what was there before stays as it was."""
    case, before = CASES[name], contents(store)
    _write(tmp_path, case)
    monkeypatch.setenv("REPORT_STORE", str(store))
    for variable, text in case.get("env", {}).items():
        monkeypatch.setenv(variable, text.format(folder=tmp_path))
    there = contents(tmp_path)
    code, _, told = report(tmp_path, *case.get("words", ("build", "--format", "html")))
    lines = [line.removeprefix("report: ") for line in told.splitlines()]
    assert code == case.get("code", 2)
    assert case["told"].replace("{folder}", str(tmp_path)) in lines
    assert all(len(line) <= LONGEST for line in lines)
    assert contents(store) == before
    if code == 2:
        assert len(lines) == 1
        assert contents(tmp_path) == there


SAVED = save({"w": torch.zeros(2)})
ANEW = "can't be read as weights; save the network's state_dict() again"
WEIGHTS = {
    "text.pth": (b"weights", ANEW),
    "empty.pth": (b"", ANEW),
    "code.pth": (pickle.dumps(print, protocol=2), ANEW),
    "cut.safetensors": (SAVED[:-4], ANEW),
    "text.safetensors": (b"weights", ANEW),
    "other.safetensors": (SAVED, "doesn't fit resnet18: conv1.weight is absent in the file"),
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_a_file_of_weights_that_is_none_is_told_in_one_line(name, tmp_path):
    """Another kind of file, half of one, code, another network."""
    content, told = WEIGHTS[name]
    path = tmp_path / name
    path.write_bytes(content)
    weights = Weights(name="w", source="file", digest="", path=path)
    with pytest.raises(ReportError) as caught:
        pretrained("resnet18", weights, Run(name="x"))
    assert str(caught.value).startswith(f"{path} {told}")
    assert "\n" not in str(caught.value)
