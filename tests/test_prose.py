"""Sections over results: claims, references, values in every place, and what is wrong with them."""

import base64
import html
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from reporter.artifacts import Metric, Reading, Result, Table, Text
from reporter.check import of_text
from reporter.errors import ReportError
from reporter.prose import appendix, document, page
from reporter.prose.document import Document
from reporter.prose.needs import needed_runs
from reporter.prose.styles import THIN
from reporter.prose.views import Finished
from tests.workspaces import accuracy, every_artifact, finished, opened

RUNS = "".join(f'[runs.{name}]\nexperiment = "toy"\n' for name in ("one", "two", "bad"))


def _every() -> dict[str, Finished]:
    return {
        "one": finished("one", every_artifact()),
        "two": finished("two", Result(test_accuracy=accuracy(0.3, 0.2))),
        "bad": finished("bad", error="loss is nan; lower the rate"),
    }


def _compose(
    folder: Path,
    text: str | Mapping[str, str],
    runs: Mapping[str, Finished] | None = None,
    **files: str,
) -> Document:
    """Compose one section's text below its title, or several sections as they are."""
    sections = {"01-results.md": f"# Results\n\n{text}\n"} if isinstance(text, str) else text
    report = opened(folder, sections, RUNS)
    for name, content in files.items():
        ending = "bib" if name == "references" else "md"
        (folder / f"{name}.{ending}").write_text(content)
    return document.compose(report, _every() if runs is None else runs, folder / "build/figures")


def _html(composed: Document) -> str:
    return "".join(composed.set(chapter.html) for chapter in composed.chapters)


def _text(composed: Document) -> str:
    """Return what a reader sees, without elements."""
    plain = html.unescape(re.sub(r"<[^>]+>", "", _html(composed)))
    return " ".join(plain.split())


def _problems(composed: Document) -> list[tuple[str, str]]:
    return [(Path(problem.where).name, problem.message) for problem in composed.problems]


def _error(folder: Path, text: str, **files: str) -> str:
    """Return the message of a text that can't be composed; its place is told with its line."""
    with pytest.raises(ReportError) as caught:
        _compose(folder, text, **files)
    message = str(caught.value)
    assert "\n" not in message
    return message.replace(f"{folder / 'sections'}/", "")


CLAIM = """\
{% claim runs["one"].test_accuracy > runs["two"].test_accuracy %}
One is better, by {{ diff(runs["one"].test_accuracy, runs["two"].test_accuracy) | points }}.
{% else %}
Two is at least as good.
{% endclaim %}
"""
BROKEN = """\
{% claim runs["one"].test_accuracy < runs["two"].test_accuracy %}
Two is better.
{% endclaim %}
"""


def test_a_claim_that_holds_shows_its_sentence(tmp_path: Path) -> None:
    """Nothing marks it; the verdict is kept with file and line."""
    composed = _compose(tmp_path, CLAIM)
    assert _text(composed) == "1 Results One is better, by 30.0 points."
    (claim,) = composed.claims
    assert claim.verdict == "holds"
    assert claim.where == "sections/01-results.md:3"
    assert composed.broken == ()


def test_a_claim_that_fails_shows_its_other_branch(tmp_path: Path) -> None:
    """With an else the text is right either way, so nothing is broken."""
    composed = _compose(tmp_path, CLAIM.replace(" > ", " < "))
    assert _text(composed) == "1 Results Two is at least as good."
    assert [claim.verdict for claim in composed.claims] == ["fails"]
    assert composed.broken == ()


def test_a_claim_that_fails_without_another_branch_is_broken(tmp_path: Path) -> None:
    """It is marked in the text, and told with file, line and both values."""
    composed = _compose(tmp_path, BROKEN)
    (claim,) = composed.broken
    assert claim.where == "sections/01-results.md:3"
    reading = "one/test_accuracy = 50.0 %, two/test_accuracy = 20.0 %"
    assert claim.reading.replace("\u202f", " ") == reading
    assert f"[claim broken: {reading}] Two is better." in _text(composed)
    assert '<span class="claim broken">' in _html(composed)


def test_a_broken_claim_is_told_on_page_one(tmp_path: Path) -> None:
    """A draft says on its cover that its results contradict it."""
    assert "Broken claims: 1." in page.whole(_compose(tmp_path, BROKEN))
    assert "Broken claims" not in page.whole(_compose(tmp_path, CLAIM))


@pytest.mark.parametrize(("least", "shown"), [("0", "More."), ("1", "Less.")])
def test_a_draft_shows_the_sentence_that_fits(tmp_path: Path, least: str, shown: str) -> None:
    """Over quick numbers, too, the branch that they would choose stands there, with its mark."""
    runs = _every()
    runs["one"] = finished("one", every_artifact(), notes=("short quick settings",))
    claim = (
        f'{{% claim runs["one"].test_accuracy > {least} %}}More.{{% else %}}Less.{{% endclaim %}}'
    )
    assert _text(_compose(tmp_path, claim, runs)).count(f"[claim not judged] {shown}") == 1


