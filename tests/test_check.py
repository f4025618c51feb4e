"""report check: a report that is built is clean; runs, claims and files that are broken since."""

import json
import shutil

from reporter import check
from reporter.build import Request, build, compute
from reporter.store import Store
from tests.checking import add, change, found, looked_at


def test_a_report_that_was_just_built_is_clean(clean):
    """In every group, and with the lock trusted, too."""
    assert check.findings(looked_at(clean)) == []
    assert check.findings(looked_at(clean, is_frozen=True)) == []


def test_a_run_whose_sources_changed_is_stale_and_why(clean):
    """By the lock: its parameter is named, and how to mend it."""
    change(clean / "report.toml", 'experiment = "toy"', 'experiment = "toy"\nepochs = 12')
    assert found(clean, "runs") == [
        "report.toml:6: run one is stale: parameter epochs 10 → 12; report build"
    ]
    assert found(clean, "runs", is_frozen=True) == []


def test_a_built_report_that_shows_another_result_is_stale(clean):
    """The store has the results of the sources, and the pages are older."""
    change(clean / "report.toml", 'experiment = "toy"', 'experiment = "toy"\nepochs = 12')
    build(Request(folder=clean, root=clean / "build", formats=("html",)))
    change(clean / "report.toml", "epochs = 12", "epochs = 10")
    assert found(clean, "runs") == [
        (
            "report.toml:6: run one is stale: the built report shows another result: "
            "parameter epochs 12 → 10; report build"
        )
    ]


def test_a_lock_that_speaks_against_its_own_keys_is_told(clean):
    """Results that were computed with other code than is recorded."""
    code = json.loads((clean / "report.lock").read_text())
    (name,) = [name for name in code["code"]["toy"] if name.endswith("toy.toy")]
    change(clean / "report.lock", code["code"]["toy"][name], "0" * 64)
    (told,) = found(clean, "runs")
    assert told.startswith("report.toml:6: run one is stale: report.lock is of other sources: ")
    assert "toy changed" in told


def test_runs_without_results_say_how_they_lack_them(clean):
    """Never computed, removed, damaged, failed."""
    (key,) = [path for path in (clean / "build" / "store").iterdir() if path.is_dir()]
    (key / "record.json").write_text("{}")
    assert found(clean, "runs") == [
        "report.toml:6: run one: its stored record.json is damaged; build it"
    ]
    shutil.rmtree(key)
    assert found(clean, "runs") == [
        "report.toml:6: run one: no stored result: removed from the store; build it"
    ]
    tables = '[runs."two"]\nexperiment = "toy"\nepochs = 3\n[runs.bad]\nexperiment = "breaks"\n'
    (clean / "report.toml").write_text((clean / "report.toml").read_text() + tables)
    compute(Request(folder=clean, root=clean / "build", runs=("bad",)))
    shutil.rmtree(clean / "build" / "store")
    assert found(clean, "runs") == [
        "report.toml:6: run one: no stored result: removed from the store; build it",
        "report.toml:8: run two: no stored result: never computed; build it",
        (
            "report.toml:11: run bad failed: loss is nan in epoch 1; lower the rate; "
            "mend it and build again"
        ),
    ]


def test_claims_and_questions_have_groups_of_their_own(clean):
    """With file, line and remedy."""
    line = add(clean, "{% claim runs['one'].test_accuracy > 2 %}It is high.{% endclaim %}")
    change(clean / "questions.md", "Yes.", "")
    assert found(clean, "claims") == [
        (
            f"sections/01-results.md:{line}: the claim does not hold: one/test_accuracy = "
            "100.0\N{NARROW NO-BREAK SPACE}%; "
            "write what the results show"
        )
    ]
    assert found(clean, "questions") == ["questions.md:1: question 'q-a' has no answer yet"]


