"""Runs → a paragraph of what their histories show; each sentence is a claim over its numbers."""

from __future__ import annotations

import operator
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reporter.errors import ReportError, nearest
from reporter.prose import failures, wording
from reporter.prose import observations as facts
from reporter.prose.courses import At, Course
from reporter.prose.evidence import clearly_above
from reporter.prose.readings import Readings
from reporter.prose.values import Missing
from reporter.prose.views import RunView

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from reporter.prose.claims import Court
    from reporter.prose.numbering import Numbering
    from reporter.prose.observations import Fact
    from reporter.prose.values import Desk, Value
    from reporter.prose.views import Finished

TRAINING, LOSSES = "train_accuracy", ("train_loss", "validation_loss")
HELD_OUT = ("test_accuracy", "validation_accuracy")  # the first with a course is told
COMPARED = (*HELD_OUT, TRAINING)  # the first that both runs have is told
UNDECIDED = '<span class="claim undecided">[claim undecided]</span> Nothing observed'
OPERATORS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


@dataclass(frozen=True, kw_only=True)
class Observer:
    """`observe` of templates."""

    desk: Desk
    court: Court
    numbering: Numbering
    finished: Mapping[str, Finished]

    def observe(self, *asked: RunView | str, names: Sequence[str] = (), line: int = 1) -> str:
        """Write what the histories of one run show, or which of two runs is higher.

        Args:
            asked: one run or two, then metrics, "accuracy" or "loss"; default: what is usual.
            names: what the runs are called in the text; default: their names.
            line: where the call stands; the template fills it in.
        """
        views = [run for run in asked if isinstance(run, RunView)]
        metrics = [word for word in asked if isinstance(word, str)]
        if not 1 <= len(views) <= 2 or len(views) + len(metrics) < len(asked):  # noqa: PLR2004 - as it says
            raise ReportError('observe: takes one run or two, such as runs["x"], then metrics')
        if names and len(names) != len(views):
            raise ReportError(f"observe: {len(views)} runs, but {len(names)} names")
        runs = tuple(self.finished[run.name] for run in views)
        for run in runs:
            if run.error:
                return self._undecided(run, line)
        readings = Readings(
            desk=self.desk, runs=runs, names=tuple(names) or tuple(run.name for run in runs)
        )
        told = compared(readings, metrics) if len(runs) > 1 else observed(readings, metrics)
        return self._paragraph(readings, told, line)

    def _paragraph(self, readings: Readings, told: Sequence[Fact], line: int) -> str:
        """Return the facts in words, each judged; what is not judged is marked once in a row."""
        name = "/".join(run.name for run in readings.runs)
        counts: Counter[str] = Counter()
        sentences, before = [], "holds"
        opening = opened(readings, told[0])
        for fact in told:
            shown = {slot: readings.value(place) for slot, place in fact.slots.items()}
            verdict = self._judged(fact, shown, line)
            mark = self.court.mark() if verdict != before or verdict == "broken" else ""
            pattern = wording.variant(name, fact.kind, counts[fact.kind], is_opened=bool(opening))
            text = wording.sentence(fact, pattern, shown)
            sentences.append(mark + wording.closed(opening + text))
            counts[fact.kind] += 1
            before, opening = verdict, ""
        return " ".join(sentences)

    def _judged(self, fact: Fact, shown: Mapping[str, Value], line: int) -> str:
        """Judge a fact over the values as they are printed, not over what it was found in."""
        read = self.desk.read
        self.desk.begin()
        holds = [
            OPERATORS[sign](shown[name], shown[bound] if isinstance(bound, str) else bound)
            for name, sign, bound in fact.conditions
        ]
        read += [value for value in shown.values() if value.source not in {r.source for r in read}]
        return self._recorded(all(holds), line)

    def _recorded(self, truth: object, line: int) -> str:
        file = self.court.folder / self.numbering.places.file
        self.court.judge(truth, str(file), line, has_else=False)
        return self.court.claims[-1].verdict

    def _undecided(self, run: Finished, line: int) -> str:
        self.desk.begin()
        self._recorded(Missing(self.desk, f"{run.name}/observations", run.error), line)
        return self.desk.fragments.put(failures.box(UNDECIDED, [run]) + "\n", is_block=True)


