"""report bundle: what is handed in."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reporter.cli.places import TRUST, asked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reporter.bundle import Bundled, Gathered
    from reporter.check.finding import Finding
    from reporter.workplace import Request


@click.command("bundle")
@click.argument("report", required=False)
@click.option("--anyway", is_flag=True, help="Whatever the check finds; the manifest says so.")
@click.option(
    "--output",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Where it goes; build/<name>/ by default.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
@TRUST
def bundle_command(
    report: str | None, *, anyway: bool, folder: Path | None, as_json: bool, is_trusted: bool
) -> None:
    """Pack the last build of REPORT into one zip to hand in, if nothing is to be mended."""
    from reporter import bundle
    from reporter.workplace import open_workplace

    request = asked(report, is_trusted=is_trusted)
    gathered, found = _looked_through(request, must_be=anyway)
    if found and not anyway:
        _refuse(found, as_json=as_json)
    assert gathered  # for nothing is in its way
    made = bundle.write(gathered, folder or open_workplace(request).output, found)
    if as_json:
        click.echo(json.dumps(_as_plain(made), indent=1))
    else:
        _tell(made)


def _looked_through(
    request: Request, *, must_be: bool
) -> tuple[Gathered | None, Sequence[Finding]]:
    """Return what a bundle would hold, if it can, and all that speaks against handing it in."""
    from reporter import bundle, check
    from reporter.errors import ReportError
    from reporter.examine import subject

    found = check.findings(subject(request, datetime.now().astimezone()))
    try:
        gathered = bundle.gather(request)
    except ReportError:
        if must_be or not found:
            raise
        return None, found
    return gathered, check.ordered([*found, *gathered.findings])


def _refuse(found: Sequence[Finding], *, as_json: bool) -> None:
    """Print what is to be mended, and end."""
    from reporter.check.forms import as_text

    if as_json:
        click.echo(json.dumps({"unmet": [asdict(one) for one in found]}, indent=1))
    else:
        click.echo(as_text(found))
    click.echo(
        f"{len(found)} to mend, nothing written: mend it and `report build`, or --anyway", err=True
    )
    sys.exit(1)


def _tell(made: Bundled) -> None:
    """Print where the bundle is, and the pages on which questions are answered."""
    from reporter.datasets.downloads import megabytes

    click.echo(str(made.path))
    for name, span in made.questions.items():
        click.echo(f"{name}  {span}")
    for one in made.unmet:
        click.echo(f"passed over  {one.where}: {one.message}", err=True)
    size = f"{megabytes(made.size)}, {len(made.sizes) - 1} files and the manifest"
    click.echo(f"{size}; its pages made again from it in {made.seconds:.1f} s, the same", err=True)


def _as_plain(made: Bundled) -> dict[str, Any]:
    return {
        "archive": str(made.path),
        "bytes": made.size,
        "sha256": made.sha256,
        "files": dict(made.sizes),
        "questions": {name: asdict(span) for name, span in made.questions.items()},
        "unmet": [asdict(one) for one in made.unmet],
        "seconds": round(made.seconds, 2),
    }
