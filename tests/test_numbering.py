"""References by id: one, several, parts of figures; in reading order and in every place."""

import re

import pytest

from reporter.prose.numbering import Numbering
from reporter.prose.places import Places
from tests.composing import compose, html_of, problems, text_of

FIGURES = "\n\n".join(
    f'{{{{ figure("one.loss", caption="{letter}.", id="fig-{letter}") }}}}' for letter in "abcde"
)


@pytest.fixture
def numbering(tmp_path):
    """Return figures a to e as 1 to 5, tables, sections 2.1 to 2.3 and 2.10, parts of figure b."""
    numbers = Numbering(Places(tmp_path))
    for letter in "abcde":
        numbers.number("fig", f"fig-{letter}")
    numbers.number("tbl", "tbl-a")
    numbers.number("tbl", "tbl-b")
    for number in ("2.1", "2.2", "2.3", "2.10"):
        numbers.numbers[f"sec-{number}"] = number
    for letter in "abc":
        numbers.part("fig-b", "2", letter)
    return numbers


@pytest.mark.parametrize(
    ("targets", "text"),
    [
        ("fig-c", "Figure 3"),
        ("fig-b.b", "Figure 2b"),
        ("fig-a fig-b", "Figures 1 and 2"),
        ("fig-c fig-a", "Figures 1 and 3"),
        ("fig-c fig-d fig-e", "Figures 3–5"),
        ("fig-e fig-c fig-d fig-c", "Figures 3–5"),
        ("fig-a fig-c fig-e", "Figures 1, 3 and 5"),
        ("fig-a fig-b fig-c fig-e", "Figures 1–3 and 5"),
        ("fig-b.a fig-b.b fig-b.c", "Figures 2a–2c"),
        ("fig-b.a fig-b.c fig-c", "Figures 2a, 2c and 3"),
        ("sec-2.3 sec-2.1 sec-2.2", "Sections 2.1–2.3"),
        ("sec-2.10 sec-2.3", "Sections 2.3 and 2.10"),
        ("tbl-b fig-a tbl-a", "Tables 1 and 2 and Figure 1"),
        ("tbl-a fig-a sec-2.1", "Table 1, Figure 1 and Section 2.1"),
        ("fig-a fig-x", "Figure 1 and @fig-x?"),
    ],
)
def test_several_references_read_as_one(numbering, targets, text):
    """Three in a row are a range; each kind stands by itself."""
    assert text_of(numbering.link(targets.split())) == text


def test_every_number_links_to_its_own_target(numbering):
    """Of a range the first and the last."""
    html = numbering.link(["fig-a", "fig-c", "fig-d", "fig-e"])
    assert re.findall(r'href="#([^"]+)">([^<]+)<', html.replace("\xa0", " ")) == [
        ("fig-a", "Figures 1"),
        ("fig-c", "3"),
        ("fig-e", "5"),
    ]


def test_groups_stand_in_brackets_in_the_text(tmp_path):
    """Every kind has its plural; a detail stays."""
    text = """\
We see [@fig-c; @fig-d; @fig-e], [@fig-b, left], [@eq-x; @eq-y], [@lst-one-printed; @lst-z],
[@q-a; @q-b], [@sec-results; @sec-more] and @fig-b/@fig-c.

## More {#sec-more}

$$
x
$$ (eq-x)

$$
y
$$ (eq-y)

{{ listing("one.printed") }}
{{ listing("one.printed", id="lst-z") }}
{{ questions() }}

"""
    questions = "## q-a\n\nA?\n\n### Answer\n\nA.\n\n## q-b\n\nB?\n\n### Answer\n\nB.\n"
    composed = compose(tmp_path, text + FIGURES, questions=questions)
    assert problems(composed) == []
    expected = (
        "We see Figures 3–5, Figure 2, left, Equations 1 and 2, Listings 1 and 2, "
        "Questions 1 and 2, Sections 1 and 1.1 and Figure 2/Figure 3."
    )
    assert expected in text_of(html_of(composed))


def test_a_part_of_a_figure_is_referred_to_by_its_letter(tmp_path):
    """The link leads to the panel; a letter that is none is told."""
    text = """\
See @fig-x.b. And [@fig-x.a; @fig-x.b], but not @fig-x.c.

{{ figures(["one.loss", "one.names"], caption="Both.", id="fig-x") }}
"""
    composed = compose(tmp_path, text)
    shown = html_of(composed)
    assert "See Figure 1b. And Figures 1a and 1b, but not" in text_of(shown)
    assert 'href="#fig-x.b"' in shown
    assert '<div class="panel" id="fig-x.b"' in shown
    assert problems(composed) == [
        "sections/01-results.md:3: reference @fig-x.c leads nowhere; did you mean 'fig-x.b'?"
    ]


def test_equations_are_numbered_in_reading_order(tmp_path):
    """An answer's come after those above it, though it is set before them."""
    questions = "## q-a\n\nWhy?\n\n### Answer\n\n$$\nb\n$$ (eq-b)\n"
    text = '$$\na\n$$ (eq-a)\n\n{{ question("q-a") }}\n\nSee [@eq-a; @eq-b].'
    composed = compose(tmp_path, text, questions=questions)
    shown = html_of(composed)
    assert shown.index('id="eq-a"') < shown.index('id="eq-b"')
    assert re.findall(r'"eqnum">\((\d)\)<', shown) == ["1", "2"]
    assert "See Equations 1 and 2." in text_of(shown)


def test_headings_of_an_answer_are_no_sections(tmp_path):
    """They have no number and stand in no table of contents."""
    questions = "## q-a\n\nWhy?\n\n### Hint\n\nSo.\n\n### Answer\n\nB.\n"
    composed = compose(tmp_path, '{{ question("q-a") }}\n\n## Next', questions=questions)
    (chapter,) = composed.chapters
    assert [(one.number, one.text) for one in chapter.headings] == [
        ("1", "Results"),
        ("1.1", "Next"),
    ]
    assert "Hint" in html_of(composed)
