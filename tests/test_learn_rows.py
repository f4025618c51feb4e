"""Rows that runs share."""

import fcntl
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from reporter.errors import ReportError
from reporter.learn.rows import FOLDER, Kind, rows_of

KIND = Kind(recipe={"what": "squares"}, shape=(2, 3), dtype=torch.float32)
RECORD = 64 + 4 + 2 * 3 * 4  # bytes of a digest, a checksum and a row


class Squares:
    """Computes rows from numbers, in batches of two, and remembers which it was asked for."""

    def __init__(self, *numbers: int) -> None:
        self.numbers = numbers
        self.asked: list[int] = []

    @property
    def digests(self) -> list[str]:
        """Return a digest of each number."""
        return [f"{number:064x}" for number in self.numbers]

    def __call__(self, indices: list[int]) -> Iterator[torch.Tensor]:
        """Yield a matrix full of the square for each index."""
        chosen = [self.numbers[index] for index in indices]
        for start in range(0, len(chosen), 2):
            self.asked += chosen[start : start + 2]
            yield torch.stack([torch.full((2, 3), n**2.0) for n in chosen[start : start + 2]])

    def rows(self, cache: Path | None, kind: Kind = KIND) -> int:
        """Fetch the rows, check every number, and return how many were computed."""
        rows, computed = rows_of(cache, kind, self.digests, self)
        expected = [torch.full((2, 3), n**2.0) for n in self.numbers]
        assert torch.equal(rows, torch.stack(expected)) if expected else rows.shape == (0, 2, 3)
        return computed


def the_file(cache: Path, kind: Kind = KIND) -> Path:
    """Return where the rows lie."""
    return cache / FOLDER / kind.name


def test_rows_are_computed_once(tmp_path: Path) -> None:
    """What was computed is read, in any order; only what is new is computed."""
    assert Squares(3, 1, 2).rows(tmp_path) == 3
    again = Squares(2, 5, 3, 4, 1)
    assert again.rows(tmp_path) == 2
    assert again.asked == [5, 4]
    assert Squares().rows(tmp_path) == 0


@pytest.mark.parametrize("is_kept", [True, False])
def test_equal_images_share_a_row(tmp_path: Path, is_kept: bool) -> None:  # noqa: FBT001 - a case
    """Each content is computed once, however often it occurs."""
    squares = Squares(7, 7, 2, 7, 2)
    assert squares.rows(tmp_path if is_kept else None) == 2
    assert squares.asked == [7, 2]


@pytest.mark.parametrize(
    "other",
    [
        Kind(recipe={"what": "squares", "more": 1}, shape=(2, 3), dtype=torch.float32),
        Kind(recipe={"what": "squares"}, shape=(2, 3), dtype=torch.float64),
    ],
)
def test_another_recipe_has_other_rows(tmp_path: Path, other: Kind) -> None:
    """Whatever determines a row is part of the file's name."""
    Squares(1).rows(tmp_path)
    ones = torch.ones(1, 2, 3, dtype=other.dtype)
    assert rows_of(tmp_path, other, Squares(1).digests, lambda _: [ones])[1] == 1


@pytest.mark.parametrize("length", [RECORD + 1, RECORD + 64, 2 * RECORD - 1, RECORD])
def test_a_record_that_was_cut_off_is_computed_again(tmp_path: Path, length: int) -> None:
    """A killed process leaves a part of a record at worst; it goes, and all is well again."""
    Squares(1, 2).rows(tmp_path)
    os.truncate(the_file(tmp_path), length)
    assert Squares(1, 2).rows(tmp_path) == 1
    assert the_file(tmp_path).stat().st_size == 2 * RECORD
    assert Squares(1, 2).rows(tmp_path) == 0


@pytest.mark.parametrize("place", [3, 66, 80])
def test_a_damaged_record_is_computed_again(tmp_path: Path, place: int) -> None:
    """A changed bit in digest, checksum or row is seen."""
    Squares(1, 2).rows(tmp_path)
    content = bytearray(the_file(tmp_path).read_bytes())
    content[place] ^= 0x81
    the_file(tmp_path).write_bytes(content)
    assert Squares(1, 2).rows(tmp_path) == 1
    assert Squares(1, 2).rows(tmp_path) == 0


def test_what_was_computed_before_a_failure_is_kept(tmp_path: Path) -> None:
    """An error in the middle passes through, and the rows before it stay."""
    squares = Squares(1, 2, 3, 4)

    def failing(indices: list[int]) -> Iterator[torch.Tensor]:
        yield next(squares(indices))
        raise ReportError("no more")

    with pytest.raises(ReportError, match="no more"):
        rows_of(tmp_path, KIND, squares.digests, failing)
    assert Squares(1, 2, 3, 4).rows(tmp_path) == 2


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    """All is computed, each time."""
    (tmp_path / FOLDER).write_text("a file where the folder should be")
    assert [Squares(1, 2).rows(tmp_path) for _ in range(2)] == [2, 2]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_no_error(tmp_path: Path) -> None:
    """The rows are computed and not kept."""
    the_file(tmp_path).parent.mkdir(parents=True)
    the_file(tmp_path).symlink_to("/dev/full")
    assert Squares(1, 2, 3).rows(tmp_path) == 3