def test_claims_inside_claims_are_marked_once(tmp_path: Path) -> None:
    """In a draft; two sentences in a row keep a mark each."""
    runs = _every()
    runs["one"] = finished("one", every_artifact(), notes=("short quick settings",))
    inner = '{% claim runs["one"].test_accuracy > 0 %}A.{% else %}B.{% endclaim %}'
    outer = f'{{% claim runs["one"].test_accuracy > 1 %}}C.{{% else %}}\n{inner}\n{{% endclaim %}}'
    text = _text(_compose(tmp_path, f"{outer}\n{inner}", runs))
    assert text.count("[claim not judged] A.") == text.count("[claim not judged]") == 2


@pytest.mark.parametrize("text", [CLAIM, BROKEN])
def test_a_claim_over_a_stand_in_is_not_judged(tmp_path: Path, text: str) -> None:
    """Quick numbers neither hold nor break a claim, and the text says so."""
    runs = _every()
    runs["one"] = finished("one", every_artifact(), notes=("short quick settings",))
    composed = _compose(tmp_path, text, runs)
    assert [claim.verdict for claim in composed.claims] == ["not judged"]
    assert "[claim not judged]" in _text(composed)
    assert composed.broken == ()
    assert composed.notes == ("short quick settings",)
    assert "made with short quick settings" in page.whole(composed)


@pytest.mark.parametrize(
    "condition",
    [
        'runs["bad"].test_accuracy > runs["two"].test_accuracy',
        'runs["two"].test_accuracy > runs["bad"].test_accuracy.best',
        'not runs["bad"].test_accuracy > 0.5',
        'diff(runs["one"].test_accuracy, runs["bad"].test_accuracy) > 0',
        'clearly_above(runs["one"].test_accuracy, runs["bad"].test_accuracy)',
        'runs["bad"].rates[0].acc > 0.1',
    ],
)
def test_a_claim_over_a_failed_run_is_undecided(tmp_path: Path, condition: str) -> None:
    """Whichever way the missing value is read."""
    composed = _compose(tmp_path, f"{{% claim {condition} %}}A sentence.{{% endclaim %}}")
    assert [claim.verdict for claim in composed.claims] == ["undecided"]
    assert "[claim undecided] A sentence." in _text(composed)
    assert composed.broken == ()


def test_a_claim_forgets_what_an_earlier_one_read(tmp_path: Path) -> None:
    """An undecided claim leaves the next one as it is."""
    undecided = '{% claim runs["bad"].test_accuracy > 0 %}A.{% endclaim %}\n\n'
    composed = _compose(tmp_path, undecided + CLAIM)
    assert [claim.verdict for claim in composed.claims] == ["undecided", "holds"]


TWO = {
    "01-first.md": """\
# First

See @fig-loss, @tbl-one-rates, @sec-second, @sec-deep, @eq-w, @lst-one-printed and @fig-names.

{{ figure("one.names", id="fig-names", caption="Names.") }}
""",
    "02-second.md": """\
# Second

{{ figure("one.loss", id="fig-loss", caption="Loss.") }}
{{ table("one.rates", caption="Rates.") }}
{{ listing("one.printed", caption="Output.") }}

$$
w = 1
$$ (eq-w)

## Deep {#sec-deep}
""",
}


def test_references_know_what_comes_later(tmp_path: Path) -> None:
    """Each kind is counted by itself in reading order, over all sections."""
    composed = _compose(tmp_path, TWO)
    shown = _text(composed).replace("\xa0", " ")
    expected = "See Figure 2, Table 1, Section 2, Section 2.1, Equation 1, Listing 1 and Figure 1."
    assert expected in shown
    assert composed.problems == ()
    set_ = _html(composed)
    targets = re.findall(r'href="#((?!run-)[^"]+)"', set_)
    assert len(targets) == 7
    assert all(f'id="{target}"' in set_ for target in targets)
    assert "(1)" in shown


def test_a_section_by_itself_keeps_the_numbers_of_the_whole(tmp_path: Path) -> None:
    """It shows its own text only, with section and figure numbers as in the report."""
    alone = page.section(_compose(tmp_path, TWO), "second").replace("\xa0", " ")
    assert '<span class="secnum">2</span> Second' in alone
    assert '<span class="label">Figure 2</span> Loss.' in alone
    assert "First" not in alone


def test_headings_are_in_the_table_of_contents(tmp_path: Path) -> None:
    """With number, id and text, values included."""
    composed = _compose(tmp_path, '## At {{ runs["one"].test_accuracy }}\n\n## Next')
    headings = [heading for chapter in composed.chapters for heading in chapter.headings]
    assert [(h.level, h.number, h.text.replace("\u202f", " ")) for h in headings] == [
        (1, "1", "Results"),
        (2, "1.1", "At 50.0 %"),
        (2, "1.2", "Next"),
    ]
    assert len({heading.id for heading in headings}) == 3
    whole = page.whole(composed)
    assert all(f'href="#{heading.id}"' in whole for heading in headings)
    assert re.search(
        r'<h3>.*At <data [^>]*data-source="one/test_accuracy">50\.0.%</data></h3>', whole
    )


def test_a_reference_that_leads_nowhere_is_a_problem(tmp_path: Path) -> None:
    """The problem names file, line and the nearest that is there."""
    text = 'See @fig-los.\n\n{{ figure("one.loss", id="fig-loss", caption="Loss.") }}'
    composed = _compose(tmp_path, text)
    expected = "reference @fig-los leads nowhere; did you mean 'fig-loss'?"
    assert _problems(composed) == [("01-results.md:3", expected)]
    assert '<span class="missing">@fig-los?</span>' in _html(composed)


