"""Tables that runs returned → rows and cells as values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reporter.errors import ReportError, nearest, shown
from reporter.prose.styles import THIN, number_style, percent_style
from reporter.prose.values import Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reporter.artifacts import Cell, Column, Table
    from reporter.prose.values import Desk


class TableView:
    """A table of a run, read by row and column."""

    def __init__(self, desk: Desk, source: str, table: Table, *, is_provisional: bool) -> None:
        self._desk, self._source, self._table = desk, source, table
        self._is_provisional = is_provisional

    def __len__(self) -> int:
        return len(self._table.rows)

    def __iter__(self) -> Iterator[Mapping[str, Value]]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> Mapping[str, Value]:
        """Return a row: its cells by column name."""
        try:
            row = self._table.rows[index]
        except IndexError as exc:
            raise ReportError(
                f"{self._source}: has {len(self)} rows, no row {index}; count from 0"
            ) from exc
        number = index % len(self._table.rows)
        return Row(
            self._source,
            {
                column.name: self._cell(column, cell, number)
                for column, cell in zip(self._table.columns, row, strict=True)
            },
        )

    def where(self, **wanted: str | float) -> Mapping[str, Value]:
        """Return the first row whose cells have the `wanted` values."""
        names = [column.name for column in self._table.columns]
        for name in wanted:
            if name not in names:
                raise ReportError(f"{self._source}: no column {name!r}{nearest(name, names)}")
        for index, row in enumerate(self._table.rows):
            if all(row[names.index(name)] == value for name, value in wanted.items()):
                return self[index]
        there = shown([row[names.index(name)] for name in wanted for row in self._table.rows])
        asked = ", ".join(f"{name} = {shown(value)}" for name, value in wanted.items())
        raise ReportError(f"{self._source}: no row where {asked}; there are {there}")

    def _cell(self, column: Column, cell: Cell, row: int) -> Value:
        return cell_value(
            self._desk,
            f"{self._source}/{row}/{column.name}",
            column,
            cell,
            is_provisional=self._is_provisional,
        )


class Row(dict[str, Value]):
    """Cells by column name; an unknown name is told with the nearest one."""

    def __init__(self, source: str, cells: Mapping[str, Value]) -> None:
        super().__init__(cells)
        self._source = source

    def __missing__(self, name: str) -> Value:
        raise ReportError(f"{self._source}: no column {name!r}{nearest(name, self)}")


def cell_value(
    desk: Desk, source: str, column: Column, cell: Cell, *, is_provisional: bool = False
) -> Value:
    """Return one cell of a table as a value."""
    if isinstance(cell, bool) or cell is None:
        shown: dict[str, Any] = {"text": {True: "yes", False: "no", None: "–"}[cell], "raw": cell}
    elif isinstance(cell, str):
        is_path = "/" in cell
        shown = {"text": cell if is_path else cell.replace("_", " "), "raw": cell}
    else:
        shown = {"numbers": (float(cell),), "unit": column.unit}
        if column.digits is not None and column.unit == "fraction":
            shown |= {"style": percent_style(column.digits), "suffix": f"{THIN}%"}
        elif column.digits is not None:
            shown["style"] = number_style(column.digits)
    return Value(desk=desk, source=source, is_provisional=is_provisional, **shown)
