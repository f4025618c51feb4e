"""report data list, get, check: the data sets of a report, fetched and looked through."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reporter.cli.places import locate

if TYPE_CHECKING:
    from reporter.inputs import Dataset
    from reporter.sources import Sources

REPORT = click.option("-r", "--report", help="The report, as for build.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")


@click.group("data")
def data_command() -> None:
    """Fetch, list and look through the data sets of a report."""


@data_command.command("list")
@REPORT
@JSON
def list_command(report: str | None, *, as_json: bool) -> None:
    """List the data sets: where they come from and lie, and what is there."""
    from reporter.cli.grids import show

    sources = _sources(report)
    rows = [_row(sources, name) for name in sources.report.data]
    sources.digests.remember()
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return
    keys = ("name", "source", "where", "state", "images", "classes", "left_out", "digest")
    cells = [[str(row[key])[:12] if key == "digest" else row[key] for key in keys] for row in rows]
    show("", [key.replace("_", " ") for key in keys], cells)
    for row in rows:
        if row["problem"]:
            click.echo(f"report: {row['problem']}", err=True)


@data_command.command("get")
@click.argument("name")
@REPORT
@click.option("--again", is_flag=True, help="Replace what was fetched before.")
def get_command(name: str, report: str | None, *, again: bool) -> None:
    """Fetch the data set NAME; a broken download goes on where it ended."""
    from reporter.cli.watch import fetching
    from reporter.datasets.acquire import acquire
    from reporter.errors import ReportError

    sources = _sources(report)
    _insist(sources, name)
    origin, folder = sources.origin(name), sources.folder(name)
    if origin is None or folder is None:
        what = (
            f"has no source; put the images into {folder}"
            if folder
            else "needs no fetching: a build makes it"
        )
        raise ReportError(f"data.{name}: {what}")
    if not folder.exists() or again:
        with fetching(name) as watch:
            acquire(origin, folder, watch)
    opened = sources.data(name, "data get")
    sources.digests.remember()
    click.echo(str(folder))
    count = len(opened.train) + len(opened.test)
    click.echo(
        f"{count} images of {len(opened.classes)} classes; next: report data check {name}", err=True
    )


@data_command.command("check")
@click.argument("name", metavar="NAME|FOLDER")
@REPORT
@click.option("--distance", default=10, type=click.IntRange(0, 64), help="Bits, of look-alikes.")
@JSON
def check_command(name: str, report: str | None, *, distance: int, as_json: bool) -> None:
    """Look through every image of the data set NAME, or of a FOLDER without a report.

    A FOLDER holds train/ and test/, or splits.csv, or class folders alone; class folders that
    differ in case are one class. Exit code 1: a file is corrupt, a test image is a training image,
    or an image has two labels.
    """
    from reporter.cli.watch import counting
    from reporter.datasets.audit import audit
    from reporter.datasets.audit_tables import counts, tables

    opened, left_out = _opened(name, report)
    with counting("looking") as watch:
        found = audit(opened, limit=distance, progress=watch)
    numbers = {key: int(metric.value) for key, metric in counts(found).items()}
    numbers["left_out"] = left_out
    if as_json:
        grids = {key: _plain(table) for key, table in tables(found).items()}
        click.echo(json.dumps({"name": name, "counts": numbers, **grids}, indent=1))
    else:
        _tell(tables(found), numbers, distance)
    sys.exit(0 if found.is_sound else 1)


def _sources(report: str | None) -> Sources:
    from reporter.build import Request, open_workplace

    folder, root = locate(report)
    return open_workplace(Request(folder=folder, root=root)).sources


def _insist(sources: Sources, name: str) -> None:
    from reporter.errors import ReportError, nearest

    if name not in sources.report.data:
        hint = nearest(name, sources.report.data) or "; the report names none"
        raise ReportError(f"no data set is called {name!r}{hint}")


def _row(sources: Sources, name: str) -> dict[str, Any]:
    """Return what is known of a data set; a generated one is not made for this."""
    from reporter.errors import ReportError

    spec = sources.report.data[name]
    row: dict[str, Any] = dict.fromkeys(("images", "classes", "left_out", "digest"), "–")
    row = {"name": name, "source": "", "where": "–", "state": "there", **row, "problem": ""}
    try:
        origin, folder = sources.origin(name), sources.folder(name)
        row["source"] = origin.words if origin else spec.source or "folder"
        if spec.from_ is not None:
            row["source"] = f"from {spec.from_}"
        row["where"] = str(folder) if folder else "–"
        base = _base(sources, name)
        needed = sources.folder(base) if base in sources.report.data else None
        if base in sources.report.data and sources.report.data[base].source:
            row["state"] = "generated"
        elif needed is not None and not needed.is_dir():
            row["state"] = "missing"
        else:
            opened = sources.data(name, "data list")
            row["images"] = len(opened.train) + len(opened.test)
            row["classes"] = len(opened.classes)
            row["left_out"] = sources.left_out(name)
            row["digest"] = opened.digest
    except ReportError as exc:
        row["state"], row["problem"] = "unusable", str(exc)
    return row


def _base(sources: Sources, name: str) -> str:
    """Return the data set that the one called `name` is made from in the end."""
    seen: set[str] = set()
    while name not in seen and name in sources.report.data:
        seen.add(name)
        name = sources.report.data[name].from_ or name
    return name


def _opened(name: str, report: str | None) -> tuple[Dataset, int]:
    """Open a data set of the report, or a folder that no report names."""
    folder = Path(name)
    is_report = report is not None or Path("report.toml").is_file()
    if folder.is_dir() and not is_report:
        return _bare(folder), 0
    sources = _sources(report)
    if name not in sources.report.data and folder.is_dir():
        return _bare(folder), 0
    _insist(sources, name)
    opened = sources.data(name, "data check")
    sources.digests.remember()
    return opened, sources.left_out(name)


def _bare(folder: Path) -> Dataset:
    from reporter.datasets.digests import Digests
    from reporter.datasets.folders import open_folder

    split = None
    if (folder / "train").is_dir() and (folder / "test").is_dir():
        split = "folders"
    elif (folder / "splits.csv").is_file():
        split = "splits.csv"
    memory = Digests(folder / "none")  # nothing is written beside somebody's images
    return open_folder(folder.resolve().name, folder, split, "casefold", memory)


def _plain(table: Any) -> list[dict[str, Any]]:
    names = [column.name for column in table.columns]
    return [dict(zip(names, row, strict=True)) for row in table.rows]


def _tell(grids: Any, numbers: dict[str, int], distance: int) -> None:
    """Print the tables that have rows, and the counts below them."""
    from reporter.cli.grids import show

    titles = {
        "corrupt": "corrupt files",
        "pairs": "byte-identical files",
        "lookalikes": f"look alike (at most {distance} of 64 bits differ; only a look can tell)",
        "balance": "classes",
        "sizes": "sizes",
        "modes": "colour modes",
    }
    for key, title in titles.items():
        if grids[key].rows:
            show(title, [column.label for column in grids[key].columns], grids[key].rows)
    for key, number in numbers.items():
        click.echo(f"{key.replace('_', ' '):<18} {number}")
