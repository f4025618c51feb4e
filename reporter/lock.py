"""report.lock: run → key, parameters, digests of inputs; an unchanged build needs nothing else."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from reporter import keys, shipped
from reporter.errors import ReportError
from reporter.files import write_atomically
from reporter.meaning.codebase import is_passed_over
from reporter.meaning.reach import MODULES
from reporter.plain import dump
from reporter.plan import Job, Plan
from reporter.shapes import insist

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from reporter.report import Report
    from reporter.sources import Sources

# Known only to a plan made from the sources; and code, which the jobs of an experiment share.
LEFT_OUT = frozenset({"arguments", "code", "file", "reasons"})
PARTS = ("datasets", "learn")  # of this program, beside the face, that runs reach
FACE = (
    "__init__", "artifacts", "complaints", "environment", "errors", "experiment", "inputs", "shapes"
)  # fmt: skip


def write(path: Path, plan: Plan, stamp: str) -> None:
    """Write the lock, unless it says the same already."""
    jobs = [
        {k: v for k, v in asdict(_without_arguments(job)).items() if k not in LEFT_OUT}
        for job in plan.jobs
    ]
    code = {job.experiment: dict(job.code) for job in plan.jobs}
    stamp = stamp if all(map(_is_seen, set().union(*code.values()))) else ""
    plain = {"format": keys.FORMAT, "stamp": stamp, "code": code, "jobs": jobs}
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
        jobs = tuple(_job(values, plain["code"]) for values in plain["jobs"])
        return Plan(jobs=jobs), str(plain["stamp"])
    except (LookupError, TypeError) as exc:
        raise ReportError(f"{path}: not a lock file; remove it and build again") from exc


def stamp(report: Report, sources: Sources, experiment_folders: Iterable[Path]) -> str:
    """Return a digest of all that a plan is made from, inputs apart: specification and code.

    Of the code every byte counts: that of this program's part in a run, and every file below the
    folders of experiments, whether it is Python or something that lies beside.
    """
    spec = report.model_dump(mode="json", exclude={"report"})
    own = [shipped.PACKAGE / f"{name}.py" for name in FACE]
    own += [path for part in PARTS for path in sorted((shipped.PACKAGE / part).rglob("*.py"))]
    code = [_content(path, path.relative_to(shipped.PACKAGE).as_posix()) for path in own]
    for folder in experiment_folders:
        for path in _files(folder):
            place = path.relative_to(folder).as_posix()
            is_code = path.suffix == ".py"
            code.append(_content(path, place) if is_code else (place, sources.digests.of(path)))
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


def _content(path: Path, name: str) -> tuple[str, str]:
    return name, hashlib.sha256(path.read_bytes()).hexdigest()


def _files(folder: Path) -> list[Path]:
    """Return the files below a folder, without hidden ones and what Python keeps."""
    inner = [path for path in folder.rglob("*") if path.is_file()]
    return sorted(path for path in inner if not is_passed_over(path.relative_to(folder)))


def _is_seen(code: str) -> bool:
    """Tell whether the stamp covers the file of what stands in a job's `code`."""
    seen = tuple(f"reporter.{name}." for name in (*FACE, *PARTS))
    return code == MODULES or f"{code.partition(' ')[2]}.".startswith((".", *seen))


def _without_arguments(job: Job) -> Job:
    from dataclasses import replace

    return replace(job, arguments={}, code={}, reasons={}, file=None)


def _job(values: dict[str, Any], code: dict[str, dict[str, str]]) -> Job:
    tuples = {name: tuple(values[name]) for name in ("needs", "notes")}
    job = Job(**{**values, **tuples, "code": code[values["experiment"]]})
    insist(job)
    return job
