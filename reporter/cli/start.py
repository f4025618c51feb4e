"""report init, clean, export: what makes, clears and copies files."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from reporter.cli.places import TRUST, asked, locate

WORKPLACES = ("work", "figures", "cache")  # never the store


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--template", default="demo", help="A shipped report; `report list` names them.")
def init_command(folder: Path, template: str) -> None:
    """Make FOLDER a workspace: a copy of a shipped report to change into one's own."""
    from reporter import shipped, trust
    from reporter.errors import ReportError, nearest

    if template not in shipped.templates():
        hint = nearest(template, shipped.templates())
        raise ReportError(f"no shipped report is called {template!r}{hint}")
    if folder.exists() and not folder.is_dir():
        raise ReportError(f"{folder} is a file; choose another name")
    if folder.exists() and any(folder.iterdir()):
        raise ReportError(f"{folder} is not empty; choose another folder")
    shutil.copytree(shipped.folder("templates") / template, folder, dirs_exist_ok=True)
    (folder / ".gitignore").write_text("build/\ndata/\n", encoding="utf-8")
    (folder / "experiments").mkdir(exist_ok=True)
    trust.remember(folder)
    click.echo(f"{folder}: report.toml, sections/, experiments/ for your own")
    click.echo(f"next: cd {folder} && report build --quick", err=True)


@click.command("clean")
@click.argument("report", required=False)
def clean_command(report: str | None) -> None:
    """Remove outputs and caches of REPORT; stored results stay."""
    from reporter.report import load

    folder, root = locate(report)
    name = load(folder).name
    for target in (name, f"{name}@quick", *WORKPLACES):
        if (root / target).is_dir():
            shutil.rmtree(root / target)
            click.echo(f"removed {root / target}")


@click.command("export")
@click.argument("run")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("-r", "--report", help="The report, as for build.")
@click.option("--half", is_flag=True, help="In half precision.")
@TRUST
def export_command(
    run: str, file: Path, report: str | None, *, half: bool, is_trusted: bool
) -> None:
    """Copy the network that RUN trained to FILE (.safetensors)."""
    from reporter.build import current_plan, open_workplace
    from reporter.errors import ReportError

    at = open_workplace(asked(report, is_trusted=is_trusted))
    jobs = current_plan(at, (run,)).of(run)
    if jobs[0].key not in at.store:
        raise ReportError(f"run {run!r} has no stored result; `report run {run}` makes it")
    is_lost = at.store.lacks_network(jobs[0].key)  # before the next line: it may fetch it
    if not (is_lost or at.store.checkpoint(jobs[0].key).is_file()):
        raise ReportError(f"run {run!r} trains no network; name one that does")
    at.store.export(jobs[0].key, file, half=half)
    click.echo(str(file))
