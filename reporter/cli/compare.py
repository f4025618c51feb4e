"""report diff: two builds of a report, and what of it changed from one to the other."""

from __future__ import annotations

import json
import math
import os
import statistics
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from reporter.cli.places import TRUST, locate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reporter.compare import Differences
    from reporter.compare.numbers import NumberChange
    from reporter.compare.sides import Side
    from reporter.compare.tables import TableChange
    from reporter.compare.texts import ClaimChange, SentenceChange

MOST_CELLS = 12  # of one table that are printed
LEAST_POINTS = 0.1  # are told with one digit after the point
COLOURS = {"-": "red", "+": "green"}
BRACKETS = {"-": ("[-", "-]"), "+": ("{+", "+}")}  # around words that changed, as git has them


@click.command("diff")
@click.argument("a")
@click.argument("b", required=False)
@click.option("-r", "--report", help="The report, as for build: whose commits and store are meant.")
@click.option("--json", "as_json", is_flag=True, help="Print what changed as JSON.")
@TRUST
def diff_command(
    a: str, b: str | None, report: str | None, *, as_json: bool, is_trusted: bool
) -> None:
    """Say what changed from A to B: runs, numbers, tables, figures, claims, sentences.

    Each is a build's folder (build/demo), its results.json or report.pdf, or a commit of the
    report with its report.lock; B is the last build if left out. Nothing is computed. Exit code 0:
    nothing differs, 1: something does, 2: a mistake.
    """
    from reporter import trust
    from reporter.build import Request, open_workplace
    from reporter.compare import compare
    from reporter.compare.sides import open_side
    from reporter.errors import ReportError

    folder, root = locate(report, is_trusted=is_trusted)
    if is_trusted:
        trust.remember(folder)
    at = open_workplace(Request(folder=folder, root=root))
    if b is None and not (at.output / "results.json").is_file():
        raise ReportError(f"there is no build {at.output} to compare with; name one as B")
    last = os.path.relpath(at.output)
    first, second = (open_side(word, folder, root) for word in (a, b or last))
    found = compare(first, second, at.store)
    if as_json:
        names = {"a": first.name, "b": second.name}
        click.echo(json.dumps(_plain({**names, **asdict(found)}), indent=1, ensure_ascii=False))
    else:
        _tell(first, second, found)
    sys.exit(1 if found else 0)


