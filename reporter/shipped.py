"""Where the shipped experiments, templates and embedded data lie: in the wheel or the checkout."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """Return the folder "experiments", "templates" or "data" that came with the program."""
    inside_wheel = PACKAGE / "_shipped" / name
    return inside_wheel if inside_wheel.is_dir() else PACKAGE.parent / name


BASE = folder("templates") / "_base"  # what every page is set with


def templates() -> tuple[str, ...]:
    """Return the names of the shipped reports."""
    return tuple(sorted(path.parent.name for path in folder("templates").glob("*/report.toml")))
