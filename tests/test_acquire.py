"""A data set is fetched from its origin whole or not at all, and a report then opens it."""

import hashlib
import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from reporter.datasets.acquire import acquire
from reporter.datasets.origins import Archive
from reporter.datasets.receipts import DIGEST_FILE, read
from reporter.errors import ReportError
from tests.servers import Script, serving
from tests.workspaces import images, sources, workspace


def archive(**folders):
    """Return a zip file with one image of its own grey in each place."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        for name, shade in folders.items():
            image = io.BytesIO()
            Image.new("L", (8, 8), shade).save(image, "PNG")
            opened.writestr(name.replace("__", "/") + ".png", image.getvalue())
    return buffer.getvalue()


CONTENT = archive(
    set__train__cat__0=1, set__train__dog__0=2, set__test__cat__1=3, set__test__dog__1=4
)


@pytest.fixture
def toy():
    """Serve an archive; yield its origin and what the server was asked."""
    script = Script(content=CONTENT)
    with serving(script) as url:
        digest = hashlib.sha256(CONTENT).hexdigest()
        yield Archive(url=url, sha256=digest, folder="set"), script


def there(folder):
    return sorted(path.name for path in folder.iterdir())


def test_an_archive_becomes_a_data_set_with_a_digest_file(toy, tmp_path):
    """Nothing else stays; the steps are told."""
    origin, _ = toy
    steps = []
    made = acquire(origin, tmp_path / "data" / "toy", lambda step, *_: steps.append(step))
    assert there(tmp_path / "data") == ["toy"]
    assert there(tmp_path / "data" / "toy") == [DIGEST_FILE, "test", "train"]
    assert made == read(tmp_path / "data" / "toy")
    assert made.images == 4
    assert list(dict.fromkeys(steps)) == ["fetching", "unpacking"]


def test_an_interrupted_fetch_goes_on_the_next_time(toy, tmp_path):
    """Ctrl-C leaves the partial file; the second call asks for the rest only."""
    origin, script = toy

    def interrupt(_step: str, done: int, _total: int | None) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        acquire(origin, tmp_path / "toy", interrupt)
    partial = [path for path in tmp_path.iterdir() if path.suffix == ".part"]
    assert there(tmp_path) == [partial[0].name]
    partial[0].write_bytes(partial[0].read_bytes()[:300])
    acquire(origin, tmp_path / "toy")
    assert script.asked == ["", "bytes=300-"]
    assert there(tmp_path) == ["toy"]


def test_a_wrong_folder_is_corrected_without_another_download(toy, tmp_path):
    """The archive stays until the data set is there."""
    origin, script = toy
    with pytest.raises(ReportError, match="no folder 'sets' in the archive; it holds set"):
        acquire(replace(origin, folder="sets"), tmp_path / "toy")
    acquire(origin, tmp_path / "toy")
    assert len(script.asked) == 1
    assert there(tmp_path) == ["toy"]


def test_what_was_fetched_before_is_replaced(toy, tmp_path):
    """A damaged folder is made anew."""
    origin, _ = toy
    acquire(origin, tmp_path / "toy")
    (tmp_path / "toy" / "train" / "cat" / "0.png").unlink()
    assert acquire(origin, tmp_path / "toy").images == 4
    assert there(tmp_path) == ["toy"]


def test_a_set_that_cannot_be_replaced_stays(toy, tmp_path, monkeypatch):
    """When the new folder can't take its place, the old one is there again."""
    origin, _ = toy
    acquire(origin, tmp_path / "toy")
    (tmp_path / "toy" / "train" / "cat" / "0.png").unlink()
    rename = Path.rename

    def refused(self, target):
        if self.name == "new":
            raise PermissionError("no")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises((PermissionError, ReportError)):
        acquire(origin, tmp_path / "toy")
    assert (tmp_path / "toy" / "test" / "cat" / "1.png").is_file()


def test_the_users_own_folder_is_never_replaced(toy, tmp_path):
    """It has no digest file."""
    origin, script = toy
    images(tmp_path / "toy", {"cat": 1})
    with pytest.raises(ReportError, match="is there, and not from `report data get`; move it away"):
        acquire(origin, tmp_path / "toy")
    assert there(tmp_path / "toy") == ["cat"]
    assert script.asked == []


def test_an_archive_without_images_is_told(tmp_path):
    """Perhaps the images are in another folder."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        opened.writestr("set/read.me", "x")
    with serving(Script(content=buffer.getvalue())) as url:
        origin = Archive(url=url, sha256=hashlib.sha256(buffer.getvalue()).hexdigest())
        with pytest.raises(ReportError, match="no image in it"):
            acquire(origin, tmp_path / "toy")
    assert not (tmp_path / "toy").exists()


def test_a_place_that_cannot_be_written_is_told(toy, tmp_path):
    """A file stands where the folder should be."""
    (tmp_path / "data").write_text("")
    with pytest.raises(ReportError, match=r"can't be written .*; `report init DIR`"):
        acquire(toy[0], tmp_path / "data" / "toy")


def test_a_report_opens_what_was_fetched_and_says_how_to_fetch(toy, tmp_path):
    """The folder is data/NAME unless path says otherwise."""
    origin, _ = toy
    keys = f'url = "{origin.url}", sha256 = "{origin.sha256}", folder = "set"'
    tables = f'[data.toy]\narchive = {{ {keys} }}\n[data.there]\nfrom = "toy"\nswap = true\n'
    opened = sources(workspace(tmp_path, tables))
    assert opened.origin("toy") == origin
    assert opened.folder("toy") == tmp_path / "data" / "toy"
    with pytest.raises(ReportError) as caught:
        opened.data("there", "")
    assert str(caught.value) == (
        f"data.toy: no folder {tmp_path}/data/toy; run `report data get toy`"
    )
    acquire(opened.origin("toy"), opened.folder("toy"))
    assert opened.data("toy", "").classes == ("cat", "dog")
    (tmp_path / "data" / "toy" / "test" / "cat" / "1.png").unlink()
    with pytest.raises(ReportError, match=r"data.toy: .* holds 3 images where 4 were"):
        sources(tmp_path).data("toy", "")
    assert sources(workspace(tmp_path, tables + 'path = "x"\n')).folder("there") is None


MISTAKES = {
    'archive = { url = "ftp://a", sha256 = "x" }': (
        r"data\.toy\.archive\.url: 'ftp://a' should be an address that begins with https:// or http://"
    ),
    'archive = { url = "https://a", sha256 = "x" }': (
        r"data\.toy\.archive\.sha256: 'x' should be the 64 digits that `sha256sum` prints"
    ),
    'archive = { url = "https://a" }': r"data\.toy\.archive\.sha256: missing; add sha256 = …",
    'huggingface = { repo = "a/b", lable = "style" }': r"unknown key 'lable'; did you mean 'label'",
    'huggingface = { repo = "a/b", per_class = 0 }': (
        r"data\.toy\.huggingface\.per_class: 0 should be greater than 0"
    ),
    'huggingface = { repo = "a/b" }': r"data\.toy\.split: a sample of one split is one set; add",
    'source = "paintings"\nhuggingface = { repo = "a/b" }': r"data\.toy: give one of from, source",
    'split = "splits.csv"': r"data\.toy: needs path, from, source, archive or huggingface; add one",
}


@pytest.mark.parametrize("table", MISTAKES)
def test_what_is_wrong_with_a_source_is_told_in_one_line(tmp_path, table):
    """With table, key, value and remedy."""
    with pytest.raises(ReportError, match=MISTAKES[table]):
        sources(workspace(tmp_path, f"[data.toy]\n{table}\n")).data("toy", "")
