"""The whole line on the demo and on toys: failures stay in their place, sections stay alone."""

import json
import re
import shutil

import pypdfium2
import pytest

from reporter.build import Request, build, compute
from reporter.errors import ReportError
from reporter.executors import worker
from tests.conftest import DEMO
from tests.workspaces import workspace

TEXT = """\
# Results

Accuracy {{ runs["one"].test_accuracy | percent }}, see @fig-one-test-accuracy and @sec-other.

{{ figure("one.test_accuracy", caption="One.") }}
"""
OTHER = """\
# Other

{{ figure("two.test_accuracy", caption="Two.") }}
"""
TWO_RUNS = '[runs.one]\nexperiment = "toy"\n[runs.two]\nexperiment = "toy"\nrate = 0.05\n'


def made(folder, **options):
    """Build a workspace."""
    return build(Request(folder=folder, root=folder / "build", **options))


def numbers(folder):
    """Return the names of all files below a folder, with their change times."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def toy(tmp_path):
    """Return a workspace with two runs and two sections."""
    sections = {"01-results.md": TEXT, "02-other.md": OTHER}
    return workspace(tmp_path, TWO_RUNS, sections=sections)


def test_failed_demo_run_leaves_a_box_and_everything_else(demo_root, demo, tmp_path):
    """One failing run: the report is there, the failure in its place, the rest intact."""
    root = tmp_path / "build"
    shutil.copytree(demo_root, root)
    broken = ('runs.features.layer="no-such-layer"',)
    built = build(Request(folder=DEMO, root=root, is_quick=True, overrides=broken))
    states = {outcome.job.run: outcome.state for outcome in built.outcomes}
    assert states.pop("features") == "failed"
    assert set(states.values()) == {"cached"}
    assert not built.is_well
    pdf = pypdfium2.PdfDocument(root / "demo@quick" / "report.pdf")
    text = " ".join(page.get_textpage().get_text_range() for page in pdf)
    assert "Figure missing: run features" in " ".join(text.split())
    html = (root / "demo@quick" / "report.html").read_text()
    whole = demo.files[0].read_text()
    for kind in ("figure", "table"):
        ids = re.compile(rf'<figure id="([^"]+)" class="{kind}"')
        assert ids.findall(html) == ids.findall(whole)
    assert html.count('class="failed"') == 6  # cover, figure, two tables, two paragraphs
    assert (root / "demo@quick" / "logs" / "features-seed-0.log").read_text().strip()


def test_section_runs_draws_and_writes_only_its_own(toy):
    """--section touches no other run, figure or section, and keeps the whole numbering."""
    built = made(toy, sections=("other",))
    assert [outcome.job.run for outcome in built.outcomes] == ["two"]
    entries = [p for p in (toy / "build" / "store").iterdir() if not p.name.startswith(".")]
    assert len(entries) == 1
    assert len(list((toy / "build" / "figures").iterdir())) == 1
    outputs = sorted(p.name for p in (toy / "build" / "tiny").rglob("*.[hp]*"))
    assert outputs == ["other.html", "other.pdf"]
    html = (toy / "build" / "tiny" / "sections" / "other.html").read_text()
    assert "Figure\N{NO-BREAK SPACE}2" in html
    assert '<span class="secnum">2</span>' in html


def test_section_rebuild_leaves_the_other_section_alone(toy):
    """Files of a section that was not asked for keep their bytes and times."""
    made(toy, sections=("results", "other"))
    section = toy / "build" / "tiny" / "sections"
    before = numbers(section)
    (toy / "sections" / "02-other.md").write_text(OTHER + "\nA new sentence.\n")
    made(toy, sections=("other",))
    after = numbers(section)
    assert before[section / "results.html"] == after[section / "results.html"]
    assert before[section / "results.pdf"] == after[section / "results.pdf"]
    assert "A new sentence." in (section / "other.html").read_text()


def test_unchanged_build_writes_no_output_again(toy):
    """HTML, PDF, lock, results and figures keep their times."""
    made(toy)
    before = numbers(toy / "build")
    lock = (toy / "report.lock").stat().st_mtime_ns
    again = made(toy)
    changed = {p.name for p, time in numbers(toy / "build").items() if before.get(p) != time}
    assert changed == {"last-build.json"}
    assert (toy / "report.lock").stat().st_mtime_ns == lock
    assert {outcome.state for outcome in again.outcomes} == {"cached"}


def test_changed_word_runs_nothing(toy):
    """Prose is downstream of results."""
    made(toy)
    (toy / "sections" / "02-other.md").write_text("# Other\n\nAnother word.\n")
    again = made(toy)
    assert {outcome.state for outcome in again.outcomes} == {"cached"}
    assert "Another word." in (toy / "build" / "tiny" / "report.html").read_text()


def test_changed_parameter_runs_that_run_only_and_going_back_costs_nothing(toy):
    """Old results stay."""
    made(toy)
    states = [o.state for o in made(toy, overrides=("runs.two.rate=0.07",)).outcomes]
    assert states == ["cached", "ran"]
    assert [o.state for o in made(toy).outcomes] == ["cached", "cached"]


def test_force_computes_again(toy):
    """-f does not look into the store."""
    made(toy)
    assert {o.state for o in made(toy, force=True).outcomes} == {"ran"}


def test_frozen_build_trusts_the_lock_though_the_code_changed(toy):
    """--frozen reads lock and store alone."""
    page = made(toy).files[0].read_bytes()
    (toy / "experiments" / "toy.py").write_text("this is no Python(")
    frozen = made(toy, is_frozen=True)
    assert {o.state for o in frozen.outcomes} == {"cached"}
    assert frozen.files[0].read_bytes() == page


def test_frozen_build_without_a_lock_is_told_in_one_line(toy):
    """There is nothing to trust."""
    with pytest.raises(ReportError, match=r"--frozen: no lock .*report.lock; build once"):
        made(toy, is_frozen=True)


def test_frozen_build_marks_a_result_that_the_store_lacks(toy):
    """A missing entry is a box, not a crash."""
    built = made(toy)
    shutil.rmtree(toy / "build" / "store" / built.outcomes[1].job.key)
    frozen = made(toy, is_frozen=True)
    assert [o.state for o in frozen.outcomes] == ["cached", "missing"]
    assert "run two" in frozen.files[0].read_text()


def test_damaged_entry_is_computed_again(toy):
    """A result whose bytes changed is never shown."""
    first = made(toy)
    key = first.outcomes[0].job.key
    (toy / "build" / "store" / key / "result.json").write_text("{}")
    assert [outcome.state for outcome in made(toy).outcomes] == ["ran", "cached"]


def test_computing_one_run_leaves_the_records_of_the_report_alone(toy):
    """`report run` stops at the store."""
    made(toy)
    before = (toy / "build" / "tiny" / "results.json").read_bytes()
    request = Request(folder=toy, root=toy / "build", runs=("two",), formats=(), force=True)
    assert [outcome.state for outcome in compute(request)] == ["ran"]
    assert (toy / "build" / "tiny" / "results.json").read_bytes() == before


def test_frozen_and_set_exclude_each_other(toy):
    """One trusts the lock, the other contradicts it."""
    made(toy)
    with pytest.raises(ReportError, match="--frozen trusts the lock, which --set contradicts"):
        made(toy, is_frozen=True, overrides=("runs.two.rate=0.2",))


def test_quick_section_says_that_it_is_provisional(toy):
    """The notice stands on a section's own page too."""
    (page,) = made(toy, sections=("other",), is_quick=True, formats=("html",)).files
    assert "Provisional." in page.read_text()


