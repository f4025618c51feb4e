"""Numbers that were typed by hand: found where a run has them, left alone where it does not."""

from pathlib import Path

import pytest

from reporter.artifacts import Column, Metric, Result, Table
from reporter.build import Request, build, review
from reporter.check import of_text
from reporter.check.typed import typed_numbers
from reporter.prose import document
from tests.workspaces import accuracy, finished, opened, workspace

RUNS = {
    "full": finished(
        "full",
        Result(
            test_accuracy=accuracy(0.5, 0.9131, 0.8766),
            loss=Metric(value=0.4231, unit="nats", split="test"),
            parameters=Metric(value=4321, unit="count"),  # hidden by those that it was given
            weights=Metric(value=61_100_840, unit="count", direction=None),
            images=Metric(value=1670, unit="count", direction=None),
            years=Metric(value=2017, unit="count", direction=None),
            width=Metric(value=4096, unit="count", direction=None),
            tenth=Metric(value=0.25),
            shares=Table(
                columns=(
                    Column(name="share", label="share", unit="fraction"),
                    Column(name="ratio", label="ratio"),
                ),
                rows=((0.99, 0.66), (0.73, 1.234)),
            ),
        ),
        parameters={"rate": 0.01, "epochs": 50, "decay": 0.00125, "limits": [0.99]},
    ),
    "seeds": finished(
        "seeds",
        Result(test_accuracy=accuracy(0.611, rate=None), only_once=Metric(value=0.333)),
        Result(test_accuracy=accuracy(0.633, rate=None)),
    ),
    "bad": finished("bad", error="loss is nan"),
}
TABLES = "".join(f'[runs.{name}]\nexperiment = "toy"\n' for name in RUNS)


def _found(folder: Path, text: str, **files: str) -> list[str]:
    """Return what is told of a section's text, which begins in line 3."""
    report = opened(folder, {"01-results.md": f"# Results\n\n{text}\n"}, TABLES)
    for name, content in files.items():
        (folder / f"{name}.md").write_text(content)
    composed = document.compose(report, RUNS, folder / "build/figures")
    return [f"{problem.where}: {problem.told}" for problem in typed_numbers(composed)]


@pytest.mark.parametrize(
    ("text", "number", "code"),
    [
        ("It is 87.7 %.", "87.7 %", 'runs["full"].test_accuracy | percent'),
        ("It is 87.66%.", "87.66%", 'runs["full"].test_accuracy | percent(2)'),
        ("It is 88 per cent.", "88 per cent", 'runs["full"].test_accuracy | percent(0)'),
        ("It peaks at 91.3 percent.", "91.3 percent", 'runs["full"].test_accuracy.best | percent'),
        ("**87.7 ± 0.4 %**", "87.7 ± 0.4 %", 'runs["full"].test_accuracy | percent'),
        ("A share of 0.877", "0.877", 'runs["full"].test_accuracy | number'),
        ("a loss of 0.42,", "0.42", 'runs["full"].loss | number(2)'),
        ("1,670 images", "1,670", 'runs["full"].images'),
        ("1\u202f670 images", "1 670", 'runs["full"].images'),
        ("1670 images", "1670", 'runs["full"].images'),
        ("61.1 million weights", "61.1 million", 'runs["full"].weights | millions'),
        ("62.2 % over seeds", "62.2 %", 'runs["seeds"].test_accuracy | percent'),
        ("73.0 % of it", "73.0 %", 'runs["full"].shares[1].share | percent'),
        ("a ratio of 1.234", "1.234", 'runs["full"].shares[1].ratio | number'),
        ("a decay of 0.0013", "0.0013", None),  # two digits of a parameter
        ("from 50.0 % to 87.7%", "50.0 %", 'runs["full"].test_accuracy.first | percent'),
        ("| a | 87.7 % |", "87.7 %", 'runs["full"].test_accuracy | percent'),
    ],
)
def test_a_typed_number_is_told_with_what_to_write(
    tmp_path: Path, text: str, number: str, code: str | None
) -> None:
    """In every usual way in which a value prints."""
    found = _found(tmp_path, text)
    if code is None:
        assert found == []
        return
    expression = code.split(" | ")[0]
    line = f"sections/01-results.md:3: {number} is {expression}; write {{{{ {code} }}}}"
    assert found[0].replace("\u202f", " ") == line


