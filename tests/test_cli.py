"""The command: what it prints where, and its exit codes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from reporter.cli import VERBS
from tests.workspaces import workspace

TEXT = "# Results\n\nAccuracy {{ runs['one'].test_accuracy | percent }}.\n"
README = Path(__file__).parent.parent / "README.md"


def report(cwd, *words):
    """Run the command as a user does, outside any terminal."""
    code = "from reporter.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *words], cwd=cwd, capture_output=True, text=True, check=False
    )


@pytest.fixture
def toy(tmp_path):
    """Return a workspace with one run."""
    return workspace(tmp_path, sections={"01-results.md": TEXT})


def test_build_prints_files_on_stdout_and_progress_on_stderr(toy):
    """Results and progress do not mix."""
    done = report(toy, "build")
    assert done.returncode == 0
    assert [Path(line).name for line in done.stdout.splitlines()] == ["report.html", "report.pdf"]
    assert "ran      one (seed 0)" in done.stderr
    assert "\x1b" not in done.stderr


def test_json_is_all_that_stdout_holds(toy):
    """A program can read it."""
    plain = json.loads(report(toy, "build", "--json").stdout)
    assert plain["runs"] == [{"run": "one", "seed": 0, "state": "ran", "error": ""}]


def test_dry_run_runs_nothing(toy):
    """-n tells and does not do."""
    done = report(toy, "build", "-n")
    assert done.stdout == "to run  one (seed 0)\n"
    assert not (toy / "build" / "store").exists()


def test_format_html_writes_no_pdf(toy):
    """--format chooses."""
    done = report(toy, "build", "--format", "html")
    assert [Path(line).name for line in done.stdout.splitlines()] == ["report.html"]
    assert not (toy / "build" / "tiny" / "report.pdf").exists()


def test_run_computes_without_writing_pages(toy):
    """run stops at the store."""
    assert report(toy, "run", "one").returncode == 0
    assert not (toy / "build" / "tiny" / "report.html").exists()
    assert report(toy, "build", "-n").stdout == "stored  one (seed 0)\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["bild"], "no command is called 'bild'; did you mean 'build'?"),
        (["build", "nowhere"], "'nowhere' is no folder with a report.toml"),
        (["build", "dmo"], "did you mean 'demo'?"),
        (
            ["build", "--section", "reslts"],
            "no section is called 'reslts'; did you mean 'results'?",
        ),
        (["build", "--set", "epochs"], "--set 'epochs': should look like"),
        (["build", "--set", "runs.one.epoch=5"], "toy has no parameter 'epoch'; did you mean"),
        (["build", "--format", "docx"], "'docx' should be html or pdf"),
        (["run", "on"], "no run is called 'on'; did you mean 'one'?"),
        (["why", "on"], "no run is called 'on'; did you mean 'one'?"),
        (["init", "."], "is not empty; choose another folder"),
        (["init", "x", "--template", "dmo"], "did you mean 'demo'?"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(toy, words, told):
    """What, where, value, remedy; no traceback."""
    done = report(toy, *words)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert not (toy / "build" / "tiny").exists()


def test_failed_run_is_exit_code_1_with_the_report_written(toy):
    """The rest of the report is there."""
    tables = '\n[runs.bad]\nexperiment = "breaks"\n'
    (toy / "report.toml").write_text((toy / "report.toml").read_text() + tables)
    done = report(toy, "build")
    assert done.returncode == 1
    assert "failed   bad (seed 0)" in done.stderr
    assert "loss is nan in epoch 1; lower the rate" in done.stderr
    assert (toy / "build" / "tiny" / "report.pdf").is_file()


def test_broken_claim_stops_check_and_is_named_with_its_values(toy):
    """File, line and values."""
    claim = "{% claim runs['one'].test_accuracy > 2 %}It is high.{% endclaim %}\n"
    (toy / "sections" / "01-results.md").write_text(TEXT + claim)
    assert report(toy, "build").returncode == 1
    done = report(toy, "check")
    assert done.returncode == 1
    assert "01-results.md:4: the claim does not hold: one/test_accuracy = 100.0" in done.stdout


def test_check_of_a_whole_report_finds_nothing(toy):
    """Exit code 0 and no line."""
    report(toy, "build")
    done = report(toy, "check")
    assert (done.returncode, done.stdout) == (0, "")


def test_why_names_the_cause(toy):
    """Fresh, a parameter, a function."""
    report(toy, "build")
    assert report(toy, "why", "one").stdout == "fresh: the store has its result\n"
    tables = (toy / "report.toml").read_text()
    (toy / "report.toml").write_text(tables + "epochs = 12\n")
    assert report(toy, "why", "one").stdout == "parameter epochs 10 → 12\n"
    (toy / "report.toml").write_text(tables)
    code = toy / "experiments" / "toy.py"
    code.write_text(code.read_text().replace("rate * e,", "rate * e * 0.9,"))
    assert report(toy, "why", "one").stdout == "experiment experiments.toy.toy changed\n"


def test_status_tells_state_and_cost(toy):
    """One line for each run."""
    assert report(toy, "status").stdout.startswith("to run")
    report(toy, "build")
    assert report(toy, "status").stdout.startswith("stored")


def test_status_counts_questions_and_points_without_running_anything(toy):
    """After the runs; a report without questions says nothing of them."""
    assert "questions" not in report(toy, "status").stdout
    text = "## q-a {points=2}\n\nA?\n\n### Answer\n\nYes.\n\n## q-b {points=1}\n\nB?\n"
    (toy / "questions.md").write_text(text)
    shown = report(toy, "status").stdout.splitlines()
    assert shown[-1] == "questions: 1 answered, 1 open (q-b), 3 points"
    assert not (toy / "build" / "store").exists()


def test_check_names_open_questions_and_those_placed_nowhere(toy):
    """Each with file and line."""
    (toy / "questions.md").write_text("## q-a\n\nA?\n\n## q-b\n\nB?\n\n### Answer\n\nYes.\n")
    (toy / "sections" / "01-results.md").write_text(TEXT + '\n{{ question("q-a") }}\n')
    report(toy, "build")
    done = report(toy, "check")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "questions",
        "  questions.md:1: question 'q-a' has no answer yet",
        "  questions.md:5: question 'q-b' of questions.md is placed nowhere; add {{ questions() }}",
    ]


def test_check_notes_what_nothing_cites(toy):
    """Beside what is to be mended: a note changes no exit code."""
    (toy / "references.bib").write_text("\n@misc{able, title = {T}, year = 2001}\n")
    report(toy, "build")
    done = report(toy, "check")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines() == [
        "note: references.bib:2: able is cited nowhere",
        "nothing to mend",
    ]


def test_clean_leaves_the_store(toy):
    """Outputs and caches go, results stay."""
    report(toy, "build")
    report(toy, "clean")
    assert not (toy / "build" / "tiny").exists()
    assert any((toy / "build" / "store").iterdir())
    assert report(toy, "build", "--json").returncode == 0


def test_init_copies_a_template_that_can_be_planned(tmp_path):
    """A new workspace is complete."""
    assert report(tmp_path, "init", "hw3").returncode == 0
    done = report(tmp_path / "hw3", "build", "--quick", "-n")
    assert done.returncode == 0
    assert "to run  scratch (seed 0)" in done.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_every_command_stands_in_the_readme(verb):
    """A reader finds each verb."""
    assert f"report {verb}" in README.read_text()
