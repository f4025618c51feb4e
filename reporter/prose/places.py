"""What is being set → the file and line where its author wrote it."""

from __future__ import annotations

import inspect
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import GeneratorType

    from jinja2 import Template


class Places:
    """Follows the setting of one report through its files.

    Attributes:
        file: the one that is being set, relative to the report's folder.
        lines: for each line of the text that Markdown reads, the line of `file` that it came from;
            empty while a template is rendered, whose frames know better.
        row: the line that Markdown is at.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = ""
        self.lines: Sequence[int] = ()
        self.row = 0

    @contextmanager
    def within(self, file: str) -> Iterator[None]:
        """Set another file, and go on with this one afterwards."""
        outer = self.file, self.lines, self.row
        self.file, self.lines, self.row = file, (), 0
        try:
            yield
        finally:
            self.file, self.lines, self.row = outer

    def at(self, row: int) -> None:
        """Remember which line of its text Markdown is at."""
        self.row = row

    def here(self) -> str:
        """Return "sections/02-x.md:14"."""
        if self.lines:
            return f"{self.file}:{self.lines[min(self.row, len(self.lines) - 1)]}"
        frame = inspect.currentframe()
        while frame is not None:
            template = frame.f_globals.get("__jinja_template__")
            if template is not None:
                file = Path(template.filename).relative_to(self.folder).as_posix()
                return f"{file}:{template.get_corresponding_lineno(frame.f_lineno)}"
            frame = frame.f_back
        return self.file


def rendered(template: Template) -> tuple[str, tuple[int, ...]]:
    """Render a template; return its text, and for each line of it the template's line."""
    stream = cast("GeneratorType[str, None, None]", template.generate())
    pieces: list[str] = []
    lines: list[int] = []
    line = 1
    for piece in stream:
        inner = cast("GeneratorType[str, None, None]", stream.gi_yieldfrom)  # the template's own
        assert inner.gi_frame is not None  # it waits at this piece
        first = template.get_corresponding_lineno(inner.gi_frame.f_lineno)
        line = first + piece.count("\n")
        lines += range(first, line)
        pieces.append(piece)
    return "".join(pieces), (*lines, line)


def line_in(exc: BaseException, path: str) -> int | None:
    """Return the line of the template that raised, the innermost one in `path`."""
    line = None
    trace = exc.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == path:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
