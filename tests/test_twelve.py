"""Twelve experiments and every kind of edit: exactly what depends on it is done again."""

import json
import os
import shutil
import subprocess
import sys
from functools import partial

import pytest
from click.testing import CliRunner

from reporter import registry, shipped, trust
from reporter.build import Request, build, current_plan, open_workplace
from reporter.cli.look import why_command
from tests.benchmarks import twelve

TEXTS = {
    "section": ("sections/01-results.md", "Measured after", "Counted after"),
    "bibliography": ("references.bib", "repeated means", "means of means"),
    "cover": ("report.toml", "Twelve measurements", "Measurements"),
}
OURS = {
    "template": ("page.html.j2", "References</h2>", "Sources</h2>"),
    "CSS": ("10-page.css", "--ink: #1b1b1b", "--ink: #1b1b1c"),
}


def request(folder, *formats):
    """Ask for the whole report."""
    return Request(folder=folder, root=folder / "build", formats=formats)


def ran(folder, *formats):
    """Build, and return the runs that were computed for it."""
    assert build(request(folder, *(formats or ("html",)))).is_well
    last = json.loads((folder / "build" / "twelve" / "last-build.json").read_text())
    return {name.split()[0] for name in last["ran"]}


def foretold(folder):
    """Return the runs that a build would compute, and those of which `report why` tells a cause.

    Each is asked as a new process would be.
    """
    registry.forget([folder / "experiments"])
    at = open_workplace(request(folder))
    missing = {job.run for job in current_plan(at).jobs if job.key not in at.store}
    told = CliRunner().invoke(why_command, ["-r", str(folder)], catch_exceptions=False)
    return missing, {line.partition(":")[0] for line in told.stdout.splitlines()} & set(twelve.RUNS)


def pages(folder):
    """Return what the report's files hold."""
    output = folder / "build" / "twelve"
    return [(output / name).read_bytes() for name in ("report.html", "report.pdf")]


def replace(path, old, new):
    """Replace what stands in a file once."""
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """Return the workspace, built once from nothing."""
    folder = twelve.workspace(tmp_path_factory.mktemp("twelve") / "original")
    trust.remember(folder)
    assert ran(folder, "html", "pdf") == set(twelve.RUNS)
    return folder


@pytest.fixture
def built(original, tmp_path):
    """Return a copy of all that was built."""
    trust.remember(tmp_path / "copy")
    return shutil.copytree(original, tmp_path / "copy")


@pytest.mark.parametrize("edit", [*twelve.NINE, *twelve.FURTHER], ids=lambda edit: edit.name)
def test_an_edit_computes_exactly_what_depends_on_it(built, edit):
    """What is planned, what `why` has causes for and what runs is the same; going back is free."""
    edited = [built / "report.toml", *built.glob("experiments/*.py"), *built.glob("data/**/*.png")]
    before = {path: path.read_bytes() for path in edited}
    twelve.apply(edit, built, partial(twelve.place, built), twelve.PARAMETER)
    assert foretold(built) == (edit.redone, edit.redone)
    assert ran(built) == edit.redone
    for path, content in before.items():
        path.write_bytes(content)
    assert foretold(built) == (set(), set())
    assert ran(built) == set()


@pytest.mark.parametrize("name", TEXTS)
def test_an_edit_of_a_text_computes_nothing_and_sets_the_pages_anew(built, name):
    """Going back gives the same bytes."""
    file, old, new = TEXTS[name]
    before = pages(built)
    replace(built / file, old, new)
    assert ran(built, "html", "pdf") == set()
    assert all(one != other for one, other in zip(before, pages(built), strict=True))
    replace(built / file, new, old)
    assert ran(built) == set()
    assert pages(built)[0] == before[0]


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """Return a copy of this program that may be edited."""
    root = tmp_path_factory.mktemp("program")
    for folder in (shipped.PACKAGE, shipped.folder("experiments"), shipped.folder("templates")):
        shutil.copytree(folder, root / folder.name)
    return root


@pytest.mark.parametrize("name", OURS)
def test_an_edit_of_a_template_or_of_css_computes_nothing_and_sets_the_pages_anew(
    built, program, name
):
    """Nor does it matter where the program lies."""
    words = [sys.executable, "-c", "from reporter.cli import main; main()", "build", str(built)]
    environment = os.environ | {"PYTHONPATH": str(program)}
    how = {"cwd": program, "env": environment, "capture_output": True, "text": True}
    act = partial(subprocess.run, words, check=True, **how)
    before = pages(built)
    assert act().stderr.startswith("nothing changed: 0 ran, 12 stored")
    file, old, new = OURS[name]
    replace(program / "templates" / "_base" / file, old, new)
    assert act().stderr.startswith("0 ran, 12 stored")
    assert all(one != other for one, other in zip(before, pages(built), strict=True))
    replace(program / "templates" / "_base" / file, new, old)
