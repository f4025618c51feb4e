"""Citations in the shipped styles and in one of a workspace: text, links, list, leftovers."""

import re

import pytest

from reporter import shipped
from reporter.errors import ReportError
from reporter.prose import page
from tests.composing import compose, html_of, problems, text_of

BIB = r"""
@inproceedings{deep, author = {Simonyan, Karen and Vedaldi, Andrea and Zisserman, Andrew},
  title = {Deep inside}, booktitle = {Workshop}, year = 2014, url = {https://arxiv.org/abs/1}}
@misc{deeper, author = {Simonyan, Karen and Best, Bob and Care, Cy}, title = {A deeper one},
  year = 2014}
@book{prince, author = {Prince, Simon J. D.}, title = {Understanding}, publisher = {MIT Press},
  edition = 2, year = 2023}
@article{oz, author = {{\"O}zg{\"u}r, Ali and Able, Ann}, title = {What now?}, journal = {J},
  volume = 1, number = 2, pages = {3--9}, year = 2001, doi = {10.1/x}}

@misc{zeta, author = {{Zeta Inc.}}, title = {Last}, year = 2000}
"""
AUTHORS = 'citations = "author-year"\n'


def _shown(folder, text, cover="", bib=BIB):
    composed = compose(folder, text, cover=cover, references=bib)
    assert problems(composed) == []
    return text_of(html_of(composed)).removeprefix("1 Results ")


@pytest.mark.parametrize(
    ("text", "numeric", "author_year"),
    [
        ("See [@prince].", "See [1].", "See (Prince, 2023)."),
        ("See [@deep].", "See [1].", "See (Simonyan et al., 2014)."),
        ("[@oz; @prince]", "[1, 2]", "(Özgür and Able, 2001; Prince, 2023)"),
        ("[@oz; @prince; @zeta]", "[1–3]", "(Özgür and Able, 2001; Prince, 2023; Zeta Inc., 2000)"),
        ("[@oz]. [@prince]. [@zeta; @oz]", "[1]. [2]. [1, 3]", None),
        ("[@oz]. [@deep]. [@zeta; @prince; @oz]", "[1]. [2]. [1, 3, 4]", None),
        ("[@oz, p. 3]", "[1, p. 3]", "(Özgür and Able, 2001, p. 3)"),
        ("[@oz, pp. 3-5]", "[1, pp. 3–5]", "(Özgür and Able, 2001, pp. 3–5)"),
        ("[@oz; @prince, ch. 2]", "[1; 2, chap. 2]", None),
        ("[@oz, and elsewhere]", "[1, and elsewhere]", "(Özgür and Able, 2001, and elsewhere)"),
        ("@deep show it.", "Simonyan et al. [1] show it.", "Simonyan et al. (2014) show it."),
        ("As @oz say.", "As Özgür and Able [1] say.", "As Özgür and Able (2001) say."),
        ("@zeta.", "Zeta Inc. [1].", "Zeta Inc. (2000)."),
        (
            "@deep and [@deeper]",
            "Simonyan et al. [1] and [2]",
            "Simonyan et al. (2014b) and (Simonyan et al., 2014a)",
        ),
    ],
)
def test_a_citation_reads_as_its_style_says(tmp_path, text, numeric, author_year):
    """By number in the order of the text, or by author and year, in brackets or in the sentence."""
    assert _shown(tmp_path / "n", text) == numeric
    if author_year:
        assert _shown(tmp_path / "a", text, AUTHORS) == author_year


def test_each_citation_links_to_its_entry(tmp_path):
    """Each of several, and the ends of a range."""
    text = "[@oz; @prince; @zeta] [@deep]"
    for cover, count in (("", 3), (AUTHORS, 4)):
        composed = compose(tmp_path / str(count), text, cover=cover, references=BIB)
        whole = page.whole(composed)
        targets = re.findall(r'href="#(ref-\w+)"', whole)
        assert len(targets) == count
        assert all(f'<li id="{target}"' in whole for target in targets)


def test_the_list_stands_in_the_order_of_the_style(tmp_path):
    """By appearance with numbers, or by author, Ö beside O; what is uncited is in neither."""
    text = "[@zeta] [@prince] [@oz] [@deep] [@deeper]"
    numeric = compose(tmp_path / "n", text, references=BIB).references
    assert [(one.label, one.key) for one in numeric] == [
        ("[1]", "zeta"),
        ("[2]", "prince"),
        ("[3]", "oz"),
        ("[4]", "deep"),
        ("[5]", "deeper"),
    ]
    assert (
        text_of(numeric[1].html) == "S. J. D. Prince. Understanding. 2nd edition, MIT Press, 2023."
    )
    assert text_of(numeric[2].html) == (
        "A. Özgür and A. Able. What now? J 1(2), pp. 3–9, 2001. https://doi.org/10.1/x."
    )
    by_author = compose(tmp_path / "a", text, cover=AUTHORS, references=BIB).references
    assert [one.key for one in by_author] == ["oz", "prince", "deeper", "deep", "zeta"]
    assert {one.label for one in by_author} == {""}
    assert text_of(by_author[3].html) == (
        "Simonyan, K., A. Vedaldi, and A. Zisserman (2014b). Deep inside. In Workshop. "
        "https://arxiv.org/abs/1."
    )