def observed(readings: Readings, asked: Sequence[str]) -> list[Fact]:
    """Return what one run's readings show of the metrics that were asked for.

    Raises:
        ReportError: an unknown metric, or a run that returned none.
    """
    courses, shares = readings.courses(), readings.fluctuation()
    lost = readings.odd()
    odd = _odd([*lost], asked)
    told_else = {word for word in asked if _asked(odd, word)} | ({"loss"} if shares else set())
    chosen = _chosen(courses, asked, told_else)
    losses = chosen if asked else LOSSES
    sign = _overfitting(courses) if set(LOSSES) <= {*losses} & {*courses} else None
    distance = _gap(courses, chosen, is_usual=not asked)
    told: list[Fact] = []
    for name in chosen:
        found = facts.of_course(courses[name])
        is_said = distance and found[0].kind == "single" and At(name) in distance.slots.values()
        if is_said or (sign and sign.metric == name):
            continue
        told += found if asked or name != TRAINING else found[:1]
    told += [fact for fact in (distance, sign) if fact]
    told += [facts.odd(name, lost[name]) for name in odd]
    if shares and (not asked or "loss" in asked):
        told.append(facts.fluctuating(shares))
    if not told:
        raise ReportError(f"observe: run {readings.runs[0].name!r} returned no metric")
    return told


def compared(readings: Readings, asked: Sequence[str]) -> list[Fact]:
    """Return which of two runs is higher in each metric that was asked for.

    Raises:
        ReportError: a metric that not both runs returned.
    """
    first, second = readings.courses(0), readings.courses(1)
    odd = readings.odd(0), readings.odd(1)
    known = {*first, *odd[0]} & {*second, *odd[1]}
    both = [name for name in (*COMPARED, *first, *odd[0]) if name in known]
    one, two = (run.name for run in readings.runs)
    for name in asked or both[:1] or [""]:
        if name not in both:
            raise ReportError(
                f"observe: {one!r} and {two!r} share no {name!r}{nearest(name, both)}"
            )
    seeds = [tuple(job.seed for job in run.jobs) for run in readings.runs]
    told: list[Fact] = []
    for name in asked or both[:1]:
        lost = [facts.odd(name, None, run) for run in (0, 1) if name in odd[run]]
        if lost:
            told += lost
            continue
        here, there = readings.reading(At(name, run=0)), readings.reading(At(name, run=1))
        is_shown = clearly_above(here, there) or clearly_above(there, here)
        told.append(
            facts.comparison(
                first[name], second[name], is_paired=seeds[0] == seeds[1], is_shown=is_shown
            )
        )
    return told


def opened(readings: Readings, fact: Fact) -> str:
    """Return what holds for a whole paragraph: over which seeds, at which rate."""
    seeds = len(readings.runs[0].results)
    if len(readings.runs) > 1 or fact.metric not in readings.courses():
        return ""
    over = f"on average over {readings.value(facts.Seeds(At(fact.metric)))} seeds"
    if not readings.has_choice(fact.metric):
        return f"{over}, " if seeds > 1 else ""
    rate = readings.rate(fact.metric)
    if rate is None:
        return f"{over}, each at the learning rate selected for it, "
    at = f"at the selected learning rate of {rate}"
    return f"{at} and {over}, " if seeds > 1 else f"{at}, "


def _odd(names: Sequence[str], asked: Sequence[str]) -> list[str]:
    """Return the metrics without a finite number that are told: those asked for, or usual."""
    if not asked:
        usual = (TRAINING, *HELD_OUT, *LOSSES)
        return [name for name in names if name in usual] or list(names)
    return [name for name in names if any(_asked([name], word) for word in asked)]


def _asked(names: Iterable[str], word: str) -> list[str]:
    """Return the metrics that a word means: "accuracy" is that of every part."""
    return [name for name in names if name == word or name.endswith(f"_{word}")]


def _chosen(
    courses: Mapping[str, Course], asked: Sequence[str], told_else: Collection[str]
) -> list[str]:
    """Return the metrics that get sentences of their own; other facts tell of some words."""
    chosen: dict[str, None] = {}
    for word in asked:
        found = _asked(courses, word)
        if not found and word not in told_else:
            known = [*courses, "accuracy", "loss"]
            raise ReportError(f"observe: no metric is called {word!r}{nearest(word, known)}")
        chosen |= dict.fromkeys(found)
    if asked:
        return list(chosen)
    held_out = sorted(
        (name for name in HELD_OUT if name in courses),
        key=lambda name: len(courses[name].epochs) < 2,  # noqa: PLR2004 - a course has two
    )
    usual = [name for name in (TRAINING, *held_out[:1]) if name in courses]
    measured = [name for name, one in courses.items() if one.unit in {"fraction", "nats"}]
    return usual or measured or list(courses)


def _gap(courses: Mapping[str, Course], chosen: Sequence[str], *, is_usual: bool) -> Fact | None:
    others = [name for name in HELD_OUT if name in (courses if is_usual else chosen)]
    if TRAINING not in chosen or not others:
        return None
    return facts.gap(courses[TRAINING], courses[others[0]])


def _overfitting(courses: Mapping[str, Course]) -> Fact | None:
    return facts.overfitting(*(courses[name] for name in LOSSES))
