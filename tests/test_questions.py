"""questions.md: heads with marks, answers or none, totals; one line for what is wrong."""

from decimal import Decimal
from pathlib import Path

import pytest

from reporter.errors import ReportError
from reporter.prose.questions import Question, read_questions, summary

TEXT = """\
# Questions

## q-a {points=2 bonus}

What?

### Answer

This. <!-- a note
over two lines -->

```
## no head
<!-- kept -->
```

## q-b {points=1.5}

Open?

### Answer

<!-- write the answer here -->
{# and no more #}

## q-c

No heading?
"""


def _read(folder: Path, text: str) -> dict[str, Question]:
    (folder / "questions.md").write_text(text)
    return read_questions(folder)


def test_heads_say_points_and_bonus(tmp_path: Path) -> None:
    """Each mark may be left out."""
    found = _read(tmp_path, TEXT)
    assert [(q.id, q.points, q.is_bonus) for q in found.values()] == [
        ("q-a", Decimal(2), True),
        ("q-b", Decimal("1.5"), False),
        ("q-c", None, False),
    ]


def test_comments_are_no_answer_and_no_part_of_one(tmp_path: Path) -> None:
    """In code they stay; lines keep their numbers."""
    found = _read(tmp_path, TEXT)
    assert [q.is_answered for q in found.values()] == [True, False, False]
    answer = found["q-a"].answer
    assert "a note" not in answer
    assert "<!-- kept -->" in answer
    assert "## no head" in answer
    assert answer.count("\n") == TEXT[: TEXT.index("## q-b")].count("\n") - 6
    assert [q.where for q in found.values()] == [
        "questions.md:3",
        "questions.md:17",
        "questions.md:26",
    ]


def test_a_question_in_a_comment_is_none(tmp_path: Path) -> None:
    """Its head is not read, nor does its end show in the question before it."""
    found = _read(tmp_path, "## q-a\n\nAsked.\n\n<!--\n## q-old\nOld?\n-->\n## q-b\n\nNew?\n")
    assert list(found) == ["q-a", "q-b"]
    assert found["q-a"].text.split() == ["Asked."]
    assert found["q-b"].where == "questions.md:9"


def test_a_comment_shown_as_code_is_an_answer(tmp_path: Path) -> None:
    """What stands between backticks is text."""
    assert _read(tmp_path, "## q-a\n\n### Answer\n\n`<!-- x -->`\n")["q-a"].is_answered


def test_without_a_file_there_is_no_question(tmp_path: Path) -> None:
    """A report need not ask anything."""
    assert read_questions(tmp_path) == {}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (TEXT, "1 answered, 2 open (q-b, q-c), 1.5 points + 2 bonus"),
        ("## q-a\n\n### Answer\n\nYes.\n", "1 answered, 0 open"),
        ("## q-a {points=1}\n", "0 answered, 1 open (q-a), 1 point"),
        ("## q-a {points=10}\n## q-b {points=20}\n", "0 answered, 2 open (q-a, q-b), 30 points"),
    ],
)
def test_the_summary_counts_answers_and_points(tmp_path: Path, text: str, shown: str) -> None:
    """Open ones are named; points are told where any question has some."""
    assert summary(tuple(_read(tmp_path, text).values())) == shown


@pytest.mark.parametrize(
    ("head", "told"),
    [
        ("## q-x {points=}", "question 'q-x': 'points=' should name a number of points, such as"),
        ("## q-x {points=two}", "question 'q-x': 'points=two' should name a number of points"),
        ("## q-x {points=-1}", "question 'q-x': 'points=-1' should name a number of points"),
        ("## q-x {bonsu}", "question 'q-x': unknown mark 'bonsu'; did you mean 'bonus'?"),
        ("## q-x {point=2}", "question 'q-x': unknown mark 'point=2'; did you mean 'points=2'?"),
        ("## q-x {bonus=1}", "question 'q-x': unknown mark 'bonus=1'; did you mean 'bonus'?"),
        ("## q-x {bonus bonus}", "question 'q-x': the mark 'bonus' stands there twice"),
        ("## q-x {points=1 points=2}", "question 'q-x': the mark 'points' stands there twice"),
        ("## q-x {points=2", "'## q-x {points=2' should look like ## q-name {points=2 bonus}"),
        ("## small", "'## small' should look like ## q-name {points=2 bonus}"),
        ("##q-x", "'##q-x' should look like ## q-name {points=2 bonus}"),
        ("## q-a", "a second question 'q-a'; rename it"),
    ],
)
def test_a_bad_head_is_told_with_its_line(tmp_path: Path, head: str, told: str) -> None:
    """One line, with the file and the remedy."""
    with pytest.raises(ReportError) as caught:
        _read(tmp_path, f"## q-a\n\nA?\n\n{head}\n")
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'questions.md'}:5: {told}")
    assert "\n" not in message