def _plain(value: Any) -> Any:
    """Return data for JSON, which has no NaN: such numbers are texts."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return repr(value) if isinstance(value, float) and not math.isfinite(value) else value


def _tell(a: Side, b: Side, found: Differences) -> None:
    """Print what changed, kind by kind; how much of each on stderr."""
    click.echo(f"- {a.name}\n+ {b.name}")
    for side in (a, b):
        if not side.has_text:
            lacking = "of its text, figures and tables nothing is known"
            click.echo(f"{side.name} was built by an older version: {lacking}", err=True)
    _list("runs", ([f"{one.run}: {'; '.join(one.what)}"] for one in found.runs))
    _tell_numbers(found.numbers)
    _list("tables", map(_table, found.tables))
    _list("figures", ([one.figure, *(f"  {what}" for what in one.what)] for one in found.figures))
    _list("claims", map(_claim, found.claims))
    _tell_sentences(found.sentences)
    counts = [(len(changes), kind) for kind, changes in vars(found).items() if changes]
    told = [f"{count} {kind if count > 1 else kind.removesuffix('s')}" for count, kind in counts]
    click.echo(f"changed: {', '.join(told)}" if told else "nothing changed", err=True)


def _list(title: str, entries: Iterable[Iterable[str]]) -> None:
    """Print entries of some lines each below a title, if there are any."""
    lines = [f"  {line}" for entry in entries for line in entry]
    if lines:
        click.echo("\n".join(["", click.style(title, bold=True), *lines]))


def _tell_numbers(changes: Iterable[NumberChange]) -> None:
    from reporter.cli.grids import show

    rows = [_number(change) for change in changes]
    if rows:
        click.echo("\n" + click.style("numbers", bold=True))
        show("", ["run", "metric", "split", "seeds", "-", "+", "difference", "over seeds"], rows)


def _number(change: NumberChange) -> list[str]:
    """Return the cells that tell of a metric: both values, and their difference."""
    from reporter.compare.numbers import mean
    from reporter.plan import seeds_text

    seeds = [seeds_text(list(side)) for side in (change.before, change.after) if side]
    shown = [_value(change.unit, side) for side in (change.before, change.after)]
    if shown[0] == shown[1]:  # below the digits that are printed
        shown = [f"{mean(side.values()):.6g}" for side in (change.before, change.after)]
    return [
        change.run,
        change.metric,
        change.split or "",
        " → ".join(dict.fromkeys(seeds)),
        *shown,
        _difference(change),
        _against(change.ratio),
    ]


def _value(unit: str, side: Mapping[int, float]) -> str:
    """Return a metric as the report prints it: its mean, and its spread over several seeds."""
    from reporter.compare.numbers import mean
    from reporter.prose.styles import default_style

    if not side:
        return "–"
    numbers = tuple(side.values())
    style, suffix = default_style(unit, numbers)
    has_spread = len(set(numbers)) > 1 and math.isfinite(mean(numbers))
    spread = f" ± {style(statistics.stdev(numbers))}" if has_spread else ""
    return f"{style(mean(numbers))}{spread}{suffix}"


def _difference(change: NumberChange) -> str:
    if change.difference is None:
        return "–"
    if change.unit == "fraction":
        points = 100 * change.difference
        return f"{points:+.1f} points" if abs(points) >= LEAST_POINTS else f"{points:+.1g} points"
    return f"{change.difference:+.3g}"


def _against(ratio: float | None) -> str:
    """Return a difference measured by the spread over seeds; "" where less than three show one."""
    if ratio is None:
        return ""
    if math.isinf(ratio):
        return "seeds agree"
    return "within the spread" if ratio <= 1 else f"{ratio:.1f} × the spread"


def _table(change: TableChange) -> list[str]:
    told = [f"{one.row}, {one.column}: {one.before} → {one.after}" for one in change.cells]
    more = [f"and {len(told) - MOST_CELLS} more: --json prints all"] if told[MOST_CELLS:] else []
    return [change.table, *(f"  {line}" for line in (*change.notes, *told[:MOST_CELLS], *more))]


def _claim(change: ClaimChange) -> list[str]:
    verdicts = f"{change.before or 'new'} → {change.after or 'gone'}"
    read = {"-": change.read_before, "+": change.read_after}
    told = [
        click.style(f"  {sign} {text}", fg=COLOURS[sign]) for sign, text in read.items() if text
    ]
    return [f"{change.where}: {verdicts}", *told]


def _tell_sentences(changes: Iterable[SentenceChange]) -> None:
    """Print both forms of each sentence with the words that changed marked."""
    told = [change for change in changes if not change.is_renumbered]
    if told:
        click.echo("\n" + click.style("sentences", bold=True))
    section = ""
    for change in told:
        if change.section != section:
            section = change.section
            click.echo(f"  {section}")
        for line in _pair(change.before, change.after):
            click.echo(f"  {line}")
    renumbered = sum(change.is_renumbered for change in changes)
    if renumbered:
        click.echo(f"  {renumbered} more differ only in the numbers of what they refer to")


def _pair(before: str, after: str) -> list[str]:
    from reporter.compare.texts import marked

    if not before or not after:
        sign, text = ("-", before) if before else ("+", after)
        return [click.style(f"{sign} {text}", fg=COLOURS[sign])]
    return [
        f"{click.style(sign, fg=COLOURS[sign])} "
        + "".join(_words(sign, text) if is_new else text for text, is_new in pieces)
        for sign, pieces in zip("-+", marked(before, after), strict=True)
    ]


def _words(sign: str, text: str) -> str:
    """Return words that changed: coloured on a terminal, in brackets elsewhere."""
    if sys.stdout.isatty():
        return click.style(text, fg=COLOURS[sign], bold=True)
    left, right = BRACKETS[sign]
    return f"{left}{text}{right}"
