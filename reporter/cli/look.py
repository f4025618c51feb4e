"""report list, rules, why: what looks and changes nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from reporter.cli.places import TRUST, asked, locate
from reporter.errors import ReportError

if TYPE_CHECKING:
    from reporter.experiment import Experiment


@click.command("list")
@click.argument("experiment", required=False)
@click.option("-r", "--report", help="The report whose own experiments are listed too.")
@TRUST
def list_command(experiment: str | None, report: str | None, *, is_trusted: bool) -> None:
    """List the experiments and the shipped reports, or what one EXPERIMENT takes and returns."""
    from reporter import shipped
    from reporter.report import load
    from reporter.workplace import experiments, open_workplace

    known = experiments(open_workplace(asked(report, is_trusted=is_trusted)))
    if experiment:
        click.echo(_manual(known.find(experiment, "report list")))
        return
    click.echo("experiments")
    for name, found in sorted(known.experiments.items()):
        click.echo(f"  {name:<18} {found.summary}")
    click.echo("reports")
    for name in shipped.templates():
        click.echo(f"  {name:<18} {load(shipped.folder('templates') / name).report.title}")


def _manual(experiment: Experiment) -> str:
    """Return an experiment's parameters with defaults as TOML has them, then its docstring."""
    import inspect
    import json

    lines = [experiment.name]
    for name, parameter in experiment.parameters.items():
        default = parameter.default
        is_needed = default is inspect.Parameter.empty
        shown = "…" if is_needed else json.dumps(default, ensure_ascii=False)
        lines.append(f"  {name} = {shown}" if default is not None else f"  {name}   (none)")
    return "\n".join([*lines, "", inspect.getdoc(experiment.function) or ""])


@click.command("rules")
@click.argument("report", required=False)
@click.option("--download", is_flag=True, help="Fetch the rules that report.toml has by address.")
def rules_command(report: str | None, *, download: bool) -> None:
    """Say what REPORT's course asks of a submission, and where each rule stands."""
    from reporter import rules
    from reporter.report import load
    from reporter.rules.sentences import by_key

    folder, _ = locate(report)
    opened = load(folder)
    if download:
        rules.fetch(opened)
    found = rules.read(opened)
    said = by_key(found)
    for file in sorted({found.sources[key] for key in said}):
        click.echo(file)
        for key in (key for key in said if found.sources[key] == file):
            click.echo(f"  {key:<14} {said[key]}")
    if not said:
        click.echo("no rules; a table [submission] of report.toml has them")
    if "archive" in said:
        try:
            click.echo(f"yours: {rules.archive_name(found, opened)}")
        except ReportError as exc:
            click.echo(f"note: {exc}", err=True)


@click.command("why")
@click.argument("run", required=False)
@click.option("-r", "--report", help="The report, as for build.")
@click.option("--quick", is_flag=True, help="Of the quick build.")
@TRUST
def why_command(run: str | None, report: str | None, *, quick: bool, is_trusted: bool) -> None:
    """Say why RUN would be computed again, or that it is fresh; of all runs without RUN."""
    from reporter import lock
    from reporter.causes import FRESH, causes, notes
    from reporter.workplace import current_plan, open_workplace

    at = open_workplace(replace(asked(report, is_trusted=is_trusted), is_quick=quick))
    now = current_plan(at, (run,) if run else None)
    locked = lock.read(at.lock)
    runs = [run] if run else list(at.report.runs)
    found = {name: causes(name, locked[0] if locked else None, now, at.traces) for name in runs}
    for name, lines in found.items():
        for line in lines if run else [line for line in lines if line != FRESH]:
            click.echo(line if run else f"{name}: {line}")
    if not run and all(lines == [FRESH] for lines in found.values()):
        click.echo("fresh: the store has the results of all runs")
    for line in notes(now.of(run) if run else now.jobs):
        click.echo(line)
