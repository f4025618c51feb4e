"""An unpacked bundle → its page, results and tables, made again by a process without torch."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from reporter.bundle import contents
from reporter.errors import ReportError, TextError

PROGRAM = """
import sys
sys.modules |= dict.fromkeys(("torch", "torchvision"))  # so that importing them fails
from reporter.bundle import again
again.make(*sys.argv[1:])
"""


def made_again(folder: Path) -> dict[str, bytes]:
    """Return what `report build --frozen --format html` gives in an unpacked bundle.

    No code of the bundle is run, and nothing is written there: outputs and drawn figures that it
    may hold are not looked at.

    Returns:
        report.html, results.json and the tables, by path in a bundle.

    Raises:
        TextError: no page can be made of it.
    """
    with tempfile.TemporaryDirectory(prefix="report-bundle-") as scratch:
        command = [sys.executable, "-P", "-c", PROGRAM, str(folder), scratch]
        own = {**os.environ, "REPORT_STORE": str(folder / "build" / "store")}
        done = subprocess.run(  # noqa: S603 - this program
            command, cwd=scratch, env=own, capture_output=True, text=True, check=False
        )
        if done.returncode:
            last = (done.stderr.splitlines() or ["it ended without a word"])[-1]
            raise TextError(f"the pages can't be made from what the bundle holds: {last}")
        made = Path(scratch) / "made"
        return {
            path.relative_to(made).as_posix(): path.read_bytes()
            for path in sorted(made.rglob("*.*"))
        }


def make(folder: str, scratch: str) -> None:
    """Write what an unpacked bundle gives to `scratch`/made; what is wrong is one line."""
    from reporter.build import Request, build, open_workplace
    from reporter.outputs import enclosures

    root = Path(scratch) / "build"
    request = Request(folder=Path(folder), root=root, is_frozen=True, formats=("html",))
    try:
        at, built = open_workplace(request), build(request)
        assert built.document  # of a build in a new place
        files = contents.tables(enclosures(at, built.document))
    except ReportError as exc:
        sys.exit(str(exc).replace(f"{folder}/", ""))
    files |= {name: (at.output / name).read_bytes() for name in contents.PAGES}
    for name, content in files.items():
        target = Path(scratch) / "made" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