@pytest.mark.parametrize(
    "text",
    [
        "at a rate of 0.01 for 50 epochs",  # settings
        "25 % of the images, 50 %",  # round
        "33.3 %",  # of one seed alone, which prose can't name
        "91 % and 73 %",  # of a reading and of a cell
        "99 % of the variance",  # a share that the run was given
        "a ratio of 0.66",  # two digits that only a cell has
        "in 2017, 4096 values, 4321",  # a year; a power of two
        "`87.7 %` and $87.7$ and $$\n87.7\n$$",
        "```\n87.7 %\n```",
        '{{ runs["full"].test_accuracy | percent }}',
        "{# 87.7 % #} <!-- 87.7 % -->",
        "[a paper](https://example.org/87.7%) https://example.org/0.877",
        "## Title {#sec-0.877}",
        "ResNet-0.877, v0.877.1, 0.8771, 10.877, 187.7 %, 87.7e3",
        "It is 87.7 % as in the paper. {# typed #}",
        "{% if 0.877 < 1 %}yes{% endif %}",
    ],
)
def test_other_numbers_are_left_alone(tmp_path: Path, text: str) -> None:
    """Settings, years, code, mathematics, links, ids, templates, and what is marked."""
    assert _found(tmp_path, text) == []


def test_captions_and_alternative_texts_are_looked_through(tmp_path: Path) -> None:
    """Where they stand in a call, with the line of the text; names of outputs are none."""
    text = (
        '{{ figures(["full.test_accuracy"],\n  captions=["at 87.7 %"],\n'
        '  caption="A loss of 0.423",\n  alt="It is " ~ "0.877") }}'
    )
    found = [line.split(" is ")[0] for line in _found(tmp_path, text)]
    assert found == [
        "sections/01-results.md:4: 87.7 %",
        "sections/01-results.md:5: 0.423",
        "sections/01-results.md:6: 0.877",
    ]


def test_labels_are_looked_through(tmp_path: Path) -> None:
    """Of rows, columns and the corner of a table; LaTeX's per cent sign counts as one."""
    text = (
        '{{ compare({"full": "87.7 %"},\n{"test_accuracy": "87.66 %"}, first="87.7 \\\\%",\n'
        'caption="C.") }}\nAnd 87.7 \\%.'
    )
    places = [found.partition(": ")[0] for found in _found(tmp_path, text)]
    assert sorted(places) == [f"sections/01-results.md:{line}" for line in (3, 4, 4, 6)]


def test_abstract_and_answers_are_looked_through(tmp_path: Path) -> None:
    """What a question says is its asker's; a line of an answer can be marked."""
    questions = (
        "## q-a\n\nIs it 87.7 %?\n\n### Answer\n\nYes,\nit is 87.7 %.\nOr 0.877. {# typed #}\n"
    )
    found = _found(tmp_path, "{{ questions() }}", abstract="It is\n87.7 %.", questions=questions)
    assert [line.split(" is ")[0] for line in found] == [
        "abstract.md:2: 87.7 %",
        "questions.md:8: 87.7 %",
    ]


def test_lines_are_those_of_the_file(tmp_path: Path) -> None:
    """Also below a block of settings and behind text that is taken out."""
    report = opened(
        tmp_path,
        {"01-results.md": '+++\ntitle = "87.7 %"\n+++\n\n```\n0.877\n```\n\nSo 87.7 %.\n'},
        TABLES,
    )
    composed = document.compose(report, RUNS, tmp_path / "build/figures")
    assert [problem.where for problem in typed_numbers(composed)] == ["sections/01-results.md:9"]
    assert of_text(composed)[-1].where == "sections/01-results.md:9"


def test_check_tells_of_a_typed_number_and_build_does_not(tmp_path: Path) -> None:
    """It is no error of the draft, but to be mended before it is handed in."""
    text = "# Results\n\nThe accuracy is 23.4 %.\n"
    tables = '[runs.one]\nexperiment = "toy"\nrate = 0.0234\n'
    workspace(tmp_path, tables, sections={"01-results.md": text})
    request = Request(folder=tmp_path, root=tmp_path / "build", formats=("html",))
    assert build(request).is_well
    (told,) = of_text(review(request))
    assert told.where == "sections/01-results.md:3"
    assert told.told == (
        '23.4 % is runs["one"].test_accuracy; write {{ runs["one"].test_accuracy | percent }}'
    )
