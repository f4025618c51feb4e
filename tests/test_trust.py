"""A folder that came from elsewhere: its own code runs only after its owner agreed."""

import json
import os
import pty
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from reporter import trust
from reporter.build import Request, build, current_plan, open_workplace
from reporter.cli import group
from reporter.errors import ReportError, visible
from reporter.prose.needs import needed_runs
from reporter.report import load
from tests.test_cli import report
from tests.workspaces import COVER, TOY, workspace

SPY = '\nfrom pathlib import Path\nPath(__file__).with_name("ran").touch()\n'
TEXT = "# Results\n\nAccuracy {{ runs['one'].test_accuracy | percent }}.\n"
CODE = "this report brings its own code: experiments/toy.py"
REFUSED = f"{CODE}; look at it, then allow it with --trust"
COMMANDS = (
    ["build"],
    ["build", "-n"],
    ["build", "--frozen", "-n"],
    ["run"],
    ["check"],
    ["status"],
    ["why", "one"],
    ["serve", "--port", "0"],
    ["list", "-r", "."],
    ["export", "one", "x.safetensors"],
)


def moved(made: Path, name: str = "foreign") -> Path:
    """Return a copy of a workspace, as if it had come by mail."""
    return Path(shutil.copytree(made, made.with_name(name)))


@pytest.fixture
def foreign(tmp_path):
    """Return a workspace of somebody else whose experiments leave a file when they are imported."""
    return moved(workspace(tmp_path / "own", toy=TOY + SPY, sections={"01-results.md": TEXT}))


def has_run(folder):
    """Tell whether the experiments of a workspace were imported, and make it as before."""
    spy = folder / "experiments" / "ran"
    was_there = spy.is_file()
    spy.unlink(missing_ok=True)
    return was_there


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_command_runs_the_code_of_a_foreign_folder(foreign, words, monkeypatch):
    """Without a terminal to ask on, it is refused; nothing is written, either."""
    monkeypatch.chdir(foreign)
    with pytest.raises(ReportError) as caught:
        group(words, standalone_mode=False)
    assert str(caught.value) == f"{foreign}: {REFUSED}"
    assert not has_run(foreign)
    assert not (foreign / "build").exists()


def test_the_refusal_is_one_line(foreign):
    """As of every mistake that is found before anything is started."""
    done = report(foreign, "build")
    assert (done.returncode, done.stderr) == (2, f"report: {foreign}: {REFUSED}\n")


def test_once_it_was_allowed_nobody_is_asked_again(foreign):
    """The answer is kept outside of the report, for this folder only."""
    assert report(foreign, "status", "--trust").returncode == 0
    assert has_run(foreign)
    assert report(foreign, "status").returncode == 0
    assert not trust.is_remembered(moved(foreign, "elsewhere"))
    kept = Path(os.environ["XDG_STATE_HOME"], "reporter", "trusted.json")
    assert str(foreign) in json.loads(kept.read_text())


