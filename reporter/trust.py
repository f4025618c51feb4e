"""A report folder → whether its own code may run: its owner says so once, and it is remembered.

What came from elsewhere may hold anything. Texts, pictures and weights are read with care, but
experiments are programs, so a folder's own ones are not even imported before its owner agrees.
Answers are kept for each folder, outside of it.
"""

from __future__ import annotations

import itertools
import json
import os
from contextlib import suppress
from pathlib import Path

from reporter.errors import ReportError, visible

ALLOW = "look at it, then allow it with --trust"


def foreign_code(folder: Path) -> tuple[Path, ...]:
    """Return the Python files that a report brings along."""
    return tuple(sorted((folder / "experiments").glob("*.py")))


def insist(folder: Path, *, is_trusted: bool) -> None:
    """Refuse to run the code of a folder whose owner has not agreed; ReportError."""
    if not (is_trusted or is_remembered(folder)) and foreign_code(folder):
        raise ReportError(f"{folder}: {described(folder)}; {ALLOW}")


def insist_on_own_folder(root: Path) -> None:
    """Refuse outputs that a link of a folder that came from elsewhere would put outside of it.

    Raises:
        ReportError: the first such link below `root`, or `root` itself.
    """
    if is_remembered(root.parent):
        return
    for path in [root] * root.is_symlink() + _links(root):
        if not is_inside(root.parent, path):
            raise ReportError(f"{path} leads out of the report's folder; {ALLOW}")


def _links(folder: Path | str) -> list[Path]:
    """Return the symbolic links below a folder, of thousands of files; none is followed."""
    try:
        with os.scandir(folder) as entries:
            found = [*entries]
    except OSError:  # there is none, or nobody else gets in either
        return []
    links = [Path(one.path) for one in found if one.is_symlink()]
    inner = (_links(one.path) for one in found if one.is_dir(follow_symlinks=False))
    return [*links, *itertools.chain(*inner)]


def is_inside(folder: Path, path: Path) -> bool:
    """Tell whether a path stays within a folder, whatever links lead through it."""
    return path.resolve().is_relative_to(folder.resolve())


def described(folder: Path) -> str:
    """Return "this report brings its own code: experiments/a.py" on one line."""
    files = ", ".join(path.relative_to(folder).as_posix() for path in foreign_code(folder))
    return f"this report brings its own code: {visible(files)}"


def is_remembered(folder: Path) -> bool:
    """Tell whether the owner of a folder has agreed before."""
    return str(folder.resolve()) in _known()


def remember(folder: Path) -> None:
    """Keep that the owner of a folder agrees; where nothing can be kept, they are asked again."""
    file = _file()
    known = {*_known(), str(folder.resolve())}
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        scratch = file.with_name(f"{file.name}.{os.getpid()}")
        scratch.write_text(json.dumps(sorted(known), indent=1), encoding="utf-8")
        scratch.replace(file)


def _known() -> frozenset[str]:
    try:
        known = json.loads(_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return frozenset()
    return frozenset(
        filter(lambda one: isinstance(one, str), known if isinstance(known, list) else ())
    )


def _file() -> Path:
    state = Path(os.environ.get("XDG_STATE_HOME", ""))
    if not state.is_absolute():  # which counts as not set
        state = Path("~/.local/state").expanduser()
    return state / "reporter" / "trusted.json"