def test_a_mail_address_is_no_reference(tmp_path: Path) -> None:
    """Only an @ that begins a word refers."""
    composed = _compose(tmp_path, r"Write to a@fig-b.org, or \@fig-none.")
    assert composed.problems == ()


def test_two_things_with_one_id_are_a_problem(tmp_path: Path) -> None:
    """The remedy is another id."""
    place = '{{ table("one.rates", caption="Rates.") }}\n'
    found = _problems(_compose(tmp_path, place * 2))
    assert found == [
        ("01-results.md:4", "a second 'tbl-one-rates'; remove one, or give it another id")
    ]


BIB = """\
@article{alpha, author = {Ann Able}, title = {First things}, journal = {J}, year = {2001}}
@article{beta, author = {Bob Best}, title = {Second things}, journal = {J}, year = {2002}}
@article{gamma, author = {Cy Care}, title = {Third things}, journal = {J}, year = {2003}}
"""


def test_citations_are_numbered_in_the_order_of_the_text(tmp_path: Path) -> None:
    """Only what is cited is listed, in that order."""
    text = "One [@beta]. Two [@beta; @alpha]. Three [@beta]."
    composed = _compose(tmp_path, text, references=BIB)
    assert "One [1]. Two [1, 2]. Three [1]." in _text(composed)
    assert [entry.key for entry in composed.references] == ["beta", "alpha"]
    assert "Second things" in composed.references[0].html
    whole = page.whole(composed)
    assert whole.index('id="ref-beta"') < whole.index('id="ref-alpha"')
    assert "Third things" not in whole


def test_an_unknown_citation_is_a_problem(tmp_path: Path) -> None:
    """It is marked in the text and told with its line; the others keep their numbers."""
    composed = _compose(tmp_path, "See [@betta; @alpha].", references=BIB)
    assert len(composed.problems) == 1
    name, message = _problems(composed)[0]
    assert name == "01-results.md:3"
    assert message.startswith("no reference is called @betta")
    assert "[1, betta?]" in _text(composed)


def test_a_bibliography_that_does_not_parse_is_told(tmp_path: Path) -> None:
    """The line names the file."""
    assert "references.bib" in _error(tmp_path, "See [@a].", references="@article{a, title = ")


