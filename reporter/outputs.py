"""Pages and results → files: build/<name>/ with HTML, PDF, results.json and last-build.json."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reporter.artifacts import Metric, Table
from reporter.files import file_digest, write_atomically
from reporter.plain import dump, to_plain
from reporter.standing import last_build, program, sealed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reporter.prose.composed import Document
    from reporter.runner import Outcome
    from reporter.workplace import Workplace

RESULTS = "results.json"


def write_pages(
    output: Path,
    pages: Mapping[Path, str],
    formats: tuple[str, ...],
    enclosed: Mapping[str, bytes],
) -> tuple[tuple[Path, ...], dict[str, str]]:
    """Write HTML and PDF; a PDF whose page and attachments are unchanged stays as it is.

    Returns:
        The files, and for each PDF by name the sha-256 of what it was set from and of itself.
    """
    written: list[Path] = []
    known = last_build(output).get("pages", {})
    shown = dict(known)
    for path, html in pages.items():
        content = html.encode()
        if "html" in formats:
            _write_changed(path.with_suffix(".html"), content)
            written.append(path.with_suffix(".html"))
        if "pdf" in formats:
            target = path.with_suffix(".pdf")
            made_from = _digest(content, enclosed)
            shown[target.name] = f"{made_from} {file_digest(target)}"
            if known.get(target.name) != shown[target.name]:  # or the file is another build's
                from reporter import pdf

                rendered = pdf.render(html, enclosed)
                write_atomically(target, rendered)
                shown[target.name] = f"{made_from} {hashlib.sha256(rendered).hexdigest()}"
            written.append(target)
    return tuple(written), shown


def enclosures(at: Workplace, document: Document) -> dict[str, bytes]:
    """Return the files that a report's PDF carries: its results, tables, specification, lock."""
    files = {RESULTS: results(document)}
    for path in (at.report.folder / "report.toml", at.lock):
        files |= {path.name: path.read_bytes()} if path.is_file() else {}
    for name, run in document.finished.items():
        for output in {output for stored in run.results for output in stored.result}:
            found = zip(run.jobs, run.results, strict=True)
            tables = {job.seed: stored.result.get(output) for job, stored in found}
            if any(isinstance(table, Table) for table in tables.values()):
                files[f"{name}.{output}.csv"] = _csv(tables)
    return dict(sorted(files.items()))


def results(document: Document) -> bytes:
    """Return results.json: what the report shows."""
    from reporter.prose.transcript import transcript

    claims = [vars(claim) for claim in document.claims]
    plain = {
        "report": document.report.name,
        "runs": runs(document),
        "claims": claims,
        **transcript(document),
    }
    if document.changes:
        plain["changes"] = document.changes
    return dump(plain)


def runs(document: Document) -> dict[str, Any]:
    """Return what results.json holds of each run."""
    return {
        name: {
            "experiment": run.jobs[0].experiment if run.jobs else None,
            "parameters": run.jobs[0].parameters if run.jobs else None,
            "keys": {str(job.seed): job.key for job in run.jobs},
            "inputs": run.jobs[0].inputs if run.jobs else {},
            "error": run.error,
            "results": [_plain(stored.result) for stored in run.results],
            "records": [stored.record for stored in run.results],
        }
        for name, run in document.finished.items()
    }


def write_results(output: Path, content: bytes) -> Path:
    """Write results.json, what the report shows."""
    _write_changed(output / RESULTS, content)
    return output / RESULTS


def write_record(
    output: Path, made: Mapping[str, Any], outcomes: tuple[Outcome, ...], seconds: float
) -> None:
    """Write last-build.json: what this build did, and what is known of the pages it made."""
    states = ("cached", "ran", "failed", "not run", "missing")
    did: dict[str, list[str]] = {state: [] for state in (*states, "damaged")}
    for outcome in outcomes:
        name = f"{outcome.job.run} (seed {outcome.job.seed})"
        did[outcome.state].append(name)
        if outcome.damaged:
            did["damaged"].append(f"{outcome.damaged} of {name}")
    last = {**made, **did, "seconds": round(seconds, 2)}
    write_atomically(output / "last-build.json", dump(sealed(last)))


def _csv(outputs: Mapping[int, object]) -> bytes:
    """Return a table, given for each seed, as CSV with the values as they are stored."""
    tables = {seed: table for seed, table in outputs.items() if isinstance(table, Table)}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["seed", *(column.name for column in next(iter(tables.values())).columns)])
    for seed, table in tables.items():
        writer.writerows([seed, *row] for row in table.rows)
    return text.getvalue().encode()


def _digest(page: bytes, enclosed: Mapping[str, bytes]) -> str:
    parts = {"": page, **enclosed}
    digests = [(name, hashlib.sha256(content).hexdigest()) for name, content in parts.items()]
    return hashlib.sha256(dump([program(), *digests])).hexdigest()


def _plain(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return metrics and tables as plain data; figures and checkpoints stay in the store."""
    files: dict[str, bytes] = {}
    return {
        name: to_plain(replace(value, history=()) if isinstance(value, Metric) else value, files)
        for name, value in result.items()
        if isinstance(value, Metric | Table)
    }


def _write_changed(path: Path, content: bytes) -> None:
    if not path.is_file() or path.read_bytes() != content:
        write_atomically(path, content)
