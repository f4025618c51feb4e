"""Bundles → verdicts on each, in parallel, and what several of them have in common."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reporter.errors import ReportError
from reporter.rules.reading import assignment
from reporter.verify.apart import judged_apart
from reporter.verify.gathered import gathered
from reporter.verify.likeness import alike, given
from reporter.verify.one import Question
from reporter.verify.origins import common
from reporter.verify.rerun import rerun
from reporter.verify.verdicts import note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from reporter.verify.likeness import Alike
    from reporter.verify.origins import Common
    from reporter.verify.rerun import Sample
    from reporter.verify.verdicts import Judged


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is asked about bundles.

    Attributes:
        rules: the course's assignment.toml.
        workers: bundles that are looked at side by side.
        sample: of the runs to compute again; None: no code of a bundle is run.
        is_trusted: whether that may be.
    """

    rules: Path | None = None
    workers: int = 1
    sample: Sample | None = None
    is_trusted: bool = False


@dataclass(frozen=True, kw_only=True)
class Verified:
    """Every bundle in order, and what is for a person to judge."""

    bundles: tuple[Judged, ...]
    alike: tuple[Alike, ...]
    common: tuple[Common, ...]

    @property
    def is_good(self) -> bool:
        """Tell whether nothing bad was found in any."""
        return all(one.is_good for one in self.bundles)


def verify(
    paths: Iterable[Path], asked: Asked, watch: Callable[[Judged], None] = lambda _: None
) -> Verified:
    """Judge all bundles that are named, or that lie in folders that are.

    Args:
        paths: files and folders.
        asked: about each.
        watch: told of each as it is done.

    Raises:
        ReportError: a path is missing, the rules can't be read, or code would be run untrusted.
    """
    if asked.sample and not asked.is_trusted:
        told = "--rerun runs what the bundles' authors wrote; look at it, then allow it"
        raise ReportError(f"{told} with --trust")
    bundles = gathered(paths)
    folders = []
    if asked.rules:
        assignment(asked.rules)
        folders = [asked.rules.resolve().parent]
    question = Question(rules=asked.rules.resolve() if asked.rules else None)
    found: dict[int, Judged] = {}
    for place, one in judged_apart(bundles, question, asked.workers):
        found[place] = one
        watch(one)
    judged = [_again(found[place], path, asked) for place, (path, _) in enumerate(bundles)]
    is_class = len(judged) > 1
    return Verified(
        bundles=tuple(judged),
        alike=alike(judged, given(folders)) if is_class else (),
        common=common(judged, is_declared=asked.rules is not None) if is_class else (),
    )


def _again(judged: Judged, path: Path, asked: Asked) -> Judged:
    """Add what computing a sample of its runs again shows, or that this was not done."""
    if not judged.kept:
        return judged
    if asked.sample is None:
        told = "nothing was computed again, so a result that was stored falsely is not noticed"
        return replace(judged, verdicts=(*judged.verdicts, note("rerun", "", f"{told}: --rerun N")))
    return replace(judged, verdicts=(*judged.verdicts, *rerun(path, asked.sample)))
