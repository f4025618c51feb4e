"""An audit → tables that a report sets and the command prints, and the counts beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reporter.artifacts import Cell, Column, Metric, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reporter.datasets.audit import Audit, Pair

FILES = (Column(name="first", label="first file"), Column(name="second", label="second file"))
PLACES = (Column(name="where", label="both in"), Column(name="labels", label="class"))
WHERE = {"train": "training set", "test": "test set", "across": "training and test set"}


def tables(found: Audit) -> Mapping[str, Table]:
    """Return what was found as tables, by the names that prose uses."""
    return {
        "corrupt": corrupt_table(found),
        "pairs": pairs_table(found),
        "lookalikes": lookalikes_table(found),
        "balance": balance_table(found),
        "sizes": sizes_table(found),
        "modes": modes_table(found),
    }


def counts(found: Audit) -> Mapping[str, Metric]:
    """Return how many files and pairs were found, by the names that prose uses."""
    numbers = {
        "images": found.images,
        "corrupt_files": len(found.corrupt),
        "identical_pairs": len(found.identical),
        "leaked_pairs": len(found.leaked),
        "conflicting_pairs": len(found.conflicting),
        "lookalike_pairs": found.lookalike_count,
    }
    return {
        name: Metric(value=number, unit="count", direction=None) for name, number in numbers.items()
    }


def corrupt_table(found: Audit) -> Table:
    """Return the files that can't be decoded."""
    columns = (Column(name="file", label="file"), Column(name="reason", label="reason"))
    return Table(columns=columns, rows=tuple((c.file.path, c.reason) for c in found.corrupt))


def pairs_table(found: Audit) -> Table:
    """Return the byte-identical pairs."""
    return Table(columns=FILES + PLACES, rows=tuple(map(_row, found.identical)))


def lookalikes_table(found: Audit) -> Table:
    """Return the pairs that look alike, the nearest first."""
    columns = (Column(name="distance", label="distance", unit="count"), *FILES, *PLACES)
    return Table(columns=columns, rows=tuple((p.distance, *_row(p)) for p in found.lookalikes))


def balance_table(found: Audit) -> Table:
    """Return how many images each class has in each set."""
    columns = (
        Column(name="class", label="class"),
        Column(name="training", label="training images", unit="count"),
        Column(name="test", label="test images", unit="count"),
    )
    return Table(columns=columns, rows=found.balance)


def sizes_table(found: Audit) -> Table:
    """Return the widths and heights in pixels."""
    columns = (
        Column(name="side", label="pixels"),
        Column(name="least", label="least", unit="count"),
        Column(name="middle", label="median"),
        Column(name="most", label="most", unit="count"),
    )
    sides = (("width", found.width), ("height", found.height))
    rows = tuple((name, s.least, s.middle, s.most) for name, s in sides if s is not None)
    return Table(columns=columns, rows=rows)


def modes_table(found: Audit) -> Table:
    """Return the colour modes."""
    columns = (
        Column(name="mode", label="colour mode"),
        Column(name="images", label="images", unit="count"),
    )
    return Table(columns=columns, rows=found.modes)


def _row(pair: Pair) -> tuple[Cell, ...]:
    kinds = pair.first.kind if not pair.conflicts else f"{pair.first.kind} and {pair.second.kind}"
    return (pair.first.path, pair.second.path, WHERE[pair.where], kinds)
