"""Set the page of this folder by Typst and by reporter; write the picture and the table.

python docs/compare/make.py [--rounds N]: needs pip install '.[compare,test]'.
"""

from __future__ import annotations

import argparse
import base64
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import pypdfium2
from measure import facts
from PIL import Image, ImageDraw, ImageFont

from reporter import fonts
from reporter.figures import TEXT_WIDTH_MM

HERE = Path(__file__).parent
PANEL = re.compile(r'class="panel".*?src="data:image/svg\+xml;base64,([^"]+)"', re.DOTALL)
MEASURED = re.compile(r"(?<=<!-- measured -->\n).*(?=<!-- end -->)", re.DOTALL)
BODY_PT = "11"  # of both, as templates/_base/10-page.css has it
SCALE = 1.7  # pixels per point, of both pages
COMPILE = (
    "import sys, typst; typst.compile(sys.argv[1], output=sys.argv[2], ignore_system_fonts=True,"
    " sys_inputs={'width': sys.argv[3], 'size': sys.argv[4]})"
)


def main() -> None:
    """Build both pages in a temporary copy, measure them and write the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as place:
        os.environ["XDG_STATE_HOME"] = place  # for as long as it is there, its code is trusted
        work = Path(place) / "compare"
        shutil.copytree(HERE, work, ignore=shutil.ignore_patterns("build", "*.png"))
        run(ours(work)[:-2])  # the whole report: computes, and writes results.json
        prepare(work)
        pages = {
            f"Typst {version('typst')}": work / "typst.pdf",
            "reporter": work / "build/compare/sections/digits.pdf",
        }
        seconds: dict[str, list[float]] = {"Typst": [], "reporter": []}
        for round_ in range(rounds):
            commands = [("Typst", theirs(work)), ("reporter", ours(work))]
            pages["reporter"].unlink(missing_ok=True)
            for name, command in commands[:: 1 if round_ % 2 else -1]:
                seconds[name].append(run(command))
        draw(pages, HERE / "typst-and-reporter.png")
        columns = [facts(path) for path in pages.values()]
    times = [f"{statistics.median(values):.2f} s" for values in seconds.values()]
    rows = [[f"build in a new process, median of {rounds}", *times]]
    rows += [[key, *(column[key] for column in columns)] for key in columns[0]]
    write_table([["", *pages], ["---", "---", "---"], *rows])


def ours(work: Path) -> list[str]:
    """Return the command that sets the one section, over stored results."""
    report = Path(sys.executable).with_name("report")
    return [str(report), "build", str(work), "--trust", "--section", "digits"]


def theirs(work: Path) -> list[str]:
    """Return the command of a Typst user."""
    files = [str(work / "page.typ"), str(work / "typst.pdf")]
    return [sys.executable, "-c", COMPILE, *files, f"{TEXT_WIDTH_MM:g}", BODY_PT]


def run(command: list[str]) -> float:
    """Return the seconds that a command takes; a failure ends the comparison."""
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own commands
    return time.perf_counter() - began


def prepare(work: Path) -> None:
    """Give Typst the same numbers and the same figures."""
    output = work / "build" / "compare"
    shutil.copy(output / "results.json", work)
    figures = PANEL.findall((output / "report.html").read_text(encoding="utf-8"))
    for name, figure in zip("ab", figures, strict=True):
        (work / f"{name}.svg").write_bytes(base64.b64decode(figure))


def draw(pages: dict[str, Path], target: Path) -> None:
    """Put the first pages side by side at one scale, each under its name."""
    rasters = [pypdfium2.PdfDocument(path)[0].render(scale=SCALE) for path in pages.values()]
    pictures = [raster.to_pil().convert("RGB") for raster in rasters]
    width, height = pictures[0].size
    sheet = Image.new("RGB", (2 * width + 60, height + 80), "#d8d8d4")
    face = ImageFont.truetype(
        fonts.path("font_source_sans_pro", "files/SourceSansPro-Semibold.otf"), 26
    )
    for index, (name, picture) in enumerate(zip(pages, pictures, strict=True)):
        left = 20 + index * (width + 20)
        ImageDraw.Draw(sheet).text((left, 14), name, font=face, fill="#1b1b1b")
        sheet.paste(picture, (left, 60))
    sheet.quantize(256, Image.Quantize.MAXCOVERAGE).save(target, optimize=True)


def write_table(rows: list[list[str]]) -> None:
    """Put the table where README.md has its marks."""
    table = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    readme = HERE / "README.md"
    text = readme.read_text(encoding="utf-8")
    readme.write_text(MEASURED.sub(lambda _: table, text), encoding="utf-8")
    sys.stdout.write(table)


if __name__ == "__main__":
    main()
