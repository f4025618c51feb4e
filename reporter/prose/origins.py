"""What a figure or table shows → links to the appendix entries of the runs that made it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reporter.prose.views import Finished

WIDE = "\N{NO-BREAK SPACE}"  # with a space, which a line may end at
MOST_NAMED = 3  # more runs than these are only counted


def origin(runs: Iterable[Finished]) -> str:
    """Return "run full", "runs full, frozen" or "9 runs", linked; "" where none was planned."""
    names = list(dict.fromkeys(run.name for run in runs if run.jobs))
    if not names:
        return ""
    if len(names) > MOST_NAMED:
        text = f'<a href="#appendix">{len(names)} runs</a>'
    else:
        links = (f'<a href="#run-{escape(name)}">{escape(name)}</a>' for name in names)
        text = ("run " if len(names) == 1 else "runs ") + ", ".join(links)
    return f'{WIDE} <span class="origin">{text}</span>'
