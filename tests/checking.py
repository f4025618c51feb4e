"""A report of which nothing is to be mended, and what checks find in it once it is broken."""

from datetime import UTC, datetime
from pathlib import Path

from reporter import check
from reporter.build import Request, build
from reporter.examine import subject
from tests.workspaces import png, workspace

TEXT = """\
# Results

Accuracy {{ runs["one"].test_accuracy | percent }}. ![a grey square](grey.png)

{{ question("q-a") }}
"""
QUESTIONS = "## q-a {points=2}\n\nA?\n\n### Answer\n\nYes.\n"
NOW = datetime(2026, 5, 4, tzinfo=UTC)


def whole_report(folder: Path) -> Path:
    """Write and build a workspace of which nothing is to be mended."""
    workspace(folder, sections={"01-results.md": TEXT})
    (folder / "questions.md").write_text(QUESTIONS)
    png(folder / "grey.png")
    assert build(Request(folder=folder, root=folder / "build")).is_well
    return folder


def looked_at(folder: Path, **options: object):
    """Return what checks look at."""
    return subject(Request(folder=folder, root=folder / "build", **options), NOW)


def found(folder: Path, group: str, **options: object) -> list[str]:
    """Return "where: message; remedy" of all that a check finds in one group."""
    findings = check.findings(looked_at(folder, **options))
    return [f"{one.where}: {one.told}" for one in findings if one.group == group]


def change(path: Path, old: str, new: str) -> None:
    """Change a text, which is there."""
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def add(folder: Path, text: str) -> int:
    """Put more into the section; return the line in which it begins."""
    path = folder / "sections" / "01-results.md"
    before = path.read_text()
    path.write_text(f"{before}\n{text}\n")
    return before.count("\n") + 2