WRONG = {
    "undefined name": ("{{ nothing }}", "'nothing' is undefined"),
    "unknown run": (
        '{{ runs["oen"].test_accuracy }}',
        "no run is called 'oen'; did you mean 'one'?",
    ),
    "unknown metric": (
        '{{ runs["one"].test_acuracy }}',
        "run 'one' has no 'test_acuracy'; did you mean 'test_accuracy'?",
    ),
    "unknown parameter": (
        '{{ runs["one"].parameters.rat }}',
        "run 'one' has no parameter 'rat'; did you mean 'rate'?",
    ),
    "unknown reading": ('{{ runs["one"].test_accuracy.bets }}', ""),
    "unknown figure": (
        '{{ figure("one.los", caption="x") }}',
        "run 'one' has no 'los'; did you mean 'loss'?",
    ),
    "unknown run of a figure": (
        '{{ figure("oen.loss", caption="x") }}',
        "no run is called 'oen'; did you mean 'one'?",
    ),
    "figure without a run": (
        '{{ figure("loss", caption="x") }}',
        "'loss' should look like \"run.artifact\"",
    ),
    "figure without a caption": ('{{ figure("one.loss") }}', ""),
    "table as figure": ('{{ figure("one.rates", caption="x") }}', "figure: 'one.rates' is a Table"),
    "figure as table": (
        '{{ table("one.loss", caption="x") }}',
        "table: 'one.loss' is a Curves; use figure",
    ),
    "figure as listing": ('{{ listing("one.loss") }}', "listing: 'one.loss' is a Curves, no text"),
    "figure as value": ('{{ runs["one"].loss }}', "one/loss: is a Curves, no value; show it with"),
    "captions of another count": (
        '{{ figures(["one.loss", "one.names"], captions=["a"]) }}',
        "figures: 2 figures, but 1 captions",
    ),
    "more parts than letters": (
        '{{ figures(["one.loss"] * 27, caption="x") }}',
        "figures: 27 figures have no letters; place some apart",
    ),
    "unknown question": ('{{ question("q-x") }}', "no question is called 'q-x'"),
    "unknown filter": ('{{ runs["one"].test_accuracy | percnt }}', "template syntax: "),
    "broken tag": ("{% claim %}x{% endclaim %}", "template syntax: "),
    "claim without end": ("{% claim 1 > 0 %}x", "template syntax: "),
    "arithmetic": ('{{ runs["one"].test_accuracy * 100 }}', "unsupported operand"),
    "division by zero": ("{{ 1 / 0 }}", ""),
    "no figure at all": ('{{ figures([], caption="x") }}', ""),
    "endless range": ("{{ range(10 ** 7) | length }}", ""),  # Jinja's own sandbox stops at 100 000
    "digits that are none": ('{{ runs["one"].test_accuracy | percent("x") }}', ""),
    "classes": ("{{ ''.__class__.__mro__ }}", ""),
    "inner parts": ('{{ runs["one"].test_accuracy.desk }}', ""),
    "private parts": ("{{ runs._finished }}", ""),
    "globals": ("{{ figure.__globals__ }}", ""),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_in_a_template_is_told_with_file_and_line(tmp_path: Path, case: str) -> None:
    """Typing errors get the nearest name; the sandbox keeps everything else shut."""
    text, expected = WRONG[case]
    assert _error(tmp_path, f"One.\n\n{text}").startswith(f"01-results.md:5: {expected}")


def test_an_error_in_an_answer_is_told_where_it_stands(tmp_path: Path) -> None:
    """The line of questions.md is named, whatever section places the question."""
    questions = "## q-a\n\nWhy?\n\n### Answer\n\nBecause of\n{{ nothing }}.\n"
    message = _error(tmp_path, '{{ question("q-a") }}', questions=questions)
    assert message.endswith(f"{tmp_path / 'questions.md'}:8: 'nothing' is undefined")


def test_raw_html_is_shown_as_text(tmp_path: Path) -> None:
    """No element of an author gets into the page, neither by Markdown nor by a value."""
    runs = _every()
    runs["one"] = finished(
        "one", Result(rates=Table(columns=(), rows=())), parameters={"p": "<i>x"}
    )
    text = '<b>bold</b> {{ runs["one"].parameters.p }} {{ "<u>" }}\n\n<script>alert(1)</script>'
    shown = _html(_compose(tmp_path, text, runs))
    assert "&lt;b&gt;bold&lt;/b&gt;" in shown
    assert not re.search(r"<(b|i|u|script)>", shown)


def test_markdown_in_a_value_is_text(tmp_path: Path) -> None:
    """A class called *x* is not set in italics."""
    runs = _every()
    runs["one"] = finished("one", Result(a=Metric(value=1.0)), parameters={"p": "*x* @fig-a [@b]"})
    composed = _compose(tmp_path, '{{ runs["one"].parameters.p }}', runs)
    assert "*x* @fig-a [@b]" in _text(composed)
    assert composed.problems == ()


VALUE = '{{ runs["one"].test_accuracy.selected }}'
ELEMENT = '<data value="0.5" data-source="one/test_accuracy/selected">50.0\u202f%</data>'


@pytest.mark.parametrize(
    "text",
    [
        f"It is {VALUE}.",
        f"## At {VALUE}",
        f"| a | b |\n|---|---|\n| x | {VALUE} |",
        f"- **{VALUE}**",
        f"> {VALUE}",
        f"A note.[^1]\n\n[^1]: It is {VALUE}.",
        '{{ figure("one.loss", caption="At " ~ runs["one"].test_accuracy.selected) }}',
        '{{ table("one.rates", caption="At " ~ runs["one"].test_accuracy.selected) }}',
        '{{ listing("one.printed", caption="At " ~ runs["one"].test_accuracy.selected) }}',
        '{{ compare(["one"], ["test_accuracy.selected"], caption="x") }}',
        '{% claim runs["one"].test_accuracy > 0 %}It is ' + VALUE + ".{% endclaim %}",
    ],
)
def test_a_value_is_traceable_wherever_it_stands(tmp_path: Path, text: str) -> None:
    """Text, headings, tables, lists, notes, captions and claims hold the same element."""
    assert ELEMENT in _html(_compose(tmp_path, text))


def test_a_value_in_an_alternative_text_is_plain(tmp_path: Path) -> None:
    """An attribute can't hold an element, so it holds what the reader sees."""
    runs = {"one": finished("one", every_artifact())}
    grid = runs["one"].results[0].result["mistakes"]
    object.__setattr__(grid, "labels", ())
    text = '{{ figure("one.mistakes", caption="x", alt="At " ~ runs["one"].test_accuracy) }}'
    assert '<img alt="At 50.0 %"' in _html(_compose(tmp_path, text, runs)).replace("\u202f", " ")


def test_cells_of_a_placed_table_are_traceable(tmp_path: Path) -> None:
    """Each names run, table, row and column."""
    shown = _html(_compose(tmp_path, '{{ table("one.rates", caption="Rates.") }}'))
    assert '<data value="0.5123" data-source="one/rates/0/acc">51.2\u202f%</data>' in shown
    assert '<th scope="col" class="number">Accuracy</th>' in shown


def test_a_comparison_has_a_row_for_each_run(tmp_path: Path) -> None:
    """A failed run's row holds marks, the others their values."""
    text = """\
{{ compare({"one": "first", "bad": "failed"},
           {"test_accuracy": "test", "test_accuracy.epoch": "epoch"},
           caption="All.", first="net") }}
"""
    composed = _compose(tmp_path, text)
    assert "net test epoch".replace(" ", "") in _text(composed).replace(" ", "")
    rows = re.findall(r"<tr><td>(.*?)</tr>", _html(composed))
    cells = [re.sub(r"<[^>]+>", "|", row).replace("\u202f", " ").strip("|") for row in rows]
    shown = [re.sub(r"\|+", "|", row) for row in cells]
    assert shown == ["first|50.0 %|2", "failed |no result|—|—"]


def test_settings_say_once_what_runs_share(tmp_path: Path) -> None:
    """Only what differs stands in the rows."""
    runs = {
        "one": finished("one", every_artifact(), parameters={"rate": 0.1, "epochs": 1000}),
        "two": finished("two", every_artifact(), parameters={"rate": 0.5, "epochs": 1000}),
    }
    composed = _compose(tmp_path, '{{ settings(["one", "two"], caption="S.") }}', runs)
    shown = _html(composed)
    assert "The same in all: epochs" in _text(composed)
    assert "1\u202f000" in shown
    assert shown.count("<tr><td>") == 1
    assert 'data-source="two/parameters/rate">0.5</data>' in shown


def test_several_figures_stand_as_parts_of_one(tmp_path: Path) -> None:
    """(a) and (b) with their own captions, one number."""
    text = """\
{{ figures(["one.loss", "one.names"], captions=["a loss", "some names"],
           caption="Both.", id="fig-x") }}
"""
    composed = _compose(tmp_path, text)
    shown = _html(composed)
    assert re.findall(r'<div class="sub"><span class="label">(\(.\))</span> ([^<]+)<', shown) == [
        ("(a)", "a loss"),
        ("(b)", "some names"),
    ]
    assert shown.count("<figure ") == 1
    assert shown.count("<img ") == 2
    assert '<figure id="fig-x"' in shown


def test_a_figure_of_a_failed_run_is_a_box_with_the_error(tmp_path: Path) -> None:
    """Figure, table and listing keep their numbers and say what failed; the rest is there."""
    text = """\
{{ figure("bad.loss", caption="Loss.") }}
{{ table("bad.rates", caption="Rates.") }}
{{ listing("bad.printed", caption="Output.") }}
It is {{ runs["bad"].test_accuracy }}. See @fig-bad-loss.
"""
    composed = _compose(tmp_path, text)
    shown = _text(composed).replace("\xa0", " ")
    for kind in ("Figure", "Table", "Listing"):
        assert f"{kind} missing: run bad. loss is nan; lower the rate" in shown
        assert f"{kind} 1" in shown
    assert "It is —. See Figure 1." in shown
    assert composed.problems == ()
    assert "Without a result: bad." in page.whole(composed)


def test_a_figure_has_an_alternative_text(tmp_path: Path) -> None:
    """It says in words what is drawn; labelled images say their labels."""
    text = '{{ figure("one.loss", caption="Loss.") }}\n{{ figure("one.mistakes", caption="M.") }}'
    shown = _html(_compose(tmp_path, text))
    words = "Training loss (nats) over 2 iterations: at rate 0.1 it falls from 1.5 to 0.5"
    assert f'alt="{words}"' in shown
    assert 'alt="true: dog cat 61 %"' in shown
    assert f"true: dog<br>cat 61{THIN}%" in shown


def test_an_alternative_text_of_the_author_wins(tmp_path: Path) -> None:
    """For all panels, or one for each; images with labels become a group of that name."""
    names = '["one.loss", "one.names"]'
    text = f"{{{{ figures({names}, caption='C', alt='Mine') }}}}\n"
    text += f"{{{{ figures({names}, caption='C', alt=['A', ''], id='fig-b') }}}}\n"
    text += '{{ figure("one.mistakes", caption="M", alt="Wrong ones") }}'
    shown = _html(_compose(tmp_path, text))
    alts = re.findall(r'<img alt="([^"]*)"', shown)
    generated = "Share: dog 50.0 %, cat 25.0 %"
    assert alts == ["Mine", "Mine", "A", generated, "true: dog cat 61 %"]
    assert 'role="group" aria-label="Wrong ones"' in shown


def test_the_number_of_alternative_texts_is_checked(tmp_path: Path) -> None:
    """As that of captions is."""
    text = '{{ figures(["one.loss", "one.names"], alt=["A"]) }}'
    told = "01-results.md:3: figures: 2 figures, but 1 alts; give one each"
    assert _error(tmp_path, text) == told


def test_a_figure_without_alternative_text_is_a_problem(tmp_path: Path) -> None:
    """Images without description and labels have the caption; without that, it is told where."""
    grid = replace(every_artifact()["filters"], description="")
    runs = {"one": finished("one", Result(filters=grid))}
    composed = _compose(tmp_path, '{{ figures(["one.filters"]) }}', runs)
    assert composed.problems[0].where.startswith("sections/01-results.md")
    assert "figure 'one.filters' has no alt text" in composed.problems[0].message
    assert [(one.where, one.told) for one in of_text(composed)] == [
        (problem.where, problem.message) for problem in composed.problems
    ]
    assert len(composed.problems) == 1
    fine = _compose(tmp_path, '{{ figures(["one.filters"], caption="Two filters.") }}', runs)
    assert fine.problems == ()
    assert 'alt="Two filters."' in _html(fine)


def test_a_drawn_figure_is_kept_and_the_same_again(tmp_path: Path) -> None:
    """The second composition reads the first one's files."""
    text = '{{ figure("one.confusion", caption="C.") }}'
    first = _html(_compose(tmp_path, text))
    (kept,) = (tmp_path / "build/figures").iterdir()
    time = kept.stat().st_mtime_ns
    assert _html(_compose(tmp_path, text)) == first
    assert kept.stat().st_mtime_ns == time
    svg = base64.b64decode(re.search(r"svg\+xml;base64,([^\"]+)", first)[1])
    assert svg == kept.read_bytes()


def test_a_listing_is_set_as_it_was_printed(tmp_path: Path) -> None:
    """Spaces and signs of a program's output are kept."""
    runs = {"one": finished("one", Result(out=Text(body="a  <b>\n  c -- 'd'\n", language="text")))}
    shown = _html(_compose(tmp_path, '{{ listing("one.out") }}', runs))
    assert "<b>" not in shown
    assert "a  <b>\n  c -- 'd'\n" in html.unescape(shown)


QUESTIONS = """\
# Questions

## q-a {points=2 bonus}

What is *it*?

### Answer

It is {{ runs["one"].test_accuracy.selected }}, see @q-b.

## q-b

Open?

### Answer

## q-c {points=1}

No heading?
"""


def test_a_question_stands_with_its_answer(tmp_path: Path) -> None:
    """Number, points and bonus are said; values in answers are traceable."""
    composed = _compose(
        tmp_path, '{{ question("q-a") }}\n{{ question("q-b") }}', questions=QUESTIONS
    )
    shown = _text(composed).replace("\xa0", " ").replace("\u202f", " ")
    assert "Question 1 (2 points, bonus)What is it?" in shown.replace(") What", ")What")
    assert "It is 50.0 %, see Question 2." in shown
    assert ELEMENT in _html(composed)
    assert "<em>it</em>" in _html(composed)


def test_a_question_without_an_answer_is_a_problem(tmp_path: Path) -> None:
    """An empty answer and none are the same; the line is that of the question."""
    composed = _compose(
        tmp_path, '{{ question("q-b") }}\n{{ question("q-c") }}', questions=QUESTIONS
    )
    assert _problems(composed) == [
        ("questions.md:11", "question 'q-b' has no answer yet"),
        ("questions.md:17", "question 'q-c' has no answer yet"),
        (
            "questions.md:3",
            "question 'q-a' of questions.md is placed nowhere; add {{ questions() }}",
        ),
    ]
    assert _text(composed).count("This question is not answered yet.") == 2


def test_the_settings_of_one_run_stand_in_two_columns(tmp_path: Path) -> None:
    """Five parameters and the seeds take three rows."""
    one = finished("one", every_artifact(), parameters=dict.fromkeys("abcde", 1))
    html = _html(_compose(tmp_path, '{{ settings(["one"], caption="S.") }}', {"one": one}))
    assert html.count("<tr>") == 1 + 3
    rows = re.findall(r"<tr>(.*?)</tr>", html)
    assert [re.sub("<[^>]*>", " ", row).split() for row in rows[1:]] == [
        ["a", "1", "d", "1"], ["b", "1", "e", "1"], ["c", "1", "seeds", "0"],
    ]  # fmt: skip


def test_a_section_may_begin_with_a_block_of_settings(tmp_path: Path) -> None:
    """Its title stands for a heading, and line numbers of errors stay those of the file."""
    text = '+++\ntitle = "From the block"\nruns = ["one"]\n+++\n\nText.\n'
    composed = _compose(tmp_path, {"01-a.md": text})
    assert _text(composed) == "1 From the block Text."
    with pytest.raises(ReportError) as caught:
        _compose(tmp_path / "b", {"01-a.md": text + "{{ nothing }}\n"})
    assert str(caught.value).endswith("01-a.md:7: 'nothing' is undefined")


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        (
            {"01-a.md": '+++\ntitel = "x"\n+++\n'},
            "01-a.md: the block between +++: unknown key 'titel'",
        ),
        ({"01-a.md": "+++\ntitle = \n+++\n"}, "01-a.md: the block between +++ is not valid TOML"),
        ({"01-a.md": "No heading.\n"}, "01-a.md: has no title; begin it with # Title"),
        (
            {"01-a.md": "# A\n", "02-a.md": "# B\n"},
            "02-a.md: section 'a' is also 01-a.md; rename one",
        ),
    ],
)
def test_a_bad_section_file_is_told(
    tmp_path: Path, sections: dict[str, str], expected: str
) -> None:
    """The line names the file and the remedy."""
    with pytest.raises(ReportError) as caught:
        _compose(tmp_path, sections)
    assert str(caught.value).startswith(f"{tmp_path / 'sections'}/{expected}")


