"""Report verify: a folder of bundles, broken and slow ones among them, and runs computed again."""

import csv
import json
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from reporter.cli.verify import _tell
from reporter.verify import isolation
from reporter.verify.apart import judged_apart
from reporter.verify.gathered import gathered
from reporter.verify.likeness import alike
from reporter.verify.many import Verified
from reporter.verify.one import Question
from reporter.verify.origins import common
from reporter.verify.rerun import Sample, rerun
from reporter.verify.verdicts import (
    CHECKS,
    Judged,
    Kept,
    as_plain,
    bad,
    from_plain,
    good,
    note,
    told,
)
from tests import bundles
from tests.commanding import report

NOTED = "nothing was computed again, so a result that was stored falsely is not noticed: --rerun N"
TORN = b"PK\x03\x04 and no more"


def below(folder: Path, *names: str) -> list[str]:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(TORN)
    return [name for _, name in gathered([folder])]


def test_bundles_are_found_below_a_folder(tmp_path):
    """Zips and unpacked ones, in one order; the manifests of stored results are none."""
    names = ("b.zip", "a.ZIP", "d/c.zip", "e/report.toml", "e/manifest.json")
    more = ("e/build/store/1/manifest.json", "e/x.zip", "notes.txt", "._b.zip", "d/report.pdf")
    instead = "d/report.pdf"  # of a zip
    assert below(tmp_path, *names, *more) == ["a.ZIP", "b.zip", "e", "d/c.zip", instead]
    assert [name for _, name in gathered([tmp_path / "e", tmp_path / "b.zip"])] == ["e", "b.zip"]


def test_a_class_is_a_table(handed_in, tmp_path):
    """Torn ones are a line, the order is that of names, and the exit code says that one is bad."""
    shutil.copy(handed_in, tmp_path / "a_1_AML_123_a3.zip")
    (tmp_path / "b.zip").write_bytes(TORN)
    code, out, err = report(
        tmp_path, "verify", ".", "--json", "--output", "verdicts.csv", "-j", "2"
    )
    assert code == 1
    found = json.loads(out)["bundles"]
    assert [(one["name"], one["is_good"]) for one in found] == [
        ("a_1_AML_123_a3.zip", True),
        ("b.zip", False),
    ], found
    assert not {"texts", "kept"} & found[0].keys()
    head, first, second = csv.reader((tmp_path / "verdicts.csv").read_text().splitlines())
    assert head == ["archive", "authors", "verdict", *CHECKS, "first problem", "to look at"]
    assert first == ["a_1_AML_123_a3.zip", "A. Example (123)", "good", *"✓" * 9, "–", "", NOTED]
    assert second[2:13] == ["bad", "✗", *"–" * 9]
    assert re.match(r"can't be read as a bundle", second[-2])
    assert {line.split()[0] for line in err.splitlines()} == {"good", "bad"}


def test_names_steer_neither_terminal_nor_spreadsheet(tmp_path):
    """They are a student's."""
    (tmp_path / "=1+1\x1b[2J.zip").write_bytes(TORN)
    code, out, _ = report(tmp_path, "verify", ".", "=1+1\x1b[2J.zip", "--output", "verdicts.csv")
    assert code == 1
    assert "\x1b" not in out
    assert (tmp_path / "verdicts.csv").read_text().splitlines()[1].startswith("'=1+1\\x1b[2J.zip,")


def test_what_takes_too_long_is_a_line(tmp_path):
    """It is ended, and the others go on."""
    (tmp_path / "a.zip").write_bytes(TORN)
    pair = [(tmp_path / "a.zip", "a"), (tmp_path / "a.zip", "b")]
    found = dict(judged_apart(pair, Question(), 1, seconds=0.0))
    assert [found[place].name for place in (0, 1)] == ["a", "b"]
    assert found[0].first_problem == "took longer than 0 s and was ended"


def test_verdicts_go_through_json():
    """As they come from another process."""
    one = Judged(name="a", authors=("A. Example",), verdicts=(bad("pdf", "x", "y"),))
    assert from_plain(json.loads(json.dumps(as_plain(one)))) == one


def test_a_check_tells_of_the_first_few():
    """And that there are more; without any, that all is well."""
    well = good("pdf", "", "well")
    many = [bad("pdf", str(n), "m") for n in range(7)]
    assert [one.line for one in told(many, well)][-1] == "and 2 more of the kind"
    assert [one.message for one in told([note("pdf", "", "n")], well)] == ["well", "n"]


def verdicts(path, **changes):
    sample = Sample(**{"count": 1, "seed": 3, **changes})
    return [(one.state, one.line) for one in rerun(path, sample)]


