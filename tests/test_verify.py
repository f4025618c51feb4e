"""Verify: a good bundle is told good, and each planted defect by the line that names it."""

import re
import shutil
from pathlib import Path

import pytest

from reporter import pdf
from reporter.verify.one import Question, judge
from reporter.verify.rebuilt import rebuilt
from reporter.verify.verdicts import CHECKS
from tests import bundles
from tests.planted import DEFECTS


class Press:
    """Makes pages again; draws equal figures once, and prints only what is looked at on paper.

    Attributes:
        is_paper: whether a page that differs from the good one is printed, or the good one is
            taken for it.
    """

    def __init__(self, drawn: Path):
        self.drawn, self.printed, self.is_paper = drawn, {}, True

    def __call__(self, folder: Path):
        figures = folder / "build" / "figures"
        shutil.copytree(self.drawn, figures)
        try:
            return rebuilt(folder, self.render)
        finally:
            shutil.copytree(figures, self.drawn, dirs_exist_ok=True)

    def render(self, html, enclosed):
        known = repr((html, sorted(enclosed.items())))
        if self.printed and not self.is_paper:
            return next(iter(self.printed.values()))
        if known not in self.printed:
            self.printed[known] = pdf.render(html, enclosed)
        return self.printed[known]


@pytest.fixture(scope="module")
def press(handed_in, tmp_path_factory):
    """Return a press that has printed the good bundle."""
    press = Press(tmp_path_factory.mktemp("figures"))
    assert judge(handed_in, "good", Question(make=press)).is_good
    return press


def test_a_good_bundle_is_good(handed_in, press):
    """Every check was made, and none found anything."""
    judged = judge(handed_in, "a.zip", Question(make=press))
    assert [one.line for one in judged.verdicts if one.state != "good"] == []
    assert {one.check for one in judged.verdicts} == {*CHECKS} - {"rerun"}


@pytest.mark.parametrize("name", DEFECTS)
def test_a_planted_defect_is_named(handed_in, press, tmp_path, name):
    """Whatever digests say: the script has mended them all."""
    plant, check, told = DEFECTS[name]
    press.is_paper = check == "pdf"
    one = bundles.opened(handed_in, press)
    plant(one)
    judged = judge(bundles.write(one, tmp_path), name, Question(make=press))
    lines = [f"{one.check} {one.line}" for one in judged.verdicts if one.state == "bad"]
    assert any(line.startswith(check) and re.search(told, line) for line in lines), lines


def test_a_course_has_the_last_word(handed_in, press, tmp_path):
    """Its own rules count, whatever the bundle says; when that came no bundle can say."""
    (tmp_path / "assignment.toml").write_text(
        'schema = 1\n[assignment]\nname = "Three"\n[submission]\narchive = "{surname}"\n'
        'sections = ["outlook"]\ndeadline = 2020-05-04T23:59:00Z\n'
    )
    asked = Question(rules=tmp_path / "assignment.toml", make=press)
    said = {one.line: one.state for one in judge(handed_in, "a.zip", asked).verdicts}
    section = "assignment.toml: submission.sections: the section outlook is required, and there is"
    assert said[f"{section} none"] == "bad"
    assert [state for line, state in said.items() if "'Example.zip' is asked for" in line] == [
        "bad"
    ]
    due = "deadline 4 May 2020, 23:59 (UTC) is not judged: no bundle says when it came"
    assert said[due] == "note"
