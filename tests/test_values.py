"""Values: how they print, compare, and tell where they come from; differences over seeds."""

import math
import statistics

import pytest

from reporter.artifacts import Column, Metric, Reading, Stages, Table, Text
from reporter.errors import ReportError
from reporter.prose.evidence import T_95, clearly_above, diff, wins
from reporter.prose.fragments import Fragments
from reporter.prose.measures import MetricValue
from reporter.prose.styles import MINUS, SPACE, THIN
from reporter.prose.tools import filters
from reporter.prose.values import Desk, Missing, Value
from reporter.prose.views import Finished, Runs, view
from tests.workspaces import accuracy

PERCENT = f"{THIN}%"


def _desk() -> Desk:
    return Desk(Fragments())


def _value(*numbers: float, unit: str = "fraction", desk: Desk | None = None) -> Value:
    return Value(desk=desk or _desk(), source="a/x", numbers=numbers, unit=unit)


def _metric(*metrics: Metric) -> MetricValue:
    found = view(_desk(), "a/x", metrics, is_provisional=False)
    assert isinstance(found, MetricValue)
    return found


@pytest.mark.parametrize(
    ("unit", "number", "shown"),
    [
        ("fraction", 0.51234, f"51.2{PERCENT}"),
        ("fraction", -0.5, f"{MINUS}50.0{PERCENT}"),
        ("fraction", 1.0, f"100.0{PERCENT}"),
        ("count", 12, "12"),
        ("count", 1234567, f"1{THIN}234{THIN}567"),
        ("seconds", 1.25, f"1.2{THIN}s"),
        ("nats", 0.69314, "0.693"),
        ("", 0.001, "0.001"),
        ("", 2.718281828, "2.718"),
        ("", -2, f"{MINUS}2"),
    ],
)
def test_a_number_prints_by_its_unit(unit: str, number: float, shown: str) -> None:
    """Without a filter, the unit says how many digits and which sign."""
    assert _value(number, unit=unit).plain() == shown


def test_several_seeds_print_mean_deviation_and_count() -> None:
    """The deviation is the sample's, with n − 1 in the denominator."""
    value = _value(0.5, 0.6, 0.7)
    assert value.plain() == f"60.0{SPACE}±{SPACE}10.0{PERCENT} (n{SPACE}={SPACE}3)"
    assert (value.mean.numbers[0], value.std.numbers[0]) == (
        pytest.approx(0.6),
        pytest.approx(statistics.stdev((0.5, 0.6, 0.7))),
    )
    assert value.n.plain() == "3"
    assert [one.plain() for one in value.seeds] == [
        f"{x}{PERCENT}" for x in ("50.0", "60.0", "70.0")
    ]
    assert _value(0.5).std.numbers == (0.0,)


def test_counts_that_agree_over_seeds_print_once() -> None:
    """Ten epochs in each of two seeds are ten epochs; unequal ones are a mean."""
    assert _value(10, 10, unit="count").plain() == "10"
    shown = f"3.5{SPACE}±{SPACE}0.7 (n{SPACE}={SPACE}2)"
    assert _value(3, 4, unit="count").plain() == shown


def test_filters_choose_the_digits() -> None:
    """percent, points and number print the same value in other ways."""
    known = filters()
    value = _value(0.51234)
    assert known["percent"](value).plain() == f"51.2{PERCENT}"
    assert known["percent"](value, 2).plain() == f"51.23{PERCENT}"
    assert known["points"](value).plain() == f"51.2{SPACE}points"
    assert known["number"](value).plain() == "0.512"
    assert known["number"](value, 1).plain() == "0.5"
    assert known["millions"](_value(138_357_544)).plain() == f"138.4{SPACE}million"
    assert known["percent"](Missing(_desk(), "a/x", "failed")).plain() == "—"


def test_a_value_is_set_as_an_element_that_names_its_source() -> None:
    """The unrounded number and the source are there for tests and readers."""
    assert _value(0.51234).html() == (
        f'<data value="0.51234" data-source="a/x">51.2{PERCENT}</data>'
    )
    text = Value(desk=_desk(), source='a/"x"', text="<b>")
    assert text.html() == '<data value="&lt;b&gt;" data-source="a/&quot;x&quot;">&lt;b&gt;</data>'
    desk = _desk()
    mark = str(_value(0.5, desk=desk))
    assert desk.fragments.plain(mark) == f"50.0{PERCENT}"
    assert "data-source" in desk.fragments.set(mark)


