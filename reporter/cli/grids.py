"""Rows of cells → a table on the terminal; plain and unwrapped elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MOST = 50  # rows shown
WIDE = 400  # characters of a line that no terminal wraps


def show(
    title: str, labels: Sequence[str], rows: Iterable[Sequence[object]], most: int = MOST
) -> None:
    """Print a table to stdout: its first rows, and how many more there are."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else WIDE)
    table = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD)
    listed = list(rows)
    for index, label in enumerate(labels):
        is_number = all(isinstance(row[index], int | float) for row in listed)
        table.add_column(label, justify="right" if is_number else "left", overflow="fold")
    for row in listed[:most]:
        table.add_row(*(Text("–" if cell is None else str(cell)) for cell in row))
    console.print(table)
    if len(listed) > most:
        console.print(f"  and {len(listed) - most} more: --json prints all", highlight=False)
