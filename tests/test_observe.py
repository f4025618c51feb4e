"""`observe` in a report: a paragraph of claims, traceable and of one mind."""

import html
import re
from dataclasses import replace

import pytest

from reporter.artifacts import Metric, Result
from reporter.errors import ReportError
from reporter.prose import document
from reporter.prose.needs import needed_runs
from tests.histories import drawn, losses, metric
from tests.workspaces import finished, opened

PLAIN = Result(
    train_accuracy=metric((0.448, 0.52, 0.58, 0.62, 0.658), "train"),
    test_accuracy=metric((0.346, 0.38, 0.413, 0.372, 0.409), "test"),
)
LOSSES = Result(
    train_loss=metric((1.6, 1.3, 1.1, 0.9, 0.8), "train", unit="nats"),
    validation_loss=metric((1.7, 1.5, 1.55, 1.7, 1.8), "validation", unit="nats"),
    loss=losses(*(1.0, 1.1) * 20),
)
DATA = re.compile(r'<data value="[^"]*" data-source="([^"]*)">(.*?)</data>')


def _composed(folder, text, *runs):
    known = {run.name: run for run in runs}
    tables = "".join(f'[runs.{name}]\nexperiment = "toy"\n' for name in known)
    return document.compose(opened(folder, {"01-a.md": f"# A\n\n{text}\n"}, tables), known, folder)


def _html(composed):
    return "".join(composed.set(chapter.html) for chapter in composed.chapters).split("</h2>")[1]


def _text(composed):
    plain = html.unescape(re.sub(r"<[^>]+>", "", _html(composed)))
    return " ".join(plain.replace("\u202f", " ").split())


def _observed(folder, *results, call='observe(runs["one"])', **changes):
    return _composed(folder, f"{{{{ {call} }}}}", finished("one", *results, **changes))


def test_a_paragraph_says_what_the_readings_show(tmp_path):
    """Every sentence is a claim that holds, at the line of the call."""
    composed = _observed(tmp_path, PLAIN)
    shown = _text(composed)
    for words in ("44.8 %", "65.8 %", "41.3 %", "4.1 points", "24.9 points"):
        assert words in shown
    assert [claim.verdict for claim in composed.claims] == ["holds"] * shown.count(". ") + ["holds"]
    assert {claim.where for claim in composed.claims} == {"sections/01-a.md:3"}
    assert "[claim" not in shown


def test_every_number_is_traceable(tmp_path):
    """No digit stands outside an element that names its source; the source gives that number."""
    page = _html(_observed(tmp_path, Result(**PLAIN, **LOSSES)))
    assert not re.search(r"\d", re.sub(r"<[^>]+>", "", DATA.sub("", page)))
    sources = dict(DATA.findall(page))
    assert sources["one/test_accuracy/epoch-3"] == "41.3\u202f%"
    assert sources["one/test_accuracy/epoch-3/epoch"] == "3"


def test_a_run_without_rates_is_observed_without_its_fluctuation(tmp_path):
    """`pretrain` returns a loss over epochs and no rate that would name its curve."""
    course = metric((0.2, 0.6, 0.9), "train")
    course = replace(
        course, rate=None, history=tuple(replace(r, rate=None) for r in course.history)
    )
    text = _text(_observed(tmp_path, Result(train_accuracy=course, loss=losses(*(1.0, 1.1) * 20))))
    assert "90.0 %" in text
    assert "fluctuat" not in text


def test_topics_choose_what_is_told(tmp_path):
    """Losses alone, one metric alone, or the usual."""
    both = Result(**PLAIN, **LOSSES)
    loss = _text(_observed(tmp_path / "a", both, call='observe(runs["one"], "loss")'))
    assert "accuracy" not in loss
    assert "over-fitting" in loss
    assert "of its mean" in loss or "of the mean loss" in loss
    single = _text(_observed(tmp_path / "b", both, call='observe(runs["one"], "test_accuracy")'))
    assert "loss" not in single
    assert "training" not in single
    assert "41.3 %" in single


def test_a_quick_run_is_not_judged_and_says_so_once(tmp_path):
    """As other claims over stand-ins."""
    composed = _observed(tmp_path, PLAIN, notes=("short quick settings",))
    assert {claim.verdict for claim in composed.claims} == {"not judged"}
    assert _text(composed).count("[claim not judged]") == 1
    assert composed.broken == ()