def test_a_section_needs_the_runs_that_it_names(tmp_path: Path) -> None:
    """In values, figures, claims and the answers it places; its +++ block has the last word."""
    sections = {
        "01-a.md": '# A\n\n{{ figure("one.loss", caption="x") }}\n',
        "02-b.md": '# B\n\n{{ question("q-a") }} {{ runs["two"].test_accuracy }}\n',
        "03-c.md": '+++\nruns = ["bad"]\n+++\n# C\n\n{{ runs["one"].test_accuracy }}\n',
    }
    report = opened(tmp_path, sections, RUNS)
    (tmp_path / "questions.md").write_text(
        '## q-a\n\n### Answer\n\n{{ runs["bad"].test_accuracy }}\n'
    )
    assert needed_runs(report, []) is None
    assert needed_runs(report, ["a"]) == ("one",)
    assert needed_runs(report, ["b"]) == ("two", "bad")
    assert needed_runs(report, ["c"]) == ("bad",)
    with pytest.raises(ReportError, match="no section is called 'aa'; did you mean 'a'"):
        needed_runs(report, ["aa"])


def test_template_syntax_is_checked_before_any_run(tmp_path: Path) -> None:
    """Asking which runs are needed reads every section."""
    report = opened(tmp_path, {"01-a.md": "# A\n", "02-b.md": "# B\n\n{% claim %}\n"}, RUNS)
    with pytest.raises(ReportError, match=r"02-b\.md:3: template syntax: "):
        needed_runs(report, ["a"])


