"""REPORT on the command line → the folder of its report.toml, and where outputs go."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reporter import shipped, trust
from reporter.errors import ReportError, nearest

if TYPE_CHECKING:
    from reporter.workplace import Request

TRUST = click.option(
    "--trust", "is_trusted", is_flag=True, help="Let the report's own experiments/ run; remembered."
)


def asked(name: str | None, *, is_trusted: bool, is_frozen: bool = False) -> Request:
    """Return the request for a report; on a terminal, ask whether its own code may run.

    A frozen build runs none, so nobody is asked.

    Raises:
        ReportError: as `locate`; or it brings code, and nobody has agreed to run it.
    """
    from reporter.workplace import Request

    folder, root = locate(name, is_trusted=is_trusted)
    if is_frozen:
        return Request(folder=folder, root=root, is_frozen=True)
    is_new = trust.foreign_code(folder) and not trust.is_remembered(folder)
    if is_new and not is_trusted and sys.stdin.isatty():
        is_trusted = click.confirm(f"{trust.described(folder)}. Run it?", err=True)
    trust.insist(folder, is_trusted=is_trusted)
    if is_trusted:
        trust.remember(folder)
    return Request(folder=folder, root=root, is_trusted=is_trusted)


def locate(name: str | None, *, is_trusted: bool = False) -> tuple[Path, Path]:
    """Return the report's folder and the root of its outputs.

    Raises:
        ReportError: neither a folder with a report.toml nor a shipped template; or its outputs
            would land elsewhere.
    """
    folder, root = _found(name)
    if not is_trusted:
        trust.insist_on_own_folder(root)
    return folder, root


def _found(name: str | None) -> tuple[Path, Path]:
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
