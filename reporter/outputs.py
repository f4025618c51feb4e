"""Pages and results → files: build/<name>/ with HTML, PDF, results.json and last-build.json."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reporter.artifacts import Metric, Table
from reporter.store import dump, to_plain, write_atomically

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reporter.prose.document import Document
    from reporter.runner import Outcome


def write_pages(
    output: Path, pages: Mapping[Path, str], formats: tuple[str, ...]
) -> tuple[tuple[Path, ...], dict[str, str]]:
    """Write HTML and PDF; a PDF whose page is unchanged stays as it is.

    Returns:
        The files, and for each PDF by name the sha-256 of the page that it shows.
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
            shown[target.name] = hashlib.sha256(content).hexdigest()
            if known.get(target.name) != shown[target.name] or not target.is_file():
                from reporter import pdf

                write_atomically(target, pdf.render(html))
            written.append(target)
    return tuple(written), shown


def write_records(
    output: Path,
    document: Document,
    outcomes: tuple[Outcome, ...],
    seconds: float,
    shown: Mapping[str, str],
) -> None:
    """Write results.json, what the report shows, and last-build.json, what this build did."""
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
    results = {"report": document.report.name, "runs": runs, "claims": claims}
    if document.changes:
        results["changes"] = document.changes
    _write_changed(output / "results.json", dump(results))
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
        return dict(json.loads((output / "last-build.json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _write_changed(path: Path, content: bytes) -> None:
    if not path.is_file() or path.read_bytes() != content:
        write_atomically(path, content)