def test_a_formula_is_an_image_with_its_tex(tmp_path: Path) -> None:
    """In a line, by itself, and in a caption."""
    text = r"""Inline $\hat y = 1$.

$$
\sum_i w_i
$$

{{ figure("one.loss", caption="Of $w$.") }}
"""
    shown = _html(_compose(tmp_path, text))
    alts = re.findall(r'<img class="math" alt="([^"]*)"', shown)
    assert alts == [r"\hat y = 1", r"\sum_i w_i", "w"]


def test_a_formula_that_is_none_is_told(tmp_path: Path) -> None:
    """A mistake in TeX is the author's, so it is one line with the formula."""
    message = _error(tmp_path, r"We see $\frac{a}$.")
    assert "01-results.md" in message
    assert r"\frac{a}" in message


def test_typewriter_signs_become_printers_signs(tmp_path: Path) -> None:
    """Quotation marks and dashes in text, not in code."""
    shown = _text(_compose(tmp_path, '"quotes" -- it\'s `a -- "b"`'))
    assert '“quotes” – it’s a -- "b"' in shown


def test_an_abstract_stands_on_the_cover(tmp_path: Path) -> None:
    """With values and citations, unnumbered."""
    composed = _compose(
        tmp_path,
        "Text [@alpha].",
        abstract=f"We reach {VALUE} [@beta].",
        references=BIB,
    )
    assert ELEMENT in composed.set(composed.abstract)
    assert [entry.key for entry in composed.references] == ["beta", "alpha"]
    whole = page.whole(composed)
    assert '<section class="abstract"><h2>Abstract</h2>' in whole
    assert ELEMENT in whole
    assert page.section(composed, "results").count("Abstract") == 0


