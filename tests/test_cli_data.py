"""report data: lists, fetches and looks through, as a user does it."""

import hashlib
import io
import json
import shutil
import sys

import pytest

from reporter.cli import watch
from tests.servers import Script, serving
from tests.test_acquire import CONTENT
from tests.test_audit import painted
from tests.test_cli import report
from tests.workspaces import workspace

TABLES = """
[data.scenes]
path = "scenes"
classes = "casefold"

[data.clean]
path = "scenes"
classes = "casefold"
leaked = "drop"

[data.made]
source = "paintings"
class_count = 2

[data.small]
from = "made"

[data.absent]
path = "absent"

[data.turned]
from = "absent"
swap = true

[data.odd]
path = "odd"
"""


@pytest.fixture
def at(tmp_path):
    """Return a workspace with paintings, one of which leaks into another class."""
    root = painted(tmp_path / "scenes")
    (root / "test" / "grid").rename(root / "test" / "Grid")
    shutil.copy(root / "train" / "grid" / "0.png", root / "test" / "points" / "9.png")
    (tmp_path / "odd" / "train").mkdir(parents=True)
    return workspace(tmp_path, TABLES)


@pytest.fixture
def fetched(tmp_path):
    """Return a workspace with an archive on a server, and what that was asked."""
    script = Script(content=CONTENT)
    with serving(script) as url:
        keys = f'url = "{url}"\nsha256 = "{hashlib.sha256(CONTENT).hexdigest()}"\nfolder = "set"\n'
        yield workspace(tmp_path, f"[data.toy.archive]\n{keys}"), script


def test_list_tells_of_every_data_set(at):
    """Of those that are there also how many images; nothing is generated for it."""
    done = report(at, "data", "list", "--json")
    rows = {row.pop("name"): row for row in json.loads(done.stdout)}
    assert {name: row["state"] for name, row in rows.items()} == {
        "scenes": "there",
        "clean": "there",
        "made": "generated",
        "small": "generated",
        "absent": "missing",
        "turned": "missing",
        "odd": "unusable",
    }
    scenes, clean = rows["scenes"], rows["clean"]
    assert (scenes["images"], scenes["classes"], scenes["left_out"]) == (9, 2, 0)
    assert (clean["images"], clean["left_out"]) == (8, 1)
    assert len(scenes["digest"]) == 64
    assert scenes["digest"] != clean["digest"]
    assert (scenes["source"], scenes["where"]) == ("folder", str(at / "scenes"))
    assert (rows["made"]["source"], rows["small"]["source"]) == ("paintings", "from made")
    assert not (at / "build" / "cache" / "data").exists()


def test_list_is_a_table_with_problems_below(at):
    """A broken one does not hide the others; no line is wrapped in a pipe."""
    done = report(at, "data", "list")
    assert done.returncode == 0
    line = next(line for line in done.stdout.splitlines() if line.split()[:1] == ["clean"])
    assert line.split()[1:-1] == ["folder", str(at / "scenes"), "there", "8", "2", "1"]
    assert len(line.split()[-1]) == 12
    assert done.stderr.startswith("report: data.odd: ")
    assert "holds 0 class folders" in done.stderr


def test_check_prints_what_it_finds_and_exits_with_1(at):
    """A leak under two labels is both."""
    done = report(at, "data", "check", "scenes")
    assert done.returncode == 1
    pair = next(line for line in done.stdout.splitlines() if "9.png" in line)
    assert pair.split()[:2] == ["train/grid/0.png", "test/points/9.png"]
    assert "training and test set" in pair
    assert "grid and points" in pair
    counts = dict(line.rsplit(maxsplit=1) for line in done.stdout.splitlines()[-7:])
    assert counts == {
        "images": "9",
        "corrupt files": "0",
        "identical pairs": "1",
        "leaked pairs": "1",
        "conflicting pairs": "1",
        "lookalike pairs": "0",
        "left out": "0",
    }


