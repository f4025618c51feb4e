"""What a section may call to place figures, tables and listings."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import zip_longest
from string import ascii_lowercase
from typing import TYPE_CHECKING, Any

from reporter import figures as drawing
from reporter import tables
from reporter.artifacts import ImageGrid, Table, Text
from reporter.errors import ReportError, nearest
from reporter.plan import seeds_text
from reporter.prose.cells import cell_value
from reporter.prose.comparisons import cells, check_known
from reporter.prose.credits import credit_line
from reporter.prose.decimals import aligned, is_number
from reporter.prose.evidence import clearly_above, diff, wins
from reporter.prose.fragments import MARK
from reporter.prose.markdown import code, plain
from reporter.prose.numbering import SPELLED
from reporter.prose.observe import Observer
from reporter.prose.origins import origin
from reporter.prose.points import details
from reporter.prose.styles import (
    SPACE,
    THIN,
    million_style,
    number_style,
    percent_style,
    with_thin_spaces,
)
from reporter.prose.views import Finished, Parameters

if TYPE_CHECKING:
    from pathlib import Path

    from reporter.prose.answers import Answers
    from reporter.prose.claims import Court
    from reporter.prose.numbering import Numbering
    from reporter.prose.values import Desk


PLACING = ("figure", "figures", "table", "compare", "settings", "listing")
LEAST_LABEL_MM = 9.0  # a narrower image shows its label in the alt text only
LONGEST_NAME = 28  # letters in the first column of a table that are kept in one line
NAMES = (  # what a template may call
    *PLACING,
    "question",
    "questions",
    "observe",
    "diff",
    "wins",
    "clearly_above",
)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How panels are arranged: `columns` side by side, each with `across` images in a row.

    Where all show curves of the same names, one legend stands for them, and none has its own.
    """

    columns: int
    across: int | None = None
    has_legends: bool = True


