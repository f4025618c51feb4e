"""references.bib → CSL-JSON: what citation styles read, in HTML, with LaTeX's marks decoded."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any

from reporter.errors import ReportError
from reporter.prose.texts import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

TYPES = {
    "article": "article-journal",
    "inproceedings": "paper-conference",
    "conference": "paper-conference",
    "proceedings": "book",
    "book": "book",
    "incollection": "chapter",
    "inbook": "chapter",
    "phdthesis": "thesis",
    "mastersthesis": "thesis",
    "thesis": "thesis",
    "techreport": "report",
    "report": "report",
    "manual": "book",
    "unpublished": "manuscript",
    "online": "webpage",
    "electronic": "webpage",
    "www": "webpage",
    "software": "software",
    "dataset": "dataset",
}  # all others: "document"
GENRES = {
    "phdthesis": "PhD thesis",
    "mastersthesis": "Master’s thesis",
    "techreport": "Technical report",
}
FIELDS = {  # of CSL: those of BibTeX that may give it, the first one that is there
    "title": ("title",),
    "container-title": ("journal", "journaltitle", "booktitle"),
    "collection-title": ("series",),
    "publisher": ("publisher", "school", "institution", "organization"),
    "publisher-place": ("address", "location"),
    "volume": ("volume",),
    "issue": ("issue", "number"),
    "number": ("number",),
    "chapter-number": ("chapter",),
    "edition": ("edition",),
    "genre": ("type",),
    "note": ("note",),
}
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
EMPHASIS = re.compile(r"\\(?:emph|textit)\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
FONTS = re.compile(r"\\(?:text(?:bf|sc|tt|rm|sf|up|normal)?|mathrm|mbox)\s*(?=\{)")
LOGOS = re.compile(r"\\((?:La)?TeX|BibTeX)(?![A-Za-z])(?:\{\})?")
MATHS = re.compile(r"(?<!\\)\$([^$]*)(?<!\\)\$")
COMMAND = re.compile(r"\\url\s*\{([^{}]*)\}|\\href\s*\{([^{}]*)\}\s*\{[^{}]*\}")
WRITTEN_WHOLE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")  # family, then given name
STRINGS = re.compile(r"@string\s*[{(]\s*([^\s=]+)\s*=([^@]*)", re.IGNORECASE)
LONGEST = 100_000
ITALIC_OPEN, ITALIC_CLOSE = "\ue012", "\ue013"


def read(path: Path) -> dict[str, dict[str, Any]]:
    """Return the entries of a BibTeX file by key, {} where there is no file.

    Raises:
        ReportError: what does not parse; with the file and, where it is known, the line.
    """
    from pybtex.database import parse_string

    if not path.is_file():
        return {}
    source = read_text(path)
    try:
        entries = parse_string(_bounded(source), "bibtex").entries
    except Exception as exc:  # the library raises whatever it stumbles over
        raise ReportError(f"{path}: {_told(exc)}") from exc
    items = {}
    for key, entry in entries.items():
        try:
            items[key] = _item(key, entry, entries.get(entry.fields.get("crossref", "")))
        except Exception as exc:  # of names, of LaTeX
            raise ReportError(f"{path}: {key}: {_told(exc)}") from exc
    return items


def _bounded(source: str) -> str:
    """Return a BibTeX file; ReportError where abbreviations of abbreviations would explode."""
    lengths: dict[str, int] = {}
    for name, value in STRINGS.findall(source):
        parts = (part.strip(" \n\t{})").lower() for part in value.split("#"))
        lengths[name.lower()] = sum(lengths.get(part, len(part)) for part in parts)
        if lengths[name.lower()] > LONGEST:
            raise ReportError(f"@string {name} is longer than {LONGEST:,} letters; shorten it")
    return source


def _told(exc: Exception) -> str:
    if isinstance(exc, ReportError):
        return str(exc)
    if isinstance(exc, RecursionError):
        return "braces within braces, or a crossref to itself; take some away"
    told = f"its LaTeX: {exc.reason}" if isinstance(exc, UnicodeDecodeError) else str(exc)
    return f"can't be read: {' '.join(told.split())}; correct the entry"


def _item(key: str, entry: Any, parent: Any = None) -> dict[str, Any]:
    """Return one entry as CSL-JSON; `parent` is the one that it refers to by crossref."""
    kind = entry.type.lower()
    given = [*(parent.fields.items() if parent else ()), *entry.fields.items()]
    raw = {name.lower(): " ".join(value.split()) for name, value in given}
    item: dict[str, Any] = {"id": key, "type": TYPES.get(kind, "document")}
    for name, sources in FIELDS.items():
        found = next((raw[source] for source in sources if raw.get(source)), "")
        if found:
            item[name] = text(found)
    if kind in GENRES:
        item.setdefault("genre", GENRES[kind])
    if item["type"] in ("article-journal", "document"):
        item.pop("number", None)  # a journal's is its issue
    if raw.get("subtitle") and "title" in item:
        item["title"] += ": " + text(raw["subtitle"])
    if raw.get("pages"):
        item["page"] = re.sub(r"\s*[-–—]+\s*", "–", text(raw["pages"]))
    for role, people in entry.persons.items():
        item[role.lower()] = _names(people)
    item |= _dates(raw) | _addresses(raw)
    return item


def _dates(raw: Mapping[str, str]) -> dict[str, Any]:
    dates = {}
    date = raw.get("date", "").partition("/")[0] or raw.get("year", "")  # of a span the first
    if date:
        dates["issued"] = _date(date, raw.get("month", ""))
    if raw.get("urldate"):
        dates["accessed"] = _date(raw["urldate"])
    return dates


def _date(date: str, month: str = "") -> dict[str, Any]:
    """Return "2014-05-03", "2014", or a word such as "in press"."""
    found = re.fullmatch(r"(\d{4})(?:-(\d\d?))?(?:-(\d\d?))?", date)
    if not found:
        return {"literal": text(date)}
    parts = [int(part) for part in found.groups() if part]
    if any(not 1 <= part <= most for part, most in zip(parts[1:], (12, 31), strict=False)):
        return {"literal": text(date)}
    name = month.strip("{}. ").lower()
    if len(parts) == 1 and name[:3] in MONTHS:
        parts.append(MONTHS.index(name[:3]) + 1)
    elif len(parts) == 1 and name.isdecimal() and 1 <= int(name) <= len(MONTHS):
        parts.append(int(name))
    return {"date-parts": [parts]}


def _addresses(raw: Mapping[str, str]) -> dict[str, str]:
    """Return where the work is to be had: DOI, URL, arXiv."""
    found = {}
    doi = re.sub(r"^(https?://(dx\.)?doi\.org/|doi:)\s*", "", _address(raw.get("doi", "")))
    if doi:
        found["DOI"] = escape(doi, quote=False)
    published = COMMAND.search(raw.get("howpublished", ""))
    url = raw.get("url") or (published and (published[1] or published[2])) or ""
    archive = raw.get("archiveprefix", raw.get("eprinttype", "arxiv")).lower()
    if raw.get("eprint") and archive == "arxiv":
        paper = re.sub(r"^arxiv:", "", raw["eprint"], flags=re.IGNORECASE)
        found["number"] = escape(f"arXiv:{paper}", quote=False)
        url = url or f"https://arxiv.org/abs/{paper}"
    elif raw.get("howpublished") and not published:
        found["publisher"] = text(raw["howpublished"])
    if url:
        found["URL"] = escape(_address(url), quote=False)
    return found


def _address(url: str) -> str:
    """Return an address without LaTeX's marks."""
    inner = COMMAND.sub(r"\1\2", url).replace(r"\~{}", "~").replace(r"\textasciitilde", "~")
    return re.sub(r"\\([_%&#~$])", r"\1", inner).strip("{} ")


