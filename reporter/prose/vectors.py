"""An SVG file of an author → why it is not set: it reaches out, or draws without end."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

MOST = 100_000  # elements that are drawn, each as often as it is used
OWN = re.compile(r"#|data:image/(png|jpeg|gif|webp)[;,]", re.IGNORECASE)
ADDRESS = re.compile(
    r"""url\(\s*["']?\s*(?!#|data:|["'\s])([^"')]*)|@import\s*(?:url\()?([^;)]*)""", re.IGNORECASE
)
USED = re.compile(r"""^\s*#(.+)|url\(\s*["']?\s*#([^"')\s]+)""")


def fault(content: bytes) -> str:
    """Return what is wrong with an SVG file; "" for one that can be set."""
    try:
        root = ET.fromstring(content)  # noqa: S314 - expat stops what grows without end
        if root.tag.rpartition("}")[2] != "svg":
            return "is no picture, or damaged; save it anew"
        for element in root.iter():
            address = _foreign(element)
            if address:
                return f"asks for {address}, which is not part of it; embed it in the file"
        drawn = _drawn(root, {str(e.get("id")): e for e in root.iter()}, {}, ())
    except ET.ParseError:
        return "is no picture, or damaged; save it anew"
    except RecursionError:
        drawn = MOST + 1
    return f"draws more than {MOST:,} things; simplify it" if drawn > MOST else ""


def _foreign(element: ET.Element) -> str:
    """Return an address that an element would read; "" where it stays within its file."""
    is_link = element.tag.rpartition("}")[2] == "a"  # which is followed by readers only
    texts = [element.text or ""] if element.tag.rpartition("}")[2] == "style" else []
    for name, value in element.items():
        if (
            name.rpartition("}")[2] in ("href", "src")
            and not is_link
            and not OWN.match(value.strip())
        ):
            return value.strip()
        texts.append(value)
    found = next(filter(None, map(ADDRESS.search, texts)), None)
    return (found[1] or found[2]).strip() if found else ""


def _drawn(
    element: ET.Element,
    named: dict[str, ET.Element],
    known: dict[str, int],
    within: tuple[str, ...],
) -> int:
    """Return how many elements are drawn for one: itself, what it holds and what it uses."""
    count = 1 + sum(_drawn(child, named, known, within) for child in element)
    for value in element.attrib.values():
        for found in USED.finditer(value):
            name = found[1] or found[2]
            if name in within:
                return MOST + 1  # it uses itself
            if name in named and name not in known:
                known[name] = _drawn(named[name], named, known, (*within, name))
            count += known.get(name, 0)
    return count
