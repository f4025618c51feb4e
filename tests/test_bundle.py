"""A bundle holds what its pages are made of, is the same from anywhere, and was tried."""

import datetime as dt
import io
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from reporter import bundle, rules
from reporter.build import Request, build
from reporter.bundle import again, contents
from reporter.bundle.packing import packed
from reporter.bundle.tagging import Span, spans
from reporter.bundle.versions import requirements, versions
from reporter.errors import TextError
from reporter.pdf.reading import Pages
from reporter.report import load
from reporter.store import Stored
from tests import commanding
from tests.commanding import report
from tests.workspaces import RECORD, every_artifact, planned, png, store, workspace

TABLES = """\
[[report.authors]]
name = "A. Example"
id = "0000"
[images.rex]
path = "images/rex.png"
[data.pets]
path = "pets"
[submission]
archive = "{name}_{id}"
[runs.one]
experiment = "toy"
"""
SECTION = """\
# Results

Accuracy {{ runs["one"].test_accuracy | percent }}, see @tbl-rates.

{{ figure("one.loss", id="fig-loss", caption="Loss.") }}

{{ table("one.rates", id="tbl-rates", caption="Rates.") }}

![A grey square](pictures/grey.png)

{{ questions() }}
"""
QUESTIONS = "## q-why {points=2}\nWhy?\n\n### Answer\nBecause.\n## q-open\nWhat else?\n"
NEVER = (
    "pets/a.png",
    ".env",
    ".git/config",
    "experiments/__pycache__/toy.pyc",
    "net.pt",
    "x.ipynb",
)


