"""The demo as a reader gets it: every number in HTML and PDF is the stored one, and traceable."""

import re
import shutil
import time
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pypdfium2
import pytest

from reporter import rules
from reporter.artifacts import Metric, Result
from reporter.build import Request, build
from reporter.check import of_text
from reporter.check.rules import judged
from reporter.examine import subject
from reporter.store import Store
from tests.conftest import DEMO

SIDES = ("epoch", "rate", "images", "n")  # of a metric: not its value


class Values(HTMLParser):
    """Collects what each <data> element shows, by its source."""

    def __init__(self, html):
        super().__init__()
        self.found, self._source = {}, None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag == "data" and "data-source" in dict(attrs):
            self._source = dict(attrs)["data-source"]
            self.found.setdefault(self._source, []).append([dict(attrs)["value"], ""])

    def handle_data(self, data):
        if self._source:
            self.found[self._source][-1][1] += data

    def handle_endtag(self, tag):
        if tag == "data":
            self._source = None


def pdf_text(path):
    """Return a PDF's text without any white space, which line breaks move about."""
    pages = pypdfium2.PdfDocument(path)
    text = "".join(page.get_textpage().get_text_range() for page in pages)
    return "".join(text.split())


def rests_on_metric(source, metrics):
    """Tell whether a shown value is a metric's own, or computed from metrics' own."""
    parts = re.findall(r"[\w.-]+/[\w.-]+(?:/[\w.-]+)*", source)
    names = [part.split("/") for part in parts]
    return all("/".join(n[:2]) in metrics and n[-1] not in SIDES for n in names)


@pytest.fixture(scope="module")
def perturbed(demo, demo_root, tmp_path_factory):
    """Return the demo rebuilt over a store in which every metric has another value."""
    root = tmp_path_factory.mktemp("perturbed") / "build"
    shutil.copytree(demo_root, root)
    store, metrics = Store(root / "store"), set()
    for index, outcome in enumerate(demo.outcomes):
        stored = store.load(outcome.job.key)
        changed = {}
        for name, value in stored.result.items():
            is_metric = isinstance(value, Metric)
            changed[name] = moved(value, index) if is_metric else value
            if is_metric:
                metrics.add(f"{outcome.job.run}/{name}")
        store.save(outcome.job.key, Result(changed), stored.record)
    built = build(Request(folder=DEMO, root=root, is_quick=True, is_frozen=True))
    return built, metrics


def moved(metric, index):
    """Return a metric with other values and all else as it was."""
    history = tuple(replace(r, value=other(r.value, metric.unit, index)) for r in metric.history)
    return replace(metric, value=other(metric.value, metric.unit, index), history=history)


def other(value, unit, index):
    """Return another value, which also prints differently and moves differently in each run."""
    return value + 7 + index if unit == "count" else value * 0.8 + 0.1234 + 0.01 * index


def test_quick_demo_builds_without_a_failure(demo):
    """Every run has its result, no claim is broken, no reference dangles."""
    assert demo.is_well, (demo.outcomes, demo.document.problems)
    assert of_text(demo.document) == []


def test_quick_demo_keeps_its_rules(demo, demo_root):
    """As many pages, words on the use of AI, sizes of letters as a course may ask for."""
    request = Request(folder=DEMO, root=demo_root, is_quick=True)
    seen = subject(request, datetime(2026, 1, 1, tzinfo=UTC))
    assert judged(rules.read(demo.report), seen) == []


def test_perturbed_metrics_and_nothing_else_change_in_the_html(demo, perturbed):
    """All and only the values that rest on metrics differ from the original page's."""
    built, metrics = perturbed
    keys = {o.job.run: o.job.key for o in demo.outcomes}
    before = Values(demo.files[0].read_text()).found
    after = Values(built.files[0].read_text()).found
    shared = set(before) & set(after)
    assert len(shared) > 60
    for source in sorted(shared):
        runs = re.findall(r"([\w.-]+)/[\w./-]+", source)
        if source.startswith("wins(") or (len(runs) == 2 and keys[runs[0]] == keys[runs[1]]):
            continue  # a count of seeds; or under --quick two runs are one, and 0 stays 0
        is_changed = [v for v, _ in before[source]] != [v for v, _ in after[source]]
        assert is_changed == rests_on_metric(source, metrics), source


def test_every_value_of_the_html_stands_in_the_pdf(perturbed):
    """The PDF's text shows each value as the HTML does, after the perturbation too."""
    built, _ = perturbed
    text = pdf_text(built.files[1])
    for source, shown in Values(built.files[0].read_text()).found.items():
        for _, printed in shown:
            assert "".join(printed.split()) in text, source


def test_pdf_shows_the_perturbed_and_not_the_old_headline(demo, perturbed):
    """A number of the abstract differs between the PDFs in the way that it differs in the HTML."""
    built, _ = perturbed
    source = "full/test_accuracy"
    old = Values(demo.files[0].read_text()).found[source][0][1]
    new = Values(built.files[0].read_text()).found[source][0][1]
    assert old != new
    assert "".join(new.split()) in pdf_text(built.files[1])
    assert "".join(old.split()) in pdf_text(demo.files[1])


def test_page_one_says_that_numbers_are_provisional(demo):
    """A quick number is announced on the cover."""
    cover = pypdfium2.PdfDocument(demo.files[1])[0].get_textpage().get_text_range()
    assert "Provisional" in cover
    assert "short quick settings" in cover


def test_pdf_has_at_least_twelve_pages(demo):
    """The demo is a report, not a page."""
    assert len(pypdfium2.PdfDocument(demo.files[1])) >= 12


def test_html_asks_for_nothing_outside_itself(demo):
    """Every source is a data address; links are the only addresses of the web."""
    html = demo.files[0].read_text()
    assert not re.findall(
        r'(?:src|srcset|data)="(?!data:)[^"]*"', html.replace('data-source="', "")
    )
    assert not re.findall(r"url\((?!data:)", html)
    assert "<script src" not in html
    assert "<link" not in html


def test_every_image_has_alt_text(demo):
    """No figure is silent."""
    images = re.findall(r"<img\b[^>]*>", demo.files[0].read_text())
    assert len(images) > 40
    assert all(re.search(r'alt="[^"]+"', image) for image in images)


def test_ids_are_given_once_and_links_within_the_page_lead_to_one(demo):
    """Headings, figures, tables, equations, questions, references, runs."""
    html = re.sub(r"<(script|style).*?</\1>", "", demo.files[0].read_text(), flags=re.DOTALL)
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids)) > 80
    targets = set(re.findall(r'href="#([^"]+)"', html))
    assert len(targets) > 40
    assert targets <= set(ids)


def test_same_sources_and_store_give_the_same_bytes_elsewhere_and_later(
    demo, demo_root, tmp_path, monkeypatch
):
    """HTML and PDF, in another folder, forty days on."""
    shutil.copytree(demo_root / "store", tmp_path / "build" / "store")
    shutil.copytree(demo_root / "cache", tmp_path / "build" / "cache")
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + 40 * 86400)
    again = build(Request(folder=DEMO, root=tmp_path / "build", is_quick=True))
    assert {outcome.state for outcome in again.outcomes} == {"cached"}
    assert [f.read_bytes() for f in again.files] == [f.read_bytes() for f in demo.files]
