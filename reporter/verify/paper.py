"""Two PDFs → where the pages of one differ from those of the other: in words, and to the eye.

What stands on the pages is read from the pages, never from attachments. Equal text and an equal
picture are needed both: text that is covered, white or off the page can be copied and not seen,
and what is drawn over it can be seen and not copied.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from reporter.errors import ReportError
from reporter.verify.verdicts import Verdict, bad, good, note, told
from reporter.verify.words import NUMBER, after, differences, joined, only_here

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

PDF = "report.pdf"
FAINT = 40  # of 255: what differs by less is no letter
SIZE_PT = 1.0  # pages whose sides differ by more are of another size
MOST_WORDS = 8  # that are told
SHORT = 60  # letters of what is covered
THEM = "the results"
TOLD = frozenset({"/S", "/Subtype", "/URI", "/F", "/JS", "/ActualText", "/Alt", "/Contents"})
ANEW = frozenset({"/DecodeParms", "/Filter", "/Length", "/Producer"})  # what any writer changes


@dataclass(frozen=True, kw_only=True)
class Paper:
    """A PDF: its bytes, and the text of each page, as a reader would copy it."""

    content: bytes
    texts: tuple[str, ...]


def opened(content: bytes) -> Paper:
    """Read a PDF; ReportError if it can't be."""
    import pypdfium2

    try:
        with pypdfium2.PdfDocument(content) as pdf:
            texts = tuple(page.get_textpage().get_text_range() for page in pdf)
    except pypdfium2.PdfiumError as exc:
        raise ReportError("no PDF that can be read") from exc
    return Paper(content=content, texts=texts)


def compared(content: bytes | None, expected: Paper, *, is_same_layout: bool) -> Iterator[Verdict]:
    """Yield what differs between a PDF that was handed in and the one that the results give.

    Args:
        content: as it was handed in; None where there is none.
        expected: as it was set again.
        is_same_layout: whether the same program set both, so that every line stands where it did.
    """
    if content is None:
        yield bad("pdf", PDF, f"is missing, {THEM} give one")
        return
    try:
        found = opened(content)
    except ReportError as exc:
        yield bad("pdf", PDF, str(exc))
        return
    if content == expected.content:
        yield good("pdf", PDF, f"byte for byte what {THEM} give: {_size(found.texts)}")
        return
    well = good("pdf", PDF, f"{_size(found.texts)}, word for word what {THEM} give")
    parts = [*_alike(found, expected)]
    if parts and not is_same_layout:
        parts = [*_elsewhere(found, expected)]
    parts += [*_attachments(found, expected)]
    parts += _unusual(found, expected, bad if is_same_layout else note)
    yield from told(parts, well)
    if not parts:
        yield note("pdf", PDF, "its bytes differ: it was written anew, or by other versions")


def _size(texts: Sequence[str]) -> str:
    words = [word for text in texts for word in joined(text)]
    numbers = sum(bool(NUMBER.search(word)) for word in words)
    return f"{len(texts)} pages, {len(words)} words, {numbers} of them numbers"


def _alike(found: Paper, expected: Paper) -> Iterator[Verdict]:
    """Yield the differences of two PDFs of one layout, page by page."""
    old, new = found.texts, expected.texts
    if len(old) != len(new):
        yield bad("pdf", PDF, f"{len(old)} pages where {THEM} give {len(new)}")
    for kind, i, i_end, j, j_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        for page in range(i, i_end) if kind == "equal" else ():
            yield from _covered(found, page, expected, page - i + j)
        if kind == "insert":
            yield from (_lacking(new, page) for page in range(j, j_end))
        elif kind != "equal":
            yield from _reworded(found, range(i, i_end), expected, range(j, j_end))


def _lacking(texts: Sequence[str], page: int) -> Verdict:
    words = " ".join(joined(texts[page])[:10])
    return bad("pdf", PDF, f"page {page + 1} of {THEM} is missing, “{words} …”")


def _reworded(found: Paper, old: range, expected: Paper, new: range) -> Iterator[Verdict]:
    """Yield the words that differ on a run of pages, and whether they can be seen."""
    mine = [(word, page) for page in old for word in joined(found.texts[page])]
    theirs = [word for page in new for word in joined(expected.texts[page])]
    pairs = dict(zip(old, new, strict=False))
    for one in differences([word for word, _ in mine], theirs):
        page = mine[min(one.at, len(mine) - 1)][1] if mine else old.start
        is_seen = page not in pairs or bool(_box(found, page, expected, pairs[page]))
        hidden = "" if is_seen else "; to the eye the page is as it should be: hidden text"
        yield bad("pdf", f"{PDF}, page {page + 1}", one.told(THEM) + hidden)


def _covered(found: Paper, page: int, expected: Paper, other: int) -> Iterator[Verdict]:
    """Yield that a page whose words are right looks otherwise, and where."""
    box = _box(found, page, expected, other)
    if box is None:
        return
    near = " ".join(_text_within(expected, other, box).split())
    if len(near) > SHORT:
        near = f"{near[:SHORT]}…"
    place = f"at “{near}”" if near else "where no text stands, as in a figure,"
    message = f"{place} its picture differs from what {THEM} give, though its words are theirs"
    yield bad("pdf", f"{PDF}, page {page + 1}", message)