def written(folder: Path) -> Path:
    """Write a workspace with results, and beside it what no bundle takes."""
    workspace(folder, TABLES, sections={"01-results.md": SECTION})
    (folder / "questions.md").write_text(QUESTIONS)
    for name in ("pictures/grey.png", "images/rex.png"):
        png(folder / name)
    for name in (*NEVER, "outputs/a.csv"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("1,2\n")
    for job in planned(folder).jobs:
        store(folder).save(job.key, every_artifact(), RECORD)
    return folder


def built(folder: Path) -> Request:
    """Write and build a workspace."""
    request = Request(folder=written(folder), root=folder / "build")
    build(request)
    return request


@pytest.fixture(scope="module")
def request_(tmp_path_factory):
    """Return the request of a build that stands."""
    return built(tmp_path_factory.mktemp("here") / "hw")


@pytest.fixture(scope="module")
def made(request_):
    """Return its bundle."""
    return bundle.write(bundle.gather(request_), request_.folder.parent / "out")


@pytest.fixture
def unpacked(made, tmp_path):
    """Return the folder into which a person would unpack it."""
    with zipfile.ZipFile(made.path) as archive:
        archive.extractall(tmp_path / "theirs")
    return tmp_path / "theirs"


def test_a_bundle_is_a_workspace_with_its_outputs(made, request_):
    """Sources, lock, results without their networks, pages, tables; nothing else."""
    (job,) = planned(request_.folder).jobs
    entry = f"build/store/{job.key}"
    assert made.path.name == "tiny_0000.zip"
    names = {name for name in made.sizes if not name.startswith(f"{entry}/array-")}
    assert names == {
        *("report.toml", "sections/01-results.md", "questions.md", "experiments/toy.py"),
        *("pictures/grey.png", "images/rex.png", "report.lock"),
        *(f"{entry}/{name}.json" for name in ("result", "record", "manifest")),
        *("report.pdf", "report.html", "results.json", "tables/one.rates.csv"),
        *("requirements.txt", "README.txt", "manifest.json"),
    }
    assert json.loads(zipfile.ZipFile(made.path).read(f"{entry}/manifest.json"))["left out"]


def test_its_manifest_names_files_authors_and_versions(made):
    """And is read back; it tells of no machine, no time, no path outside."""
    with bundle.read(made.path) as opened:
        assert opened.differing() == ()
        found = opened.manifest
        raw = b"".join(opened.content(name) for name in opened.sizes if "array" not in name)
    assert (found.report, found.rules, tuple(found.unmet)) == ("tiny", None, ())
    assert list(found.authors) == [{"name": "A. Example", "id": "0000"}]
    assert found.versions["numpy"]
    assert str(made.path.parent.parent).encode() not in raw


def test_two_folders_give_the_same_bytes(made, tmp_path, monkeypatch):
    """Other place, permissions and times of files, another user's mask, a store that is shared."""
    before = os.umask(0o077)
    try:
        other = built(tmp_path / "elsewhere")
        (other.folder / "build" / "store").rename(tmp_path / "shared")
        monkeypatch.setenv("REPORT_STORE", str(tmp_path / "shared"))
        for number, path in enumerate(sorted(other.folder.rglob("*"))):
            os.utime(path, (number, 1e9 + number))
        once_more = bundle.write(bundle.gather(other), tmp_path)
    finally:
        os.umask(before)
    assert once_more.sha256 == made.sha256
    assert once_more.path.read_bytes() == made.path.read_bytes()


def test_its_pages_are_made_again_by_the_command_without_torch(unpacked):
    """As the manifest says: `report build --frozen`, in a process that can't import torch."""
    program = "import sys; sys.modules['torch'] = None; from reporter.cli import main; main()"
    words = ["build", "--frozen", "--format", "html"]
    command = [sys.executable, "-P", "-c", program, *words]
    done = subprocess.run(command, cwd=unpacked, check=False)
    assert done.returncode == 1  # for a question is open
    for name in ("report.html", "results.json"):
        assert (unpacked / "build/tiny" / name).read_bytes() == (unpacked / name).read_bytes()


def test_the_process_that_makes_them_again_has_no_torch(unpacked, monkeypatch):
    """So a page that needs it would be noticed."""
    needs = again.PROGRAM.replace("from reporter.bundle import again", "import torch")
    monkeypatch.setattr(again, "PROGRAM", needs)
    with pytest.raises(TextError, match="import of torch halted"):
        again.made_again(unpacked)


def test_who_unpacks_it_can_go_on_from_its_results(unpacked):
    """A build there computes nothing, and the lock still holds."""
    lock = (unpacked / "report.lock").read_bytes()
    request = Request(folder=unpacked, root=unpacked / "build", is_trusted=True, formats=("html",))
    assert [outcome.state for outcome in build(request).outcomes] == ["cached"]
    assert (unpacked / "report.lock").read_bytes() == lock


def test_pages_that_are_not_of_its_sources_are_refused(request_, tmp_path):
    """A difference is named, and nothing is written."""
    folder = tmp_path / "hw"
    shutil.copytree(request_.folder, folder)
    request = Request(folder=folder, root=folder / "build")
    page = folder / "build/tiny/report.html"
    page.write_text(page.read_text().replace("Because.", "Therefore."))
    with pytest.raises(TextError, match=r"^report\.html: not what the bundle's own sources"):
        bundle.write(bundle.gather(request), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_open_question_is_in_the_way_unless_its_author_says_anyway(request_, tmp_path):
    """Exit code 1, nothing written; else the manifest says what was passed over."""
    folder = request_.folder
    before = commanding.contents(folder)
    code, told, error = report(folder, "bundle")
    assert code == 1
    assert "questions.md:6: question 'q-open' has no answer yet" in told
    assert "nothing written" in error
    assert commanding.contents(folder) == before
    code, told, _ = report(folder, "bundle", "--anyway", "--json", "--output", str(tmp_path))
    plain = json.loads(told)
    assert (code, plain["archive"]) == (0, str(tmp_path / "tiny_0000.zip"))
    assert plain["questions"] == {name: {"first": 2, "last": 2} for name in ("q-why", "q-open")}
    assert commanding.contents(folder) == before
    with bundle.read(tmp_path / "tiny_0000.zip") as opened:
        assert list(opened.manifest.unmet) == plain["unmet"]
    assert [one["where"] for one in plain["unmet"]] == ["questions.md:6", "report.toml:7"]


def test_a_report_that_was_not_built_is_told_so(tmp_path):
    """Before anything starts."""
    folder = written(tmp_path / "hw")
    code, _, error = report(folder, "bundle", "--anyway")
    assert code == 2
    assert "report.pdf: missing; `report build` makes it" in error


def test_attached_are_files_of_the_report_alone(tmp_path):
    """Each other one is named, and left out."""
    folder = written(tmp_path / "hw")
    (folder / "outputs/far.csv").symlink_to(tmp_path / "far.csv")
    (tmp_path / "far.csv").write_text("secret")
    patterns = ["outputs/*.csv", "*.p*", ".env", "pets/*", "build/**/*.json", "report.lock"]
    given = f"attach = {json.dumps([*patterns, 'none/*'])}\n[runs.one]\n"
    entry = next((folder / "build").rglob("manifest.json")).relative_to(folder).as_posix()
    toml = (folder / "report.toml").read_text().replace("[runs.one]\n", given)
    (folder / "report.toml").write_text(toml)
    (folder / "report.lock").write_text("{}")
    (folder / "outputs/hidden.csv").symlink_to("../.env")
    opened = load(folder)
    found, findings = contents.attached(opened, rules.read(opened))
    assert found == {"outputs/a.csv": b"1,2\n"}
    assert {finding.where for finding in findings} == {"report.toml: submission.attach"}
    assert [finding.message for finding in findings] == [
        "outputs/far.csv leads out of the report's folder",
        "outputs/hidden.csv is hidden, or what a program keeps (and 1 more)",
        "net.pt holds a network's weights",
        "pets/a.png belongs to a data set",
        f"{entry} lies among outputs and caches (and 2 more)",
        "report.lock has the name of a file that every bundle has",
        "none/* matches no file",
    ]


def test_rules_are_judged_on_what_the_archive_holds(request_, tmp_path):
    """Sizes and forbidden files; what is forbidden stays out though it is attached."""
    folder = tmp_path / "hw"
    shutil.copytree(request_.folder, folder)
    toml = (folder / "report.toml").read_text()
    given = '\nmax_size = "40 kB"\nforbidden = ["*.ipynb", "*.npy"]\n'
    given += 'attach = ["x.ipynb", "outputs/*"]\n'
    (folder / "report.toml").write_text(toml.replace("[submission]\n", f"[submission]{given}"))
    gathered = bundle.gather(Request(folder=folder, root=folder / "build"))
    told = [finding.message for finding in gathered.findings]
    assert told[0] == "x.ipynb is handed in, and *.ipynb is forbidden"
    assert re.fullmatch(r"build/store/\w+/array-000.npy is handed in, and \*.npy .*", told[1])
    assert re.fullmatch(r"tiny_0000.zip has [\d,]+ bytes, 40,000 \(40 kB\) at most", told[-1])
    assert "outputs/a.csv" in gathered.files
    assert "x.ipynb" not in gathered.files


def test_a_zip_tells_nothing_of_its_writer():
    """Sorted names, the report's date, plain permissions, nothing compressed."""
    content = packed({"b": b"2", "a": b"11"}, dt.date(1970, 5, 4))
    assert content == packed({"a": b"11", "b": b"2"}, dt.date(1970, 5, 4))
    first, second = zipfile.ZipFile(io.BytesIO(content)).infolist()
    assert (first.filename, second.filename) == ("a", "b")
    assert first.date_time == (1980, 5, 4, 0, 0, 0)
    assert first.external_attr >> 16 == stat.S_IFREG | 0o644
    assert first.compress_size == first.file_size == 2


def test_a_question_ends_where_the_next_thing_starts():
    """On that page, unless nothing stands above it there."""
    at = {
        "sec-a": (1, 700.0),
        "q-short": (2, 700.0),
        "q-same-page": (2, 400.0),  # goes on below the head of page 4
        "q-next": (4, 500.0),
        "chapter-b": (6, 766.0),  # at the top
        "fig-x": (5, 300.0),
        "q-last": (7, 300.0),
    }
    pages = Pages(
        texts=("",) * 9,
        stretches=((),) * 9,
        places={name: page for name, (page, _) in at.items()},
        heights={name: height for name, (_, height) in at.items()},
    )
    found = spans(pages)
    assert {name: str(span) for name, span in found.items()} == {
        "q-short": "page 2",
        "q-same-page": "pages 2–4",
        "q-next": "pages 4–5",
        "q-last": "pages 7–9",
    }
    assert found["q-next"] == Span(first=4, last=5)


def test_torch_is_of_the_version_that_computed():
    """The latest of several, as an index has it; no page is set with it."""

    def computed(version):
        record = {**RECORD, "versions": {"torch": version, "numpy": "2"}}
        return Stored(key="k", result=every_artifact(), record=record)

    found = versions([computed("2.9.1"), computed("2.11.0+cu128")])
    assert found["torch"] == "2.11.0"
    assert "torchvision" not in found
    assert "torch" not in versions([])
    lines = requirements(found).splitlines()
    assert "torch==2.11.0" in lines
    names = [line.partition("==")[0] for line in lines]
    assert names == sorted(names)
    assert "jinja2" in names
    assert not {*names} & {"python", "reporter"}
