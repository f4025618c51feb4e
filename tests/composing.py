"""Sections over tiny results, composed: what tests of the prose share."""

import html
import re
from collections.abc import Mapping
from pathlib import Path

from reporter.artifacts import Result
from reporter.prose import document
from reporter.prose.composed import Document
from reporter.prose.views import Finished
from tests.workspaces import accuracy, every_artifact, finished, opened

DOT = bytes.fromhex(  # a PNG of one pixel
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b"
    "550000000a49444154789c636000000002000148afa4710000000049454e44ae"
    "426082"
)
RUNS = "".join(f'[runs.{name}]\nexperiment = "toy"\n' for name in ("one", "two"))


def results() -> dict[str, Finished]:
    """Return a run with every artifact and one with an accuracy of 20 %."""
    return {
        "one": finished("one", every_artifact()),
        "two": finished("two", Result(test_accuracy=accuracy(0.3, 0.2))),
    }


def compose(
    folder: Path,
    text: str | Mapping[str, str],
    runs: Mapping[str, Finished] | None = None,
    *,
    cover: str = "",
    **files: str,
) -> Document:
    """Compose one section's text below its title, or several sections as they are.

    `cover` is more of the table [report]; `files` are abstract, questions and references.
    """
    sections = {"01-results.md": f"# Results\n\n{text}\n"} if isinstance(text, str) else text
    report = opened(folder, sections, cover + RUNS)
    for name, content in files.items():
        ending = "bib" if name == "references" else "md"
        (folder / f"{name}.{ending}").write_text(content)
    return document.compose(report, results() if runs is None else runs, folder / "build/figures")


def html_of(composed: Document) -> str:
    """Return the HTML of all sections."""
    return "".join(composed.set(chapter.html) for chapter in composed.chapters)


def text_of(shown: str) -> str:
    """Return what a reader sees of HTML, without elements, with plain spaces."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", shown)).split())


def problems(composed: Document) -> list[str]:
    """Return "place: message" of every problem."""
    return [f"{problem.where}: {problem.message}" for problem in composed.problems]
