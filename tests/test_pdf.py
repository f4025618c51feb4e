"""The page on paper: lines, notes, attachments, faces, the rules of PDF/A and PDF/UA."""

import csv
import io
import json
import logging
import re

import pikepdf
import pypdfium2
import pytest
from fontTools.ttLib import TTFont
from PIL import ImageFile
from weasyprint import HTML

from reporter import fonts, pdf
from reporter.prose import page
from tests import pdf_rules
from tests.browser import write_everything
from tests.composing import compose

TEXT = (
    "Each image becomes 512 numbers: what enters the last layer of the frozen network, "
    "{}, whose weights stay as ImageNet left them."
)
INSIDE = (
    "<em>resnet18</em>",
    '<a href="#x">resnet18</a>',
    '<span class="claim broken">resnet18</span>',
    '<data value="1" data-source="a/b">resnet18</data>',
)
DOT = (
    '<img class="{}" alt="{}" src="data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAA'
    'A6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==">'
)


def html(body):
    """Return a page with our style sheets, titled T."""
    style = f"<style>{page._style()}</style>"
    return f'<html lang="en"><title>T</title>{style}<body><h1>T</h1><main>{body}</main>'


def lines(content):
    """Return the lines of the first page, without its running heads."""
    return pypdfium2.PdfDocument(content)[0].get_textpage().get_text_range().splitlines()[1:]


def opened(content):
    return pikepdf.open(io.BytesIO(content))


@pytest.mark.parametrize("element", INSIDE)
def test_a_full_line_stays_full_before_an_element(element):
    """The word of the element starts the next line, and nothing else moves."""
    content = pdf.render(html(f'<p>{TEXT.format(element)}</p><p id="x">End.</p>'))
    first = "Each image becomes 512 numbers: what enters the last layer"
    assert any(line.startswith(first) for line in lines(content))


def test_elements_in_a_paragraph_leave_its_lines_as_they_are():
    """In any width every line is as full as without them, and its text has no other sign."""
    marked = (
        "trained, these seeds do not show: full minus last <em>is</em> 3.2 points, and the "
        'interval of the paired <a href="#x">difference</a> does not lie above zero. Replacing '
        'one layer is <data value="1">better</data> than two'
    )
    alike = '<style>p { hyphens: manual } p em { font-style: normal }</style><p id="x">X</p>'

    def shown(text):
        body = "".join(f'<p style="width: {width}px">{text}</p>' for width in range(150, 400, 5))
        document = pypdfium2.PdfDocument(pdf.render(html(alike + body)))
        return [page.get_textpage().get_text_range() for page in document]

    assert shown(marked) == shown(re.sub("<[^>]+>", "", marked))


def test_a_note_stands_at_the_foot_of_its_page():
    """It is called by its number, and the list at the end of the section is gone."""
    content = pdf.render(
        html(
            '<p>Loss<sup class="footnote-ref"><a href="#fn1" id="fnref1">[1]</a></sup> falls.</p>'
            '<section class="footnotes"><ol><li id="fn1" class="footnote-item"><p>Cross-entropy. '
            '<a href="#fnref1" class="footnote-backref">back</a></p></li></ol></section>'
        )
    )
    sheet = pypdfium2.PdfDocument(content)[0]
    text = sheet.get_textpage()
    assert text.get_text_range().count("Cross-entropy.") == 1
    assert "back" not in text.get_text_range()
    found = text.search("Cross-entropy").get_next()
    assert text.get_charbox(found[0])[3] < 200, "in the lowest quarter of the page, in points"
    assert not list(pdf_rules.broken(opened(content)))


def test_setting_a_page_leaves_pillow_strict():
    """Who decodes pictures in the same process is told of those that are cut off."""
    pdf.render(html("<p>A</p>"))
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False


def test_controls_are_for_screens_only():
    """What a reader can press or open is not on paper, and the text around it is."""
    body = "<p>A<button>press</button>B</p><details><summary>Values</summary>12</details>"
    assert "AB" in lines(pdf.render(html(body)))
    assert "Values" not in "".join(lines(pdf.render(html(body))))


def test_attachments_come_out_as_they_went_in():
    """With their kind said by their name alone, for the machine's own list may differ."""
    enclosed = {"results.json": b'{"a": 1}\n', "report.toml": b"schema = 1\n", "a.b.csv": b"x\n1\n"}
    with opened(pdf.render(html("<p>A</p>"), enclosed)) as found:
        files = {name: file.get_file() for name, file in found.attachments.items()}
        assert {name: file.read_bytes() for name, file in files.items()} == enclosed
        kinds = {name: file.mime_type for name, file in files.items()}
        assert kinds["report.toml"] == "application/toml"
        assert not list(pdf_rules.broken(found))


