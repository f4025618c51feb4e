"""A class of students → their workspaces: one assignment, few choices, many answers.

Each student has the two runs that the assignment sets, one of their own choice, a share of the
text in words of their own, and four answers. Some answers are copied, and named as such, so that
who looks for copies can be judged.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reporter.datasets.generated import Recipe, materialise

if TYPE_CHECKING:
    from pathlib import Path

RATES = (0.3, 0.1, 0.03, 0.01)
SHARES = (4, 6, 8, 10, 12)  # images of each class
CHOICES = tuple((rate, count) for rate in RATES for count in SHARES)
FIXED_RUNS = 4  # results: the data set's, two settings, of which one has two seeds
COPY_EVERY = 50  # the student after each fiftieth copies an answer

ASSIGNMENT = """\
schema = 1

[assignment]
name = "Assignment 3"
course = "Deep Learning"

[submission]
archive = "dl_{id}_a3"
formats = ["pdf", "html"]
max_size = "20 MB"
pages = { limit = 5, without = ["cover", "contents", "references", "appendix"] }
questions = "all"
runs = ["set", "full", "own"]
shared_store = true
"""

REPORT = """\
schema = 1

[report]
name = "a3"
title = "Ten styles from few paintings"
course = "Deep Learning"
assignment = "Assignment 3"
authors = [{{ name = "Student {number:03d}", id = "4{number:03d}" }}]
date = 2026-05-04

[submission]
rules = "assignment.toml"

[data.paintings]
path = "../../paintings"

[weights.formulas]
source = "file:shipped:compact-alexnet.safetensors"

[runs.data]
experiment = "dataset"
data = "paintings"
samples = 1

[runs.set]
experiment = "finetune"
data = "paintings"
model = "compact-alexnet"
weights = "formulas"
train = "head"
head = [10]
rates = [0.1]
epochs = 4
batch = 16
size = 64
seeds = [0, 1]

[runs.full]
base = "set"
train = "all"
rates = [0.01]
seeds = [0]

[runs.own]
base = "set"
rates = [{rate}]
per_class = {count}
seeds = [0]
"""

RESULTS = """\
# Results

The assignment sets two ways to train; the third, with a rate of {{ runs["own"].parameters.rates }}
and {{ runs["own"].parameters.per_class }} images of each class, is a choice of mine.

{{ compare({"set": "last layer", "full": "all layers", "own": "own"}, {"test_accuracy": "test"},
           id="tbl-all", caption="Test accuracy of the three.") }}

{{ figure("own.loss", caption="Loss of the third.") }}

{% claim runs["own"].test_accuracy > runs["set"].test_accuracy %}
The choice paid: {{ runs["own"].test_accuracy | percent }} against
{{ runs["set"].test_accuracy | percent }}.
{% else %}
The choice did not pay: {{ runs["own"].test_accuracy | percent }} against
{{ runs["set"].test_accuracy | percent }}.
{% endclaim %}
"""

QUESTIONS = {
    "q-small": "The data set is small and similar. Fine-tune?",
    "q-large": "The data set is large and similar. Fine-tune?",
    "q-different": "The data set is different. Fine-tune?",
    "q-rate": "What does the rate do?",
}
WORDS = """
layer feature rate image class style weight gradient batch epoch accuracy network texture edge
colour noise sample test loss curve head filter pixel brush shape contrast
"""
VERBS = "keeps loses finds bends repeats hides shows needs follows limits"
HOW = "slowly early often hardly clearly first twice never again together"


@dataclass(frozen=True, kw_only=True)
class Student:
    """One student's workspace.

    Attributes:
        choice: the number of the third run's setting.
        copied_from: the folder name of whose answer this one is; "" of nobody.
    """

    folder: Path
    choice: int
    copied_from: str = ""


def students(root: Path, count: int) -> list[Student]:
    """Write the workspaces of a class below a folder, the images that all of them use beside it."""
    data(root.parent / "paintings")
    made = []
    for number in range(count):
        is_copy = number % COPY_EVERY == COPY_EVERY - 1
        author = number - 1 if is_copy else number
        folder = root / f"student-{number:03d}"
        made.append(
            Student(
                folder=folder,
                choice=number % len(CHOICES),
                copied_from=f"student-{author:03d}" if is_copy else "",
            )
        )
        _write(folder, number, author)
    return made


def data(folder: Path) -> None:
    """Write generated paintings as class folders, unless they are there."""
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        recipe = Recipe(source="paintings", classes=10, train=12, test=20, size=96, level=1)
        materialise(recipe, folder.parent / "cache").rename(folder)


def _write(folder: Path, number: int, author: int) -> None:
    """Write one workspace, its first answer as `author` wrote it."""
    (folder / "sections").mkdir(parents=True)
    rate, count = CHOICES[number % len(CHOICES)]
    own = random.Random(f"text {number}")
    answers = {
        name: _prose(random.Random(f"{author} {name}") if name == "q-small" else own, 60)
        for name in QUESTIONS
    }
    files = {
        "report.toml": REPORT.format(number=number, rate=rate, count=count),
        "assignment.toml": ASSIGNMENT,
        "sections/01-introduction.md": f"# Introduction\n\n{_prose(own, 120)}\n",
        "sections/02-results.md": f"{RESULTS}\n{_prose(own, 80)}\n",
        "sections/03-questions.md": "# Questions\n\n{{ questions() }}\n",
        "questions.md": "\n".join(
            f"## {name} {{points=2}}\n\n{text}\n\n### Answer\n\n{answers[name]}\n"
            for name, text in QUESTIONS.items()
        ),
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def _prose(source: random.Random, words: int) -> str:
    """Return sentences of about so many words: no two students' are alike."""
    sentences: list[str] = []
    while sum(len(sentence.split()) for sentence in sentences) < words:
        one, two, three = source.sample(WORDS.split(), 3)
        how, verb = source.choice(HOW.split()), source.choice(VERBS.split())
        sentences.append(f"The {one} of a {two} {how} {verb} the {three}.")
    return " ".join(sentences)
