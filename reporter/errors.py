"""Every error that a user can cause, each shown as one line.

ReportError            a mistake in the report, its data or its prose: exit code 2 before runs start
├── RunError           a run that could not finish: its figures become a box, exit code 1
└── TextError          text that can't be set over the results: exit code 1, the results are kept

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


class ReportError(Exception):
    """A mistake of the user's, told in one line."""


class RunError(ReportError):
    """A run that started and could not finish."""


class TextError(ReportError):
    """Text that can't be set over the results there are."""


SHORT = reprlib.Repr()
SHORT.maxstring = SHORT.maxother = SHORT.maxlong = 60
SHORT.maxlevel = 3


def shown(value: object) -> str:
    """Return a wrong value as report.toml has it, on one line and never a long one."""
    if isinstance(value, bool | dt.date | dt.time):
        return str(value).lower()
    return re.sub(r" at 0x[0-9a-f]+", "", SHORT.repr(value))


def nearest(value: str, choices: Iterable[str]) -> str:
    """Return the remedy for an unknown name: "; did you mean 'x'?", or the list of choices."""
    known = sorted(choices)
    match = difflib.get_close_matches(value, known, n=1)
    if match:
        return f"; did you mean {match[0]!r}?"
    return f"; choose from {', '.join(known)}" if known else ""
