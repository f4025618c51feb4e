"""report run, build: what computes and writes."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from reporter.cli.places import TRUST, asked

if TYPE_CHECKING:
    from reporter.build import Built, Request
    from reporter.runner import Outcome
    from reporter.store import Unshared

FORMATS = ("html", "pdf")


def _common(command: Any) -> Any:
    """Add the options that run and build share."""
    options = [
        click.option("--quick", is_flag=True, help="Small stand-ins, seconds on one core."),
        click.option(
            "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="runs.last-fc.epochs=5"
        ),
        click.option("-j", "--jobs", type=click.IntRange(1), help="Worker processes at most."),
        click.option("-f", "--force", is_flag=True, help="Compute again what is stored."),
        click.option(
            "--budget",
            metavar="TIME",
            help="Run what fits into 45s, 30m or 1h30m, what the report needs first.",
        ),
        click.option("-x", "stops", is_flag=True, help="Stop at the first failure."),
        click.option("--download", is_flag=True, help="Fetch torchvision's weights if needed."),
        click.option("-n", "--dry-run", is_flag=True, help="Say what would run; run nothing."),
        click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON."),
        TRUST,
    ]
    for option in reversed(options):
        command = option(command)
    return command


@click.command("build")
@click.argument("report", required=False)
@click.option("--section", "sections", multiple=True, metavar="ID", help="Only this section.")
@click.option("--frozen", is_flag=True, help="Trust report.lock; render stored results only.")
@click.option("--format", "formats", default="html,pdf", help="html,pdf (default), html or pdf.")
@_common
def build_command(report: str | None, sections: tuple[str, ...], **options: Any) -> None:
    """Run what is missing and write REPORT as HTML and PDF."""
    formats = tuple(options.pop("formats").split(","))
    for name in formats:
        if name not in FORMATS:
            raise click.BadParameter(f"{name!r} should be html or pdf", param_hint="--format")
    request = replace(
        _request(report, **options),
        sections=sections,
        formats=formats,
    )
    _make(request, **options)


@click.command("run")
@click.argument("runs", nargs=-1)
@click.option("-r", "--report", help="The report, as for build.")
@_common
def run_command(runs: tuple[str, ...], report: str | None, **options: Any) -> None:
    """Compute the named RUNS of a report, all by default, and write no page."""
    request = replace(_request(report, **options), runs=runs or None, formats=())
    _make(request, **options)


def _request(report: str | None, **options: Any) -> Request:
    from reporter.budget import seconds_of

    return replace(
        asked(report, is_trusted=options["is_trusted"], is_frozen=options.get("frozen", False)),
        overrides=options["overrides"],
        is_quick=options["quick"],
        download=options["download"],
        force=options["force"],
        stops_at_failure=options["stops"],
        jobs=options["jobs"],
        budget_s=seconds_of(options["budget"]) if options["budget"] else None,
    )


def _make(request: Request, *, dry_run: bool, as_json: bool, **_: Any) -> None:
    """Carry out a request and tell what came of it."""
    if dry_run:
        _foretell(request, as_json=as_json)
        return
    from reporter.build import build, compute
    from reporter.cli.watch import watching

    unshared: list[Unshared] = []
    with watching() as watch:
        request = replace(request, begin=watch.begin, watch=watch, unshared=unshared.append)
        made = build(request) if request.formats else compute(request)
    if isinstance(made, tuple):
        code = _tell_runs(made, as_json=as_json)
    else:
        code = _tell(made, as_json=as_json)
    for one in unshared:
        click.echo(f"report: {one.line}", err=True)
    sys.exit(1 if any(one.is_failure for one in unshared) else code)


def _foretell(request: Request, *, as_json: bool) -> None:
    """Print the runs that a build would compute."""
    from reporter.build import current_plan, open_workplace
    from reporter.forecast import about
    from reporter.prose.needs import needed_runs
    from reporter.workplace import foresee

    at = open_workplace(request)
    planned = current_plan(at, request.runs or needed_runs(at.report, request.sections))
    forecast, choice = foresee(request, at, planned)
    states = {job.key: "to run" for job in choice.jobs} | dict.fromkeys(choice.refused, "no time")
    rows = [(states.get(job.key, "stored"), job) for job in planned.jobs]
    seconds = {key: forecast.seconds[key] for key in states if key in forecast.seconds}
    if as_json:
        plain = [
            {"run": job.run, "seed": job.seed, "state": state, "seconds": seconds.get(job.key)}
            for state, job in rows
        ]
        click.echo(json.dumps(plain, indent=1))
        return
    for state, job in rows:
        told = f"  {about(seconds[job.key])}" if job.key in seconds else ""
        click.echo(f"{state}  {job.run} (seed {job.seed}){told}")
    if forecast.jobs:
        click.echo(forecast.beginning(), err=True)


def _tell_runs(outcomes: tuple[Outcome, ...], *, as_json: bool) -> int:
    """Print what became of runs that were computed without a page; return the exit code."""
    if as_json:
        click.echo(json.dumps({"runs": _runs_as_plain(outcomes)}, indent=1))
    ran = sum(outcome.state == "ran" for outcome in outcomes)
    click.echo(f"{ran} ran, {sum(o.state == 'cached' for o in outcomes)} stored", err=True)
    return 1 if any(outcome.error for outcome in outcomes) else 0


def _runs_as_plain(outcomes: tuple[Outcome, ...]) -> list[dict[str, Any]]:
    return [
        {"run": o.job.run, "seed": o.job.seed, "state": o.state, "error": o.error} for o in outcomes
    ]


def _tell(built: Built, *, as_json: bool) -> int:
    """Print what is wrong to stderr, the written files to stdout; return the exit code."""
    if as_json:
        click.echo(json.dumps(_as_plain(built), indent=1))
    else:
        _tell_lines(built)
    return 0 if built.is_well else 1


def _tell_lines(built: Built) -> None:
    told = {o.job.run for o in built.outcomes if o.state in ("failed", "not run")}
    for run, error in built.made["failures"].items():
        if run not in told:
            click.echo(f"failed   {run}: {error}", err=True)
    for claim in built.made["broken"]:
        told_of = f"{claim['where']}: the claim does not hold: {claim['reading']}"
        click.echo(f"broken   {told_of}", err=True)
    for problem in built.made["problems"]:
        click.echo(f"broken   {problem['where']}: {problem['message']}", err=True)
    ran = sum(outcome.state == "ran" for outcome in built.outcomes)
    cached = sum(outcome.state == "cached" for outcome in built.outcomes)
    changed = "" if built.document else "nothing changed: "
    click.echo(f"{changed}{ran} ran, {cached} stored, {built.seconds:.1f} s", err=True)
    for path in built.files:
        click.echo(str(path))


def _as_plain(built: Built) -> dict[str, Any]:
    return {
        "files": [str(path) for path in built.files],
        "seconds": round(built.seconds, 2),
        "runs": _runs_as_plain(built.outcomes),
        "broken": built.made["broken"],
        "problems": built.made["problems"],
    }
