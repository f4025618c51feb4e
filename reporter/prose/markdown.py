"""Markdown → HTML, with mathematics, code, references and citations; raw HTML is shown as text."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from html import escape, unescape
from typing import TYPE_CHECKING

from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin

from reporter.prose.csl import Cite
from reporter.prose.effort import Effort, counting, use_blocks_of_math
from reporter.prose.mathematics import math
from reporter.prose.notes import use_notes
from reporter.prose.numbering import NAME, SPELLED
from reporter.prose.styles import with_thin_spaces

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML
    from markdown_it.rules_core import StateCore
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token
    from markdown_it.utils import EnvType, OptionsDict

    from reporter.prose.notes import Notes

KEY = r"[A-Za-z0-9_](?:[\w:./+-]*\w)?"
ITEM = rf"@{KEY}(?:,[^;@\[\]]++)?"  # @key, or @key, p. 3
CITATION = re.compile(rf"\[({ITEM}(?:\s*;\s*{ITEM})*)\](?!\()")
REFERENCE = re.compile(rf"@((?:{'|'.join(SPELLED)})-{NAME})")
MENTION = re.compile(f"(?<![/.+-])@({KEY})")  # nor in an address
SPOKEN = {  # how each kind is called right before what names it already
    kind: re.compile(rf"\b(?:{word}s?|{word[:3].removesuffix('u')}s?\.)\s?$", re.IGNORECASE)
    for kind, word in SPELLED.items()
}
ELEMENTS = re.compile(
    r'<sup class="footnote-ref">.*?</sup>|<section class="footnotes">.*?</section>|<[^>]+>',
    re.DOTALL,
)
ABBREVIATIONS = ("vs.", "cf.", "e.g.", "i.e.", "al.", "Fig.")  # that end no sentence
SENTENCE = re.compile(
    "".join(f"(?<!{re.escape(word)})" for word in ABBREVIATIONS)
    + r"(?<=[\w)%\ue001][.!?])\s+(?=[A-Z\ue000])"
)
ID_OPEN, ID_CLOSE = "\ue010", "\ue011"  # around the id of a heading, {#sec-…} in the source
HEADING_ID = re.compile(f"(?<!\\s)\\s*{ID_OPEN}(sec-[\\w.-]+){ID_CLOSE}\\s*$")


@dataclass(frozen=True, kw_only=True)
class Hooks:
    """What Markdown asks of the document: each returns a mark.

    Attributes:
        heading: given level, id or "", and HTML, returns the opening of a heading.
        refer: given ids, returns links to what has them.
        cite: given references with what is meant of them, returns a citation in brackets.
        mention: given the key of a reference, returns a citation that reads as its authors.
        equation: given an id and HTML, returns the numbered equation.
        image: given a path and HTML for who can't see it, returns the picture.
        piece: given HTML and its plain text, returns what stands for it.
        attribute: given HTML, returns what stands for its text in an attribute.
        at: told the line before anything of it is asked.
        problem: told what is wrong there.
        notes: those of the report.
    """

    heading: Callable[[int, str, str], str]
    refer: Callable[[tuple[str, ...]], str]
    cite: Callable[[tuple[Cite, ...]], str]
    mention: Callable[[str], str]
    equation: Callable[[str, str], str]
    image: Callable[[str, str], str]
    piece: Callable[[str, str], str]
    attribute: Callable[[str], str]
    at: Callable[[int], None]
    problem: Callable[[str], None]
    notes: Notes


def parser(hooks: Hooks) -> MarkdownIt:
    """Return the Markdown parser of one report."""
    effort = Effort()
    markdown = counting(effort, hooks.at)
    markdown.enable(["table", "strikethrough", "replacements", "smartquotes"])
    use_notes(markdown, hooks.notes, hooks.at, hooks.problem)
    markdown.use(deflist_plugin)
    markdown.use(dollarmath_plugin, allow_digits=False, double_inline=True)
    use_blocks_of_math(markdown)
    markdown.inline.ruler.before("link", "reference", _parse_reference)
    markdown.core.ruler.push("percent", _set_percent)
    markdown.core.ruler.push("lines", lambda state: _give_lines(state.tokens))
    markdown.core.ruler.push("doubles", lambda state: _tell_doubles(state.tokens, hooks))
    markdown.core.ruler.push("headings", lambda state: _number_headings(state, hooks))
    rules = {
        "citation": lambda token: _cited(token.content, hooks),
        "reference": lambda token: hooks.refer((token.content,)),
        "mention": lambda token: hooks.mention(token.content),
        "math_inline": lambda token: hooks.piece(
            math(token.content, effort, is_block=False), token.content
        ),
        "math_inline_double": lambda token: _display(token.content, effort),
        "math_block": lambda token: _display(token.content, effort),
        "math_block_label": lambda token: hooks.equation(token.info, math(token.content, effort)),
        "image": lambda token: hooks.image(
            str(token.attrs["src"]),
            markdown.renderer.render(token.children or [], markdown.options, {}),
        ),
        "fence": lambda token: code(token.content, token.info.strip()),
    }
    for name, html in (
        ("table_open", '<div class="scroll"><table>'),
        ("table_close", "</table></div>"),
    ):
        markdown.add_render_rule(name, lambda *_, html=html: html + "\n")
    for name, rule in rules.items():
        markdown.add_render_rule(name, _renderer(rule, hooks))
    return markdown


def plain(html: str) -> str:
    """Return the text of inline HTML; marks of pieces stay."""
    return unescape(ELEMENTS.sub("", html))


def first_sentence(html: str) -> str:
    """Return the first sentence of inline HTML, its full stop left out; marks of pieces stay."""
    text = " ".join(ELEMENTS.sub("", html).split())
    return SENTENCE.split(text, maxsplit=1)[0].removesuffix(".")


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


def _display(tex: str, effort: Effort) -> str:
    return f'<div class="equation">{math(tex, effort)}</div>\n'


def _renderer(rule: Callable[[Token], str], hooks: Hooks) -> Callable[..., str]:
    def render(
        _self: RendererHTML, tokens: Sequence[Token], index: int, _o: OptionsDict, _e: EnvType
    ) -> str:
        token = tokens[index]
        if token.map:
            hooks.at(token.map[0])
        return rule(token)

    return render


def _parse_reference(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - markdown-it's way
    """Recognise [@key, p. 3; @key], @fig-x and @key, but no @ inside a word."""
    before = state.src[state.pos - 1] if state.pos else " "
    patterns = {"citation": CITATION, "reference": REFERENCE, "mention": MENTION}
    for kind, pattern in patterns.items():
        match = pattern.match(state.src, state.pos)
        if match is None or (kind != "citation" and (before.isalnum() or before in "_\\")):
            continue
        if not silent:
            state.push(kind, "", 0).content = match[1]
        state.pos = match.end()
        return True
    return False


def _cited(text: str, hooks: Hooks) -> str:
    """Return what stands for the inside of brackets: references first, then citations."""
    parts = [part.strip().partition(",") for part in text.split(";")]
    cites = [Cite(key=key.removeprefix("@"), detail=detail.strip()) for key, _, detail in parts]
    targets = [cite for cite in cites if REFERENCE.fullmatch(f"@{cite.key}")]
    others = tuple(cite for cite in cites if cite not in targets)
    shown = []
    if targets:
        details = (escape(cite.detail) for cite in targets if cite.detail)
        shown.append(", ".join([hooks.refer(tuple(cite.key for cite in targets)), *details]))
    if others:
        shown.append(hooks.cite(others))
    return " ".join(shown)


def _set_percent(state: StateCore) -> None:
    for token in state.tokens:
        for child in token.children or []:
            if child.type == "text":
                child.content = with_thin_spaces(child.content)


def _give_lines(tokens: list[Token]) -> None:
    """Tell every inline token the line that it stands in."""
    for token in tokens:
        if token.type != "inline" or not token.map:
            continue
        row = token.map[0]
        for child in token.children or []:
            child.map = [row, row + 1]
            row += child.content.count("\n") or child.type in ("softbreak", "hardbreak")


def _tell_doubles(tokens: list[Token], hooks: Hooks) -> None:
    """Tell of "Figure @fig-x", which would read "Figure Figure 3"."""
    for token in tokens:
        for before, found in itertools.pairwise(token.children or []):
            named = REFERENCE.match(f"@{found.content.removeprefix('@')}")
            if found.type not in ("reference", "citation") or not named:
                continue
            word = SPOKEN[named[1].partition("-")[0]].search(before.content)
            if word and before.type == "text":
                hooks.at(found.map[0] if found.map else 0)
                hooks.problem(f"{word[0].strip()} stands before @{named[1]}, which says so itself")


def _number_headings(state: StateCore, hooks: Hooks) -> None:
    """Put number and id into every heading; # of a section is the report's second level."""
    for opening, inline in itertools.pairwise(state.tokens):
        if opening.type != "heading_open" or not inline.children:
            continue
        last = inline.children[-1]
        found = HEADING_ID.search(last.content)
        if found:
            last.content = last.content[: found.start()]
        level = int(opening.tag[1])
        html = state.md.renderer.render(inline.children, state.md.options, state.env)
        hooks.at(opening.map[0] if opening.map else 0)
        mark = hooks.heading(level, found[1] if found else "", html)
        if any(child.type.startswith("math") for child in inline.children):
            opening.attrSet("data-title", hooks.attribute(mark + html))  # an outline shows no image
        opening.tag = f"h{level + 1}"
        token = type(opening)("html_inline", "", 0)
        token.content = mark + html
        inline.children = [token]
    for token in state.tokens:
        if token.type == "heading_close":
            token.tag = f"h{int(token.tag[1]) + 1}"
