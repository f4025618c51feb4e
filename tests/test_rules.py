"""[submission] and what a course hands out → the rules that hold, in sentences."""

import datetime as dt
import hashlib

import pytest

from reporter import report, rules
from reporter.errors import ReportError
from reporter.rules.sentences import by_key, duration_text, moment_text, size_text
from tests.commanding import report as command
from tests.servers import Script, serving
from tests.workspaces import workspace

ASSIGNMENT = """\
schema = 1
[assignment]
name = "Assignment 3"
course = "AML"
[submission]
archive = "{course}_{id}_a3"
formats = ["pdf", "html"]
max_size = "20 MB"
file_sizes = { "report.pdf" = "10 MB", "outputs/*.csv" = "1.5 MB" }
pages = { limit = 5, without = ["cover", "contents", "references", "appendix"] }
min_font_size = 9
sections = ["introduction"]
questions = { q-a = 1, q-b = 1.5 }
figures = ["fig-loss", "fig-maps"]
runs = ["full", "half", "none"]
required_files = ["notes.txt"]
forbidden = ["*.pt", "*.ipynb"]
ai_use = { form = "table", words = 30 }
hardware = true
deadline = 2026-05-04T23:59:00
time_zone = "Europe/Berlin"
shared_store = true
canvas = { url = "https://canvas.example.edu", course = 12, assignment = 34 }
attach = ["outputs/*.csv"]
"""
SENTENCES = """\
Name the archive {course}_{id}_a3.zip; write {course} for the course and {id} for the authors' ids.
Hand in report.pdf and report.html.
The archive has at most 20 MB.
Files have at most: report.pdf 10 MB, outputs/*.csv 1.5 MB.
At most 5 pages; cover, contents, references and appendix do not count.
No text is smaller than 9 points; labels in figures, formulas, listings, single words and the \
appendix do not count.
The section introduction is required.
Answer the questions q-a (1 point) and q-b (1.5 points).
The figures fig-loss and fig-maps are required.
The table tbl-own is required.
Results of the runs full, half and none are required.
Files like outputs/*.csv and own.txt are handed in with it.
Hand in a file like notes.txt.
Hand in no file like *.pt or *.ipynb.
Say in the section ai-use, by a table and in 30 words or more, how AI was used.
Say on what hardware the runs were computed and how long they took.
Hand in before 4 May 2026, 23:59 (Europe/Berlin).
The course has one store of results for all, so records may be alike.
Hand in on Canvas, https://canvas.example.edu, course 12, assignment 34.
"""
AUTHORS = """
authors = [
    { name = "A. Example", id = "12 3" },
    { name = "B. van der Müller", id = "456" },
]
"""


def opened(folder, submission="", cover=""):
    """Return a tiny report with these rules."""
    return report.load(workspace(folder, f"{cover}\n[submission]\n{submission}"))


def test_each_rule_has_a_plain_sentence_and_its_source(tmp_path):
    """What the course hands out and what the report adds, in one order."""
    (tmp_path / "assignment.toml").write_text(ASSIGNMENT)
    own = 'rules = "assignment.toml"\ntables = ["tbl-own"]\nattach = ["own.txt"]'
    found = rules.read(opened(tmp_path, own))
    assert rules.sentences(found) == tuple(SENTENCES.splitlines())
    assert found.where("pages") == "assignment.toml: submission.pages"
    assert found.where("tables") == "report.toml: submission.tables"
    assert found.sha256 == hashlib.sha256(ASSIGNMENT.encode()).hexdigest()
    assert found.file == tmp_path / "assignment.toml"


def test_only_a_course_can_say_that_it_shares_a_store(tmp_path):
    """Beside its rules a report says in vain that records may be alike."""
    bare = ASSIGNMENT.replace("shared_store = true\n", "")
    for text, is_shared in ((ASSIGNMENT, True), (bare, False)):
        (tmp_path / "assignment.toml").write_text(text)
        own = opened(tmp_path, 'rules = "assignment.toml"\nshared_store = true')
        assert rules.imposed(own, tmp_path / "assignment.toml").given.shared_store is is_shared
    assert rules.read(own).given.shared_store is False


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("pages = 1", "At most 1 page."),
        ('pages = { limit = 2, without = ["cover"] }', "At most 2 pages; cover does not count."),
        (
            'pages = { limit = 2, without = ["references"] }',
            "At most 2 pages; references do not count.",
        ),
        (
            'pages = { limit = 2, without = ["cover", "ai-use"] }',
            "At most 2 pages; cover and section ai-use do not count.",
        ),
        ('questions = "all"', "Answer every question."),
        ("questions = { all = 2 }", "Answer every question, for 2 points each."),
        ('questions = ["q-a"]', "Answer the question q-a."),
        ('runs = ["full"]', "Results of the run full are required."),
        ('archive = "a3.zip"', "Name the archive a3.zip."),
        ("ai_use = {}", "Say in the section ai-use, in 20 words or more, how AI was used."),
        (
            "deadline = 2026-05-04T23:59:30+02:00",
            "Hand in before 4 May 2026, 23:59:30 (UTC+02:00).",
        ),
        (
            'deadline = 2026-01-04T22:59:00Z\ntime_zone = "Europe/Berlin"',
            "Hand in before 4 January 2026, 23:59 (Europe/Berlin).",
        ),
    ],
)
def test_a_sentence_counts_as_english_does(given, sentence, tmp_path):
    """One page, several pages, plural nouns."""
    assert rules.sentences(rules.read(opened(tmp_path, given))) == (sentence,)


