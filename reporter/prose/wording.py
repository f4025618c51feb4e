"""Facts and their printed numbers → sentences; of several wordings the run's name chooses."""

from __future__ import annotations

import hashlib
import tomllib
from functools import cache
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reporter.prose.observations import Fact
    from reporter.prose.values import Value

SPLITS = {"train": "training"}
ADVERBS = {"slight": "slightly ", "": "", "marked": "markedly "}
EXTREMES = {"max": "highest", "min": "lowest"}
CHANGES = {"hardly": "hardly changes", "": "fluctuates", "strongly": "fluctuates strongly"}


@cache
def wordings() -> Mapping[str, tuple[str, ...]]:
    """Return the wordings of every kind of fact."""
    text = (Path(__file__).parent / "wordings.toml").read_text(encoding="utf-8")
    return {kind: tuple(choices) for kind, choices in tomllib.loads(text).items()}


def label(metric: str) -> str:
    """Return how a metric is called in a sentence: "train_accuracy" is training accuracy."""
    first, *rest = metric.split("_")
    return " ".join([SPLITS.get(first, first), *rest])


def variant(name: str, kind: str, already: int, *, is_opened: bool = False) -> str:
    """Return one of the wordings of a kind: the run's name chooses, and none twice in a row.

    Args:
        name: of the run.
        kind: of the fact.
        already: how many facts of that kind the paragraph has told before.
        is_opened: whether words stand before it, which go best with a plain beginning.
    """
    choices = wordings()[kind]
    if is_opened:
        choices = tuple(one for one in choices if one.startswith("{the}")) or choices
    digest = hashlib.sha256(f"{name}/{kind}".encode()).digest()
    return choices[(digest[0] + already) % len(choices)]


def sentence(fact: Fact, pattern: str, shown: Mapping[str, Value]) -> str:
    """Return a wording with its numbers and words filled in, still without capital and stop.

    Args:
        fact: what is told.
        pattern: one of its wordings.
        shown: the fact's numbers by name.
    """
    size = f"{fact.size} " if fact.size else ""
    words = {
        "label": label(fact.metric),
        "the": f"the {label(fact.metric)}",
        "adverb": ADVERBS.get(fact.size, ""),
        "adjective": size,
        "wide": f", a {size}gap" if size else "",
        "changes": CHANGES.get(fact.size, ""),
        "extreme": EXTREMES.get(fact.direction or "max"),
        "at_first": _beginning(shown),
        "with_seeds": _with_seeds(shown),
    }
    needed = {name for _, name, _, _ in Formatter().parse(pattern) if name}
    printed = {name: str(value) for name, value in shown.items() if name in needed}
    return pattern.format(**words, **printed)


def _beginning(shown: Mapping[str, Value]) -> str:
    """Return when a course begins: epoch 0 is before any training."""
    if "first_epoch" not in shown:
        return ""
    epoch = shown["first_epoch"]
    return f"in epoch {epoch}" if any(epoch.numbers) else "before training"


def _with_seeds(shown: Mapping[str, Value]) -> str:
    """Return for how many of several seeds a difference has the sign that is told."""
    if "wins" not in shown or shown["seeds"].numbers[0] < 2:  # noqa: PLR2004 - several
        return ""
    wins, seeds = shown["wins"], shown["seeds"]
    if wins.numbers == seeds.numbers:
        return f", with each of the {seeds} seeds"
    return f", with {wins} of the {seeds} seeds"


def closed(text: str) -> str:
    """Return a sentence with its capital and its full stop."""
    return f"{text[0].upper()}{text[1:]}."


def listed(words: Sequence[str], last: str = "and") -> str:
    """Return "a", "a and b", "a, b and c"."""
    return f" {last} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
