"""Prose of a report → words that no dictionary has; English alone, and only when it is asked for.

Left out are code, names with capitals or digits inside, words in capitals, and every word of
references.bib, of the authors, of report.toml, of class names and other labels in the results,
of experiments, parameters and outputs, of the field (jargon.txt) and of the workspace's words.txt.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reporter.check.finding import Finding
from reporter.check.texts import prose, strings
from reporter.errors import ReportError
from reporter.prose.texts import read_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reporter.prose.composed import Document
    from reporter.report import Report

WORD = re.compile(r"(?<![\w/.\\#])[A-Za-zÀ-ÿ]+(?:['’][a-z]+)?(?![\w/\\]|\.\w)")
PART = re.compile(r"[A-Za-zÀ-ÿ]+")
LEAST_LETTERS = 3
BRITISH = {
    r"(?<=[a-z]{3})is(?=(e|ed|es|er|ers|ing|able|ations?)$)": "iz",
    "lys(?=(e|ed|es|er|ers|ing)$)": "lyz",
    "our": "or",
    "(?<=cen)tr(?=(e|es|ed|ing)$)": "ter",
    "tere(?=s?$)": "ter",
    "ll(?=(ed|ing|er)$)": "l",
}
JARGON = Path(__file__).with_name("jargon.txt")


def misspelt(document: Document) -> list[Finding]:
    """Return a finding for every word that nobody knows, at its first place.

    Raises:
        ReportError: the report is not in English, or there is no dictionary.
    """
    report = document.report
    if report.report.language.partition("-")[0] != "en":
        told = f"report.language is {report.report.language!r}, and only English can be checked"
        raise ReportError(f"--spelling: {told}; leave it out")
    dictionary, known = _dictionary(), _own_words(document)
    found: dict[str, tuple[str, str]] = {}
    for word, where in _words(report):
        plain = word.lower().replace("’", "'").removesuffix("'s")
        ways = {plain, _american(plain)}
        if plain not in found and not ways & known and len(dictionary.unknown(ways)) == len(ways):
            found[plain] = word, where
    return [
        Finding(
            group="spelling",
            where=where,
            message=f"{word!r} is in no dictionary",
            remedy=_remedy(plain, dictionary),
        )
        for plain, (word, where) in found.items()
    ]


def _american(word: str) -> str:
    """Return a British spelling as the dictionary has it."""
    for pattern, text in BRITISH.items():
        word = re.sub(pattern, text, word)
    return word


def _remedy(word: str, dictionary: Any) -> str:
    """Return what to write instead: the word one slip away that is used most."""
    near = sorted(dictionary.candidates(word) or ())
    best = repr(max(near, key=dictionary.word_usage_frequency)) if near else "another word"
    return f"write {best}, or add it to words.txt"


@cache
def _dictionary() -> Any:
    try:
        from spellchecker import SpellChecker
    except ImportError as exc:
        told = "needs a dictionary; pip install 'reporter[spelling]'"
        raise ReportError(f"--spelling: {told}") from exc
    return SpellChecker(language="en", distance=1)


def _words(report: Report) -> Iterator[tuple[str, str]]:
    """Yield the words of all prose, each with its place; no names with capitals inside."""
    for passage in prose(report):
        for found in WORD.finditer(passage.text):
            word = found[0]
            is_plain = word[1:] == word[1:].lower() and len(word) >= LEAST_LETTERS
            if is_plain:
                yield word, passage.where(found.start())


def _own_words(document: Document) -> frozenset[str]:
    """Return the words that this report may use, in small letters."""
    folder = document.report.folder
    names = [JARGON, *(folder / name for name in ("references.bib", "report.toml", "words.txt"))]
    texts = [read_text(path) for path in names if path.is_file()]
    for run in document.finished.values():
        for job in run.jobs:
            texts += [run.name, job.experiment, *strings(dict(job.parameters))]
        for stored in run.results:
            texts += [*stored.result, *strings(list(stored.result.values()))]
    return frozenset(word.lower() for text in texts for word in PART.findall(text))
