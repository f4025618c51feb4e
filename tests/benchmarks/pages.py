"""Seconds for a report of about 30 pages: whole, one section, one word changed, nothing changed.

python tests/benchmarks/pages.py [--rounds N] [--write]: the median of N rounds, 5 by default, and
the range between its quartiles. Rounds are interleaved, every other one backwards, so that a busy
machine slows all rows alike. --write puts the table into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pypdfium2
from tabled import vectors, write

from reporter.build import Request, build

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
REPORT = str(Path(sys.executable).with_name("report"))
RENDER = (
    "import sys, pathlib; from reporter import pdf;"
    " pathlib.Path(sys.argv[2]).write_bytes(pdf.render(pathlib.Path(sys.argv[1]).read_text()))"
)
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
TWICE = re.compile(r'"((?:scratch|frozen|full|augmented)-few(?:-\d+)?)(?=["\.])')
IDS = re.compile(r'(id="[\w-]+|\{#[\w-]+)')


@dataclass(frozen=True, kw_only=True)
class Case:
    """One row: what is measured, after what, and the row that it is the alternative to."""

    name: str
    act: Callable[[], object]
    prepare: Callable[[], object] = lambda: None
    against: str = ""


class Workspace:
    """`pacs-cartoon` with its small stand-ins and its longest section a second time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        run(REPORT, "init", str(folder), "--template", "pacs-cartoon")
        longest = folder / "sections" / "05-few-shot.md"
        text = longest.read_text(encoding="utf-8")
        again = IDS.sub(r"\1-again", TWICE.sub(r'"\1-again', text))
        (folder / "sections" / "051-again.md").write_text(again, encoding="utf-8")
        with (folder / "report.toml").open("a", encoding="utf-8") as report:
            for name in sorted(set(TWICE.findall(text))):
                report.write(f'\n[runs.{name}-again]\nbase = "{name}"\nseeds = [1]\n')
        self.edited = longest, text
        self.edits = 0
        self.output = folder / "build" / "pacs-cartoon@quick"
        self.page, self.pdf = self.output / "report.html", self.output / "report.pdf"
        self.build()

    def build(self, *options: str) -> None:
        """Build in a new process, as a user does."""
        run(REPORT, "build", str(self.folder), "--quick", *options)

    def build_here(self, *formats: str) -> None:
        """Build in this process, as a preview does."""
        root = self.folder / "build"
        build(Request(folder=self.folder, root=root, formats=formats, is_quick=True))

    def edit(self) -> None:
        """Change one word of one section."""
        path, text = self.edited
        self.edits += 1
        path.write_text(
            text.replace("change places", f"change{self.edits} places"), encoding="utf-8"
        )

    def forget(self) -> None:
        """Remove the pages, so that they are set again."""
        for path in (*self.output.glob("**/*.html"), *self.output.glob("**/*.pdf")):
            path.unlink()

    def forget_drawings(self) -> None:
        """Remove the pages and every drawn figure."""
        self.forget()
        shutil.rmtree(self.folder / "build" / "figures")

    def print_by_chromium(self) -> None:
        """Set the page by a browser."""
        target = f"--print-to-pdf={self.folder / 'chromium.pdf'}"
        options = ("--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer")
        run(CHROMIUM, *options, target, self.page.as_uri())

    def render(self) -> None:
        """Set the page by the report's own engine."""
        run(sys.executable, "-c", RENDER, str(self.page), str(self.folder / "render.pdf"))


def cases(at: Workspace) -> list[Case]:
    """Return what is measured; an alternative stands below what it is the alternative to."""
    whole, engine = "whole report, HTML and PDF", "the page → PDF, by WeasyPrint"
    section, html = ("--section", "few-shot"), ("--format", "html")
    rows = [
        Case(name="whole report, HTML", prepare=at.forget, act=lambda: at.build(*html)),
        Case(name=whole, prepare=at.forget, act=at.build),
        Case(
            name="the same, every figure drawn anew",
            prepare=at.forget_drawings,
            act=at.build,
            against=whole,
        ),
        Case(name=engine, prepare=at.build, act=at.render),
        Case(
            name="the page → PDF, by Chromium",
            prepare=at.build,
            act=at.print_by_chromium,
            against=engine,
        ),
        Case(name="one section, HTML", prepare=at.forget, act=lambda: at.build(*section, *html)),
        Case(name="one section, HTML and PDF", prepare=at.forget, act=lambda: at.build(*section)),
        Case(name="a word changed, HTML", prepare=at.edit, act=lambda: at.build(*html)),
        Case(name="a word changed, HTML and PDF", prepare=at.edit, act=at.build),
        Case(
            name="a word changed, HTML, same process",
            prepare=at.edit,
            act=lambda: at.build_here("html"),
        ),
        Case(
            name="a word changed, HTML and PDF, same process",
            prepare=at.edit,
            act=lambda: at.build_here("html", "pdf"),
        ),
        Case(name="nothing changed", prepare=at.build, act=at.build),
    ]
    return [row for row in rows if CHROMIUM or "Chromium" not in row.name]


def measure(rows: list[Case], rounds: int, at: Workspace) -> dict[str, list[float]]:
    """Return the seconds of every row, in interleaved rounds."""
    seconds: dict[str, list[float]] = {row.name: [] for row in rows}
    at.build_here("html", "pdf")  # so that the first round is as warm as the others
    for round_ in range(rounds):
        for row in rows if round_ % 2 == 0 else rows[::-1]:
            row.prepare()
            began = time.perf_counter()
            row.act()
            seconds[row.name].append(time.perf_counter() - began)
        sys.stderr.write(f"round {round_ + 1} of {rounds}\n")
    return seconds


def table(rows: list[Case], seconds: dict[str, list[float]]) -> str:
    """Return the rows as Markdown: median, range between the quartiles, ratio."""
    lines = ["| | median, s | quartiles, s | ratio |", "|---|--:|--:|--:|"]
    for row in rows:
        low, middle, high = statistics.quantiles(seconds[row.name], n=4, method="inclusive")
        ratio = ""
        if row.against:
            pairs = zip(seconds[row.name], seconds[row.against], strict=True)
            ratio = f"{statistics.median(a / b for a, b in pairs):.2f}"
        lines.append(f"| {row.name} | {middle:.2f} | {low:.2f}–{high:.2f} | {ratio} |")
    return "\n".join(lines)


def machine(at: Workspace) -> str:
    """Return the class of this machine: processor, cores and vector instructions."""
    runs = json.loads((at.output / "results.json").read_text(encoding="utf-8"))["runs"]
    record = next(iter(runs.values()))["records"][0]
    return f"{record['device']}, {record['host']}, {vectors()}"


def run(*command: str) -> None:
    """Run a command; a failure ends the benchmark with what it said."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")


def main() -> None:
    """Measure, print, and write when asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        at = Workspace(Path(place) / "report")
        pages = len(pypdfium2.PdfDocument(at.pdf))
        rows = cases(at)
        found = table(rows, measure(rows, given.rounds, at))
        where = machine(at)
    text = f"{found}\n\n{pages} pages; medians of {given.rounds} interleaved rounds; {where}.\n"
    sys.stdout.write(text)
    if given.write:
        write("pages", text)


if __name__ == "__main__":
    main()
