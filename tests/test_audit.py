"""An audit finds what was put into a folder: broken files, copies, leaks, two labels."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from reporter import registry, shipped
from reporter.datasets import audit as auditing
from reporter.datasets.audit import Audit, Spread, audit
from reporter.datasets.audit_tables import counts, tables
from reporter.datasets.digests import Digests
from reporter.datasets.folders import open_folder
from reporter.datasets.paintings import STYLES, paint
from reporter.experiment import Run
from reporter.inputs import Dataset

REAL = Path(__file__).parent.parent.parent / "shared" / "data"


def painted(root: Path, per_class: int = 2) -> Path:
    """Write different paintings into train and test folders of two classes."""
    for part, first in (("train", 0), ("test", 100)):
        for style in STYLES[:2]:
            (root / part / style).mkdir(parents=True)
            for index in range(per_class):
                image = Image.fromarray(paint(style, seed=first + index, size=48))
                image.save(root / part / style / f"{index}.png")
    return root


def opened(root: Path, classes: str = "exact") -> Dataset:
    return open_folder("toy", root, "folders", classes, Digests(root.parent / "digests.json"))


def audited(root: Path) -> Audit:
    return audit(opened(root), limit=4)


def paths(pairs) -> list[tuple[str, str, str]]:
    return [(pair.first.path, pair.second.path, pair.where) for pair in pairs]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a sound data set: test/train, grid/points, two images each."""
    return painted(tmp_path / "toy")


def test_a_sound_data_set_is_sound(root):
    """Nothing is found, everything is counted."""
    found = audited(root)
    assert found.is_sound
    assert (found.corrupt, found.identical, found.lookalikes) == ((), (), ())
    assert found.images == 8
    assert found.balance == (("grid", 2, 2), ("points", 2, 2))
    assert found.width == found.height == Spread(least=48, middle=48, most=48)
    assert found.modes == (("RGB", 8),)


def test_every_kind_of_broken_file_is_found_and_the_rest_is_read(root):
    """Cut short, empty, no image at all; each with its reason and without the place."""
    whole = root / "train/grid/0.png"
    (root / "train/grid/cut.png").write_bytes(whole.read_bytes()[:-400])
    jpeg = root / "test/points/cut.jpg"
    Image.open(whole).save(jpeg)
    jpeg.write_bytes(jpeg.read_bytes()[:-100])
    (root / "train/grid/empty.png").write_bytes(b"")
    (root / "train/points/page.jpg").write_text("<html>not found</html>")
    found = audited(root)
    reasons = {corrupt.file.path: corrupt.reason for corrupt in found.corrupt}
    assert set(reasons) == {
        "train/grid/cut.png",
        "train/grid/empty.png",
        "train/points/page.jpg",
        "test/points/cut.jpg",
    }
    assert "truncated" in reasons["test/points/cut.jpg"]
    assert reasons["train/grid/empty.png"] == "empty file"
    assert reasons["train/points/page.jpg"] == "no image format that is known"
    assert not any(str(root) in reason for reason in reasons.values())
    assert found.images == 12
    assert sum(number for _, number in found.modes) == 8
    assert not found.is_sound


