"""Findings → the forms in which other programs read them.

Gradescope: https://gradescope-autograders.readthedocs.io/en/latest/specs/ (results.json: each test
has score and max_score; status is "passed" or "failed"; visibility is "visible", "hidden",
"after_due_date" or "after_published"). GitHub: "Workflow commands for GitHub Actions" in its
documentation; what has to be escaped is what actions/toolkit escapes in packages/core.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from reporter.check.finding import GROUPS
from reporter.errors import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from reporter.check.finding import Finding, Group

IN_WORDS: dict[Group, str] = {
    "runs": "Results of all runs",
    "claims": "Claims hold",
    "questions": "Questions are answered",
    "text": "Text is whole",
    "provisional": "Nothing is provisional",
    "identity": "Nobody is identified",
    "files": "Files are built",
    "spelling": "Spelling",
}


def as_text(found: Sequence[Finding]) -> str:
    """Return findings as one reads them: a line for each, below the name of its group."""
    blocks = []
    for group in GROUPS:
        lines = [f"  {visible(f'{one.where}: {one.told}')}" for one in found if one.group == group]
        blocks += ["\n".join([group, *lines])] if lines else []
    return "\n\n".join(blocks)


def as_json(found: Iterable[Finding]) -> str:
    """Return findings as a list of objects."""
    plain = [
        {"group": one.group, "file": one.file, "line": one.line, **asdict(one)} for one in found
    ]
    return json.dumps(plain, indent=1, ensure_ascii=False)


def as_gradescope(
    found: Sequence[Finding],
    broken: Mapping[str, Sequence[Finding]],
    points: Mapping[str, float],
) -> str:
    """Return findings as the results.json of an autograder: a test for each rule and each group.

    Args:
        found: what is to be mended.
        broken: the sentence of each rule → what breaks it.
        points: of questions by id. With some, each of these is a test of so many points, given for
            any answer, and all else counts nothing; without, each rule and group counts one.
    """
    by_group = {
        text: [one for one in found if one.group == group]
        for group, text in IN_WORDS.items()
        if group != "spelling" or any(one.group == group for one in found)
    }
    worth = 0.0 if points else 1.0
    tests = [_test(name, worth, wrong) for name, wrong in {**broken, **by_group}.items()]
    for name, most in points.items():
        about = [
            one for one in found if re.search(rf"question '?{re.escape(name)}\b(?!-)", one.message)
        ]
        tests.append(_test(f"Question {name} is answered", most, about))
    output = f"{len(found)} to mend" if found else "nothing to mend"
    plain = {"output": output, "visibility": "visible", "tests": tests}
    return json.dumps(plain, indent=1, ensure_ascii=False)


def _test(name: str, most: float, wrong: Sequence[Finding]) -> dict[str, Any]:
    return {
        "name": name,
        "score": 0.0 if wrong else most,
        "max_score": most,
        "status": "failed" if wrong else "passed",
        "output": "\n".join(f"{one.where}: {one.told}" for one in wrong),
        "output_format": "text",
        "visibility": "visible",
    }


def as_github(found: Iterable[Finding], noted: Iterable[Finding], folder: Path) -> str:
    """Return findings as annotations, paths relative to the repository that `folder` lies in."""
    root = next((one for one in (folder, *folder.parents) if (one / ".git").exists()), folder)
    kinds = [("error", one) for one in found] + [("notice", one) for one in noted]
    lines = []
    for kind, one in kinds:
        path = folder / one.file
        properties = {"file": path.relative_to(root).as_posix()} if path.is_file() else {}
        properties |= {"line": str(one.line)} if properties and one.line else {}
        properties["title"] = f"report check: {one.group}"
        listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
        lines.append(f"::{kind} {listed}::{_data(f'{one.where}: {one.told}')}")
    return "\n".join(lines)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
