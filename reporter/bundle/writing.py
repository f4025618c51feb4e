"""A report that was built → its bundle: gathered, packed, made again from itself, then written."""

from __future__ import annotations

import hashlib
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from reporter import rules
from reporter.build import composed_over, open_workplace, plan_of
from reporter.bundle import contents, manifest
from reporter.bundle.again import made_again
from reporter.bundle.packing import packed
from reporter.bundle.reading import read
from reporter.bundle.tagging import Span, spans
from reporter.bundle.versions import PROGRAM, requirements, versions
from reporter.check.rules import of_archive, of_files
from reporter.errors import TextError
from reporter.files import write_atomically
from reporter.pdf import reading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reporter.check.finding import Finding
    from reporter.report import Report
    from reporter.rules import Rules
    from reporter.workplace import Request

REBUILD = ("pip install -r requirements.txt", "report build --frozen")
README = """\
{title}

report.pdf        the report; report.html shows the same in a browser
results.json      every number and sentence in it; tables/ has its tables as CSV
report.toml       what was run; sections/, experiments/ and the other texts are its sources
report.lock       run -> parameters, digests of inputs, key; build/store/ has the results by key,
                  without the networks that were trained
manifest.json     the SHA-256 of every file here, and the versions it was made with

To make the pages again from these sources and results, with Python {python} and reporter
{reporter}, in this folder:

{commands}

That computes nothing and needs no data, but REPORT_STORE must not be set. `report build` alone
computes again what data, put where report.toml says, give otherwise.
"""


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """All that a bundle is made of but its manifest, and what speaks against handing it in.

    Attributes:
        name: of the archive.
        findings: what its contents break of the rules.
    """

    name: str
    report: Report
    rules: Rules
    files: Mapping[str, bytes]
    versions: Mapping[str, str]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, kw_only=True)
class Bundled:
    """A bundle that was written.

    Attributes:
        sizes: bytes of each file in it.
        questions: pages of the report on which each one is answered.
        seconds: that it took to make its pages again from it.
    """

    path: Path
    size: int
    sha256: str
    sizes: Mapping[str, int]
    questions: Mapping[str, Span]
    unmet: tuple[Finding, ...]
    seconds: float


def gather(request: Request) -> Gathered:
    """Read all that a bundle of the last build holds.

    Raises:
        ReportError: there is no such build, or its report or rules are wrong.
    """
    frozen = replace(request, is_frozen=True)
    at = open_workplace(frozen)
    contents.insist_built(at)
    planned = plan_of(frozen, at)
    document = composed_over(at, planned)
    known = rules.read(at.report)
    made_with = versions(one for run in document.finished.values() for one in run.results)
    attached, findings = contents.attached(at.report, known)
    files = contents.sources(document, known) | contents.results(at, planned)
    files |= contents.outputs(at, document) | _added(at.report, made_with)
    findings += of_files(known, {name: len(held) for name, held in (attached | files).items()})
    for name in attached:
        if not any(map(PurePosixPath(name).match, known.given.forbidden)):
            files.setdefault(name, attached[name])
    gathered = Gathered(
        name=rules.archive_name(known, at.report),
        report=at.report,
        rules=known,
        files=files,
        versions=made_with,
        findings=(),
    )
    size = len(packed(_files(gathered), at.report.report.date))
    findings += of_archive(known, gathered.name, size)
    return replace(gathered, findings=tuple(findings))


def write(gathered: Gathered, folder: Path, unmet: Sequence[Finding] = ()) -> Bundled:
    """Write a bundle, once its pages could be made again from nothing else.

    Args:
        gathered: what it holds.
        folder: where it goes.
        unmet: findings that its author passed over.

    Raises:
        TextError: other pages come of it than those in it; nothing was written.
        DiskError: it can't be written.
    """
    files = _files(gathered, unmet)
    archive = packed(files, gathered.report.report.date)
    seconds = _insist_made_again(gathered, archive)
    target = folder / gathered.name
    write_atomically(target, archive)
    return Bundled(
        path=target,
        size=len(archive),
        sha256=hashlib.sha256(archive).hexdigest(),
        sizes={path: len(held) for path, held in sorted(files.items())},
        questions=spans(reading.read(files["report.pdf"], "report.pdf")),
        unmet=tuple(unmet),
        seconds=seconds,
    )


def _added(report: Report, made_with: Mapping[str, str]) -> dict[str, bytes]:
    """Return what tells a person, and pip, how to make the pages again."""
    told = README.format(
        title=report.report.title,
        python=made_with["python"],
        reporter=made_with.get(PROGRAM, ""),
        commands="\n".join(f"    {command}" for command in REBUILD),
    )
    return {"README.txt": told.encode(), "requirements.txt": requirements(made_with).encode()}


def _files(gathered: Gathered, unmet: Sequence[Finding] = ()) -> dict[str, bytes]:
    """Return all that a bundle holds, its manifest, too."""
    known, report = gathered.rules, gathered.report
    course = None
    if known.file:
        source = known.file.relative_to(report.folder).as_posix()
        course = {"source": source, "sha256": known.sha256}
    made = manifest.Manifest(
        reporter=gathered.versions.get(PROGRAM, ""),
        report=report.name,
        authors=tuple({"name": one.name, "id": one.id} for one in report.report.authors),
        files={path: hashlib.sha256(held).hexdigest() for path, held in gathered.files.items()},
        rebuild=REBUILD,
        versions=gathered.versions,
        rules=course,
        unmet=tuple(asdict(finding) for finding in unmet),
    )
    return {**gathered.files, manifest.NAME: manifest.written(made)}


def _insist_made_again(gathered: Gathered, archive: bytes) -> float:
    """Unpack an archive and make its pages again; return the seconds that this took."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="report-bundle-") as scratch:
        (Path(scratch) / "archive").mkdir()
        path = Path(scratch) / "archive" / gathered.name
        path.write_bytes(archive)
        with read(path) as opened:
            opened.unpack(Path(scratch) / "bundle")
        made = made_again(Path(scratch) / "bundle")
    held = {path: gathered.files.get(path) for path in {*made, *contents.made(gathered.files)}}
    other = sorted(path for path, content in held.items() if made.get(path) != content)
    if other:
        raise TextError(
            f"{', '.join(other[:3])}: not what the bundle's own sources and results give; nothing "
            "was written: `report build --frozen`, then bundle again"
        )
    return time.monotonic() - began
