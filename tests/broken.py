"""Hypothesis strategies: what users and accidents make of valid files."""

import datetime as dt
import json
import math
import tomllib
from typing import Any

from hypothesis import strategies as st

NAMES = (
    "one",
    "toy",
    "d",
    "photo",
    "w",
    "run:one",
    "folders",
    "../x",
    "a/b",
    ".",
    "",
    "CON",
    "ONE",
)
ODD = ("\x00", "a\nb", "\x7f", "\u202eabc", "\ufeff", "é́", "\ue012", "x" * 5000, "\ud800", "~no/x")
WORDS = st.sampled_from(NAMES) | st.sampled_from(ODD) | st.text(max_size=8)
NUMBERS = st.integers() | st.floats() | st.sampled_from((0, -1, 2**63, 10**400, 1e308, math.nan))
DAYS = st.dates() | st.datetimes() | st.times()
PLAIN = st.recursive(
    WORDS | NUMBERS | st.booleans() | DAYS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


def toml(value: Any) -> str:
    """Return plain data as TOML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(str(k))} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, dt.date | dt.time) else repr(value).lower()


def _nodes(value: Any) -> list[tuple[Any, Any]]:
    """Return every (container, key) of plain data."""
    items: list[Any] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    return [pair for key, one in items for pair in ((value, key), *_nodes(one))]


@st.composite
def changed(draw: st.DrawFn, text: str, values: st.SearchStrategy[Any] = JSON) -> Any:
    """Return the data of a JSON text with one or two places replaced, removed or added to."""
    data = json.loads(text)
    for _ in range(draw(st.integers(1, 2))):
        nodes = _nodes(data)
        if not nodes or draw(st.integers(0, 30)) == 0:
            return draw(values)
        holder, key = draw(st.sampled_from(nodes))
        how = draw(st.sampled_from(("replace", "replace", "remove", "add")))
        if how == "remove":
            del holder[key]
        elif how == "add" and isinstance(holder, dict):
            holder[draw(WORDS)] = draw(values)
        else:
            holder[key] = draw(values)
    return data


@st.composite
def tables(draw: st.DrawFn, text: str) -> bytes:
    """Return a TOML text with some of its values changed, on other lines."""
    data = draw(changed(json.dumps(tomllib.loads(text), default=str), PLAIN))
    if not isinstance(data, dict):
        return toml(data).encode(errors="surrogatepass")
    lines = [f"{toml(str(key))} = {toml(value)}" for key, value in data.items()]
    return "\n".join(lines).encode(errors="surrogatepass")


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """Return a file that was cut off, emptied, overwritten in part or had a bit turned over."""
    start = draw(st.integers(0, max(0, len(content) - 1)))
    stop = draw(st.integers(start, min(len(content), start + 60)))
    how = draw(st.sampled_from(("cut", "bit", "other", "empty", "twice")))
    if how == "cut":
        return content[:start]
    if how == "bit" and content:
        bit = 1 << draw(st.integers(0, 7))
        return content[:start] + bytes([content[start] ^ bit]) + content[start + 1 :]
    if how == "other":
        return content[:start] + draw(st.binary(max_size=12)) + content[stop:]
    return b"" if how == "empty" else content[:stop] + content[start:]


def joined(pieces: tuple[str, ...], most: int = 10) -> st.SearchStrategy[str]:
    """Return texts that are made of pieces, and of anything in between."""
    return st.lists(
        st.sampled_from(pieces) | st.sampled_from(pieces) | st.text(max_size=5), max_size=most
    ).map("".join)
