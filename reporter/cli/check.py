"""report check: what is to be mended before a report is handed in."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reporter.cli.places import TRUST, asked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reporter.check.finding import Finding
    from reporter.check.subject import Subject

FORMS = ("text", "json", "gradescope", "github")


@click.command("check")
@click.argument("report", required=False)
@click.option("--quick", is_flag=True, help="Check the quick build.")
@click.option("--frozen", is_flag=True, help="Trust report.lock; look at stored results only.")
@click.option("--spelling", is_flag=True, help="Look for misspelt words, too: English only.")
@click.option("--json", "as_json", is_flag=True, help="As --format json.")
@click.option("--format", "form", default="text", help="text (default), json, gradescope, github.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write it there.",
)
@TRUST
def check_command(
    report: str | None,
    *,
    quick: bool,
    frozen: bool,
    spelling: bool,
    as_json: bool,
    form: str,
    output: Path | None,
    is_trusted: bool,
) -> None:
    """Say what is to be mended before REPORT is handed in; exit code 1 if anything is.

    Results that are missing or of older sources, claims, questions, references, alt texts, typed
    numbers, placeholders, what is provisional, what tells who or where somebody is, files.
    """
    form = _form(form, as_json=as_json)
    from reporter import check
    from reporter.examine import subject

    request = asked(report, is_trusted=is_trusted, is_frozen=frozen)
    at = subject(replace(request, is_quick=quick), datetime.now().astimezone())
    found = [*check.findings(at), *(check.unknown_words(at) if spelling else [])]
    noted = check.notes(at) if form in ("text", "github") else []
    told = _told(form, at, found, noted)
    if output:
        from reporter.files import write_atomically

        write_atomically(output, f"{told}\n".encode() if told else b"")
    elif told:
        click.echo(told)
    if form == "text":
        for note in noted:
            click.echo(f"note: {note.where}: {note.told}", err=True)
        click.echo(_count(found), err=True)
    sys.exit(1 if found else 0)


def _form(form: str, *, as_json: bool) -> str:
    if form not in FORMS:
        told = f"{form!r} should be {', '.join(FORMS[:-1])} or {FORMS[-1]}"
        raise click.BadParameter(told, param_hint="--format")
    if as_json and form not in ("text", "json"):
        raise click.UsageError(f"--json contradicts --format {form}; leave one of them out")
    return "json" if as_json else form


def _told(form: str, at: Subject, found: Sequence[Finding], noted: Sequence[Finding]) -> str:
    from reporter import check
    from reporter.check import forms

    if form == "json":
        return forms.as_json(found)
    if form == "github":
        return forms.as_github(found, noted, at.folder)
    if form == "gradescope":
        return forms.as_gradescope(found, *check.by_rule(at))
    return forms.as_text(found)


def _count(found: Sequence[Finding]) -> str:
    """Return the last line: how much there is to mend, and of which kind."""
    groups: dict[str, int] = {}
    for one in found:
        groups[one.group] = groups.get(one.group, 0) + 1
    parts = ", ".join(f"{count} in {group}" for group, count in groups.items())
    return f"{len(found)} to mend ({parts})" if found else "nothing to mend"
