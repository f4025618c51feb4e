"""Test images that are training images can be left out, and the digest says so."""

import shutil

import pytest

from reporter.datasets.digests import Digests
from reporter.datasets.folders import open_folder
from reporter.datasets.leaks import without_leaks
from reporter.errors import ReportError
from tests.workspaces import images, png, sources, workspace

DATA = '[data.toy]\npath = "toy"\n'


@pytest.fixture
def root(tmp_path):
    """Return a data set of grey images in which one test image is a training image."""
    root = images(tmp_path / "toy", {"train/cat": 2, "train/dog": 1})
    for index, kind in enumerate(("cat", "dog", "dog")):
        png(root / "test" / kind / f"{index}.png", 100 + index)
    png(root / "train" / "dog" / "0.png", 50)
    shutil.copy(root / "train" / "cat" / "1.png", root / "test" / "dog" / "copy.png")
    return root


def opened(root):
    return open_folder("toy", root, "folders", "exact", Digests(root.parent / "digests.json"))


def test_a_leaked_image_leaves_the_test_set_only(root):
    """Also if it stands in another class; training images stay."""
    toy = opened(root)
    kept = without_leaks(toy, Digests(root.parent / "digests.json"))
    assert [e.path.name for e in toy.test if e not in kept.test] == ["copy.png"]
    assert kept.train == toy.train
    assert kept.digest != toy.digest


def test_where_nothing_leaks_nothing_changes(root):
    """The results that are stored stay valid."""
    (root / "test/dog/copy.png").unlink()
    toy = opened(root)
    assert without_leaks(toy, Digests(root.parent / "digests.json")) == toy


def test_a_test_set_of_leaks_alone_is_told(root):
    """The line names the key."""
    for path in root.glob("test/*/*.png"):
        shutil.copy(root / "train/cat/0.png", path)
    expected = 'data.toy.leaked: "drop", but every test image is a training image too; give'
    with pytest.raises(ReportError, match=expected):
        without_leaks(opened(root), Digests(root.parent / "digests.json"))


def test_a_report_leaves_leaks_out_of_every_set_that_says_so(root, tmp_path):
    """A set from another one inherits what that one left out; swapped, it is judged anew."""
    tables = (
        DATA
        + '[data.clean]\npath = "toy"\nleaked = "drop"\n'
        + '[data.from-clean]\nfrom = "clean"\n'
        + '[data.swapped]\nfrom = "toy"\nswap = true\nleaked = "drop"\n'
    )
    opened = sources(workspace(tmp_path, tables))
    sets = {name: opened.data(name, "") for name in opened.report.data}
    sizes = {name: (len(one.train), len(one.test)) for name, one in sets.items()}
    assert sizes == {"toy": (3, 4), "clean": (3, 3), "from-clean": (3, 3), "swapped": (4, 2)}
    assert {name: opened.left_out(name) for name in sets} == {
        "toy": 0,
        "clean": 1,
        "from-clean": 0,
        "swapped": 1,
    }
    assert sets["from-clean"].digest == sets["clean"].digest
    assert len({one.digest for one in sets.values()}) == 3
    assert sets["swapped"].name == "swapped"


def test_an_unknown_word_is_told(root, tmp_path):
    """The line names both that are known."""
    told = r"data\.toy\.leaked: 'remove' should be 'keep' or 'drop'"
    with pytest.raises(ReportError, match=told):
        sources(workspace(tmp_path, DATA + 'leaked = "remove"\n'))
