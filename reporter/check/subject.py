"""What every check looks at: a composed report, the files of its last build, how its runs stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from pathlib import Path

    from reporter.pdf.reading import Pages
    from reporter.prose.composed import Document

State = Literal["fresh", "stale", "missing", "failed"]


@dataclass(frozen=True, kw_only=True)
class RunState:
    """How a run of the report stands.

    Attributes:
        state: "fresh": its result is of the present sources, and the built report shows it;
            "stale": an older result of it is known, or shown; "missing": none was ever computed,
            or it is gone; "failed": it was tried as it is.
        why: in few words, "" of a fresh one.
    """

    state: State
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A report as it is to be handed in.

    Attributes:
        document: composed over what is stored, by the sources as they are now.
        folder: of report.toml.
        output: build/<name>/, or build/<name>@quick/.
        lock: report.lock, whether it is there or not.
        pages: of the built report.pdf; None without one that can be read.
        html: the built report.html; None without one.
        states: of the report's runs, by name.
        shown: what the built results.json holds; {} without one that can be read.
        is_current: whether the built files are what the present sources and results give.
        is_quick: of a quick build.
        is_frozen: whether the lock was trusted, so that nobody knows if the sources still fit it.
        now: with its time zone; for deadlines.
    """

    document: Document
    folder: Path
    output: Path
    lock: Path
    pages: Pages | None
    html: bytes | None
    states: Mapping[str, RunState]
    shown: Mapping[str, object]
    is_current: bool
    is_quick: bool = False
    is_frozen: bool = False
    now: dt.datetime
