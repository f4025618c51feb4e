"""Numbers → how they are printed: per cent, digits, thousands, the true minus sign."""

from __future__ import annotations

import re
from collections.abc import Callable

THIN = "\N{NARROW NO-BREAK SPACE}"
SPACE = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
ODD = {"nan": "not a number", "inf": "∞", "-inf": f"{MINUS}∞"}
PERCENT = re.compile(r"(?<=\d) %")
Format = Callable[[float], str]


def with_thin_spaces(text: str) -> str:
    """Set "95 %" as values are set."""
    return PERCENT.sub(f"{THIN}%", text)


def default_style(unit: str, numbers: tuple[float, ...]) -> tuple[Format, str]:
    """Return how a value prints when the author does not say: by its unit."""
    if unit == "fraction":
        return percent_style(1), f"{THIN}%"
    if unit == "count":
        return (count_style if len(set(numbers)) == 1 else number_style(1)), ""
    if unit == "seconds":
        return number_style(1), f"{THIN}s"
    return (number_style(3) if unit == "nats" else short_style), ""


def percent_style(digits: int) -> Format:
    """Return the printer of fractions as per cent, without the sign."""
    return lambda number: _minus(f"{100 * number:.{digits}f}")


def number_style(digits: int) -> Format:
    """Return the printer of numbers with so many digits after the point."""
    return lambda number: _minus(f"{number:.{digits}f}")


def million_style(digits: int) -> Format:
    """Return the printer of large numbers in millions, without the word."""
    return lambda number: _minus(f"{number / 1e6:.{digits}f}")


def count_style(number: float) -> str:
    """Print a whole number, thousands apart."""
    return _minus(f"{number:,.0f}".replace(",", THIN))


def short_style(number: float) -> str:
    """Print a number with four significant digits at most."""
    return _minus(f"{number:.4g}")


def odd_text(number: float) -> str:
    """Return what stands for what is no finite number."""
    return ODD[str(number)]


def _minus(text: str) -> str:
    return ODD.get(text) or text.replace("-", MINUS)
