"""Whatever is wrong in a text is told with the file and the line in which its author wrote it."""

import re

import pytest

from reporter.errors import ReportError
from reporter.prose import document
from tests.composing import DOT, RUNS, compose, html_of, problems, results, text_of
from tests.workspaces import every_artifact, finished, opened

ABOVE = """\
{% claim runs["one"].test_accuracy > 0 %}
It is so,
{% else %}
or not.
{% endclaim %}

{{ figures(["one.loss", "one.names"],
           captions=["a", "b"],
           caption="Both.", id="fig-both") }}
{% for name in ["x", "y"] %}

- {{ name }}
{% endfor %}

"""  # lines 3 to 16 of the section, fewer or more of what Markdown reads
QUESTIONS = """\
# Questions

## q-a

What
of @fig-none?

### Answer

It is $\\hat y$.

{}
"""


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("One.\nTwo @fig-none.", 18, "reference @fig-none leads nowhere"),
        ("[@fig-both;\n@tbl-none]", 17, "reference @tbl-none leads nowhere"),
        ("| a |\n|---|\n| b |\n| @fig-none |", 20, "reference @fig-none leads nowhere"),
        ("- a\n- b\n  @fig-none", 19, "reference @fig-none leads nowhere"),
        ("A.[^n]\n\n[^n]: See\n    @fig-none", 20, "reference @fig-none leads nowhere"),
        ("$a\n+ b$ and\n@sec-none", 19, "reference @sec-none leads nowhere"),
        (
            '{{ table("one.rates",\n  caption="As @fig-none.") }}',
            17,
            "reference @fig-none leads nowhere",
        ),
        ("## A {#sec-a}\n\n## B {#sec-a}", 19, "a second 'sec-a'"),
        ("$$\na\n$$ (eq-a)\n\n$$\nb\n$$ (eq-a)", 21, "a second 'eq-a'"),
        ('{{ figure("one.loss", caption="L.", id="fig-both") }}', 17, "a second 'fig-both'"),
        ('\n{{ listing("one.printed") }}\n' * 2, 20, "a second 'lst-one-printed'"),
        ("See\n[@able2001].", 18, "no reference is called @able2001; add it to references.bib"),
        ("As @able2001 says.", 17, "no reference is called @able2001"),
        (
            '{{ figure("one.loss", caption="By [@able2001].") }}',
            17,
            "no reference is called @able2001",
        ),
        ("So:\n![](dot.png)", 18, "dot.png has no alt text"),
        ("So:\n![a](text.png)", 18, "text.png is no picture, or damaged; save it anew"),
        ("So:\n![a](none.png)", 18, "no picture none.png"),
        ('{{ figure("one.loss", caption="L.", id="loss") }}', 17, "the id 'loss' should look like"),
        ("$$a$$ (loss)", 17, "the id 'loss' should look like eq-name"),
        ("So\nFigure @fig-both", 18, "Figure stands before @fig-both, which says so itself"),
        ("Eqs. [@eq-a; @eq-b] $$a$$\n\n$$a$$ (eq-a)\n\n$$b$$ (eq-b)", 17, "Eqs. stands before"),
        ('{{ figure("one.filters", caption="") }}', 17, "figure 'one.filters' has no alt text"),
    ],
)
def test_a_problem_names_its_line(tmp_path, text, line, message):
    """Whatever Jinja and Markdown made of the lines above it."""
    (tmp_path / "dot.png").write_bytes(DOT)
    (tmp_path / "text.png").write_bytes(b"-")
    runs = results()
    object.__setattr__(runs["one"].results[0].result["filters"], "description", "")
    (told,) = problems(compose(tmp_path, ABOVE + text, runs))
    assert told.startswith(f"sections/01-results.md:{line}: {message}")


def test_a_draft_keeps_its_lines(tmp_path):
    """Though a claim within a claim is marked once."""
    inner = '{% claim runs["one"].test_accuracy > 0 %}A.{% else %}B.{% endclaim %}'
    outer = inner.replace("A.", f"\n\n{inner}\n")
    runs = results()
    runs["one"] = finished("one", every_artifact(), notes=("short quick settings",))
    composed = compose(tmp_path, f"{outer}\n\nSee @fig-none.", runs)
    assert text_of(html_of(composed)).count("[claim not judged]") == 1
    assert problems(composed) == ["sections/01-results.md:8: reference @fig-none leads nowhere"]


def test_lines_of_questions_and_abstract_are_their_own(tmp_path):
    """Also where one section places the question that another text refers to."""
    composed = compose(
        tmp_path,
        '{{ question("q-a") }}\n\nMore @fig-no.',
        abstract="A\n@tbl-none.",
        questions=QUESTIONS.format("See @sec-none."),
    )
    assert [told.partition(" leads")[0] for told in problems(composed)] == [
        "abstract.md:2: reference @tbl-none",
        "questions.md:6: reference @fig-none",
        "questions.md:12: reference @sec-none",
        "sections/01-results.md:5: reference @fig-no",
    ]


