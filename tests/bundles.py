"""A small report's bundle as a value that can be changed; written with every digest mended."""

import hashlib
import io
import json
import re
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pikepdf
import pypdfium2

from reporter import bundle, pdf
from reporter.build import Request, build
from reporter.plain import dump
from reporter.verify.rebuilt import Rebuilt, rebuilt
from tests.workspaces import workspace

Files = dict[str, bytes]
UNMENDED = "leave the manifests of stored results as they are"
TABLES = """\
course = "AML"
[[report.authors]]
name = "A. Example"
id = "123"
[submission]
archive = "{course}_{id}_a3"
max_size = "8 MB"
sections = ["introduction", "results"]
ai_use = { section = "ai-use", words = 8 }
attach = ["outputs/*.csv"]
forbidden = ["*.ipynb"]
[runs.full]
experiment = "toy"
epochs = 8
[runs.small]
experiment = "toy"
rate = 0.05
"""
TOY = '''\
"""A toy."""
from reporter import *


@experiment(quick={"epochs": 2})
def toy(run: Run, *, rate: Rate = 0.1, epochs: Count = 6) -> Result:
    """Pretend to train."""
    steps = tuple(range(1, epochs + 1))
    history = tuple(Reading(value=rate * (e + 0.1), epoch=e, rate=rate) for e in steps)
    accuracy = Metric(
        value=history[-1].value, split="test", epoch=epochs, rate=rate, history=history, n=100
    )
    falling = tuple(2.0 - rate * e for e in steps)
    curve = Series(label=f"{rate:g}", x=tuple(map(float, steps)), y=falling)
    loss = Curves(series=(curve,), x_label="epoch", y_label="loss (nats)", unit="nats")
    columns = (Column(name="epoch", label="Epoch"), Column(name="value", label="Value"))
    rows = Table(columns=columns, rows=tuple((e, rate * e) for e in steps))
    return Result(test_accuracy=accuracy, loss=loss, course=rows)
'''
SECTIONS = {
    "01-introduction.md": "# Introduction\n\nA toy pretends to learn, and we look at it.\n",
    "02-results.md": """\
# Results

With all data the accuracy is {{ runs["full"].test_accuracy | percent }} in the end.
{% claim runs["full"].test_accuracy > runs["small"].test_accuracy %}
More of it is better than the {{ runs["small"].test_accuracy | percent }} of the other.
{% endclaim %}

{{ figure("full.loss", id="fig-full", caption="Loss of the one.") }}

{{ figure("small.loss", id="fig-small", caption="Loss of the other.") }}

{{ table("full.course", id="tbl-full", caption="All of it.") }}
""",
    "03-ai-use.md": "# AI use\n\nNo tool wrote any of the text or of the code in here.\n",
}


@dataclass
class Bundle:
    """The files of a bundle, its archive's name, and members that no dictionary can hold."""

    files: Files
    name: str
    make: Callable[[Path], Rebuilt] = rebuilt
    more: list[tuple[zipfile.ZipInfo, bytes]] = field(default_factory=list)
    end: int | None = None  # where the archive is cut off

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace a text in a file, once."""
        assert old.encode() in self.files[path], f"{path} has no {old!r}"
        self.files[path] = self.files[path].replace(old.encode(), new.encode(), 1)

    def remake(self) -> None:
        """Make all outputs again, as the program would."""
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch).resolve()
            for name, content in self.files.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(content)
            made = self.make(folder)
        self.files |= {"report.html": made.html, "report.pdf": made.paper.content}
        for name, content in made.enclosed.items():
            if name.endswith(".csv"):
                self.files[f"tables/{name}"] = content
        self.files["results.json"] = made.enclosed["results.json"]

    def print_again(self, html: str) -> None:
        """Make the PDF of another page, with the attachments that it had."""
        with pikepdf.open(io.BytesIO(self.files["report.pdf"])) as old:
            held = {name: one.get_file().read_bytes() for name, one in old.attachments.items()}
        self.files["report.pdf"] = pdf.render(html, held)

    def redraw(self, change: Callable[[pikepdf.Pdf], None]) -> None:
        """Change the PDF's objects."""
        with pikepdf.open(io.BytesIO(self.files["report.pdf"])) as opened:
            change(opened)
            written = io.BytesIO()
            opened.save(written)
        self.files["report.pdf"] = written.getvalue()

    def entry(self, run: str) -> str:
        """Return the folder of a run's stored result."""
        jobs = json.loads(self.files["report.lock"])["jobs"]
        return next(f"build/store/{job['key']}/" for job in jobs if job["run"] == run)

    def manifest(self, **changes: object) -> None:
        """Change what the manifest says."""
        plain = json.loads(self.files["manifest.json"])
        self.files["manifest.json"] = dump({**plain, **changes})


