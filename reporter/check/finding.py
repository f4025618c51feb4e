"""What a check finds: where, what is wrong, what to do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

Group = Literal[  # in the order in which they are told
    "rules",  # of the assignment
    "runs",  # without a result, or whose result is not of the present sources
    "claims",  # that do not hold
    "questions",  # without an answer or placed nowhere
    "text",  # dangling references, missing alt texts, leftover placeholders, typed numbers
    "provisional",  # quick, stand-in, --set
    "identity",  # paths of a machine, names of users
    "files",  # of the last build that are missing or not of the present sources
    "spelling",
]
GROUPS: tuple[Group, ...] = get_args(Group)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that is to be mended before a report is handed in.

    Attributes:
        where: "sections/02-data.md:14", "report.toml: submission.pages", "report.pdf, page 6".
        message: what is wrong, with the value.
        remedy: what to do; "" where the message says so.
    """

    group: Group
    where: str
    message: str
    remedy: str = ""

    @property
    def told(self) -> str:
        """Return message and remedy, as they are read."""
        return f"{self.message}; {self.remedy}" if self.remedy else self.message

    @property
    def file(self) -> str:
        """Return the file alone, "" where none is meant."""
        found = re.match(r"[^:,]+\.\w+(?=[:,]|$)", self.where)
        return found[0] if found else ""

    @property
    def line(self) -> int | None:
        """Return the line in the file, if it is known."""
        found = re.match(r"[^:,]+\.\w+:(\d+)", self.where)
        return int(found[1]) if found else None
