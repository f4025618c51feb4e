"""Figures and tables on paper: none leaves a hole behind, and none loses its place among others."""

from dataclasses import replace
from xml.etree.ElementTree import Element, SubElement

import pytest
from weasyprint import HTML

from reporter import pdf
from reporter.pdf.floats import Block, Page, ordered, unbroken
from reporter.pdf.flow import blocks, holes, page_room
from reporter.prose import page

LINE = 20.0
ROOM = 20 * LINE


class Chapter:
    """A chapter that is written block by block: text("a", 3), figure("F", 8), head("h")."""

    def __init__(self):
        self.element = Element("section", {"class": "chapter"})
        self.blocks = []

    def text(self, name, lines, within=None):
        self._add(name, unbroken((LINE,) * lines), within)

    def figure(self, name, lines, within=None):
        self._add(name, (LINE * lines,), within, is_float=True)

    def head(self, name):
        self._add(name, (LINE,), sticks=True)

    def answer(self):
        """Open an answer, a stage within the chapter."""
        question = SubElement(self.element, "section")
        return question, SubElement(question, "div", {"class": "answer"})

    def _add(self, name, parts, within=None, **flags):
        parent = within[1] if within else self.element
        element = SubElement(parent, "p", {"id": name})
        holders = {self.element: within[0] if within else element}
        if within:
            holders[within[1]] = element
        self.blocks.append(
            Block(
                element=element,
                last=element,
                parts=parts,
                above=0,
                below=0,
                holders=holders,
                **flags,
            )
        )

    def names(self, **given):
        order = ordered(self.blocks, room=ROOM, start=0, **given)
        return " ".join(block.element.get("id") for block in order)


@pytest.fixture
def chapter():
    return Chapter()


def test_a_figure_that_fits_stays(chapter):
    """Nothing moves without need."""
    chapter.text("a", 5)
    chapter.figure("F", 8)
    chapter.text("b", 30)
    assert chapter.names() == "a F b"


def test_text_fills_the_page_before_a_figure_that_does_not_fit(chapter):
    """The figure follows the paragraph within which the page turns."""
    chapter.text("a", 15)
    chapter.figure("F", 8)
    for name, lines in {"b": 3, "c": 4, "d": 4}.items():
        chapter.text(name, lines)
    assert chapter.names() == "a b c F d"


def test_a_figure_stands_on_top_of_the_page_where_a_paragraph_ends_the_last(chapter):
    """It does not wait for another paragraph where the page turns between two."""
    chapter.text("a", 15)
    chapter.figure("F", 8)
    chapter.text("b", 5)
    chapter.text("c", 9)
    assert chapter.names() == "a b F c"


def test_figures_keep_their_order(chapter):
    """One that would fit does not overtake one that waits."""
    chapter.text("a", 15)
    chapter.figure("F", 8)
    chapter.figure("G", 2)
    chapter.text("b", 9)
    chapter.text("c", 9)
    assert chapter.names() == "a b F G c"


def test_a_figure_goes_up_where_too_little_text_follows(chapter):
    """It stands before the last paragraph of its page that leaves room for it."""
    for name in "abc":
        chapter.text(name, 5)
    chapter.figure("F", 8)
    chapter.text("d", 1)
    assert chapter.names() == "a b F c d"


def test_a_figure_never_goes_up_past_a_heading(chapter):
    """It belongs to its section."""
    chapter.text("a", 9)
    chapter.head("h")
    chapter.text("b", 5)
    chapter.figure("F", 12)
    assert chapter.names() == "a h b F"


def test_a_heading_takes_the_next_text_when_its_figure_waits(chapter):
    """No heading ends a page."""
    chapter.text("a", 10)
    chapter.head("h")
    chapter.figure("F", 14)
    chapter.text("b", 20)
    assert chapter.names() == "a h b F"


def test_no_figure_stands_between_an_announcement_and_what_it_announces(chapter):
    """A paragraph that ends with a colon sticks to the next, as a heading does."""
    chapter.text("a", 15)
    chapter.figure("F", 8)
    chapter.text("b", 3)
    chapter.blocks[-1] = replace(chapter.blocks[-1], sticks=True)
    chapter.text("c", 4)
    chapter.text("d", 4)
    assert chapter.names() == "a b c F d"


