"""A dataclass's annotations → whether its values are what they say; the data stay plain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from types import NoneType, SimpleNamespace, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from reporter.errors import shown

Fits = Callable[[Any], bool]


class Array:
    """Stands for numpy's arrays where numpy is not loaded."""


# What annotations name that their modules import for type checkers only.
UNLOADED = {"np": SimpleNamespace(ndarray=Array), "Mapping": Mapping, "Path": Path}


class Checked:
    """A dataclass whose fields are what their annotations say, or making it is a TypeError."""

    def __post_init__(self) -> None:
        """Look at every field."""
        insist(self)


def insist(made: Any) -> None:
    """Raise TypeError for the first field of a dataclass that is not what its annotation says."""
    for name, wanted, fits in _tests(made.__class__):
        if not fits(getattr(made, name)):
            told = f"{name} = {shown(getattr(made, name))} should be {wanted}"
            raise TypeError(f"{type(made).__name__}: {told}")


def insist_alike(kind: str, **lengths: int) -> None:
    """Raise ValueError unless all counts are the same; the words name what was counted."""
    if len(set(lengths.values())) > 1:
        told = " and ".join(f"{count} {name}" for name, count in lengths.items())
        raise ValueError(f"{kind}: {told}; give as many of each")


@cache
def _tests(kind: type) -> tuple[tuple[str, str, Fits], ...]:
    """Return of each field of a dataclass its name, what it should be, and the test of that."""
    hints = get_type_hints(kind, localns=UNLOADED)
    return tuple(
        (field.name, _wanted(hints[field.name], str(field.type)), _fits(hints[field.name]))
        for field in fields(kind)
    )


def _wanted(hint: Any, written: str) -> str:
    return ", ".join(map(repr, get_args(hint))) if get_origin(hint) is Literal else written


def _fits(hint: Any) -> Fits:
    """Return the test of one annotation."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Literal:
        return lambda value: isinstance(value, str) and value in parts
    if origin in (Union, UnionType):
        tests = [_fits(part) for part in parts]
        return lambda value: any(fits(value) for fits in tests)
    if origin is tuple:
        each = _fits(parts[0])
        return lambda value: isinstance(value, tuple | list) and all(map(each, value))
    if origin in (Mapping, dict):
        each = _fits(parts[1])
        return lambda value: isinstance(value, Mapping) and all(map(each, value.values()))
    return PLAIN.get(hint, lambda value: isinstance(value, hint))


def _is_number(value: Any) -> bool:
    """Tell whether a value is a single number, be it Python's, numpy's or a tensor's."""
    return hasattr(value, "__float__") and not getattr(value, "shape", ())


def _is_whole(value: Any) -> bool:
    return _is_number(value) and not isinstance(value, float) and int(value) == value


PLAIN: Mapping[Any, Fits] = {
    Any: lambda _: True,
    Array: lambda value: hasattr(value, "dtype"),
    NoneType: lambda value: value is None,
    Path: lambda value: hasattr(value, "is_file"),
    float: _is_number,
    int: _is_whole,
}