def test_a_failed_run_leaves_a_box_that_is_undecided(tmp_path):
    """With the run and its error; nothing is broken, in a comparison too."""
    text = '{{ observe(runs["bad"]) }}\n\n{{ observe(runs["one"], runs["bad"]) }}'
    runs = finished("one", PLAIN), finished("bad", error="loss is nan; lower the rate")
    composed = _composed(tmp_path, text, *runs)
    assert [claim.verdict for claim in composed.claims] == ["undecided"] * 2
    box = "[claim undecided] Nothing observed: run bad. loss is nan; lower the rate"
    assert _text(composed).count(box) == 2
    assert composed.broken == ()


def test_a_false_fact_would_be_a_broken_claim(tmp_path, monkeypatch):
    """The judge looks at the printed values again and trusts no word of the paragraph."""
    from reporter.prose import observations

    true = observations.of_course

    def turned(course):
        first, *rest = true(course)
        places = {"first": first.slots["last"], "last": first.slots["first"]}
        return replace(first, slots={**first.slots, **places}), *rest

    monkeypatch.setattr(observations, "of_course", turned)
    composed = _observed(tmp_path, PLAIN, call='observe(runs["one"], "train_accuracy")')
    assert [claim.verdict for claim in composed.claims] == ["broken", "holds"]
    assert "[claim broken: " in _text(composed)


def test_several_seeds_and_rates_are_said_once(tmp_path):
    """The paragraph begins with what holds for all of it."""
    one = metric((0.3, 0.5), "test", other_rate=(0.1, 0.1))
    two = metric((0.4, 0.5), "test", other_rate=(0.1, 0.1))
    composed = _observed(tmp_path, Result(test_accuracy=one), Result(test_accuracy=two))
    text = _text(composed)
    assert text.startswith("At the selected learning rate of 0.01 and on average over 2 seeds, the")
    assert "35.0 %" in text
    other = replace(two, rate=0.1, history=one.history[:2], value=0.1)
    composed = _observed(tmp_path, Result(test_accuracy=one), Result(test_accuracy=other))
    assert _text(composed).startswith("On average over 2 seeds, each at the learning rate selected")


def test_one_epoch_and_one_reading_are_told_plainly(tmp_path):
    """There is no course, so there is no rise."""
    once = Result(train_accuracy=metric((0.4,), "train"), test_accuracy=metric((0.3,), "test"))
    text = _text(_observed(tmp_path / "a", once))
    assert "10.0 points" in text
    assert "epoch" not in text
    value = Result(cv_accuracy=Metric(value=0.5), dimensions=Metric(value=3, unit="count"))
    text = _text(_observed(tmp_path / "b", value))
    assert text == "The cv accuracy is 50.0 %."


def test_a_course_that_starts_before_training_says_so(tmp_path):
    """Epoch 0 is no epoch of training."""
    started = metric((0.1, 0.5), "test")
    history = tuple(replace(r, epoch=r.epoch - 1) for r in started.history)
    composed = _observed(tmp_path, Result(test_accuracy=replace(started, history=history)))
    assert "before training" in _text(composed)
    assert "epoch 0" not in _text(composed)


def _two(folder, first, second, call='observe(runs["a"], runs["b"])'):
    runs = [
        finished(name, *(Result(test_accuracy=Metric(value=v, split="test")) for v in values))
        for name, values in (("a", first), ("b", second))
    ]
    return _composed(folder, f"{{{{ {call} }}}}", *runs)


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ((0.5, 0.51, 0.52), (0.6, 0.61, 0.62), ("b", "a", "10.0 points", "the 3 seeds show")),
        ((0.7, 0.5, 0.6), (0.6, 0.5, 0.69), ("a", "b", "0.3 points", "not")),
        ((0.7,), (0.6,), ("a", "b", "10.0 points", "one seed cannot show")),
        ((0.6,), (0.6,), ("a and b", "60.0 %")),
        ((0.6, 0.7), (0.6,), ("a", "b", "5.0 points", "different seeds")),
    ],
)
def test_two_runs_are_compared_with_what_their_seeds_show(tmp_path, first, second, words):
    """The evidence is that of clearly_above."""
    composed = _two(tmp_path, first, second)
    (claim,) = composed.claims
    assert claim.verdict == "holds"
    for word in words:
        assert word in _text(composed)