def test_the_files_used_longest_ago_make_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of two files' size: the third removes the one that no run used since."""
    monkeypatch.setenv("REPORT_CACHE_GB", str(4.5 * RECORD / 1e9))
    kinds = [Kind(recipe={"n": n}, shape=(2, 3), dtype=torch.float32) for n in range(3)]
    for age, kind in ((20, kinds[0]), (10, kinds[1])):
        assert Squares(1, 2).rows(tmp_path, kind) == 2
        then = the_file(tmp_path, kind).stat().st_mtime - age
        os.utime(the_file(tmp_path, kind), (then, then))
    assert Squares(1, 2).rows(tmp_path, kinds[0]) == 0
    assert Squares(1, 2).rows(tmp_path, kinds[2]) == 2
    assert [the_file(tmp_path, kind).exists() for kind in kinds] == [True, False, True]


def test_a_file_that_grows_is_not_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another kind's rows may exceed the limit while a run still adds to it."""
    monkeypatch.setenv("REPORT_CACHE_GB", str(4.5 * RECORD / 1e9))
    other = Kind(recipe={"n": 1}, shape=(2, 3), dtype=torch.float32)
    squares = Squares(1, 2, 3)

    def slow(indices: list[int]) -> Iterator[torch.Tensor]:
        for batch in squares(indices):
            yield batch
            Squares(1, 2, 3).rows(tmp_path, other)

    rows_of(tmp_path, KIND, squares.digests, slow)
    assert Squares(1, 2, 3).rows(tmp_path) == 0


def test_rows_that_exceed_the_limit_alone_are_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They push nothing out, either."""
    Squares(1).rows(tmp_path)
    monkeypatch.setenv("REPORT_CACHE_GB", str(2 * RECORD / 1e9))
    assert [Squares(2, 3, 4).rows(tmp_path) for _ in range(2)] == [3, 3]
    assert Squares(1).rows(tmp_path) == 0


@pytest.mark.parametrize("size", ["plenty", "-1", "nan", "inf"])
def test_a_limit_that_is_no_size_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: str
) -> None:
    """With the value and an example."""
    monkeypatch.setenv("REPORT_CACHE_GB", size)
    with pytest.raises(ReportError, match=f"REPORT_CACHE_GB = '{size}' is no size; set it to"):
        Squares(1).rows(tmp_path)


def test_nobody_else_computes_meanwhile(tmp_path: Path) -> None:
    """While rows are computed their file is locked; afterwards it is free."""
    squares = Squares(1, 2, 3)

    def is_locked() -> bool:
        with the_file(tmp_path).open("ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def looking(indices: list[int]) -> Iterator[torch.Tensor]:
        for batch in squares(indices):
            assert is_locked()
            yield batch

    assert rows_of(tmp_path, KIND, squares.digests, looking)[1] == 3
    assert not is_locked()


OTHER = """
import sys
from pathlib import Path
from reporter.learn.rows import rows_of
from tests.test_learn_rows import KIND, Squares

squares = Squares(*range(40))
def waiting(indices):
    print("computing", flush=True)
    sys.stdin.readline()
    yield from squares(indices)
print(rows_of(Path(sys.argv[1]), KIND, squares.digests, waiting)[1], flush=True)
"""


def started(cache: Path) -> "subprocess.Popen[str]":
    """Start a process that tells when it computes, and goes on when it is sent a line."""
    return subprocess.Popen(
        [sys.executable, "-c", OTHER, str(cache)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        cwd=Path(__file__).parent.parent,
    )  # fmt: skip


def test_the_lock_ends_with_its_process(tmp_path: Path) -> None:
    """Of two processes one computes; when it is killed, the other one does."""
    with started(tmp_path) as first, started(tmp_path) as second:
        assert first.stdout
        assert second.stdout
        ready = select.select([first.stdout, second.stdout], [], [])[0][0]
        one, other = (first, second) if ready is first.stdout else (second, first)
        one.kill()
        one.communicate()
        assert other.communicate("\n")[0] == "computing\n40\n"


def test_of_two_processes_one_computes(tmp_path: Path) -> None:
    """The other one waits, and reads."""
    with started(tmp_path) as first, started(tmp_path) as second:
        for process in (first, second):
            assert process.stdin
            process.stdin.write("\n")
            process.stdin.flush()
        said = sorted(process.communicate()[0] for process in (first, second))
    assert said == ["0\n", "computing\n40\n"]
