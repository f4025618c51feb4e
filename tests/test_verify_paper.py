"""What is told of a PDF beside the one that its results give: pages, words, pictures."""

import io

import pikepdf
import pytest

from reporter import pdf
from reporter.verify import paper
from reporter.verify.words import after, differences, joined, only_here

LINES = [f"In epoch {n} of the run the accuracy is {50 + n}.5 % of it." for n in range(8)]


def page(lines, style=""):
    body = "".join(f"<p>{line}</p>" for line in lines)
    return f"<html lang=en><title>T</title><style>{style}</style><body><h1>T</h1>{body}</html>"


@pytest.fixture(scope="module")
def right():
    """Return the PDF that the results give."""
    return paper.opened(pdf.render(page(LINES), {"results.json": b"{}"}))


def told(content, right, *, is_same_layout=True):
    found = paper.compared(content, right, is_same_layout=is_same_layout)
    return [f"{one.state} {one.line}" for one in found]


def test_a_file_that_was_only_written_anew_is_no_forgery(right):
    """As by a program that makes it smaller: words, pictures and attachments are the same."""
    with pikepdf.open(io.BytesIO(right.content)) as found:
        written = io.BytesIO()
        found.save(written)
    good, note = told(written.getvalue(), right)
    assert good.startswith("good report.pdf: 1 pages, ")
    assert note == "note report.pdf: its bytes differ: it was written anew, or by other versions"


def test_no_pdf_and_a_broken_one_are_told(right):
    """In one line each."""
    assert told(None, right) == ["bad report.pdf: is missing, the results give one"]
    assert told(b"%PDF-1.7", right) == ["bad report.pdf: no PDF that can be read"]


def test_where_lines_may_break_elsewhere_numbers_are_counted(right):
    """Another program's layout is no forgery, another number is; page numbers are left out."""
    wide = {"results.json": b"{}"}
    moved = pdf.render(page(LINES, "@page{size:A5;margin:45mm}"), wide)
    states = told(moved, right, is_same_layout=False)
    assert not [line for line in states if line.startswith("bad")], states
    assert "words and numbers were counted" in states[-1]
    forged = [line.replace("53.5", "93.5") for line in LINES]
    states = told(pdf.render(page(forged, "@page{size:A5}"), wide), right, is_same_layout=False)
    assert "bad report.pdf, page 1: “93.5” is more than the results give" in states
    assert "bad report.pdf: “53.5” of the results is missing" in states


def test_numbers_that_changed_places_are_told_where_they_are_only_counted(right):
    """As often as before, but after other words: for a person to look at."""
    swapped = [*LINES[:2], "A. 53.5 % of it.", "B. 52.5 % of it.", *LINES[4:]]
    enclosed = {"results.json": b"{}"}
    states = told(
        pdf.render(page(swapped, "@page{size:A5}"), enclosed), right, is_same_layout=False
    )
    assert any("numbers after other words" in line and "“A. 53.5”" in line for line in states), (
        states
    )


def test_pages_of_another_size_are_told(right):
    """However large they claim to be, they are not drawn."""
    with pikepdf.open(io.BytesIO(right.content)) as found:
        found.pages[0].MediaBox = [0, 0, 1_000_000, 1_000_000]
        written = io.BytesIO()
        found.save(written)
    assert any("its picture differs" in line for line in told(written.getvalue(), right))


def test_words_that_differ_are_told_with_their_neighbours():
    """Long stretches are cut in the middle."""
    (one,) = differences(
        ["it", "is", "91.5", "%", "of", "all"], ["it", "is", "81.5", "%", "of", "all"]
    )
    assert one.told("the results") == "“is 91.5 %” where the results give “is 81.5 %”"
    (one,) = differences(["it", "is"], ["it", "is", "not", "so"])
    assert one.told("the results") == "“is not so” of the results is missing"
    (one,) = differences(["a", *map(str, range(30))], ["a"])
    assert one.found.count(" ") == 12
    assert "…" in one.found


def test_a_word_at_the_end_of_a_line_is_one():
    assert joined("an accu-\r\nracy, an accu\ufffe\r\nracy") == [
        "an",
        "accuracy,",
        "an",
        "accuracy",
    ]
    assert only_here(["91.5 and 3 and 7"], ["81.5 and 2"], most=5) == {"91.5": 1, "7": 1}
    assert after(["is 5", "so"]) == {("is", "5")}


def program(found):
    found.pages[0].AA = {"/O": pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="x()")}


def name_of_a_program(found):
    found.Root.Names.JavaScript = {"/JS": pikepdf.String("x()")}


def larger_unit(found):
    found.pages[0].UserUnit = 2


def other_words_to_be_heard(found):
    found.Root.StructTreeRoot.ActualText = "93.5"


@pytest.mark.parametrize(
    ("change", "feature"),
    [
        (program, "/AA, /JS x(), /O, /S /JavaScript"),
        (name_of_a_program, "/JS x(), /JavaScript"),
        (larger_unit, "/UserUnit"),
        (other_words_to_be_heard, "/ActualText 93.5"),
    ],
)
def test_what_other_readers_do_or_say_is_told(right, change, feature):
    """However deep in the file, though words and picture are right; of other versions, a note."""
    with pikepdf.open(io.BytesIO(right.content)) as found:
        change(found)
        written = io.BytesIO()
        found.save(written)
    line = f"report.pdf: has {feature}, which the file that the results give has not"
    assert told(written.getvalue(), right) == [f"bad {line}"]
    assert f"note {line}" in told(written.getvalue(), right, is_same_layout=False)


def test_a_page_with_the_words_of_the_results_and_another_picture_is_told(right):
    """By a note where other versions are said to have set it: who forges may say so."""
    with pikepdf.open(io.BytesIO(right.content)) as found:
        found.pages[0].contents_add(b"0 g 60 300 200 200 re f")
        written = io.BytesIO()
        found.save(written)
    for is_same, state in ((True, "bad"), (False, "note")):
        lines = told(written.getvalue(), right, is_same_layout=is_same)
        (line,) = [line for line in lines if "its picture differs" in line]
        assert line.startswith(f"{state} report.pdf, page 1: ")
