"""report submit: hand the bundle in."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reporter.cli.places import asked
from reporter.errors import ReportError

if TYPE_CHECKING:
    from reporter.submission import Canvas as Place
    from reporter.submit import Receipt
    from reporter.submit.choosing import Choice

BY_HAND = """\
This assignment names no Canvas, and no --to DIR was given: hand in by hand.
1. Upload {file} (SHA-256 {sha256}).
2. Where pages are assigned to questions, `report bundle` printed the page of each.
3. Open what was uploaded and compare its size: {size} bytes."""


@click.command("submit")
@click.argument("report", required=False)
@click.option("--to", "folder", type=click.Path(path_type=Path), help="An exchange folder.")
@click.option("--pdf", "is_pdf", is_flag=True, help="Hand in the bundle's PDF alone.")
@click.option("--yes", "is_agreed", is_flag=True, help="Don't ask.")
def submit_command(
    report: str | None, *, folder: Path | None, is_pdf: bool, is_agreed: bool
) -> None:
    """Hand in what `report bundle` made of REPORT: on the assignment's Canvas, or into a folder.

    The access token for a Canvas comes from CANVAS_API_TOKEN or from the system's keyring.
    """
    from reporter.submit.choosing import choice
    from reporter.workplace import open_workplace

    at = open_workplace(asked(report, is_trusted=False, is_frozen=True))
    chosen = choice(at.report, at.output, is_pdf=is_pdf)
    for finding in chosen.unmet:
        click.echo(f"unmet    {finding['where']}: {finding['message']}", err=True)
    if folder is not None:
        from reporter.submit import exchange

        _agree(chosen, str(folder), is_agreed=is_agreed)
        _tell(exchange.hand_in(chosen.file, folder, dt.datetime.now(dt.UTC)))
    elif place := chosen.rules.given.canvas:
        _tell(_on_canvas(chosen, place, is_agreed=is_agreed))
    else:
        size = chosen.file.stat().st_size
        click.echo(BY_HAND.format(file=chosen.file, sha256=chosen.sha256, size=size))
        sys.exit(1)


def _on_canvas(chosen: Choice, place: Place, *, is_agreed: bool) -> Receipt:
    from reporter.submit.canvas import Canvas
    from reporter.submit.tokens import token

    canvas = Canvas(place, token(place.host))
    canvas.insist(chosen.file)
    due = f", due {canvas.due}" if canvas.due else ""
    _agree(chosen, f"{canvas.address()}{due}", is_agreed=is_agreed)
    return canvas.hand_in(chosen.file)


def _agree(chosen: Choice, where: str, *, is_agreed: bool) -> None:
    """Say what goes where, and ask, unless that was agreed.

    Raises:
        ReportError: nobody can be asked.
    """
    from reporter.datasets.downloads import megabytes

    size = megabytes(chosen.file.stat().st_size)
    click.echo(f"{chosen.file.name}, {size} → {where}", err=True)
    if is_agreed:
        return
    if not sys.stdin.isatty():
        raise ReportError("handing in can't be undone; agree with --yes")
    click.confirm("Hand it in?", abort=True, err=True)


def _tell(receipt: Receipt) -> None:
    """Print what came of it: the place to stdout, the rest to stderr."""
    told = [f"handed in {receipt.when}".rstrip()]
    told += [f"attempt {receipt.attempt}"] * bool(receipt.attempt) + ["late"] * receipt.is_late
    click.echo(", ".join(told), err=True)
    click.echo(receipt.where)