def test_check_of_a_set_without_its_leaks_is_well(at):
    """It says how many images are left out."""
    done = report(at, "data", "check", "clean", "--json")
    assert done.returncode == 0
    plain = json.loads(done.stdout)
    assert (plain["counts"]["leaked_pairs"], plain["counts"]["left_out"]) == (0, 1)
    assert plain["balance"] == [
        {"class": "grid", "training": 2, "test": 2},
        {"class": "points", "training": 2, "test": 2},
    ]


def test_check_finds_a_corrupt_file(at):
    """The reason stands beside it."""
    (at / "scenes" / "train" / "grid" / "1.png").write_bytes(b"")
    done = report(at, "data", "check", "clean", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["corrupt"] == [
        {"file": "train/grid/1.png", "reason": "empty file"}
    ]


def test_check_of_a_folder_needs_no_report(at, tmp_path):
    """With train and test, with a table, or class folders alone; nothing is written there."""
    alone = tmp_path / "elsewhere" / "set"
    shutil.copytree(at / "scenes", alone)
    before = sorted(path for path in tmp_path.rglob("*"))
    for folder, cwd, parts in (
        (".", alone, [4, 5]),
        ("set", alone.parent, [4, 5]),
        (str(alone / "train"), alone, [4, 0]),
        ("elsewhere/set", at, [4, 5]),
    ):
        done = report(cwd, "data", "check", folder, "--json")
        balance = json.loads(done.stdout)["balance"]
        assert [sum(row[part] for row in balance) for part in ("training", "test")] == parts
        assert done.returncode == (1 if parts[1] else 0)
    assert sorted(path for path in tmp_path.rglob("*")) == before
    rows = "path,split\ngrid/0.png,train\npoints/0.png,train\ngrid/1.png,test\n"
    (alone / "train" / "splits.csv").write_text(rows)
    done = report(alone, "data", "check", "train", "--json")
    assert json.loads(done.stdout)["counts"]["images"] == 3


def test_get_fetches_once(fetched):
    """A second call does not; --again does; check and list know the set."""
    at, script = fetched
    done = report(at, "data", "get", "toy")
    assert (done.returncode, done.stdout) == (0, f"{at}/data/toy\n")
    assert done.stderr.splitlines() == [
        "fetching  toy",
        "unpacking toy",
        "4 images of 2 classes; next: report data check toy",
    ]
    assert report(at, "data", "get", "toy").returncode == 0
    assert len(script.asked) == 1
    assert report(at, "data", "get", "toy", "--again").returncode == 0
    assert len(script.asked) == 2
    row = json.loads(report(at, "data", "list", "--json").stdout)[0]
    assert (row["state"], row["images"]) == ("there", 4)
    assert row["source"].startswith("http://127.0.0.1")


def test_a_run_on_missing_data_says_how_to_get_it(fetched):
    """In one line, before anything runs."""
    at, _ = fetched
    text = (at / "report.toml").read_text()
    (at / "report.toml").write_text(text + '\n[runs.one]\nexperiment = "looks"\ndata = "toy"\n')
    done = report(at, "run", "one")
    assert done.returncode == 2
    assert "data.toy: no folder" in done.stderr
    assert "run `report data get toy`" in done.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["get", "scene"], "no data set is called 'scene'; did you mean 'scenes'?"),
        (["check", "scene"], "no data set is called 'scene'; did you mean 'scenes'?"),
        (["get", "made"], "data.made: needs no fetching"),
        (["get", "absent"], "data.absent: has no source; put the images into"),
        (["check", "absent"], "data.absent: no folder"),
        (["check", "odd"], "train holds 0 class folders; two are the least"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(at, words, told):
    """What, where, remedy."""
    done = report(at, "data", *words)
    assert done.returncode == 2
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_bars_with_bytes_and_files(monkeypatch):
    """Bytes of what is fetched, files of what is unpacked, rows of what has no end yet."""
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    with watch.fetching("toy") as tell:
        tell("fetching", 1_500_000, 3_000_000)
        tell("unpacking", 7, 9)
        tell("drawing", 40, None)
    for words in ("fetching toy", "1.5 of 3.0 MB", "unpacking toy", "7 of 9", "drawing toy", "40"):
        assert words in screen.getvalue()
