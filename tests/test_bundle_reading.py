"""A bundle from anyone is opened without being trusted."""

import hashlib
import io
import json
import stat
import struct
import zipfile

import pytest

from reporter import bundle
from reporter.bundle import manifest, reading
from reporter.errors import ReportError
from tests.commanding import contents

FILES = {"report.pdf": b"%PDF", "tables/one.csv": b"a,b\n1,2\n"}


def described(files=FILES, **changes) -> bytes:
    """Return a manifest of these files."""
    values = {
        "reporter": "0.1.0",
        "report": "tiny",
        "authors": ({"name": "A. Example", "id": "0000"},),
        "files": {path: hashlib.sha256(content).hexdigest() for path, content in files.items()},
        "rebuild": ("report build --frozen",),
        "versions": {"python": "3.13"},
        "rules": None,
        "unmet": (),
    }
    return manifest.written(manifest.Manifest(**{**values, **changes}))


def members(files, *, bare):
    """Return these files, with those of a good bundle unless they are all."""
    return ({} if bare else {**FILES, "manifest.json": described()}) | (files or {})


def zipped(path, files=None, *, bare=False, method=zipfile.ZIP_DEFLATED, **attributes):
    """Write a zip of these files, a bundle's own by default."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members(files, bare=bare).items():
            member = zipfile.ZipInfo(name)
            member.compress_type = method
            for key, value in attributes.items():
                setattr(member, key, value)
            archive.writestr(member, content)
    return path


def foldered(path, files=None, *, bare=False):
    """Write the same as a folder."""
    for name, content in members(files, bare=bare).items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def refusal(path) -> str:
    """Return the line with which a bundle is refused."""
    with pytest.raises(ReportError) as caught, bundle.read(path):
        pass
    assert "\n" not in str(caught.value)
    return str(caught.value).replace(str(path), "BUNDLE")


@pytest.mark.parametrize("make", [zipped, foldered])
def test_a_bundle_gives_its_manifest_and_files(tmp_path, make):
    """From the zip and from the folder alike."""
    with bundle.read(make(tmp_path / "hw")) as opened:
        assert opened.manifest.report == "tiny"
        assert opened.sizes == {path: len(content) for path, content in FILES.items()}
        assert {path: opened.content(path) for path in opened.sizes} == FILES
        assert opened.differing() == ()
        opened.unpack(tmp_path / "scratch")
    assert contents(tmp_path / "scratch") == FILES


@pytest.mark.parametrize("make", [zipped, foldered])
def test_a_bundle_that_a_file_manager_packed_again_is_as_good(tmp_path, make):
    """In a folder of its name, with what such a program leaves everywhere; but not in two."""
    inside = {
        f"hw3/{path}": held for path, held in ({"manifest.json": described()} | FILES).items()
    }
    litter = {"__MACOSX/hw3/._report.pdf": b"x", "hw3/.DS_Store": b"x", "hw3/Thumbs.db": b"x"}
    with bundle.read(make(tmp_path / "hw", inside | litter, bare=True)) as opened:
        assert {path: opened.content(path) for path in opened.sizes} == FILES
        assert opened.differing() == ()
    with bundle.read(make(tmp_path / "flat", {".DS_Store": b"x"})) as opened:
        assert [*opened.sizes] == [*FILES]
    beside = make(tmp_path / "two", inside | {"notes.txt": b"x"}, bare=True)
    assert "no bundle: manifest.json is missing" in refusal(beside)


@pytest.mark.parametrize("make", [zipped, foldered])
def test_files_that_are_not_the_manifests_are_named(tmp_path, make):
    """Changed, added and missing ones, each by path."""
    known = {**FILES, "report.html": b"<p>"}
    changes = {"report.pdf": b"%PDF-2", "notes.txt": b"x", "manifest.json": described(known)}
    with bundle.read(make(tmp_path / "hw", changes)) as opened:
        told = [(one.where, one.message) for one in opened.differing()]
    assert told == [
        ("notes.txt", "is in the bundle, not in the manifest"),
        ("report.html", "is in the manifest, not in the bundle"),
        ("report.pdf", "is not what the manifest says"),
    ]


def test_a_damaged_member_is_told_and_the_others_are_read(tmp_path):
    """Its checksum in the zip shows it."""
    path = zipped(tmp_path / "hw.zip", method=zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"a,b\n1,2\n", b"a,b\n1,3\n", 1))
    with bundle.read(path) as opened:
        assert [one.message for one in opened.differing()] == ["is damaged"]
        assert opened.content("report.pdf") == b"%PDF"
        with pytest.raises(ReportError, match="can't be read as a bundle"):
            opened.content("tables/one.csv")


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("/etc/x", "'/etc/x' has an absolute path"),
        ("C:/x", "'C:/x' has an absolute path"),
        ("a/../../x", "'a/../../x' climbs out of the folder"),
        ("a\\..\\x", r"'a\\..\\x' climbs out of the folder"),
        ("a\\x", r"'a\\x' is no plain path"),
        ("./x", "'./x' is no plain path"),
        ("a//x", "'a//x' is no plain path"),
        ("a\x1bx", r"'a\x1bx' is no plain path"),
        ("a" * 201, "is no plain path"),
        ("REPORT.pdf", "'REPORT.pdf' is 'report.pdf' to some systems"),
        ("report.pdf/x", "'report.pdf/x' lies within a file"),
    ],
)
def test_a_path_that_some_system_reads_otherwise_is_refused(tmp_path, name, fault):
    """Before anything is unpacked."""
    told = refusal(zipped(tmp_path / "hw.zip", {name: b"x"}))
    assert told.startswith("BUNDLE: refused: ")
    assert fault in told


def test_two_accents_for_one_letter_are_one_file(tmp_path):
    """Composed and decomposed names meet on macOS."""
    composed, apart = "caf\N{LATIN SMALL LETTER E WITH ACUTE}", "cafe\N{COMBINING ACUTE ACCENT}"
    assert "to some systems" in refusal(zipped(tmp_path / "hw.zip", {composed: b"", apart: b""}))


def test_a_member_that_is_there_twice_is_refused(tmp_path):
    """One reader would take the first, another the last."""
    path = zipped(tmp_path / "hw.zip")
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("report.pdf", b"other")
    assert refusal(path).startswith("BUNDLE: refused: 'report.pdf' is there twice")


def test_links_are_refused(tmp_path):
    """In a zip and in a folder, wherever they lead."""
    link = stat.S_IFLNK << 16
    assert "is a link" in refusal(zipped(tmp_path / "hw.zip", {"x": b"y"}, external_attr=link))
    (foldered(tmp_path / "hw") / "x").symlink_to("report.pdf")
    assert "'x' is a link" in refusal(tmp_path / "hw")


def test_an_encrypted_bundle_is_refused(tmp_path):
    """Nobody is asked for a password."""
    path = zipped(tmp_path / "hw.zip")
    raw = bytearray(path.read_bytes())
    for start in (raw.find(b"PK\x01\x02"), raw.rfind(b"PK\x01\x02")):
        raw[start + 8] |= 1  # of the flags in the central directory
    path.write_bytes(raw)
    assert "is encrypted" in refusal(path)


def test_a_bomb_is_refused_by_what_it_announces(tmp_path):
    """Sixty megabytes of one letter take sixty kilobytes."""
    assert "too much for its size" in refusal(zipped(tmp_path / "hw.zip", {"x": b"x" * 60_000_000}))


def test_a_bomb_that_announces_little_gives_little(tmp_path):
    """What comes after the announced size is never unpacked."""
    path = zipped(tmp_path / "hw.zip", {"x": b"x" * 1_000_000})
    raw = path.read_bytes()
    path.write_bytes(raw.replace(struct.pack("<L", 1_000_000), struct.pack("<L", 10)))
    with bundle.read(path) as opened, pytest.raises(ReportError, match="can't be read"):
        opened.content("x")


def test_bounds_hold_for_zips_and_folders(tmp_path, monkeypatch):
    """Too many files, too many bytes, packed so that memory can't be bounded."""
    packed = zipped(tmp_path / "lzma.zip", method=zipfile.ZIP_LZMA)
    assert "is packed in another way" in refusal(packed)
    both = (zipped(tmp_path / "hw.zip"), foldered(tmp_path / "hw"))
    monkeypatch.setattr(reading, "MOST_BYTES", 10)
    assert all("are the most" in refusal(path) for path in both)
    monkeypatch.setattr(reading, "MOST_FILES", 2)
    monkeypatch.setattr(reading, "MOST_BYTES", 10_000)
    assert all("2 files of 0.0 MB together are the most" in refusal(path) for path in both)


