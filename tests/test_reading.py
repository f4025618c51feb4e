"""PDF → what stands on its pages."""

import pytest

from reporter import pdf
from reporter.errors import ReportError
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
