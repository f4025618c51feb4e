"""The page on paper: lines are broken where they are full."""

import pypdfium2
import pytest

from reporter import pdf
from reporter.prose import page

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


@pytest.mark.parametrize("element", INSIDE)
def test_a_full_line_stays_full_before_an_element(element):
    """The word of the element starts the next line, and nothing else moves."""
    body = f'<main><p>{TEXT.format(element)}</p><p id="x">End.</p></main>'
    content = pdf.render(
        f'<html lang="en"><title>T</title><style>{page._style()}</style><body>{body}'
    )
    first = pypdfium2.PdfDocument(content)[0].get_textpage().get_text_range().splitlines()[0]
    assert first.startswith("Each image becomes 512 numbers: what enters the last layer")
