"""The page as a browser gets it → as paper needs it: notes below the text, no controls."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

BLOCKS = frozenset({"p", "ul", "ol", "li", "pre", "div", "blockquote", "table"})
CONTROLS = ("script", "button", "details", "dialog")


def settle(tree: Element) -> None:
    """Take controls out, put each note where it is called, mark what announces the next block."""
    parents = {child: parent for parent in tree.iter() for child in parent}
    for control in [element for element in tree.iter() if element.tag in CONTROLS]:
        _drop(parents[control], control)
    notes = {f"#{item.get('id')}": item for item in _of_class(tree, "footnote-item")}
    for call in list(_of_class(tree, "footnote-ref")):
        link = call[0]
        item = notes.pop(link.get("href", ""), None)
        if item is not None:  # called for the first time
            _become_note(call, item, number=(link.text or "").strip("[]"))
    for listed in list(_of_class(tree, "footnotes")):
        _drop(parents[listed], listed)
    _lead(tree)


def _lead(tree: Element) -> None:
    """Mark the paragraphs that end with a colon: what they announce follows on the same page."""
    for paragraph in tree.iter("p"):
        if "".join(paragraph.itertext()).rstrip().endswith(":"):
            paragraph.set("class", f"{paragraph.get('class', '')} leading".strip())


def links(tree: Element) -> dict[str, str]:
    """Return target → the text of the first link that leads there."""
    found: dict[str, str] = {}
    for element in tree.iter("a"):
        text = " ".join("".join(element.itertext()).split())
        found.setdefault(element.get("href", "").removeprefix("#"), text)
    return {target: text for target, text in found.items() if target and text}


def formulas(tree: Element) -> frozenset[str]:
    """Return the alt texts of what is mathematics."""
    return frozenset(element.get("alt", "") for element in _of_class(tree, "math"))


def _become_note(call: Element, item: Element, number: str) -> None:
    """Turn the call of a note into the note itself, which then goes to the foot of the page."""
    parents = {child: parent for parent in item.iter() for child in parent}
    for back in list(_of_class(item, "footnote-backref")):
        _drop(parents[back], back)
    tail = call.tail
    call.clear()
    call.tag, call.tail = "span", tail
    call.attrib.update({"class": "note", "data-number": number, "id": item.get("id", "")})
    call.extend(item)
    for element in call.iter():  # white space between blocks would become lines
        for child in element:
            if child.tag in BLOCKS and not (child.tail or "").strip():
                child.tail = None
        if len(element) and element[0].tag in BLOCKS and not (element.text or "").strip():
            element.text = None
    if call[0].tag == "p":  # so that its number stands in its first line
        call[0].tag = "span"


def _drop(parent: Element, child: Element) -> None:
    """Remove an element, but not the text after it."""
    index = list(parent).index(child)
    if index:
        parent[index - 1].tail = (parent[index - 1].tail or "") + (child.tail or "")
    else:
        parent.text = (parent.text or "") + (child.tail or "")
    parent.remove(child)


def _of_class(tree: Element, name: str) -> Iterator[Element]:
    return (element for element in tree.iter() if name in element.get("class", "").split())
