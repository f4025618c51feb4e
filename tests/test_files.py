"""Files are there whole or not at all, whoever writes them at once, and locks end."""

import errno
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reporter.errors import DiskError
from reporter.files import alone, alone_now, one_at_a_time, write_atomically

HOLD = """
import sys, time
from pathlib import Path
from reporter.files import alone
held = alone(Path(sys.argv[1]))
held.write(b"half")
held.flush()
print("held", flush=True)
time.sleep(600)
"""


def test_a_file_is_written_whole_and_readable_by_all(tmp_path: Path) -> None:
    """The temporary file is gone and folders are made as needed."""
    path = tmp_path / "deep" / "file.txt"
    write_atomically(path, b"one")
    write_atomically(path, b"two")
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o644
    assert [p.name for p in path.parent.iterdir()] == ["file.txt"]


def test_writers_at_once_never_mix(tmp_path: Path) -> None:
    """Every reading is one of the contents, whole."""
    path = tmp_path / "file.txt"
    contents = [bytes([letter]) * 100_000 for letter in b"abcd"]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(10):
            writers = [pool.submit(write_atomically, path, content) for content in contents]
            for writer in writers:
                writer.result()
                assert path.read_bytes() in contents
    assert [p.name for p in tmp_path.iterdir()] == ["file.txt"]


@pytest.mark.parametrize("call", ["os.fsync", "pathlib.Path.replace"])
def test_a_full_disk_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """One line says which file, why, and what to do."""
    path = tmp_path / "report.html"
    write_atomically(path, b"old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(call, full)
    due = f"{path} can't be written: no space left on device; free some and build again"
    with pytest.raises(DiskError) as told:
        write_atomically(path, b"new")
    assert str(told.value) == due
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_what_a_killed_writer_held_and_left_is_written_over(tmp_path: Path) -> None:
    """Its lock ends with it, and its half is not found in the next file."""
    path, scratch = tmp_path / "a.txt", tmp_path / ".a.txt.new"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(scratch)], stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout.readline() == b"held\n"
        assert alone_now(scratch) is None
        os.kill(holder.pid, signal.SIGKILL)
    assert scratch.read_bytes() == b"half"
    write_atomically(path, b"whole")
    assert path.read_bytes() == b"whole"
    assert not scratch.exists()


def test_who_waits_for_a_lock_gets_it_though_its_file_goes_away(tmp_path: Path) -> None:
    """It is not the removed file that counts."""
    path = tmp_path / "lock"
    first = alone(path)
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(alone, path)
        path.unlink()
        first.close()
        with second.result():
            assert path.exists()
            assert alone_now(path) is None


def test_a_block_is_entered_by_one_at_a_time(tmp_path: Path) -> None:
    """Eight threads count up without losing one; no lock is left."""
    counted = tmp_path / "count"
    counted.write_text("0")

    def count(_: int) -> None:
        with one_at_a_time(tmp_path / "lock"):
            counted.write_text(str(int(counted.read_text()) + 1))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count, range(40)))
    assert counted.read_text() == "40"
    assert [p.name for p in tmp_path.iterdir()] == ["count"]
