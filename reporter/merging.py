"""Tables of report.toml → the same, with values of the command line and those of bases in them."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from reporter.errors import ReportError, nearest, shown

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    Tables = dict[str, Any]
    Given = set[tuple[str, ...]]  # keys of values of the command line

OWN_KEYS = frozenset({"experiment", "base", "seeds", "timeout_s", "quick"})  # of a run


def overridden(overrides: tuple[str, ...]) -> tuple[str, ...]:
    """Return "key = value" for every override that counts: of several for one key the last."""
    pairs = [override.partition("=")[::2] for override in overrides]
    last = {key.strip(): text.strip() for key, text in pairs}
    return tuple(f"{key} = {text}" for key, text in last.items())


def override(raw: Tables, overrides: tuple[str, ...], known: Collection[str]) -> Given:
    """Put each "a.b.c=value" into raw tables; return their keys.

    Args:
        raw: of a report.toml; changed.
        overrides: as the command line has them; a value is TOML, or else a string.
        known: tables that may be begun.
    """
    return {_override(raw, override, known) for override in overrides}


def _override(raw: Tables, override: str, known: Collection[str]) -> tuple[str, ...]:
    target, sign, text = override.partition("=")
    keys = target.strip().split(".")
    if not sign or len(keys) < 2 or not all(keys):  # noqa: PLR2004 - a table and a key
        raise ReportError(f"--set {shown(override)}: should look like runs.last-fc.epochs=5")
    try:
        value = tomllib.loads(f"v = {text}")["v"]
    except tomllib.TOMLDecodeError:
        value = text
    table = raw
    if keys[0] in known:
        raw.setdefault(keys[0], {})
    for key in keys[:-1]:
        if key in table and not isinstance(table[key], dict):
            raise ReportError(f"--set {shown(override)}: {key!r} is a value, no table; end there")
        if key not in table:
            raise ReportError(f"--set {shown(override)}: no table {key!r}{nearest(key, table)}")
        table = table[key]
    table[keys[-1]] = value
    return tuple(keys)


def run_tables(runs: Tables, given: Given, path: Path) -> Tables:
    """Return the tables of all runs with their bases merged in, parameters apart.

    What was `given` on the command line holds under --quick, too.
    """
    if not isinstance(runs, dict):
        raise ReportError(f"{path}: runs: {shown(runs)} should be tables, [runs.NAME]")
    return {name: _run_table(name, runs, given, path) for name in runs}


def _run_table(name: str, runs: Tables, given: Given, path: Path) -> Tables:
    merged = _with_base(name, runs, path, ())
    kept = {
        key: merged[key]
        for key in merged.keys() - OWN_KEYS
        if ("runs", _owner(name, key, runs), key) in given
    }
    if kept and isinstance(merged.get("quick", {}), dict):
        merged["quick"] = {**merged.get("quick", {}), **kept}
    own = {key: value for key, value in merged.items() if key in OWN_KEYS - {"base"}}
    if "experiment" not in own:
        raise ReportError(f'{path}: runs.{name}: needs an experiment; add experiment = "…"')
    parameters = {key: value for key, value in merged.items() if key not in OWN_KEYS}
    return {"name": name, **own, "parameters": parameters}


def _owner(name: str, key: str, runs: Tables) -> str:
    """Return the run whose own table a value of run `name` comes from: itself or a base."""
    return name if key in runs[name] else _owner(runs[name]["base"], key, runs)


def _with_base(name: str, runs: Tables, path: Path, seen: tuple[str, ...]) -> Tables:
    if name in seen:
        raise ReportError(
            f"{path}: runs.{name}: its base is itself: {' → '.join((*seen, name))}; name another"
        )
    table = runs[name]
    if not isinstance(table, dict):
        raise ReportError(f"{path}: runs.{name}: {shown(table)} should be a table, [runs.NAME]")
    base = table.get("base")
    if base is None:
        return dict(table)
    if not isinstance(base, str) or base not in runs:
        hint = nearest(str(base), runs)
        raise ReportError(f"{path}: runs.{name}.base: no run is called {shown(base)}{hint}")
    return {**_with_base(base, runs, path, (*seen, name)), **table}
