"""A PDF → what a reader finds in it: the text of each page, sizes of letters, places of ids."""

from __future__ import annotations

import ctypes
import io
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reporter.errors import ReportError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, kw_only=True)
class Pages:
    """What stands on the pages of a PDF, whatever its attachments say.

    Attributes:
        texts: of each page, as a reader would copy it.
        sizes: of each page: size in points, to a tenth → how many letters have it.
        places: id of a section, figure, question … → its page, from 1.
    """

    texts: tuple[str, ...]
    sizes: tuple[Mapping[float, int], ...]
    places: Mapping[str, int]

    @property
    def count(self) -> int:
        """Return how many pages there are."""
        return len(self.texts)


def read(content: bytes, name: str) -> Pages:
    """Read a PDF.

    Args:
        content: its bytes.
        name: what messages call it.

    Raises:
        ReportError: it can't be read.
    """
    import pypdfium2

    try:
        pdf = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as exc:
        raise ReportError(f"{name}: no PDF that can be read; build it again") from exc
    with pdf:
        letters = [page.get_textpage() for page in pdf]
        texts = tuple(page.get_text_range() for page in letters)
        sizes = tuple(Counter(_sizes(page)) for page in letters)
    return Pages(texts=texts, sizes=sizes, places=_places(content))


def _sizes(letters: Any) -> Iterator[float]:
    """Yield the size of each letter of a page that is no white space, as it is drawn."""
    import pypdfium2.raw as pdfium

    matrix = pdfium.FS_MATRIX()
    for index in range(letters.count_chars()):
        if not chr(pdfium.FPDFText_GetUnicode(letters, index)).isspace():
            pdfium.FPDFText_GetMatrix(letters, index, ctypes.byref(matrix))
            size = pdfium.FPDFText_GetFontSize(letters, index)
            yield round(size * (matrix.c**2 + matrix.d**2) ** 0.5, 1)


def _places(content: bytes) -> dict[str, int]:
    import pikepdf

    with pikepdf.open(io.BytesIO(content)) as pdf:
        numbers: dict[Any, int] = {page.objgen: number for number, page in enumerate(pdf.pages, 1)}
        if "/Names" not in pdf.Root or "/Dests" not in pdf.Root.Names:
            return {}
        found = pikepdf.NameTree(pdf.Root.Names.Dests)
        return {str(name): numbers[place[0].objgen] for name, place in found.items()}
