"""results.json and tables of a bundle ↔ what its sources and store give, value by value."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

from reporter.errors import shown
from reporter.outputs import RESULTS
from reporter.plain import load
from reporter.verify.verdicts import Verdict, bad, good, told
from reporter.verify.words import differences

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

THEM = "sources and store"
TABLES = "tables/"
SAID = frozenset({"text", "claims"})  # of results.json, in words
NOTHING = object()


def results(found: bytes | None, expected: bytes) -> Iterator[Verdict]:
    """Yield where results.json is not what sources and store give; claims are looked at apart."""
    if found is None:
        yield bad("results", RESULTS, f"is missing, {THEM} give one")
        return
    plain = _read(found)
    theirs = json.loads(expected)
    count = sum(len(run["results"]) for run in theirs["runs"].values())
    well = good("results", RESULTS, f"{count} results are what {THEM} give, byte for byte")
    if not isinstance(plain, dict):
        yield bad("results", RESULTS, "is no table of JSON, or names a thing twice")
    elif found != expected:
        plain, theirs = ({**one, "claims": None} for one in (plain, theirs))
        parts = [
            bad("results", f"{RESULTS}, {where}" if where else RESULTS, message)
            for where, message in _unlike(plain, theirs, "")
        ]
        yield from told(parts, good("results", RESULTS, f"holds what {THEM} give"))
    else:
        yield well


def _read(content: bytes) -> Any:
    try:
        return load(content)
    except (ValueError, RecursionError):
        return None


def _unlike(found: Any, expected: Any, where: str) -> Iterator[tuple[str, str]]:
    """Yield where two values of JSON differ, and how."""
    if isinstance(found, dict) and isinstance(expected, dict):
        for key in dict.fromkeys([*expected, *found]):
            place = f"{where}.{key}" if where else key
            yield from _unlike(found.get(key, NOTHING), expected.get(key, NOTHING), place)
    elif isinstance(found, list) and isinstance(expected, list) and len(found) == len(expected):
        for index, pair in enumerate(zip(found, expected, strict=True)):
            yield from _unlike(*pair, f"{where}[{index}]")
    elif found is NOTHING or expected is NOTHING:
        yield where, f"is missing, {THEM} give it" if found is NOTHING else f"{THEM} give no such"
    elif isinstance(found, str) and isinstance(expected, str) and found != expected:
        parts = list(differences(found.split(), expected.split()))
        yield from ((where, part.told(THEM)) for part in parts)
        if not parts:
            yield where, "white space differs"
    elif found != expected or type(found) is not type(expected):
        yield where, f"{_short(found)} where {THEM} give {_short(expected)}"


def _short(value: Any) -> str:
    return f"{len(value)} entries" if isinstance(value, list) else shown(value)


def claims(found: bytes | None, expected: bytes) -> Iterator[Verdict]:
    """Yield the claims that don't hold, or that results.json tells otherwise."""
    theirs = json.loads(expected)["claims"]
    plain = _read(found) if found else None
    mine = plain.get("claims") if isinstance(plain, dict) else None
    counts = dict.fromkeys(("holds", "fails"), 0)
    parts = []
    for claim in theirs:
        counts[claim["verdict"]] = counts.get(claim["verdict"], 0) + 1
        if claim["verdict"] not in ("holds", "fails"):
            message = f"the claim is {claim['verdict']}: {claim['reading']}"
            parts.append(bad("claims", claim["where"], message))
    if mine is not None and mine != theirs:
        parts += [bad("claims", *one) for one in _retold(mine, theirs)]
    turned = f", {counts['fails']} in their other wording" if counts["fails"] else ""
    yield from told(parts, good("claims", "", f"{counts['holds']} claims hold{turned}"))


def _retold(found: Any, expected: list[Any]) -> Iterator[tuple[str, str]]:
    """Yield where the claims in results.json are not those of the sources."""
    if isinstance(found, list) and len(found) != len(expected):
        message = f"has {len(found)} claims where {THEM} give {len(expected)}"
        yield RESULTS, message
        return
    for where, message in _unlike(found, expected, "claims"):
        yield f"{RESULTS}, {where}", message


def tables(found: Mapping[str, bytes], expected: Mapping[str, bytes]) -> Iterator[Verdict]:
    """Yield where tables are not what the store gives: both by their paths in a bundle."""
    parts = []
    for path in sorted({*found, *expected}):
        if path not in found or path not in expected:
            lacks = path not in found
            message = "is missing, the store gives it" if lacks else "the store gives no such table"
            parts.append(bad("tables", path, message))
        elif found[path] != expected[path]:
            parts.append(bad("tables", path, _cell(found[path], expected[path])))
    count = f"{len(expected)} table{'s' if len(expected) != 1 else ''}"
    yield from told(parts, good("tables", "", f"{count} as the store gives them, byte for byte"))


def _cell(found: bytes, expected: bytes) -> str:
    """Return the first cell in which two tables differ."""
    mine, theirs = (
        list(csv.reader(content.decode("utf-8", "replace").splitlines()))
        for content in (found, expected)
    )
    if len(mine) != len(theirs):
        return f"{len(mine)} lines where the store gives {len(theirs)}"
    for line, (one, other) in enumerate(zip(mine, theirs, strict=True), 1):
        for column, (cell, wanted) in enumerate(zip(one, other, strict=False)):
            if cell != wanted:
                name = theirs[0][column]
                return f"line {line}, {name}: {cell!r} where the store gives {wanted!r}"
    return "its bytes are not those that the store gives"