def test_the_appendix_says_how_each_run_was_made(tmp_path: Path) -> None:
    """Experiment, seeds, keys and the experiment's own words."""
    runs = {"one": finished("one", every_artifact(), every_artifact(), every_artifact())}
    whole = page.whole(_compose(tmp_path, "Text.", runs))
    assert '<h3 id="experiment-toy">toy</h3>' in whole
    assert '<div class="run" id="run-one"><p><strong>one</strong>' in whole
    assert "seed 0–2" in whole
    assert "<p>Pretend to train.</p>" in whole


def test_the_appendix_says_what_was_computed_once_whatever_a_cache_had(tmp_path: Path) -> None:
    """Counts of what was kept, and where a run went on, stay in the record."""
    notes = {"prefix": "flatten", "ahead": "classifier.3", "delayed": 13, "sweep": "stacked"}
    cached = {"forwards": 0, "kept": 900, "resumed_at": "rate 0.1, epoch 3"}
    pages = []
    for said in (notes, notes | {"forwards": 900, "kept": 0}, notes | cached):
        run = finished("one", every_artifact())
        results = tuple(replace(s, record=s.record | {"computed": said}) for s in run.results)
        runs = {"one": replace(run, results=results)}
        pages.append(page.whole(_compose(tmp_path, "Text.", runs)))
    due = (
        "Computed</span> layers up to flatten once for each image; then those up to classifier.3 "
        "for many batches at once; weights of the next layer changed once in 13 batches; "
        "several rates together."
    )
    assert due in pages[0]
    assert pages[0] == pages[1] == pages[2]


def test_equal_sources_and_results_are_equal_bytes(tmp_path: Path) -> None:
    """In any folder: the page holds nothing of where it was made."""
    pages = [page.whole(_compose(tmp_path / name, TWO)) for name in ("a", "b")]
    assert pages[0] == pages[1]
    assert str(tmp_path) not in pages[0]


def test_no_mark_is_left_in_the_page(tmp_path: Path) -> None:
    """Every private character that stands for a piece is replaced."""
    composed = _compose(tmp_path, CLAIM + "\n## H {#sec-h}\n\n$x$ @sec-h [@alpha]", references=BIB)
    assert not re.search("[\ue000-\uf8ff]", page.whole(composed))


def test_a_picture_of_the_workspace_is_embedded(tmp_path: Path) -> None:
    """With its alt text; one that is missing, outside the folder or silent is told."""
    path = tmp_path / "images" / "a dot.png"
    path.parent.mkdir(parents=True)
    Image.new("RGB", (2, 2)).save(path)
    text = "![a *dot*](images/a%20dot.png)\n\n![x](no.png) ![y](../images/a%20dot.png)"
    composed = _compose(tmp_path, text + " ![](images/a%20dot.png)")
    html = _html(composed)
    content = base64.b64encode(path.read_bytes()).decode()
    assert f'alt="a dot" src="data:image/png;base64,{content}"' in html
    found = [problem.message for problem in composed.problems]
    assert [message.split(" ")[:3] for message in found] == [
        ["no", "picture", "no.png"],
        ["no", "picture", "../images/a%20dot.png"],
        ["images/a%20dot.png", "has", "no"],
    ]
    assert "no.png?" in _text(composed)