def test_a_question_placed_twice_is_told(tmp_path):
    """At the second place."""
    text = '{{ question("q-a") }}\n\n{{ question("q-a") }}'
    composed = compose(tmp_path, text, questions="## q-a\n\nWhat?\n\n### Answer\n\nThis.\n")
    assert problems(composed) == [
        "sections/01-results.md:5: a second 'q-a'; remove one, or give it another id"
    ]


def test_a_section_with_a_title_in_its_block_keeps_its_lines(tmp_path):
    """The heading that is put before it counts for none."""
    section = '+++\ntitle = "R"\n+++\n\nSee @fig-none.\n'
    composed = compose(tmp_path, {"01-a.md": section})
    assert problems(composed) == ["sections/01-a.md:5: reference @fig-none leads nowhere"]


def test_a_formula_that_is_none_names_its_line(tmp_path):
    """In the section, and in an answer."""
    with pytest.raises(ReportError, match=r"01-results\.md:4: the formula '\\frac\{a\}' can't"):
        compose(tmp_path / "a", "We see\n$\\frac{a}$.")
    with pytest.raises(ReportError, match=r"questions\.md:12: the formula"):
        compose(tmp_path / "b", '{{ question("q-a") }}', questions=QUESTIONS.format("$\\frac{a}$"))


def test_code_keeps_what_looks_like_a_reference(tmp_path):
    """Neither @ in code nor in an address refers to anything."""
    text = "`@fig-none` https://x.org/@none a@fig-none.org\n\n```\n@fig-none [@no]\n```"
    composed = compose(tmp_path, text)
    assert problems(composed) == []
    assert len(re.findall("@fig-none", composed.set(composed.chapters[0].html))) == 3


@pytest.mark.parametrize(
    "text", ["## A {#foo}", "## A {#sec-a .plain}", "![a](a.png){#fig-a}", "$$a$$ {#eq-a}"]
)
def test_an_id_that_is_none_is_told(tmp_path, text):
    """It would begin a comment, and the text up to the next comment would be lost."""
    with pytest.raises(ReportError, match=r"01-results\.md:5: .*: a heading's id is {#"):
        compose(tmp_path, f"Text.\n\n{text}\n\nMore. {{# typed #}}")


def test_comments_may_stand_close(tmp_path):
    """As may code in them."""
    assert text_of(html_of(compose(tmp_path, "A{#b#} c{#d {{ e }} #}."))) == "1 Results A c."


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ('runs["one"]', "a run can't be printed"),
        ("figure", "a function can't be printed"),
        ('runs["one"].rates', "a table can't be printed"),
        ('figures("one.loss")', "figures: 'one.loss' should be a list of names"),
        ("figures([])", r"figures: \[\] should be a list"),
        ('compare(["one"], [], caption="C.")', r"compare: \[\] should be a list"),
        ('figures(["one.loss"] * 2, columns="2")', "figures: columns='2' should be a whole number"),
        ('figure("one.mistakes", caption="M.", across=0)', "figures: across=0 should be a whole"),
        ('runs["one"].test_accuracy - 1', r"unsupported .*; templates do no arithmetic: use diff"),
    ],
)
def test_code_that_shows_nothing_is_told(tmp_path, code, told):
    """Before it ends in a page that shows the insides of the program."""
    with pytest.raises(ReportError, match=rf"01-results\.md:5: {told}"):
        compose(tmp_path, f"Text.\n\n{{{{ {code} }}}}")


def test_a_file_in_another_encoding_is_told(tmp_path):
    """By its line; a byte order mark and Windows' ends of lines are no mistake."""
    compose(tmp_path, "\ufeff# A\r\n\r\nText.", references="\ufeff@misc{a, title = {T}}")
    for path, line in (("sections/01-results.md", 3), ("references.bib", 1)):
        with pytest.raises(ReportError, match=rf"{path}:{line}: the byte 0xfc is no UTF-8; save"):
            _composed_with(tmp_path, path)


def _composed_with(folder, path):
    """Compose after a file was saved as Windows once did."""
    report = opened(folder, {"01-results.md": "# R\n\nSee @a.\n"}, RUNS)
    (folder / path).write_bytes((folder / path).read_bytes().replace(b"See", b"\xfc"))
    (folder / path).write_bytes((folder / path).read_bytes().replace(b"{T}", b"{\xfc}"))
    return document.compose(report, results(), folder / "build/figures")
