"""What is handed in → where it tells of a machine, or of a person who is no author.

Found are paths below somebody's home and those of the workspace, name of user and host as whole
words (of four letters and more, no common ones, none that an author or references.bib has), e-mail
addresses of others, and what cameras and programs write into pictures. `{# kept #}` on a line, in
Python and TOML `# kept`, lets it stand.
"""

from __future__ import annotations

import getpass
import re
import socket
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from reporter import trust
from reporter.check import lines
from reporter.check.finding import Finding
from reporter.check.handed_in import texts
from reporter.check.metadata import personal
from reporter.check.texts import strings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from reporter.check.subject import Subject
    from reporter.report import Report

    Telling = Callable[[str], Iterator[tuple[str, str]]]  # a line → what it tells, and the value

MOST_BYTES = 2_000_000  # of a file that is looked through; larger ones are data
LEAST_LETTERS = 4  # of a name: shorter ones are found in everything
ENDINGS = (
    "com|org|net|edu|gov|mil|info|dev|app|university|[a-z]{2}"  # of hosts: x@y.weights is none
)
EMAIL = re.compile(rf"(?<![\w.+-])[\w.+-]+@(?:[\w-]+\.)+(?:{ENDINGS})\b(?![\w(])")
STRIP = "save it without metadata"  # a picture
NO_PERSON = re.compile(r"^git@|[@.]example(\.(com|org|net|edu))?$", re.IGNORECASE)
HOMES = r"(?<![\w./:~-])/(?:home|Users)/(?P<unix>[^\s/\"'`<>{}()\[\],;:]+)"
WINDOWS = r"\b[A-Za-z]:[\\/]{1,2}Users[\\/]{1,2}(?P<windows>[^\s\\/\"'`<>{}()\[\],;:]+)"
ANYBODY = frozenset({"user", "username", "you", "yourname", "name", "me"})  # in examples
COMMON = frozenset({  # names that say nothing, and words of any report
    "adam", "admin", "anna", "aspire", "brown", "build", "class", "cloud", "data", "debian",
    "default", "desktop", "docker", "fedora", "frank", "grace", "grant", "guest", "home", "host",
    "hope", "image", "jovyan", "laptop", "linux", "local", "localhost", "machine", "macbook",
    "mark", "model", "page", "penguin", "pine", "root", "rose", "runner", "server", "student",
    "summer", "test", "tester", "thinkpad", "train", "ubuntu", "user", "vagrant", "white", "will",
    "windows", "work", "worker", "workspace", "workstation"
})  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What would tell of the machine that checks: names of user and host, and the user's home."""

    names: tuple[str, ...]
    home: Path


def this_machine() -> Machine:
    """Return who and where we are, as far as the system knows."""
    names = [socket.gethostname().partition(".")[0]]
    with suppress(OSError, KeyError):  # nobody
        names.append(getpass.getuser())
    return Machine(names=tuple(names), home=Path("~").expanduser())


def leaks(
    subject: Subject, machine: Machine, attached: Mapping[str, Path] | None = None
) -> list[Finding]:
    """Return a finding for each thing in each file that tells of machine or person: its first line.

    Args:
        subject: the report.
        machine: the one that checks, which is most often the one that computed.
        attached: more files that are handed in with it, by name.
    """
    report = subject.document.report
    known = frozenset(author.email.lower() for author in report.report.authors)
    tell = partial(_told, _pattern(subject, machine), known)
    found = []
    files = {**texts(report), **(attached or {}), subject.lock.name: subject.lock}
    files[f"build/{subject.output.name}/results.json"] = subject.output / "results.json"
    for name, path in files.items():
        places: dict[tuple[str, str], list[int]] = {}
        for number, line in enumerate(_text(path).split("\n"), 1):
            for what, value in tell(line):
                places.setdefault((what, value), []).append(number)
        for (what, value), numbers in places.items():
            more = f" (and in {len(numbers) - 1} more lines)" if len(numbers) > 1 else ""
            place = f"{name}:{numbers[0]}"
            found.append(_finding(place, f"{what} {value}{more}", _remedy(name, what)))
    found += _in_results(subject, tell, {one.message for one in found})
    return [*found, *_in_pictures(subject, tell)]


