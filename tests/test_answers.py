"""Questions in a report: placed by name or all together, numbered, open ones visible and told."""

import html
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from reporter.artifacts import Result
from reporter.errors import ReportError
from reporter.prose import document, page
from reporter.prose.document import Document
from reporter.prose.needs import needed_runs
from reporter.report import Report
from tests.workspaces import accuracy, finished, opened

RUNS = "".join(f'[runs.{name}]\nexperiment = "toy"\n' for name in ("one", "two"))
QUESTIONS = """\
## q-a {points=2}

A?

### Answer

{{ runs["one"].test_accuracy }}

## q-b {points=1 bonus}

B?

## q-c

C?

### Answer

{{ runs["two"].test_accuracy }}
"""


def _report(folder: Path, sections: Mapping[str, str], questions: str = QUESTIONS) -> Report:
    report = opened(folder, sections, RUNS)
    (folder / "questions.md").write_text(questions)
    return report


def _compose(folder: Path, text: str, *more: str, questions: str = QUESTIONS) -> Document:
    sections = {f"{i}-s{i}.md": f"# S\n\n{one}\n" for i, one in enumerate((text, *more), 1)}
    report = _report(folder, sections, questions)
    runs = {name: finished(name, Result(test_accuracy=accuracy(0.5))) for name in ("one", "two")}
    return document.compose(report, runs, folder / "build/figures")


def _placed(composed: Document) -> list[tuple[str, str]]:
    """Return id and number of each question in the order of the page."""
    text = "".join(composed.set(chapter.html) for chapter in composed.chapters)
    return re.findall(
        r'class="question" id="([^"]+)".*?Question\N{NO-BREAK SPACE}(\d+)', text, re.DOTALL
    )


def _told(composed: Document) -> list[tuple[str, str]]:
    return [(problem.where, problem.message) for problem in composed.problems]


OPEN = ("questions.md:9", "question 'q-b' has no answer yet")


def test_all_questions_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    """One call places them; the open one is a problem."""
    composed = _compose(tmp_path, "{{ questions() }}")
    assert _placed(composed) == [("q-a", "1"), ("q-b", "2"), ("q-c", "3")]
    assert _told(composed) == [OPEN]


def test_questions_leaves_what_is_placed_by_name_before_and_after(tmp_path: Path) -> None:
    """A later section keeps its own question; a second call finds nothing left."""
    first = '{{ question("q-c") }}\n\n{{ questions() }}\n\n{{ questions() }}'
    composed = _compose(tmp_path, first, '{{ question("q-a") }}')
    assert _placed(composed) == [("q-c", "1"), ("q-b", "2"), ("q-a", "3")]
    assert _told(composed) == [OPEN]


def test_a_question_that_is_placed_nowhere_is_told(tmp_path: Path) -> None:
    """Also one whose place is left out by a condition, and an open one is told as both."""
    text = '{{ question("q-c") }}{% if false %}{{ question("q-a") }}{% endif %}{{ questions() }}'
    composed = _compose(tmp_path, text)
    nowhere = "question 'q-a' of questions.md is placed nowhere; add {{ questions() }}"
    assert ("questions.md:1", nowhere) in _told(composed)
    composed = _compose(tmp_path, '{{ question("q-a") }} {{ question("q-c") }}')
    nowhere = "question 'q-b' of questions.md is placed nowhere; add {{ questions() }}"
    assert _told(composed) == [("questions.md:9", nowhere), OPEN]


def test_an_open_question_is_seen_in_its_place_and_on_page_one(tmp_path: Path) -> None:
    """With number and id; a report without one says nothing."""
    whole = html.unescape(page.whole(_compose(tmp_path, "{{ questions() }}")))
    assert whole.count("This question is not answered yet.") == 1
    assert "<strong>Unanswered questions: 1.</strong> Question 2 (q-b)." in whole
    answered = QUESTIONS.replace("B?\n", "B?\n\n### Answer\n\nYes.\n")
    whole = page.whole(_compose(tmp_path, "{{ questions() }}", questions=answered))
    assert "Unanswered" not in whole


def test_an_answer_that_turns_out_empty_is_none(tmp_path: Path) -> None:
    """A condition may leave nothing of it."""
    questions = "## q-a\n\n### Answer\n\n{% if false %}Never.{% endif %}\n"
    composed = _compose(tmp_path, "{{ questions() }}", questions=questions)
    assert composed.unanswered == (("q-a", "1"),)
    assert _told(composed) == [("questions.md:1", "question 'q-a' has no answer yet")]


def test_credit_stands_beside_the_number(tmp_path: Path) -> None:
    """Points in words, then bonus; nothing where there is neither."""
    whole = page.whole(_compose(tmp_path, "{{ questions() }}"))
    assert re.findall(r'class="points">\((.*?)\)<', whole) == ["2 points", "1 point, bonus"]


def test_a_question_within_itself_is_told(tmp_path: Path) -> None:
    """Rather than asked for ever."""
    questions = '## q-a\n\nA?\n\n### Answer\n\n{{ question("q-a") }}\n'
    with pytest.raises(
        ReportError, match=r"questions\.md:7: question 'q-a' is placed within itself"
    ):
        _compose(tmp_path, '{{ question("q-a") }}', questions=questions)


def test_a_section_with_all_questions_needs_their_runs(tmp_path: Path) -> None:
    """But not those of questions that another section places by name."""
    sections = {"1-a.md": "# A\n\n{{ questions() }}\n", "2-b.md": '# B\n\n{{ question("q-c") }}\n'}
    report = _report(tmp_path, sections)
    assert needed_runs(report, ["a"]) == ("one",)
    assert needed_runs(report, ["b"]) == ("two",)