def test_an_unknown_filter_is_told_before_anything_runs(tmp_path: Path) -> None:
    """Also in a branch that may never be set."""
    text = "{% if false %}\n{{ runs['one'].test_accuracy | pionts }}\n{% endif %}"
    report = opened(tmp_path, {"01-results.md": f"# R\n\n{text}"}, RUNS)
    with pytest.raises(
        ReportError, match=r"01-results.md:4: no filter is called 'pionts'; did you mean 'points'"
    ):
        needed_runs(report, ())


def test_a_comparison_shows_a_dash_for_what_a_run_lacks(tmp_path: Path) -> None:
    """What no run has is an error, as before."""
    other = Result(test_accuracy=accuracy(0.1, 0.2), extra=accuracy(0.3, 0.4))
    runs = {"one": finished("one", every_artifact()), "two": finished("two", other)}
    table = '{{{{ compare(["one", "two"], ["test_accuracy", "{}"], caption="C.") }}}}'
    html = _html(_compose(tmp_path, table.format("extra"), runs))
    assert html.count(">–<") == 1
    fine = table.replace('caption="C."', 'caption="C.", digits=2').format("extra")
    assert "20.00" in _html(_compose(tmp_path / "c", fine, runs))
    with pytest.raises(ReportError, match="run 'one' has no 'extr'"):
        _compose(tmp_path / "b", table.format("extr"), runs)


def test_a_comparison_sets_texts_flush_left_and_numbers_flush_right(tmp_path: Path) -> None:
    """In the first column, too: what runs are called may be a number."""
    given = {"layer": "fc6"}
    runs = {name: finished(name, every_artifact(), parameters=given) for name in "ab"}
    table = '{{ compare({"a": "5", "b": "10"}, ["parameters.layer"], caption="C.") }}'
    cells = re.findall("<td(.*?)>", _html(_compose(tmp_path, table, runs)))
    assert cells == [' class="number"', ""] * 2


def test_panels_of_the_same_curves_share_a_legend(tmp_path: Path) -> None:
    """Said once above them; with other curves each has its own."""
    same, other = accuracy(0.1, 0.2), replace(accuracy(0.1, 0.2), history=())
    one = Result(a=_swept(same, 0.1, 0.01), b=_swept(same, 0.1, 0.01), c=_swept(other, 0.1, 0.001))
    runs = {"one": finished("one", one)}
    place = '{{{{ figures(["one.a", "one.{}"], captions=["a", "b"], caption="C.") }}}}'
    html = _html(_compose(tmp_path, place.format("b"), runs))
    (legend,) = re.findall('<div class="legend">(.*?)</div>', html)
    assert re.sub("<[^>]+>", "", legend).split() == ["learning", "rate", "0.1", "0.01"]
    assert 'class="legend"' not in _html(_compose(tmp_path / "b", place.format("c"), runs))


def _swept(metric: Metric, *rates: float) -> Metric:
    """Return a metric that was read twice at each rate."""
    history = tuple(Reading(epoch=e, rate=r, value=0.1 * e) for r in rates for e in (1, 2))
    return replace(metric, history=history)


def test_settings_without_a_difference_are_all_shown(tmp_path: Path) -> None:
    """As rows, not as a heading over nothing."""
    runs = {name: finished(name, every_artifact(), parameters={"rate": 0.1}) for name in ("a", "b")}
    html = _html(_compose(tmp_path, '{{ settings(["a", "b"], caption="S.") }}', runs))
    assert html.count("<tr>") == 3
    assert "The same in all" not in html


def test_what_is_shown_leads_to_the_runs_that_made_it(tmp_path: Path) -> None:
    """A figure and a table to the entry of each run; more than three are counted."""
    runs = {name: finished(name, every_artifact()) for name in ("one", "two", "three", "four")}
    shown = {
        '{{ figure("one.loss", caption="L.") }}': ["run-one"],
        '{{ figures(["one.loss", "two.loss"], caption="L.") }}': ["run-one", "run-two"],
        '{{ table("two.rates", caption="R.") }}': ["run-two"],
        '{{ compare(["one", "two", "three", "four"], ["test_accuracy"], caption="C.") }}': [
            "appendix"
        ],
    }
    for index, (text, targets) in enumerate(shown.items()):
        whole = page.whole(_compose(tmp_path / str(index), f"{text}\n", runs))
        found = re.search(r'<span class="origin">(.*?)</span>', whole)
        assert found
        assert re.findall(r'href="#([^"]+)"', found[1]) == targets
        assert all(f'id="{target}"' in whole for target in targets)


def test_the_appendix_says_once_what_runs_share(tmp_path: Path) -> None:
    """What differs stands under its run, the machine once for all."""
    runs = [finished(name, every_artifact()) for name in ("one", "two")]
    (group,) = appendix.groups(runs)
    shared = dict(group.shared)
    assert all(name not in shared for entry in group.entries for name, _ in entry.parameters)
    assert [entry.machine for entry in group.entries] == [(), ()]
    assert dict(appendix.shared_machine(runs))["device"]
