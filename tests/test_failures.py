"""What stands in the report where a run has no result: short, complete, once for neighbours."""

import html
import re
from dataclasses import replace
from pathlib import Path

import pytest

from reporter.errors import LONGEST, one_line
from reporter.prose import document, page
from reporter.prose.document import Document
from reporter.prose.failures import box
from reporter.prose.views import Finished
from tests.workspaces import every_artifact, finished, opened

ERROR = "KeyError: 'inner' (toy.py:55)"
NOT_RUN = "not run, because bad failed"
RUNS = {
    "one": finished("one", every_artifact()),
    "bad": replace(finished("bad", error=ERROR), log="logs/bad-seed-0.log"),
    "late": finished("late", error=NOT_RUN),
    "later": finished("later", error=NOT_RUN),
}
TABLES = "".join(f'[runs.{name}]\nexperiment = "toy"\n' for name in RUNS)
BAD = 'runs["bad"].test_accuracy'


def _compose(folder: Path, *texts: str) -> Document:
    """Compose a section of each text."""
    sections = {f"0{i}-part-{i}.md": f"# Part\n\n{text}\n" for i, text in enumerate(texts, 1)}
    return document.compose(opened(folder, sections, TABLES), RUNS, folder / "build/figures")


def _html(composed: Document) -> str:
    return "".join(composed.set(chapter.html) for chapter in composed.chapters)


def _boxes(shown: str) -> list[str]:
    """Return the text of every box."""
    found = re.findall(r'<div class="failed" role="note">(.*?)</div>', shown, re.DOTALL)
    return [html.unescape(re.sub("<[^>]+>", "", one.replace("</p><p>", " / "))) for one in found]


FULL = f"run bad failed. {ERROR}; log: logs/bad-seed-0.log"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('{{ figure("bad.loss", caption="L.") }}', "Figure missing"),
        ('{{ table("bad.rates", caption="R.") }}', "Table missing"),
        ('{{ listing("bad.printed", caption="P.") }}', "Listing missing"),
        ('{{ observe(runs["bad"]) }}', "[claim undecided] Nothing observed"),
        ('{{ observe(runs["one"], runs["bad"]) }}', "[claim undecided] Nothing observed"),
        (f"It is {{{{ {BAD} }}}}.", "Values missing"),
        (f"- one\n- {{{{ {BAD} }}}}\n- two", "Values missing"),
        (f"> It is {{{{ {BAD} | percent }}}}.", "Values missing"),
        (f"| a | b |\n|---|---|\n| 1 | {{{{ {BAD}.best.epoch }}}} |", "Values missing"),
        ('{{ compare(["one", "bad"], ["test_accuracy"], caption="C.") }}', "Values missing"),
    ],
)
def test_every_use_names_run_error_and_log(tmp_path: Path, text: str, what: str) -> None:
    """One box, whichever way the run is used."""
    assert _boxes(_html(_compose(tmp_path, text))) == [f"{what}: {FULL}"]


def test_values_of_a_run_are_told_once_in_a_section(tmp_path: Path) -> None:
    """After the first paragraph that lacks them, while a dash stands for each."""
    one, best, epoch = (f"{{{{ {BAD}{name} }}}}" for name in ("", ".best", ".epoch"))
    shown = _html(_compose(tmp_path, f"Of {one}, {best} and {epoch}.\n\nThen {one}.", f"So {one}."))
    assert _boxes(shown) == [f"Values missing: {FULL}"] * 2
    assert shown.count(">—<") == 5
    assert re.search(r"</p>\s*<div class=\"failed\".*?</div>\s*<p>Then", shown, re.DOTALL)


def test_a_value_in_a_question_is_told_in_its_answer(tmp_path: Path) -> None:
    """The box stands where the dash stands."""
    sections = {"01-part.md": '# Part\n\n{{ question("q-a") }}\n'}
    report = opened(tmp_path, sections, TABLES)
    (tmp_path / "questions.md").write_text(f"## q-a\n\nHow?\n\n### Answer\n\n{{{{ {BAD} }}}}\n")
    shown = _html(document.compose(report, RUNS, tmp_path / "build/figures"))
    assert _boxes(shown[shown.index('class="answer"') :]) == [f"Values missing: {FULL}"]


def test_runs_that_were_not_run_for_one_reason_share_a_line(tmp_path: Path) -> None:
    """The table shows the other rows, and marks those that are lost."""
    text = '{{ compare(["one", "bad", "late", "later"], ["test_accuracy"], caption="C.") }}'
    shown = _html(_compose(tmp_path, text))
    told = "runs late and later were not run, because bad failed."
    assert _boxes(shown) == [f"Values missing: {FULL} / {told}"]
    rows = re.findall(r"<td>(.*?)</td>", shown)
    marked = [re.sub("<[^>]+>", "", row) for row in rows]
    assert marked == ["one", "bad failed", "late not run", "later not run"]
    assert "50.0" in shown


def test_a_figure_of_several_runs_draws_the_others_and_says_which_are_lost(tmp_path: Path) -> None:
    """Each panel keeps its letter; the reason stands once below all."""
    names = '["one.loss", "bad.loss", "late.loss"]'
    text = f'{{{{ figures({names}, captions=["a", "b", "c"], id="fig-x") }}}}\n\nSee @fig-x.b.'
    shown = _html(_compose(tmp_path, text))
    assert shown.count("<img") == 1
    assert re.findall(r'<div class="lost">(.*?)</div>', shown) == [
        "run bad<br>failed",
        "run late<br>not run",
    ]
    assert _boxes(shown) == [f"Figure (b), (c) missing: {FULL} / run late was {NOT_RUN}."]
    assert 'href="#fig-x.b">Figure\N{NO-BREAK SPACE}1b</a>' in shown


def test_markup_in_an_error_is_text() -> None:
    """Nothing of it is read as HTML; a run with its result needs no box."""
    run = Finished(name="x", jobs=(), results=(), error="<b>&", log="logs/x.log")
    assert "&lt;b&gt;&amp;; log:" in box("Figure", [run])
    assert box("Figure", [RUNS["one"]]) == ""


def test_a_long_message_of_a_run_is_cut() -> None:
    """It has one line, and the log has the rest."""
    assert one_line("a\n  b") == "a b"
    assert one_line("a" * LONGEST) == "a" * LONGEST
    assert one_line("a " * LONGEST) == "a " * (LONGEST // 2 - 1) + "a…"


def test_the_appendix_says_why_and_where(tmp_path: Path) -> None:
    """Of a run that failed and of one that was not run."""
    whole = page.whole(_compose(tmp_path, "Text."))
    found = re.findall(r'<p class="given missing">(.*?)</p>', whole)
    log = '<span class="log">logs/bad-seed-0.log</span>'
    assert [html.unescape(one) for one in found] == [f"{ERROR}; log: {log}", NOT_RUN, NOT_RUN]
