"""Blocks of a page sequence → the order in which no figure or table leaves a hole behind.

A figure that does not fit on its page leaves the rest of that page empty. As in a journal, the text
that follows fills the page instead, and the figure stands on the next one; where too little text
follows, the figure goes up on its own page. The order among figures and tables is kept. Lengths are
CSS pixels.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from xml.etree.ElementTree import Element

HOLE_PX = 60.0  # four lines; what is empty below them reads as a hole
LEAST_LINES = 2  # on either side of a page's end, as the style sheet has it


def unbroken(lines: Sequence[float]) -> tuple[float, ...]:
    """Return the heights of lines, the first two and the last two as one: orphans and widows."""
    if len(lines) < 2 * LEAST_LINES:
        return (sum(lines),)
    first, last = sum(lines[:LEAST_LINES]), sum(lines[-LEAST_LINES:])
    return (first, *lines[LEAST_LINES:-LEAST_LINES], last)


@dataclass(frozen=True, kw_only=True, eq=False)
class Block:
    """A paragraph, heading, figure, …: what the flow is made of.

    Attributes:
        element: what it begins with.
        last: what it ends with, another element where an equation stands in a sentence.
        parts: heights of what may not break, as `unbroken` gives them; a page may end between two.
        above: its margin, which does not count at the top of a page.
        below: the same.
        holders: stage → the child of that stage in which the block lies, outermost stage first.
            A stage is an element whose children are blocks: a chapter, an answer.
        is_float: it may leave its place.
        sticks: no page ends after it.
    """

    element: Element
    last: Element
    parts: tuple[float, ...]
    above: float
    below: float
    holders: Mapping[Element, Element]
    is_float: bool = False
    sticks: bool = False

    @property
    def height(self) -> float:
        """Return the height without margins."""
        return sum(self.parts)

    def gap(self, before: Block, after: Block | None) -> Element | None:
        """Return the stage in which this float can stand between two blocks, None if it can't."""
        if before.sticks:
            return None
        for stage in (list(self.holders)[-1], next(iter(before.holders))):
            holder = before.holders.get(stage)
            if holder is not None and (after is None or after.holders.get(stage) is not holder):
                return stage
        return None


@dataclass(kw_only=True)
class Page:
    """The page that is being filled.

    Attributes:
        room: its height.
        used: how far it is filled.
        below: the margin of what stands last.
        number: counts pages.
        standing: what begins on it, and where.
    """

    room: float
    used: float = 0.0
    below: float = 0.0
    number: int = 0
    standing: list[tuple[Block, float]] = field(default_factory=list)

    @property
    def is_new(self) -> bool:
        """Tell whether nothing stands on it."""
        return self.used == 0.0

    def fits(self, *blocks: Block) -> bool:
        """Tell whether blocks fit one after another, of the last at least its first part."""
        used, below = self.used, self.below
        for block in blocks[:-1]:
            used, below = used + max(below, block.above) * (used > 0) + block.height, block.below
        last = blocks[-1]
        return used + max(below, last.above) * (used > 0) + last.parts[0] <= self.room

    def put(self, block: Block) -> None:
        """Add a block, turning pages within it where it does not fit whole."""
        self.used += 0.0 if self.is_new else max(self.below, block.above)
        self.standing.append((block, self.used))
        for index, part in enumerate(block.parts):
            if index and self.used + part > self.room:
                self.turn()
            self.used += part
        self.below = block.below

    def turn(self) -> None:
        """Begin the next page."""
        self.used, self.below, self.number = 0.0, 0.0, self.number + 1
        self.standing.clear()


class GoesUp(Exception):  # noqa: N818 - it is no error
    """A float is to stand before a block that was placed already."""

    def __init__(self, block: Block, before: Block) -> None:
        super().__init__()
        self.block, self.before = block, before


def ordered(
    blocks: Sequence[Block], *, room: float, start: float, late: Iterable[Element] = ()
) -> list[Block]:
    """Return the blocks in the order that leaves no hole.

    Args:
        blocks: in the order of the text.
        room: height of a page.
        start: how far the first page is filled already.
        late: floats that did not fit where they had seemed to; they go to the next page.
    """
    raised: dict[Block, Block] = {}
    while True:
        try:
            return _filled(_with(raised, blocks), raised, Page(room=room, used=start), set(late))
        except GoesUp as move:
            raised[move.block] = move.before


def _with(raised: Mapping[Block, Block], blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield the blocks, each raised one before the block that it goes up to."""
    for block in blocks:
        yield from (up for up, before in raised.items() if before is block)
        if block not in raised:
            yield block


def _filled(
    blocks: Iterable[Block], pinned: Mapping[Block, Block], page: Page, late: set[Element]
) -> list[Block]:
    """Fill pages with the blocks; a float that does not fit waits for a page where it does."""
    queue, placed = deque(blocks), list[Block]()
    waiting = deque[tuple[Block, int]]()  # floats, and the page that each had no room on
    while queue or waiting:
        if waiting and _may_stand(waiting[0][0], placed, queue):
            block, number = waiting[0]
            if (page.fits(block) and (page.number > number or not queue)) or page.is_new:
                page.put(block)
                placed.append(waiting.popleft()[0])
                continue
            if not queue:
                page.turn()
                continue
        block = queue.popleft()
        if block.is_float and block not in pinned:
            if waiting or block.element in late or not page.fits(block):
                if not waiting and block.element not in late:
                    _go_up(block, queue, page, placed)
                waiting.append((block, page.number))
                continue
        elif not page.is_new and not page.fits(*_group(block, queue, page)):
            queue.appendleft(block)
            page.turn()
            continue
        page.put(block)
        placed.append(block)
    return placed


def _may_stand(block: Block, placed: Sequence[Block], queue: Sequence[Block]) -> bool:
    if not placed or not queue or placed[-1].is_float:
        return True
    return block.gap(placed[-1], queue[0]) is not None


def _group(block: Block, queue: Iterable[Block], page: Page) -> list[Block]:
    """Return a block with those that may not be parted from it; a float that is too high may."""
    group = [block]
    for after in queue:
        if not group[-1].sticks:
            break
        if not after.is_float or page.fits(*group, after):
            group.append(after)
    return group


def _go_up(block: Block, queue: Iterable[Block], page: Page, placed: Sequence[Block]) -> None:
    """Raise GoesUp if what follows in its stage is too short to fill the page.

    It goes before the last block of the page where it fits, past no heading and no other float.
    """
    stage = list(block.holders)[-1]
    text = 0.0
    for after in queue:
        if stage not in after.holders:
            break
        text += 0.0 if after.is_float else after.above + after.height
    if text >= page.room - page.used - HOLE_PX:
        return
    order = list(placed)
    for before, top in reversed(page.standing):
        if before.is_float or before.sticks or stage not in before.holders:
            return
        order.pop()
        if top + max(block.above, block.below) + block.height > page.room:
            continue
        if order and block.gap(order[-1], before) is stage:
            raise GoesUp(block, before)
