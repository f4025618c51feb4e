"""BibTeX of references as it can be copied."""

from pybtex.database import parse_string

from reporter.prose import bibtex
from tests.browser import REFERENCES


def test_each_entry_reads_as_it_did(tmp_path):
    """Names, braces and umlauts survive; a report without references has none."""
    path = tmp_path / "references.bib"
    assert bibtex.sources(path) == {}
    path.write_text(REFERENCES, encoding="utf-8")
    found = bibtex.sources(path)
    assert list(found) == ["he2016"]
    assert parse_string(found["he2016"], "bibtex") == parse_string(REFERENCES, "bibtex")
    assert "{Residual}" in found["he2016"]
