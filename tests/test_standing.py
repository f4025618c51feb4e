"""A build of which nothing changed is told again, not made again; and nothing is missed."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from reporter import standing
from reporter.build import Request, build
from reporter.store import Store
from tests.workspaces import images, png, workspace

TEXT = """\
# Results

It is {{ runs["one"].test_accuracy | percent }} [@heron]. ![a grey square](grey.png)

{% claim runs["one"].test_accuracy > 2 %}It is high.{% endclaim %}
"""
TABLES = """\
[data.tiny]
path = "data/tiny"

[runs.one]
experiment = "toy"

[runs.seen]
experiment = "looks"
data = "tiny"
"""


def made(folder, **options):
    """Build a workspace."""
    return build(Request(folder=folder, root=folder / "build", formats=("html",), **options))


@pytest.fixture
def toy(tmp_path):
    """Return a workspace that was built, with a broken claim and a missing reference."""
    counts = {"train/a": 1, "train/b": 1, "test/a": 1, "test/b": 1}
    images(tmp_path / "data" / "tiny", counts)
    png(tmp_path / "grey.png")
    folder = workspace(tmp_path, TABLES, sections={"01-results.md": TEXT})
    made(folder)
    return folder


def output(folder, name="report.html"):
    """Return a file of the build."""
    return folder / "build" / "tiny" / name


def rewrite(path, old, new):
    """Change a text."""
    path.write_text(path.read_text().replace(old, new))


def test_what_was_wrong_is_told_again(toy):
    """A broken claim stays broken, with its line and the exit code."""
    first, again = made(toy, force=True), made(toy)
    assert first.document
    assert again.document is None
    assert not again.is_well
    assert again.files == first.files
    for wrong in ("broken", "problems"):
        assert again.made[wrong] == first.made[wrong]
        assert len(again.made[wrong]) == 1
    assert {outcome.state for outcome in again.outcomes} == {"cached"}
    last = json.loads(output(toy, "last-build.json").read_text())
    assert last["ran"] == []
    assert len(last["cached"]) == 2


def recorded_anew(folder):
    """Change the record of one result, as when another build had computed it, too."""
    store = Store(folder / "build" / "store")
    key = json.loads((folder / "report.lock").read_text())["jobs"][0]["key"]
    stored = store.load(key)
    store.save(key, stored.result, {**stored.record, "seconds": 99.0})


def test_what_stands_is_told_by_a_process_that_loads_nothing_that_sets_or_computes(toy):
    """Exit code and lines are those of the build before."""
    code = (
        "import sys; sys.argv = ['report', 'build', '--format', 'html']\n"
        "from reporter.cli import main\n"
        "try:\n    main()\n"
        "finally:\n    print({'jinja2', 'markdown_it', 'numpy', 'PIL'} & sys.modules.keys())\n"
    )
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, cwd=toy, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert [line.split()[0] for line in done.stderr.splitlines()] == ["broken"] * 2 + ["nothing"]
    assert done.stdout.splitlines() == [str(output(toy)), "set()"]


CHANGES = {
    "a record, which the appendix has": recorded_anew,
    "a section": lambda at: rewrite(at / "sections" / "01-results.md", "It is", "It was"),
    "a new section": lambda at: (at / "sections" / "02-more.md").write_text("# More\n"),
    "an abstract": lambda at: (at / "abstract.md").write_text("In short.\n"),
    "questions": lambda at: (at / "questions.md").write_text("## q-a\n\nWhy?\n\n### Answer\n"),
    "references": lambda at: (at / "references.bib").write_text("@misc{heron, title={A}}\n"),
    "a picture": lambda at: png(at / "grey.png", 9),
    "a picture that goes": lambda at: (at / "grey.png").unlink(),
    "the cover": lambda at: rewrite(at / "report.toml", "A tiny report", "A report"),
    "a docstring, which is the report's text": lambda at: rewrite(
        at / "experiments" / "toy.py", "It multiplies.", "It adds."
    ),
    "a page that was edited": lambda at: output(at).write_text("mine"),
    "a page that goes": lambda at: output(at).unlink(),
    "results that go": lambda at: output(at, "results.json").unlink(),
    "a last-build.json that says nothing": lambda at: output(at, "last-build.json").write_text("5"),
    "the store": lambda at: shutil.rmtree(at / "build" / "store"),
    "data": lambda at: png(at / "data" / "tiny" / "train" / "a" / "1.png", 7),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_anything_that_the_page_is_made_from_sets_it_anew(toy, name):
    """And then it stands again."""
    assert made(toy).document is None
    CHANGES[name](toy)
    built = made(toy)
    assert built.document
    assert json.loads(output(toy, "results.json").read_text())["report"] == "tiny"
    assert "mine" not in output(toy).read_text()
    assert made(toy).document is None


@pytest.mark.parametrize(
    "options",
    [{"is_quick": True}, {"overrides": ("runs.one.epochs=5",)}, {"sections": ("results",)}],
    ids=str,
)
def test_another_request_is_carried_out(toy, options):
    """What was built with other options says nothing of this one."""
    assert made(toy, **options).document


def test_another_format_is_carried_out(toy):
    """There is no PDF yet."""
    both = Request(folder=toy, root=toy / "build")
    assert [path.suffix for path in build(both).files] == [".html", ".pdf"]
    assert build(both).document is None
    output(toy, "report.pdf").unlink()
    assert build(both).document
    assert output(toy, "report.pdf").is_file()


def test_a_text_that_is_saved_while_it_is_set_is_set_again(toy, monkeypatch):
    """Sources are digested before they are read."""
    section = toy / "sections" / "01-results.md"
    rewrite(section, "It is", "It was")
    known = standing.sources

    def saved_after(request, at):
        digest = known(request, at)
        rewrite(section, "It was", "It has been")
        return digest

    with monkeypatch.context() as patch:
        patch.setattr(standing, "sources", saved_after)
        made(toy)
    assert made(toy).document
    assert "It has been" in output(toy).read_text()


def test_another_version_of_a_library_sets_the_page_anew(toy, tmp_path, monkeypatch):
    """The name of what is installed holds its version."""
    before = standing.program()
    (tmp_path / "site" / "weasyprint-99.dist-info").mkdir(parents=True)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    standing.program.cache_clear()
    try:
        assert standing.program() != before
        assert made(toy).document
    finally:
        monkeypatch.undo()
        standing.program.cache_clear()
    assert standing.program() == before


def test_a_touched_file_changes_nothing(toy):
    """All is compared by content."""
    for path in (*toy.glob("*.*"), *toy.rglob("*.md"), *toy.rglob("*.png"), *toy.rglob("*.py")):
        os.utime(path)
    assert made(toy).document is None