@dataclass(frozen=True, kw_only=True)
class Tools:
    """The functions of the templates, over the results of one report.

    Attributes:
        credits: photograph → where it was taken from; captions of figures that show it say so.
        render: turns Markdown with values into HTML; the second argument: without paragraph.
    """

    desk: Desk
    finished: Mapping[str, Finished]
    numbering: Numbering
    answers: Answers
    court: Court
    figure_cache: Path
    credits: Mapping[str, str]
    render: Callable[[str, bool], str]

    def functions(self) -> dict[str, Callable[..., Any]]:
        """Return them by the names that templates use."""
        own = {name: getattr(self, name) for name in PLACING}
        observer = Observer(
            desk=self.desk, court=self.court, numbering=self.numbering, finished=self.finished
        )
        return {
            **own,
            "question": self.answers.question,
            "questions": self.answers.questions,
            "observe": observer.observe,
            "diff": diff,
            "wins": wins,
            "clearly_above": clearly_above,
        }

    def figure(
        self,
        name: str,
        *,
        caption: str,
        id: str = "",
        alt: str = "",
        across: int | None = None,
    ) -> str:
        """Place the figure "run.artifact"; the default id is fig-<run>-<artifact>.

        `alt` replaces the words that its data give for readers who can't see it; `across` is how
        many labelled images stand in a row, the artifact's own number by default.
        """
        return self.figures([name], captions=[""], caption=caption, id=id, alt=alt, across=across)

    def figures(
        self,
        names: Sequence[str],
        *,
        caption: str = "",
        captions: Sequence[str] = (),
        id: str = "",
        alt: str | Sequence[str] = "",
        columns: int | None = None,
        across: int | None = None,
    ) -> str:
        """Place several figures as (a), (b), … under one caption, `columns` in a row.

        `alt` is one text for each of them, or a list with a text for each.
        """
        _check_names("figures", names)
        for word, count in (("columns", columns), ("across", across)):
            if count is not None and (not isinstance(count, int) or count < 1):
                raise ReportError(f"figures: {word}={count!r} should be a whole number from 1")
        alts = [alt] * len(names) if isinstance(alt, str) else list(alt)
        for word, given in (("captions", captions), ("alts", alts)):
            if given and len(given) != len(names):
                raise ReportError(f"figures: {len(names)} figures, but {len(given)} {word}")
        if len(names) > len(ascii_lowercase):
            raise ReportError(f"figures: {len(names)} figures have no letters; place some apart")
        target = id or "fig-" + names[0].replace(".", "-").replace("_", "-")
        number = self.numbering.number("fig", target)
        legend = self._legend(names)
        layout = Layout(
            columns=columns or (2 if len(names) > 1 else 1), across=across, has_legends=not legend
        )
        letters = ascii_lowercase[: len(names)] if len(names) > 1 else ""
        lines = list(captions) or [""] * len(names)
        subs = [
            (self.numbering.part(target, number, letter), self._caption(f"({letter})", line))
            for letter, line in zip(letters, lines, strict=False)
        ] or [("", "")]
        parts = [
            self._panel(name, layout, (own, caption, line))
            for name, line, own in zip(names, lines, alts, strict=True)
        ]
        credit = credit_line(map(self._find, names), self.credits)
        label = self._label("fig", target, number, caption + credit, "; ".join(lines))
        label += origin(self._find(name)[0] for name in names)

        def html() -> str:
            panels = "".join(part(*sub) for part, sub in zip(parts, subs, strict=True))
            marks = [f"({letter})" for letter in letters] or [""]
            values = details(zip(marks, map(self._outputs, names), strict=True))
            return (
                f'<figure id="{escape(target)}" class="figure">'
                f'<div class="panels">{legend}{panels}</div>'
                f"<figcaption>{label}</figcaption>{values}</figure>\n"
            )

        inside = "".join(sub for _, sub in subs) + label
        return self.desk.fragments.put(html, is_block=True, inside=inside)

    def table(self, name: str, *, caption: str, id: str = "") -> str:
        """Place the table "run.artifact"; the default id is tbl-<run>-<artifact>."""
        target = id or "tbl-" + name.replace(".", "-").replace("_", "-")
        run, output = self._find(name)
        if run.error:
            return self._tabular(target, caption, self._failure(run, "Table"), [run])
        found = run.output(output)[0]
        if not isinstance(found, Table):
            raise ReportError(f"table: {name!r} is a {type(found).__name__}; use figure")
        columns = tables.columns(found)
        source = f"{run.name}/{output}"
        rows = [
            [
                str(
                    cell_value(
                        self.desk,
                        f"{source}/{i}/{c.name}",
                        c,
                        cell,
                        is_provisional=run.is_provisional,
                    )
                )
                for c, cell in zip(columns, row, strict=True)
            ]
            for i, row in enumerate(found.rows)
        ]
        numeric = [tables.is_numeric(found, index) for index in range(len(columns))]
        head = [escape(column.label) for column in columns]
        return self._tabular(target, caption, self._grid(head, rows, numeric), [run])

    def compare(
        self,
        names: Sequence[str] | Mapping[str, str],
        columns: Sequence[str] | Mapping[str, str],
        *,
        caption: str,
        id: str = "",
        first: str = "run",
        digits: int | None = None,
    ) -> str:
        """Place a table with a row for each run and a column for each value of it.

        Args:
            names: runs, or run → how its row is called.
            columns: values such as "test_accuracy" or "test_accuracy.rate", or value → heading; a
                run that has no such value shows a dash, as long as one of the others has it.
            caption: what the table shows.
            id: default tbl-<first run>-compared.
            first: the heading of the first column.
            digits: of percentages after the point, one by default.
        """
        _check_names("compare", names)
        _check_names("compare", columns)
        labels = names if isinstance(names, Mapping) else {n: n.replace("-", " ") for n in names}
        heads = columns if isinstance(columns, Mapping) else {c: _heading(c) for c in columns}
        runs = [self._run(name, "compare") for name in labels]
        for path in heads:
            check_known(runs, path)
        rows = [
            [self.render(label, True), *cells(self.desk, run, list(heads), digits)]
            for run, label in zip(runs, labels.values(), strict=True)
        ]
        target = id or f"tbl-{next(iter(labels))}-compared"
        values = [*zip(*(row[1:] for row in rows), strict=True)]
        numeric = [all(map(is_number, labels.values()))]
        numeric += [any(map(is_number, self._plain(column))) for column in values]
        head = [self.render(text, True) for text in (first, *heads.values())]
        return self._tabular(target, caption, self._grid(head, rows, numeric), runs)

    def settings(
        self,
        names: Sequence[str] | Mapping[str, str],
        *,
        caption: str,
        id: str = "",
    ) -> str:
        """Place a table of all parameters of some runs: what they share once, then what differs."""
        _check_names("settings", names)
        labels = names if isinstance(names, Mapping) else {n: n for n in names}
        runs = [run for run in (self._run(name, "settings") for name in labels) if run.jobs]
        keys = dict.fromkeys(key for run in runs for key in run.jobs[0].parameters)
        rows = [[_heading(key), *(self._setting(run, key) for run in runs)] for key in keys]
        rows.append(["seeds", *(seeds_text([job.seed for job in run.jobs]) for run in runs)])
        plain = [[self.desk.fragments.plain(cell) for cell in row[1:]] for row in rows]
        same = [len(runs) > 1 and len(set(cells)) == 1 for cells in plain]
        shared = "; ".join(
            f"{row[0]}{SPACE}{row[1]}" for row, is_same in zip(rows, same, strict=True) if is_same
        )
        own = [row for row, is_same in zip(rows, same, strict=True) if not is_same] or rows
        head = ["parameter", *(self.render(labels[run.name], True) for run in runs)]
        if len(runs) == 1:  # two columns of half the height
            half = -(-len(own) // 2)
            own = [
                left + right
                for left, right in zip_longest(own[:half], own[half:], fillvalue=["", ""])
            ]
            head *= 2
        foot = f'<p class="shared">The same in all: {shared}.</p>' if shared and own != rows else ""
        target = id or f"tbl-{next(iter(labels))}-settings"
        body = self._grid(head, own, [False] * len(head)) + foot
        return self._tabular(target, caption, body, runs)

    def listing(self, name: str, *, caption: str = "", id: str = "") -> str:
        """Place the text "run.artifact", a program's output or code, as a numbered listing."""
        target = id or "lst-" + name.replace(".", "-").replace("_", "-")
        number = self.numbering.number("lst", target)
        run, output = self._find(name)
        label = self._label("lst", target, number, caption, name) + origin([run])
        if run.error:
            body = self._failure(run, "Listing")
        else:
            text = run.output(output)[0]
            if not isinstance(text, Text):
                raise ReportError(f"listing: {name!r} is a {type(text).__name__}, no text")
            body = code(text.body, text.language)
        html = (
            f'<figure id="{escape(target)}" class="listing"><figcaption>{label}</figcaption>'
            f"{body}</figure>\n"
        )
        return self.desk.fragments.put(html, is_block=True)

    def _run(self, name: str, where: str) -> Finished:
        """Return a run by its name."""
        if name not in self.finished:
            raise ReportError(f"{where}: no run is called {name!r}{nearest(name, self.finished)}")
        return self.finished[name]

    def _find(self, name: str) -> tuple[Finished, str]:
        """Return the run and the output that "run.artifact" names."""
        run, dot, output = name.rpartition(".")
        if not dot:
            raise ReportError(f'{name!r} should look like "run.artifact"')
        if run not in self.finished:
            raise ReportError(f"no run is called {run!r}{nearest(run, self.finished)}")
        return self.finished[run], output

    def _outputs(self, name: str) -> tuple[Any, ...]:
        """Return an output for each seed; () of a run that failed."""
        run, output = self._find(name)
        return () if run.error else run.output(output)

    def _panel(
        self, name: str, layout: Layout, texts: tuple[str, str, str]
    ) -> Callable[[str, str], str]:
        """Return what draws one panel of a figure, given its id and what stands below it.

        `texts` are the author's alt text and what stands in for it: both captions.
        """
        run, output = self._find(name)
        given, *others = texts
        text = ""
        outputs: tuple[Any, ...] = ()
        if not run.error:
            outputs = run.output(output)
            if not drawing.is_drawable(outputs[0]):
                kind = type(outputs[0]).__name__
                raise ReportError(f"figure: {name!r} is a {kind} without a course over epochs")
            described = "" if given else escape(drawing.describe(outputs))
            text = described or self.render(given or ". ".join(filter(None, others)), True)
            if not text.strip():
                told = f"figure {name!r} has no alt text; add alt= or a caption"
                self.numbering.problem(self.numbering.places.here(), told)

        def html(id: str, below: str) -> str:
            alt = self.desk.fragments.plain(plain(text))
            drawn = self._failure(run, "Figure")
            if outputs:
                drawn = self._picture(outputs, alt if given else "", alt, layout)
            style = f' style="width:{99.98 / layout.columns:.3f}%"' if outputs else ""
            named = f' id="{escape(id)}"' if id else ""
            sub = f'<div class="sub">{below}</div>' if below else ""
            return f'<div class="panel"{named}{style}>{drawn}{sub}</div>'

        return html

    def _picture(self, outputs: tuple[Any, ...], given: str, alt: str, layout: Layout) -> str:
        first = outputs[0]
        if isinstance(first, ImageGrid) and any(first.labels):
            return self._labelled(first, given or first.description, alt, layout)
        picture = drawing.draw(
            outputs,
            self.figure_cache,
            columns=layout.columns,
            has_legend=layout.has_legends,
        )
        return _img(picture, alt, f"{picture.width_mm:.1f}mm")

    def _legend(self, names: Sequence[str]) -> str:
        """Return the legend that several panels of curves share; "" where they do not."""
        found = {drawing.names(self._outputs(name)) for name in names}
        title, lines = found.pop()
        if found or len(names) == 1 or not lines:
            return ""
        samples = drawing.samples(title, len(lines), self.figure_cache)
        entries = "".join(
            f' <span class="entry">{_img(sample, "", f"{sample.width_mm:.1f}mm")} '
            f"{escape(line)}</span>"
            for line, sample in zip(lines, samples, strict=True)
        )
        return f'<div class="legend">{title}{entries}</div>'

    def _labelled(self, grid: ImageGrid, name: str, alt: str, layout: Layout) -> str:
        """Return images with their labels below them, in the page's own type."""
        across = layout.across or grid.columns
        width = drawing.TEXT_WIDTH_MM / layout.columns / across
        cells = []
        for pixels, label in zip(grid.images, grid.labels, strict=True):
            picture = drawing.image(pixels, self.figure_cache, width)
            lines = "<br>".join(
                escape(with_thin_spaces(line.replace("_", " "))) for line in label.split("\n")
            )
            img = _img(picture, " ".join(label.split()) or alt, "100%")
            style = f"width:{99.98 / across:.3f}%"
            below = f"<span>{lines}</span>" if width >= LEAST_LABEL_MM else ""
            cells.append(f'<div class="cell" style="{style}">{img}{below}</div>')
        said = f' role="group" aria-label="{escape(name)}"' if name else ""
        return f'<div class="images" style="--across:{across}"{said}>{"".join(cells)}</div>'

    def _tabular(self, target: str, caption: str, body: str, runs: Iterable[Finished]) -> str:
        number = self.numbering.number("tbl", target)
        label = self._label("tbl", target, number, caption) + origin(runs)
        return self.desk.fragments.put(
            f'<figure id="{escape(target)}" class="table"><figcaption>{label}</figcaption>'
            f"{body}</figure>\n",
            is_block=True,
        )

    def _grid(
        self, head: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[bool]
    ) -> str:
        pieces = self.desk.fragments
        columns = [
            aligned(cells, pieces.plain, pieces.set) if is_numeric else cells
            for cells, is_numeric in zip(zip(*rows, strict=True), numeric, strict=False)
        ]
        rows = [*zip(*columns, strict=True)]
        css = [' class="number"' if flag else "" for flag in numeric]
        top = "".join(f'<th scope="col"{c}>{h}</th>' for h, c in zip(head, css, strict=True))
        body = "".join(
            "<tr>"
            + "".join(f"<td{c}>{cell}</td>" for cell, c in zip(row, css, strict=True))
            + "</tr>"
            for row in rows
        )
        head_row = f"<thead><tr>{top}</tr></thead>"
        names = [plain(MARK.sub("…", row[0])) for row in rows]  # a citation has no number yet
        is_named = all(len(name) <= LONGEST_NAME for name in names)
        kind = ' class="named"' if is_named else ""
        return f'<div class="scroll"><table{kind}>{head_row}<tbody>{body}</tbody></table></div>'

    def _plain(self, cells: Iterable[str]) -> list[str]:
        return [plain(self.desk.fragments.plain(cell)) for cell in cells]

    def _setting(self, run: Finished, key: str) -> str:
        if key not in run.jobs[0].parameters:
            return "–"
        return str(getattr(Parameters(self.desk, run), key))

    def _label(self, kind: str, target: str, number: str, caption: str, otherwise: str = "") -> str:
        """Return number and caption; lists of all of a kind may say `otherwise` without one."""
        listed = self.render(caption or otherwise, True)
        self.numbering.caption(kind, target, number, listed)
        return self._caption(f"{SPELLED[kind]}{SPACE}{number}", caption)

    def _caption(self, label: str, caption: str) -> str:
        text = self.render(caption, True) if caption else ""
        return f'<span class="label">{label}</span> {text}'

    @staticmethod
    def _failure(run: Finished, what: str) -> str:
        return (
            f'<div class="failed" role="note"><strong>{what} missing: run '
            f"{escape(run.name)}.</strong> "
            f"{escape(run.error)}</div>"
        )


def filters() -> dict[str, Callable[..., Any]]:
    """Return the filters of templates: how a value prints."""
    return {
        "percent": lambda v, digits=1: v.styled(percent_style(digits), f"{THIN}%"),
        "points": lambda v, digits=1: v.styled(percent_style(digits), f"{SPACE}points"),
        "number": lambda v, digits=3: v.styled(number_style(digits), ""),
        "millions": lambda v, digits=1: v.styled(million_style(digits), f"{SPACE}million"),
    }


def _img(picture: drawing.Drawing, alt: str, width: str) -> str:
    content = base64.b64encode(picture.content).decode()
    text = escape(" ".join(alt.split()), quote=True)
    return (
        f'<img alt="{text}" style="width:{width}" src="data:{picture.media_type};base64,{content}">'
    )


def _check_names(tool: str, names: object) -> None:
    """Tell of one name, or none, where several are asked for."""
    if isinstance(names, str) or not names:
        raise ReportError(f'{tool}: {names!r} should be a list of names, such as ["a", "b"]')


def _heading(name: str) -> str:
    return name.replace(".", " ").replace("_", " ").replace("-", " ")
