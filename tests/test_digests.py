"""A digest is that of the content, and remembered only while nothing can have changed it."""

import hashlib
import json
import os
import time
from pathlib import Path

import pytest

from reporter.datasets.digests import TICK_NS, Digests

OLD_NS = 10**18  # in 2001


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file that is older than a tick of any clock, as its inode tells it, too."""
    path = tmp_path / "a.bin"
    path.write_bytes(b"abc")
    return path


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the clock stand an hour from now, when every file of this test is old."""
    now_ns = time.time_ns() + 3600 * 10**9
    monkeypatch.setattr("reporter.datasets.digests.time.time_ns", lambda: now_ns)


def _opened(path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Return a list that will name each file that is read."""
    opened: list[Path] = []
    real = hashlib.file_digest

    def watched(file, kind):
        opened.append(Path(file.name))
        return real(file, kind)

    monkeypatch.setattr("reporter.datasets.digests.hashlib.file_digest", watched)
    return opened


@pytest.mark.usefixtures("later")
def test_what_was_read_once_is_not_read_again(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by this process, nor by the next one."""
    opened = _opened(file, monkeypatch)
    first = Digests(tmp_path / "memory" / "digests.json")
    assert first.of(file) == first.of(file) == hashlib.sha256(b"abc").hexdigest()
    first.remember()
    assert Digests(tmp_path / "memory" / "digests.json").of(file) == first.of(file)
    assert opened == [file]


def test_a_young_file_is_read_each_time(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be written again within the tick that dates it, and keep its size."""
    opened = _opened(file, monkeypatch)
    digests = Digests(tmp_path / "digests.json")
    stat = file.stat()
    digests.of(file)
    with file.open("r+b") as same:
        same.write(b"abd")
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert digests.of(file) == hashlib.sha256(b"abd").hexdigest()
    assert opened == [file, file]
    digests.remember()
    assert not (tmp_path / "digests.json").exists()


@pytest.mark.usefixtures("later")
def test_a_file_that_is_dated_back_is_read_again(file: Path, tmp_path: Path) -> None:
    """Size and date are as they were; when its inode changed is not."""
    os.utime(file, ns=(OLD_NS, OLD_NS))
    digests = Digests(tmp_path / "digests.json")
    digests.of(file)
    file.write_bytes(b"abd")
    os.utime(file, ns=(OLD_NS, OLD_NS))
    assert digests.of(file) == hashlib.sha256(b"abd").hexdigest()


@pytest.mark.usefixtures("later")
def test_a_file_that_is_replaced_is_read_again(file: Path, tmp_path: Path) -> None:
    """As by a rename of one with the same size and date."""
    os.utime(file, ns=(OLD_NS, OLD_NS))
    digests = Digests(tmp_path / "digests.json")
    digests.of(file)
    other = tmp_path / "other"
    other.write_bytes(b"abd")
    os.utime(other, ns=(OLD_NS, OLD_NS))
    other.replace(file)
    assert digests.of(file) == hashlib.sha256(b"abd").hexdigest()


def test_a_file_of_the_future_is_never_remembered(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock went backwards: whether the file is young can't be told."""
    opened = _opened(file, monkeypatch)
    monkeypatch.setattr(
        "reporter.datasets.digests.time.time_ns", lambda: file.stat().st_mtime_ns - 10**12
    )
    digests = Digests(tmp_path / "digests.json")
    digests.of(file)
    digests.of(file)
    assert len(opened) == 2


@pytest.mark.parametrize("age_ns", [TICK_NS, TICK_NS + 1])
def test_a_file_is_young_for_one_tick(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, age_ns: int
) -> None:
    """Two seconds, the coarsest that a file system counts in."""
    opened = _opened(file, monkeypatch)
    now_ns = file.stat().st_ctime_ns + age_ns
    monkeypatch.setattr("reporter.datasets.digests.time.time_ns", lambda: now_ns)
    digests = Digests(tmp_path / "digests.json")
    digests.of(file)
    digests.of(file)
    assert len(opened) == (2 if age_ns == TICK_NS else 1)


@pytest.mark.parametrize(
    "memory", ["", "[]", "{", '{"%s": 3}', '{"%s": [3, 1, "x"]}', '{"%s": []}']
)
def test_a_memory_that_says_something_else_is_passed_over(
    file: Path, tmp_path: Path, memory: str
) -> None:
    """Damaged, or of an older version."""
    path = tmp_path / "digests.json"
    path.write_text(memory.replace("%s", str(file)))
    assert Digests(path).of(file) == hashlib.sha256(b"abc").hexdigest()


@pytest.mark.usefixtures("later")
def test_a_file_that_changes_while_it_is_read_is_not_remembered(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its digest may be of neither version."""
    real = hashlib.file_digest

    def slow(opened, kind):
        digest = real(opened, kind)
        file.write_bytes(b"longer")
        return digest

    monkeypatch.setattr("reporter.datasets.digests.hashlib.file_digest", slow)
    digests = Digests(tmp_path / "digests.json")
    digests.of(file)
    digests.remember()
    assert not (tmp_path / "digests.json").exists()


@pytest.mark.usefixtures("later")
def test_the_memory_is_plain(file: Path, tmp_path: Path) -> None:
    """Size, dates and inode, then the digest."""
    digests = Digests(tmp_path / "digests.json")
    digests.of(file)
    digests.remember()
    (seen,) = json.loads((tmp_path / "digests.json").read_text()).values()
    assert (seen[0], seen[-1]) == (3, hashlib.sha256(b"abc").hexdigest())
