"""A report, its rules and its last build → the files that are handed in, by path in the bundle.

A bundle is a workspace of its own: sources, lock and stored results lie where a build looks for
them, the outputs beside. Data sets, weights, networks, caches, hidden files and what leads out of
the report's folder are never among them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from reporter import trust
from reporter.bundle.again import TABLES
from reporter.bundle.reading import MOST_BYTES
from reporter.check.finding import Finding
from reporter.errors import ReportError
from reporter.meaning.codebase import is_passed_over
from reporter.outputs import RESULTS, enclosures

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reporter.plan import Plan
    from reporter.prose.composed import Document
    from reporter.report import Report
    from reporter.rules import Rules
    from reporter.workplace import Workplace

TEXTS = ("report.toml", "abstract.md", "questions.md", "references.bib")
OUTPUTS = ("report.pdf", "report.html", RESULTS)
OWN = frozenset({*OUTPUTS, "report.lock", "requirements.txt", "manifest.json", "readme.txt"})
NETWORKS = frozenset(
    {".pt", ".pth", ".ckpt", ".safetensors", ".onnx", ".h5", ".hdf5", ".keras", ".tflite", ".pb"}
)
LARGEST_PICTURE = 32_000_000  # bytes, as on a page


def sources(document: Document, rules: Rules) -> dict[str, bytes]:
    """Return what a person wrote: specification, texts, experiments, pictures, rules."""
    report, folder = document.report, document.report.folder
    named = [folder / name for name in (*TEXTS, report.report.citations)]
    named += [*report.sources(), *(folder / unquote(name) for name in document.pictures)]
    named += [rules.file] if rules.file else []
    beside = [*(folder / "experiments").rglob("*")]
    beside += [path for image in report.images.values() if _is_small(path := folder / image.path)]
    paths = {path for path in named if not _outside(folder, path)}
    paths |= {path for path in beside if not _fault(report, path)}
    files = sorted(filter(Path.is_file, paths))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def results(at: Workplace, planned: Plan) -> dict[str, bytes]:
    """Return the lock and the stored results of a plan, without their networks."""
    found = {"report.lock": at.lock.read_bytes()}
    for key in sorted({job.key for job in planned.jobs if job.key in at.store}):
        entry = at.store.portable(key)
        found |= {f"build/store/{key}/{name}": content for name, content in entry.items()}
    return found


def insist_built(at: Workplace) -> None:
    """Insist on what a build leaves.

    Raises:
        ReportError: one of its files is missing.
    """
    for path in (*(at.output / name for name in OUTPUTS), at.lock):
        if not path.is_file():
            raise ReportError(f"{path}: missing; `report build` makes it")


def made(files: Iterable[str]) -> tuple[str, ...]:
    """Return those of a bundle's files that can be made from the others, byte for byte."""
    pages = ("report.html", RESULTS)
    return tuple(path for path in files if path in pages or path.startswith(f"{TABLES}/"))


def outputs(at: Workplace, document: Document) -> dict[str, bytes]:
    """Return the pages and results of the last build, and the tables as CSV."""
    tables = {
        f"{TABLES}/{name}": content
        for name, content in enclosures(at, document).items()
        if name.endswith(".csv")
    }
    return tables | {name: (at.output / name).read_bytes() for name in OUTPUTS}


def attached(report: Report, rules: Rules) -> tuple[dict[str, bytes], list[Finding]]:
    """Return the files that `attach` adds, and what it names and can't add."""
    folder, found = report.folder, {}
    faults: dict[str, list[str]] = {}
    for pattern in rules.given.attach:
        paths = sorted(path for path in folder.glob(pattern) if path.is_file())
        if not paths:
            faults.setdefault("matches no file", []).append(pattern)
        for path in paths:
            name = path.relative_to(folder).as_posix()
            if fault := _fault(report, path) or _double(name):
                faults.setdefault(fault, []).append(name)
            else:
                found[name] = path.read_bytes()
    return found, [
        Finding(
            group="files",
            where=rules.where("attach"),
            message=f"{names[0]} {fault}{f' (and {len(names) - 1} more)' if names[1:] else ''}",
            remedy="name what is to be handed in",
        )
        for fault, names in faults.items()
    ]


def _double(name: str) -> str:
    """Return why a file can't be attached under its name, "" if it can."""
    is_double = name.casefold() in OWN or name.startswith(f"{TABLES}/")
    return "has the name of a file that every bundle has" if is_double else ""


def _fault(report: Report, path: Path) -> str:
    """Return why no bundle takes a file of the report's folder, "" for nothing."""
    if outside := _outside(report.folder, path):
        return outside
    folder = report.folder
    places = (path.relative_to(folder), path.resolve().relative_to(folder.resolve()))  # of a link
    faults = {
        "holds a network's weights": path.suffix.lower() in NETWORKS,
        "is larger than a bundle may be": path.stat().st_size > MOST_BYTES,
        "belongs to a data set": any(trust.is_inside(one, path) for one in _data(report)),
        "is hidden, or what a program keeps": any(map(is_passed_over, places)),
        "lies among outputs and caches": any(place.parts[0] == "build" for place in places),
    }
    return next((told for told, is_so in faults.items() if is_so), "")


def _outside(folder: Path, path: Path) -> str:
    is_below = path.is_relative_to(folder) and ".." not in path.relative_to(folder).parts
    is_inside = is_below and trust.is_inside(folder, path)
    return "" if is_inside else "leads out of the report's folder"


def _data(report: Report) -> Iterator[Path]:
    """Yield where data sets and weights lie."""
    yield report.folder / "data"
    for one in report.data.values():
        if one.path:
            yield report.folder / one.path
    for weights in report.weights.values():
        if weights.source.startswith("file:"):
            yield report.folder / weights.source.removeprefix("file:")


def _is_small(path: Path) -> bool:
    return path.is_file() and path.stat().st_size <= LARGEST_PICTURE
