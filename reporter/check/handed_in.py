"""A report and its rules → the files of its folder that are handed in, by their paths there.

Data sets, weights, networks, caches, hidden files and what leads out of the report's folder are
never among them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from reporter import trust
from reporter.check.finding import Finding
from reporter.meaning.codebase import is_passed_over

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from reporter.prose.composed import Document
    from reporter.report import Report
    from reporter.rules import Rules

TEXTS = ("report.toml", "abstract.md", "questions.md", "references.bib")
OUTPUTS = ("report.pdf", "report.html", "results.json")  # of a build; and a folder:
TABLES = "tables"
OWN = frozenset({*OUTPUTS, "report.lock", "requirements.txt", "manifest.json", "readme.txt"})
NETWORKS = frozenset(
    {".pt", ".pth", ".ckpt", ".safetensors", ".onnx", ".h5", ".hdf5", ".keras", ".tflite", ".pb"}
)
MOST_BYTES = 1_000_000_000  # of a bundle
LARGEST_PICTURE = 32_000_000  # bytes, as on a page


def sources(document: Document, rules: Rules) -> dict[str, Path]:
    """Return what a person wrote: specification, texts, experiments, pictures, rules."""
    report, folder = document.report, document.report.folder
    named = [folder / unquote(name) for name in document.pictures]
    named += [rules.file] if rules.file else []
    images = [path for image in report.images.values() if _is_small(path := folder / image.path)]
    pictures = [path for path in images if not _fault(report, path)]
    return texts(report) | _by_name(folder, [*_inside(folder, named), *pictures])


def texts(report: Report) -> dict[str, Path]:
    """Return what is read: specification, sections and other texts, experiments."""
    folder = report.folder
    named = [*(folder / name for name in (*TEXTS, report.report.citations)), *report.sources()]
    beside = [path for path in sorted((folder / "experiments").rglob("*")) if path.is_file()]
    experiments = [path for path in beside if not _fault(report, path)]
    return _by_name(folder, [*_inside(folder, named), *experiments])


def attached(report: Report, rules: Rules) -> tuple[dict[str, Path], list[Finding]]:
    """Return the files that `attach` adds, and what it names and can't add."""
    folder, found = report.folder, {}
    faults: dict[str, list[str]] = {}
    for pattern in rules.given.attach:
        paths = sorted(path for path in folder.glob(pattern) if path.is_file())
        if not paths:
            faults.setdefault("matches no file", []).append(pattern)
        for name, path in _by_name(folder, paths).items():
            if fault := _fault(report, path) or _double(name):
                faults.setdefault(fault, []).append(name)
            else:
                found[name] = path
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


def _inside(folder: Path, paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files among paths that don't lead out of a folder."""
    return (path for path in paths if path.is_file() and not _outside(folder, path))


def _by_name(folder: Path, paths: Iterable[Path]) -> dict[str, Path]:
    return {path.relative_to(folder).as_posix(): path for path in paths}


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
