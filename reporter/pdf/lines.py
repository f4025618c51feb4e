"""Text before an inline element → lines that are filled, though the text ends with a space.

WeasyPrint (seen with 70.0) measures such a text with that space. Where only the space has no room
it takes the first word for too long, ends the line behind it, and looks no further. A space at the
end of a line takes no room (CSS Text 3, 4.1.2): the text is given whole, and WeasyPrint's own
`split_inline_box` lets the space hang and asks next whether the element still fits.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

COLLAPSING = ("normal", "pre-line")  # values of white-space by which lines break and spaces hang


@contextmanager
def filled() -> Iterator[None]:
    """Let a line hold the text whose last space alone has no room."""
    from weasyprint.layout import inline

    split = inline.split_first_line

    def split_hanging(
        text: str, style: Any, context: Any, width: float | None, *rest: Any, **options: Any
    ) -> Any:
        line = split(text, style, context, width, *rest, **options)
        is_cut = width is not None and line[2] is not None  # where the next line begins
        if not is_cut or not text.endswith(" ") or style["white_space"] not in COLLAPSING:
            return line
        shown = split(text.rstrip(" "), style, context, width, *rest, **options)
        fits = shown[2] is None and shown[3] <= width  # its width
        return split(text, style, context, None, *rest, **options) if fits else line

    inline.split_first_line = split_hanging
    try:
        yield
    finally:
        inline.split_first_line = split
