"""Every shipped report: it parses, plans, cites what its bibliography has, and answers."""

import re
from datetime import UTC, datetime

import pypdfium2
import pytest

from reporter import report, rules, shipped
from reporter.build import Request, build, current_plan, open_workplace
from reporter.check import of_text
from reporter.check.rules import judged
from reporter.datasets.paintings import STYLES
from reporter.examine import subject
from reporter.prose import bibliography
from reporter.prose.markdown import CITATION
from reporter.prose.needs import needed_runs
from reporter.prose.questions import read_questions
from reporter.prose.sections import read_sections

FOLDER = shipped.folder("templates")
TEMPLATES = shipped.templates()
COSTLY = {"demo", "pretraining"}  # demo is built in test_demo; pretraining draws 192 classes first
OPEN = {"assignment-sheet"}  # hands out questions that students answer
BUILT = sorted(set(TEMPLATES) - COSTLY)  # as their own quick settings say, with small networks


def texts(name):
    """Return all prose of a report, without the comments that no reader sees."""
    files = [FOLDER / name / "abstract.md", FOLDER / name / "questions.md"]
    files += sorted((FOLDER / name / "sections").glob("*.md"))
    text = "\n".join(file.read_text() for file in files if file.is_file())
    return re.sub(r"\{#(?!sec-).*?#\}", "", text, flags=re.DOTALL)


def letters(text):
    """Return a text without spaces and hyphens, since lines of a page break where they will."""
    return re.sub(r"[^a-zA-Z0-9@.]", "", text)


def lone_claims(text):
    """Return the expressions of claims without an else of their own."""
    found, open_tags = [], []
    for tag, rest in re.findall(r"{%-? *(claim|if|for|else|endclaim|endif|endfor)\b(.*?)%}", text):
        if tag.startswith("end"):
            kind, expression, has_else = open_tags.pop()
            found += [expression] if kind == "claim" and not has_else else []
        elif tag == "else":
            open_tags[-1][2] = True
        else:
            open_tags.append([tag, rest.strip(), False])
    return found


def test_a_claim_without_else_is_found_among_others():
    """The else of an inner claim, or of an if, is not that of the claim around it."""
    inner = "{% claim b %}x{% else %}y{% endclaim %}{% if c %}x{% else %}y{% endif %}"
    assert lone_claims("{% claim a %}" + inner + "{% endclaim %}") == ["a"]
    assert lone_claims("{% claim a %}" + inner + "{% else %}z{% endclaim %}") == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_text_parses_and_names_only_runs_that_exist(name):
    """Syntax, undefined names and unknown runs are found without running anything."""
    opened = report.load(FOLDER / name)
    assert opened.name == name
    sections = tuple(section.id for section in read_sections(opened))
    assert set(needed_runs(opened, sections)) <= set(opened.runs)


@pytest.mark.parametrize("name", sorted(set(TEMPLATES) - COSTLY))
def test_a_quick_build_can_be_planned_without_data_photographs_or_weights(name, demo_root):
    """Every run gets a job from generated stand-ins; each stand-in is told."""
    request = Request(folder=FOLDER / name, root=demo_root, is_quick=True)
    place = open_workplace(request)
    planned = current_plan(place)
    assert set(planned.runs()) == set(place.report.runs)
    notes = {note for job in planned.jobs for note in job.notes}
    for image, spec in place.report.images.items():
        if not (FOLDER / name / spec.path).is_file():
            assert f"a generated picture in place of the photograph {image}" in notes
    for data, spec in place.report.data.items():
        if spec.path and spec.quick:
            kind = "pictures" if (spec.class_count or 0) > len(STYLES) else "paintings"
            assert f"generated {kind} in place of the data set {data}" in notes


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_bibliography_holds_what_is_cited_and_nothing_else(name):
    """Each entry says by whom, when and where; a key without entry would stand as a hole."""
    cited = {key.strip(" @") for keys in CITATION.findall(texts(name)) for key in keys.split(";")}
    entries = bibliography.read(FOLDER / name / "references.bib")
    assert cited == set(entries)
    for key, entry in entries.items():
        assert {"author", "title", "issued", "URL"} <= set(entry), key


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_question_is_placed_and_answered(name):
    """Only the assignment sheet hands out questions that are open."""
    questions = read_questions(FOLDER / name)
    for key, question in questions.items():
        assert f'question("{key}")' in texts(name), key
        assert question.is_answered or name in OPEN, key


