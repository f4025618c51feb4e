"""Lists of figures, tables and listings: asked for in report.toml, after the contents."""

import re
from html import unescape

import pypdfium2

from reporter import pdf
from reporter.prose import page
from tests.composing import compose, text_of

TEXT = """\
{{ figure("one.loss", caption="The *loss*, by @able (50.0 % of it). More of it.", id="fig-a") }}

{{ figures(["one.loss", "one.names"], captions=["left", "right"], id="fig-b") }}

{{ table("one.rates", caption="Rates vs. Accuracy at 0.5", id="tbl-a") }}

{{ listing("one.printed") }}
"""
BIB = "@misc{able, author = {Able, Ann}, title = {T}, year = 2001}"


def _lists(folder, cover):
    whole = page.whole(compose(folder, TEXT, cover=cover, references=BIB))
    return whole, {
        unescape(title): [text_of(line) for line in re.findall("<li.*?</li>", lines)]
        for title, lines in re.findall(
            r'<nav class="lists" aria-label="([^"]+)">(.*?)</nav>', whole, re.DOTALL
        )
    }


def test_each_list_has_numbers_and_the_first_sentence(tmp_path):
    """A figure without a caption shows those of its parts, a listing its name."""
    _, lists = _lists(tmp_path, 'lists = ["figures", "tables", "listings"]\n')
    assert lists == {
        "List of figures": ["1 The loss, by Able [1] (50.0 % of it)", "2 left; right"],
        "List of tables": ["1 Rates vs. Accuracy at 0.5"],
        "List of listings": ["1 one.printed"],
    }


def test_there_is_none_unless_it_is_asked_for(tmp_path):
    """In the order of report.toml; a section by itself shows none."""
    assert _lists(tmp_path / "a", "")[1] == {}
    assert list(_lists(tmp_path / "b", 'lists = ["tables", "figures"]\n')[1]) == [
        "List of tables",
        "List of figures",
    ]
    composed = compose(tmp_path / "c", TEXT, cover='lists = ["figures"]\n', references=BIB)
    assert "List of figures" not in page.section(composed, "results")


def test_lines_lead_to_what_they_name_with_its_page(tmp_path):
    """On paper after a row of dots."""
    whole, _ = _lists(tmp_path, 'lists = ["figures", "tables"]\n')
    for target in ("fig-a", "fig-b", "tbl-a"):
        assert f'<li><a href="#{target}">' in whole
        assert f'<figure id="{target}"' in whole
    (tmp_path / "a.pdf").write_bytes(pdf.render(whole))
    pages = pypdfium2.PdfDocument(tmp_path / "a.pdf")
    texts = [one.get_textpage().get_text_range() for one in pages]
    (contents,) = (text for text in texts if "List of figures" in text)
    assert "List of tables" in contents
    shown = next(n for n, text in enumerate(texts, 1) if re.search(r"Figure.1\s+The loss", text))
    assert re.search(rf"1\s+The loss, by Able \[1\] \(50.0 % of it\)[ .]+{shown}\b", contents)
