"""An archive becomes a folder whole or not at all, and writes nothing outside it."""

import io
import random
import shutil
import tarfile
import zipfile
from pathlib import Path

import pytest

from reporter.datasets import archives
from reporter.datasets.archives import unpack
from reporter.errors import ReportError

FILES = {"set/train/cat/0.png": b"cat", "set/test/dog/1.png": b"dog", "read.me": b"x"}


def zipped(path: Path, files=FILES, **attributes) -> Path:
    """Write a zip file."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo(name)
            for key, value in attributes.items():
                setattr(member, key, value)
            archive.writestr(member, content)
    return path


def tarred(path: Path, files=FILES, mode="w:gz", **attributes) -> Path:
    """Write a tar file."""
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            for key, value in attributes.items():
                setattr(member, key, value)
            archive.addfile(member, io.BytesIO(content))
    return path


MAKERS = {
    "zip": zipped,
    "tar.gz": tarred,
    "tar.bz2": lambda path, **changes: tarred(path, mode="w:bz2", **changes),
    "tar.xz": lambda path, **changes: tarred(path, mode="w:xz", **changes),
    "tar": lambda path, **changes: tarred(path, mode="w", **changes),
}


def contents(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def refused(archive: Path, tmp_path: Path, inside: str = "") -> str:
    """Return the line of a refusal, after which nothing but the archive is there."""
    before = contents(tmp_path)
    with pytest.raises(ReportError) as caught:
        unpack(archive, tmp_path / "data" / "toy", inside)
    assert contents(tmp_path) == before
    assert list((tmp_path / "data").iterdir()) == []
    return str(caught.value).replace(str(archive), "ARCHIVE")


@pytest.mark.parametrize("kind", MAKERS)
def test_an_archive_becomes_the_folder(tmp_path, kind):
    """Told by its content, not by its name; a folder inside can be the data set."""
    archive = MAKERS[kind](tmp_path / "file")
    told = []
    root = unpack(archive, tmp_path / "data" / "all", progress=lambda *at: told.append(at))
    assert contents(root) == FILES
    assert told == [(1, 3), (2, 3), (3, 3)]
    root = unpack(archive, tmp_path / "data" / "toy", "set")
    assert contents(root) == {"train/cat/0.png": b"cat", "test/dog/1.png": b"dog"}
    assert {path.name for path in (tmp_path / "data").iterdir()} == {"all", "toy"}


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("../evil.png", "climbs out of the folder"),
        ("set/../../evil.png", "climbs out of the folder"),
        ("/evil.png", "has an absolute path"),
        ("C:/evil.png", "has an absolute path"),
        ("set/..\\..\\evil.png", "climbs out of the folder"),
    ],
)
def test_a_path_that_leads_outside_is_refused(tmp_path, kind, name, fault):
    """Nothing of the archive is kept, not even what came before."""
    archive = MAKERS[kind](tmp_path / "file", files={**FILES, name: b"evil"})
    text = refused(archive, tmp_path)
    assert text == f"ARCHIVE: refused: {name!r} {fault}; ask who made the archive"


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, b"6"])
def test_links_devices_and_pipes_in_a_tar_file_are_refused(tmp_path, kind):
    """An image is none of them."""
    archive = tarred(tmp_path / "file", files={"set/x": b""}, type=kind, linkname="/etc/passwd")
    assert "'set/x' is a link, a device or a pipe" in refused(archive, tmp_path)


def test_a_link_in_a_zip_file_is_refused(tmp_path):
    """It says so in its mode."""
    archive = zipped(
        tmp_path / "file", files={"set/x": b"/etc/passwd"}, external_attr=0o120777 << 16
    )
    assert "'set/x' is a link, a device or a pipe" in refused(archive, tmp_path)


@pytest.mark.parametrize("target", ["../../outside", "/etc/passwd", "set/nothing"])
def test_a_hard_link_must_lead_to_a_member(tmp_path, target):
    """Outside and nowhere are refused."""
    (tmp_path / "outside").write_text("secret")
    archive = tarred(tmp_path / "file", {"set/x": b""}, type=tarfile.LNKTYPE, linkname=target)
    assert "ARCHIVE: refused: " in refused(archive, tmp_path)


def test_a_hard_link_to_a_member_is_that_file(tmp_path):
    """As tar writes a file that has two names."""
    path = tmp_path / "file"
    with tarfile.open(tarred(path, {"set/a": b"same"}, mode="w"), "a") as archive:
        link = tarfile.TarInfo("set/b")
        link.type, link.linkname = tarfile.LNKTYPE, "set/a"
        archive.addfile(link)
    assert contents(unpack(path, tmp_path / "data" / "toy", "set")) == {"a": b"same", "b": b"same"}


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_a_broken_archive_is_told(tmp_path, kind):
    """Cut short or with a wrong byte; nothing is left of it."""
    files = {f"set/{n}": bytes(range(256)) * 40 for n in range(9)}
    whole = MAKERS[kind](tmp_path / "whole", files=files).read_bytes()
    middle = len(whole) // 2
    archive = tmp_path / "file"
    archive.write_bytes(whole[:middle] + bytes(16) + whole[middle + 16 :])
    assert "ARCHIVE: can't be unpacked into" in refused(archive, tmp_path)
    if kind == "tar.gz":
        archive.write_bytes(whole[:-30])
        assert "ARCHIVE: can't be unpacked into" in refused(archive, tmp_path)


@pytest.mark.parametrize("kind", ["zip", "tar.gz", "tar.xz"])
def test_what_would_become_far_more_than_it_is_is_refused(tmp_path, kind, monkeypatch):
    """More than the room and a hundred times the archive; by what its members say, unread."""
    monkeypatch.setattr(archives, "ROOM", 1e6)
    how = {"compress_type": zipfile.ZIP_DEFLATED} if kind == "zip" else {}
    archive = MAKERS[kind](tmp_path / "file", files={"set/x": bytes(2_000_000)}, **how)
    told = "1 members or more, of 2.0 MB, are too many for its size; ask who made the archive"
    assert refused(archive, tmp_path) == f"ARCHIVE: refused: {told}"
    noise = random.Random(0).randbytes(2_000_000)
    archive = MAKERS[kind](tmp_path / "file", files={"set/x": noise}, **how)
    assert unpack(archive, tmp_path / "data" / "toy").is_dir()


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_too_many_files_are_refused(tmp_path, kind, monkeypatch):
    """However small they are."""
    monkeypatch.setattr(archives, "MOST_MEMBERS", 9)
    archive = MAKERS[kind](tmp_path / "file", files={f"set/{n}": b"" for n in range(10)})
    assert "10 members or more, of 0.0 MB, are too many" in refused(archive, tmp_path)


def test_a_tar_file_of_the_size_of_a_disk_is_refused_by_its_header(tmp_path):
    """Its content need not be there."""
    path = tmp_path / "file"
    with path.open("wb") as file:
        member = tarfile.TarInfo("set/x")
        member.size = 10**12
        file.write(member.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    assert "of 1,000,000.0 MB, are too many" in refused(path, tmp_path)


@pytest.mark.parametrize("kind", [b"x", b"g", b"L", b"K"])
def test_a_name_as_long_as_the_memory_is_refused(tmp_path, kind):
    """Such names are read at once, so what their header announces is looked at first."""
    path = tarred(tmp_path / "file", mode="w")
    header = tarfile.TarInfo("x")
    header.type, header.size = kind, 10**10
    path.write_bytes(path.read_bytes()[:1024] + header.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    assert "a name of 10000000000 bytes" in refused(path, tmp_path)


def test_an_archive_in_an_archive_stays_one(tmp_path):
    """Nothing is unpacked twice."""
    inner = zipped(tmp_path / "inner").read_bytes()
    root = unpack(zipped(tmp_path / "file", {"set/a.zip": inner}), tmp_path / "data" / "toy")
    assert contents(root) == {"set/a.zip": inner}


def test_a_zip_file_may_not_say_less_than_it_holds(tmp_path):
    """No more is unpacked than a member announces."""
    path = zipped(tmp_path / "file", {"x": bytes(100_000)})
    size = (100_000).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(size, (10).to_bytes(4, "little")))
    assert "ARCHIVE: can't be unpacked into" in refused(path, tmp_path)


def test_what_is_no_archive_is_told(tmp_path):
    """A page that says "not found", say."""
    (tmp_path / "file").write_text("<html>")
    text = refused(tmp_path / "file", tmp_path)
    assert text == "ARCHIVE: neither a zip nor a tar file; correct the url"


@pytest.mark.parametrize("inside", ["sets", "../../outside", "set/train/cat/0.png"])
def test_a_folder_that_is_not_in_the_archive_is_told_with_those_that_are(tmp_path, inside):
    """Two levels of them."""
    (tmp_path / "outside").mkdir()
    text = refused(zipped(tmp_path / "file"), tmp_path, inside)
    assert text == (
        f"archive.folder: no folder {inside!r} in the archive; it holds set, set/test, set/train"
    )


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_too_little_space_is_told_and_nothing_is_left(tmp_path, kind, monkeypatch):
    """What is needed is the sum of the files."""
    archive = MAKERS[kind](tmp_path / "file", files={"set/x": bytes(3_000_000)})
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1_000_000))
    text = refused(archive, tmp_path)
    assert text.endswith(
        "no space left: 3.0 MB are needed, 1.0 MB are free; make room and run it again"
    )


def test_a_disk_that_fills_up_on_the_way_is_told_and_nothing_is_left(tmp_path, monkeypatch):
    """The system refuses the second file."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "extract", full)
    text = refused(zipped(tmp_path / "file"), tmp_path)
    assert "no space left: 0.0 MB are needed" in text