def test_runs_in_a_comparison_may_have_other_names(tmp_path):
    """They print as they are given, not as Markdown."""
    text = _text(
        _two(tmp_path, (0.7,), (0.6,), 'observe(runs["a"], runs["b"], names=["*A*", "B"])')
    )
    assert "*A*" in text


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ('observe("loss")', 'observe: takes one run or two, such as runs["x"], then metrics'),
        ('observe(runs["one"], 3)', "observe: takes one run or two"),
        ('observe(runs["one"], "los")', "observe: no metric is called 'los'; did you mean 'loss'?"),
        ('observe(runs["one"], names=["a", "b"])', "observe: 1 runs, but 2 names"),
        (
            'observe(runs["one"], runs["one"], "cv_accuracy")',
            "observe: 'one' and 'one' share no 'cv_accuracy'",
        ),
    ],
)
def test_a_wrong_call_is_told_with_its_line(tmp_path, call, told):
    """One line, with the remedy."""
    with pytest.raises(ReportError) as caught:
        _observed(tmp_path, PLAIN, call=call)
    assert str(caught.value).startswith(f"{tmp_path / 'sections' / '01-a.md'}:3: {told}")


def test_a_section_that_observes_a_run_needs_it(tmp_path):
    """As for any other value."""
    tables = '[runs.one]\nexperiment = "toy"\n[runs.two]\nexperiment = "toy"\n'
    sections = {"1-a.md": '# A\n\n{{ observe(runs["two"], "loss") }}\n', "2-b.md": "# B\n"}
    assert needed_runs(opened(tmp_path, sections, tables), ["a"]) == ("two",)


COUNT = 60


@pytest.fixture(scope="module")
def paragraphs(tmp_path_factory):
    """Return a paragraph for each of many drawn runs, as HTML, and the claims of all."""
    runs = [finished(f"run-{i}", *drawn(i)) for i in range(COUNT)]
    text = "\n\n".join(
        f'{{{{ observe(runs["{run.name}"]{more}) }}}}' for run in runs for more in MORE
    )
    folder = tmp_path_factory.mktemp("many")
    composed = _composed(folder, text, *runs)
    again = _composed(folder, text, *runs)
    assert _html(composed) == _html(again)
    return re.findall(r"<p>(.*?)</p>", _html(composed), re.DOTALL), composed.claims


MORE = ("", ', "accuracy"', ', "loss"')


def test_drawn_runs_are_observed_without_a_broken_claim(paragraphs):
    """Each sentence has its claim, and every one holds."""
    found, claims = paragraphs
    assert len(found) == COUNT * len(MORE)
    assert {claim.verdict for claim in claims} == {"holds"}
    ends = sum(len(re.findall(r"\.(?= [A-Z<]|$)", one)) for one in found)
    assert ends == len(claims)


def test_drawn_paragraphs_never_contradict_themselves(paragraphs):
    """Of one metric it is never said that it rises and falls; no word or number is left open."""
    for one in paragraphs[0]:
        text = html.unescape(re.sub(r"<[^>]+>", "", one))
        assert not re.search(r"nan|inf\b|\{|\}|  |\.\.|,,", text), text
        assert not re.search(r"\d", re.sub(r"<[^>]+>", "", DATA.sub("", one))), text
        for name in ("training accuracy", "validation accuracy", "test accuracy", "training loss"):
            verbs = set(
                re.findall(rf"the {name} (rises|falls|hardly moves|stays)", text, re.IGNORECASE)
            )
            assert len(verbs) <= 1, text
        assert text[0].isupper()
        assert text.endswith(".")


def test_paragraphs_of_two_runs_do_not_read_like_copies(tmp_path):
    """Of eight runs with the same readings the words differ, though the numbers do not."""
    runs = [finished(f"run-{i}", Result(**PLAIN, **LOSSES)) for i in range(8)]
    text = "\n\n".join(f'{{{{ observe(runs["{run.name}"]) }}}}' for run in runs)
    page = _html(_composed(tmp_path, text, *runs))
    shown = [re.sub(r"<[^>]+>", "", one) for one in re.findall(r"<p>(.*?)</p>", page)]
    assert len(set(shown)) == 8
    assert all(number in one for one in shown for number in ("34.6", "41.3", "24.9", "0.800"))


def test_another_history_gives_other_sentences(tmp_path):
    """A fall where there was a rise; a sentence goes with the drop that it told of."""
    turned = metric((0.409, 0.4, 0.38, 0.37, 0.346), "test")
    before = _text(_observed(tmp_path, PLAIN, call='observe(runs["one"], "test_accuracy")'))
    after = _text(
        _observed(
            tmp_path, Result(test_accuracy=turned), call='observe(runs["one"], "test_accuracy")'
        )
    )
    assert "rises" in before
    assert "drop" in before
    assert "falls" in after
    assert "rises" not in after
    assert "drop" not in after
