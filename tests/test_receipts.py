"""A digest file tells whether a folder is still what was fetched."""

import json

import pytest

from reporter.datasets.digests import Digests
from reporter.datasets.origins import Archive, HuggingFace
from reporter.datasets.receipts import DIGEST_FILE, insist_unchanged, read, write
from reporter.errors import ReportError
from tests.workspaces import images, png

ORIGIN = Archive(url="https://example.org/a.zip", sha256="0" * 64, folder="set")


@pytest.fixture
def root(tmp_path):
    """Return a fetched folder of three images."""
    root = images(tmp_path / "toy", {"cat": 2, "dog": 1})
    write(root, ORIGIN)
    return root


def insist(root, origin=ORIGIN):
    insist_unchanged(root, origin, Digests(root.parent / "digests.json"), "data.toy")


def complaint(root, origin=ORIGIN):
    with pytest.raises(ReportError) as caught:
        insist(root, origin)
    return str(caught.value).replace(str(root), "ROOT")


def test_the_digest_file_says_what_was_fetched(root):
    """Source, digest of the archive, number of images and a digest of them all."""
    plain = json.loads((root / DIGEST_FILE).read_text())
    assert plain["source"] == {
        "url": "https://example.org/a.zip",
        "sha256": "0" * 64,
        "folder": "set",
    }
    assert (plain["images"], len(plain["content"])) == (3, 64)
    assert read(root).images == 3
    insist(root)


def test_a_folder_without_one_is_the_users_own(root):
    """Nothing is asked of it."""
    (root / DIGEST_FILE).unlink()
    assert read(root) is None
    insist(root)


def test_a_missing_image_is_told_with_the_numbers(root):
    """And what to do."""
    (root / "cat" / "0.png").unlink()
    assert complaint(root) == (
        "data.toy: ROOT holds 2 images where 3 were that changed since it was fetched; "
        "`report data get toy --again` fetches it, or remove .digest.json there to keep them"
    )


def test_a_changed_image_is_told(root):
    """The number is the same, the content is not."""
    png(root / "cat" / "0.png", 99)
    assert "holds images that changed since it was fetched" in complaint(root)


def test_another_source_is_told_and_a_mirror_is_not_one(root):
    """An archive of the same digest has the same content wherever it lies."""
    insist(root, Archive(url="https://example.net/b.zip", sha256="0" * 64, folder="set"))
    for other in (
        Archive(url=ORIGIN.url, sha256="1" * 64, folder="set"),
        Archive(url=ORIGIN.url, sha256="0" * 64),
        HuggingFace(repo="a/b"),
    ):
        assert "ROOT was made from another source; `report data get toy --again`" in complaint(
            root, other
        )


@pytest.mark.parametrize("text", ["{", "{}", "[1]", '{"images": 3}'])
def test_a_damaged_digest_file_is_told(root, text):
    """Removing it keeps the images."""
    (root / DIGEST_FILE).write_text(text)
    assert complaint(root) == ("ROOT/.digest.json: not a digest file; remove it to keep the images")
