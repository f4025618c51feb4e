"""A dataclass's annotations → whether its values are what they say; the data stay plain."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import cache
from typing import Any, get_args

from reporter.errors import shown

Fits = Callable[[Any], bool]


class Checked:
    """A dataclass whose fields are what their annotations say, or making it is a TypeError."""

    def __post_init__(self) -> None:
        """Look at every field."""
        insist(self)


def insist(made: Any) -> None:
    """Raise TypeError for the first field of a dataclass that is not what its annotation says."""
    for name, annotation, fits in _tests(made.__class__):
        if not fits(getattr(made, name)):
            alias = getattr(sys.modules[type(made).__module__], annotation, None)
            wanted = ", ".join(map(repr, get_args(alias))) or annotation
            told = f"{name} = {shown(getattr(made, name))} should be {wanted}"
            raise TypeError(f"{type(made).__name__}: {told}")


def insist_alike(kind: str, **lengths: int) -> None:
    """Raise ValueError unless all counts are the same; the words name what was counted."""
    if len(set(lengths.values())) > 1:
        told = " and ".join(f"{count} {name}" for name, count in lengths.items())
        raise ValueError(f"{kind}: {told}; give as many of each")


@cache
def _tests(kind: type) -> tuple[tuple[str, str, Fits], ...]:
    """Return name, annotation and test of each field of a dataclass."""
    return tuple(
        (field.name, str(field.type), _fits(str(field.type), kind.__module__))
        for field in fields(kind)
    )


@cache
def _fits(annotation: str, module: str) -> Fits:
    """Return the test of one annotation, as it is written in a module."""
    if annotation in PLAIN:
        return PLAIN[annotation]
    if annotation.endswith(" | None"):
        inner = _fits(annotation.removesuffix(" | None"), module)
        return lambda value: value is None or inner(value)
    name, _, rest = annotation.partition("[")
    rest = rest.removesuffix("]")
    if name == "tuple":
        each = _fits(rest.removesuffix(", ..."), module)
        return lambda value: isinstance(value, tuple | list) and all(map(each, value))
    if name in ("Mapping", "dict"):
        each = _fits(rest.partition(", ")[2], module)
        return lambda value: isinstance(value, Mapping) and all(map(each, value.values()))
    named = getattr(sys.modules[module], name)
    choices = ast.literal_eval(f"({rest},)") if rest else get_args(named)
    if choices:
        return lambda value: isinstance(value, str) and value in choices
    return lambda value: isinstance(value, named)


def _is_number(value: Any) -> bool:
    """Tell whether a value is a single number, be it Python's, numpy's or a tensor's."""
    return hasattr(value, "__float__") and not getattr(value, "shape", ())


def _is_whole(value: Any) -> bool:
    return _is_number(value) and not isinstance(value, float) and int(value) == value


PLAIN: Mapping[str, Fits] = {
    "Any": lambda _: True,
    "Cell": lambda value: value is None or isinstance(value, str) or _is_number(value),
    "Path": lambda value: hasattr(value, "is_file"),
    "bool": lambda value: isinstance(value, bool),
    "float": _is_number,
    "int": _is_whole,
    "np.ndarray": lambda value: hasattr(value, "dtype"),
    "str": lambda value: isinstance(value, str),
}