def test_a_huge_image_is_told_and_not_decoded(root, monkeypatch):
    """Pillow's own guard against decompression bombs."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    assert len(audited(root).corrupt) == 8


def test_copies_are_told_apart_by_where_they_are(root):
    """Within train, within test, across; three copies are three pairs."""
    shutil.copy(root / "train/grid/0.png", root / "train/grid/9.png")
    shutil.copy(root / "test/points/0.png", root / "test/points/9.png")
    shutil.copy(root / "train/grid/0.png", root / "test/grid/8.png")
    found = audited(root)
    assert paths(found.identical) == [
        ("train/grid/0.png", "train/grid/9.png", "train"),
        ("train/grid/0.png", "test/grid/8.png", "across"),
        ("train/grid/9.png", "test/grid/8.png", "across"),
        ("test/points/0.png", "test/points/9.png", "test"),
    ]
    assert len(found.leaked) == 2
    assert found.conflicting == ()
    assert found.lookalikes == ()  # what is the same does not look alike besides


def test_a_copy_inside_one_set_is_no_fault(root):
    """It is listed; only leaks, two labels and broken files make a data set unsound."""
    shutil.copy(root / "train/grid/0.png", root / "train/grid/9.png")
    assert audited(root).is_sound


def test_one_image_under_two_labels_is_found(root):
    """The pair names both classes."""
    shutil.copy(root / "train/grid/0.png", root / "train/points/9.png")
    found = audited(root)
    assert [(p.first.kind, p.second.kind) for p in found.conflicting] == [("grid", "points")]
    assert tables(found)["pairs"].rows == (
        ("train/grid/0.png", "train/points/9.png", "training set", "grid and points"),
    )
    assert not found.is_sound


def test_class_folders_that_differ_in_case_are_one_class(root):
    """A copy in Grid and grid has one label."""
    (root / "test/grid").rename(root / "test/Grid")
    shutil.copy(root / "train/grid/0.png", root / "test/Grid/9.png")
    found = audit(opened(root, "casefold"))
    assert [(p.where, p.conflicts) for p in found.identical] == [("across", False)]


def test_a_compressed_copy_looks_alike(root):
    """It is listed with its distance, and does not make the data set unsound."""
    Image.open(root / "train/grid/0.png").save(root / "test/grid/same.jpg", quality=85)
    found = audited(root)
    assert paths(found.lookalikes) == [("train/grid/0.png", "test/grid/same.jpg", "across")]
    assert found.lookalikes[0].distance <= 4
    assert found.lookalike_count == 1
    assert found.is_sound


def test_look_alikes_are_counted_beyond_those_listed(root, monkeypatch):
    """Ten thousand plain pages do not fill the report."""
    monkeypatch.setattr(auditing, "MOST", 3)
    for shade in range(5):
        Image.new("RGB", (48, 48), (shade, 0, 0)).save(root / f"train/grid/plain{shade}.png")
    found = audited(root)
    assert (len(found.lookalikes), found.lookalike_count) == (3, 10)


def test_modes_and_sizes_are_those_stored(root):
    """Grey and transparent images are counted as what they are."""
    Image.new("L", (10, 30)).save(root / "train/grid/grey.png")
    Image.new("RGBA", (100, 20)).save(root / "train/grid/clear.png")
    found = audited(root)
    assert found.modes == (("RGB", 8), ("L", 1), ("RGBA", 1))
    assert found.width == Spread(least=10, middle=48, most=100)
    assert found.height == Spread(least=20, middle=48, most=48)


def test_progress_is_told_to_the_last_file(root):
    """Eight of eight."""
    told = []
    audit(opened(root), progress=lambda done, total: told.append((done, total)))
    assert told == [(n, 8) for n in range(1, 9)]


def test_the_experiment_returns_the_audit_and_the_same_twice(root):
    """Counts beside tables; equal runs give equal results."""
    experiment = registry.load((shipped.folder("experiments"),)).experiments["audit"]
    shutil.copy(root / "train/grid/0.png", root / "test/points/8.png")
    (root / "train/grid/empty.png").write_bytes(b"")
    first, second = (
        experiment.function(Run(name="a"), data=opened(root), distance=4) for _ in range(2)
    )
    assert first == second
    numbers = {name: first[name].value for name in counts(audited(root))}
    assert numbers == {
        "images": 10,
        "corrupt_files": 1,
        "identical_pairs": 1,
        "leaked_pairs": 1,
        "conflicting_pairs": 1,
        "lookalike_pairs": 0,
    }
    assert first["corrupt"].rows == (("train/grid/empty.png", "empty file"),)
    assert first["balance"].rows == (("grid", 3, 2), ("points", 2, 3))
    assert first["sizes"].rows == (("width", 48, 48, 48), ("height", 48, 48, 48))
    assert first["modes"].rows == (("RGB", 9),)


@pytest.mark.real
@pytest.mark.skipif(not REAL.is_dir(), reason="no real data beside the checkout")
def test_the_copies_among_the_fifteen_scenes_are_found(tmp_path):
    """Its README counts 18 pairs, 11 across training and test set, one with two labels."""
    digests = Digests(tmp_path / "digests.json")
    found = audit(open_folder("scene15", REAL / "scene15", "folders", "casefold", digests))
    assert found.images == 4485
    assert found.corrupt == ()
    assert len(found.identical) == 18
    assert len(found.leaked) == 11
    assert [{p.first.kind, p.second.kind} for p in found.conflicting] == [
        {"insidecity", "tallbuilding"}
    ]