def test_a_forged_result_is_found_by_computing_it_again(handed_in, tmp_path):
    """All else of it may fit: lock, store, pages and digests. An honest one beside it agrees."""
    one = bundles.opened(handed_in)
    path = f"{one.entry('full')}result.json"
    plain = json.loads(one.files[path])
    plain["test_accuracy"]["value"] += 0.1
    one.files[path] = json.dumps(plain).encode()
    found = dict(sorted(verdicts(bundles.write(one, tmp_path), count=2)))
    assert found["bad"] == (
        "full (seed 0): test_accuracy is 0.91 and 0.81 when computed again by the same arithmetic; "
        "allowed: bit for bit"
    )
    assert found["good"].startswith("small (seed 0): computed again by the same arithmetic")


def test_another_code_or_data_is_not_computed(handed_in, tmp_path):
    """A run that is another one by now is bad, and one whose code can't be loaded is told."""
    one = bundles.opened(handed_in)
    one.edit("experiments/toy.py", "rate * (e + 0.1)", "rate * (e + 0.2)")
    (_, (state, line)) = verdicts(bundles.write(one, tmp_path / "a"))
    assert (state, "it is another run now" in line) == ("bad", True), line
    one.edit("experiments/toy.py", "def toy", "def (toy")
    (_, (state, line)) = verdicts(bundles.write(one, tmp_path / "b"))
    assert (state, "not re-run, because" in line) == ("note", True), line


ISOLATED = """
import json, os, socket, sys
from pathlib import Path
from reporter.verify.isolation import isolate

folder, outside, port, parent = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), os.getppid()
lacking = isolate(folder)
(folder / "a").write_text("x")
(folder / "b").mkdir()
(folder / "a").rename(folder / "b" / "a")
(folder / "b" / "a").unlink()


def done(act):
    try:
        act()
    except OSError:
        return False
    return True


acts = {
    "write": lambda: outside.write_text("x"),
    "make": lambda: outside.with_name("new").write_text("x"),
    "remove": outside.unlink,
    "truncate": lambda: os.truncate(outside, 0),
    "link": lambda: outside.hardlink_to(folder),
    "connect": lambda: socket.create_connection(("127.0.0.1", port), 5),
    "signal": lambda: os.kill(parent, 0),
    "child": lambda: os.waitpid(child(), 0)[1] and raised(),
}


def child():
    made = os.fork()
    if made == 0:
        os._exit(0 if done(acts["write"]) else 1)
    return made


def raised():
    raise OSError


print(json.dumps([lacking, [name for name, act in acts.items() if done(act)]]))
"""


def test_a_process_that_is_kept_in_reaches_nothing_outside(tmp_path):
    """Neither files nor network nor other processes, and its children neither."""
    (tmp_path / "in").mkdir()
    (tmp_path / "outside").write_text("kept")
    with socket.create_server(("127.0.0.1", 0)) as server:
        places = (tmp_path / "in", tmp_path / "outside", server.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-c", ISOLATED, *map(str, places)],
            capture_output=True,
            text=True,
            check=True,
        )
    lacking, did = json.loads(done.stdout)
    if lacking:
        pytest.skip(f"this system can't: {'; '.join(lacking)}")
    assert did in ([], ["signal"])  # which Linux keeps in since 6.12
    assert (tmp_path / "outside").read_text() == "kept"


def test_what_can_not_be_kept_in_is_told(tmp_path, monkeypatch):
    """On a system without namespaces and Landlock."""

    def refused(name, *_):
        raise OSError(38, f"no {name}")

    monkeypatch.setattr(isolation, "_call", refused)
    assert isolation.isolate(tmp_path) == (
        "the network is within reach (no unshare)",
        "files outside of the scratch folder can be written (no prctl)",
    )


def test_what_several_have_in_common_is_told_below_the_table(tmp_path, capsys):
    """For a person to judge: nobody is bad for it."""
    text = " ".join(one + other for one in "bdfgk" for other in ("an", "en", "in", "on", "un"))
    kept = (Kept(run="full", seed=0, key="k", digest="d"),)
    pair = [
        Judged(name=f"{one}.zip", authors=(one,), texts={"sections/01.md": text}, kept=kept)
        for one in "ab"
    ]
    _tell(Verified(bundles=tuple(pair), alike=alike(pair, frozenset()), common=common(pair)))
    lines = capsys.readouterr().out.splitlines()
    assert "alike, for a person to judge" in lines
    assert "  a.zip and b.zip share 100% of their own text: sections/01.md (100%)" in lines
    assert lines[-1] == "  a.zip, b.zip: one record: full (seed 0)"