def test_values_compare_by_their_means_and_remember_being_read() -> None:
    """Claims name the values that were read."""
    desk = _desk()
    low, high = _value(0.1, 0.3, desk=desk), _value(0.4, desk=desk)
    assert low < high
    assert low <= high
    assert high > low
    assert high >= 0.4
    assert low == 0.2
    assert low != high
    assert desk.read[0] is low
    assert desk.read[1] is high
    desk.read.clear()
    assert bool(low)
    assert float(high) == 0.4
    assert len(desk.read) == 2


def test_a_number_and_a_text_do_not_compare() -> None:
    """The message names the source and both sides."""
    with pytest.raises(ReportError, match=r"a/x: 0\.5 can't be compared with 'head'"):
        _ = _value(0.5) > "head"
    assert Value(desk=_desk(), source="a/p", text="head") == "head"


HISTORY = (
    Reading(value=0.2, epoch=1, rate=0.1),
    Reading(value=0.6, epoch=2, rate=0.1),
    Reading(value=0.5, epoch=3, rate=0.1),
    Reading(value=0.7, epoch=1, rate=0.01),
    Reading(value=0.1, epoch=2, rate=0.01),
)


def test_a_metric_gives_the_readings_on_its_way() -> None:
    """selected is chosen by validation; first, last and at stay at the selected rate."""
    metric = Metric(value=0.5, split="test", epoch=3, rate=0.1, history=HISTORY, n=1200)
    value = _metric(metric)
    assert value.numbers == (0.5,)
    assert (value.epoch.plain(), value.rate.plain(), value.images.plain()) == (
        "3",
        "0.1",
        f"1{THIN}200",
    )
    assert value.selected.numbers == (0.5,)
    assert value.first.numbers == (0.2,)
    assert value.last.numbers == (0.5,)
    assert value.at(2).numbers == (0.6,)
    assert value.best.numbers == (0.7,)
    assert (value.best.epoch.numbers, value.best.rate.numbers) == ((1.0,), (0.01,))
    sources = [v.source for v in (value.selected, value.best.epoch, value.at(2))]
    assert sources == ["a/x/selected", "a/x/best/epoch", "a/x/epoch-2"]


def test_the_best_of_a_test_metric_prints_as_a_peak() -> None:
    """Choosing on the test set is no result; on the validation set it is."""
    assert _metric(accuracy(0.5, 0.4)).best.plain() == f"50.0{PERCENT} (peak)"
    assert filters()["percent"](_metric(accuracy(0.5, 0.4)).best, 2).plain().endswith("(peak)")
    validation = _metric(accuracy(0.5, 0.4, split="validation"))
    assert validation.best.plain() == f"50.0{PERCENT}"
    assert _metric(accuracy(0.5)).selected.plain() == f"50.0{PERCENT}"


def test_the_mean_of_a_peak_is_a_peak() -> None:
    """No way round the remark leads over .mean."""
    value = _metric(accuracy(0.5, 0.4), accuracy(0.7, 0.4))
    assert value.best.mean.plain() == f"60.0{PERCENT} (peak)"


def test_the_best_of_a_loss_is_the_least() -> None:
    """direction says which end is good."""
    history = tuple(Reading(value=v, epoch=e) for e, v in enumerate((3.0, 1.0, 2.0), 1))
    loss = Metric(value=2.0, unit="nats", direction="min", split="train", history=history)
    assert _metric(loss).best.plain() == "1.000"
    assert _metric(loss).best.epoch.plain() == "2"


def test_the_best_over_seeds_is_the_best_of_each() -> None:
    """Every seed has its own peak and its own epoch."""
    value = _metric(accuracy(0.5, 0.4), accuracy(0.3, 0.6))
    assert value.best.numbers == (0.5, 0.6)
    assert value.best.epoch.numbers == (1.0, 2.0)
    assert value.numbers == (0.4, 0.6)


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (lambda v: v.best, "a/x: was measured once, so it has no best; use .selected"),
        (lambda v: v.last, "a/x: was measured once, so it has no course over epochs"),
        (lambda v: v.epoch, "a/x has no epoch"),
        (lambda v: v.images, "a/x has no images"),
    ],
)
def test_what_a_metric_lacks_is_told(read: object, expected: str) -> None:
    """A metric without history has neither best nor course."""
    with pytest.raises(ReportError) as caught:
        read(_metric(Metric(value=0.5)))
    assert str(caught.value) == expected


