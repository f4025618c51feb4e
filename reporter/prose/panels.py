"""Figures of runs → panels under a caption, with one legend where they share it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from html import escape
from string import ascii_lowercase
from typing import TYPE_CHECKING, Any

from reporter import figures as drawing
from reporter.artifacts import ImageGrid
from reporter.errors import ReportError
from reporter.prose import failures
from reporter.prose.credits import credit_line
from reporter.prose.markdown import plain
from reporter.prose.origins import origin
from reporter.prose.placing import Placing, check_names
from reporter.prose.points import details
from reporter.prose.styles import with_thin_spaces

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from reporter.prose.views import Finished

REMEDIES = {  # by kind of what is no figure
    "Metric": "without a course over epochs",
    "Table": "no figure; place it with table",
    "Text": "no figure; place it with listing",
}
LEAST_LABEL_MM = 9.0  # a narrower image shows its label in the alt text only


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How panels are arranged: `columns` side by side, each with `across` images in a row.

    Where all show curves of the same names, one legend stands for them, and none has its own.
    """

    columns: int
    across: int | None = None
    has_legends: bool = True


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What a template calls to place figures.

    Attributes:
        cache: where drawn figures are kept.
        credits: photograph → where it was taken from; captions of figures that show it say so.
    """

    at: Placing
    cache: Path
    credits: Mapping[str, str]

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
        check_names("figures", names)
        alts = [alt] * len(names) if isinstance(alt, str) else list(alt)
        _check_counts({"columns": columns, "across": across})
        _check_lengths(len(names), {"captions": captions, "alts": alts})
        target = id or "fig-" + names[0].replace(".", "-").replace("_", "-")
        number = self.at.numbering.number("fig", target)
        legend = self._legend(names)
        layout = Layout(
            columns=columns or (2 if len(names) > 1 else 1), across=across, has_legends=not legend
        )
        letters = ascii_lowercase[: len(names)] if len(names) > 1 else ""
        lines = list(captions) or [""] * len(names)
        subs = [
            (self.at.numbering.part(target, number, letter), self.at.caption(f"({letter})", line))
            for letter, line in zip(letters, lines, strict=False)
        ] or [("", "")]
        parts = [
            self._panel(name, layout, (own, caption, line))
            for name, line, own in zip(names, lines, alts, strict=True)
        ]
        credit = credit_line(map(self.at.find, names), self.credits)
        label = self.at.label(
            "fig", target, number, caption + credit, "; ".join(lines), shows=names
        )
        runs = [self.at.find(name)[0] for name in names]
        label += origin(runs)
        lost = failures.box(f"Figure{_marked(runs)} missing", runs)

        def html() -> str:
            panels = "".join(part(*sub) for part, sub in zip(parts, subs, strict=True))
            if len(names) == 1 and lost:
                panels = ""
            marks = [f"({letter})" for letter in letters] or [""]
            values = details(zip(marks, map(self._outputs, names), strict=True))
            return (
                f'<figure id="{escape(target)}" class="figure">'
                f'<div class="panels">{legend}{panels}</div>'
                f"{lost}<figcaption>{label}</figcaption>{values}</figure>\n"
            )

        inside = "".join(sub for _, sub in subs) + label
        return self.at.desk.fragments.put(html, is_block=True, inside=inside)

    def _outputs(self, name: str) -> tuple[Any, ...]:
        """Return an output for each seed; () of a run that failed."""
        run, output = self.at.find(name)
        return () if run.error else run.output(output)

    def _panel(
        self, name: str, layout: Layout, texts: tuple[str, str, str]
    ) -> Callable[[str, str], str]:
        """Return what draws one panel of a figure, given its id and what stands below it.

        `texts` are the author's alt text and what stands in for it: both captions.
        """
        run, output = self.at.find(name)
        given, *others = texts
        text = ""
        outputs: tuple[Any, ...] = ()
        if not run.error:
            outputs = run.output(output)
            if not drawing.is_drawable(outputs[0]):
                kind = type(outputs[0]).__name__
                told = REMEDIES.get(kind, "no figure")
                raise ReportError(f"figure: {name!r} is a {kind}, {told}")
            described = "" if given else escape(drawing.describe(outputs))
            text = described or self.at.render(given or ". ".join(filter(None, others)), True)
            if not text.strip():
                told = f"figure {name!r} has no alt text; add alt= or a caption"
                self.at.numbering.problem(self.at.numbering.places.here(), told)

        def html(id: str, below: str) -> str:
            alt = self.at.desk.fragments.plain(plain(text))
            drawn = f'<div class="lost">run {escape(run.name)}<br>{failures.word(run)}</div>'
            if outputs:
                drawn = self._picture(outputs, alt if given else "", alt, layout)
            style = f' style="width:{99.98 / layout.columns:.3f}%"'
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
            self.cache,
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
        samples = drawing.samples(title, len(lines), self.cache)
        entries = "".join(
            f' <span class="entry">{_sample(sample)} {escape(line)}</span>'
            for line, sample in zip(lines, samples, strict=True)
        )
        return f'<div class="legend">{title}{entries}</div>'

    def _labelled(self, grid: ImageGrid, name: str, alt: str, layout: Layout) -> str:
        """Return images with their labels below them, in the page's own type."""
        across = layout.across or grid.columns
        width = drawing.TEXT_WIDTH_MM / layout.columns / across
        cells = []
        for pixels, label in zip(grid.images, grid.labels, strict=True):
            picture = drawing.image(pixels, self.cache, width)
            lines = "<br>".join(
                escape(with_thin_spaces(line.replace("_", " "))) for line in label.split("\n")
            )
            img = _img(picture, " ".join(label.split()) or alt, "100%")
            style = f"width:{99.98 / across:.3f}%"
            below = f"<span>{lines}</span>" if width >= LEAST_LABEL_MM else ""
            cells.append(f'<div class="cell" style="{style}">{img}{below}</div>')
        said = f' role="group" aria-label="{escape(name)}"' if name else ""
        return f'<div class="images" style="--across:{across}"{said}>{"".join(cells)}</div>'


def _marked(runs: Sequence[Finished]) -> str:
    """Return which of several panels have no result: " (a), (c)"; "" where none has one."""
    lost = [f"({letter})" for letter, run in zip(ascii_lowercase, runs, strict=False) if run.error]
    return f" {', '.join(lost)}" if lost and len(lost) < len(runs) else ""


def _check_counts(counts: Mapping[str, int | None]) -> None:
    for word, count in counts.items():
        if count is not None and (not isinstance(count, int) or count < 1):
            raise ReportError(f"figures: {word}={count!r} should be a whole number from 1")


def _check_lengths(count: int, texts: Mapping[str, Sequence[str]]) -> None:
    for word, given in texts.items():
        if given and len(given) != count:
            raise ReportError(f"figures: {count} figures, but {len(given)} {word}; give one each")
    if count > len(ascii_lowercase):
        raise ReportError(f"figures: {count} figures have no letters; place some apart")


def _img(picture: drawing.Drawing, alt: str, width: str) -> str:
    content = base64.b64encode(picture.content).decode()
    text = escape(" ".join(alt.split()), quote=True)
    return (
        f'<img alt="{text}" style="width:{width}" src="data:{picture.media_type};base64,{content}">'
    )


def _sample(picture: drawing.Drawing) -> str:
    """Return a piece of a line for a legend: as a background, for it says nothing by itself."""
    content = base64.b64encode(picture.content).decode()
    source = f"url(data:{picture.media_type};base64,{content})"
    style = f"width:{picture.width_mm:.1f}mm;background-image:{source}"
    return f'<span class="sample" style="{style}"></span>'
