"""Two builds → what changed between them, and no more."""

import json
import math
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import click
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.artifacts import Bars, Column, Curves, ImageGrid, Series, Table, Text
from reporter.build import Request, build
from reporter.cli.compare import _number, _pair, _plain, diff_command
from reporter.compare import compare, figures
from reporter.compare.numbers import NumberChange, mean, spread
from reporter.compare.sides import open_side
from reporter.compare.texts import marked
from reporter.errors import ReportError
from tests.composing import compose
from tests.workspaces import every_artifact, store, workspace

OWN = '''\
"""A toy whose seeds differ."""
from reporter import *


@experiment
def drawn(
    run: Run, *, rate: Rate = 0.3, rows: Count = 2, loss: str = "0.5", fails: bool = False
) -> Result:
    """Pretend to train."""
    if fails:
        raise RunError("it was to fail")
    value = rate + run.seed / 100
    columns = (Column(name="name", label="Name"), Column(name="share", label="Share"))
    return Result(
        accuracy=Metric(value=value, split="test"),
        loss=Metric(value=float(loss), unit="nats", direction="min"),
        shares=Table(columns=columns, rows=tuple((f"class {i}", value + i) for i in range(rows))),
        curve=Curves(
            series=(Series(label="a", x=(1.0, 2.0), y=(value, 0.1)),), x_label="x", y_label="y"
        ),
    )
'''
TEXT = """\
# Results

The accuracy is {{ runs["one"].accuracy | percent }}. The images are generated, see @fig-curve.

{% claim runs["one"].accuracy > 0.2 %}
It is above chance.
{% endclaim %}

{{ table("one.shares", id="tbl-shares", caption="Shares.") }}

{{ figure("one.curve", id="fig-curve", caption="A curve.") }}
"""
ONE = '[runs.one]\nexperiment = "drawn"\nseeds = [0, 1, 2]\n'
TWO = '[runs.two]\nexperiment = "drawn"\nrate = 0.5\n'


def made(folder: Path, tables: str = ONE, text: str = TEXT, formats=("html",)) -> Path:
    """Build a report and keep its results under another name."""
    workspace(folder, tables, sections={"01-results.md": text}, toy=OWN)
    build(Request(folder=folder, root=folder / "build", formats=formats))
    kept = folder / f"results-{len(list(folder.glob('results-*')))}.json"
    shutil.copy(folder / "build" / "tiny" / "results.json", kept)
    return kept


def differences(folder: Path, before: Path, after: Path):
    """Compare two results over the store of a workspace."""
    sides = [open_side(str(path), folder, folder / "build") for path in (before, after)]
    return compare(*sides, store(folder))


