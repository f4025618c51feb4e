"""Numbers that are none: a diverged run is a result, and shown as such wherever it is used."""

import html
import math
import re
from pathlib import Path

import pytest

from reporter.artifacts import Bars, Column, Matrix, Metric, Reading, Result, Table
from reporter.drawing.descriptions import describe
from reporter.figures import draw
from reporter.prose import document
from reporter.prose.document import Document
from reporter.prose.styles import THIN
from tests.workspaces import accuracy, finished, opened

NAN, INF = math.nan, math.inf


def _run(odd: float, *more: float) -> Result:
    """Return a result that went wrong in epoch 3."""
    readings = tuple(Reading(value=v, epoch=e) for e, v in enumerate((2.0, 1.0, odd, *more), 1))
    return Result(
        test_accuracy=accuracy(0.25, 0.5, odd, *more),
        train_loss=Metric(
            value=readings[-1].value, unit="nats", direction="min", epoch=len(readings),
            history=readings,
        ),
        count=Metric(value=odd, unit="count", direction=None),
        rates=Table(
            columns=(Column(name="rate", label="rate"), Column(name="loss", label="loss")),
            rows=((0.1, 1.25), (1.0, odd)),
        ),
    )  # fmt: skip


RUNS = {
    "well": finished("well", Result(test_accuracy=accuracy(0.25, 0.5, 0.75))),
    "nan": finished("nan", _run(NAN)),
    "inf": finished("inf", _run(INF)),
    "back": finished("back", _run(NAN, 0.5)),
    "seeds": finished("seeds", _run(1.0), _run(NAN), _run(-INF)),
}


def _compose(folder: Path, text: str) -> Document:
    report = opened(folder, {"01-part.md": f"# Part\n\n{text}\n"}, "")
    return document.compose(report, RUNS, folder / "build/figures")


def _text(composed: Document) -> str:
    """Return what a reader sees below the heading."""
    shown = "".join(composed.set(chapter.html) for chapter in composed.chapters)
    plain = html.unescape(re.sub(r"<h2>.*?</h2>|<[^>]+>", "", shown))
    return " ".join(plain.split()).replace(THIN, " ")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ('runs["nan"].test_accuracy', "not a number"),
        ('runs["nan"].test_accuracy | percent', "not a number"),
        ('runs["inf"].train_loss | number', "∞"),
        ('runs["inf"].count', "∞"),
        ('diff(runs["inf"].train_loss, runs["inf"].train_loss)', "not a number"),
        ('runs["seeds"].train_loss', "not a number (2 of 3 seeds)"),
        ('runs["seeds"].train_loss.mean', "not a number"),
        ('runs["seeds"].train_loss.std', "not a number"),
        ('runs["nan"].test_accuracy.best', "50.0 % (peak)"),
        ('runs["nan"].train_loss.best.epoch', "2"),
        ('runs["nan"].test_accuracy.low', "not a number"),
        ('runs["nan"].rates.where(rate=1).loss', "not a number"),
    ],
)
def test_a_value_that_is_no_number_says_so(tmp_path: Path, value: str, said: str) -> None:
    """In words, whatever its unit and style are; the best reading is one of those that are."""
    assert (
        _text(_compose(tmp_path, f"{{{{ {value} }}}}")).replace("\N{NO-BREAK SPACE}", " ") == said
    )


NAN_OVER = 'runs["nan"].test_accuracy {} runs["well"].test_accuracy'


