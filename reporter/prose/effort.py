"""Markdown's parser → one that counts what it reads, so that no text takes it without end.

A sign counts once, and once more each time it is read again, as what stands within brackets is;
what Markdown makes of it counts, too. Most texts are read once: this is for those written to be
slow.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt
from markdown_it.parser_inline import ParserInline

from reporter.errors import ReportError

if TYPE_CHECKING:
    from collections.abc import Callable

    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_core import StateCore
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token
    from markdown_it.utils import EnvType

END = re.compile(r"\$\$[^\S\n]*(?:\([^)$\n]+\)[^\S\n]*)?$", re.MULTILINE)  # with a label or without
ENDS = "ends of math"  # of what Markdown is told: where each stands
MOST = 1_000_000  # signs of all texts of a report: some 300 pages, or about ten seconds at worst
PART = 10  # signs that a part of a page counts for, such as a word in italics or a cell


class MarkdownError(ReportError):
    """A text that can't be set; whoever knows the file adds it."""


class Effort:
    """What Markdown may still read of one report."""

    def __init__(self, most: int = MOST) -> None:
        self.most = self.left = most

    def spend(self, signs: int) -> None:
        """Count what is read; MarkdownError once it is too much."""
        self.left -= signs
        if self.left < 0:
            raise MarkdownError(
                f"Markdown reads more than {self.most:,} signs by here; shorten the report, or "
                "take away what stands within each other, such as brackets and tables"
            )


class Counted(ParserInline):
    """Reads what stands in a line, and counts."""

    def __init__(self, effort: Effort) -> None:
        super().__init__()
        self._effort = effort

    def skipToken(self, state: StateInline) -> None:  # noqa: N802 - markdown-it's name
        """Look ahead, behind a bracket that may close."""
        self._effort.spend(1)
        super().skipToken(state)

    def parse(self, src: str, md: MarkdownIt, env: EnvType, tokens: list[Token]) -> list[Token]:
        """Read a text, or what stands in brackets of one."""
        self._effort.spend(len(src))
        return super().parse(src, md, env, tokens)


def counting(effort: Effort, at: Callable[[int], None]) -> MarkdownIt:
    """Return a parser of CommonMark without HTML that counts; `at` is told the line before."""
    markdown = MarkdownIt()
    markdown.inline = Counted(effort)
    markdown.configure("commonmark", {"html": False, "typographer": True})

    def count_blocks(state: StateCore) -> None:
        for token in state.tokens:
            if token.map:
                at(token.map[0])
            effort.spend(PART)

    def inline(state: StateCore) -> None:
        for token in state.tokens:
            if token.map:
                at(token.map[0])
            if token.type == "inline":
                token.children = []
                state.md.inline.parse(token.content, state.md, state.env, token.children)
                effort.spend(sum(map(_size, token.children)))

    markdown.core.ruler.at("inline", inline)
    markdown.core.ruler.after("block", "count_blocks", count_blocks)
    return markdown


def _size(token: Token) -> int:
    """Return what a part of a line counts for: [a] may stand for a long address."""
    return PART + sum(len(str(value)) for value in token.attrs.values())


def use_blocks_of_math(markdown: MarkdownIt) -> None:
    """Let $$ stand right below a line of a paragraph, and look for its end only where there is one.

    The plugin's rule reads on to the end of the text for each line that begins with $$.
    """
    (rule,) = (rule.fn for rule in markdown.block.ruler.__rules__ if rule.name == "math_block")

    def asked(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - markdown-it's way
        if not _ends(state, start, end):
            return False
        line, count = state.line, len(state.tokens)
        found = bool(rule(state, start, end, silent))
        if silent:  # the plugin's rule forgets that it was only asked
            state.line = line
            del state.tokens[count:]
        return found

    markdown.block.ruler.at("math_block", asked, {"alt": ["paragraph", "blockquote", "list"]})


def _ends(state: StateBlock, start: int, end: int) -> bool:
    """Tell whether some $$ may end, in these lines, a block that begins in the first."""
    if ENDS not in state.env:
        state.env[ENDS] = [found.start() for found in END.finditer(state.src)]
    first = bisect_left(state.env[ENDS], state.bMarks[start] + state.tShift[start] + len("$$"))
    return first < len(state.env[ENDS]) and state.env[ENDS][first] < state.eMarks[end - 1]