def test_quick_results_stand_ins_and_settings_are_provisional(clean):
    """Each note of page one; what --set changed."""
    request = {"folder": clean, "root": clean / "build", "formats": ("html",)}
    build(Request(**request, is_quick=True))
    assert found(clean, "provisional", is_quick=True) == [
        "report.toml:6: short quick settings (run one); build without --quick"
    ]
    build(Request(**request, overrides=("runs.one.epochs=5",)))
    assert found(clean, "provisional") == [
        (
            "report.toml: the report was built with --set runs.one.epochs = 5; "
            "write it into report.toml, or build without it"
        )
    ]


def test_a_result_that_another_experiment_computed_is_told(clean):
    """Its record says so."""
    store = Store(clean / "build" / "store")
    (key,) = [path.name for path in store.root.iterdir()]
    stored = store.load(key)
    store.save(key, stored.result, {**stored.record, "experiment": "trains"})
    assert found(clean, "provisional") == [
        (
            "report.toml:6: its stored result says that trains computed it, not toy "
            "(run one, seed 0); report run one --force"
        )
    ]


def test_random_weights_in_place_of_real_ones_are_told(clean):
    """Where a table [weights.NAME] says random."""
    tables = (
        '[weights.net]\nsource = "random"\n\n[runs.two]\nexperiment = "trains"\nweights = "net"\n'
    )
    (clean / "report.toml").write_text((clean / "report.toml").read_text() + tables)
    assert found(clean, "provisional") == [
        "report.toml:11: random weights in place of net (run two); give it the real one"
    ]


def test_files_of_an_older_build_are_told(clean):
    """A text that changed since, a PDF that someone else wrote, one that is gone."""
    older = "build/tiny/report.html: not what sources and results give now; report build"
    add(clean, "More.")
    assert found(clean, "files") == [older]
    build(Request(folder=clean, root=clean / "build", formats=("html",)))
    assert found(clean, "files") == [older]  # the PDF is
    (clean / "build" / "tiny" / "report.pdf").write_bytes(b"%PDF-1.7 cut")
    assert found(clean, "files") == ["build/tiny/report.pdf: no PDF that can be read; report build"]
    (clean / "build" / "tiny" / "report.pdf").unlink()
    assert found(clean, "files") == ["build/tiny/report.pdf: not built; report build"]


def test_a_quick_build_is_none_of_the_report(clean):
    """It lies elsewhere, and is named."""
    (clean / "build" / "tiny").rename(clean / "build" / "tiny@quick")
    assert found(clean, "files") == [
        f"build/tiny/report.{kind}: not built; there is only a quick one, "
        f"build/tiny@quick/report.{kind}; report build"
        for kind in ("html", "pdf")
    ]
    assert found(clean, "files", is_frozen=True)[0].endswith("; report build --frozen")


RULES = """
[submission]
formats = ["pdf"]
sections = ["ai-use"]
attach = ["notes.txt"]
deadline = 2026-05-03T23:59:00+00:00
"""


def test_rules_are_judged_and_what_they_attach_is_looked_through(clean):
    """A format that nobody asks for is not missed."""
    (clean / "report.toml").write_text((clean / "report.toml").read_text() + RULES)
    (clean / "notes.txt").write_text("one\nin /home/quinn/x\n")
    told = found(clean, "rules")
    assert [one.partition("; ")[0] for one in told] == [
        "report.toml: submission.sections: the section ai-use is required, and there is none",
        "report.toml: submission.deadline: 3 May 2026, 23:59 (UTC) passed 1 minute ago",
    ]
    assert found(clean, "identity") == [
        "notes.txt:2: the path of a machine, /home/quinn; write a path relative to the report"
    ]
    (clean / "build" / "tiny" / "report.html").unlink()
    assert not [one for one in found(clean, "files") if "not built" in one]
    (clean / "build" / "tiny" / "report.pdf").unlink()
    assert found(clean, "files") == []
    assert len(found(clean, "rules")) == len(told) + 1


def test_what_attach_names_and_no_file_is_is_told(clean):
    """As the bundle tells it, which would not be written."""
    toml = clean / "report.toml"
    toml.write_text(f'{toml.read_text()}\n[submission]\nattach = ["none/*"]\n')
    line = found(clean, "files")[-1]  # after pages older than report.toml
    assert "submission.attach: none/* matches no file" in line