def test_changed_settings_stand_on_page_one(toy):
    """--set is said with key and value, on a section's own page too; without it nothing is."""
    changes = ("runs.two.rate=0.07", "runs.one.epochs=5", "runs.two.rate = 0.08")
    built = made(toy, overrides=changes)
    cover = pypdfium2.PdfDocument(built.files[1])[0].get_textpage().get_text_range()
    text = " ".join(cover.split())
    assert "Changed settings. This report was built with runs.two.rate = 0.08" in text
    assert "runs.one.epochs = 5, given on the command line" in text
    (page,) = made(toy, sections=("other",), overrides=changes, formats=("html",)).files
    assert "<code>runs.one.epochs = 5</code>" in page.read_text()
    records = json.loads((toy / "build" / "tiny" / "results.json").read_text())
    assert records["changes"] == ["runs.two.rate = 0.08", "runs.one.epochs = 5"]
    assert "Changed settings" not in made(toy).files[0].read_text()
    assert "changes" not in json.loads((toy / "build" / "tiny" / "results.json").read_text())


@pytest.mark.parametrize("name", ["sections/02-other.md", "abstract.md", "questions.md"])
def test_unknown_run_in_any_text_is_told_before_anything_runs(toy, name):
    """A constant name can be checked without results."""
    text = '# Other\n\n## q-a\n\n{{ runs["tow"].test_accuracy }}\n'
    (toy / name).write_text(text)
    with pytest.raises(ReportError, match=r"no run is called 'tow'; did you mean 'two'\?"):
        made(toy)
    assert not (toy / "build" / "store").exists()


