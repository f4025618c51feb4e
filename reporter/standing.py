"""What the last build read and wrote, kept in last-build.json → whether it still stands.

A build stands while a new one would write the same: nothing that its page is made from has changed
(specification, texts, pictures, plan, results, this program, the libraries beside it), and its
files are as it wrote them. All is compared by content.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from functools import cache
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reporter import keys, shipped
from reporter.files import file_digest
from reporter.prose.pictures import picture_digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reporter.plan import Plan
    from reporter.workplace import Request, Workplace

TEXTS = ("abstract.md", "questions.md", "references.bib")
SET_ELSEWHERE = frozenset({"learn", "__pycache__", "_shipped"})  # of the package: sets no page


def last_build(output: Path, sources: str = "") -> dict[str, Any]:
    """Return what last-build.json holds; {} where it is damaged or not of these `sources`."""
    try:
        last = dict(json.loads((output / "last-build.json").read_text(encoding="utf-8")))
        is_whole = last.pop("seal", "") == keys.digest(last)
    except (OSError, ValueError, TypeError, RecursionError):
        return {}
    return last if is_whole and sources in ("", last["sources"]) else {}


def sealed(last: Mapping[str, Any]) -> dict[str, Any]:
    """Return what last-build.json is to hold, with a digest of it: what is damaged is not used."""
    return {**last, "seal": keys.digest(last)}


def sources(request: Request, at: Workplace) -> str:
    """Return a digest of all that a page is made from but plan, results and pictures."""
    report = at.report
    named = [report.folder / name for name in (*TEXTS, report.report.citations)]
    return keys.digest(
        [
            request.sections,
            request.formats,
            request.is_quick,
            at.changes,
            report.model_dump(mode="json"),
            os.environ.get("SOURCE_DATE_EPOCH", "0"),  # stands in a PDF
            _contents(report.folder, [report.folder / "report.toml", *report.sources(), *named]),
            program(),
        ]
    )


def results(at: Workplace, planned: Plan) -> dict[str, str]:
    """Return the digests of the lock and of what the store has for each key of a plan."""
    stored = {job.key: file_digest(_manifest(at, job.key)) for job in planned.jobs}
    return {"lock": file_digest(at.lock), **stored}


def is_stored(at: Workplace, last: Mapping[str, Any], key: str) -> bool:
    """Tell whether a result can be read: one that the `last` build read is only compared."""
    known = last.get("results", {}).get(key)
    if known and known == file_digest(_manifest(at, key)):
        return at.store.is_whole(key)
    return at.store.load(key) is not None


def _manifest(at: Workplace, key: str) -> Path:
    return at.store.root / key / "manifest.json"


def stands(last: Mapping[str, Any], at: Workplace, planned: Plan) -> bool:
    """Tell whether a build over a plan need not do again what the `last` one of its sources did."""
    return shows(last, at, planned) and not last["failures"]


def is_current(request: Request, at: Workplace, planned: Plan) -> bool:
    """Tell whether the pages that are there show what sources and results say now."""
    names = [name for name in ("html", "pdf") if (at.output / f"report.{name}").is_file()]
    asked = [replace(request, formats=formats) for formats in permutations(names)]
    lasts = [last_build(at.output, sources(one, at)) for one in asked]
    return any(shows(last, at, planned) for last in lasts)


def shows(last: Mapping[str, Any], at: Workplace, planned: Plan) -> bool:
    """Tell whether a build over a plan would write what the `last` one of its sources wrote."""
    folder = at.report.folder
    return (
        last.get("results") == results(at, planned)
        and all(picture_digest(folder, name) == known for name, known in last["pictures"].items())
        and all(file_digest(at.output / name) == known for name, known in last["files"].items())
    )


def digests(output: Path, files: Iterable[Path]) -> dict[str, str]:
    """Return the digests of written files by their names in the folder of a build."""
    return {path.relative_to(output).as_posix(): file_digest(path) for path in files}


@cache
def program() -> str:
    """Return a digest of what sets every report: our own files, the versions of all libraries."""
    files = [path for path in shipped.BASE.iterdir() if path.is_file()]
    for folder, below, names in os.walk(shipped.PACKAGE):
        below[:] = [name for name in below if name not in SET_ELSEWHERE]
        files += [Path(folder) / name for name in names]
    libraries = {
        entry.name
        for folder in sys.path
        if Path(folder).is_dir()
        for entry in os.scandir(folder or ".")
        if entry.name.endswith(".dist-info")
    }
    return keys.digest(
        [sys.version, sorted(libraries), _contents(shipped.PACKAGE.parent, sorted(files))]
    )


def _contents(root: Path, files: Iterable[Path]) -> list[tuple[str, str]]:
    return [(os.path.relpath(file, root), file_digest(file)) for file in files]