MANIFESTS = {
    "damaged": b"{",
    "no table": b"[]",
    "too deep": b"[" * 100_000,
    "without a key": json.dumps({"format": 1}).encode(),
    "with another key": described().replace(b'"unmet"', b'"met"'),
    "with a key twice": described().replace(b'"unmet"', b'"unmet": [], "unmet"'),
    "of another type": described(files={}).replace(b'"files": {}', b'"files": []'),
}


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_damaged_manifest_is_one_line(tmp_path, name):
    """Whatever is wrong with it."""
    told = refusal(zipped(tmp_path / "hw.zip", {"manifest.json": MANIFESTS[name]}))
    assert told == "BUNDLE: its manifest.json is damaged; hand in what `report bundle` wrote"


def test_what_is_no_bundle_is_one_line(tmp_path):
    """No file, no zip, half of one, no manifest, a later format."""
    assert refusal(tmp_path / "none.zip").startswith("BUNDLE: no such file")
    (tmp_path / "text.zip").write_text("no zip")
    assert "can't be read as a bundle (it is no zip)" in refusal(tmp_path / "text.zip")
    (tmp_path / "page.zip").write_bytes(b"%PDF-1.7")
    assert "(it is a PDF)" in refusal(tmp_path / "page.zip")
    (tmp_path / "none.zip").write_bytes(b"")
    assert "(it is empty)" in refusal(tmp_path / "none.zip")
    within = zipped(tmp_path / "in.zip", {"hw.zip": b"x"}, bare=True)
    assert "no bundle: it holds 'hw.zip'; unpack it and name that" in refusal(within)
    whole = zipped(tmp_path / "hw.zip").read_bytes()
    (tmp_path / "half.zip").write_bytes(whole[: len(whole) // 2])
    assert "can't be read as a bundle (its end is missing)" in refusal(tmp_path / "half.zip")
    bare = io.BytesIO()
    zipfile.ZipFile(bare, "w").close()
    (tmp_path / "bare.zip").write_bytes(bare.getvalue())
    assert "no bundle: manifest.json is missing" in refusal(tmp_path / "bare.zip")
    later = described().replace(b'"format": 1', b'"format": 9')
    assert "is of format 9" in refusal(zipped(tmp_path / "new.zip", {"manifest.json": later}))
