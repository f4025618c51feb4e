"""Works and a CSL style → what stands for a citation, and the list of references."""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from string import ascii_lowercase
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from reporter.errors import ReportError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

OPEN, SPLIT, CLOSE = "\ue012", "\ue013", "\ue014"  # around a key and what stands for it
CITED = re.compile(f"{OPEN}(.*?){SPLIT}(.*?){CLOSE}", re.DOTALL)
LABELS = {
    "p": "page",
    "pp": "page",
    "ch": "chapter",
    "chap": "chapter",
    "sec": "section",
    "fig": "figure",
    "vol": "volume",
    "eq": "equation",
    "app": "appendix",
}
LETTERS = str.maketrans({"Ł": "L", "ł": "l", "Ø": "O", "ø": "o", "ß": "ss", "Đ": "D", "đ": "d"})
FORMAT = re.compile(r'(</?(?:i|b|l|u|sub|sup|span)>|<span style="[\w: ;-]*">)')
DETAIL = re.compile(rf"({'|'.join(LABELS)})\.\s*(.+)")


@dataclass(frozen=True, kw_only=True)
class Cite:
    """A work as the text cites it: `detail` is "p. 3" and the like."""

    key: str
    detail: str = ""


class StyledWorks:
    """What is cited in a report, all of it, in one style."""

    def __init__(self, path: Path, language: str, items: Sequence[dict[str, Any]]) -> None:
        self.path = path
        self.keys = {item["id"].lower(): item["id"] for item in items}
        with self._telling():
            source = path.read_text(encoding="utf-8")
            self.style = _style(path, language)
        self.is_numeric = "citation-number" in source
        self.collapses = self.style.root.citation.get("collapse") == "citation-number"
        self.works = self._gathered(items)
        suffixes = self._suffixes() if "year-suffix" in source else {}
        self.years = {item["id"]: _year(item) + suffixes.get(item["id"], "") for item in items}
        if suffixes:
            self.works = self._gathered(
                [{**item, "year-suffix": suffixes.get(item["id"], "")} for item in items]
            )

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Tell of a style that can't be used; the library's own warnings are for its makers."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield
        except Exception as exc:  # the library raises whatever it stumbles over
            raise ReportError(
                f"{self.path}: can't be used; take a CSL style that stands by itself and cites in "
                "the text, by number or by author and year"
            ) from exc

    def _gathered(self, items: Sequence[dict[str, Any]]) -> Any:
        """Return citeproc's bibliography of the items in the order of the style."""
        from citeproc import CitationStylesBibliography
        from citeproc.formatter import html
        from citeproc.source import Citation, CitationItem
        from citeproc.source.json import CiteProcJSON

        as_it_is = SimpleNamespace(**{**vars(html), "preformat": str})  # the items are HTML

        def gathered(source: Sequence[dict[str, Any]]) -> Any:
            works = CitationStylesBibliography(self.style, CiteProcJSON(source), as_it_is)
            works.register(Citation([CitationItem(item["id"]) for item in source]))
            return works

        with self._telling():
            ordered = gathered(_folded(items))
            ordered.sort()
            works = gathered(items)
            works.items.sort(key=lambda item: ordered.keys.index(item.key))
            works.keys = list(ordered.keys)
        return works

    def _suffixes(self) -> dict[str, str]:
        """Return "a", "b", … for works that would be cited alike, in the order of the list."""
        alike = defaultdict(list)
        for key in self.works.keys:
            name = self.keys[key]
            alike[CITED.sub(r"\2", self.cite([Cite(key=name)]))].append(name)
        return {
            name: ascii_lowercase[index]
            for names in alike.values()
            if len(names) > 1
            for index, name in enumerate(names)
        }

    def cite(self, cites: Sequence[Cite]) -> str:
        """Return what stands for works that are cited together, with marks around each."""
        from citeproc.source import Citation, CitationItem

        items = [
            CitationItem(
                cite.key,
                prefix=f"{OPEN}{cite.key}{SPLIT}",
                suffix=_remark(cite.detail) + CLOSE,
                **_locator(cite.detail),
            )
            for cite in cites
        ]
        citation = Citation(items)
        citation.bibliography = self.works
        with self._telling():
            text = tidy(self.works.cite(citation, None))
        has_details = any(cite.detail for cite in cites)
        return text.replace(f"{CLOSE}, ", f"{CLOSE}; ") if has_details else text

    def entries(self) -> list[tuple[str, str, str]]:
        """Return key, label and HTML of each work."""
        with self._telling():
            texts = [str(text) for text in self.works.bibliography()]
        found = []
        for number, (key, text) in enumerate(zip(self.works.keys, texts, strict=True), 1):
            label = re.match(rf"[\[(]?{number}[\])]?\.?(?=\D)\s*", text)
            own = label[0] if label and self.is_numeric else ""
            found.append((self.keys[key], own.strip(), tidy(text[len(own) :])))
        return found


def _style(path: Path, language: str) -> Any:
    from citeproc import CitationStylesStyle

    style = CitationStylesStyle(str(path), locale=language, validate=False)
    if style.root.get("class") != "in-text" or style.root.citation is None:
        raise ValueError(path)
    return style


def _locator(detail: str) -> dict[str, Any]:
    """Return "p. 3" as citeproc takes it."""
    from citeproc.source import Locator

    place = DETAIL.fullmatch(detail)
    return {"locator": Locator(LABELS[place[1]], escape(place[2]))} if place else {}


def _remark(detail: str) -> str:
    """Return what is no place in a work as it is said."""
    return f", {escape(detail)}" if detail and not DETAIL.fullmatch(detail) else ""


def _folded(items: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return works with letters that sort among A to Z, "Ö" beside "O"."""

    def plain(value: Any) -> Any:
        if isinstance(value, str):
            letters = unicodedata.normalize("NFKD", value.translate(LETTERS))
            return "".join(sign for sign in letters if not unicodedata.combining(sign))
        if isinstance(value, list):
            return [plain(part) for part in value]
        return (
            {key: plain(part) for key, part in value.items()} if isinstance(value, dict) else value
        )

    return [{**plain(item), "id": item["id"]} for item in items]


def _year(item: dict[str, Any]) -> str:
    issued = item.get("issued", {})
    return str(issued.get("literal") or issued.get("date-parts", [["n.d."]])[0][0])


def tidy(html: str) -> str:
    """Mend what styles and library leave: "? .", ", and et al.", loose initials, a bare &."""
    text = re.sub(r",? (?:and|&|und) et al\.", " et al.", str(html))
    text = re.sub(r"([.?!])((?:</\w+>)?)\.", r"\1\2", text)
    text = re.sub(r"\b(pp?\.|[^\W\d_a-z]\.) (?=[^\Wa-z])", "\\1\N{NO-BREAK SPACE}", text)
    text = re.sub(r'<span class="nocase">(.*?)</span>', r"\1", text)
    text = re.sub(r"&(?!#?\w+;)", "&amp;", text)
    shown = FORMAT.split(text)  # what is formatting, at odd places, and what is not
    return "".join(part if i % 2 else part.replace("<", "&lt;") for i, part in enumerate(shown))
