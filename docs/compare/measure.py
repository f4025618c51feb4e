"""What a PDF holds, and how evenly its lines are set: counts and points, no judgement."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pikepdf
import pypdfium2

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HYPHENS = ("-", "\x02", "\xad", "\ufffe")  # as pdfium tells those at the end of a line
Letter = tuple[str, tuple[float, ...]]  # and its box: left, bottom, right, top in points
BACK_PT = 50.0  # so far left of the last letter begins another line
FULL_PT = 4.0  # a line that comes so near to both margins is a full one


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of running text: its characters, edges and the widths of its spaces in points."""

    text: str
    left: float
    right: float
    gaps: tuple[float, ...]


def facts(path: Path) -> dict[str, str]:
    """Return what is measured of a PDF, by how the table calls it."""
    found = [line for line in lines(path) if len(line.text) > 40]
    left, right = min(line.left for line in found), max(line.right for line in found)
    full = [x for x in found if x.left < left + FULL_PT and x.right > right - FULL_PT]
    spread = [statistics.mean(line.gaps) for line in full]
    length = statistics.median(len(line.text) for line in full)
    with pikepdf.open(path) as pdf, pdf.open_metadata() as metadata:
        elements = list(_elements(pdf.Root.get("/StructTreeRoot")))
        kinds = Counter(str(element.get("/S", ""))[1:] for element in elements)
        spoken = [e for e in elements if e.get("/S") in ("/Figure", "/Formula")]
        embedded = [
            any(key in font.FontDescriptor for key in ("/FontFile", "/FontFile2", "/FontFile3"))
            for font in pdf.objects
            if isinstance(font, pikepdf.Dictionary) and "/FontDescriptor" in font
        ]
        parts = {"PDF/A": "pdfaid:part", "PDF/UA": "pdfuaid:part"}
        told = [f"{name}-{metadata[part]}" for name, part in parts.items() if part in metadata]
        return {
            "bytes": str(path.stat().st_size),
            "pages": str(len(pdf.pages)),
            "fonts embedded": f"{sum(embedded)} of {len(embedded)}",
            "tags": str(len(elements)) if elements else "none",
            "declares": " and ".join(told) or "no standard",
            "language": str(pdf.Root.get("/Lang", "none")),
            "figures and formulas with alt text": (
                f"{sum('/Alt' in e for e in spoken)} of {len(spoken)}"
            ),
            "header cells tagged": str(kinds["TH"]),
            "files attached": str(len(pdf.attachments)),
            "characters in a full line, median": f"{length:g}",
            "full lines": str(len(full)),
            "lines that end in a hyphen": str(sum(x.text.endswith(HYPHENS) for x in found)),
            "word space of full lines, median": f"{statistics.median(spread):.2f} pt",
            "word space, widest line": f"{max(spread):.2f} pt",
        }


def lines(path: Path) -> Iterator[Line]:
    """Yield the lines of all pages in the order of their characters."""
    for page in pypdfium2.PdfDocument(path):
        text = page.get_textpage()
        line: list[Letter] = []
        for index in range(text.count_chars()):
            letter = text.get_text_range(index, 1), text.get_charbox(index)
            goes_back = line and letter[1][2] < line[-1][1][0] - BACK_PT  # after a hyphen
            if line and (letter[0] in "\r\n" or goes_back):
                yield _line(line)
                line = []
            if letter[0] not in "\r\n":
                line.append(letter)
        if line:
            yield _line(line)


def _line(letters: list[Letter]) -> Line:
    """Return a line; a space is what lies between the letters around it."""
    inked = [letter for letter in letters if letter[0].strip()] or letters
    between = zip(letters, letters[1:], letters[2:], strict=False)
    return Line(
        text="".join(letter for letter, _ in letters).strip(),
        left=inked[0][1][0],
        right=inked[-1][1][2],
        gaps=tuple(c[1][0] - a[1][2] for a, b, c in between if b[0] == " "),
    )


def _elements(node: Any) -> Iterator[pikepdf.Dictionary]:
    """Yield the elements of a tree of tags."""
    for child in (node if isinstance(node, pikepdf.Array) else [node]) if node is not None else []:
        if isinstance(child, pikepdf.Dictionary):
            if "/S" in child and "/P" in child:
                yield child
            yield from _elements(child.get("/K"))
        elif isinstance(child, pikepdf.Array):
            yield from _elements(child)