def test_an_epoch_without_a_reading_is_told() -> None:
    """The message names the epoch that was asked for."""
    with pytest.raises(ReportError, match="a/x: no reading of epoch 9"):
        _metric(accuracy(0.5)).at(9)


def test_the_parameters_of_a_run_that_is_not_built_are_missing() -> None:
    """In a section that is left out no comparison fails, and none holds."""
    left_out = Finished(name="a", jobs=(), results=(), error="not part of this build")
    epochs = Runs(_desk(), {"a": left_out})["a"].parameters.epochs
    assert isinstance(epochs, Missing)
    assert not epochs > 1
    assert epochs.html() == '<span class="missing" title="a: not part of this build">—</span>'


def test_a_missing_value_stands_for_all_that_could_be_read_from_it() -> None:
    """It prints as a mark with its reason, compares as false and is remembered."""
    desk = _desk()
    missing = Missing(desk, "a/x", 'a: "broke"')
    deep = missing.best.at(3)[0]["acc"].mean
    assert deep.plain() == "—"
    assert deep.html() == '<span class="missing" title="a: &quot;broke&quot;">—</span>'
    assert not missing
    assert not any((missing > 1, missing < 1, missing == 1, missing != 1))
    assert list(missing) == []
    assert desk.read
    desk.read.clear()
    assert not _value(0.5, desk=desk) > missing
    assert any(value is missing for value in desk.read)


TABLE = Table(
    columns=(
        Column(name="name", label="Name"),
        Column(name="acc", label="Accuracy", unit="fraction", digits=2),
        Column(name="right", label="Right"),
        Column(name="loss", label="Loss", digits=1),
    ),
    rows=(("great_dane", 0.51234, True, 0.25), ("cat", None, False, 2)),
)


def test_a_table_is_read_by_row_and_column() -> None:
    """Cells are values with their source; texts lose underscores, truths are words."""
    table = view(_desk(), "a/t", (TABLE,), is_provisional=True)
    assert len(table) == 2
    row = table[0]
    assert {name: cell.plain() for name, cell in row.items()} == {
        "name": "great dane",
        "acc": f"51.23{PERCENT}",
        "right": "yes",
        "loss": "0.2",
    }
    assert row["acc"].source == "a/t/0/acc"
    assert row["acc"].is_provisional
    assert table[-1]["acc"].plain() == "–"
    assert table[-1]["right"].source == "a/t/1/right"
    assert table.where(name="cat")["loss"].plain() == "2.0"


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (lambda t: t[2], "a/t: has 2 rows, no row 2; count from 0"),
        (lambda t: t[0]["ac"], "a/t: no column 'ac'; did you mean 'acc'?"),
        (lambda t: t.where(nam="cat"), "a/t: no column 'nam'; did you mean 'name'?"),
        (
            lambda t: t.where(name="owl"),
            "a/t: no row where name = 'owl'; there are ['great_dane', 'cat']",
        ),
    ],
)
def test_what_a_table_lacks_is_told(read: object, expected: str) -> None:
    """Rows and columns are named with the nearest that is there."""
    with pytest.raises(ReportError) as caught:
        read(view(_desk(), "a/t", (TABLE,), is_provisional=False))
    assert str(caught.value) == expected


def test_what_is_no_value_is_told_how_to_show() -> None:
    """Curves and images are shown, not printed in a sentence."""
    network = Stages(stages=())
    with pytest.raises(
        ReportError, match=r'a/net: is a Stages, no value; show it with figure\("a\.net"\)'
    ):
        view(_desk(), "a/net", (network,), is_provisional=False)


def test_a_text_is_a_value() -> None:
    """A formula that a run wrote can stand in a sentence."""
    shown = view(_desk(), "a/formula", (Text(body="2·3"),), is_provisional=False)
    assert isinstance(shown, Value)
    assert shown.plain() == "2·3"


def test_a_difference_is_taken_seed_by_seed() -> None:
    """Its deviation is that of the differences, smaller than that of either side."""
    found = diff(_value(0.5, 0.6, 0.7), _value(0.4, 0.5, 0.6))
    assert found.numbers == pytest.approx((0.1, 0.1, 0.1))
    assert found.unit == "fraction"
    assert found.source == "diff(a/x, a/x)"
    assert diff(_value(0.5, 0.7), _value(0.4)).numbers == pytest.approx((0.2,))


def test_wins_are_counted_over_seeds() -> None:
    """A tie is no win."""
    found = wins(_value(0.5, 0.6, 0.7), _value(0.4, 0.6, 0.6))
    assert (found.numbers, found.plain()) == ((2.0,), "2")