def _names(people: Iterable[Any]) -> list[dict[str, str]]:
    return [_name(person) for person in people]


def _name(person: Any) -> dict[str, str]:
    """Return one person; a name in braces, of a body or in Chinese signs, stays whole."""
    parts = {
        "family": person.last_names,
        "given": [*person.first_names, *person.middle_names],
        "non-dropping-particle": person.prelast_names,
        "suffix": person.lineage_names,
    }
    if parts["family"] == ["others"] and not parts["given"]:
        return {"literal": "et al."}
    name = {key: text(" ".join(words), keeps_case=False) for key, words in parts.items() if words}
    is_whole = re.fullmatch(r"\{(?!\\).*\}", " ".join(person.last_names)) and len(name) == 1
    if is_whole:
        return {"literal": name["family"]}
    if WRITTEN_WHOLE.search(name.get("family", "")):
        return {"literal": name["family"] + name.get("given", "")}
    return name


def text(latex: str, *, keeps_case: bool = True) -> str:
    """Return LaTeX as HTML: accents and quotes as signs, what braces protect marked for styles."""
    from pybtex.richtext import Protected, Text

    marked = LOGOS.sub(r"{\1}", FONTS.sub("", COMMAND.sub(r"\1\2", latex)))
    marked = EMPHASIS.sub(rf"{ITALIC_OPEN}\1{ITALIC_CLOSE}", marked)
    marked = MATHS.sub(lambda m: re.sub(r"\\[A-Za-z]+", r"{$\g<0>$}", m[1]), marked)

    def html(part: Any, *, is_free: bool = keeps_case) -> str:
        if not hasattr(part, "parts"):
            return escape(str(part))
        is_kept = is_free and isinstance(part, Protected)
        inner = "".join(html(one, is_free=is_free and not is_kept) for one in part.parts)
        return f'<span class="nocase">{inner}</span>' if is_kept else inner

    shown = html(Text.from_latex(marked))
    shown = re.sub("&quot;(.*?)&quot;", r"“\1”", shown).replace("&quot;", "”")
    shown = shown.replace("&#x27;", "’")
    return shown.replace(ITALIC_OPEN, "<i>").replace(ITALIC_CLOSE, "</i>").strip()
