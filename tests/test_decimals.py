"""Columns of numbers: points stand below each other, and nothing that is not seen is said."""

import re
from html import unescape

import pytest

from reporter.prose import decimals
from reporter.prose.styles import MINUS, SPACE, THIN


def set_out(*cells):
    """Return the cells, printed as values are, with dots where room is left."""
    found = decimals.aligned(
        [f'<data value="0.5">{cell}</data>' for cell in cells],
        lambda cell: unescape(re.sub("<[^>]+>", "", cell)),
        lambda cell: cell,
    )
    shown = [re.sub(r'<span class="pad" data-pad="(.*?)"></span>', room, cell) for cell in found]
    return [re.sub("<[^>]+>", "", cell) for cell in shown]


def room(match):
    """Return as many dots as letters that are lacking."""
    return "·" * len(match[1])


def test_points_stand_below_each_other():
    """Rates keep the digits that they have, and whole numbers have room for a point, too."""
    assert set_out("0.03", "0.001", "1000", "–") == ["0.03·", "0.001", "1000····", "–"]


def test_what_has_as_many_digits_is_left_as_it_is():
    """With their unit, and a minus."""
    cells = (f"9.5{THIN}%", f"{MINUS}19.5{THIN}%", "–")
    assert set_out(*cells) == [*cells]


def test_spreads_stand_below_each_other():
    """Room is left before the shorter one, so that the signs meet."""
    sign = f"{SPACE}±{SPACE}"
    assert set_out(f"85.0{sign}1.2{THIN}% (n = 5)", f"7.0{sign}12.0{THIN}% (n = 5)") == [
        f"85.0{sign}·1.2{THIN}% (n = 5)",
        f"7.0{sign}12.0{THIN}% (n = 5)",
    ]


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (f"{MINUS}3.5{THIN}%", True),
        (f"12.5{THIN}% (peak)", True),
        (f"2{THIN}108", True),
        ("15-Scene", False),
        ("256, 10", False),
        ("2 fc", False),
        ("layer1", False),
        ("–", False),
    ],
)
def test_names_that_begin_with_a_number_are_none(text, is_one):
    """Columns of them are set flush left."""
    assert decimals.is_number(text) == is_one