@pytest.mark.parametrize("announcing", ["head", "colon"])
def test_the_last_figure_follows_what_announces_it(chapter, announcing):
    """Nothing comes after it that it could wait for."""
    chapter.text("a", 15)
    chapter.head("h")
    if announcing == "colon":
        chapter.text("b", 2)
        chapter.blocks[-1] = replace(chapter.blocks[-1], sticks=True)
    chapter.figure("F", 8)
    assert chapter.names() == ("a h F" if announcing == "head" else "a h b F")


def test_a_figure_of_an_answer_goes_into_no_other_answer(chapter):
    """It waits until the answer ends, and stands between two questions at the latest."""
    first, second = chapter.answer(), chapter.answer()
    chapter.text("a", 15, first)
    chapter.figure("F", 12, first)
    chapter.text("b", 2, first)
    chapter.text("c", 8, second)
    chapter.text("d", 2, second)
    chapter.text("e", 8)
    assert chapter.names() == "a b c d F e"


def test_a_figure_that_fitted_only_nearly_goes_to_the_next_page(chapter):
    """What the layout found out counts more than what was foreseen."""
    chapter.text("a", 12)
    chapter.figure("F", 8)
    chapter.text("b", 10)
    figure = chapter.blocks[1].element
    assert chapter.names() == "a F b"
    assert chapter.names(late={figure}) == "a b F"


def test_a_figure_higher_than_a_page_ends_the_search(chapter):
    """It stands somewhere, and the rest follows."""
    chapter.figure("F", 40)
    chapter.text("a", 3)
    assert chapter.names() == "F a"


def test_an_equation_belongs_to_its_sentence():
    """No float stands between it and the text around it, and no page ends before it."""
    sentence = (
        '<p>The loss is</p><div class="equation">L</div><p>where <em>L</em> is small.</p><p>So.</p>'
    )
    text = html(f'<main><section class="chapter"><h2>One</h2>{sentence}</section></main>')
    laid = HTML(string=text)
    found = blocks(laid.render(), laid.etree_element)
    assert ["".join(block.last.itertext()) for block in found] == [
        "One",
        "where L is small.",
        "So.",
    ]


@pytest.mark.parametrize(("room", "left"), [(6, 4), (3, 7), (8, 2), (1, 10)])
def test_a_paragraph_breaks_with_two_lines_on_either_side(room, left):
    """Ten lines over a rest of so many: orphans and widows are kept."""
    sheet = Page(room=ROOM, used=ROOM - room * LINE)
    one = Element("p")
    lines = Block(element=one, last=one, parts=unbroken((LINE,) * 10), above=0, below=0, holders={})
    if not sheet.fits(lines):
        sheet.turn()
    sheet.put(lines)
    assert sheet.used == left * LINE


def html(body):
    return f'<html lang="en"><title>T</title><style>{page._style()}</style><body>{body}'


def report(figures, paragraphs):
    """Return a page with figures between paragraphs, all in one chapter."""
    parts = []
    for index in range(paragraphs):
        parts.append(f"<p>{'The loss falls in every epoch that was measured. ' * 9}</p>")
        if index in figures:
            parts.append(
                f'<figure class="figure" id="fig-{index}"><div class="panels">'
                f'<div style="height:150mm">{index}</div></div>'
                "<figcaption>A figure.</figcaption></figure>"
            )
    return html(f'<main><section class="chapter"><h2>One</h2>{"".join(parts)}</section></main>')


def test_a_real_page_sequence_has_no_hole_above_a_figure():
    """Figures that leave holes where they stand leave none after they moved, in their order."""
    text = report({2, 5, 6, 9}, 24)
    assert holes(HTML(string=text).render()), "the case should have holes to begin with"
    document = pdf.laid_out(HTML(string=text))
    assert holes(document) == []
    ids = [block.element.get("id") for block in blocks(document, document._html.etree_element)]
    assert [name for name in ids if name] == ["fig-2", "fig-5", "fig-6", "fig-9"]


def test_the_foreseen_pages_are_the_pages():
    """Where a block will stand is foreseen to a pixel, so one more layout is enough."""
    document = pdf.laid_out(HTML(string=report({2, 5, 6, 9}, 24)))
    tree = document._html.etree_element
    found = blocks(document, tree)
    room, start = page_room(document)
    assert ordered(found, room=room, start=start) == found
