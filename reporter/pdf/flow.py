"""A laid-out document ⇄ the blocks of its main text: read from its boxes, moved in its tree."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

from reporter.pdf.floats import HOLE_PX, Block, unbroken

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from xml.etree.ElementTree import Element

LINE_PX = 24.0
STAGES = {"chapter", "answer"}  # classes of elements whose children are blocks


def blocks(document: Any, tree: Element) -> list[Block]:
    """Return the blocks of the main text in the order of the pages.

    Args:
        document: as WeasyPrint laid it out.
        tree: the HTML that it was laid out from.
    """
    parents = {child: parent for parent in tree.iter() for child in parent}
    found = [
        _block(box, above, below, parents)
        for page in document.pages
        for box, above, below in _leaves(_main(page))
    ]
    joined: list[Block] = []
    for element, pieces in groupby(found, lambda piece: piece.element):
        first, *others = pieces
        if not first.holders:  # no text of a section
            continue
        lines = [line for piece in (first, *others) for line in piece.parts]
        block = replace(first, below=[first, *others][-1].below, parts=unbroken(lines))
        if joined and _is_equation(element):
            block = _joined(joined.pop(), block, is_parted=False)
        elif joined and _is_equation(joined[-1].last) and (element.text or "")[:1].islower():
            block = _joined(joined.pop(), block, is_parted=True)
        joined.append(block)
    return joined


def page_room(document: Any) -> tuple[float, float]:
    """Return the height of a page's text, and how far the main text's first page is filled."""
    for page in document.pages:
        for box, _, _ in _leaves(_main(page)):
            sheet = page._page_box  # noqa: SLF001 - the layout has no public face
            return sheet.height, box.position_y - sheet.content_box_y()
    return 0.0, 0.0


@dataclass(frozen=True, kw_only=True)
class Hole:
    """What is empty at the foot of a page because the float `after` it had no room there."""

    after: Element
    height: float
    float_height: float

    @property
    def nearly_fits(self) -> bool:
        """Tell whether the float would fit if a line less stood before it."""
        return self.float_height <= self.height + LINE_PX


def holes(document: Any) -> list[Hole]:
    """Return the holes above floats, which stand on top of the page after each."""
    pages = [list(_leaves(_main(page))) for page in document.pages]
    found = []
    for page, here, there in zip(document.pages, pages, pages[1:], strict=False):
        if here and there and _is_float(there[0][0]):
            last, first = here[-1][0], there[0][0]
            height = _bottom(page) - last.position_y - last.margin_height() + last.margin_bottom
            whole = first.border_height() + _length(first, "margin_top")
            found.append(Hole(after=first.element, height=height, float_height=whole))
    return [hole for hole in found if hole.height > HOLE_PX]


def move(tree: Element, now: Sequence[Block], wanted: Sequence[Block]) -> None:
    """Move floats in the tree, from one order of the blocks to another."""
    parents = {child: parent for parent in tree.iter() for child in parent}
    before_now = {block: before for before, block in pairwise(now)}
    moved: set[Block] = set()
    for index, block in enumerate(wanted):
        before = wanted[index - 1] if index else None
        if not block.is_float or (before_now.get(block) is before and before not in moved):
            continue
        moved.add(block)
        parents[block.element].remove(block.element)
        after = next((other for other in wanted[index + 1 :] if not other.is_float), None)
        parent, place = _place(block, before, after, parents)
        parent.insert(place, block.element)
        parents[block.element] = parent


def _is_equation(element: Element) -> bool:
    return element.get("class") == "equation"


def _joined(block: Block, piece: Block, *, is_parted: bool) -> Block:
    """Return two blocks as one, between which no float stands, nor a page ends unless parted."""
    first = max(block.below, piece.above) + piece.parts[0]
    ends = (block.parts[-1], first) if is_parted else (block.parts[-1] + first,)
    return replace(
        block,
        parts=(*block.parts[:-1], *ends, *piece.parts[1:]),
        below=piece.below,
        holders=piece.holders,
        last=piece.element,
    )


def _place(
    block: Block, before: Block | None, after: Block | None, parents: Mapping[Element, Element]
) -> tuple[Element, int]:
    """Return where in the tree a float goes that follows `before`."""
    if before is None:
        stage = list(block.holders)[-1]
        return stage, 0
    if before.is_float:
        parent, holder = parents[before.element], before.element
    else:
        parent = block.gap(before, after) or next(iter(before.holders))
        holder = before.holders[parent]
    return parent, list(parent).index(holder) + 1


def _main(page: Any) -> Any:
    """Return the box of the main text on a page, or one without children."""
    root = page._page_box.children[0]  # noqa: SLF001 - the layout has no public face
    for body in root.children:
        for box in body.children:
            if box.element_tag == "main":
                return box
    return root.copy_with_children([])


def _leaves(box: Any, above: float = 0.0, below: float = 0.0) -> Iterator[tuple[Any, float, float]]:
    """Yield the boxes that are paragraphs or whole, with their margins, collapsed with parents'."""
    children = [child for child in getattr(box, "children", ()) if child.is_in_normal_flow()]
    for child in children:
        top = max(_length(child, "margin_top"), above if child is children[0] else 0.0)
        bottom = max(_length(child, "margin_bottom"), below if child is children[-1] else 0.0)
        if _is_whole(child):
            yield child, top, bottom
        else:
            yield from _leaves(child, top, bottom)


def _is_whole(box: Any) -> bool:
    """Tell whether a box is not to be looked into: it has lines, or rows, or never breaks."""
    inner = getattr(box, "children", ())
    is_unbroken = box.style["break_inside"] == "avoid"
    return is_unbroken or not inner or _is_line(inner[0]) or _is_table(box)


def _is_line(box: Any) -> bool:
    return type(box).__name__ == "LineBox"


def _is_table(box: Any) -> bool:
    return bool(getattr(box, "is_table_wrapper", False))


def _is_float(box: Any) -> bool:
    return bool(box.element_tag == "figure" and box.style["break_inside"] == "avoid")


def _block(box: Any, above: float, below: float, parents: Mapping[Element, Element]) -> Block:
    holders: dict[Element, Element] = {}
    child = box.element
    while child in parents:
        parent = parents[child]
        if STAGES & set(parent.get("class", "").split()):
            holders = {parent: child, **holders}
        child = parent
    return Block(
        element=box.element,
        last=box.element,
        parts=_parts(box),
        above=above,
        below=below,
        holders=holders,
        is_float=bool(holders) and _is_float(box),
        sticks=box.style["break_after"] == "avoid",
    )


def _parts(box: Any) -> tuple[float, ...]:
    """Return the heights of lines or rows; padding counts with the first and the last.

    The height of a box that goes on overleaf is no sum of its lines: it reaches down the page.
    """
    parts = [child.height for child in box.children if _is_line(child)]
    if _is_table(box):
        groups = [child for table in box.children for child in table.children]
        parts = [row.height for group in groups for row in group.children]
    if not parts or box.style["break_inside"] == "avoid":
        return (box.border_height(),)
    parts[0] += box.padding_top + box.border_top_width
    parts[-1] += box.padding_bottom + box.border_bottom_width
    return tuple(parts)


def _bottom(page: Any) -> float:
    box = page._page_box  # noqa: SLF001 - the layout has no public face
    notes = [child for child in box.children if child.element_tag == "@footnote"]
    return float(notes[0].position_y if notes else box.content_box_y() + box.height)


def _length(box: Any, name: str) -> float:
    value = box.style[name]
    return float(value.value) if getattr(value, "unit", "") == "px" else 0.0
