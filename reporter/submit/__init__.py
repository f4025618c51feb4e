"""A bundle → handed in: to Canvas, or into an exchange folder; what was handed in is told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What came of handing a file in.

    Attributes:
        where: the address of the submission, or the file that was written.
        when: as the other side says it, in ISO 8601; "" where it says nothing.
        attempt: how many times this was handed in, with this one; None where nobody counts.
        is_late: whether the other side says so.
    """

    where: str
    when: str = ""
    attempt: int | None = None
    is_late: bool = False
