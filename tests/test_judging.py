"""Rules of a course and a built report → what it breaks; each rule is kept once and broken once."""

import datetime as dt
from dataclasses import replace

import pytest

from reporter import pdf
from reporter.check.paging import counted, parts, smallest
from reporter.check.rules import broken, judged, noted, of_archive, of_files
from reporter.check.subject import Subject
from reporter.pdf.reading import Pages, Stretch, read
from reporter.prose.page import whole
from reporter.rules import Rules
from reporter.submission import Submission
from tests.composing import compose
from tests.workspaces import finished

NOW = dt.datetime(2026, 5, 4, 12, 0, tzinfo=dt.UTC)
APART = ["cover", "contents", "references", "appendix"]
SECTIONS = {
    "01-results.md": '# Results\n\n{{ figure("one.loss", caption="Loss.") }}\n\n'
    '{{ table("one.rates", caption="Rates.") }}\n\nAs [@a] says.\n\n'
    '{{ question("q-a") }}\n\n{{ question("q-b") }}\n',
    "02-ai-use.md": "# Use of AI\n\nA model proofread this text, nothing else.\n",
    "03-tools.md": "# Tools\n\n| tool | for what |\n|---|---|\n| a model | spelling |\n",
}
QUESTIONS = "## q-a {points=2}\n\nWhy?\n\n### Answer\n\nSo.\n\n## q-b\n\nHow?\n\n### Answer\n"
REFERENCES = (
    "@book{a, author={A. Example}, title={T}, year={2020}, publisher={P}, url={https://a.org}}"
)


@pytest.fixture(scope="module")
def subject(tmp_path_factory):
    """Return a report of three sections, built."""
    folder = tmp_path_factory.mktemp("judged")
    (folder / "outputs").mkdir()
    (folder / "outputs" / "a.csv").write_text("1,2\n")
    (folder / "experiments").mkdir()
    (folder / "experiments" / "try.ipynb").write_text("{}")
    document = compose(folder, SECTIONS, questions=QUESTIONS, references=REFERENCES)
    html = whole(document)
    output = folder / "build" / "tiny"
    output.mkdir(parents=True)
    (output / "report.html").write_text(html)
    (output / "report.pdf").write_bytes(pdf.render(html))
    return Subject(
        document=document,
        folder=folder,
        output=output,
        lock=folder / "report.lock",
        pages=read((output / "report.pdf").read_bytes(), "report.pdf"),
        html=html.encode(),
        states={},
        shown={},
        is_current=True,
        now=NOW,
    )


def rules(**given):
    """Return rules that a report.toml has."""
    submission = Submission.model_validate(given)
    return Rules(given=submission, sources=dict.fromkeys(given, "report.toml"))


def told(found):
    """Return findings as lines."""
    return [f"{one.where}: {one.message}; {one.remedy}" for one in found]


