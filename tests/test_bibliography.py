"""BibTeX entries as citation styles read them: every type, names, dates, addresses, LaTeX."""

import pytest

from reporter.errors import ReportError
from reporter.prose import bibliography


def _entry(folder, fields, kind="misc"):
    """Return the one entry that is made of these fields."""
    path = folder / "references.bib"
    path.write_text(f"@{kind}{{key, {fields}}}")
    (entry,) = bibliography.read(path).values()
    return entry


@pytest.mark.parametrize(
    ("latex", "html"),
    [
        (r"D{\"o}ll{\'a}r and P{\'\i}otr", "Döllár and Píotr"),
        (r"{\L}uk{\o}, \c{c}, {\aa}, \v{S}", "Łukø, ç, å, Š"),
        ("``Why'' --- 3--5", "“Why” — 3–5"),
        ('An "odd" word', "An “odd” word"),
        (r"50\% \& more_x", "50% &amp; more_x"),
        ("a < b <script>", "a &lt; b &lt;script&gt;"),
        (r"$\beta$-VAE at {$\alpha_1$}", "β-VAE at α_1"),
        (r"\emph{In vivo} and \textbf{bold}", "<i>In vivo</i> and bold"),
        (r"In \LaTeX{} by \TeX", "In LaTeX by TeX"),
        ("李 明", "李 明"),
    ],
)
def test_latex_becomes_the_signs_it_stands_for(latex, html):
    """And HTML's own signs are no elements."""
    assert bibliography.text(latex, keeps_case=False) == html


def test_what_braces_protect_is_marked_for_styles(tmp_path):
    """A style that changes cases leaves it as it is."""
    entry = _entry(tmp_path, "title = {The {ImageNet} challenge}")
    assert entry["title"] == 'The <span class="nocase">ImageNet</span> challenge'


@pytest.mark.parametrize(
    ("author", "names"),
    [
        ("Able, Ann B.", [{"family": "Able", "given": "Ann B."}]),
        (
            "von der Malsburg, Christoph",
            [
                {
                    "family": "Malsburg",
                    "given": "Christoph",
                    "non-dropping-particle": "von der",
                }
            ],
        ),
        ("Smith, Jr., John", [{"family": "Smith", "given": "John", "suffix": "Jr."}]),
        ("{Johnson \\& Johnson}", [{"literal": "Johnson &amp; Johnson"}]),
        ("Able, Ann and others", [{"family": "Able", "given": "Ann"}, {"literal": "et al."}]),
        ("李, 明 and 王, 芳", [{"literal": "李明"}, {"literal": "王芳"}]),
        (r"{\"O}zg{\"u}r, Ali", [{"family": "Özgür", "given": "Ali"}]),
    ],
)
def test_names_have_their_parts(tmp_path, author, names):
    """A body stays whole, and so does a name that has no initials."""
    assert _entry(tmp_path, f"author = {{{author}}}")["author"] == names


@pytest.mark.parametrize(
    ("fields", "issued"),
    [
        ("year = 2014", {"date-parts": [[2014]]}),
        ("year = 2014, month = may", {"date-parts": [[2014, 5]]}),
        ("year = 2014, month = {12}", {"date-parts": [[2014, 12]]}),
        ("date = {2014-05-03}, year = 2013", {"date-parts": [[2014, 5, 3]]}),
        ("year = {in press}", {"literal": "in press"}),
    ],
)
def test_dates_are_read_as_far_as_they_go(tmp_path, fields, issued):
    """A year that is none is said as it is."""
    assert _entry(tmp_path, fields)["issued"] == issued


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        (r"url = {https://a.b/c\_d?x=1&y=~z}", {"URL": "https://a.b/c_d?x=1&amp;y=~z"}),
        (r"howpublished = {\url{https://a.b/c_d}}", {"URL": "https://a.b/c_d"}),
        ("howpublished = {Talk}", {"publisher": "Talk"}),
        ("doi = {https://doi.org/10.1/a(b)}", {"DOI": "10.1/a(b)"}),
        (
            "eprint = {1312.6034}, archiveprefix = {arXiv}",
            {"number": "arXiv:1312.6034", "URL": "https://arxiv.org/abs/1312.6034"},
        ),
        ("urldate = {2024-05-03}", {"accessed": {"date-parts": [[2024, 5, 3]]}}),
    ],
)
def test_addresses_are_kept(tmp_path, fields, found):
    """Without LaTeX's marks."""
    entry = _entry(tmp_path, fields)
    assert {key: entry[key] for key in entry if key not in ("id", "type")} == found


@pytest.mark.parametrize(
    ("kind", "fields", "expected"),
    [
        (
            "article",
            "journal = {J}, volume = 1, number = 2, pages = {3--4}",
            {
                "type": "article-journal",
                "container-title": "J",
                "volume": "1",
                "issue": "2",
                "page": "3–4",
            },
        ),
        (
            "inproceedings",
            "booktitle = {P}, publisher = {X}, address = {Y}",
            {
                "type": "paper-conference",
                "container-title": "P",
                "publisher": "X",
                "publisher-place": "Y",
            },
        ),
        ("book", "edition = {2}, series = {S}", {"type": "book", "edition": "2"}),
        ("incollection", "chapter = 3", {"type": "chapter", "chapter-number": "3"}),
        ("phdthesis", "school = {U}", {"type": "thesis", "genre": "PhD thesis", "publisher": "U"}),
        ("techreport", "number = {T1}", {"type": "report", "number": "T1"}),
        ("online", "title = {T}", {"type": "webpage", "title": "T"}),
        ("electronic", "title = {T}", {"type": "webpage"}),
        ("misc", "note = {N}", {"type": "document", "note": "N"}),
    ],
)
def test_every_type_has_its_fields(tmp_path, kind, fields, expected):
    """By the names that styles ask for."""
    assert _entry(tmp_path, fields, kind).items() >= expected.items()


def test_braces_within_braces_are_marked_once(tmp_path):
    """For a style knows no mark inside a mark."""
    entry = _entry(tmp_path, "title = {{{Double} braces}}")
    assert entry["title"] == '<span class="nocase">Double braces</span>'


def test_an_entry_takes_what_its_parent_has(tmp_path):
    """By crossref, the proceedings of a paper."""
    path = tmp_path / "references.bib"
    path.write_text(
        "@inproceedings{a, title={T}, crossref={b}}\n@proceedings{b, booktitle={P}, year=2001}"
    )
    entry = bibliography.read(path)["a"]
    assert (entry["title"], entry["container-title"]) == ("T", "P")


@pytest.mark.parametrize(
    "text",
    [
        "@article{a, title = ",
        "@misc{a, x={1}}\n@misc{a, x={2}}",
        "@misc{a, author={A, B, C, D}}",
        "@misc{a, month=mai}",
        "@misc{a, title={\\}}",
    ],
)
def test_what_does_not_parse_is_told(tmp_path, text):
    """In one line that names the file; a second entry of one key is such a mistake."""
    path = tmp_path / "references.bib"
    path.write_text(text)
    with pytest.raises(ReportError, match=r"references\.bib: ") as caught:
        bibliography.read(path)
    assert "\n" not in str(caught.value)


def test_no_file_is_no_entries(tmp_path):
    """A report needs no bibliography."""
    assert bibliography.read(tmp_path / "references.bib") == {}
