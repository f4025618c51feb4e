"""report.lock: run → key, parameters, digests of inputs; an unchanged build needs nothing else."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from reporter import keys, shipped
from reporter.errors import ReportError
from reporter.plan import Job, Plan
from reporter.shapes import insist
from reporter.store import dump, write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from reporter.report import Report
    from reporter.sources import Sources

LEFT_OUT = frozenset({"arguments", "file"})  # known only to a plan made from the sources


def write(path: Path, plan: Plan, stamp: str) -> None:
    """Write the lock, unless it says the same already."""
    jobs = [
        {k: v for k, v in asdict(_without_arguments(job)).items() if k not in LEFT_OUT}
        for job in plan.jobs
    ]
    plain = {"format": keys.FORMAT, "stamp": stamp, "jobs": jobs}
    content = dump(plain, sort_keys=False)  # parameters stand in the order of the signature
    if not path.is_file() or path.read_bytes() != content:
        write_atomically(path, content)


def read(path: Path) -> tuple[Plan, str] | None:
    """Return the locked plan and its stamp, or None where there is no lock of this format."""
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as exc:
        raise ReportError(f"{path}: not a lock file; remove it and build again") from exc
    try:
        if plain["format"] != keys.FORMAT:
            return None
        return Plan(jobs=tuple(_job(values) for values in plain["jobs"])), str(plain["stamp"])
    except (LookupError, TypeError) as exc:
        raise ReportError(f"{path}: not a lock file; remove it and build again") from exc


def stamp(report: Report, sources: Sources, experiment_folders: Iterable[Path]) -> str:
    """Return a digest of all that a plan is made from, inputs apart: specification and code."""
    spec = report.model_dump(mode="json", exclude={"folder", "report"})
    files = [*sorted((shipped.PACKAGE / "learn").glob("*.py")), *_face()]
    for folder in experiment_folders:
        files += sorted(path for path in folder.glob("*.py") if path.is_file())
    code = [(path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in files]
    return keys.digest([spec, sources.is_quick, code])


def is_fresh(plan: Plan, sources: Sources) -> bool:
    """Tell whether every input of a locked plan still has the content that the lock names."""
    known = {name: digest for job in plan.jobs for name, digest in job.inputs.items()}
    try:
        return all(_digest(name, sources) in (digest, None) for name, digest in known.items())
    except (ReportError, OSError):
        return False


def _digest(name: str, sources: Sources) -> str | None:
    """Return the digest of one input now; None for what the plan itself determines."""
    kind, _, name = name.partition(".")
    if kind == "data":
        return sources.data(name, "").digest
    if kind == "images":
        return sources.image(name, "").digest
    if sources.weights_source(name, "").startswith("run:"):
        return None
    return sources.weights(name, "").digest


def _face() -> list[Path]:
    names = ("__init__", "artifacts", "errors", "experiment", "inputs")
    return [shipped.PACKAGE / f"{name}.py" for name in names]


def _without_arguments(job: Job) -> Job:
    from dataclasses import replace

    return replace(job, arguments={}, file=None)


def _job(values: dict[str, Any]) -> Job:
    tuples = {name: tuple(values[name]) for name in ("needs", "notes")}
    job = Job(**{**values, **tuples})
    insist(job)
    return job
