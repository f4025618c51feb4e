"""PDF → what stands on its pages."""

import io

import pikepdf
import pytest

from reporter import pdf
from reporter.errors import ReportError
from reporter.pdf import engine
from reporter.pdf.reading import read

PAGE = (
    "<html lang=en><title>T</title><style>body{font-size:11pt} small{font-size:7pt}"
    "h1{font-size:20pt;break-before:page}</style><p>Ten words</p><small>eight</small>"
    "<h1 id=sec-second>Second</h1><p><a href=#sec-second>see</a></p></html>"
)


def test_a_pdf_is_read_page_by_page():
    """Texts, sizes in points as they are drawn, and the page that each id stands on."""
    pages = read(pdf.render(PAGE), "a.pdf")
    assert pages.count == 2
    assert "Ten words" in pages.texts[0]
    assert "Second" in pages.texts[1]
    assert pages.sizes[0] == {11.0: 8, 7.0: 5}
    assert pages.sizes[1] == {20.0: 6, 11.0: 3}
    assert pages.places == {"sec-second": 2}


def test_what_is_no_pdf_is_told():
    """One line, with the file's name."""
    with pytest.raises(ReportError, match=r"^a\.pdf: no PDF that can be read; build it again$"):
        read(b"%PDF-1.7 but no more", "a.pdf")


def test_letters_know_what_they_are_part_of():
    """Running heads, letters in pictures and in text are told apart; a mark is in its paragraph."""
    drawn = "<svg width=90 height=20><text y=15 font-size=6>tiny</text></svg>"
    page = (
        "<html lang=en><title>T</title><style>@page{@top-left{content:'Head'}} sup{font-size:7pt}"
        f"</style><p>Ten<sup>1</sup> words</p>{drawn}<h2 id=sec-second>Second</h2>"
        "<p id=low>Last</p><p><a href=#sec-second>a</a><a href=#low>b</a></html>"
    )
    pages = read(pdf.render(page), "a.pdf")
    kinds = {stretch.text.strip(): stretch.kind for stretch in pages.stretches[0]}
    assert kinds["Head"] == "Artifact"
    assert kinds["tiny"] == "Figure"
    assert kinds["Ten"] == kinds["1"] == "P"
    assert kinds["Second"] == "H2"
    blocks = {stretch.text.strip(): stretch.block for stretch in pages.stretches[0]}
    assert blocks["Ten"] == blocks["1"] == blocks["words"] != blocks["Last"]
    heights = {stretch.text.strip(): stretch.height for stretch in pages.stretches[0]}
    assert heights["words"] > pages.heights["sec-second"] > heights["Second"]
    assert heights["Second"] > pages.heights["low"] > heights["Last"]


def test_a_pdf_without_structure_is_read_too():
    """Nothing is known of its letters but how they look."""
    pages = read(engine().HTML(string=PAGE).write_pdf(), "a.pdf")
    assert {stretch.kind for stretch in pages.stretches[0]} == {""}
    assert pages.sizes[0] == {11.0: 8, 7.0: 5}


def test_a_page_that_was_taken_out_takes_its_ids_along():
    """A PDF that was meddled with is read as far as it goes."""
    with pikepdf.open(io.BytesIO(pdf.render(PAGE))) as found:
        del found.pages[1]
        written = io.BytesIO()
        found.save(written)
    pages = read(written.getvalue(), "a.pdf")
    assert (pages.count, pages.places) == (1, {})


def test_a_structure_that_runs_in_a_circle_is_read_to_an_end():
    """An element that is its own parent."""
    with pikepdf.open(io.BytesIO(pdf.render(PAGE))) as found:
        for one in found.objects:
            if isinstance(one, pikepdf.Dictionary) and one.get("/S") == "/P":
                one.S, one.P = pikepdf.Name.Span, one
        written = io.BytesIO()
        found.save(written)
    assert read(written.getvalue(), "a.pdf").count == 2


def test_places_that_are_none_are_told():
    """Ids that lead to no page at all."""
    with pikepdf.open(io.BytesIO(pdf.render(PAGE))) as found:
        found.Root.Names.Dests = found.make_indirect(
            pikepdf.Dictionary(Names=pikepdf.Array([pikepdf.String("sec-second"), 7]))
        )
        written = io.BytesIO()
        found.save(written)
    with pytest.raises(ReportError, match=r"a\.pdf: no PDF that can be read"):
        read(written.getvalue(), "a.pdf")
