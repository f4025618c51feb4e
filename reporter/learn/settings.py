"""What rebuilds a network and its inputs ⇄ the plain settings of its checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reporter.learn.networks import Surgery
from reporter.learn.normalisation import Normalisation

if TYPE_CHECKING:
    from collections.abc import Mapping


def format_steps(steps: tuple[Surgery, ...]) -> str:
    """Write replacements as text: "2:4096,10" replaced two layers by two new ones."""
    return " ".join(f"{step.replaces}:{','.join(map(str, step.sizes))}" for step in steps)


def parse_steps(text: str) -> tuple[Surgery, ...]:
    """Read what `format_steps` wrote."""
    pairs = [step.split(":") for step in text.split()]
    return tuple(
        Surgery(replaces=int(old), sizes=tuple(map(int, new.split(",")))) for old, new in pairs
    )


def format_normalisation(normalisation: Normalisation) -> dict[str, str]:
    """Write mean and standard deviation as settings of a checkpoint."""
    return {
        "mean": ",".join(map(repr, normalisation.mean)),
        "std": ",".join(map(repr, normalisation.std)),
    }


def parse_normalisation(settings: Mapping[str, Any], default: Normalisation) -> Normalisation:
    """Read what `format_normalisation` wrote; `default` where there is nothing."""
    if "mean" not in settings:
        return default
    mean, std = ([float(v) for v in settings[k].split(",")] for k in ("mean", "std"))
    return Normalisation(mean=(mean[0], mean[1], mean[2]), std=(std[0], std[1], std[2]))