def test_addresses_in_the_list_are_links(tmp_path):
    """Without the full stop behind them."""
    (entry,) = compose(tmp_path, "[@oz]", references=BIB).references
    assert '<a href="https://doi.org/10.1/x">https://doi.org/10.1/x</a></span>.' in entry.html


def test_numbers_follow_the_reader_not_the_program(tmp_path):
    """A caption and an answer are set before the text above them, and are counted after it."""
    text = """\
First [@zeta].

{{ figure("one.loss", caption="By [@prince].") }}

{{ question("q-a") }}

Last [@deep].
"""
    questions = "## q-a\n\nWhy?\n\n### Answer\n\nSee [@oz].\n"
    composed = compose(
        tmp_path, text, abstract="As in [@deeper].", questions=questions, references=BIB
    )
    assert [one.key for one in composed.references] == ["deeper", "zeta", "prince", "oz", "deep"]


def test_entries_that_nothing_cites_are_noted(tmp_path):
    """With their lines, and as no problem."""
    composed = compose(tmp_path, "[@deep] @oz [@prince]", references=BIB)
    assert composed.problems == ()
    assert [(one.where, one.message) for one in composed.uncited] == [
        ("references.bib:4", "deeper is cited nowhere"),
        ("references.bib:11", "zeta is cited nowhere"),
    ]


def test_keys_are_told_apart_by_case(tmp_path):
    """The nearest key is the remedy."""
    composed = compose(tmp_path, "See [@Prince].", references=BIB)
    assert problems(composed) == [
        "sections/01-results.md:3: no reference is called @Prince; did you mean 'prince'?"
    ]
    assert "See [Prince?]." in text_of(html_of(composed))


def test_a_style_of_the_workspace_is_used(tmp_path):
    """Its case of titles leaves what braces protect."""
    style = (shipped.folder("templates") / "_base" / "numeric.csl").read_text()
    title = '<text variable="title"/>'
    style = style.replace(title, title.replace("/>", ' text-case="sentence"/>'))
    style = style.replace('prefix="[" suffix="]"', 'prefix="(" suffix=")"')
    (tmp_path / "own.csl").write_text(style)
    bib = "@misc{a, author={Able, Ann}, title={How The {ImageNet} Works}, year=2001}"
    composed = compose(tmp_path, "[@a]", cover='citations = "own.csl"\n', references=bib)
    assert "(1)" in text_of(html_of(composed))
    (entry,) = composed.references
    assert (entry.label, text_of(entry.html)) == ("(1)", "A. Able. How the ImageNet works. 2001.")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("nature", None, "report.citations: there is no style 'nature'; choose from author-year"),
        ("no.csl", None, "report.citations: there is no style 'no.csl'; put the file into"),
        ("own.csl", "no XML", "own.csl: can't be used; take a CSL style"),
        ("own.csl", '<style xmlns="http://purl.org/net/xbiblio/csl"/>', "own.csl: can't be used"),
    ],
)
def test_a_style_that_is_none_is_told(tmp_path, name, content, message):
    """In one line."""
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(ReportError) as caught:
        compose(tmp_path, "[@oz]", cover=f'citations = "{name}"\n', references=BIB)
    assert str(caught.value).replace(f"{tmp_path}/", "").startswith(message)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["numeric", "author-year"])
def test_a_shipped_style_is_valid_csl(name):
    """By the schema that the library carries."""
    from citeproc import CitationStylesStyle

    path = shipped.folder("templates") / "_base" / f"{name}.csl"
    assert CitationStylesStyle(str(path), validate=True).root.citation is not None


def test_citing_prints_nothing(tmp_path, capfd):
    """The library's warnings are for its makers."""
    composed = compose(tmp_path, "[@deep, p. 3; @oz]", cover=AUTHORS, references=BIB)
    assert "Simonyan" in page.whole(composed)
    assert capfd.readouterr() == ("", "")


def test_the_same_text_cites_with_the_same_bytes(tmp_path):
    """In another folder, in either style."""
    for cover in ("", AUTHORS):
        folders = [tmp_path / name / str(len(cover)) for name in ("a", "b")]
        pages = [
            page.whole(compose(folder, "[@oz; @deep]", cover=cover, references=BIB))
            for folder in folders
        ]
        assert pages[0] == pages[1]
        assert str(tmp_path) not in pages[0]