@pytest.mark.parametrize(
    "condition",
    [
        *(NAN_OVER.format(sign) for sign in ("<", "<=", ">", ">=", "==", "!=")),
        f"not ({NAN_OVER.format('>')})",
        f"{NAN_OVER.format('>')} or true",
        'runs["nan"].test_accuracy',
        'runs["seeds"].train_loss < 3',
    ],
)
def test_a_claim_over_what_is_no_number_does_not_hold_and_says_so(
    tmp_path: Path, condition: str
) -> None:
    """Neither does its opposite; without an else it is broken."""
    text = f"{{% claim {condition} %}}Yes.{{% else %}}No.{{% endclaim %}}"
    composed = _compose(tmp_path, text)
    assert [claim.verdict for claim in composed.claims] == ["fails"]
    assert re.fullmatch(r"\[claim fails: .* = not a number.*\] No\.", _text(composed))
    composed = _compose(tmp_path, text.replace("{% else %}No.", ""))
    assert [claim.verdict for claim in composed.claims] == ["broken"]


def test_infinity_is_larger_than_any_number(tmp_path: Path) -> None:
    """It can be compared, so the claim holds without a mark; so does the next one."""
    text = '{% claim runs["inf"].train_loss > 5 %}Yes.{% endclaim %}'
    assert _text(_compose(tmp_path, text)) == "Yes."


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ('runs["nan"], "test_accuracy"', ["the test accuracy is not a number", "epoch 3"]),
        ('runs["inf"], "train_loss"', ["the training loss is ∞", "epoch 3"]),
        ('runs["nan"], "loss"', ["the training loss is not a number", "epoch 3"]),
        ('runs["nan"], "count"', ["the count is not a number"]),
        ('runs["back"], "test_accuracy"', ["epoch 3", "no finite number"]),
        ('runs["well"], runs["nan"]', ["the test accuracy of nan is not a number"]),
        ('runs["inf"], runs["well"]', ["the test accuracy of inf is ∞"]),
    ],
)
def test_observations_say_what_is_lost_and_since_when(
    tmp_path: Path, asked: str, said: list[str]
) -> None:
    """They hold: nothing is broken by a number that is none."""
    composed = _compose(tmp_path, f"{{{{ observe({asked}) }}}}")
    text = _text(composed).lower()
    assert all(re.search(words, text) for words in said)
    assert {claim.verdict for claim in composed.claims} == {"holds"}


def test_usual_observations_of_a_diverged_run_name_every_usual_metric(tmp_path: Path) -> None:
    """Not those that nobody asked for."""
    text = _text(_compose(tmp_path, '{{ observe(runs["nan"]) }}'))
    assert "test accuracy" in text
    assert "training loss" in text
    assert "count" not in text


def test_a_table_keeps_its_alignment_beside_what_is_no_number(tmp_path: Path) -> None:
    """The column is one of numbers, set flush right, and the others stay in line."""
    text = '{{ compare(["well", "nan", "inf"], ["test_accuracy"], caption="C.") }}'
    composed = _compose(tmp_path, text)
    shown = composed.set(composed.chapters[0].html)
    cells = re.findall(r'<td class="number">(.*?)</td>', shown)
    assert [re.sub("<[^>]+>", "", c).replace(THIN, " ") for c in cells] == [
        "75.0 %",
        "not a number",
        "∞",
    ]


def test_bars_and_matrices_are_drawn_and_described_without_what_is_no_number(
    tmp_path: Path,
) -> None:
    """The others keep their lengths, shades and words."""
    bars = Bars(labels=("a", "b", "c"), values=(0.5, NAN, INF), y_label="share", unit="fraction")
    names = ("a", "b")
    matrix = Matrix(row_labels=names, column_labels=names, values=((5.0, NAN), (-INF, 7.0)))
    for artifact in (bars, matrix):
        assert draw((artifact,), tmp_path).content.startswith(b"<?xml")
    assert describe((bars,)) == "Share: a 50.0 %, b not finite, c not finite"
    told = "2 of 4 cells not finite: 100.0 % of 12 on the diagonal, nothing beside it"
    assert describe((matrix,)).endswith(told)
    empty = Matrix(row_labels=("a",), column_labels=("a",), values=((NAN,),))
    assert describe((empty,)).endswith("1 of 1 cells not finite")
    assert draw((empty,), tmp_path).content.startswith(b"<?xml")
