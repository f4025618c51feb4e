"""What determines a result, hashed: parameters, seed, code, inputs, and the runs it builds on."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = 2  # of the store's entries and the lock; a new number makes every old one unreadable


def digest(value: Any) -> str:
    """Return the sha-256 of the canonical JSON of `value`."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def key(
    *,
    experiment: str,
    parameters: Mapping[str, Any],
    seed: int,
    code: Mapping[str, str],
    needs: tuple[str, ...],
) -> str:
    """Return the key of one run and seed; inputs stand in `parameters` as their digests.

    Args:
        experiment: its name.
        parameters: all of them, as plain data.
        seed: of all randomness.
        code: digests of all that the experiment reaches, by `reporter.meaning`.
        needs: keys of the results it builds on.
    """
    return digest(
        {
            "format": FORMAT,
            "experiment": experiment,
            "parameters": dict(parameters),
            "seed": seed,
            "code": sorted(code.items()),
            "needs": sorted(needs),
        }
    )
