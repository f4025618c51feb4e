"""Values of curves as tables: what a figure draws is what the table says."""

import re
from dataclasses import replace
from itertools import pairwise

import pytest

from reporter.artifacts import Curves, Series
from reporter.prose import points
from tests.workspaces import accuracy, every_artifact

CURVES = Curves(
    series=(
        Series(label="0.1", x=(1.0, 2.0), y=(0.25, 0.5)),
        Series(label="0.01", x=(1.0,), y=(-5.0,)),
    ),
    x_label="epoch",
    y_label="loss",
    unit="nats",
)


def rows(html):
    """Return the cells of each row: value and print, or the print alone."""
    found = re.findall(r"<tr>(.*?)</tr>", html.split("<tbody>", 1)[1])
    cell = re.compile(r'<td class="number">(?:<data value="(.*?)">)?(.*?)(?:</data>)?</td>')
    return [cell.findall(row) for row in found]


def test_every_point_stands_in_the_table_with_its_full_value():
    """A row for each x, a column for each curve, a dash where a curve has no point."""
    html = points.details([("(a)", (CURVES,))])
    assert re.findall(r"<th [^>]*>(.*?)</th>", html) == ["epoch", "0.1", "0.01"]
    assert "<caption>(a) loss</caption>" in html
    assert rows(html) == [
        [("1.0", "1"), ("0.25", "0.250"), ("-5.0", "−5.000")],
        [("2.0", "2"), ("0.5", "0.500"), ("", "–")],
    ]


def test_over_seeds_the_table_has_mean_and_deviation():
    """As the line and the band are drawn."""
    html = points.details([("", (accuracy(0.25, 0.5), accuracy(0.5, 0.5)))])
    assert rows(html)[0][1] == ("0.375", "37.5\xa0±\xa017.7\u202f%")
    assert rows(html)[1][1] == ("0.5", "50.0\u202f%")
    assert "mean ± standard deviation of 2 seeds" in html


def test_long_courses_are_thinned_evenly_and_say_so():
    """The first and the last point stay, and every value is one that was stored."""
    x = tuple(float(i) for i in range(1000))
    long = replace(CURVES, series=(Series(label="", x=x, y=tuple(i / 7 for i in x)),))
    html = points.details([("", (long,))])
    found = [(float(place), float(value)) for (place, _), (value, _) in rows(html)]
    assert len(found) == points.MOST_ROWS
    assert (found[0], found[-1]) == ((0.0, 0.0), (999.0, 999 / 7))
    assert all(value == place / 7 for place, value in found)
    steps = [later - place for (place, _), (later, _) in pairwise(found)]
    assert max(steps) - min(steps) <= 1
    assert "40 of 1000 points, evenly spaced" in html


@pytest.mark.parametrize("name", ["names", "confusion", "filters", "stages"])
def test_other_figures_have_no_table(name):
    """Their numbers stand in them."""
    assert points.details([("", (every_artifact()[name],)), ("", ())]) == ""
