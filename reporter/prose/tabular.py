"""Tables of runs, comparisons and parameters of runs → numbered tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import zip_longest
from typing import TYPE_CHECKING

from reporter import tables
from reporter.artifacts import Table
from reporter.errors import ReportError
from reporter.plan import seeds_text
from reporter.prose import failures
from reporter.prose.cells import cell_value
from reporter.prose.comparisons import cells, check_known
from reporter.prose.decimals import aligned, is_number
from reporter.prose.fragments import MARK
from reporter.prose.markdown import plain
from reporter.prose.origins import origin
from reporter.prose.placing import Placing, check_names
from reporter.prose.styles import SPACE
from reporter.prose.views import Parameters

if TYPE_CHECKING:
    from reporter.prose.views import Finished

LONGEST_NAME = 28  # letters in the first column of a table that are kept in one line


@dataclass(frozen=True, kw_only=True)
class Tables:
    """What a template calls to place tables."""

    at: Placing

    def table(self, name: str, *, caption: str, id: str = "") -> str:
        """Place the table "run.artifact"; the default id is tbl-<run>-<artifact>."""
        target = id or "tbl-" + name.replace(".", "-").replace("_", "-")
        run, output = self.at.find(name)
        if run.error:
            box = failures.box("Table missing", [run])
            return self._tabular(target, caption, box, [run], [name])
        found = run.output(output)[0]
        if not isinstance(found, Table):
            raise ReportError(f"table: {name!r} is a {type(found).__name__}; use figure")
        columns = tables.columns(found)
        source = f"{run.name}/{output}"
        rows = [
            [
                str(
                    cell_value(
                        self.at.desk,
                        f"{source}/{i}/{c.name}",
                        c,
                        cell,
                        is_provisional=run.is_provisional,
                    )
                )
                for c, cell in zip(columns, row, strict=True)
            ]
            for i, row in enumerate(found.rows)
        ]
        numeric = [tables.is_numeric(found, index) for index in range(len(columns))]
        head = [escape(column.label) for column in columns]
        return self._tabular(target, caption, self._grid(head, rows, numeric), [run], [name])

    def compare(
        self,
        names: Sequence[str] | Mapping[str, str],
        columns: Sequence[str] | Mapping[str, str],
        *,
        caption: str,
        id: str = "",
        first: str = "run",
        digits: int | None = None,
    ) -> str:
        """Place a table with a row for each run and a column for each value of it.

        Args:
            names: runs, or run → how its row is called.
            columns: values such as "test_accuracy" or "test_accuracy.rate", or value → heading; a
                run that has no such value shows a dash, as long as one of the others has it.
            caption: what the table shows.
            id: default tbl-<first run>-compared.
            first: the heading of the first column.
            digits: of percentages after the point, one by default.
        """
        check_names("compare", names)
        check_names("compare", columns)
        labels = names if isinstance(names, Mapping) else {n: n.replace("-", " ") for n in names}
        heads = columns if isinstance(columns, Mapping) else {c: _heading(c) for c in columns}
        runs = [self.at.run(name, "compare") for name in labels]
        for path in heads:
            check_known(runs, path)
        rows = [
            [self._named(run, label), *cells(self.at.desk, run, list(heads), digits)]
            for run, label in zip(runs, labels.values(), strict=True)
        ]
        target = id or f"tbl-{next(iter(labels))}-compared"
        values = [*zip(*(row[1:] for row in rows), strict=True)]
        numeric = [all(map(is_number, labels.values()))]
        numeric += [any(map(is_number, self._plain(column))) for column in values]
        head = [self.at.render(text, True) for text in (first, *heads.values())]
        body = self._grid(head, rows, numeric) + failures.box("Values missing", runs)
        return self._tabular(target, caption, body, runs)

    def settings(
        self,
        names: Sequence[str] | Mapping[str, str],
        *,
        caption: str,
        id: str = "",
    ) -> str:
        """Place a table of all parameters of some runs: what they share once, then what differs."""
        check_names("settings", names)
        labels = names if isinstance(names, Mapping) else {n: n for n in names}
        runs = [run for run in (self.at.run(name, "settings") for name in labels) if run.jobs]
        keys = dict.fromkeys(key for run in runs for key in run.jobs[0].parameters)
        rows = [[_heading(key), *(self._setting(run, key) for run in runs)] for key in keys]
        rows.append(["seeds", *(seeds_text([job.seed for job in run.jobs]) for run in runs)])
        plain = [[self.at.desk.fragments.plain(cell) for cell in row[1:]] for row in rows]
        same = [len(runs) > 1 and len(set(cells)) == 1 for cells in plain]
        shared = "; ".join(
            f"{row[0]}{SPACE}{row[1]}" for row, is_same in zip(rows, same, strict=True) if is_same
        )
        own = [row for row, is_same in zip(rows, same, strict=True) if not is_same] or rows
        head = ["parameter", *(self.at.render(labels[run.name], True) for run in runs)]
        if len(runs) == 1:  # two columns of half the height
            half = -(-len(own) // 2)
            own = [
                left + right
                for left, right in zip_longest(own[:half], own[half:], fillvalue=["", ""])
            ]
            head *= 2
        foot = f'<p class="shared">The same in all: {shared}.</p>' if shared and own != rows else ""
        target = id or f"tbl-{next(iter(labels))}-settings"
        body = self._grid(head, own, [False] * len(head)) + foot
        return self._tabular(target, caption, body, runs)

    def _named(self, run: Finished, label: str) -> str:
        """Return how a row is called; without a result it says so."""
        name = self.at.render(label, True)
        return f'{name} <span class="lost">{failures.word(run)}</span>' if run.error else name

    def _tabular(
        self,
        target: str,
        caption: str,
        body: str,
        runs: Iterable[Finished],
        shows: Iterable[str] = (),
    ) -> str:
        number = self.at.numbering.number("tbl", target)
        label = self.at.label("tbl", target, number, caption, shows=shows) + origin(runs)
        return self.at.desk.fragments.put(
            f'<figure id="{escape(target)}" class="table"><figcaption>{label}</figcaption>'
            f"{body}</figure>\n",
            is_block=True,
        )

    def _grid(
        self, head: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[bool]
    ) -> str:
        pieces = self.at.desk.fragments
        columns = [
            aligned(cells, pieces.plain, pieces.set) if is_numeric else cells
            for cells, is_numeric in zip(zip(*rows, strict=True), numeric, strict=False)
        ]
        rows = [*zip(*columns, strict=True)]
        css = [' class="number"' if flag else "" for flag in numeric]
        top = "".join(f'<th scope="col"{c}>{h}</th>' for h, c in zip(head, css, strict=True))
        body = "".join(
            "<tr>"
            + "".join(f"<td{c}>{cell}</td>" for cell, c in zip(row, css, strict=True))
            + "</tr>"
            for row in rows
        )
        head_row = f"<thead><tr>{top}</tr></thead>"
        names = [plain(MARK.sub("…", row[0])) for row in rows]  # a citation has no number yet
        is_named = all(len(name) <= LONGEST_NAME for name in names)
        kind = ' class="named"' if is_named else ""
        return f'<div class="scroll"><table{kind}>{head_row}<tbody>{body}</tbody></table></div>'

    def _plain(self, cells: Iterable[str]) -> list[str]:
        return [plain(self.at.desk.fragments.plain(cell)) for cell in cells]

    def _setting(self, run: Finished, key: str) -> str:
        if key not in run.jobs[0].parameters:
            return "–"
        return str(getattr(Parameters(self.at.desk, run), key))


def _heading(name: str) -> str:
    return name.replace(".", " ").replace("_", " ").replace("-", " ")
