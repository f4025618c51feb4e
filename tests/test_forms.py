"""Findings as other programs read them."""

import json
import re
import subprocess

import pytest

from reporter.check import forms
from reporter.check.finding import GROUPS, Finding
from tests.checking import add
from tests.commanding import report

RULES = """
[submission]
pages = 1
min_font_size = 6
sections = ["ai-use"]
questions = { q-a = 2 }
deadline = 2026-05-03T23:59:00
time_zone = "Europe/Berlin"
"""


def test_check_tells_group_by_group_and_counts(clean):
    """Groups on stdout, what is only noted and the count on stderr, and the exit code."""
    assert report(clean, "check") == (0, "", "nothing to mend\n")
    line = add(clean, "TODO, TBD")
    code, out, err = report(clean, "check")
    assert code == 1
    assert out == (
        f"text\n  sections/01-results.md:{line}: a placeholder, 'TODO'; write it\n"
        f"  sections/01-results.md:{line}: a placeholder, 'TBD'; write it\n\n"
        "files\n  build/tiny/report.html: not what sources and results give now; report build\n"
    )
    assert err == "3 to mend (2 in text, 1 in files)\n"


def test_json_and_a_file_hold_the_same(clean):
    """A list of objects, each with group, file, line, where, message, remedy."""
    line = add(clean, "TODO")
    code, out, err = report(clean, "check", "--json")
    assert (code, err) == (1, "")
    assert json.loads(out)[0] == {
        "group": "text",
        "file": "sections/01-results.md",
        "line": line,
        "where": f"sections/01-results.md:{line}",
        "message": "a placeholder, 'TODO'",
        "remedy": "write it",
    }
    assert report(clean, "check", "--format", "json", "--output", "out/found.json") == (1, "", "")
    assert (clean / "out" / "found.json").read_text() == out


BROKEN = Finding(group="questions", where="questions.md:1", message="question 'q-a' has no answer")


@pytest.mark.parametrize(
    ("where", "file", "line"),
    [
        ("sections/01 My data.md:14", "sections/01 My data.md", 14),
        ("report.toml: submission.pages", "report.toml", None),
        ("report.pdf, page 6", "report.pdf", None),
        ("experiment toy", "", None),
    ],
)
def test_a_finding_knows_its_file_and_line(where, file, line):
    """As far as its place names them."""
    finding = Finding(group="text", where=where, message="")
    assert (finding.file, finding.line) == (file, line)


def test_gradescope_reads_one_test_for_each_group(clean):
    """Its keys and words are those of its specification; a failed test scores nothing."""
    rules = {"Hand in report.pdf.": [], "At most 5 pages.": [BROKEN]}
    plain = json.loads(forms.as_gradescope([BROKEN], rules, {}))
    assert plain.keys() <= {"output", "visibility", "tests", "score", "execution_time"}
    assert len(plain["tests"]) == 2 + len(GROUPS) - 2  # rules in place of one; no spelling
    for test in plain["tests"]:
        assert test.keys() == {
            "name", "score", "max_score", "status", "output", "output_format", "visibility"
        }  # fmt: skip
        assert test["status"] in ("passed", "failed")
        assert test["visibility"] == "visible"
        assert test["score"] == (test["max_score"] if test["status"] == "passed" else 0)
    failed = [test for test in plain["tests"] if test["status"] == "failed"]
    assert [test["name"] for test in failed] == ["At most 5 pages.", "Questions are answered"]
    for test in failed:
        assert (test["score"], test["max_score"]) == (0, 1)
        assert test["output"] == "questions.md:1: question 'q-a' has no answer"
    assert report(clean, "check", "--format", "gradescope", "--output", "results.json")[0] == 0
    assert {
        test["score"] for test in json.loads((clean / "results.json").read_text())["tests"]
    } == {1}


def test_points_of_questions_are_those_of_the_rules():
    """With points, nothing else counts."""
    points = {"q-a": 2.0, "q-a-b": 1.0, "q-b": 1.5}
    tests = json.loads(forms.as_gradescope([BROKEN], {}, points))["tests"]
    assert [(test["score"], test["max_score"]) for test in tests if test["max_score"]] == [
        (0, 2),
        (1, 1),
        (1.5, 1.5),
    ]


def test_each_rule_is_a_test_of_its_own(clean):
    """Named by its sentence; rules that are read together do not fail together."""
    (clean / "report.toml").write_text((clean / "report.toml").read_text() + RULES)
    assert report(clean, "check", "--format", "gradescope", "--output", "results.json")[0] == 1
    tests = json.loads((clean / "results.json").read_text())["tests"]
    assert [(test["name"].partition(";")[0], test["status"]) for test in tests[:5]] == [
        ("At most 1 page.", "failed"),
        ("No text is smaller than 6 points", "passed"),
        ("The section ai-use is required.", "failed"),
        ("Answer the question q-a (2 points).", "passed"),
        ("Hand in before 3 May 2026, 23:59 (Europe/Berlin).", "failed"),
    ]
    assert {test["max_score"] for test in tests[:-1]} == {0}
    assert tests[-1]["name"] == "Question q-a is answered"
    assert (tests[-1]["score"], tests[-1]["max_score"]) == (2, 2)


def test_github_reads_annotations_with_paths_from_the_root(clean):
    """Special signs are escaped as its own toolkit does."""
    subprocess.run(["git", "init", "-q", clean.parent], check=True)
    odd = Finding(group="text", where="questions.md:3", message="100 %\nof a: b, c", remedy="go")
    lone = Finding(group="files", where="build/tiny/none.pdf", message="not built")
    told = forms.as_github([odd, lone], [BROKEN], clean).splitlines()
    assert told == [
        (
            "::error file=clean/questions.md,line=3,title=report check%3A text::"
            "questions.md:3: 100 %25%0Aof a: b, c; go"
        ),
        "::error title=report check%3A files::build/tiny/none.pdf: not built",
        (
            "::notice file=clean/questions.md,line=1,title=report check%3A questions::"
            "questions.md:1: question 'q-a' has no answer"
        ),
    ]
    for line in told:
        assert re.fullmatch(r"::(error|notice) (\w+=[^:,]+,?)+::.*", line)
