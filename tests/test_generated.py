"""Generated images: made once, whole or not at all, by processes that end with their parent."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reporter.datasets import generated
from reporter.datasets.generated import Recipe, materialise
from tests.processes import LIMIT_S, ended, family, until

TINY = Recipe(source="paintings", classes=2, train=1, test=1, size=32, level=1)
ENDLESS = """
import sys
from pathlib import Path
from reporter.datasets.generated import Recipe, materialise
recipe = Recipe(source="paintings", classes=2, train=10**6, test=1, size=32, level=1)
if __name__ == "__main__":
    materialise(recipe, Path(sys.argv[1]))
"""


def test_who_comes_second_waits_for_the_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """They are made once, and what a killed process left of its own is cleared first."""
    made: list[bool] = []

    def make(_: Recipe, folder: Path) -> None:
        made.append(folder.exists())
        (folder / "train").mkdir(parents=True)

    monkeypatch.setattr(generated, "_make", make)
    left = materialise(TINY, tmp_path / "elsewhere").name
    (tmp_path / f".{left}.new" / "half").mkdir(parents=True)
    (tmp_path / f".{left}.lock").touch()
    with ThreadPoolExecutor(4) as pool:
        folders = set(pool.map(lambda _: materialise(TINY, tmp_path), range(4)))
    assert folders == {tmp_path / left}
    assert made == [False, False]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", left]


def test_processes_that_make_images_end_with_a_killed_parent(tmp_path: Path):
    """However many are left to make."""
    script = tmp_path / "endless.py"
    script.write_text(ENDLESS)
    with subprocess.Popen([sys.executable, script, tmp_path], start_new_session=True) as parent:
        assert until(lambda: list(tmp_path.glob(".*.new/train/*/0003.png")), limit_s=LIMIT_S)
        assert len(family(parent.pid)) > 1
        parent.kill()
    assert ended(parent.pid) == 0
