"""TeX → a formula as a vector image that stands on the baseline."""

from __future__ import annotations

import base64
import re
from functools import cache
from html import escape
from itertools import pairwise
from xml.etree import ElementTree as ET

from reporter.errors import ReportError

LEFT = re.compile(r'viewBox="(-?[\d.]+)')
LONGEST = 2000  # signs of a formula: the time to set it grows with their square
UNKNOWN = re.compile(r">(\\[A-Za-z]+)<")  # a word of TeX that nobody understood
TEXT_PX = 14.0  # 10.5 pt
NAMESPACE = ' xmlns="http://www.w3.org/1998/Math/MathML"'
COLUMN_SPACE, ROW_SPACE = "0.9em", "0.45em"  # of matrices and cases, as TeX has them
SIGNS = frozenset("+-−±∓")
CLOSING = frozenset(")]}⟩⌉⌋!′|∣‖")  # after one of them a sign stands between two things


class MathError(ReportError):
    """TeX that can't be set; whoever knows the file adds it."""


@cache
def math(tex: str, *, is_block: bool = True) -> str:
    """Return a formula as a vector image that stands on the baseline; its TeX is the alt text."""
    from ziamath.tex import tex2mml
    from ziamath.zmath import Math

    if len(tex) > LONGEST:
        raise MathError(f"a formula has {len(tex)} signs, {LONGEST} are the most; set it in parts")
    try:
        source = tex2mml(tex.strip(), inline=not is_block).replace(NAMESPACE, "")
        tree = ET.fromstring(source)  # noqa: S314 - made here
        _space(tree)
        formula = Math(ET.tostring(tree, encoding="unicode"), size=TEXT_PX * 1.04, margin=0)
    except Exception as exc:  # the library raises whatever its parser stumbles over
        shown = " ".join(tex.split())
        raise MathError(f"the formula '{shown}' can't be set; correct its TeX") from exc
    unknown = UNKNOWN.search(source)
    if unknown:
        raise MathError(
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
    return f'<img class="math" alt="{alt}" style="{style}{shift}" src="{address}">'


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
