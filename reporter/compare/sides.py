"""What the user names, a build, its results, its PDF or a commit → what that report showed."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reporter import lock, outputs, trust
from reporter.build import Request, review
from reporter.errors import ReportError
from reporter.outputs import RESULTS
from reporter.plain import from_plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reporter.artifacts import Metric, Table


@dataclass(frozen=True, kw_only=True)
class RunSide:
    """One run of a build: `outputs` are its metrics and tables, for each seed."""

    experiment: str | None
    parameters: Mapping[str, Any]
    keys: Mapping[int, str]
    inputs: Mapping[str, str]
    error: str
    outputs: Mapping[int, Mapping[str, Metric | Table]]


@dataclass(frozen=True, kw_only=True)
class Side:
    """What one of two compared builds showed.

    Attributes:
        name: as the user calls it.
        runs: by name.
        claims: as they were judged.
        text: section → paragraphs.
        tables: id → rows of cells, the heading first.
        shows: id of a figure, table or listing → its number and what it is made from.
        has_text: whether the build kept its text; those of older versions did not.
    """

    name: str
    runs: Mapping[str, RunSide]
    claims: tuple[Mapping[str, str], ...]
    text: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tables: Mapping[str, list[list[str]]] = field(default_factory=dict)
    shows: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    has_text: bool = True

    def place(self, target: str) -> tuple[str, int]:
        """Return what figures and tables are ordered by."""
        number = self.shows[target]["number"] if target in self.shows else "0"
        return target.partition("-")[0], int(number)

    def title(self, id: str) -> str:
        """Return "Table 3, tbl-x", as far as the report shows it."""
        kinds = {"fig": "Figure", "tbl": "Table", "lst": "Listing"}
        kind = kinds.get(id.partition("-")[0], "")
        return f"{kind} {self.shows[id]['number']}, {id}".strip() if id in self.shows else id


def open_side(word: str, folder: Path, root: Path) -> Side:
    """Return what `word` showed: a build's folder, a results.json, a PDF, or a commit.

    Args:
        word: as it was given; a path, else a commit of the repository that `folder` lies in.
        folder: of the report whose commits are meant.
        root: its outputs; the store lies there.

    Raises:
        ReportError: `word` is none of these, or can't be read.
    """
    path = Path(word)
    if path.is_dir():
        path /= RESULTS
    if path.is_file():
        return _side(word, path.read_bytes() if path.suffix != ".pdf" else _attached(path))
    named = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{word}^{{commit}}")
    sha = _git(folder, *named).decode().strip()
    if not sha:
        raise ReportError(
            f"{word!r} is no build with a {RESULTS}, no {RESULTS} nor PDF of one, and no commit"
        )
    return _side(f"{word} (commit {sha[:7]})", _committed(sha, word, folder, root))


def _side(name: str, content: bytes) -> Side:
    try:
        plain = json.loads(content)
        return Side(
            name=name,
            runs={run: _run(values) for run, values in plain["runs"].items()},
            claims=tuple(plain["claims"]),
            text={said["section"]: tuple(said["paragraphs"]) for said in plain.get("text", ())},
            tables=plain.get("tables", {}),
            shows=plain.get("shows", {}),
            has_text="text" in plain,
        )
    except (ValueError, LookupError, TypeError, AttributeError) as exc:
        raise ReportError(f"{name}: holds no {RESULTS} of a build; build it again") from exc


def _run(plain: Mapping[str, Any]) -> RunSide:
    keys = {int(seed): key for seed, key in plain["keys"].items()}
    seeds = sorted(keys) if not plain["error"] else []
    kept = [{name: from_plain(v, _nothing) for name, v in r.items()} for r in plain["results"]]
    return RunSide(
        experiment=plain["experiment"],
        parameters=plain["parameters"] or {},
        keys=keys,
        inputs=plain["inputs"],
        error=plain["error"],
        outputs=dict(zip(seeds, kept, strict=True)),
    )


def _nothing(_name: str) -> None:
    """Stand for the files of a store entry, of which results.json holds none."""


def _attached(path: Path) -> bytes:
    """Return the results that a PDF of ours carries."""
    import pikepdf

    try:
        with pikepdf.open(path) as pdf:
            return pdf.attachments[RESULTS].get_file().read_bytes()
    except (pikepdf.PdfError, LookupError) as exc:
        raise ReportError(f"{path}: no PDF that carries its {RESULTS}") from exc


def _committed(sha: str, word: str, folder: Path, root: Path) -> bytes:
    """Return the results of the report as it was committed, over what is stored; runs nothing."""
    if not trust.is_remembered(folder):  # git runs the filters that a checkout names
        raise ReportError(f"{word}: {folder} may name programs for git to run; {trust.ALLOW}")
    archive = _git(folder, "archive", "--format=tar", sha)
    with tempfile.TemporaryDirectory(prefix="report-diff-") as scratch:
        try:
            with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
                tar.extractall(scratch, filter="data")
        except tarfile.TarError as exc:
            raise ReportError(f"{word}: the commit does not hold {folder}") from exc
        for name in ("report.toml", "report.lock"):
            if not (Path(scratch) / name).is_file():
                told = "commit it with the report, then diff finds its results"
                raise ReportError(f"{word}: the commit holds no {name} of {folder}; {told}")
        if lock.read(Path(scratch) / "report.lock") is None:
            raise ReportError(f"{word}: its report.lock is of another version of reporter")
        request = Request(folder=Path(scratch).resolve(), root=root, is_frozen=True)
        try:
            return outputs.results(review(request))
        except ReportError as exc:
            told = str(exc).replace(f"{request.folder}/", f"{word}:")
            raise ReportError(f"{word}: can't be composed: {told}") from exc


def _git(folder: Path, *words: str) -> bytes:
    """Return what git answers in a folder, b"" where it can't."""
    try:
        command = ["git", "-C", str(folder), *words]
        return subprocess.run(command, capture_output=True, check=False).stdout  # noqa: S603 - the user's git
    except OSError:
        return b""
