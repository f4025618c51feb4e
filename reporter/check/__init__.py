"""A report as it is to be handed in → what is to be mended, and what is only noted."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

from reporter import fonts
from reporter.check import lines
from reporter.check.built import outdated
from reporter.check.finding import GROUPS, Finding
from reporter.check.handed_in import attached
from reporter.check.identity import leaks, this_machine
from reporter.check.placeholders import authors, is_shipped, placeholders
from reporter.check.provisional import provisional
from reporter.check.rules import broken, judged
from reporter.check.rules import noted as time_left
from reporter.check.runs import unfit
from reporter.check.spelling import misspelt
from reporter.check.typed import typed_numbers
from reporter.rules import read
from reporter.rules.sentences import by_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reporter.check.subject import Subject
    from reporter.prose.composed import Document
    from reporter.prose.numbering import Problem


def findings(subject: Subject) -> list[Finding]:
    """Return all that is to be mended before a report is handed in, group by group.

    Raises:
        ReportError: what its course hands out can't be read.
    """
    document = subject.document
    known = read(document.report)
    more, unattached = attached(document.report, known)
    marked = [*placeholders(document.report), *leaks(subject, this_machine(), more)]
    found = [
        *judged(known, subject),
        *unfit(subject),
        *of_text(document),
        *lines.unkept(subject.folder, marked),
        *provisional(subject),
        *outdated(subject, known.given.formats),
        *unattached,
    ]
    return ordered(found)


def by_rule(subject: Subject) -> tuple[dict[str, list[Finding]], dict[str, float]]:
    """Return what breaks each rule, by its sentence, and the points of questions, by their ids."""
    known = read(subject.document.report)
    wrong = broken(known, subject)
    said = {sentence: wrong[key] for key, sentence in by_key(known).items() if key in wrong}
    return said, {name: worth for name, worth in known.given.questions.items() if worth}


def unknown_words(subject: Subject) -> list[Finding]:
    """Return the words that no dictionary has.

    Raises:
        ReportError: the report is not in English, or there is no dictionary.
    """
    return lines.unkept(subject.folder, misspelt(subject.document))


def of_text(document: Document) -> list[Finding]:
    """Return what is broken in a composed text: claims, references, questions, typed numbers."""
    claims = [
        Finding(
            group="claims",
            where=claim.where,
            message=f"the claim does not hold: {claim.reading}",
            remedy="write what the results show",
        )
        for claim in document.broken
    ]
    return [*claims, *map(_finding, document.problems), *typed_numbers(document)]


def ordered(found: Iterable[Finding]) -> list[Finding]:
    """Return findings group by group, each once; within a group as they were found."""
    return sorted(dict.fromkeys(found), key=lambda one: GROUPS.index(one.group))


def notes(subject: Subject) -> list[Finding]:
    """Return what need not be mended: time that is left, of the text, what was not looked at."""
    report = subject.document.report
    found = [*time_left(read(report), subject), *noted(subject.document)]
    found += authors(report) if is_shipped(report) else []
    if subject.is_frozen:
        told = "trusted; whether the sources still give its results was not looked at"
        found.append(Finding(group="provisional", where="report.lock", message=told))
    return found


def noted(document: Document) -> list[Finding]:
    """Return what need not be mended in a text: idle references, characters without a face."""
    text = "".join(unescape(document.set(chapter.html)) for chapter in document.chapters)
    signs = fonts.lacking(re.sub(r"<[^>]*>", "", text), symbols=True)
    told = f"no embedded face has {' '.join(signs)}; a face of the machine may set it otherwise"
    odd = [Finding(group="text", where="the text", message=told)] if signs else []
    return [*map(_finding, document.uncited), *odd]


def _finding(problem: Problem) -> Finding:
    """Return a problem of the prose with its remedy apart."""
    message, _, remedy = problem.message.partition("; ")
    return Finding(group=problem.about, where=problem.where, message=message, remedy=remedy)