def report(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `report diff` as a user does."""
    command = [sys.executable, "-c", "from reporter.cli import main; main()", "diff", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def rated(tmp_path_factory):
    """Return a workspace that was built, then built with another rate, and both results."""
    folder = tmp_path_factory.mktemp("rated")
    first = made(folder, formats=("html", "pdf"))
    shutil.copy(folder / "build" / "tiny" / "report.pdf", folder / "first.pdf")
    return folder, first, made(folder, ONE + "rate = 0.1\n")


def test_nothing_differs_from_itself(rated):
    """Neither from the same build, nor from what its PDF carries."""
    folder, first, _ = rated
    assert not differences(folder, first, first)
    assert not differences(folder, first, folder / "first.pdf")


def test_another_rate_changes_run_numbers_table_figure_claim_and_sentence(rated):
    """The seeds give 0.30, 0.31, 0.32, then 0.10, 0.11, 0.12: s = 0.01, twenty times over."""
    found = differences(*rated)
    assert [(one.run, one.what) for one in found.runs] == [("one", ("rate 0.3 → 0.1",))]
    (number,) = found.numbers
    assert (number.run, number.metric, number.split) == ("one", "accuracy", "test")
    assert number.before == pytest.approx({0: 0.30, 1: 0.31, 2: 0.32})
    assert number.difference == pytest.approx(-0.2)
    assert number.spread == pytest.approx(0.01)
    assert number.ratio == pytest.approx(20)
    (table,) = found.tables
    assert table.table == "Table 1, tbl-shares"
    cells = [(cell.row, cell.column, cell.before, cell.after) for cell in table.cells]
    assert cells == [("class 0", "Share", "0.3", "0.1"), ("class 1", "Share", "1.3", "1.1")]
    (figure,) = found.figures
    assert figure.figure == "Figure 1, fig-curve"
    assert figure.what == tuple(f"one.curve, seed {s}: largest difference 0.2" for s in (0, 1, 2))
    (claim,) = found.claims
    assert (claim.where, claim.before, claim.after) == (
        "sections/01-results.md:5",
        "holds",
        "broken",
    )
    assert "one/accuracy = 11.0" in claim.read_after
    accuracy, marked_claim = found.sentences
    assert accuracy.before == "The accuracy is 31.0 ± 1.0 % (n = 3)."
    assert marked_claim.after.startswith("[claim broken: one/accuracy = 11.0")


def test_other_words_are_all_that_changed(tmp_path):
    """A reworded sentence, a new one and a caption; claims are found on their new lines."""
    first = made(tmp_path)
    text = TEXT.replace("are generated", "are drawn").replace("# Results\n", "# Results\n\nNew.\n")
    found = differences(
        tmp_path, first, made(tmp_path, text=text.replace("A curve.", "The curve."))
    )
    assert [(one.before, one.after) for one in found.sentences] == [
        ("", "New."),
        ("The images are generated, see Figure 1.", "The images are drawn, see Figure 1."),
        ("Figure 1 A curve.", "Figure 1 The curve."),
    ]
    others = (found.runs, found.numbers, found.tables, found.figures, found.claims)
    assert others == ((), (), (), (), ())


def test_what_is_only_renumbered_is_told_apart(tmp_path):
    """A figure in front gives every other one the next number."""
    first = made(tmp_path)
    before = '{{ figure("one.curve", id="fig-first", caption="First.") }}\n\nThe accuracy'
    found = differences(tmp_path, first, made(tmp_path, text=TEXT.replace("The accuracy", before)))
    assert [one.figure for one in found.figures] == ["Figure 1, fig-first"]
    renumbered = [(one.before, one.after) for one in found.sentences if one.is_renumbered]
    assert renumbered == [
        (
            "The images are generated, see Figure 1.",
            "The images are generated, see Figure 2.",
        ),
        ("Figure 1 A curve.", "Figure 2 A curve."),
    ]
    assert [one.after for one in found.sentences if not one.is_renumbered] == ["Figure 1 First."]


def test_other_seeds_are_named(tmp_path):
    """Means over other seeds are compared, with the spread of both sides."""
    found = differences(
        tmp_path, made(tmp_path), made(tmp_path, ONE.replace("[0, 1, 2]", "[0, 1, 2, 8]"))
    )
    assert found.runs[0].what == ("seeds 0–2 → 0, 1, 2, 8",)
    (number,) = found.numbers  # the loss is the same with every seed
    assert number.difference == pytest.approx(0.0175)
    squares = [statistics.variance(n) for n in ([0.3, 0.31, 0.32], [0.3, 0.31, 0.32, 0.38])]
    assert number.spread == pytest.approx(math.sqrt(sum(squares) / 2))
    assert found.figures[0].what == ("one.curve: drawn over other seeds",)


def test_nan_equals_itself_and_is_no_difference(tmp_path):
    """From NaN to NaN nothing changed; from NaN to a number something did, by no amount."""
    wild = made(tmp_path, ONE + 'loss = "nan"\n')
    assert not differences(tmp_path, wild, wild)
    found = differences(tmp_path, wild, made(tmp_path))
    (number,) = found.numbers
    assert (number.metric, number.difference, number.spread) == ("loss", None, None)
    plain = _plain({"before": number.before, "after": number.after})
    assert plain == {
        "before": dict.fromkeys(range(3), "nan"),
        "after": dict.fromkeys(range(3), 0.5),
    }
    json.dumps(plain, allow_nan=False)


def test_rows_and_runs_come_and_go(tmp_path):
    """A row has its name; of a run that only one build has, no number is compared."""
    first = made(tmp_path, ONE + TWO)
    found = differences(tmp_path, first, made(tmp_path, ONE + "rows = 3\n"))
    assert [(one.run, one.what) for one in found.runs] == [
        ("one", ("rows 2 → 3",)),
        ("two", ("removed",)),
    ]
    assert [one.notes for one in found.tables] == [("row class 2 added",)]
    assert (found.numbers, found.claims, found.sentences) == ((), (), ())


def test_failed_run_is_told_once(tmp_path):
    """Its numbers, tables and figures are not called removed."""
    found = differences(tmp_path, made(tmp_path), made(tmp_path, ONE + "fails = true\n"))
    assert found.runs[0].what == ("had its result → it was to fail", "fails no → yes")
    assert (found.numbers, found.tables, found.figures) == ((), (), ())
    assert [(one.before, one.after) for one in found.claims] == [("holds", "undecided")]


def test_stored_table_is_compared_where_its_print_is_the_same(tmp_path):
    """Beyond the digits that are printed, and where no section shows it."""
    first = made(tmp_path, text="# Results\n")
    found = differences(tmp_path, first, made(tmp_path, ONE + "rate = 0.300001\n", "# Results\n"))
    assert [one.table for one in found.tables] == [f"one.shares, seed {s}" for s in (0, 1, 2)]
    assert found.tables[0].cells[0].after == 0.300001


def committed(folder: Path, *words: str) -> None:
    """Commit the sources and the lock of a workspace."""
    author = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    for command in (["init", "-q"], ["add", *words], [*author, "commit", "-q", "-m", "one"]):
        subprocess.run(["git", "-C", folder, *command], check=True)


def test_commits_of_a_foreign_folder_are_left_alone(tmp_path):
    """To unpack one, git would run the filters that the folder names."""
    folder = workspace(tmp_path / "own")
    committed(folder, "report.toml")
    foreign = folder.rename(tmp_path / "foreign")
    with pytest.raises(ReportError, match=r"may name programs for git to run; .* --trust"):
        open_side("HEAD", foreign, foreign / "build")


def test_commit_is_compared_over_what_is_stored(tmp_path):
    """Nothing is computed: the lock names the results; without them the runs are missing."""
    folder = tmp_path / "reports" / "hw"
    first = made(folder)
    committed(folder, "report.toml", "report.lock", "sections", "experiments")
    second = made(folder, ONE + "rate = 0.1\n", TEXT.replace("generated", "drawn"))
    side = open_side("HEAD", folder, folder / "build")
    assert side.name.startswith("HEAD (commit ")
    assert not compare(side, open_side(str(first), folder, folder / "build"), store(folder))
    found = compare(side, open_side(str(second), folder, folder / "build"), store(folder))
    assert (len(found.numbers), len(found.sentences), len(found.figures)) == (1, 3, 1)
    shutil.rmtree(folder / "build" / "store")
    gone = open_side("HEAD", folder, folder / "build")
    assert gone.runs["one"].error == "no stored result; build it"


def test_command_prints_what_changed_and_ends_with_one(rated):
    """The last build is B; in plain text brackets mark the words that changed."""
    folder, first, _ = rated
    done = report(folder, str(first))
    assert (done.returncode, done.stderr) == (
        1,
        "changed: 1 run, 1 number, 1 table, 1 figure, 1 claim, 2 sentences\n",
    )
    assert "- The accuracy is [-31.0-] ± 1.0 % (n = 3).\n" in done.stdout
    assert "+ The accuracy is {+11.0+} ± 1.0 % (n = 3).\n" in done.stdout
    assert "one: rate 0.3 → 0.1" in done.stdout
    assert "class 0, Share: 0.3 → 0.1" in done.stdout
    assert "-20.0 points" in done.stdout
    assert "20.0 × the spread" in done.stdout
    assert "\x1b" not in done.stdout
    plain = json.loads(report(folder, str(first), "--json").stdout)
    assert plain["numbers"][0]["difference"] == pytest.approx(-0.2)
    same = report(folder, "build/tiny", "build/tiny")
    assert (same.returncode, same.stderr) == (0, "nothing changed\n")


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("nowhere", "'nowhere' is no build with a results.json, no results.json nor PDF of one"),
        ("report.toml", "report.toml: holds no results.json of a build; build it again"),
        ("a.pdf", "a.pdf: no PDF that carries its results.json"),
        ("--help-me", "is no build with a results.json"),
    ],
)
def test_mistakes_are_one_line(tmp_path, word, told):
    """What is named may be anything."""
    workspace(tmp_path)
    (tmp_path / "a.pdf").write_bytes(b"%PDF-")
    path = tmp_path / word
    with pytest.raises(ReportError, match=told) as caught:
        open_side(str(path) if path.exists() else word, tmp_path, tmp_path / "build")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("left_out", ["report.lock", "report.toml"])
def test_commit_without_what_it_takes_is_told(tmp_path, left_out):
    """A lock that was never committed leads to no result."""
    made(tmp_path, text="# Results\n")
    names = {"report.toml", "report.lock", "sections"} - {left_out}
    committed(tmp_path, *sorted(names))
    with pytest.raises(ReportError, match=f"HEAD: the commit holds no {left_out} of "):
        open_side("HEAD", tmp_path, tmp_path / "build")


def test_results_of_an_older_version_are_compared_as_far_as_they_go(rated, tmp_path):
    """They held no text; numbers are compared, and nothing is called added."""
    folder, first, second = rated
    plain = json.loads(first.read_text())
    for name in ("text", "tables", "shows"):
        del plain[name]
    (tmp_path / "old.json").write_text(json.dumps(plain))
    found = differences(folder, tmp_path / "old.json", second)
    assert len(found.numbers) == 1
    assert (found.figures, found.sentences) == ((), ())
    assert (
        "of its text, figures and tables nothing is known"
        in report(folder, str(tmp_path / "old.json"), str(second)).stderr
    )


def _series(*values: float, label: str = "a") -> Curves:
    x = tuple(range(len(values)))
    return Curves(series=(Series(label=label, x=x, y=values),), x_label="x", y_label="y")


PIXELS = np.zeros((2, 2), dtype=np.uint8)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (_series(0.5, math.nan), _series(0.5, math.nan), ""),
        (_series(0.5, 0.25), _series(0.5, 0.75), "largest difference 0.5"),
        (_series(0.5), _series(0.5, 0.75), "1 → 2 values"),
        (_series(0.5), _series(math.nan), "between a number and none"),
        (_series(0.5), _series(0.5, label="b"), "label changed"),
        (Text(body="a"), Text(body="b"), "its text changed"),
        (_series(0.5), Text(body="b"), "Curves → Text"),
        (
            Bars(labels=("a",), values=(0.5,), y_label="y", unit="fraction"),
            Bars(labels=("a",), values=(0.52,), y_label="y", unit="fraction"),
            "largest difference 2 points",
        ),
        (
            ImageGrid(images=(PIXELS, PIXELS)),
            ImageGrid(images=(PIXELS, PIXELS + 7)),
            "1 of 2 images differ, by 7 of 255 at most",
        ),
        (ImageGrid(images=(PIXELS,)), ImageGrid(images=(PIXELS[:1],)), "1 of 1 images differ"),
    ],
)
def test_outputs_are_compared_in_words(old, new, told):
    """By what was measured; what frames it is named."""
    assert figures.change(old, new).find(told) >= 0
    assert bool(figures.change(old, new)) == bool(told)


def test_every_kind_of_output_equals_itself():
    """No kind is forgotten, and none is called changed without cause."""
    for one, other in zip(every_artifact().values(), every_artifact().values(), strict=True):
        if not hasattr(one, "state"):
            assert figures.change(one, other) == ""


def test_transcript_reads_as_the_page_without_drawing(tmp_path):
    """Text in reading order: headings without numbers, captions, items, formulas, notes, cells."""
    text = (
        "Accuracy {{ runs['one'].test_accuracy | percent }}, see @fig-a.^[A note.]\n\n"
        "- item $x^2$\n\n"
        "| a | b |\n|---|---|\n| 1 | 2 |\n\n$$\ny = 1\n$$ (eq-a)\n\n"
        '{{ figures(["one.loss", "one.names"], captions=["left", "right"], id="fig-a") }}\n\n'
        '{{ table("one.rates", caption="Rates.", id="tbl-a") }}\n\n## Below\n'
    )
    from reporter.prose.transcript import transcript

    said = transcript(compose(tmp_path, text))
    assert said["text"][0]["section"] == "results"
    assert said["text"][0]["paragraphs"] == [
        "Results",
        "Accuracy 50.0 %, see Figure 1.",
        "item x^2",
        "a | b",
        "1 | 2",
        "y = 1(1)",
        "(a) left",
        "(b) right",
        "Figure 1",
        "Table 1 Rates.",
        "Below",
        "A note.",
    ]
    assert said["tables"] == {
        "tbl-a": [["Rate", "Accuracy"], ["0.1", "51.2 %"], ["0.001", "40.0 %"]]
    }
    assert said["shows"]["fig-a"] == {"number": "1", "outputs": ("one.loss", "one.names")}
    assert not (tmp_path / "build").exists()


WORDS = st.lists(st.sampled_from(["a", "b", "c", "41.0"]), min_size=1).map(" ".join)


@given(WORDS, WORDS)
def test_marked_words_are_those_that_differ(before, after):
    """Both sentences are whole, and what is not marked is the same in both."""
    first, second = marked(before, after)
    assert "".join(text for text, _ in first) == before
    assert "".join(text for text, _ in second) == after
    kept = [[text for text, is_new in side if not is_new] for side in (first, second)]
    assert kept[0] == kept[1]


def test_only_words_that_changed_are_marked():
    """In brackets, where there is no colour."""
    assert [click.unstyle(line) for line in _pair("It is 41.0 % now.", "It is 43.2 % now.")] == [
        "- It is [-41.0-] % now.",
        "+ It is {+43.2+} % now.",
    ]
    first, _ = marked("It is 41.0 ± 1.0 % (n = 5).", "It is 43.2 ± 2.0 % (n = 3).")
    assert first == [("It is ", False), ("41.0 ± 1.0 % (n = 5", True), (").", False)]


@pytest.mark.parametrize(
    ("sides", "expected"),
    [
        (([1.0, 2.0], [3.0]), None),
        (([1.0, 2.0, 3.0], [3.0]), 1.0),
        (([1.0, 2.0, 3.0], [1.0, 3.0, 5.0]), math.sqrt((1 + 4) / 2)),
        (([1.0, 2.0, math.nan], [1.0, 3.0, 5.0]), None),
        (([2.0, 2.0, 2.0], []), 0.0),
    ],
)
def test_spread_takes_three_seeds(sides, expected):
    """By hand."""
    assert spread(*sides) == (None if expected is None else pytest.approx(expected))


def test_seeds_that_agree_leave_an_infinite_ratio():
    """There is nothing to measure the difference by."""
    change = NumberChange(
        run="a", metric="b", unit="", split=None, before={}, after={}, difference=0.1, spread=0.0
    )
    assert change.ratio == math.inf


def test_values_without_a_mean_are_printed_too():
    """Infinite and undefined ones have no spread."""
    before, after = {0: math.inf, 1: -math.inf, 2: 0.5}, {0: 0.5, 1: 0.25, 2: 0.75}
    change = NumberChange(
        run="a", metric="b", unit="", split=None, before=before, after=after,
        difference=None, spread=None,
    )  # fmt: skip
    assert _number(change)[3:] == ["0–2", "not a number", "0.5 ± 0.25", "–", ""]
    assert math.isnan(mean(before.values()))


def test_help_says_what_the_exit_codes_mean():
    """As diff has them."""
    assert "Exit code 0" in (diff_command.help or "")


def test_tables_with_the_same_name_twice_keep_all_rows():
    """The second row of a name is told as such."""
    from reporter.compare.tables import _compared

    rows = [["name", "n"], ["a", 1], ["a", 2]]
    change = _compared("t", rows, [["name", "n"], ["a", 1], ["a", 3]])
    assert [(cell.row, cell.before, cell.after) for cell in change.cells] == [("a (2)", 2, 3)]
    assert Table(columns=(Column(name="n", label="n"),), rows=()).rows == ()
