"""One bundle, zip or folder → all that is said of it, whatever lies in it."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from reporter import bundle, report
from reporter.bundle import contents
from reporter.bundle.versions import PROGRAM, requirements
from reporter.check import handed_in
from reporter.errors import ReportError, one_line
from reporter.outputs import RESULTS
from reporter.prose.questions import read_questions
from reporter.prose.sections import read_sections
from reporter.prose.texts import read_text
from reporter.verify import paper, results, rules, runs, screen
from reporter.verify.rebuilt import Rebuilt, rebuilt
from reporter.verify.results import TABLES
from reporter.verify.unproven import unproven
from reporter.verify.verdicts import Judged, Verdict, bad, good, note, told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from reporter.bundle import Manifest, Opened
    from reporter.report import Report
    from reporter.verify.verdicts import Check

    Look = tuple[Check, Callable[[], Iterable[Verdict]]]

REQUIREMENTS = "requirements.txt"
SETTING = frozenset(  # what pages are set with: of other versions they may be other pages
    {"brotli", "citeproc-py", "contourpy", "cssselect2", "font-source-sans-pro"}
    | {"font-source-serif-pro", "fonttools", "jinja2", "latex2mathml", "latexcodec", "lxml"}
    | {"markdown-it-py", "markupsafe", "matplotlib", "mdit-py-plugins", "numpy", "pikepdf"}
    | {"pillow", "pybtex", "pydyf", "pygments", "pyphen", "reporter", "tinycss2", "tinyhtml5"}
    | {"weasyprint", "ziafont", "ziamath", "zopfli"}
)


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked of each bundle.

    Attributes:
        rules: the course's assignment.toml; None: as the bundle has it.
        make: makes the pages of an unpacked bundle again.
    """

    rules: Path | None = None
    make: Callable[[Path], Rebuilt] = rebuilt


def judge(path: Path, name: str, asked: Question) -> Judged:
    """Say all there is to say of a bundle.

    Args:
        path: of the zip, or of the folder.
        name: what it is called.
        asked: what is looked at.
    """
    scratch = Path(tempfile.mkdtemp(prefix="report-verify-")).resolve()
    try:
        with bundle.read(path) as opened:
            opened.unpack(scratch)
            _forget_caches(scratch)
            return _judged(opened, scratch, name, asked)
    except ReportError as exc:
        message = str(exc).removeprefix(f"{path}: ").replace(f"{scratch}/", "")
        return Judged(name=name, verdicts=(bad("opened", "", message),))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _forget_caches(folder: Path) -> None:
    """Remove what a build would trust, drawn figures and known digests, and no bundle has."""
    for path in (folder / "build").glob("*"):
        if path.is_dir() and path.name != "store":
            shutil.rmtree(path)


def _judged(opened: Opened, folder: Path, name: str, asked: Question) -> Judged:
    count = len(opened.sizes)
    first = (good("opened", "", f"{count} files and the manifest"), *_files(opened))
    authors = tuple(_called(author) for author in opened.manifest.authors)
    judged = Judged(name=name, authors=authors, verdicts=first)
    with contextlib.suppress(ReportError):  # told below; what can be read is compared
        judged = replace(judged, texts=texts(report.load(folder)))
    try:
        made = asked.make(folder)
    except MemoryError:
        raise
    except Exception as exc:  # noqa: BLE001 - what a stranger's file makes of the line
        why = str(exc) if isinstance(exc, ReportError) else f"{type(exc).__name__}: {exc}"
        message = f"can't be made again from sources and store: {why}"
        failed = bad("results", "", message.replace(f"{folder}/", ""))
        return replace(judged, verdicts=(*first, failed))
    found = [one for look in _looks(opened, made, asked) for one in _guarded(*look)]
    own = Path(made.at.report.folder)
    return replace(
        judged,
        verdicts=(*first, *(_within(own, one) for one in found)),
        kept=tuple(runs.kept(made.at, made.plan)),
        shares=_shares(made, asked),
    )


def _shares(made: Rebuilt, asked: Question) -> bool:
    """Tell whether the course declared a store that students share; of bad rules nobody knows."""
    with contextlib.suppress(ReportError):
        return rules.held(made.at.report, asked.rules).given.shared_store
    return False


def _within(folder: Path, verdict: Verdict) -> Verdict:
    """Return a verdict whose paths begin at the bundle's root."""
    where, message = (text.replace(f"{folder}/", "") for text in (verdict.where, verdict.message))
    return replace(verdict, where=where, message=message)


def _called(author: object) -> str:
    """Return an author as the table names them: "A. Example (123)"."""
    known = author if isinstance(author, dict) else {}
    number = f" ({known['id']})" if known.get("id") else ""
    return f"{known.get('name', '')}{number}"


def _files(opened: Opened) -> Iterator[Verdict]:
    """Yield the files that are not as the manifest has them."""
    parts = [bad("files", one.where, one.message) for one in opened.differing()]
    count = len(opened.manifest.files)
    yield from told(parts, good("files", "", f"{count} files, each of its SHA-256"))


