"""REPORT on the command line → the folder of its report.toml, and where outputs go."""

from __future__ import annotations

from pathlib import Path

from reporter import shipped
from reporter.errors import ReportError, nearest


def locate(name: str | None) -> tuple[Path, Path]:
    """Return the report's folder and the root of its outputs.

    Raises:
        ReportError: neither a folder with a report.toml nor a shipped template.
    """
    here = Path.cwd()
    if name is None:
        if (here / "report.toml").is_file():
            return here, here / "build"
        name = "demo"
    folder = Path(name).resolve()
    if (folder / "report.toml").is_file():
        is_shipped = folder.is_relative_to(shipped.folder("templates"))
        return folder, (here if is_shipped else folder) / "build"
    if name in shipped.templates():
        return shipped.folder("templates") / name, here / "build"
    hint = nearest(name, shipped.templates())
    raise ReportError(f"{name!r} is no folder with a report.toml, nor a shipped template{hint}")
