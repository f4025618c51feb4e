"""report status, gc: how the runs stand and what they cost; which stored results may go."""

from __future__ import annotations

import json
import os
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from reporter.cli.places import TRUST, asked

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reporter.past import Entry
    from reporter.states import Standing
    from reporter.store import Store
    from reporter.unneeded import Leftover
    from reporter.workplace import Request

KEPT = 3  # results of each run that gc leaves when it is not told otherwise
BYTES = {"": 1, "B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}


@click.command("status")
@click.argument("report", required=False)
@click.option("--quick", is_flag=True, help="Of the quick build.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@TRUST
def status_command(report: str | None, *, quick: bool, as_json: bool, is_trusted: bool) -> None:
    """Say for every run whether its result is stored, what it cost, and what is still to do.

    The seconds of a run that is to be computed are those that it took last, with other parameters.
    """
    from reporter.build import current_plan, open_workplace
    from reporter.prose.questions import read_questions, summary
    from reporter.states import standings

    at = open_workplace(replace(asked(report, is_trusted=is_trusted), is_quick=quick))
    found = standings(current_plan(at), at.store, at.root / "work", at.output.name)
    if as_json:
        click.echo(json.dumps([_plain(one) for one in found], indent=1, ensure_ascii=False))
        return
    for line in _columns(map(_row, _together(found)), numeric=(4, 5)):
        click.echo(line)
    click.echo(_total(found))
    questions = read_questions(at.report.folder)
    if questions:
        click.echo(f"questions: {summary(tuple(questions.values()))}")


def _size(_context: click.Context, _option: click.Parameter, text: str | None) -> int | None:
    """Read "2GB" as bytes."""
    if text is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?([kMGT]?B|)", text)
    if not found:
        raise click.BadParameter(f"{text!r} should look like 500MB or 2GB")
    return int(float(found[1]) * BYTES[found[2]])


@click.command("gc")
@click.argument("report", required=False)
@click.option("--keep", type=click.IntRange(0), metavar="N", help="The newest N of each run stay.")
@click.option(
    "--max-size", callback=_size, metavar="SIZE", help="Oldest first, until so much is left: 2GB."
)
@click.option("--yes", is_flag=True, help="Remove them; else they are only listed.")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
@TRUST
def gc_command(
    report: str | None,
    *,
    keep: int | None,
    max_size: int | None,
    yes: bool,
    as_json: bool,
    is_trusted: bool,
) -> None:
    """List the stored results that no report here needs; with --yes, remove them.

    What the report or a lock in its build folder names always stays. Without --keep and --max-size
    the newest 3 results of each run stay, too, so that going back to a parameter costs nothing.
    """
    from reporter import unneeded
    from reporter.build import open_workplace
    from reporter.store import Store

    _refuse_shared(keep)
    request = asked(report, is_trusted=is_trusted)
    at = open_workplace(request)
    needed = _needed(request, at.report.name)
    kept = KEPT if keep is None and max_size is None else keep
    store = Store(at.store.root)  # of one that machines share nobody knows what they need
    results = unneeded.results(store, needed, keep=kept, max_bytes=max_size)
    found = (*results, *unneeded.work_folders(at.root / "work", needed))
    gone = unneeded.remove(found, store) if yes else found
    if as_json:
        click.echo(json.dumps([_leftover(one) for one in gone], indent=1))
        return
    for line in _columns([_listed(one.entry, one.size) for one in gone if one.entry], numeric=(4,)):
        click.echo(line)
    work = [one.size for one in gone if not one.entry]
    if work:
        folders = f"{len(work)} work folder{'s' if len(work) > 1 else ''}"
        click.echo(f"{folders} that no run goes on from, {_bytes(sum(work))}")
    _tell(gone, store, is_done=yes, max_size=max_size, in_use=len(found) - len(gone))


def _refuse_shared(keep: int | None) -> None:
    from reporter.errors import ReportError

    if keep == 0 and os.environ.get("REPORT_STORE"):
        raise ReportError(
            "--keep 0: other reports may need what REPORT_STORE holds; keep 1 or more"
        )


def _needed(request: Request, name: str) -> set[str]:
    """Return the keys that stay: those of all locks, and of the plans as the sources are now."""
    from reporter.build import current_plan, open_workplace
    from reporter.errors import ReportError
    from reporter.unneeded import locked_keys

    folder, root = request.folder, request.root
    needed = locked_keys(root, folder / "report.lock", root.parent / "report.lock")
    for is_quick in (False, True):
        if is_quick and not (root / f"{name}@quick").is_dir():
            continue
        workplace = open_workplace(replace(request, is_quick=is_quick))
        try:
            needed |= {job.key for job in current_plan(workplace).jobs}
        except ReportError as exc:  # as when data are gone; what was built before stands in a lock
            click.echo(f"report: only the locks say what is needed: {exc}", err=True)
    return needed


def _plain(one: Standing) -> dict[str, Any]:
    told: dict[str, Any] = {
        "run": one.job.run,
        "seed": one.job.seed,
        "experiment": one.job.experiment,
    }
    told |= {"state": one.state, "key": one.job.key, "seconds": one.seconds}
    return {**told, "bytes": one.size, "error": one.error}


def _together(found: Iterable[Standing]) -> list[list[Standing]]:
    """Return the seeds of one run that stand alike side by side."""
    groups: dict[tuple[str, str, str], list[Standing]] = {}
    for one in found:
        groups.setdefault((one.job.run, one.state, one.error), []).append(one)
    return list(groups.values())


def _row(alike: list[Standing]) -> list[str]:
    """Return the cells of one line: state, run, seeds, experiment, cost, size, error."""
    from reporter.forecast import duration
    from reporter.plan import seeds_text

    first, seeds = alike[0], [one.job.seed for one in alike]
    known = [one.seconds for one in alike if one.seconds is not None]
    cost = duration(sum(known) * len(alike) / len(known)) if known else "–"
    size = _bytes(sum(one.size for one in alike)) if first.state == "stored" else ""
    about = "about " if known and first.state != "stored" else ""
    word = "seed" if len(seeds) == 1 else "seeds"
    cells = [first.state, first.job.run, f"{word} {seeds_text(seeds)}", first.job.experiment]
    return [*cells, about + cost, size, first.error]


def _total(found: Sequence[Standing]) -> str:
    """Return how much is to run and what it costs, as far as the past tells."""
    from reporter.forecast import duration
    from reporter.states import missing

    todo = missing(found)
    sizes = {one.job.key: one.size for one in found}
    text = f"{len(todo)} of {len(sizes)} to run"
    known = [one.seconds for one in todo if one.seconds is not None]
    if known:
        text += f", about {duration(sum(known))} of computing"
    if todo and len(known) < len(todo):
        lost = len(todo) - len(known)
        text += f"{', and' if known else ','} {lost if known else 'all'} not computed before"
    return f"{text}; {_bytes(sum(sizes.values()))} stored"


def _leftover(one: Leftover) -> dict[str, Any]:
    report, experiment, run = one.entry.name if one.entry else ("", "", "")
    told = {"key": one.key, "kind": "result" if one.entry else "work", "report": report}
    told |= {"run": run, "experiment": experiment}
    return {**told, "bytes": one.size, "computed": one.entry and one.entry.written}


def _listed(entry: Entry, size: int) -> list[str]:
    """Return the cells of one line: key, report and run, seed, when computed, size."""
    report, _, run = entry.name
    name = f"{report}/{run}" if run else "unknown run"
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.written))
    seed = entry.record.get("seed")
    seeds = "" if seed is None else f"seed {seed}"
    return [entry.key[:10], name, seeds, when, _bytes(size)]