def test_run_that_returns_no_artifact_fails_alone(toy):
    """A plain number would not read back, so it is refused before it is stored."""
    (toy / "experiments" / "own.py").write_text(
        "from reporter import *\n\n@experiment\ndef own(run: Run) -> Result:\n"
        '    """Return a number."""\n    return Result(heads=3)\n'
    )
    tables = (toy / "report.toml").read_text() + '[runs.own]\nexperiment = "own"\n'
    (toy / "report.toml").write_text(tables)
    outcomes = made(toy).outcomes
    assert [o.state for o in outcomes] == ["ran", "ran", "failed"]
    assert outcomes[-1].error == "own returned heads = int; wrap it in an artifact"


def test_run_without_git_is_stored(toy, monkeypatch):
    """The commit is a courtesy of the record."""
    monkeypatch.setenv("PATH", "")
    assert worker._commit() == ""


def test_quick_build_never_overwrites_the_real_one(toy):
    """Its outputs and its lock stand apart."""
    made(toy)
    before = numbers(toy / "build" / "tiny")
    made(toy, is_quick=True)
    assert numbers(toy / "build" / "tiny") == before
    assert (toy / "build" / "tiny@quick" / "report.pdf").is_file()


def test_results_json_is_a_pure_function_of_sources_and_store(toy):
    """It holds parameters, keys and metrics, and is the same when built again elsewhere."""
    made(toy)
    first = (toy / "build" / "tiny" / "results.json").read_bytes()
    plain = json.loads(first)
    assert plain["runs"]["two"]["parameters"]["rate"] == 0.05
    assert plain["runs"]["two"]["results"][0]["test_accuracy"]["value"] == 0.5
    shutil.rmtree(toy / "build" / "tiny")
    made(toy)
    assert (toy / "build" / "tiny" / "results.json").read_bytes() == first


def test_several_seeds_print_mean_and_spread_and_draw_a_band(tmp_path):
    """Two or more seeds say so."""
    tables = '[runs.one]\nexperiment = "seeded"\nseeds = [1, 2, 3]\n'
    folder = workspace(tmp_path, tables, sections={"01-r.md": TEXT.replace(" and @sec-other", "")})
    (folder / "experiments" / "seeded.py").write_text(
        "from reporter import *\n\n@experiment\ndef seeded(run: Run) -> Result:\n"
        '    """Return the seed."""\n'
        "    readings = tuple(Reading(value=run.seed / 10, epoch=e) for e in (1, 2))\n"
        '    return Result(test_accuracy=Metric(value=run.seed / 10, split="test",'
        " history=readings))\n"
    )
    html = made(folder, formats=("html",)).files[0].read_text()
    assert "20.0\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}10.0\N{NARROW NO-BREAK SPACE}%" in html
    assert "(n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}3)" in html
    (drawing,) = (folder / "build" / "figures").glob("*.svg")
    assert "FillBetweenPolyCollection" in drawing.read_text()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("# R\n\n{% claim %}\n", r"01-results.md:3: template syntax"),
        ("# R\n\n{{ runs['one'] \n", r"01-results.md:\d: template syntax"),
    ],
)
def test_template_syntax_is_told_before_anything_runs(tmp_path, text, told):
    """Exit code 2 means that nothing was started."""
    folder = workspace(tmp_path, TWO_RUNS, sections={"01-results.md": text})
    with pytest.raises(ReportError, match=told):
        made(folder)
    assert not (folder / "build" / "store").exists()


def test_seeds_that_failed_are_named_and_the_first_one_s_log(tmp_path):
    """A run fails as a whole; where all seeds fail alike, no seed is named."""
    tables = "".join(
        f'[runs.{name}]\nexperiment = "fails"\nworst = {worst}\nseeds = [1, 2, 3]\n'
        for name, worst in (("one", 2), ("all", 1))
    )
    folder = workspace(tmp_path, tables)
    (folder / "experiments" / "fails.py").write_text(
        "from reporter import *\n\n@experiment\ndef fails(run: Run, *, worst: Count) -> Result:\n"
        '    """Fail from some seed on."""\n'
        "    if run.seed >= worst:\n        raise RunError('too bad')\n    return Result()\n"
    )
    finished = made(folder, formats=("html",)).document.finished
    assert finished["one"].error == "with seeds 2, 3: too bad"
    assert finished["one"].log == "logs/one-seed-2.log"
    assert finished["all"].error == "too bad"
    assert (folder / "build" / "tiny" / finished["all"].log).read_text().endswith("too bad\n")
