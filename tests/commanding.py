"""The command in this process: what tests of many inputs share; a defect shows as it is raised."""

import contextlib
import io
import sys
from pathlib import Path
from unittest.mock import patch

from reporter.cli import main
from reporter.store import Store
from tests.workspaces import RECORD, every_artifact, planned, workspace

LONGEST = 500  # letters of a line that tells of a mistake, paths of temporary folders with them


def report(folder: Path, *words: str) -> tuple[int, str, str]:
    """Run `report` with these words in a folder; return exit code, stdout and stderr."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with (
        contextlib.chdir(folder),
        patch.object(sys, "argv", ["report", *words]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as exc:
            code = exc.code if isinstance(exc.code, int) else 0
    return code, out.getvalue(), err.getvalue()


def built(folder: Path) -> Path:
    """Return a store with a result of every kind for the workspace's only run."""
    root = folder / "store"
    for job in planned(workspace(folder / "plain")).jobs:
        Store(root).save(job.key, every_artifact(), RECORD)
    return root


def contents(root: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}
