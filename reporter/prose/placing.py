"""What figures, tables and listings share: runs by name, numbers, captions, what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reporter.errors import ReportError, nearest
from reporter.prose.numbering import SPELLED, Listed
from reporter.prose.styles import SPACE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from reporter.prose.numbering import Numbering
    from reporter.prose.values import Desk
    from reporter.prose.views import Finished


@dataclass(frozen=True, kw_only=True)
class Placing:
    """Where something numbered is placed, over the results of one report.

    Attributes:
        render: turns Markdown with values into HTML; the second argument: without paragraph.
    """

    desk: Desk
    finished: Mapping[str, Finished]
    numbering: Numbering
    render: Callable[[str, bool], str]

    def run(self, name: str, where: str) -> Finished:
        """Return a run by its name."""
        if name not in self.finished:
            raise ReportError(f"{where}: no run is called {name!r}{nearest(name, self.finished)}")
        return self.finished[name]

    def find(self, name: str) -> tuple[Finished, str]:
        """Return the run and the output that "run.artifact" names."""
        run, dot, output = name.rpartition(".")
        if not dot:
            raise ReportError(f'{name!r} should look like "run.artifact"')
        if run not in self.finished:
            raise ReportError(f"no run is called {run!r}{nearest(run, self.finished)}")
        return self.finished[run], output

    def label(
        self,
        kind: str,
        target: str,
        number: str,
        caption: str,
        otherwise: str = "",
        *,
        shows: Iterable[str],
    ) -> str:
        """Return number and caption; lists of all of a kind may say `otherwise` without one.

        `shows` are the outputs of runs that stand there, "run.artifact".
        """
        said = self.render(caption or otherwise, True)
        self.numbering.enlist(
            Listed(kind=kind, id=target, number=number, caption=said, shows=tuple(shows))
        )
        return self.caption(f"{SPELLED[kind]}{SPACE}{number}", caption)

    def caption(self, label: str, caption: str) -> str:
        """Return a label and the text after it."""
        text = self.render(caption, True) if caption else ""
        return f'<span class="label">{label}</span> {text}'


def check_names(tool: str, names: object) -> None:
    """Tell of one name, or none, where several are asked for."""
    if isinstance(names, str) or not names:
        raise ReportError(f'{tool}: {names!r} should be a list of names, such as ["a", "b"]')