def test_a_link_to_a_trusted_folder_is_that_folder(foreign, tmp_path):
    """Folders are known by where they really are; a link to another one is another one."""
    trust.remember(foreign)
    (tmp_path / "link").symlink_to(foreign)
    assert trust.is_remembered(tmp_path / "link")
    shutil.copytree(foreign, tmp_path / "copy")
    (tmp_path / "link").unlink()
    (tmp_path / "link").symlink_to(tmp_path / "copy")
    assert not trust.is_remembered(tmp_path / "link")


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 2), ("", 2)])
def test_on_a_terminal_it_asks(foreign, answer, code):
    """Only y runs it; the question names the files."""
    own, terminal = pty.openpty()
    try:
        os.write(own, f"{answer}\n".encode())
        done = subprocess.run(
            [sys.executable, "-c", "from reporter.cli import main; main()", "status"],
            cwd=foreign,
            stdin=terminal,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        os.close(own)
        os.close(terminal)
    assert f"{CODE}. Run it? [y/N]" in done.stderr
    assert done.returncode == code
    assert has_run(foreign) is (answer == "y")
    assert trust.is_remembered(foreign) is (answer == "y")


def test_a_frozen_build_never_runs_it(tmp_path):
    """The lock and the store suffice, and nobody is asked."""
    own = workspace(tmp_path / "own", toy=TOY + SPY, sections={"01-results.md": TEXT})
    built = build(Request(folder=own, root=own / "build", formats=("html",)))
    foreign = moved(own)
    has_run(foreign)
    done = report(foreign, "build", "--frozen", "--format", "html")
    assert done.returncode == 0
    shown = foreign / "build" / "tiny" / "report.html"
    assert done.stdout == f"{shown}\n"
    assert shown.read_bytes() == built.files[0].read_bytes()
    assert not has_run(foreign)


def test_a_report_without_code_of_its_own_needs_no_trust(foreign):
    """Texts, pictures and shipped experiments are read with care anyway."""
    shutil.rmtree(foreign / "experiments")
    (foreign / "report.toml").write_text(COVER)
    (foreign / "sections" / "01-results.md").write_text("# Results\n\nNone.\n")
    assert build(Request(folder=foreign, root=foreign / "build", formats=("html",))).is_well


def test_what_init_makes_is_trusted(tmp_path):
    """Its experiments will be the user's own."""
    assert report(tmp_path, "init", "mine").returncode == 0
    assert trust.is_remembered(tmp_path / "mine")


def test_programs_say_themselves_that_they_trust(foreign):
    """A Request is trusted only where it says so."""
    request = Request(folder=foreign, root=foreign / "build")
    with pytest.raises(ReportError, match="brings its own code"):
        current_plan(open_workplace(request))
    assert current_plan(open_workplace(replace(request, is_trusted=True))).jobs
    assert has_run(foreign)
    assert not trust.is_remembered(foreign)


def test_the_question_shows_no_signs_that_deceive(foreign):
    """A file name can't move the cursor, end the line or hide another name; nor can a message."""
    (foreign / "experiments" / "a\x1b[2K\r\u202e.py").write_text("")
    shown = (
        "this report brings its own code: experiments/a\\x1b[2K\\r\\u202e.py, experiments/toy.py"
    )
    assert trust.described(foreign) == shown
    assert visible("Größe \N{THIN SPACE}✓\n\x9b") == "Größe \N{THIN SPACE}✓\\n\\x9b"


@pytest.mark.parametrize("content", ["", "{", '{"a": 1}', "[1, null]", '"x"'])
def test_a_damaged_memory_trusts_nothing(foreign, monkeypatch, tmp_path, content):
    """And is written anew with the next answer."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    kept = tmp_path / "state" / "reporter" / "trusted.json"
    kept.parent.mkdir(parents=True)
    kept.write_text(content)
    assert not trust.is_remembered(foreign)
    trust.remember(foreign)
    assert trust.is_remembered(foreign)


@pytest.mark.parametrize("link", ["build", "build/tiny", "build/cache", "build/tiny/report.html"])
def test_outputs_of_a_foreign_folder_stay_in_it(foreign, tmp_path, link, monkeypatch):
    """A link that came with it would have files elsewhere overwritten, or removed by clean."""
    monkeypatch.chdir(foreign)
    shutil.rmtree(foreign / "experiments")
    target = tmp_path / "precious"
    target.mkdir()
    (foreign / link).parent.mkdir(parents=True, exist_ok=True)
    (foreign / link).symlink_to(target)
    told = f"{foreign / link} leads out of the report's folder"
    for words in (["build"], ["clean"], ["data", "list"]):
        with pytest.raises(ReportError, match=told):
            group(words, standalone_mode=False)
    assert list(target.iterdir()) == []


@pytest.mark.parametrize("name", ["01-results.md", "../questions.md", "../references.bib"])
def test_texts_that_lead_elsewhere_are_refused(tmp_path, name):
    """Who hands the report in would hand in what the link shows."""
    folder = workspace(tmp_path / "own", sections={"01-results.md": TEXT, "02-more.md": "# M\n"})
    (tmp_path / "secret").write_text("# Secret\n")
    path = folder / "sections" / name
    path.unlink(missing_ok=True)
    path.symlink_to(tmp_path / "secret")
    with pytest.raises(ReportError, match="leads out of the report's folder; put a copy there"):
        load(folder)


def test_a_style_that_lies_elsewhere_is_refused(tmp_path):
    """Neither by its path nor by a link."""
    folder = workspace(tmp_path / "own", 'citations = "../other.csl"\n')
    (tmp_path / "other.csl").write_text("<style/>")
    with pytest.raises(ReportError, match=r"\.\./other\.csl leads out of the folder"):
        needed_runs(load(folder), ())


def test_modules_and_programs_beside_a_report_are_left_alone(tmp_path):
    """Neither a worker's Python nor the user's git runs what lies in the current folder."""
    folder = workspace(tmp_path / "own", sections={"01-results.md": TEXT})
    ran = tmp_path / "ran"
    for name in ("multiprocessing", "random", "torch", "json", "sitecustomize"):
        (folder / f"{name}.py").write_text(f"open({str(ran)!r}, 'a').write({name!r})\n")
    program = tmp_path / "program.sh"
    program.write_text(f"#!/bin/sh\necho git >> {ran}\ncat\n")
    program.chmod(0o755)
    (folder / ".gitattributes").write_text("* filter=own\n")
    commit = ["-c", "user.name=a", "-c", "user.email=a", "commit", "-qm", "a"]
    for words in (["init", "-q"], ["add", "report.toml"], commit):
        subprocess.run(["git", *words], cwd=folder, check=True)
    for key in ("core.fsmonitor", "filter.own.clean"):
        subprocess.run(["git", "config", key, str(program)], cwd=folder, check=True)
    os.utime(folder / "report.toml")
    script = tmp_path / "bin" / "report"  # as pip writes it: its folder comes first in the path
    script.parent.mkdir()
    script.write_text("from reporter.cli import main\nif __name__ == '__main__':\n    main()\n")
    done = subprocess.run(
        [sys.executable, str(script), "run", "--trust"],
        cwd=shutil.move(folder, tmp_path / "foreign"),
        env={**os.environ, "XDG_STATE_HOME": "/proc/none"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 ran" in done.stderr
    assert not ran.exists()
