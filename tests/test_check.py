"""report check: what it finds in a report that is built, and what in one that is broken since."""

import json
import re
import shutil
import subprocess
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from reporter import check, trust
from reporter.build import Request, build, compute
from reporter.check import forms
from reporter.check.finding import GROUPS, Finding
from reporter.check.identity import Machine, leaks
from reporter.examine import subject
from reporter.store import Store
from tests.commanding import report
from tests.workspaces import TOY, png, workspace

TEXT = """\
# Results

Accuracy {{ runs["one"].test_accuracy | percent }}. ![a grey square](grey.png)
"""
QUESTIONS = "## q-a {points=2}\n\nA?\n\n### Answer\n\nYes.\n"
PLACE = '\n{{ question("q-a") }}\n'
EMPTY = "has nothing below it; write it, or remove the heading"
NOW = datetime(2026, 5, 4, tzinfo=UTC)
ELSEWHERE = Machine(names=("heronbox", "quillfeather"), home=Path("/srv/quillfeather"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Return a workspace that was built, of which nothing is to be mended."""
    folder = workspace(tmp_path_factory.mktemp("whole"), sections={"01-results.md": TEXT + PLACE})
    (folder / "questions.md").write_text(QUESTIONS)
    png(folder / "grey.png")
    assert build(Request(folder=folder, root=folder / "build")).is_well
    return folder


@pytest.fixture
def toy(whole, tmp_path):
    """Return a copy of it, to be broken."""
    folder = tmp_path / "toy"
    shutil.copytree(whole, folder)
    trust.remember(folder)
    return folder


def looked_at(folder, **options):
    """Return what checks look at."""
    return subject(Request(folder=folder, root=folder / "build", **options), NOW)


def found(folder, group, **options):
    """Return "where: message; remedy" of all that a check finds in one group."""
    findings = check.findings(looked_at(folder, **options))
    return [f"{one.where}: {one.told}" for one in findings if one.group == group]


def change(path, old, new):
    """Change a text, which is there."""
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def add(folder, text):
    """Put more into the section; return the line in which it begins."""
    path = folder / "sections" / "01-results.md"
    before = path.read_text()
    path.write_text(f"{before}\n{text}\n")
    return before.count("\n") + 2


def test_a_report_that_was_just_built_is_clean(toy):
    """In every group, and with the lock trusted, too."""
    assert check.findings(looked_at(toy)) == []
    assert check.findings(looked_at(toy, is_frozen=True)) == []


def test_a_run_whose_sources_changed_is_stale_and_why(toy):
    """By the lock: its parameter is named, and how to mend it."""
    change(toy / "report.toml", 'experiment = "toy"', 'experiment = "toy"\nepochs = 12')
    assert found(toy, "runs") == [
        "report.toml:6: run one is stale: parameter epochs 10 → 12; report build"
    ]
    assert found(toy, "runs", is_frozen=True) == []


def test_a_built_report_that_shows_another_result_is_stale(toy):
    """The store has the results of the sources, and the pages are older."""
    change(toy / "report.toml", 'experiment = "toy"', 'experiment = "toy"\nepochs = 12')
    build(Request(folder=toy, root=toy / "build", formats=("html",)))
    change(toy / "report.toml", "epochs = 12", "epochs = 10")
    assert found(toy, "runs") == [
        (
            "report.toml:6: run one is stale: the built report shows another result: "
            "parameter epochs 12 → 10; report build"
        )
    ]


def test_a_lock_that_speaks_against_its_own_keys_is_told(toy):
    """Results that were computed with other code than is recorded."""
    code = json.loads((toy / "report.lock").read_text())
    (name,) = [name for name in code["code"]["toy"] if name.endswith("toy.toy")]
    change(toy / "report.lock", code["code"]["toy"][name], "0" * 64)
    (told,) = found(toy, "runs")
    assert told.startswith("report.toml:6: run one is stale: report.lock is of other sources: ")
    assert "toy changed" in told


def test_runs_without_results_say_how_they_lack_them(toy):
    """Never computed, removed, damaged, failed."""
    (key,) = [path for path in (toy / "build" / "store").iterdir() if path.is_dir()]
    (key / "record.json").write_text("{}")
    assert found(toy, "runs") == [
        "report.toml:6: run one: its stored record.json is damaged; build it"
    ]
    shutil.rmtree(key)
    assert found(toy, "runs") == [
        "report.toml:6: run one: no stored result: removed from the store; build it"
    ]
    tables = '[runs."two"]\nexperiment = "toy"\nepochs = 3\n[runs.bad]\nexperiment = "breaks"\n'
    (toy / "report.toml").write_text((toy / "report.toml").read_text() + tables)
    compute(Request(folder=toy, root=toy / "build", runs=("bad",)))
    shutil.rmtree(toy / "build" / "store")
    assert found(toy, "runs") == [
        "report.toml:6: run one: no stored result: removed from the store; build it",
        "report.toml:8: run two: no stored result: never computed; build it",
        (
            "report.toml:11: run bad failed: loss is nan in epoch 1; lower the rate; "
            "mend it and build again"
        ),
    ]


def test_claims_and_questions_have_groups_of_their_own(toy):
    """With file, line and remedy."""
    line = add(toy, "{% claim runs['one'].test_accuracy > 2 %}It is high.{% endclaim %}")
    change(toy / "questions.md", "Yes.", "")
    assert found(toy, "claims") == [
        (
            f"sections/01-results.md:{line}: the claim does not hold: one/test_accuracy = "
            "100.0\N{NARROW NO-BREAK SPACE}%; "
            "write what the results show"
        )
    ]
    assert found(toy, "questions") == ["questions.md:1: question 'q-a' has no answer yet"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("It is TODO.", "a placeholder, 'TODO'; write it"),
        ("It is TBD, FIXME.", "a placeholder, 'TBD'; write it"),
        ("Lorem ipsum dolor.", "a placeholder, 'Lorem ipsum'; write it"),
        ("Your answer here.", "a placeholder, 'Your answer here'; write it"),
        ("…", "a placeholder, '…'; write it"),
        ("- ...", "a placeholder, '- ...'; write it"),
        ("<!-- TODO: more -->", "a comment says 'TODO'; do it, or remove it"),
        (
            ('<!-- Your answer. Speak of numbers by their runs, for example\nruns["last"]'
            ".validation_accuracy.best -->"),
            "a comment of the shipped report; remove it",
        ),
        ("## Data {#sec-data}", f"the heading 'Data' {EMPTY}"),
        ("## A\n\n<!-- b -->\n\n## B\n\nB.", f"the heading 'A' {EMPTY}"),
    ],
)  # fmt: skip
def test_placeholders_are_told_with_their_line(toy, text, told):
    """Whatever was to be written later; with the mark on its line it stands."""
    line = add(toy, text)
    assert f"sections/01-results.md:{line}: {told}" in found(toy, "text")
    path = toy / "sections" / "01-results.md"
    lines = path.read_text().split("\n")
    lines[line - 1] += " {# kept #}"
    path.write_text("\n".join(lines))
    assert not [one for one in found(toy, "text") if f"results.md:{line}:" in one]


@pytest.mark.parametrize(
    "text",
    [
        "```python\n# TODO\n...\n```",
        "`TODO` and $XXX$ and TODOS.",
        "And so on … and on.",
        "## A\n\n### B\n\nText.",
        "## A\n\n```\ncode\n```",
        "<!-- why it stands here -->",
    ],
)
def test_what_is_no_placeholder_is_left_alone(toy, text):
    """Code, mathematics, dots in a sentence, headings with something below them."""
    add(toy, text)
    assert found(toy, "text") == []


def test_authors_who_are_nobody_are_told_unless_the_report_is_shipped(toy):
    """Of a shipped report it is a note."""
    nobody = '\nauthors = [{ name = "A. Example", id = "0000", email = "a@example.org" }]\n'
    change(toy / "report.toml", "\ndate", f"{nobody}date")
    told = "author A. Example (0000, a@example.org) is a placeholder; write who hands it in"
    assert found(toy, "text") == [f"report.toml:5: {told}"]
    change(toy / "report.toml", '"A. Example", id = "0000"', '"Ada Real", id = "0042"')
    change(toy / "report.toml", "a@example.org", "ada@uni.edu")
    assert found(toy, "text") == []


def test_quick_results_stand_ins_and_settings_are_provisional(toy):
    """Each note of page one; what --set changed."""
    request = {"folder": toy, "root": toy / "build", "formats": ("html",)}
    build(Request(**request, is_quick=True))
    assert found(toy, "provisional", is_quick=True) == [
        "report.toml:6: short quick settings (run one); build without --quick"
    ]
    build(Request(**request, overrides=("runs.one.epochs=5",)))
    assert found(toy, "provisional") == [
        (
            "report.toml: the report was built with --set runs.one.epochs = 5; "
            "write it into report.toml, or build without it"
        )
    ]


def test_a_result_that_another_experiment_computed_is_told(toy):
    """Its record says so."""
    store = Store(toy / "build" / "store")
    (key,) = [path.name for path in store.root.iterdir()]
    stored = store.load(key)
    store.save(key, stored.result, {**stored.record, "experiment": "trains"})
    assert found(toy, "provisional") == [
        (
            "report.toml:6: its stored result says that trains computed it, not toy "
            "(run one, seed 0); report run one --force"
        )
    ]


def test_random_weights_in_place_of_real_ones_are_told(toy):
    """Where a table [weights.NAME] says random."""
    tables = (
        '[weights.net]\nsource = "random"\n\n[runs.two]\nexperiment = "trains"\nweights = "net"\n'
    )
    (toy / "report.toml").write_text((toy / "report.toml").read_text() + tables)
    assert found(toy, "provisional") == [
        "report.toml:11: random weights in place of net (run two); give it the real one"
    ]


def of_machine(folder):
    """Return what tells of a machine that we are not on."""
    return [f"{one.where}: {one.message}" for one in leaks(looked_at(folder), ELSEWHERE)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("In /home/quinn/data.", "the path of a machine, /home/quinn"),
        ("In (/Users/quinn).", "the path of a machine, /Users/quinn"),
        (r"In `C:\Users\quinn\x`.", r"the path of a machine, C:\Users\quinn"),
        ("In /srv/quillfeather/x.", "the path of a machine, /srv/quillfeather"),
        ("By Quillfeather.", "the name of this machine or its user, Quillfeather"),
        ("On heronbox, twice:\nheronbox.", "the name of this machine or its user, heronbox"),
        ("Ask quinn@uni.edu.", "the e-mail address quinn@uni.edu"),
    ],
)
def test_what_tells_of_machine_or_person_is_told(toy, text, told):
    """With file and line of the first place; a copy in results.json is told, too."""
    line = add(toy, text)
    assert [one.partition(" (and")[0] for one in of_machine(toy)] == [
        f"sections/01-results.md:{line}: {told}"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "At https://host.org/home/quinn, in /home/user/x and /homes/quinn.",
        "The quillfeathers; pre-heronbox-like.",
        "Mail a@example.org, git@github.com, and features@weights.mean.",
    ],
)
def test_what_tells_of_nobody_is_left_alone(toy, text):
    """Addresses of the web, examples, parts of words."""
    add(toy, text)
    assert of_machine(toy) == []


def test_authors_and_cited_names_are_no_leaks(toy):
    """They stand in the report on purpose; common words are nobody's names."""
    change(
        toy / "report.toml",
        "\ndate",
        '\nauthors = [{ name = "Quillfeather Quinn", email = "quinn@uni.edu" }]\ndate',
    )
    bib = "@misc{h, author = {Heronbox, A.}, title = {T}, year = 2001}\n"
    (toy / "references.bib").write_text(bib)
    add(toy, "quillfeather, heronbox [@h] and quinn@uni.edu; a student on a desktop.")
    common = Machine(names=("student", "desktop", "quillfeather", "heronbox"), home=Path("/"))
    assert leaks(looked_at(toy), common) == []


def test_experiments_lock_and_results_are_looked_through(toy):
    """Each by its own name; the workspace's own path is found whatever it is."""
    code = toy / "experiments" / "toy.py"
    code.write_text(f"{TOY}\nHERE = '/home/quinn/data'\nKEPT = '/home/quinn'  # kept\n")
    (toy / "build" / "tiny" / "results.json").write_text(f'{{"runs": {{}},\n"a": "{toy}/x"}}')
    places = [one for one in found(toy, "identity") if "results" in one or "toy.py" in one]
    assert places == [
        (
            f"experiments/toy.py:{TOY.count(chr(10)) + 2}: the path of a machine, /home/quinn "
            "(and in 1 more lines); write a path relative to the report"
        ),
        (
            f"build/tiny/results.json:2: the path of a machine, {toy}; "
            "see which run or text says so, then build again"
        ),
    ]


def test_metadata_of_pictures_are_looked_through(toy):
    """Position, camera and author, in Exif, XMP and texts of PNG."""
    assert of_machine(toy) == []
    exif = Image.Exif()
    exif[0x013B] = "Quinn"
    exif.get_ifd(0x8769)[0xA431] = "123456"
    exif.get_ifd(0x8825)[1] = "N"
    xmp = b'<rdf:Description photoshop:Credit="Q. Uinn" exif:GPSLatitude="1,2N"/>'
    Image.new("RGB", (8, 8)).save(toy / "grey.jpg", exif=exif, xmp=xmp)
    texts = PngInfo()
    texts.add_text("Author", "Quinn")
    texts.add_text("Source", "/home/quinn/grey.png")
    Image.new("RGB", (8, 8)).save(toy / "grey.png", pnginfo=texts)
    add(toy, "![grey](grey.jpg)")
    assert sorted(of_machine(toy)) == [
        "grey.jpg: an author, Q. Uinn, in its metadata",
        "grey.jpg: an author, Quinn, in its metadata",
        "grey.jpg: the place where it was taken, in its metadata",
        "grey.jpg: the serial number of a camera, 123456, in its metadata",
        "grey.png: an author, Quinn, in its metadata",
        "grey.png: the path of a machine, /home/quinn, in its metadata",
    ]


def test_files_of_an_older_build_are_told(toy):
    """A text that changed since, a PDF that someone else wrote, one that is gone."""
    older = "build/tiny/report.html: not what sources and results give now; report build"
    add(toy, "More.")
    assert found(toy, "files") == [older]
    build(Request(folder=toy, root=toy / "build", formats=("html",)))
    assert found(toy, "files") == [older]  # the PDF is
    (toy / "build" / "tiny" / "report.pdf").write_bytes(b"%PDF-1.7 cut")
    assert found(toy, "files") == ["build/tiny/report.pdf: no PDF that can be read; report build"]
    (toy / "build" / "tiny" / "report.pdf").unlink()
    assert found(toy, "files") == ["build/tiny/report.pdf: not built; report build"]


def test_a_quick_build_is_none_of_the_report(toy):
    """It lies elsewhere, and is named."""
    (toy / "build" / "tiny").rename(toy / "build" / "tiny@quick")
    assert found(toy, "files") == [
        f"build/tiny/report.{kind}: not built; there is only a quick one, "
        f"build/tiny@quick/report.{kind}; report build"
        for kind in ("html", "pdf")
    ]


def test_misspelt_words_are_told_when_it_is_asked_for(toy):
    """Not those of code, references, labels, the field, British ways, or words.txt."""
    pytest.importorskip("spellchecker")
    bib = "@misc{h, author = {Krzhvsky, A.}, title = {T}, year = 2001}\n"
    (toy / "references.bib").write_text(bib)
    (toy / "words.txt").write_text("frobnicate\n")
    line = add(
        toy,
        "The acuracy of Krzhvsky's softmax is `acuraccy`; we recognise colours.\n"
        "We frobnicate SqueezeNet and the toy, see $lsos$ and test_accuracy.\n"
        "Recieve it. Recieve it {# kept #}, recieve.",
    )
    told = [f"{one.where}: {one.told}" for one in check.unknown_words(looked_at(toy))]
    assert told == [
        (
            f"sections/01-results.md:{line}: 'acuracy' is in no dictionary; write "
            "'accuracy', or add it to words.txt"
        )
    ]


def test_another_language_than_english_is_not_looked_up(toy):
    """One line says so, and what to do."""
    change(toy / "report.toml", "\ndate", '\nlanguage = "de"\ndate')
    code, _, err = report(toy, "check", "--spelling")
    assert code == 2
    assert err == (
        "report: --spelling: report.language is 'de', and only English can be checked; "
        "leave it out\n"
    )


def test_check_tells_group_by_group_and_counts(toy):
    """Groups on stdout, what is only noted and the count on stderr, and the exit code."""
    assert report(toy, "check") == (0, "", "nothing to mend\n")
    line = add(toy, "TODO, TBD")
    code, out, err = report(toy, "check")
    assert code == 1
    assert out == (
        f"text\n  sections/01-results.md:{line}: a placeholder, 'TODO'; write it\n"
        f"  sections/01-results.md:{line}: a placeholder, 'TBD'; write it\n\n"
        "files\n  build/tiny/report.html: not what sources and results give now; report build\n"
    )
    assert err == "3 to mend (2 in text, 1 in files)\n"


def test_json_and_a_file_hold_the_same(toy):
    """A list of objects, each with group, file, line, where, message, remedy."""
    line = add(toy, "TODO")
    code, out, err = report(toy, "check", "--json")
    assert (code, err) == (1, "")
    assert json.loads(out)[0] == {
        "group": "text",
        "file": "sections/01-results.md",
        "line": line,
        "where": f"sections/01-results.md:{line}",
        "message": "a placeholder, 'TODO'",
        "remedy": "write it",
    }
    assert report(toy, "check", "--format", "json", "--output", "out/found.json") == (1, "", "")
    assert (toy / "out" / "found.json").read_text() == out


BROKEN = Finding(group="questions", where="questions.md:1", message="question 'q-a' has no answer")


def test_gradescope_reads_one_test_for_each_group(toy):
    """Its keys and words are those of its specification; a failed test scores nothing."""
    plain = json.loads(forms.as_gradescope([BROKEN], GROUPS, {}))
    assert plain.keys() <= {"output", "visibility", "tests", "score", "execution_time"}
    assert len(plain["tests"]) == len(GROUPS)
    for test in plain["tests"]:
        assert test.keys() == {
            "name", "score", "max_score", "status", "output", "output_format", "visibility"
        }  # fmt: skip
        assert test["status"] in ("passed", "failed")
        assert test["visibility"] == "visible"
        assert test["score"] == (test["max_score"] if test["status"] == "passed" else 0)
    (failed,) = [test for test in plain["tests"] if test["status"] == "failed"]
    assert (failed["score"], failed["max_score"]) == (0, 1)
    assert failed["output"] == "questions.md:1: question 'q-a' has no answer"
    assert report(toy, "check", "--format", "gradescope", "--output", "results.json")[0] == 0
    assert {test["score"] for test in json.loads((toy / "results.json").read_text())["tests"]} == {
        1
    }


def test_points_of_questions_are_those_of_the_rules():
    """With points, nothing else counts."""
    points = {"q-a": Decimal(2), "q-b": Decimal("1.5")}
    tests = json.loads(forms.as_gradescope([BROKEN], ("questions",), points))["tests"]
    assert [(test["score"], test["max_score"]) for test in tests] == [(0, 0), (0, 2), (1.5, 1.5)]


def test_github_reads_annotations_with_paths_from_the_root(toy):
    """Special signs are escaped as its own toolkit does."""
    subprocess.run(["git", "init", "-q", toy.parent], check=True)
    odd = Finding(group="text", where="questions.md:3", message="100 %\nof a: b, c", remedy="go")
    lone = Finding(group="files", where="build/tiny/none.pdf", message="not built")
    told = forms.as_github([odd, lone], [BROKEN], toy).splitlines()
    assert told == [
        (
            "::error file=toy/questions.md,line=3,title=report check%3A text::"
            "questions.md:3: 100 %25%0Aof a: b, c; go"
        ),
        "::error title=report check%3A files::build/tiny/none.pdf: not built",
        (
            "::notice file=toy/questions.md,line=1,title=report check%3A questions::"
            "questions.md:1: question 'q-a' has no answer"
        ),
    ]
    for line in told:
        assert re.fullmatch(r"::(error|notice) (\w+=[^:,]+,?)+::.*", line)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--format", "xml"], "'xml' should be text, json, gradescope or github"),
        (["--json", "--format", "github"], "--json contradicts --format github; leave one of them"),
    ],
)
def test_wrong_words_are_told_in_one_line(toy, words, told):
    """Before anything is looked at."""
    code, out, err = report(toy, "check", *words)
    assert (code, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1
