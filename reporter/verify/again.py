"""A bundle's sources → some of its runs, computed by a process without network.

Run as a program, `python -m reporter.verify.again FOLDER` reads FOLDER/asked.json, leaves the
network and the right to write elsewhere, and only then imports the bundle's code. Results go to
FOLDER/build/store, what became of each run to FOLDER/answer.json.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reporter.plan import Job, Plan
    from reporter.report import Report

ASKED, ANSWER = "asked.json", "answer.json"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is to be computed.

    Attributes:
        runs: with their seeds, and the keys that the lock has.
        data: a folder of data sets, by name.
        seconds: for each of them.
    """

    runs: tuple[tuple[str, int, str], ...]
    data: Path | None
    device: str
    threads: int
    seconds: float


def main() -> None:
    """Compute the runs that are asked for."""
    from reporter.verify.isolation import isolate

    folder = Path(sys.argv[1]).resolve()
    plain = json.loads((folder / ASKED).read_text(encoding="utf-8"))
    asked = Asked(
        runs=tuple((name, seed, key) for name, seed, key in plain["runs"]),
        data=Path(plain["data"]) if plain["data"] else None,
        device=plain["device"],
        threads=plain["threads"],
        seconds=plain["seconds"],
    )
    lacking = isolate(folder)
    answer = {"lacking": lacking, "runs": [_answer(folder, *run, asked) for run in asked.runs]}
    (folder / ANSWER).write_text(json.dumps(answer), encoding="utf-8")


def _answer(folder: Path, run: str, seed: int, key: str, asked: Asked) -> dict[str, Any]:
    """Compute one run of one seed, and what it builds on, unless it is another one by now.

    Returns:
        Its "key" and the digests of its "inputs" as they are now, and the "error" that it ended in.
    """
    from reporter.errors import ReportError

    try:
        return _computed(folder, run, seed, key, asked)
    except ReportError as exc:
        return {"key": "", "inputs": {}, "error": str(exc)}


def _computed(folder: Path, run: str, seed: int, key: str, asked: Asked) -> dict[str, Any]:
    from reporter import plan, registry, report, shipped
    from reporter.datasets.digests import Digests
    from reporter.executors.local import LocalExecutor
    from reporter.runner import Runner
    from reporter.sources import Sources
    from reporter.store import Store

    build = folder / "build"
    opened = _with_data(report.load(folder), asked.data)
    sources = Sources(
        report=opened,
        cache=build / "cache" / "data",
        digests=Digests(build / "cache" / "digests.json"),
    )
    store = Store(build / "store")
    known = registry.load((shipped.folder("experiments"), folder / "experiments"))
    planned = _only(plan.make(opened, known, sources, store, (run,)), run, seed)
    job = planned.jobs[-1]
    found = {"key": job.key, "inputs": job.inputs, "error": ""}
    if job.key != key:
        return found
    outcomes = Runner(
        store=store,
        work=build / "work",
        cache=build / "cache",
        logs=build / opened.name / "logs",
        device=asked.device,
        threads=asked.threads,
        executor=LocalExecutor(1),
    ).run(_bounded(planned, asked.seconds))
    return {**found, "error": outcomes[-1].error}


def _with_data(report: Report, data: Path | None) -> Report:
    """Return a report whose data sets and weights lie where they lie here."""
    if data is None:
        return report
    moved = {
        name: spec.model_copy(
            update={"path": str(data / name), "archive": None, "huggingface": None}
        )
        for name, spec in report.data.items()
        if (data / name).is_dir()
    }
    weights = {
        name: spec.model_copy(update={"source": f"file:{data / Path(spec.source).name}"})
        for name, spec in report.weights.items()
        if spec.source.startswith("file:") and (data / Path(spec.source).name).is_file()
    }
    if (data / "weights").is_dir():  # of torchvision
        (report.folder / "data").mkdir(exist_ok=True)
        (report.folder / "data" / "weights").symlink_to(data / "weights")
    return report.model_copy(
        update={"data": {**report.data, **moved}, "weights": {**report.weights, **weights}}
    )


def _only(planned: Plan, run: str, seed: int) -> Plan:
    """Return a job and those it builds on, in the order of the plan."""
    by_key: Mapping[str, Job] = {job.key: job for job in planned.jobs}
    wanted = [job for job in planned.jobs if (job.run, job.seed) == (run, seed)]
    for job in wanted:
        wanted += [by_key[need] for need in job.needs if by_key[need] not in wanted]
    return replace(planned, jobs=tuple(job for job in planned.jobs if job in wanted))


def _bounded(planned: Plan, seconds: float) -> Plan:
    jobs = (replace(job, timeout_s=min(seconds, job.timeout_s or seconds)) for job in planned.jobs)
    return replace(planned, jobs=tuple(jobs))


if __name__ == "__main__":
    main()