def test_a_formula_is_tagged_as_one_and_a_link_says_where_it_leads():
    """PDF/UA-1, 7.7 and 7.18.5."""
    body = f'<p id="fig-x">{DOT.format("math", "x^2")}{DOT.format("", "a dot")}</p>'
    with opened(pdf.render(html(body + '<p><a href="#fig-x">Figure 3</a></p>'))) as found:
        named = {str(e.Alt): str(e.S) for e, _ in pdf_rules.elements(found) if "/Alt" in e}
        assert named == {"x^2": "/Formula", "a dot": "/Figure"}
        assert [str(link.Contents) for link in found.pages[0].Annots] == ["Figure 3"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("<h4>Deep</h4>", "heading H4 after H1"),
        (f"<p>{DOT.format('', '')}</p>", "Figure without alt text"),
        ("<table><tr><td>1</td></tr></table>", "table without headers"),
    ],
)
def test_the_rules_find_what_a_page_does_wrong(body, told):
    """A check that can't fail is none."""
    logging.getLogger("weasyprint").setLevel(logging.CRITICAL)
    assert told in pdf_rules.broken(opened(pdf.render(html(body))))


def test_the_rules_find_what_weasyprint_leaves_open():
    """So they would tell if the archive's step were left out."""
    body = f"<p>{DOT.format('', 'a dot')}</p>"
    plain = HTML(string=html(body)).write_pdf(pdf_variant="pdf/a-3a")
    told = "\n".join(pdf_rules.broken(opened(plain)))
    assert "metadata: no PDF/UA part" in told
    assert "picture with interpolation" in told
    assert re.search(r"page 1: marked content \d+ in no structure", told)


def faces(content):
    """Return the full names of the embedded faces."""
    with opened(content) as found:
        parts = [part for part in found.objects if isinstance(part, pikepdf.Dictionary)]
        described = [part for part in parts if part.get("/Type") == "/FontDescriptor"]
        files = [part.get("/FontFile2") or part.get("/FontFile3") for part in described]
        return {named(io.BytesIO(file.read_bytes())) for file in files}


def named(file):
    """Return the full name of a face."""
    with TTFont(file, lazy=True) as face:
        return face["name"].getDebugName(4)


def test_every_face_is_a_file_of_ours(tmp_path):
    """Of a page with one of everything, code with comments and slanted headings too."""
    content = pdf.render(write_everything(tmp_path).read_text(encoding="utf-8"))
    assert pdf_rules.broken(opened(content)) == []
    slanted = pdf.render(html("<h2>A <em>slanted</em> word</h2>"))
    known = {named(fonts.path(*face[3:])) for face in (*fonts.FACES, fonts.SYMBOLS)}
    assert faces(content) | faces(slanted) <= known
    assert "Source Serif Pro Semibold Italic" in faces(slanted)


def test_symbols_bring_their_face_along(tmp_path):
    """∈ comes from a file, not from the machine; a page without such signs is spared the file."""
    for text, count in {"An x ∈ ℝ.": 1, "An x.": 0}.items():
        whole = page.whole(compose(tmp_path / str(count), text))
        assert whole.count('font-family:"STIX Two Math"') == count
        assert ("STIX Two Math" in str(faces(pdf.render(whole)))) == bool(count)


def test_the_demo_breaks_no_rule(demo):
    """Structure, metadata, attachments, pictures."""
    (path,) = [path for path in demo.files if path.suffix == ".pdf"]
    with pikepdf.open(path) as found:
        assert pdf_rules.broken(found) == []
        results = json.loads(found.attachments["results.json"].get_file().read_bytes())
        assert results == json.loads((path.parent / "results.json").read_bytes())
        rates = found.attachments["full.rates.csv"].get_file().read_bytes().decode()
        head, *rows = csv.reader(rates.splitlines())
        (table,) = [result["rates"] for result in results["runs"]["full"]["results"]]
        assert head == ["seed", *(column["name"] for column in table["columns"])]
        assert rows == [["0", *map(str, row)] for row in table["rows"]]


def test_a_tall_picture_ends_on_its_page():
    """However tall it is: 100 times its width here."""
    dot = re.sub(
        'class="{}" alt="{}"', 'class="inserted" alt="A" style="width:9mm;height:99cm"', DOT
    )
    sheets = pypdfium2.PdfDocument(pdf.render(html(f"<p>{dot}</p>")))
    (box,) = [found.get_bounds() for sheet in sheets for found in sheet.get_objects([3])]
    assert box[1] > 32 * 72 / 25.4 - 1  # the lower margin
