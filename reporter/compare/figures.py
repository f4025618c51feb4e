"""What figures and listings show in two builds → which differ, and by how much at most."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any

from reporter.artifacts import ImageGrid, Text
from reporter.compare.numbers import is_same

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reporter.artifacts import Artifact, Metric
    from reporter.compare.sides import Side
    from reporter.store import Store

    Output = Metric | Artifact

MEASURED = ("y", "value", "values")  # fields of artifacts that hold what was measured


@dataclass(frozen=True, kw_only=True)
class FigureChange:
    """A figure or listing that differs, "Figure 3, fig-x", and how."""

    figure: str
    what: tuple[str, ...]


def changed_figures(a: Side, b: Side, store: Store) -> tuple[FigureChange, ...]:
    """Return the figures and listings whose data differ; tables are compared by their cells."""
    if not (a.has_text and b.has_text):
        return ()
    found = []
    for name in dict.fromkeys([*sorted(b.shows, key=b.place), *sorted(a.shows, key=a.place)]):
        if name in {**a.tables, **b.tables}:
            continue
        if name not in a.shows or name not in b.shows:
            side, what = (b, ["added"]) if name in b.shows else (a, ["removed"])
        else:
            side, what = b, [*_changes(name, a, b, store)]
        if what:
            found.append(FigureChange(figure=side.title(name), what=tuple(what)))
    return tuple(found)


def _changes(target: str, a: Side, b: Side, store: Store) -> Iterator[str]:
    old, new = a.shows[target]["outputs"], b.shows[target]["outputs"]
    if old != new:
        yield f"shows {', '.join(new)}, showed {', '.join(old)}"
    for name in [name for name in new if name in old]:
        run, _, output = name.rpartition(".")
        before, after = a.runs[run].keys, b.runs[run].keys
        if a.runs[run].error or b.runs[run].error:
            continue  # which is told of the run
        if list(before) != list(after):
            yield f"{name}: drawn over other seeds"
        for seed in [seed for seed in after if before.get(seed, after[seed]) != after[seed]]:
            what = _told(store, before[seed], after[seed], output)
            if what:
                yield f"{name}, seed {seed}: {what}"


def _told(store: Store, before: str, after: str, output: str) -> str:
    """Return how an output of two store entries differs, "" where it does not."""
    kept = [store.load(key) for key in (before, after)]
    for key, stored in zip((before, after), kept, strict=True):
        if stored is None or output not in stored.result:
            return f"can't be compared: the store has no result {key[:12]}"
    old, new = (stored.result[output] for stored in kept if stored)
    return change(old, new)


def change(old: Output, new: Output) -> str:
    """Return in words how two outputs differ; "" where they are equal."""
    if type(old) is not type(new):
        return f"{type(old).__name__} → {type(new).__name__}"
    if isinstance(old, Text) and isinstance(new, Text):
        return "" if old == new else "its text changed"
    parts = [dict(_leaves(one, "", "")) for one in (old, new)]
    shared = [(place[1], parts[0][place], parts[1][place]) for place in parts[1].keys() & parts[0]]
    told = []
    before, after = (sum(name in (*MEASURED, "images") for _, name in part) for part in parts)
    if before != after:
        told.append(f"{before} → {after} values")
    measured = [(o, n) for name, o, n in shared if name in MEASURED and not is_same(o, n)]
    if measured:
        told.append(f"largest difference {_largest(measured, getattr(new, 'unit', ''))}")
    if isinstance(old, ImageGrid):
        told += _pixels([(o, n) for name, o, n in shared if name == "images"])
    others = {name for name, o, n in shared if name != "images" and not is_same(o, n)}
    if before == after:
        others |= {name for _, name in parts[0].keys() ^ parts[1]}
    told += [f"{name.replace('_', ' ')} changed" for name in sorted(others.difference(MEASURED))]
    return ", ".join(told)


def _leaves(value: Any, path: str, name: str) -> Iterator[tuple[tuple[str, str], Any]]:
    """Yield all that an artifact is made of: its place and the name of its field → the value."""
    if is_dataclass(value):
        for one in fields(value):
            yield from _leaves(getattr(value, one.name), f"{path}.{one.name}", one.name)
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{path}.{index}", name)
    else:
        yield (path, name), value


def _largest(pairs: list[tuple[float, float]], unit: str) -> str:
    """Return the largest difference, as its unit is read."""
    sizes = [abs(new - old) for old, new in pairs]
    finite = [size for size in sizes if size == size and size != float("inf")]  # noqa: PLR0124 - NaN
    if not finite:
        return "between a number and none (NaN or infinite)"
    if unit == "fraction":
        return f"{100 * max(finite):.3g} points"
    return f"{max(finite):.3g}" + (f" {unit}" if unit in ("nats", "seconds") else "")


def _pixels(pairs: list[tuple[Any, Any]]) -> list[str]:
    """Tell how many images differ, and by how much at most."""
    other = [(old, new) for old, new in pairs if old.shape != new.shape or (old != new).any()]
    if not other:
        return []
    told = f"{len(other)} of {len(pairs)} images differ"
    if all(old.shape == new.shape for old, new in other):
        largest = max(int(abs(old.astype(int) - new.astype(int)).max()) for old, new in other)
        told += f", by {largest} of 255 at most"
    return [told]
