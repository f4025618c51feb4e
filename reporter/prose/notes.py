"""Footnotes: numbered over the whole report in reading order, however many texts it is set from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mdit_py_plugins.footnote import footnote_plugin

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML
    from markdown_it.rules_core import StateCore
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token
    from markdown_it.utils import EnvType, OptionsDict

    from reporter.prose.fragments import Fragments

CALLED = re.compile(r"\[\^([^\]\s]{1,200})\](?!\()")
OPENING = '<section class="footnotes">\n<ol class="footnotes-list">\n'
TEXT = "text"  # of what Markdown is told: which of the report's texts it sets


class Notes:
    """The notes of one report; a note is named by its text and its place among that text's."""

    def __init__(self, fragments: Fragments) -> None:
        self.fragments = fragments
        self._numbers: dict[tuple[int, int], int] = {}
        self._texts = 0

    def text(self) -> dict[str, int]:
        """Return what Markdown is to be told of one more text."""
        self._texts += 1
        return {TEXT: self._texts}

    def put(self, note: tuple[int, int], html: str) -> str:
        """Return what stands for HTML in which {} is the number of a note."""

        def numbered() -> str:
            return html.format(self._numbers.setdefault(note, len(self._numbers) + 1))

        return self.fragments.put(numbered, reached=numbered)


def use_notes(
    markdown: MarkdownIt,
    notes: Notes,
    at: Callable[[int], None],
    problem: Callable[[str], None],
) -> None:
    """Teach Markdown [^name] and ^[text]; what is called or written in vain is told.

    Args:
        markdown: the parser.
        notes: those of the report.
        at: told the line before a problem.
        problem: told what is wrong.
    """
    markdown.use(footnote_plugin)
    markdown.inline.ruler.after("footnote_ref", "lost_note", _parse_lost)
    markdown.core.ruler.before("footnote_tail", "idle_notes", lambda s: _look(s, at, problem))

    def call(token: Token, note: tuple[int, int]) -> str:
        link = f'<a href="#fn{{0}}" id="fnref{{0}}{_again(token)}">{{0}}</a>'
        return f'<sup class="footnote-ref">{notes.put(note, link)}</sup>'

    def item(_token: Token, note: tuple[int, int]) -> str:
        named = notes.put(note, ' id="fn{0}" value="{0}"')
        return f'<li class="footnote-item"{named}>'

    def back(token: Token, note: tuple[int, int]) -> str:
        href = notes.put(note, f"#fnref{{}}{_again(token)}")
        return f' <a href="{href}" class="footnote-backref" aria-label="Back to the text">↩︎</a>'

    def lost(token: Token, _note: tuple[int, int]) -> str:
        name = token.content
        if token.map:
            at(token.map[0])
        problem(
            f"note [^{name}] stands nowhere in this text; add [^{name}]: …, or write ^[…] here, "
            "as a caption does"
        )
        return f'<span class="missing">{name}?</span>'

    rules = {"footnote_ref": call, "footnote_open": item, "footnote_anchor": back}
    for kind, rule in {**rules, "lost_note": lost}.items():
        markdown.add_render_rule(kind, _renderer(rule))
    markdown.add_render_rule("footnote_block_open", lambda *_: OPENING)


def _renderer(rule: Callable[[Token, tuple[int, int]], str]) -> Callable[..., str]:
    def render(
        _self: RendererHTML, tokens: Sequence[Token], index: int, _o: OptionsDict, env: EnvType
    ) -> str:
        token = tokens[index]
        return rule(token, (env.get(TEXT, 0), token.meta.get("id", 0)))

    return render


def _again(token: Token) -> str:
    """Return what tells the second call of a note from the first."""
    count = token.meta.get("subId", 0)
    return f"-{count + 1}" if count else ""


def _parse_lost(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - markdown-it's way
    """Recognise [^name] where no note has that name."""
    match = CALLED.match(state.src, state.pos)
    if match and not silent:
        state.push("lost_note", "", 0).content = match[1]
    state.pos = match.end() if match else state.pos
    return bool(match)


def _look(state: StateCore, at: Callable[[int], None], problem: Callable[[str], None]) -> None:
    """Tell of notes that no text would show: called nowhere, or written twice."""
    seen = set()
    for token in state.tokens:
        if token.type != "footnote_reference_open":
            continue
        name = token.meta["label"]
        at(token.map[0] if token.map else 0)
        if name in seen:
            problem(f"a second note [^{name}]; rename one")
        elif state.env["footnotes"]["refs"][f":{name}"] < 0:
            problem(f"note [^{name}] is called nowhere; call it or remove it")
        seen.add(name)
