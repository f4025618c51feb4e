"""Every error that a user can cause, each shown as one line.

ReportError            a mistake in the report, its data or its prose: exit code 2 before runs start
├── RunError           a run that could not finish: its figures become a box, exit code 1
├── TextError          text that can't be set over the results: exit code 1, the results are kept
├── DiskError          a file that can't be written: exit code 1, what was there stays
└── HandInError        a report that was not handed in: exit code 1, and what is known of it

A message says what is wrong, where, the value, and what to do; anything else that is raised is
a defect of ours and shows its traceback.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
import reprlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST = 200  # characters of a message from a run
STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class ReportError(Exception):
    """A mistake of the user's, told in one line."""


class RunError(ReportError):
    """A run that started and could not finish."""


class TextError(ReportError):
    """Text that can't be set over the results there are."""


class DiskError(ReportError):
    """A file that can't be written; what was there stays."""


class HandInError(ReportError):
    """A report that was not handed in although that was begun."""


def one_line(text: str) -> str:
    """Return a message in one line that fits into a box of a page; a log has all of it."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1].rstrip()}…"


def visible(text: str) -> str:
    """Return a text on one line: signs that steer a terminal, or turn it around, are spelt out."""
    return STEERING.sub(lambda sign: ascii(sign[0])[1:-1], text)


def shown(value: object) -> str:
    """Return a wrong value as report.toml has it, on one line and never a long one."""
    if isinstance(value, bool | dt.date | dt.time):
        return str(value).lower()
    short = reprlib.Repr()
    short.maxstring = short.maxother = short.maxlong = 60
    short.maxlevel = 3
    return re.sub(r" at 0x[0-9a-f]+", "", short.repr(value))


def nearest(value: str, choices: Iterable[str]) -> str:
    """Return the remedy for an unknown name: "; did you mean 'x'?", or the list of choices."""
    known = sorted(choices)
    match = difflib.get_close_matches(value, known, n=1)
    if match:
        return f"; did you mean {match[0]!r}?"
    return f"; choose from {', '.join(known)}" if known else ""
