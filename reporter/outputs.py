"""Pages and results → files: build/<name>/ with HTML, PDF, results.json and last-build.json."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reporter.artifacts import Metric, Table
from reporter.store import dump, to_plain, write_atomically

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reporter.prose.composed import Document
    from reporter.runner import Outcome
    from reporter.workplace import Workplace


def write_pages(
    output: Path,
    pages: Mapping[Path, str],
    formats: tuple[str, ...],
    enclosed: Mapping[str, bytes],
) -> tuple[tuple[Path, ...], dict[str, str]]:
    """Write HTML and PDF; a PDF whose page and attachments are unchanged stays as it is.

    Returns:
        The files, and for each PDF by name the sha-256 of what it was set from.
    """
    written: list[Path] = []
    known = _last_build(output).get("pages", {})
    shown = {}
    for path, html in pages.items():
        content = html.encode()
        if "html" in formats:
            _write_changed(path.with_suffix(".html"), content)
            written.append(path.with_suffix(".html"))
        if "pdf" in formats:
            target = path.with_suffix(".pdf")
            shown[target.name] = _digest(content, enclosed)
            if known.get(target.name) != shown[target.name] or not target.is_file():
                from reporter import pdf

                write_atomically(target, pdf.render(html, enclosed))
            written.append(target)
    return tuple(written), shown


def enclosures(at: Workplace, document: Document) -> dict[str, bytes]:
    """Return the files that a report's PDF carries: its results, tables, specification, lock."""
    files = {"results.json": results(document)}
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
    runs = {
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
    claims = [vars(claim) for claim in document.claims]
    plain = {"report": document.report.name, "runs": runs, "claims": claims}
    if document.changes:
        plain["changes"] = document.changes
    return dump(plain)


def write_records(
    output: Path,
    document: Document,
    outcomes: tuple[Outcome, ...],
    seconds: float,
    shown: Mapping[str, str],
) -> None:
    """Write results.json, what the report shows, and last-build.json, what this build did."""
    _write_changed(output / "results.json", results(document))
    states = ("cached", "ran", "failed", "not run", "missing")
    counts: dict[str, list[str]] = {state: [] for state in states}
    for outcome in outcomes:
        counts[outcome.state].append(f"{outcome.job.run} (seed {outcome.job.seed})")
    last = {
        **counts,
        "seconds": round(seconds, 2),
        "pages": shown or _last_build(output).get("pages", {}),
        "problems": [vars(problem) for problem in document.problems],
    }
    write_atomically(output / "last-build.json", dump(last))


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
    return hashlib.sha256(dump(digests)).hexdigest()


def _plain(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return metrics and tables as plain data; figures and checkpoints stay in the store."""
    files: dict[str, bytes] = {}
    return {
        name: to_plain(replace(value, history=()) if isinstance(value, Metric) else value, files)
        for name, value in result.items()
        if isinstance(value, Metric | Table)
    }


def _last_build(output: Path) -> dict[str, Any]:
    try:
        last = json.loads((output / "last-build.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return last if isinstance(last, dict) and isinstance(last.get("pages"), dict) else {}


def _write_changed(path: Path, content: bytes) -> None:
    if not path.is_file() or path.read_bytes() != content:
        write_atomically(path, content)
