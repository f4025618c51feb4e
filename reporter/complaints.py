"""What pydantic finds wrong with a value → what the value should be, in a user's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args, get_origin

from reporter.errors import nearest, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import BaseModel, ValidationError
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


def explained(exc: ValidationError, model: type[BaseModel]) -> str:
    """Return key, value and remedy of the first complaint about tables that `model` should hold."""
    error = max(exc.errors(), key=_weight)
    keys = [
        str(key)
        for place, key in enumerate(error["loc"])
        if key != "[key]" and (place < 3 or key not in ("Share", "str"))  # noqa: PLR2004 - unions stand in fields
    ]
    where = ".".join(key for key in keys if key != "parameters")
    if "[key]" in error["loc"]:
        where = ".".join(keys[:-1])
    if error["type"] == "extra_forbidden":
        *parents, last = keys
        hint = nearest(last, _keys(model, parents))
        return f"{'.'.join(parents) or 'top level'}: unknown key {shown(last)}{hint}"
    if error["type"] == "missing":
        return f"{where}: missing; add {keys[-1]} = …" if len(keys) > 1 else _missing(where)
    is_whole = error["type"] == "value_error" and isinstance(error["input"], dict)
    value = "" if is_whole else f"{shown(error['input'])} "
    return f"{where}: {value}{wanted(error)}"


def _weight(error: ErrorDetails) -> tuple[int, bool]:
    """Return what complaints are chosen by: of a union the nearest fit, and slips before gaps."""
    return len(error["loc"]), error["type"] == "extra_forbidden"


def _missing(part: str) -> str:
    """Return the remedy for a missing table, or for the line that says what the file is."""
    return f"{part}: missing; add {'schema = 1' if part == 'schema' else f'a table [{part}]'}"


def _keys(kind: Any, parents: Sequence[str]) -> list[str]:
    """Return the keys that the table at `parents` may hold, within what is of some kind."""
    if hasattr(kind, "model_fields"):
        kinds = {
            field.alias or name: field.annotation
            for name, field in kind.model_fields.items()
            if not field.exclude
        }
        return _keys(kinds.get(parents[0]), parents[1:]) if parents else list(kinds)
    inner = parents[1:] if get_origin(kind) in (dict, tuple) else parents
    return [key for one in get_args(kind) for key in _keys(one, inner)]
