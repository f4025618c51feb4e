"""TeX → a formula as a vector image that stands on the baseline."""

from __future__ import annotations

import base64
import re
from functools import cache
from html import escape
from itertools import pairwise
from xml.etree import ElementTree as ET

from reporter.prose.effort import Effort, MarkdownError

LEFT = re.compile(r'viewBox="(-?[\d.]+)')
LONGEST = 2000  # signs of a formula: the time to set it grows with their square
MOST_STEPS = 10_000  # of a formula, a second or two; one of a line takes some hundred
STEP = 5  # signs that a step counts for in the effort of a report
ONCE = frozenset(  # every other kind of element is laid out as a row
    "mfrac mi mn mo mover mroot mspace msub msubsup msup mtable mtext mtr munder munderover".split()  # noqa: SIM905 - else fourteen lines
)
UNKNOWN = re.compile(r">(\\[A-Za-z]+)<")  # a word of TeX that nobody understood
TEXT_PX = 14.0  # 10.5 pt
NAMESPACE = ' xmlns="http://www.w3.org/1998/Math/MathML"'
COLUMN_SPACE, ROW_SPACE = "0.9em", "0.45em"  # of matrices and cases, as TeX has them
SIGNS = frozenset("+-−±∓")
CLOSING = frozenset(")]}⟩⌉⌋!′|∣‖")  # after one of them a sign stands between two things


def math(tex: str, effort: Effort, *, is_block: bool = True) -> str:
    """Return a formula as a vector image that stands on the baseline; its TeX is the alt text."""
    html, steps = _set(tex, is_block=is_block)
    effort.spend(steps * STEP)
    return html


@cache
def _set(tex: str, *, is_block: bool) -> tuple[str, int]:
    """Return a formula as HTML, and how many steps it took."""
    from ziamath.tex import tex2mml
    from ziamath.zmath import Math

    if len(tex) > LONGEST:
        told = f"a formula has {len(tex)} signs, {LONGEST} are the most; set it in parts"
        raise MarkdownError(told)
    try:
        source = tex2mml(tex.strip(), inline=not is_block).replace(NAMESPACE, "")
        tree = ET.fromstring(source)  # noqa: S314 - made here
        steps = _bounded(tree)
        _space(tree)
        formula = Math(ET.tostring(tree, encoding="unicode"), size=TEXT_PX * 1.04, margin=0)
    except MarkdownError:
        raise
    except Exception as exc:  # the library raises whatever its parser stumbles over
        shown = " ".join(tex.split())
        raise MarkdownError(f"the formula '{shown}' can't be set; correct its TeX") from exc
    unknown = UNKNOWN.search(source)
    if unknown:
        raise MarkdownError(
            f"the formula '{' '.join(tex.split())}': {unknown[1]} is no TeX; correct it"
        )
    drawn = formula.svg()
    svg = base64.b64encode(drawn.encode()).decode()
    width, height = formula.getsize()
    style = f"width:{width / TEXT_PX:.4f}em;height:{height / TEXT_PX:.4f}em"
    shift = ""
    if not is_block:
        bearing = float(LEFT.search(drawn)[1])  # type: ignore[index] # the room beside a letter
        shift = f";vertical-align:{formula.getyofst() / TEXT_PX:.4f}em"
        shift += f";margin-left:{max(0.0, bearing) / TEXT_PX:.4f}em"
    alt = escape(" ".join(tex.split()), quote=True)
    address = f"data:image/svg+xml;base64,{svg}"
    return f'<img class="math" alt="{alt}" style="{style}{shift}" src="{address}">', steps


def _bounded(tree: ET.Element) -> int:
    """Return the steps that a formula takes; MarkdownError where they are too many."""
    steps = _steps(tree)
    if steps > MOST_STEPS:
        raise MarkdownError("too much stands within each other in a formula; set it in parts")
    return steps


def _steps(element: ET.Element) -> int:
    """Return how many elements are laid out: a row lays out twice what stands in it."""
    times = 1 if element.tag in ONCE else 4 if element.tag == "mfenced" else 2
    return 1 + times * sum(map(_steps, element))


def _space(tree: ET.Element) -> None:
    """Give tables room, and keep a sign with what it belongs to: "= −1", not "= − 1"."""
    for table in tree.iter("mtable"):
        table.set("rowspacing", ROW_SPACE)
        if "columnspacing" not in table.attrib:
            table.set("columnspacing", COLUMN_SPACE)
    for row in tree.iter():
        for before, sign in pairwise(row):
            text = (before.text or "").strip()
            is_open = (before.tag == "mo" and text not in CLOSING) or (
                before.tag == "mi" and not text  # an empty one begins a column
            )
            if sign.tag == "mo" and (sign.text or "") in SIGNS and is_open:
                sign.set("form", "prefix")
