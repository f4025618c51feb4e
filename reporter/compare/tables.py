"""Tables of two builds → the rows and cells that differ, by their names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reporter.artifacts import Table
from reporter.compare.numbers import is_same
from reporter.compare.runs import names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reporter.artifacts import Cell
    from reporter.compare.sides import Side


@dataclass(frozen=True, kw_only=True)
class CellChange:
    """A cell that differs; a row or column that only one build has is one change, without cells."""

    row: str
    column: str
    before: Cell
    after: Cell


@dataclass(frozen=True, kw_only=True)
class TableChange:
    """A table that differs, "Table 3, tbl-x" as the report shows it or "run.output"."""

    table: str
    notes: tuple[str, ...]  # "row x added"
    cells: tuple[CellChange, ...]


def changed_tables(a: Side, b: Side) -> tuple[TableChange, ...]:
    """Return tables whose cells differ: as the report prints them, then as they are stored.

    A stored table is looked at where nothing is seen of its change: it is not in the report, or its
    numbers differ below the digits that are printed.
    """
    found, seen = [], set[str]()
    targets = dict.fromkeys([*sorted(b.tables, key=b.place), *sorted(a.tables, key=a.place)])
    for target in targets if a.has_text and b.has_text else ():
        old, new = a.tables.get(target), b.tables.get(target)
        title = (a if new is None else b).title(target)
        if old is None or new is None:
            notes: tuple[str, ...] = ("removed" if new is None else "added",)
            change = TableChange(table=title, notes=notes, cells=())
        elif not old or not new:
            continue  # its run failed, which is told
        else:
            change = _compared(title, old, new)
        if change.notes or change.cells:
            found.append(change)
            seen |= {*(a if new is None else b).shows.get(target, {}).get("outputs", ())}
    return (*found, *(change for name, change in _stored(a, b) if name not in seen))


def _stored(a: Side, b: Side) -> Iterator[tuple[str, TableChange]]:
    """Yield the tables that runs returned, as far as they differ, by "run.output"."""
    for run in names(a, b):
        old, new = (side.runs[run].outputs if run in side.runs else {} for side in (a, b))
        for seed in [seed for seed in new if seed in old]:
            for output in [name for name in new[seed] if name in old[seed]]:
                before, after = old[seed][output], new[seed][output]
                if isinstance(before, Table) and isinstance(after, Table):
                    change = _compared(f"{run}.{output}, seed {seed}", _rows(before), _rows(after))
                    if change.notes or change.cells:
                        yield f"{run}.{output}", change


def _rows(table: Table) -> list[Sequence[Cell]]:
    return [[column.name for column in table.columns], *table.rows]


def _compared(
    title: str, old: Sequence[Sequence[Cell]], new: Sequence[Sequence[Cell]]
) -> TableChange:
    """Compare two tables, whose headings come first, by the names of their rows and columns."""
    columns = [_named([str(cell) for cell in table[0]]) for table in (old, new)]
    rows = [_named([str(row[0]) for row in table[1:]]) for table in (old, new)]
    notes = [*_only("column", *columns), *_only("row", *rows)]
    cells = []
    for row in rows[1]:
        for column in columns[1]:
            if row in rows[0] and column in columns[0]:
                before = old[1 + rows[0][row]][columns[0][column]]
                after = new[1 + rows[1][row]][columns[1][column]]
                if not is_same(before, after):
                    cells.append(CellChange(row=row, column=column, before=before, after=after))
    return TableChange(table=title, notes=tuple(notes), cells=tuple(cells))


def _named(names: Sequence[str]) -> dict[str, int]:
    """Return name → place; the second of a name is "name (2)"."""
    found: dict[str, int] = {}
    for place, name in enumerate(names):
        count = names[:place].count(name)
        found[f"{name} ({count + 1})" if count else name] = place
    return found


def _only(what: str, old: Mapping[str, int], new: Mapping[str, int]) -> Iterator[str]:
    yield from (f"{what} {name or '(no name)'} added" for name in new if name not in old)
    yield from (f"{what} {name or '(no name)'} removed" for name in old if name not in new)