IN_TOML = "report.toml: submission."
KEPT_AND_BROKEN = [  # a rule that the report keeps, one that it breaks, and the line that tells it
    (
        {"archive": "{name}_a3"},
        {"archive": "{id}_a3"},
        (
            "report.toml: report.authors.id: missing or empty, but the archive's name has {id}; "
            "add id = …"
        ),
    ),
    (
        {"file_sizes": {"report.pdf": "9 MB"}},
        {"file_sizes": {"*.csv": "3 B"}, "attach": ["outputs/*.csv"]},
        f"{IN_TOML}file_sizes: outputs/a.csv has 4 bytes, 3 (3 bytes) at most; make it smaller",
    ),
    (
        {"pages": {"limit": 1, "without": [*APART, "ai-use", "tools"]}},
        {"pages": {"limit": 1, "without": APART}},
        (
            f"{IN_TOML}pages: 2 pages count, 1 at most: page 3, in ai-use, is the first too many; "
            "shorten the text, or show fewer figures"
        ),
    ),
    (
        {"min_font_size": 9.5},
        {"min_font_size": 9.6},
        (
            "report.pdf, page 2: “Figure 1 Loss. run one” is set in 9.5 points, 9.6 at least; "
            "say it in a paragraph, whose letters are larger"
        ),
    ),
    (
        {"sections": ["results", "tools"]},
        {"sections": ["result"]},
        (
            f"{IN_TOML}sections: the section result is required, and there is none; "
            "write sections/NN-result.md; did you mean 'results'?"
        ),
    ),
    (
        {"questions": {"q-a": 2}},
        {"questions": ["q-a", "q-c"]},
        (
            f"{IN_TOML}questions: the question q-c is required, and there is none; "
            "add ## q-c to questions.md"
        ),
    ),
    (
        {"questions": ["q-a"]},
        {"questions": "all"},
        "questions.md:9: the question q-b is required, and has no answer; write one",
    ),
    (
        {"questions": {"q-a": 2.0}},
        {"questions": {"q-a": 2.5}},
        "questions.md:1: q-a has 2 points here, and 2.5 points by the rules; write {points=2.5}",
    ),
    (
        {"figures": ["fig-one-loss"]},
        {"figures": ["fig-one-los"]},
        (
            f"{IN_TOML}figures: the figure fig-one-los is required, and there is none; show it "
            "in a section with id=\"fig-one-los\"; did you mean 'fig-one-loss'?"
        ),
    ),
    (
        {"tables": ["tbl-one-rates"]},
        {"tables": ["tbl-x"]},
        (
            f"{IN_TOML}tables: the table tbl-x is required, and there is none; show it in a "
            'section with id="tbl-x"'
        ),
    ),
    (
        {"runs": ["one", "two"]},
        {"runs": ["full"]},
        f"{IN_TOML}runs: the run full is required, and there is none; add [runs.full]",
    ),
    (
        {"required_files": ["report.toml", "sections/*.md"]},
        {"required_files": ["*.csv"]},
        f'{IN_TOML}required_files: no file like *.csv is handed in; add attach = ["*.csv"]',
    ),
    (
        {"forbidden": ["*.pt"]},
        {"forbidden": ["*.ipynb"]},
        (
            f"{IN_TOML}forbidden: experiments/try.ipynb is handed in, and *.ipynb is forbidden; "
            "take it out of attach, or out of the report"
        ),
    ),
    (
        {"forbidden": ["*.pt"], "attach": ["outputs/*"]},
        {"forbidden": ["*.csv"], "attach": ["outputs/*"]},
        (
            f"{IN_TOML}forbidden: outputs/a.csv is handed in, and *.csv is forbidden; take it "
            "out of attach, or out of the report"
        ),
    ),
    (
        {"ai_use": {"words": 7}},
        {"ai_use": {"words": 8}},
        (
            "sections/02-ai-use.md: the use of AI is stated in 7 words, 8 at least; "
            "say what was used, where and for what"
        ),
    ),
    (
        {"ai_use": {"section": "tools", "form": "table", "words": 5}},
        {"ai_use": {"section": "ai-use", "form": "table", "words": 5}},
        (
            "sections/02-ai-use.md: the use of AI is to be stated by a table, and there is none; "
            "add a table: tool, where, for what"
        ),
    ),
    (
        {"ai_use": {"words": 1}},
        {"ai_use": {"words": 1, "section": "disclosure"}},
        (
            f"{IN_TOML}ai_use: the use of AI is to be stated in the section disclosure, and there "
            "is none; write sections/NN-disclosure.md"
        ),
    ),
    (
        {"deadline": NOW + dt.timedelta(minutes=1)},
        {"deadline": NOW - dt.timedelta(days=1, hours=3, minutes=20)},
        (
            f"{IN_TOML}deadline: 3 May 2026, 08:40 (UTC) passed 1 day 3 hours ago; "
            "ask whether late work is taken"
        ),
    ),
]


@pytest.mark.parametrize(("kept", "unkept", "line"), KEPT_AND_BROKEN)
def test_a_rule_that_is_kept_is_silent_and_one_that_is_broken_is_told(subject, kept, unkept, line):
    """Where, what, and what to do; of each rule of the table, and by its key."""
    assert judged(rules(**kept), subject) == []
    found = broken(rules(**unkept), subject)
    assert {key: told(lines) for key, lines in found.items() if lines} == {
        next(iter(unkept)): [line]
    }


def test_every_rule_is_judged_here(subject):
    """A key without a case in this file would be one that nobody has seen work."""
    elsewhere = {"formats", "hardware"}  # each has a test below
    no_rules = {"rules", "attach", "time_zone", "shared_store", "canvas", "max_size"}
    seen = {key for kept, _, _ in KEPT_AND_BROKEN for key in kept} - {"attach"}
    assert seen | elsewhere == set(broken(rules(), subject))
    assert seen | elsewhere | no_rules == set(Submission.model_fields)


def test_the_moment_of_the_deadline_is_late(subject):
    """Before it, the time that is left is noted."""
    due = rules(deadline=NOW)
    assert len(judged(due, subject)) == 1
    assert noted(due, subject) == []
    just = rules(deadline=NOW + dt.timedelta(hours=25, minutes=2))
    assert told(noted(just, subject)) == [
        f"{IN_TOML}deadline: 1 day 1 hour left until 5 May 2026, 13:02 (UTC); "
    ]


