"""Folders of images become data sets; what is wrong with them is told with its place."""

import os
import shutil
from pathlib import Path

import pytest

from reporter.datasets.digests import Digests
from reporter.datasets.folders import ByShare, open_folder
from reporter.errors import ReportError
from reporter.inputs import Dataset
from tests.workspaces import images, png

SPLIT = {"train/dog": 2, "train/cat": 1, "test/dog": 1, "test/cat": 1}


def _open(
    root: Path, split: str | ByShare = "folders", classes: str = "exact", memory: str = "digests"
) -> Dataset:
    return open_folder("toy", root, split, classes, Digests(root.parent / f"{memory}.json"))


def _names(dataset: Dataset, root: Path, part: str) -> list[tuple[str, int]]:
    examples = getattr(dataset, part)
    return [(e.path.relative_to(root).as_posix(), e.label) for e in examples]


def test_train_and_test_folders_are_the_split(tmp_path: Path) -> None:
    """Classes come in the order of their names, images in the order of their paths."""
    root = images(tmp_path / "toy", SPLIT)
    toy = _open(root)
    assert toy.classes == ("cat", "dog")
    assert _names(toy, root, "train") == [
        ("train/cat/0.png", 0),
        ("train/dog/0.png", 1),
        ("train/dog/1.png", 1),
    ]
    assert _names(toy, root, "test") == [("test/cat/0.png", 0), ("test/dog/0.png", 1)]
    assert toy.name == "toy"
    assert toy.note == ""


@pytest.mark.parametrize("kind", ["endless", "pipe"])
def test_what_has_no_end_is_no_image(tmp_path: Path, kind: str) -> None:
    """A link to a device, or a pipe that nobody writes to, is not waited for."""
    root = images(tmp_path / "toy", SPLIT)
    odd = root / "train" / "dog" / "odd.png"
    odd.symlink_to("/dev/zero") if kind == "endless" else os.mkfifo(odd)
    with pytest.raises(ReportError, match=r"odd\.png is no file; remove it"):
        _open(root)


def test_only_images_count(tmp_path: Path) -> None:
    """Other files are passed over, endings may be in capitals."""
    root = images(tmp_path / "toy", SPLIT)
    (root / "train" / "dog" / "notes.txt").write_text("x")
    (root / "train" / "readme.md").write_text("x")
    shutil.copyfile(root / "train/dog/0.png", root / "train/dog/9.PNG")
    assert len(_open(root).train) == 4


def test_a_table_is_the_split(tmp_path: Path) -> None:
    """Images go where the CSV says; those that it leaves out take no part."""
    root = images(tmp_path / "toy", {"dog": 3, "cat": 2})
    rows = "path,split\ndog/1.png,train\ndog/0.png,test\ncat/0.png,train\ncat/1.png,test\n"
    (root / "splits.csv").write_text(rows)
    toy = _open(root, "splits.csv")
    assert _names(toy, root, "train") == [("cat/0.png", 0), ("dog/1.png", 1)]
    assert _names(toy, root, "test") == [("cat/1.png", 0), ("dog/0.png", 1)]


def test_a_share_of_each_class_is_the_split(tmp_path: Path) -> None:
    """The share is rounded down in each class, and one image at least is on each side."""
    root = images(tmp_path / "toy", {"dog": 10, "cat": 4, "owl": 2})
    toy = _open(root, ByShare(test=0.25, seed=1))
    counts = [
        [e.label for e in part].count(label) for part in (toy.test, toy.train) for label in range(3)
    ]
    assert counts == [1, 2, 1, 3, 8, 1]
    assert not {e.path for e in toy.train} & {e.path for e in toy.test}


def test_a_share_is_drawn_by_its_seed(tmp_path: Path) -> None:
    """Equal seeds give equal splits, on every machine; another seed gives another."""
    root = images(tmp_path / "toy", {"dog": 10, "cat": 10})
    first = _open(root, ByShare(test=0.3, seed=1))
    assert _open(root, ByShare(test=0.3, seed=1)) == first
    assert _open(root, ByShare(test=0.3, seed=2)).test != first.test
    drawn = [name for name, label in _names(first, root, "test") if label == 0]
    assert drawn == ["cat/1.png", "cat/3.png", "cat/7.png"]


def test_the_images_drawn_from_a_class_do_not_depend_on_the_others(tmp_path: Path) -> None:
    """A class that is added moves no image of another from training to test."""
    first, second = tmp_path / "a" / "toy", tmp_path / "b" / "toy"
    images(first, {"dog": 6, "cat": 6})
    images(second, {"dog": 6, "cat": 6, "ant": 6})
    split = ByShare(test=0.5, seed=3)
    drawn = {name for name, _ in _names(_open(first, split), first, "test")}
    more = {name for name, _ in _names(_open(second, split), second, "test")}
    assert {name for name in more if not name.startswith("ant")} == drawn


def test_the_digest_changes_with_one_byte_and_not_with_the_time(tmp_path: Path) -> None:
    """Content counts: a touched file is the same data, a changed pixel is not."""
    root = images(tmp_path / "toy", SPLIT)
    first = _open(root).digest
    path = root / "train/dog/0.png"
    os.utime(path, ns=(1, 1))
    assert _open(root, memory="new").digest == first
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(2, 2))
    assert _open(root).digest != first


def test_the_digest_knows_classes_splits_and_names_but_not_the_place(tmp_path: Path) -> None:
    """A data set that is moved is the same; an image that changes sides makes another."""
    root = images(tmp_path / "a" / "toy", SPLIT)
    first = _open(root).digest
    shutil.copytree(root, tmp_path / "b" / "other")
    assert _open(tmp_path / "b" / "other").digest == first
    (root / "train/dog/1.png").rename(root / "test/dog/1.png")
    moved = _open(root).digest
    assert moved != first
    (root / "train/cat").rename(root / "train/cow")
    (root / "test/cat").rename(root / "test/cow")
    assert _open(root).digest not in (first, moved)


