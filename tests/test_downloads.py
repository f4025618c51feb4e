"""A download arrives whole or says why not, and goes on where it broke off."""

import hashlib
import random
import shutil
from pathlib import Path

import pytest

from reporter.datasets.downloads import ATTEMPTS, download
from reporter.errors import ReportError
from tests.servers import Script, serving

CONTENT = random.Random(0).randbytes(1_000_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def fetch(script, target, sha256=DIGEST, progress=lambda *_: None):
    """Download from a server; return the file and the pauses that were made."""
    pauses = []
    with serving(script) as url:
        path = download(url, sha256, target, progress=progress, wait=pauses.append)
    return path, pauses


def failed(script, target, sha256=DIGEST):
    """Return the one line that a failed download says, without the address."""
    with serving(script) as url, pytest.raises(ReportError) as caught:
        download(url, sha256, target, wait=lambda _: None)
    text = str(caught.value)
    assert "\n" not in text
    return text.replace(url, "URL")


def test_a_whole_download_is_the_file(tmp_path):
    """Folders are made, progress ends at the whole, no partial file stays."""
    told = []
    script = Script(content=CONTENT)
    path, _ = fetch(script, tmp_path / "data" / "a.zip", progress=lambda *at: told.append(at))
    assert path.read_bytes() == CONTENT
    assert (told[0], told[-1]) == ((0, len(CONTENT)), (len(CONTENT), len(CONTENT)))
    assert [file.name for file in path.parent.iterdir()] == ["a.zip"]
    assert script.asked == [""]


def test_a_broken_connection_is_taken_up_where_it_broke(tmp_path):
    """Each attempt asks only for what is missing."""
    script = Script(content=CONTENT, breaks_after=[300_000, 200_000])
    path, pauses = fetch(script, tmp_path / "a.zip")
    assert path.read_bytes() == CONTENT
    assert script.asked == ["", "bytes=300000-", "bytes=500000-"]
    assert pauses == [2, 2]


def test_a_later_call_goes_on_with_the_partial_file(tmp_path):
    """What an interrupted command left is not fetched again."""
    (tmp_path / "a.zip.part").write_bytes(CONTENT[:400_000])
    script = Script(content=CONTENT)
    told = []
    path, _ = fetch(script, tmp_path / "a.zip", progress=lambda *at: told.append(at))
    assert path.read_bytes() == CONTENT
    assert script.asked == ["bytes=400000-"]
    assert told[0] == (400_000, len(CONTENT))


def test_a_server_that_ignores_ranges_starts_anew(tmp_path):
    """The partial file is overwritten, not appended to."""
    (tmp_path / "a.zip.part").write_bytes(b"x" * 400_000)
    path, _ = fetch(Script(content=CONTENT, knows_ranges=False), tmp_path / "a.zip")
    assert path.read_bytes() == CONTENT


def test_a_partial_file_that_is_whole_needs_no_byte(tmp_path):
    """The server says that the range is beyond the end; the digest says that all is there."""
    (tmp_path / "a.zip.part").write_bytes(CONTENT)
    path, _ = fetch(Script(content=CONTENT), tmp_path / "a.zip")
    assert path.read_bytes() == CONTENT


def test_a_partial_file_of_another_file_is_removed(tmp_path):
    """The next call starts clean."""
    (tmp_path / "a.zip.part").write_bytes(b"x" * 400_000)
    assert "the file was removed" in failed(Script(content=CONTENT), tmp_path / "a.zip")
    assert list(tmp_path.iterdir()) == []
    assert fetch(Script(content=CONTENT), tmp_path / "a.zip")[0].read_bytes() == CONTENT


def test_a_wrong_digest_is_told_with_both_and_the_file_is_removed(tmp_path):
    """Nobody unpacks what is not the expected file."""
    text = failed(Script(content=CONTENT), tmp_path / "a.zip", "0" * 64)
    assert text.startswith(f"URL: its SHA-256 is {DIGEST}, not {'0' * 64} as report.toml says")
    assert list(tmp_path.iterdir()) == []


def test_a_busy_server_is_asked_again(tmp_path):
    """503 and 429 pass, with growing pauses."""
    path, pauses = fetch(Script(content=CONTENT, statuses=[503, 429]), tmp_path / "a.zip")
    assert path.is_file()
    assert pauses == [2, 4]


def test_a_refusal_is_told_at_once(tmp_path):
    """404 will not change."""
    script = Script(statuses=[404])
    assert failed(script, tmp_path / "a.zip").startswith("URL can't be fetched (404 Not Found)")
    assert len(script.asked) == 1


def test_attempts_end_and_what_arrived_is_kept(tmp_path):
    """The line says how much; the next call goes on there."""
    script = Script(content=CONTENT, breaks_after=[100_000, *[0] * ATTEMPTS])
    text = failed(script, tmp_path / "a.zip")
    assert "the connection broke off); 0.1 MB are kept" in text
    assert len(script.asked) == ATTEMPTS
    assert (tmp_path / "a.zip.part").stat().st_size == 100_000


def test_no_server_is_told(tmp_path):
    """The reason is the system's own."""
    with serving(Script()) as url:
        pass
    with pytest.raises(ReportError, match=r"can't be fetched .*[Rr]efused"):
        download(url, DIGEST, tmp_path / "a.zip", wait=lambda _: None)


def test_too_little_space_is_told_before_a_byte_is_written(tmp_path, monkeypatch):
    """What is needed is what is missing; the partial file is kept."""
    (tmp_path / "a.zip.part").write_bytes(CONTENT[:400_000])
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=250_000))
    text = failed(Script(content=CONTENT), tmp_path / "a.zip")
    expected = "no space left: 0.6 MB are needed, 0.2 MB are free; make room and run it again"
    assert text == f"{tmp_path}: {expected}"
    assert (tmp_path / "a.zip.part").stat().st_size == 400_000


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_disk_that_fills_up_is_told(tmp_path):
    """The system refuses a byte that it had promised."""
    (tmp_path / "a.zip.part").symlink_to("/dev/full")
    assert "no space left: 1.0 MB are needed" in failed(Script(content=CONTENT), tmp_path / "a.zip")


def test_a_file_that_is_there_is_not_fetched(tmp_path):
    """It was checked when it came."""
    (tmp_path / "a.zip").write_bytes(b"here")
    assert download("http://127.0.0.1:9/none", DIGEST, tmp_path / "a.zip").read_bytes() == b"here"