def _looks(opened: Opened, made: Rebuilt, asked: Question) -> Iterator[Look]:
    """Yield what is looked at, and how: outputs beside what sources and store give, then rules."""
    manifest, enclosed = opened.manifest, made.enclosed
    differing = _other_versions(manifest)
    is_same, is_same_version = not differing, manifest.reporter == _version(PROGRAM)
    found, page, printed = (_content(opened, one) for one in (RESULTS, screen.HTML, paper.PDF))
    mine = {path: opened.content(path) for path in opened.sizes if path.startswith(TABLES)}
    theirs = {f"{TABLES}{name}": one for name, one in enclosed.items() if name.endswith(".csv")}
    yield "files", lambda: _members(opened, made, differing)
    yield "results", lambda: results.results(found, enclosed[RESULTS])
    yield "html", lambda: screen.compared(page, made.html, is_same_program=is_same)
    yield "tables", lambda: results.tables(mine, theirs)
    yield "pdf", lambda: paper.compared(printed, made.paper, is_same_layout=is_same)
    yield "claims", lambda: results.claims(found, enclosed[RESULTS])
    yield "claims", lambda: unproven(made.document)
    yield "rules", lambda: rules.judged(opened, made, asked.rules)
    yield "runs", lambda: runs.compared(made.at, made.plan, is_same_version=is_same_version)


def _guarded(check: Check, look: Callable[[], Iterable[Verdict]]) -> Iterator[Verdict]:
    """Yield what one look finds; what it stumbles on is a finding, too, and ends no other."""
    try:
        yield from look()
    except ReportError as exc:
        yield bad(check, "", str(exc))
    except MemoryError:
        raise
    except Exception as exc:  # noqa: BLE001 - what a stranger's file makes libraries raise
        yield bad(check, "", f"can't be looked at: {type(exc).__name__}: {one_line(str(exc))}")


def _content(opened: Opened, path: str) -> bytes | None:
    return opened.content(path) if path in opened.sizes else None


def _other_versions(manifest: Manifest) -> str:
    """Return "weasyprint 66.0, here 67.0" of all that a page is set with, "" where all is alike."""
    theirs = manifest.versions
    mine = {name: _version(name) for name in sorted(SETTING & theirs.keys())}
    names = [name for name, version in mine.items() if version != theirs[name]]
    few = [f"{one} {theirs[one]}, here {mine[one] or 'none'}" for one in names[:4]]
    return "; ".join([*few, f"{len(names) - 4} more"] if names[4:] else few)


def _version(name: str) -> str | None:
    """Return the version of what is installed here under a name."""
    with contextlib.suppress(metadata.PackageNotFoundError):
        return metadata.version(name)
    return None


def _members(opened: Opened, made: Rebuilt, differing: str) -> Iterator[Verdict]:
    """Yield what is wrong with the manifest and the choice of files."""
    yield from _owners(opened.manifest, made.at.report)
    yield from _more(opened, made)
    if differing:
        yield note("files", "manifest.json", f"made by other versions: {differing}")


def _owners(manifest: Manifest, of: Report) -> Iterator[Verdict]:
    """Yield where the manifest is of another report, or of other authors."""
    own = [_called({"name": one.name, "id": one.id}) for one in of.report.authors]
    named = [_called(one) for one in manifest.authors]
    if own != named:
        message = f"of {', '.join(named) or 'nobody'} where report.toml has"
        yield bad("files", "manifest.json", f"{message} {', '.join(own) or 'nobody'}")
    if of.name != manifest.report:
        message = f"of the report {manifest.report!r} where report.toml has {of.name!r}"
        yield bad("files", "manifest.json", message)


def _more(opened: Opened, made: Rebuilt) -> Iterator[Verdict]:
    """Yield files that `report bundle` would not have put in."""
    held = rules.held(made.at.report)
    known = {
        *contents.sources(made.document, held),
        *contents.results(made.at, made.plan),
        *contents.attached(made.at.report, held)[0],
    }
    looked_at = (TABLES, f"{runs.STORE}/")  # elsewhere
    for path in opened.sizes:
        is_own = path.casefold() in handed_in.OWN or path in known or path.startswith(looked_at)
        if not is_own:
            yield bad("files", path, "is no part of a bundle: neither source nor output")
    wanted = requirements(opened.manifest.versions).encode()
    if _content(opened, REQUIREMENTS) not in (None, wanted):
        yield bad("files", REQUIREMENTS, "does not ask for the versions that manifest.json names")


def texts(of: Report) -> dict[str, str]:
    """Return what an author wrote, section by section and answer by answer."""
    found = {f"sections/{one.path.name}": one.text for one in read_sections(of)}
    if (of.folder / "abstract.md").is_file():
        found["abstract.md"] = read_text(of.folder / "abstract.md")
    questions = read_questions(of.folder).values()
    return found | {f"{one.path.name}, {one.id}": one.answer for one in questions}
