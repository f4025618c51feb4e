"""Footnotes: one row of numbers over the whole report, each note once, none lost unseen."""

import re

import pypdfium2
import pytest

from reporter import pdf
from reporter.prose import page
from tests.composing import compose, html_of, problems, text_of

TWO = {
    "01-a.md": (
        "# First[^h]\n\nOnce[^1], twice[^1] and ^[inline].\n\n[^1]: Of the first.\n\n"
        "[^h]: Of a heading.\n\n"
        '{{ figure("one.loss", caption="Loss^[of a *caption*]. More.", id="fig-x") }}\n\n'
        '{{ question("q-x") }}\n'
    ),
    "02-b.md": "# Second\n\nText[^1].\n\n[^1]: Of the second.\n",
}
QUESTIONS = "## q-x\n\nWhy?[^1]\n\n[^1]: Of a question.\n\n### Answer\n\nSo.^[Of an answer.]\n"


def _body(composed):
    whole = page.whole(composed)
    return whole[whole.index("<body") :]


def test_numbers_go_on_over_the_whole_report(tmp_path):
    """In reading order, whatever is set apart: captions, questions, answers, sections."""
    composed = compose(tmp_path, TWO, questions=QUESTIONS)
    assert problems(composed) == []
    items = re.findall(r'<li class="footnote-item".*?</li>', _body(composed), re.DOTALL)
    numbered = {re.search('value="(.*?)"', item)[1]: text_of(item).strip(" ↩︎") for item in items}
    assert dict(sorted(numbered.items())) == {
        "1": "Of a heading.",
        "2": "Of the first.",
        "3": "inline",
        "4": "of a caption",
        "5": "Of a question.",
        "6": "Of an answer.",
        "7": "Of the second.",
    }


def test_every_id_is_there_once_and_every_link_leads_somewhere(tmp_path):
    """Of notes as of all else, on the page and in each section's own."""
    composed = compose(tmp_path, TWO, questions=QUESTIONS)
    for body in (_body(composed), html_of(composed)):
        ids = re.findall(r'\sid="([^"]*)"', body)
        assert len(ids) == len(set(ids))
        assert set(re.findall('href="#(fn[^"]*)"', body)) <= set(ids)
        assert ids.count("fnref2") == ids.count("fnref2-2") == 1  # called twice


def test_lists_and_outline_leave_notes_out(tmp_path):
    """A line of the contents is a title, a line of the list of figures a caption."""
    composed = compose(tmp_path, TWO, questions=QUESTIONS, cover='lists = ["figures"]\n')
    navs = re.findall(r'<nav class="(?:contents|lists)".*?</nav>', _body(composed), re.DOTALL)
    assert [text_of(nav) for nav in navs] == [
        "Contents 1 First 2 Second How this report was made",
        "List of figures 1 Loss",
    ]
    assert composed.chapters[0].headings[0].text == "First"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a\n\nb[^x]", "5: note [^x] stands nowhere in this text; add [^x]: …, or write ^[…] here"),
        ("a\n\n[^x]: Lost.", "5: note [^x] is called nowhere; call it or remove it"),
        ("a[^x]\n\n[^x]: One.\n\n[^x]: Two.", "7: a second note [^x]; rename one"),
    ],
)
def test_what_would_be_lost_is_told(tmp_path, text, told):
    """With the line: a call without a note, a note without a call, two of one name."""
    (found,) = problems(compose(tmp_path, text))
    assert found.startswith(f"sections/01-results.md:{told}")


def test_on_paper_each_note_stands_once_with_its_call(tmp_path):
    """Of captions and answers, too; what it holds besides a paragraph stays a block."""
    text = TWO["01-a.md"].replace("Of the first.", "Of the first.\n\n    - one\n    - two\n")
    composed = compose(tmp_path, {**TWO, "01-a.md": text}, questions=QUESTIONS)
    pages = pypdfium2.PdfDocument(pdf.render(page.whole(composed)))
    shown = [" ".join(one.get_textpage().get_text_range().split()) for one in pages]
    (first,) = [text for text in shown if "Once" in text]
    assert "1 Of a heading. 2 Of the first. one two 3 inline" in first
    whole = " ".join(shown)
    for note in ("of a caption", "Of a question.", "Of an answer.", "Of the second."):
        assert whole.count(note) == 1
    assert "↩" not in whole


def test_a_section_by_itself_leads_nowhere_else(tmp_path):
    """What stands in another section or in the appendix is named there without a link."""
    second = TWO["02-b.md"] + "\nSee @fig-x, @sec-b, [@fig-x; @sec-b].\n"
    second += '\n{{ figure("one.names", caption="C.") }}'
    composed = compose(tmp_path, {**TWO, "02-b.md": second}, questions=QUESTIONS)
    alone = page.section(composed, "b")
    body = alone[alone.index("<body") :]
    ids = re.findall(r'\sid="([^"]*)"', body)
    assert set(re.findall('href="#([^"]*)"', body)) <= set(ids)
    assert "See Figure 1, Section 2, Figure 1 and Section 2." in text_of(body)
    assert 'class="origin"' in html_of(composed)