BAD = {
    "no folder": ({}, "folders", "no folder {root}; put the images there or change path"),
    "no test folder": (
        {"train/dog": 1, "train/cat": 1},
        "folders",
        'no folder {root}/test; make it, or set split = "splits.csv"',
    ),
    "empty class": (
        {**SPLIT, "train/owl": 0},
        "folders",
        "class folder {root}/train/owl holds no image; fill or remove it",
    ),
    "one class": (
        {"train/dog": 1, "test/dog": 1},
        "folders",
        "{root}/train holds 1 class folder; two are the least",
    ),
    "classes that differ in case": (
        {"train/dog": 1, "train/Cat": 1, "test/dog": 1, "test/cat": 1},
        "folders",
        'class folders of train and test differ in case (Cat, cat); set classes = "casefold"',
    ),
    "class only in train": (
        {**SPLIT, "train/dogs": 1},
        "folders",
        "class 'dogs' is only in train; did you mean 'dog'?",
    ),
    "class only in test": (
        {**SPLIT, "test/owl": 1},
        "folders",
        "class 'owl' is only in test; add the folder owl to train, or remove it",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_with_a_folder_is_told_in_one_line(tmp_path: Path, case: str) -> None:
    """The line begins with the data set and names the folder and the remedy."""
    counts, split, expected = BAD[case]
    root = images(tmp_path / "toy", counts)
    with pytest.raises(ReportError) as caught:
        _open(root, split)
    assert str(caught.value) == "data.toy: " + expected.format(root=root)


def test_classes_that_differ_in_case_can_be_one(tmp_path: Path) -> None:
    """With classes = "casefold" Dog and dog are the same class, also within one side."""
    root = images(tmp_path / "toy", {**SPLIT, "train/Dog": 2, "test/CAT": 3})
    toy = _open(root, classes="casefold")
    assert toy.classes == ("cat", "dog")
    assert len(toy.train) == 5
    assert [e.label for e in toy.test] == [0, 0, 0, 0, 1]


HEAD = "path,split\ndog/0.png,train\ncat/0.png,train\n"
ROWS = {
    "unknown side": (HEAD + "dog/1.png,tset\n", "{csv}:4: split 'tset' should be train or test"),
    "unknown image": (
        HEAD + "dog/7.png,test\n",
        "{csv}:4: no image {root}/dog/7.png; correct the row or add the file",
    ),
    "row without a side": (HEAD + "dog/1.png\n", "{csv}:4: "),
    "row without a path": ("split,path\ntrain,dog/0.png\ntrain\n", "{csv}:3: "),
    "after an empty line": (HEAD + "\ndog/1.png,tset\n", "{csv}:5: split 'tset'"),
    "image on both sides": (HEAD + "dog/0.png,test\n", "{csv}:4: "),
    "no test image": (HEAD, "data.toy: "),
    "columns": ("file,part\na,b\n", "data.toy.split: {csv} should have the columns path and split"),
    "no row": ("path,split\n", "data.toy.split: {csv} should have the columns path and split"),
    "class without training": (
        "path,split\ndog/0.png,train\ncat/0.png,test\n",
        "data.toy: class 'cat' has no training image in {csv}",
    ),
}


@pytest.mark.parametrize("case", ROWS)
def test_a_bad_row_is_told_with_file_and_line(tmp_path: Path, case: str) -> None:
    """The line of the file is where an editor goes to."""
    text, expected = ROWS[case]
    root = images(tmp_path / "toy", {"dog": 2, "cat": 2})
    (root / "splits.csv").write_text(text)
    with pytest.raises(ReportError) as caught:
        _open(root, "splits.csv")
    assert str(caught.value).startswith(expected.format(csv=root / "splits.csv", root=root))


def test_a_table_written_by_a_spreadsheet_is_read(tmp_path: Path) -> None:
    """The mark that Excel puts before UTF-8 is no part of the first column's name."""
    root = images(tmp_path / "toy", {"dog": 2, "cat": 2})
    rows = HEAD + "dog/1.png,test\ncat/1.png,test\n"
    (root / "splits.csv").write_text(rows, encoding="utf-8-sig")
    assert len(_open(root, "splits.csv").test) == 2


def test_a_table_that_is_not_there_is_told(tmp_path: Path) -> None:
    """The remedy names the columns."""
    root = images(tmp_path / "toy", {"dog": 2, "cat": 2})
    expected = f"data.toy.split: no file {root / 's.csv'}; write it with columns path and split"
    with pytest.raises(ReportError) as caught:
        _open(root, "s.csv")
    assert str(caught.value) == expected


def test_a_file_is_read_again_when_its_time_changes(tmp_path: Path) -> None:
    """An edit of the same length is seen by its time."""
    path = png(tmp_path / "a.png")
    known = Digests(tmp_path / "memory.json")
    digest = known.of(path)
    path.write_bytes(bytes(path.stat().st_size))
    os.utime(path, ns=(1, 1))
    assert known.of(path) != digest


def test_nothing_new_writes_no_memory(tmp_path: Path) -> None:
    """A build that learnt nothing touches nothing."""
    Digests(tmp_path / "memory.json").remember()
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_memory_is_begun_anew(tmp_path: Path) -> None:
    """The memory only saves time, so its loss costs only time."""
    memory = tmp_path / "memory.json"
    memory.write_text("{ half")
    known = Digests(memory)
    digest = known.of(png(tmp_path / "a.png"))
    known.remember()
    assert Digests(memory).of(tmp_path / "a.png") == digest