def test_without_rules_nothing_is_asked(tmp_path):
    """The archive has the report's name."""
    found = rules.read(opened(tmp_path))
    assert by_key(found) == {}
    assert rules.archive_name(found, opened(tmp_path)) == "tiny.zip"


def test_a_rule_that_is_switched_off_has_no_sentence(tmp_path):
    """As a course may say of hardware."""
    assert by_key(rules.read(opened(tmp_path, "hardware = false\nfigures = []"))) == {}


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("{course}_{id}_a3", "Deep-Learning_12-3-456_a3.zip"),
        ("{surname}", "Example-Müller.zip"),
        ("{name}-{term}.zip", "tiny-SS-2026.zip"),
    ],
)
def test_the_archive_is_named_after_what_the_report_says(pattern, name, tmp_path):
    """Several authors are joined, and what no file is called becomes a hyphen."""
    cover = f'{AUTHORS}\ncourse = "Deep Learning"\nterm = "SS/2026"'
    of = opened(tmp_path, f'archive = "{pattern}"', cover)
    assert rules.archive_name(rules.read(of), of) == name


def test_the_course_says_what_it_is_called(tmp_path):
    """Whatever stands on a cover, archives of one course are named alike."""
    (tmp_path / "assignment.toml").write_text(ASSIGNMENT)
    of = opened(tmp_path, 'rules = "assignment.toml"', f'{AUTHORS}\ncourse = "My favourite"')
    assert rules.archive_name(rules.read(of), of) == "AML_12-3-456_a3.zip"


def test_a_name_lacks_nothing_and_is_not_too_long(tmp_path):
    """The key that is missing is named; so is an endless name."""
    of = opened(tmp_path, 'archive = "{id}"', 'authors = [{ name = "A", id = "..." }]')
    with pytest.raises(ReportError, match=r"report\.authors\.id: missing or empty, but the arch"):
        rules.archive_name(rules.read(of), of)
    pair = 'authors = [{ name = "A", id = "1" }, { name = "B. Ä" }]'
    of = opened(tmp_path, 'archive = "{id}"', pair)
    with pytest.raises(ReportError, match=r"or empty for B\. Ä, but .*; add id = …"):
        rules.archive_name(rules.read(of), of)
    of = opened(tmp_path, 'archive = "{course}"', f'course = "{"x" * 300}"')
    with pytest.raises(ReportError, match="has 304 bytes, and files may have 255; shorten"):
        rules.archive_name(rules.read(of), of)


def test_rules_are_fetched_when_that_is_asked_for_and_only_then(tmp_path):
    """They stay beside report.toml, where every later reading checks their digest."""
    script = Script(content=ASSIGNMENT.encode())
    with serving(script) as url:
        digest = hashlib.sha256(script.content).hexdigest()
        workspace(tmp_path, f'[submission.rules]\nurl = "{url}"\nsha256 = "{digest}"\n')
        code, _, told = command(tmp_path, "rules")
        assert (code, script.asked) == (2, [])
        assert "fetch it by `report rules --download`" in told
        code, said, _ = command(tmp_path, "rules", "--download")
        assert (code, len(script.asked)) == (0, 1)
        assert "At most 5 pages" in said
    assert command(tmp_path, "rules")[1] == said
    (tmp_path / "assignment.toml").write_text(ASSIGNMENT.replace("5", "50"))
    assert "its SHA-256 is" in command(tmp_path, "rules")[2]


def test_the_command_says_where_each_rule_stands(tmp_path):
    """File by file; without rules it says where they would be."""
    (tmp_path / "assignment.toml").write_text(ASSIGNMENT)
    workspace(tmp_path, '[submission]\nrules = "assignment.toml"\ntables = ["tbl-own"]\n')
    _, said, _ = command(tmp_path, "rules")
    lines = said.splitlines()
    assert (lines[0], lines[-2]) == ("assignment.toml", "report.toml")
    assert lines[-1] == "  tables         The table tbl-own is required."
    workspace(tmp_path, "")
    _, said, _ = command(tmp_path, "rules")
    assert said == "no rules; a table [submission] of report.toml has them\n"


def test_sizes_and_times_are_told_in_round_numbers_only():
    """Decimal units, as long as three decimals hold the size; else bytes."""
    sizes = (1, 999, 1000, 1500, 1234567, 20_000_000, 3 * 10**9)
    assert [size_text(size) for size in sizes] == [
        "1 byte",
        "999 bytes",
        "1 kB",
        "1.5 kB",
        "1234.567 kB",
        "20 MB",
        "3 GB",
    ]
    hour = dt.timedelta(hours=1)
    spans = (hour / 61, hour / 60, hour, 25 * hour, 48 * hour + hour / 60)
    assert [duration_text(span) for span in spans] == [
        "less than a minute",
        "1 minute",
        "1 hour",
        "1 day 1 hour",
        "2 days 1 minute",
    ]
    assert (
        moment_text(dt.datetime(2026, 1, 2, 3, 4, tzinfo=dt.UTC)) == "2 January 2026, 03:04 (UTC)"
    )