def _pattern(subject: Subject, machine: Machine) -> re.Pattern[str]:
    """Return what is looked for: its groups are named after what they find."""
    own = {str(path) for path in (machine.home, subject.folder.resolve(), subject.output.parent)}
    places = sorted((re.escape(path) for path in own if len(path) > LEAST_LETTERS), reverse=True)
    said = {word.lower() for word in re.findall(r"\w+", _authors(subject.document.report))}
    cited = {word.lower() for word in re.findall(r"\w+", _text(subject.folder / "references.bib"))}
    names = {name.lower() for name in machine.names if len(name) >= LEAST_LETTERS}
    names -= COMMON | said | cited
    parts = [rf"(?P<home>{HOMES})", rf"(?P<drive>{WINDOWS})", rf"(?P<email>{EMAIL.pattern})"]
    if places:
        parts.insert(0, rf"(?P<own>(?<![\w./:-])(?:{'|'.join(places)})(?![\w-]))")
    if names:
        words = "|".join(map(re.escape, sorted(names)))
        parts.append(rf"(?P<name>(?<![\w-])(?i:{words})(?![\w-]))")
    return re.compile("|".join(parts))


def _told(pattern: re.Pattern[str], known: frozenset[str], line: str) -> Iterator[tuple[str, str]]:
    """Yield what a line tells, in words, with the value."""
    for found in pattern.finditer(line):
        kind, value = found.lastgroup, found[0]
        if kind == "email":
            if not (value.lower() in known or NO_PERSON.search(value)):
                yield "the e-mail address", value
        elif kind == "name":
            yield "the name of this machine or its user,", value
        elif (found["unix"] or found["windows"] or "").lower() not in ANYBODY:
            yield "the path of a machine,", value


def _in_results(subject: Subject, tell: Telling, told: set[str]) -> Iterator[Finding]:
    """Yield what outputs of runs tell that the report does not show: they are handed in, too."""
    for name, run in subject.document.finished.items():
        where = lines.of_table(subject.folder, f"runs.{name}")
        values = [one for stored in run.results for one in stored.result.items()]
        for output, text in ((output, text) for output, one in values for text in strings(one)):
            for what, value in tell(text):
                if not any(one.startswith(f"{what} {value}") for one in told):
                    message = f"{what} {value}, in the stored {output} of run {name}"
                    yield _finding(where, message, "have the experiment leave it out")


def _in_pictures(subject: Subject, tell: Telling) -> Iterator[Finding]:
    """Yield what the pictures that go with a report hold beside what one sees."""
    report = subject.document.report
    places = {image.path for image in report.images.values()}
    places |= {unquote(name) for name in subject.document.pictures}
    for place in sorted(places):
        path = subject.folder / place
        if not (path.is_file() and trust.is_inside(subject.folder, path)):
            continue
        for what, value in personal(path):
            if what == "text":
                for kind, text in tell(value):
                    yield _finding(place, f"{kind} {text}, in its metadata", STRIP)
            elif not value or value.lower() not in _authors(report).lower():
                shown = f"{what}, {value}" if value else what
                yield _finding(place, f"{shown}, in its metadata", STRIP)


def _remedy(name: str, what: str) -> str:
    """Return what to do about something in a file of the author's, or in one that a build wrote."""
    if name.endswith(("results.json", "report.lock")):
        return "see which run or text says so, then build again"
    return "write a path relative to the report" if "path" in what else "leave it out"


def _authors(report: Report) -> str:
    return " ".join(f"{one.name} {one.id} {one.email}" for one in report.report.authors)


def _text(path: Path) -> str:
    """Return a file's text, "" of what is no text or too large to be one."""
    with suppress(OSError, UnicodeDecodeError):
        return path.read_text("utf-8") if path.stat().st_size <= MOST_BYTES else ""
    return ""


def _finding(where: str, message: str, remedy: str) -> Finding:
    return Finding(group="identity", where=where, message=message, remedy=remedy)
