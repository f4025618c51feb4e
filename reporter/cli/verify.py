"""report verify: what was handed in, and whether it is what its own sources and results give."""

from __future__ import annotations

import csv
import io
import json
import secrets
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reporter.errors import visible
from reporter.verify.verdicts import CHECKS, as_plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reporter.verify.many import Verified
    from reporter.verify.rerun import Sample
    from reporter.verify.verdicts import Judged

SIGNS = {"good": "✓", "bad": "✗", "note": "·"}
COLOURS = {"good": "green", "bad": "red", "note": None}
PATH = click.Path(path_type=Path)
FORMULA = ("=", "+", "-", "@")  # what a spreadsheet computes begins with
HEAD = ("archive", "authors", "verdict", *CHECKS, "first problem", "to look at")
SEEDS = 10_000  # among which one is drawn, so that nobody knows which runs will be


@click.command("verify")
@click.argument("bundles", nargs=-1, required=True, type=PATH)
@click.option("--rules", type=PATH, help="The course's assignment.toml, whatever bundles say.")
@click.option("-j", "--jobs", type=click.IntRange(1), help="Bundles looked at side by side.")
@click.option("--json", "as_json", is_flag=True, help="Print all that was found as JSON.")
@click.option("--output", type=PATH, help="Write the table of verdicts as CSV.")
@click.option("--rerun", type=click.IntRange(1), metavar="N", help="Compute N runs of each again.")
@click.option("--seed", type=click.IntRange(0), help="Of the draw of those runs.")
@click.option("--data", type=PATH, help="A folder of data sets by their names, for --rerun.")
@click.option("--tolerance", type=click.FloatRange(0), help="Of metrics, for --rerun.")
@click.option("--trust", "is_trusted", is_flag=True, help="Let --rerun run the bundles' code.")
def verify_command(bundles: tuple[Path, ...], **options: Any) -> None:
    """Say of BUNDLES, or of all in a folder, whether they are what their sources and results give.

    Pages, results and tables are made again from what lies in a bundle and compared, the words and
    numbers of the PDF as they stand on its pages; claims and rules are judged. None of its code is
    run, unless by --rerun with --trust. Exit code 1: something is bad.
    """
    from reporter.verify.many import Asked, verify
    from reporter.workplace import cores

    asked = Asked(
        rules=options["rules"],
        workers=options["jobs"] or cores(),
        sample=_sample(options),
        is_trusted=options["is_trusted"],
    )
    found = verify(bundles, asked, lambda one: click.echo(_row(one), err=True))
    if options["output"]:
        _write(options["output"], found)
    if options["as_json"]:
        click.echo(json.dumps(_plain(found), indent=1, ensure_ascii=False))
    else:
        _tell(found)
    sys.exit(0 if found.is_good else 1)


def _sample(options: dict[str, Any]) -> Sample | None:
    """Return which runs are computed again, None for none."""
    from reporter.verify.rerun import Sample

    if not options["rerun"]:
        return None
    return Sample(
        count=options["rerun"],
        seed=secrets.randbelow(SEEDS) if options["seed"] is None else options["seed"],
        data=options["data"],
        tolerance=options["tolerance"],
    )


def _row(judged: Judged) -> str:
    return f"{'good' if judged.is_good else 'bad '}  {visible(judged.name)}"


def _tell(found: Verified) -> None:
    """Print every line on one bundle; of several a table, and what two have in common."""
    if len(found.bundles) == 1:
        for one in found.bundles[0].verdicts:
            line = f"{SIGNS[one.state]} {one.check:<8} {visible(one.line)}"
            click.secho(line, fg=COLOURS[one.state])
        return
    from reporter.cli.grids import show

    narrow = ("archive", "authors", "verdict", "first problem")  # the checks are in CSV and JSON
    rows = [[row[HEAD.index(name)] for name in narrow] for row in _rows(found)]
    show("", narrow, rows, most=len(rows))
    for title, pairs in (("alike", found.alike), ("common", found.common)):
        if pairs:
            click.secho(f"{title}, for a person to judge", bold=True)
        for pair in pairs:
            click.echo(f"  {visible(pair.line)}")
    bad = sum(not one.is_good for one in found.bundles)
    click.echo(f"{len(found.bundles)} bundles, {bad} of them bad", err=True)


def _rows(found: Verified) -> Iterator[list[str]]:
    """Yield a row of cells for each bundle."""
    for one in found.bundles:
        verdict = "good" if one.is_good else "bad"
        marks = [one.mark(check) for check in CHECKS]
        noted = "; ".join(line.line for line in one.verdicts if line.state == "note")
        cells = [one.name, ", ".join(one.authors), verdict, *marks, one.first_problem, noted]
        yield [visible(cell) for cell in cells]


def _write(path: Path, found: Verified) -> None:
    from reporter.files import write_atomically

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEAD)
    writer.writerows([_inert(cell) for cell in row] for row in _rows(found))
    write_atomically(path, text.getvalue().encode())


def _inert(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula, whoever wrote it."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _plain(found: Verified) -> dict[str, Any]:
    """Return all that was found as JSON data, the texts of students left out."""
    plain = [as_plain(one) for one in found.bundles]
    for one in plain:
        del one["texts"], one["kept"]
    return {
        "bundles": plain,
        "alike": [asdict(one) for one in found.alike],
        "common": [asdict(one) for one in found.common],
    }