def _tell(
    gone: Sequence[Leftover], store: Store, *, is_done: bool, max_size: int | None, in_use: int
) -> None:
    """Say how much went, or would go, and what is left."""
    from reporter.past import size_of

    count, size = len(gone), _bytes(sum(one.size for one in gone))
    if in_use:
        click.echo(f"report: {in_use} in use by a build stayed", err=True)
    if not gone:
        click.echo("nothing to remove")
    elif is_done:
        click.echo(f"{count} removed, {size}")
    else:
        click.echo(f"{count} to remove, {size}; --yes removes them")
    left = size_of(store.root) - (0 if is_done else sum(one.size for one in gone if one.entry))
    if max_size is not None and left > max_size:
        click.echo(f"report: {_bytes(left)} stay, for they are needed or in use", err=True)


def _columns(rows: Iterable[Sequence[str]], numeric: Sequence[int]) -> list[str]:
    """Return rows of cells as lines in which the cells stand below each other."""
    listed = list(rows)
    wide = [max(map(len, column)) for column in zip(*listed, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if index in numeric else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, wide, strict=True))
        ).rstrip()
        for row in listed
    ]


def _bytes(count: float) -> str:
    """Return a size as it is said: "340 kB", "1.2 GB"."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:  # noqa: PLR2004 - of any unit make the next
            return f"{count:.0f} {unit}" if unit != "MB" else f"{count:.1f} MB"
        count /= 1000
    return f"{count:.1f} GB"
