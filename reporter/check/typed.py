"""Numbers that an author typed although a run has that value; a new run would belie them.

Looked through are sections, abstract, answers, and captions, alt texts and labels in the calls
of templates; without templates, code, mathematics, links, ids and citations. A number counts

- before %, "per cent" or "percent", with two significant digits; a whole one only where it is a
  metric's result, and no multiple of 5, for there are few of them and many values;
- before "million", with a decimal point;
- with a decimal point and three significant digits (two, where it is a metric's value);
- whole, with four digits or more; powers of two, which are sizes of layers, and years (1900 to
  2099 without a separator) do not,

when it is, digit for digit, how a metric, a cell of a table or a parameter of the report prints:
in per cent with up to two digits, as a number with up to four, as a count, in millions. So 0.01 or
50 epochs are free to be typed, and so is a cell that a run was given, such as a share in a list.
`{# typed #}` on its line lets a number stand.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reporter.check import lines
from reporter.check.finding import Finding
from reporter.check.texts import prose
from reporter.errors import ReportError
from reporter.prose.cells import TableView
from reporter.prose.fragments import Fragments
from reporter.prose.measures import MetricValue
from reporter.prose.values import Desk, Value
from reporter.prose.views import RunView

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reporter.prose.composed import Document
    from reporter.prose.views import Finished

MARK = re.compile(r"\{#-?\s*typed\s*-?#\}")
GAPS = ",\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}\N{NO-BREAK SPACE}"  # between thousands
NUMBER = re.compile(
    rf"(?<![\w.,/^-])(?P<number>[−-]?(?:\d{{1,3}}(?:[{GAPS}]\d{{3}})+|\d+)(?:\.\d+)?)"
    r"(?!\w|[.,/:]\d)(?P<unit>(?:\s*±\s*[\d.]+)?\s*(?:\\?%|per\s?cent\b|million\b))?"
)
ROUND, TEN, YEARS = 5, 10, range(1900, 2100)
LEAST_PERCENT, LEAST_METRIC, LEAST_OTHER, LEAST_COUNT = 2, 2, 3, 4  # significant digits


RESULT, READING, OTHER = range(3)  # a metric's value; its best, first, last; cells and parameters


@dataclass(frozen=True, kw_only=True)
class Printed:
    """One way in which a value of the report prints: expression, filter, and what it is."""

    expression: str
    filter: str
    rank: int

    @property
    def code(self) -> str:
        """Return what to write instead of the number."""
        return f"{self.expression} | {self.filter}" if self.filter else self.expression


Known = dict[tuple[str, str], Printed]  # digits and unit → who prints so


def typed_numbers(document: Document) -> list[Finding]:
    """Return a finding for every number in the text that a run of the report has."""
    known = _known(document.finished)
    findings = [
        Finding(
            group="text",
            where=passage.where(found.start()),
            message=f"{' '.join(found[0].split())} is {printed.expression}",
            remedy=f"write {{{{ {printed.code} }}}}",
        )
        for passage in prose(document.report)
        for found in NUMBER.finditer(passage.text)
        if (printed := _printed(found, known))
    ]
    return lines.unkept(document.report.folder, findings, MARK)


def _printed(found: re.Match[str], known: Known) -> Printed | None:
    """Return the value that a number in the text shows, if it is one that counts."""
    is_parted = bool(re.search(f"[{GAPS}]", found["number"]))
    text = re.sub(f"[{GAPS}]", "", found["number"]).replace("−", "-")
    spoken = found["unit"] or ""
    unit = "million" if "million" in spoken else "%" if spoken else ""
    printed = known.get((text, unit))
    digits = len(text.replace(".", "").lstrip("-0"))
    if printed is None:
        return None
    if unit == "%":
        is_result = printed.rank == RESULT and int(float(text)) % ROUND > 0
        counts = digits >= LEAST_PERCENT and ("." in text or is_result)
    elif "." in text:
        least = LEAST_OTHER if printed.rank == OTHER else LEAST_METRIC
        counts = unit == "million" or digits >= least
    else:
        is_power = int(text).bit_count() == 1
        is_year = int(text) in YEARS and not is_parted
        counts = digits >= LEAST_COUNT and not (is_power or is_year)
    return printed if counts else None


def _known(finished: Mapping[str, Finished]) -> Known:
    """Return how every value of the runs prints; results come before readings and cells."""
    desk = Desk(Fragments())
    found: list[tuple[int, str, Value]] = []
    for run in (run for run in finished.values() if run.results):
        view, parameters = RunView(desk, run), run.jobs[0].parameters
        given = {*_numbers(parameters)}
        for name in run.results[0].result:
            if hasattr(RunView, name):
                continue  # what a run has of its own hides an output of that name
            values = _values(view, name)
            found += [
                (rank, f'runs["{run.name}"].{path}', value)
                for rank, path, value in values
                if value.numbers and float(value.mean) not in given
            ]
        for name in parameters:
            value = getattr(view.parameters, name)
            if value.numbers:
                found.append((OTHER, f'runs["{run.name}"].parameters.{name}', value))
    known: Known = {}
    for rank, expression, value in sorted(found, key=lambda one: one[0]):
        for text, unit, way in _ways(float(value.mean), value.unit):
            made = Printed(expression=expression, filter=way, rank=rank)
            known.setdefault((text, unit), made)
    return known


def _numbers(value: object) -> Iterator[float]:
    """Yield the numbers in plain data, however deep."""
    if isinstance(value, int | float):
        yield float(value)
    elif isinstance(value, dict | list | tuple):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _numbers(part)


def _values(view: RunView, name: str) -> Iterator[tuple[int, str, Value]]:
    """Yield the values of a metric or a table that prose can name."""
    try:
        output = getattr(view, name)
    except ReportError:  # a figure, or not returned for every seed
        return
    if isinstance(output, MetricValue):
        yield RESULT, name, output
        for path in ("best", "last", "first"):
            with suppress(ReportError):  # measured once
                yield READING, f"{name}.{path}", getattr(output, path)
    elif isinstance(output, TableView):
        for index, row in enumerate(output):
            for column, value in row.items():
                yield OTHER, f"{name}[{index}].{column}", value


def _ways(number: float, unit: str) -> Iterator[tuple[str, str, str]]:
    """Yield digits, unit, and the filter that prints them."""
    if unit == "fraction":
        for digits, way in ((1, "percent"), (2, "percent(2)"), (0, "percent(0)")):
            yield f"{100 * number:.{digits}f}", "%", way
    if number.is_integer():
        yield f"{number:.0f}", "", ""
        for digits, way in ((1, "millions"), (2, "millions(2)")):
            yield f"{number / 1e6:.{digits}f}", "million", way
        return
    for digits, way in ((3, "number"), (2, "number(2)"), (4, "number(4)")):
        yield f"{number:.{digits}f}", "", way
    if abs(number) >= TEN:  # else it has two digits, which many numbers share
        yield f"{number:.1f}", "", "number(1)"
