"""A PDF → what a reader finds in it: the text of each page, sizes of letters, places of ids."""

from __future__ import annotations

import ctypes
import io
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reporter.errors import ReportError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Block = tuple[str, int]  # kind and number
ARTIFACT, NOWHERE = ("Artifact", 0), ("", 0)
DEEPEST = 50  # elements within one line
WITHIN = ("/Span", "/Link", "/NonStruct")  # what is part of a line of text, or of nothing


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Letters that follow each other on a page and are alike.

    Attributes:
        text: one or more, with the white space after them.
        size: in points as drawn, to a tenth.
        height: of their line above the foot of the page, in points.
        kind: by the file's structure, of the block that they are in: "P", "LI", "H2", "TD",
            "Caption", "Div" …; "Figure" in a picture or a formula, "Artifact" in running heads and
            page numbers; "" where the file doesn't say.
        block: the same number for all of one block.
    """

    text: str
    size: float
    height: float
    kind: str = ""
    block: int = 0

    @property
    def letters(self) -> int:
        """Return how many letters there are."""
        return sum(not letter.isspace() for letter in self.text)


@dataclass(frozen=True, kw_only=True)
class Pages:
    """What stands on the pages of a PDF, whatever its attachments say.

    Attributes:
        texts: of each page, as a reader would copy it.
        stretches: of each page, in the same order.
        places: id of a section, figure, question … → its page, from 1.
        heights: id → how far above the foot of that page it begins, in points.
    """

    texts: tuple[str, ...]
    stretches: tuple[tuple[Stretch, ...], ...]
    places: Mapping[str, int]
    heights: Mapping[str, float]

    @property
    def count(self) -> int:
        """Return how many pages there are."""
        return len(self.texts)

    @property
    def sizes(self) -> tuple[Mapping[float, int], ...]:
        """Return of each page: size in points → how many letters have it."""
        counts: list[Counter[float]] = [Counter() for _ in self.stretches]
        for count, stretches in zip(counts, self.stretches, strict=True):
            for stretch in stretches:
                count[stretch.size] += stretch.letters
        return tuple(counts)


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
        with pypdfium2.PdfDocument(content) as pdf:
            return _read(content, pdf)
    except Exception as exc:
        raise ReportError(f"{name}: no PDF that can be read; build it again") from exc


def _read(content: bytes, pdf: Any) -> Pages:
    structure, places = _structured(content)
    letters = [page.get_textpage() for page in pdf]
    return Pages(
        texts=tuple(page.get_text_range() for page in letters),
        stretches=tuple(
            tuple(_stretches(page, blocks)) for page, blocks in zip(letters, structure, strict=True)
        ),
        places={name: page for name, (page, _) in places.items()},
        heights={name: height for name, (_, height) in places.items()},
    )


def _stretches(letters: Any, blocks: Sequence[Block]) -> Iterator[Stretch]:
    """Yield the letters of a page; those that are alike and follow each other together."""
    import pypdfium2.raw as pdfium

    text, before = "", None
    drawn: dict[int, tuple[float, float, Block]] = {}  # what holds for all of an object's letters
    for index in range(letters.count_chars()):
        letter = chr(pdfium.FPDFText_GetUnicode(letters, index))
        part = pdfium.FPDFText_GetTextObject(letters, index)
        if part and not letter.isspace():
            address = ctypes.addressof(part.contents)
            if address not in drawn:
                drawn[address] = (*_measures(letters, index), _block(part, blocks))
            if before and drawn[address] != before:
                yield _stretch(text, before)
                text = ""
            before = drawn[address]
        text += letter
    if before:
        yield _stretch(text, before)


def _stretch(text: str, drawn: tuple[float, float, Block]) -> Stretch:
    size, height, (kind, block) = drawn
    return Stretch(text=text, size=size, height=height, kind=kind, block=block)


def _measures(letters: Any, index: int) -> tuple[float, float]:
    """Return the size of a letter and the height of its line."""
    import pypdfium2.raw as pdfium

    matrix, x, y = pdfium.FS_MATRIX(), ctypes.c_double(), ctypes.c_double()
    pdfium.FPDFText_GetMatrix(letters, index, ctypes.byref(matrix))
    pdfium.FPDFText_GetCharOrigin(letters, index, ctypes.byref(x), ctypes.byref(y))
    size = pdfium.FPDFText_GetFontSize(letters, index)
    return round(size * (matrix.c**2 + matrix.d**2) ** 0.5, 1), round(y.value, 1)


def _block(part: Any, blocks: Sequence[Block]) -> Block:
    """Return the block that an object of a page is in, by its innermost mark."""
    import pypdfium2.raw as pdfium

    count = pdfium.FPDFPageObj_CountMarks(part)
    if count < 1:
        return NOWHERE
    mark, number = pdfium.FPDFPageObj_GetMark(part, count - 1), ctypes.c_int()
    is_held = pdfium.FPDFPageObjMark_GetParamIntValue(mark, b"MCID", ctypes.byref(number))
    if not is_held:
        return ARTIFACT
    return blocks[number.value] if 0 <= number.value < len(blocks) else NOWHERE


def _structured(content: bytes) -> tuple[list[list[Block]], dict[str, tuple[int, float]]]:
    """Return the blocks of each page by the numbers of its marks, and the places of ids."""
    import pikepdf

    with pikepdf.open(io.BytesIO(content)) as pdf:
        blocks = _blocks(pdf)
        numbers: dict[Any, int] = {page.objgen: number for number, page in enumerate(pdf.pages, 1)}
        if "/Names" not in pdf.Root or "/Dests" not in pdf.Root.Names:
            return blocks, {}
        found = pikepdf.NameTree(pdf.Root.Names.Dests).items()
        places = {
            str(name): (numbers[at[0].objgen], float(at[3]))
            for name, at in found
            if at[0].objgen in numbers  # else its page was taken out
        }
    return blocks, places


def _blocks(pdf: Any) -> list[list[Block]]:
    """Return the blocks of each page by the numbers of its marks."""
    import pikepdf

    if "/StructTreeRoot" not in pdf.Root or "/ParentTree" not in pdf.Root.StructTreeRoot:
        return [[] for _ in pdf.pages]
    owners = pikepdf.NumberTree(pdf.Root.StructTreeRoot.ParentTree)
    held = [owners.get(int(page.get("/StructParents", -1)), ()) for page in pdf.pages]
    return [[_holder(owner) for owner in page] for page in held]


def _holder(element: Any) -> Block:
    """Return the block that an element of the structure stands in, itself perhaps."""
    for _ in range(DEEPEST):
        if element is None:
            return ARTIFACT
        if str(element.get("/S", "")) not in WITHIN:
            break
        element = element.get("/P")
    kind = str(element.get("/S", "")).removeprefix("/")
    return ("Figure" if kind == "Formula" else kind), element.objgen[0]
