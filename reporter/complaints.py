"""What pydantic finds wrong with a value → what the value should be, in a user's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

WANTED = {  # kinds of complaints by how their names begin
    "string_too": "should not be empty",
    "string": "should be a text, in quotes",
    "int": "should be a whole number",
    "float": "should be a number",
    "bool": "should be true or false",
    "finite": "should be a finite number",
    "date": "should be a date without quotes, such as 2026-05-04",
    "tuple": "should be a list, in brackets",
    "list": "should be a list, in brackets",
    "dict": "should be a table, { key = value }",
    "model": "should be a table, { key = value }",
    "too_short": "should not be empty",
    "too_long": "should be shorter",
}
BOUNDS = {
    "greater_than": "should be greater than {gt:g}",
    "greater_than_equal": "should be {ge:g} at least",
    "less_than": "should be less than {lt:g}",
    "less_than_equal": "should be {le:g} at most",
    "literal_error": "should be {expected}",
}


def wanted(error: ErrorDetails) -> str:
    """Return what a value should be, "should be a whole number"; a validator has its own words."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind in BOUNDS:
        return BOUNDS[kind].format(**context)
    known = [words for start, words in WANTED.items() if kind.startswith(start)]
    return known[0] if known else f"should be otherwise: {error['msg']}"