def make(folder: Path) -> Path:
    """Build a small report and bundle it, as a student would; return the archive."""
    workspace(folder, TABLES, toy=TOY, sections=SECTIONS)
    (folder / "outputs").mkdir()
    (folder / "outputs" / "notes.csv").write_text("a,b\n1,2\n")
    request = Request(folder=folder, root=folder / "build")
    assert build(request).is_well
    return bundle.write(bundle.gather(request), folder).path


def opened(path: Path, make: Callable[[Path], Rebuilt] = rebuilt) -> Bundle:
    """Read a good bundle; `make` makes the pages of an unpacked one."""
    with zipfile.ZipFile(path) as archive:
        return Bundle({name: archive.read(name) for name in archive.namelist()}, path.name, make)


def write(one: Bundle, folder: Path) -> Path:
    """Write a bundle with the digests of what it holds now."""
    _mend(one.files)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / one.name
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in sorted(one.files.items()):
            archive.writestr(name, content)
        with warnings.catch_warnings(action="ignore"):  # of a name that is there
            for member_, content in one.more:
                archive.writestr(member_, content)
    if one.end:
        path.write_bytes(path.read_bytes()[: one.end])
    return path


def _mend(files: Files) -> None:
    """Let every manifest say what is there, those of stored results too, unless left as it is."""
    for place in [name for name in files if name.startswith("build/store/")]:
        if place.endswith("/manifest.json") and UNMENDED not in files:
            entry = place.removesuffix("manifest.json")
            plain = json.loads(files[place])
            for name in plain.keys() - {"left out"}:
                plain[name] = _sha(files[entry + name])
            files[place] = dump(plain)
    files.pop(UNMENDED, None)
    if "manifest.json" in files:
        plain = json.loads(files["manifest.json"])
        names = files.keys() - {"manifest.json"}
        files["manifest.json"] = dump({**plain, "files": {n: _sha(files[n]) for n in names}})


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def place(found: pikepdf.Pdf, text: str) -> tuple[pikepdf.Page, tuple[float, ...]]:
    """Return the page that a text stands on, and where: left, bottom, width, height."""
    written = io.BytesIO()
    found.save(written)
    with pypdfium2.PdfDocument(written.getvalue()) as opened_:
        for number, page in enumerate(opened_):
            letters = page.get_textpage()
            if hit := letters.search(text).get_next():
                boxes = [letters.get_charbox(index) for index in range(hit[0], sum(hit))]
                left, bottom = (min(box[side] for box in boxes) for side in (0, 1))
                right, top = (max(box[side] for box in boxes) for side in (2, 3))
                return found.pages[number], (left, bottom, right - left, top - bottom)
    raise AssertionError(f"no page has {text!r}")


def draw(one: Bundle, drawing: str) -> None:
    """Draw more where the number stands."""

    def more(found: pikepdf.Pdf) -> None:
        page, box = place(found, "81.0")
        names = {"Type": "Font", "Subtype": "Type1", "BaseFont": "Helvetica"}
        font = {key: pikepdf.Name(f"/{name}") for key, name in names.items()}
        page.add_resource(pikepdf.Dictionary(**font), pikepdf.Name.Font, pikepdf.Name.Other)
        numbers = [f"{value:.2f}" for value in box]
        page.contents_add(b"q", prepend=True)  # where it left off, nothing is as it was
        page.contents_add(b"Q " + drawing.format(*numbers).encode())

    one.redraw(more)


def swap(one: Bundle, path: str) -> None:
    html = one.files[path].decode()
    first, second = re.findall(r'<figure id="fig-.*?(<img .*?>)', html, re.DOTALL)
    html = html.replace(first, "\0").replace(second, first).replace("\0", second)
    one.files[path] = html.encode()