def test_a_format_that_was_not_built_is_told(subject, tmp_path):
    """The files of the last build are looked at."""
    asked = rules(formats=["html"])
    assert judged(asked, subject) == []
    assert told(judged(asked, replace(subject, output=tmp_path))) == [
        (
            f"{IN_TOML}formats: report.html is to be handed in, and there is none; make it by "
            "`report build`"
        )
    ]


def test_hardware_and_time_of_each_run_stand_in_the_built_report(subject):
    """In the PDF, or in the HTML; a run that they leave out is named, and so is an empty report."""
    asked = rules(hardware=True)
    assert judged(asked, subject) == []
    assert judged(asked, replace(subject, pages=None)) == []
    not_built = replace(subject, pages=None, html=None)
    unsaid = "hardware: the built report doesn't say what computed"
    remedy = "build the whole report anew"
    assert told(judged(asked, not_built)) == [
        f"{IN_TOML}{unsaid} one and two in what time; {remedy}"
    ]
    later = {**subject.document.finished, "three": finished("three", subject_result(subject))}
    changed = replace(subject, document=replace(subject.document, finished=later))
    assert told(judged(asked, changed)) == [f"{IN_TOML}{unsaid} three in what time; {remedy}"]
    empty = replace(subject, document=replace(subject.document, finished={}))
    assert told(judged(asked, empty)) == [f"{IN_TOML}{unsaid} any run in what time; {remedy}"]


def subject_result(subject):
    """Return a result of the report."""
    return subject.document.finished["two"].results[0].result


def test_an_archive_and_its_files_are_judged_by_their_sizes(subject):
    """Exactly the limit is within it."""
    asked = rules(max_size="20 MB", file_sizes={"outputs/*.csv": "1.5 kB"}, forbidden=["*.pt"])
    assert of_archive(asked, "a.zip", 20_000_000) == []
    assert told(of_archive(asked, "a.zip", 20_000_001)) == [
        (
            f"{IN_TOML}max_size: a.zip has 20,000,001 bytes, 20,000,000 (20 MB) at most; attach "
            "less, or smaller pictures"
        )
    ]
    assert of_files(asked, {"outputs/a.csv": 1500, "b.csv": 9999}) == []
    assert told(of_files(asked, {"outputs/a.csv": 1501, "deep/x.pt": 1})) == [
        (
            f"{IN_TOML}forbidden: deep/x.pt is handed in, and *.pt is forbidden; take it "
            "out of attach, or out of the report"
        ),
        (
            f"{IN_TOML}file_sizes: outputs/a.csv has 1,501 bytes, 1,500 (1.5 kB) at most; make it "
            "smaller"
        ),
    ]


def line(text, height, kind="P", size=11.0, block=1):
    """Return one line of a page."""
    return Stretch(text=text, size=size, height=height, kind=kind, block=block)


def test_a_page_counts_if_anything_on_it_counts():
    """References that begin after text share its page, and those on top of one do not."""
    head = line("3", 20, "Artifact")
    body = [line("text", 700)]
    places = {"chapter-a": 2, "references": 3, "appendix": 4}
    pages = Pages(
        texts=("",) * 4,
        stretches=((line("Title", 700),), (*body, head), (*body, head), (*body, head)),
        places=places,
        heights={"chapter-a": 765.0, "references": 500.0, "appendix": 765.0},
    )
    assert [part.name for part in parts(pages)] == ["cover", "a", "references", "appendix"]
    assert counted(pages, APART) == {2: "a", 3: "a"}
    on_top = replace(pages, heights={**pages.heights, "references": 765.0})
    assert counted(on_top, APART) == {2: "a"}
    assert counted(on_top, ["cover", "appendix"]) == {2: "a", 3: "references"}
    assert counted(on_top, ["a", "references"]) == {1: "cover", 4: "appendix"}


def test_the_size_of_a_text_is_that_of_most_of_its_letters():
    """Marks and words of code are apart, and so are labels, running heads, and what is left out."""
    page = (
        line("Head", 800, "Artifact", 5.0),
        line("Running text with ", 700),
        line("code", 700, size=8.8),
        line("label", 600, "Figure", 6.0),
        line("below a picture", 590, "Div", 7.9, 2),
        line("listing", 580, "Sect", 6.2, 3),
        line("A caption", 500, "Caption", 9.5, 4),
        line("1. a footnote", 90, "Document", 9.2, 5),
        line("reference", 80, "LBody", 9.0, 6),
    )
    pages = Pages(
        texts=("",),
        stretches=(page,),
        places={"chapter-a": 1, "references": 1},
        heights={"chapter-a": 765.0, "references": 85.0},
    )
    found = smallest(pages, ["references"])
    assert (found.page, found.size, found.text) == (1, 9.2, "1. a footnote")
    assert smallest(pages, []).text == "reference"
    assert smallest(pages, ["cover", "a", "references"]) is None