def _box(
    found: Paper, page: int, expected: Paper, other: int
) -> tuple[float, float, float, float] | None:
    """Return where two pages differ to the eye: left, bottom, right, top in points; or None."""
    import numpy as np
    import pypdfium2

    with (
        pypdfium2.PdfDocument(found.content) as mine,
        pypdfium2.PdfDocument(expected.content) as theirs,
    ):
        sizes = [mine[page].get_size(), theirs[other].get_size()]
        width, height = sizes[1]
        if any(abs(a - b) > SIZE_PT for a, b in zip(*sizes, strict=True)):
            return 0.0, 0.0, width, height
        pictures = [_picture(one) for one in (mine[page], theirs[other])]
    differs = np.abs(pictures[0] - pictures[1]).max(axis=-1) > FAINT
    if not differs.any():
        return None
    rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
    left, right = float(columns[0]), float(columns[-1] + 1)
    return left, height - float(rows[-1] + 1), right, height - float(rows[0])


def _picture(page: Any) -> Any:
    """Return a page as it is seen, annotations too: rows, columns, colours; a point a pixel."""
    return page.render(scale=1, may_draw_forms=True).to_numpy().astype("int16")


def _text_within(paper: Paper, page: int, box: tuple[float, float, float, float]) -> str:
    import pypdfium2

    with pypdfium2.PdfDocument(paper.content) as pdf:
        return str(pdf[page].get_textpage().get_text_bounded(*box))


def _elsewhere(found: Paper, expected: Paper) -> Iterator[Verdict]:
    """Yield numbers and words that differ where lines may break elsewhere: how often each stands.

    Which stands where is not known then, so whole numbers up to that of pages are left out.
    """
    old, new = found.texts, expected.texts
    for page, texts in enumerate(zip(old, new, strict=False)):
        if texts[0] == texts[1]:
            yield from (replace(one, state="note") for one in _covered(found, page, expected, page))
    most = max(len(old), len(new))
    for number in only_here(old, new, most):
        pages = ", ".join(str(n) for n, text in enumerate(old, 1) if number in text)
        yield bad("pdf", f"{PDF}, page {pages}", f"“{number}” is more than {THEM} give")
    for number in only_here(new, old, most):
        yield bad("pdf", PDF, f"“{number}” of {THEM} is missing")
    counts = [
        {word for text in texts for word in joined(text) if not NUMBER.search(word)}
        for texts in (old, new)
    ]
    for words, told_of in ((counts[0] - counts[1], "more than"), (counts[1] - counts[0], "not of")):
        if words:
            few = ", ".join(sorted(words)[:MOST_WORDS])
            yield note("pdf", PDF, f"words {told_of} {THEM} give: {few}")
    moved = sorted(after(old) - after(new))[:MOST_WORDS]
    if moved:
        few = ", ".join(f"“{before} {number}”" for before, number in moved)
        yield note("pdf", PDF, f"numbers after other words than {THEM} have them, look: {few}")
    where = "other versions set it, so words and numbers were counted, not compared in their places"
    yield note("pdf", PDF, f"{where}; whole numbers up to {most} were not: pages have them")


def _attachments(found: Paper, expected: Paper) -> Iterator[Verdict]:
    mine, theirs = (_attached(paper.content) for paper in (found, expected))
    for name in sorted({*mine, *theirs}):
        where = f"{PDF}, attachment {name}"
        if name not in mine or name not in theirs:
            told_of = "missing" if name in theirs else f"more than {THEM} give"
            yield bad("pdf", where, told_of)
        elif mine[name] != theirs[name]:
            yield bad("pdf", where, f"is not what {THEM} give")


def _attached(content: bytes) -> Mapping[str, bytes]:
    import pikepdf

    with pikepdf.open(io.BytesIO(content)) as pdf:
        return {name: file.get_file().read_bytes() for name, file in pdf.attachments.items()}


def _unusual(found: Paper, expected: Paper, say: Callable[..., Verdict]) -> Iterator[Verdict]:
    """Yield what a PDF of ours never has, and readers show, say or do: forms, layers, programs."""
    mine, theirs = (_features(paper.content) for paper in (found, expected))
    if more := sorted(mine - theirs):
        few = ", ".join(feature[:SHORT] for feature in more[:MOST_WORDS])
        yield say("pdf", PDF, f"has {few}, which the file that {THEM} give has not")


def _features(content: bytes) -> frozenset[str]:
    """Return every key in a PDF's objects, with its value where that is a kind or is read aloud."""
    import pikepdf

    found, seen = set[str](), set[tuple[int, int]]()
    with pikepdf.open(io.BytesIO(content)) as pdf:
        waiting: list[Any] = [pdf.Root]
        while waiting:
            one = waiting.pop()
            if not isinstance(one, pikepdf.Object) or one.objgen in seen:
                continue
            if one.is_indirect:
                seen.add(one.objgen)
            if isinstance(one, pikepdf.Array):
                waiting += [*one]
            elif isinstance(one, pikepdf.Dictionary | pikepdf.Stream):
                pairs = [pair for pair in one.items() if pair[0] != "/Resources"]  # what is drawn
                for key, value in pairs:
                    is_text = isinstance(value, pikepdf.String | pikepdf.Name)
                    found.add(f"{key} {value}" if key in TOLD and is_text else key)
                    waiting.append(value)
    return frozenset(found - ANEW)