@pytest.mark.parametrize("name", BUILT)
def test_answers_to_questions_of_theory_cite(name):
    """An answer without a number of its own names a source."""
    for key, question in read_questions(FOLDER / name).items():
        if question.is_answered and "{{" not in question.answer:
            assert CITATION.search(question.answer), key


@pytest.mark.parametrize("name", TEMPLATES)
def test_claims_have_a_sentence_for_either_case(name):
    """A shipped text stays true on data that its author has not seen."""
    assert not lone_claims(texts(name)) or name == "pretraining"  # its numbers are shipped


@pytest.mark.parametrize("name", TEMPLATES)
def test_each_has_the_rules_of_a_course(name):
    """Of pages, AI use and hardware at least; each has its sentence, and the archive a name."""
    opened = report.load(FOLDER / name)
    found = rules.read(opened)
    assert {"pages", "ai_use", "hardware"} <= set(found.sources)
    assert len(rules.sentences(found)) == len(found.sources)
    assert rules.archive_name(found, opened).endswith(".zip")


@pytest.fixture(scope="module", params=BUILT)
def built(request, demo_root):
    """Return a report as `report build --quick` leaves it."""
    return build(Request(folder=FOLDER / request.param, root=demo_root, is_quick=True))


def test_a_quick_build_is_whole(built):
    """Every run has its result, nothing is to mend but open questions, no number is typed."""
    assert {outcome.state for outcome in built.outcomes} <= {"ran", "cached"}
    assert not built.document.broken
    told = [problem.message for problem in of_text(built.document)]
    assert [message for message in told if "has no answer" not in message] == []
    assert built.is_well == (built.report.name not in OPEN)


def test_a_quick_build_keeps_the_rules(built, demo_root):
    """Of the sheet, questions are open, and each one is told."""
    request = Request(folder=FOLDER / built.report.name, root=demo_root, is_quick=True)
    found = judged(rules.read(built.report), subject(request, datetime(2026, 1, 1, tzinfo=UTC)))
    assert bool(found) == (built.report.name in OPEN)
    assert {one.message for one in found} == {
        f"the question {name} is required, and has no answer"
        for name, _ in built.document.unanswered
    }


def test_page_one_tells_of_the_stand_ins(built):
    """Data, photographs and weights are not the real ones, and the cover says so."""
    cover = pypdfium2.PdfDocument(built.files[1])[0].get_textpage().get_text_range()
    said = letters(cover)
    wanted = ["Provisional", "A. Example", "a@example.org"]
    wanted += [f"random weights in place of {name}" for name in built.report.weights]
    wanted += [f"in place of the photograph {name}" for name in built.report.images]
    wanted += [
        f"in place of the data set {name}" for name, one in built.report.data.items() if one.path
    ]
    assert [words for words in wanted if letters(words) not in said] == []


def test_every_photograph_stands_beside_its_map(built):
    """Five pairs, each with the name of the photograph and of the class that is explained."""
    if not built.report.name.startswith("alexnet"):
        pytest.skip("draws its saliency maps in one figure, or none")
    html = built.files[0].read_text()
    for name in built.report.images:
        pair = re.search(rf'<figure id="fig-{name}".*?</figure>', html, re.DOTALL)[0]
        assert pair.count("<img") == 2
        assert f"<span>{name}</span>" in pair
        assert "<span>saliency of " in pair