def test_a_difference_with_a_missing_value_is_missing() -> None:
    """Neither side makes up for the other."""
    desk = _desk()
    missing = Missing(desk, "b/x", "failed")
    assert diff(_value(0.5, desk=desk), missing) is missing
    assert wins(missing, _value(0.5, desk=desk)) is missing
    assert clearly_above(missing, _value(0.5, desk=desk)) is False


def test_a_difference_of_texts_is_told() -> None:
    """Only numbers have a difference."""
    with pytest.raises(ReportError, match="diff: a/p is a text, no number"):
        diff(Value(desk=_desk(), source="a/p", text="head"), _value(0.5))


def _student_cdf(t: float, freedom: int) -> float:
    """Return the distribution function of Student's t by Simpson's rule over its density."""
    scale = math.gamma((freedom + 1) / 2) / math.sqrt(freedom * math.pi) / math.gamma(freedom / 2)
    steps = 2000
    width = t / steps
    heights = [
        scale * (1 + (i * width) ** 2 / freedom) ** (-(freedom + 1) / 2) for i in range(steps + 1)
    ]
    inner = 4 * sum(heights[1:-1:2]) + 2 * sum(heights[2:-1:2])
    return 0.5 + width / 3 * (heights[0] + inner + heights[-1])


def test_the_quantiles_are_those_of_student() -> None:
    """97.5 % of the distribution lie below each; those of 1 and 2 degrees have a closed form."""
    for freedom, quantile in enumerate(T_95, 1):
        assert _student_cdf(quantile, freedom) == pytest.approx(0.975, abs=5e-5)
    assert T_95[0] == pytest.approx(math.tan(0.475 * math.pi), abs=5e-3)
    assert T_95[1] == pytest.approx(0.95 * math.sqrt(2 / (4 * 0.975 * 0.025)), abs=5e-4)


def test_clearly_above_is_the_paired_interval_of_student() -> None:
    """Two differences d and d + e are clear when d + e/2 exceeds 12.71 · e/2; one seed is never."""
    zero = _value(0.0, 0.0)
    for first, gap in ((1.0, 0.1), (1.0, 0.17), (1.0, 0.18), (1.0, 0.2), (0.0, 0.0), (-1.0, 0.1)):
        expected = first + gap / 2 > T_95[0] * gap / 2
        assert clearly_above(_value(first, first + gap), zero) is expected
    assert clearly_above(_value(0.9), _value(0.1)) is False
    many = tuple(0.5 + 0.01 * (-1) ** i for i in range(40))
    assert clearly_above(_value(*many), _value(*([0.4] * 40))) is True


def test_clearly_above_is_remembered_as_reading_both_sides() -> None:
    """A claim with it names both values."""
    desk = _desk()
    first, second = _value(0.5, 0.6, desk=desk), _value(0.1, 0.2, desk=desk)
    clearly_above(first, second)
    assert any(value is first for value in desk.read)
    assert any(value is second for value in desk.read)


def test_values_over_different_seeds_are_not_paired() -> None:
    """As many seeds are not the same seeds: then only the means differ."""
    desk = Desk(Fragments())
    first, second, third = (
        Value(desk=desk, source=f"{name}/m", numbers=numbers, drawn_with=seeds)
        for name, numbers, seeds in (
            ("a", (0.5, 0.7), (0, 1)),
            ("b", (0.1, 0.2), (0, 1)),
            ("c", (0.1, 0.2), (1, 2)),
        )
    )
    assert diff(first, second).numbers == pytest.approx((0.4, 0.5))
    assert diff(first, third).numbers == pytest.approx((0.45,))
    assert clearly_above(first, third) is False


def test_false_and_absent_cells_are_false() -> None:
    """What a cell says in words is not what it means."""
    table = Table(
        columns=(Column(name="ok", label="ok"), Column(name="name", label="name")),
        rows=((False, "art_painting"), (True, "photo"), (None, "sketch")),
    )
    rows = list(view(Desk(Fragments()), "d/table", (table,), is_provisional=False))
    assert [bool(row["ok"]) for row in rows] == [False, True, False]
    assert rows[0]["name"] == "art_painting"
    assert rows[0]["ok"].plain() == "no"


def test_a_number_that_is_none_prints_without_falling() -> None:
    """A diverged loss over seeds is shown as such."""
    value = Value(desk=Desk(Fragments()), source="x/loss", numbers=(1.0, math.nan), unit="nats")
    assert value.plain() == "not a number (1 of 2 seeds)"
