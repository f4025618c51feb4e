"""Stored tables → how their columns are printed."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reporter.artifacts import Column, Table


def columns(table: Table) -> tuple[Column, ...]:
    """Return the columns with the digits that all their cells are printed with."""
    cells = zip(*table.rows, strict=True) if table.rows else ((),) * len(table.columns)
    return tuple(
        replace(column, digits=_digits(column, list(values)))
        for column, values in zip(table.columns, cells, strict=True)
    )


def is_numeric(table: Table, index: int) -> bool:
    """Tell whether a column holds numbers only, and so is set flush right."""
    cells = [row[index] for row in table.rows if row[index] is not None]
    return bool(cells) and all(
        isinstance(c, int | float) and not isinstance(c, bool) for c in cells
    )


def _digits(column: Column, cells: list[object]) -> int | None:
    """Return one number of digits for a column of floats; None where each prints its own."""
    numbers = [abs(c) for c in cells if isinstance(c, float) and c and math.isfinite(c)]
    if column.digits is not None or column.unit == "count" or not numbers:
        return column.digits
    if column.unit == "fraction":
        return 1
    if all(float(f"{number:.2g}") == number for number in numbers):  # chosen: rates, C
        return None
    if max(numbers) / min(numbers) > 50:  # noqa: PLR2004 - no number of digits suits all
        return None
    return max(0, min(4, 3 - math.floor(math.log10(max(numbers)))))
