"""Markdown → HTML, with mathematics, code, references and citations; raw HTML is shown as text."""

from __future__ import annotations

import base64
import itertools
import re
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin

from reporter.errors import ReportError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from markdown_it.renderer import RendererHTML
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token
    from markdown_it.utils import EnvType, OptionsDict

REFERENCE = re.compile(r"@((?:fig|tbl|sec|eq|lst|q)-[A-Za-z0-9](?:[\w.-]*\w)?)")
CITATION = re.compile(r"\[(@[^\]\s]+(?:\s*;\s*@[^\]\s]+)*)\]")
ID_OPEN, ID_CLOSE = "\ue010", "\ue011"  # around the id of a heading, {#sec-…} in the source
HEADING_ID = re.compile(f"\\s*{ID_OPEN}(.*?){ID_CLOSE}\\s*$")
TEXT_PX = 14.0  # 10.5 pt


class MathError(ReportError):
    """TeX that can't be set; whoever knows the file adds it."""


@dataclass(frozen=True, kw_only=True)
class Hooks:
    """What Markdown asks of the document: each returns a mark.

    Attributes:
        heading: given level, id or "", and text, returns the opening of a heading.
        refer: given an id, returns a link to what has it.
        cite: given keys of references, returns their numbers.
        equation: given an id and HTML, returns the numbered equation.
        image: given a path and the text for who can't see it, returns the picture.
    """

    heading: Callable[[int, str, str], str]
    refer: Callable[[str], str]
    cite: Callable[[tuple[str, ...]], str]
    equation: Callable[[str, str], str]
    image: Callable[[str, str], str]


def parser(hooks: Hooks) -> MarkdownIt:
    """Return the Markdown parser of one report."""
    markdown = MarkdownIt("commonmark", {"html": False, "typographer": True})
    markdown.enable(["table", "strikethrough", "replacements", "smartquotes"])
    markdown.use(footnote_plugin).use(deflist_plugin)
    markdown.use(dollarmath_plugin, allow_digits=False, double_inline=True)
    markdown.inline.ruler.before("link", "reference", _parse_reference)
    markdown.core.ruler.push("headings", lambda state: _number_headings(state.tokens, hooks))
    rules = {
        "reference": lambda token: hooks.refer(token.content),
        "citation": lambda token: hooks.cite(tuple(token.content.split())),
        "math_inline": lambda token: math(token.content, is_block=False),
        "math_inline_double": lambda token: _display(token.content),
        "math_block": lambda token: _display(token.content),
        "math_block_label": lambda token: hooks.equation(token.info, math(token.content)),
        "image": lambda token: hooks.image(str(token.attrs["src"]), token.content),
        "fence": lambda token: code(token.content, token.info.strip()),
    }
    for name, rule in rules.items():
        markdown.add_render_rule(name, _renderer(rule))
    return markdown


def code(text: str, language: str) -> str:
    """Return a listing, coloured where the language is known."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        lexer = get_lexer_by_name(language or "text", stripnl=True)
    except ClassNotFound:
        lexer = get_lexer_by_name("text")
    coloured = highlight(text, lexer, HtmlFormatter(nowrap=True))
    return f'<pre class="code"><code>{coloured}</code></pre>\n'


@cache
def math(tex: str, *, is_block: bool = True) -> str:
    """Return a formula as a vector image that stands on the baseline; its TeX is the alt text."""
    from ziamath.zmath import Latex

    try:
        formula = Latex(tex.strip(), size=TEXT_PX * 1.04, inline=not is_block)
    except Exception as exc:  # the library raises whatever its parser stumbles over
        raise MathError(f"the formula {tex.strip()!r} can't be set; correct its TeX") from exc
    svg = base64.b64encode(formula.svg().encode()).decode()
    width, height = formula.getsize()
    style = f"width:{width / TEXT_PX:.4f}em;height:{height / TEXT_PX:.4f}em"
    shift = f";vertical-align:{formula.getyofst() / TEXT_PX:.4f}em" if not is_block else ""
    alt = escape(" ".join(tex.split()), quote=True)
    source = f"data:image/svg+xml;base64,{svg}"
    return f'<img class="math" alt="{alt}" style="{style}{shift}" src="{source}">'


def _display(tex: str) -> str:
    return f'<div class="equation">{math(tex)}</div>\n'


def _renderer(rule: Callable[[Token], str]) -> Callable[..., str]:
    def render(
        _self: RendererHTML, tokens: Sequence[Token], index: int, _o: OptionsDict, _e: EnvType
    ) -> str:
        return rule(tokens[index])

    return render


def _parse_reference(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - markdown-it's way
    """Recognise @fig-x, @tbl-x, … and [@key; @key]."""
    before = state.src[state.pos - 1] if state.pos else " "
    for pattern, kind in ((CITATION, "citation"), (REFERENCE, "reference")):
        match = pattern.match(state.src, state.pos)
        if match is None or (kind == "reference" and (before.isalnum() or before == "\\")):
            continue
        if not silent:
            token = state.push(kind, "", 0)
            token.content = re.sub(r"[@;\s]+", " ", match[1]).strip()
        state.pos = match.end()
        return True
    return False


def _number_headings(tokens: list[Token], hooks: Hooks) -> None:
    """Put number and id into every heading; # of a section is the report's second level."""
    for opening, inline in itertools.pairwise(tokens):
        if opening.type != "heading_open" or not inline.children:
            continue
        last = inline.children[-1]
        found = HEADING_ID.search(last.content)
        if found:
            last.content = last.content[: found.start()]
        text = "".join(child.content for child in inline.children)
        level = int(opening.tag[1])
        mark = hooks.heading(level, found[1] if found else "", text)
        opening.tag = f"h{level + 1}"
        token = type(opening)("text", "", 0)
        token.content = mark
        inline.children.insert(0, token)
    for token in tokens:
        if token.type == "heading_close":
            token.tag = f"h{int(token.tag[1]) + 1}"
