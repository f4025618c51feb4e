"""The data, images and weights that a report names → opened inputs, or their stand-ins."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from reporter import shipped
from reporter.datasets.folders import ByShare, open_folder
from reporter.datasets.generated import Recipe, materialise, one_image, stand_in
from reporter.datasets.leaks import without_leaks
from reporter.datasets.origins import Archive, HuggingFace
from reporter.datasets.receipts import insist_unchanged
from reporter.errors import ReportError, nearest
from reporter.inputs import Dataset, ImageFile, Weights
from reporter.report import Data, Report, Share

if TYPE_CHECKING:
    from reporter.datasets.digests import Digests
    from reporter.datasets.origins import Origin

IMAGENET = "imagenet:IMAGENET1K_V1"  # the state that torchvision's file names stand for
QUICK_IMAGES = (8, 4)  # generated training and test images of each class under --quick


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Opens each input of a report once.

    Attributes:
        report: what names them.
        cache: where generated images are kept.
        digests: digests of files.
        is_quick: whether stand-ins are used.
        download: whether torchvision's weights may be fetched.
    """

    report: Report
    cache: Path
    digests: Digests
    is_quick: bool = False
    download: bool = False
    _opened: dict[str, Dataset] = field(default_factory=dict)
    _left_out: dict[str, int] = field(default_factory=dict)

    def data(self, name: str, where: str, seen: tuple[str, ...] = ()) -> Dataset:
        """Open the data set called `name`."""
        if name in seen:
            raise ReportError(
                f"{where}: a cycle of data sets: {' → '.join((*seen, name))}; name another"
            )
        if name not in self.report.data:
            hint = nearest(name, self.report.data)
            raise ReportError(f"{where}: no data set is called {name!r}{hint}")
        if name not in self._opened:
            self._opened[name] = self._open(name, self.report.data[name], seen)
        return self._opened[name]

    def folder(self, name: str) -> Path | None:
        """Return where the images of a data set lie, or will; None if it is made or derived."""
        spec = self.report.data[name]
        if spec.from_ is not None or spec.source is not None:
            return None
        if spec.path is None and self.origin(name) is None:
            return None
        return self._path(spec.path or f"data/{name}")

    def origin(self, name: str) -> Origin | None:
        """Return where a data set can be had from; None if its folder is the user's own."""
        spec = self.report.data[name]
        given = [spec.from_, spec.source, spec.archive, spec.huggingface]
        if sum(one is not None for one in given) > 1:
            raise ReportError(
                f"data.{name}: give one of from, source, archive and huggingface; two are there"
            )
        if spec.archive is not None:
            return Archive(**spec.archive.model_dump())
        if spec.huggingface is None:
            return None
        if spec.split == "folders":
            raise ReportError(
                f"data.{name}.split: a sample of one split is one set; add "
                "split = { test = 0.2, seed = 0 }"
            )
        return HuggingFace(**spec.huggingface.model_dump())

    def left_out(self, name: str) -> int:
        """Return how many leaked test images were left out when the data set was opened."""
        return self._left_out.get(name, 0)

    def image(self, name: str, where: str) -> ImageFile:
        """Open the photograph `name`; under --quick a painting stands in for a missing one."""
        if name not in self.report.images:
            hint = nearest(name, self.report.images)
            raise ReportError(f"{where}: no image is called {name!r}{hint}")
        spec = self.report.images[name]
        path = self._path(spec.path)
        if not path.is_file():
            if not self.is_quick:
                raise ReportError(f"images.{name}: no file {path}; put it there or change path")
            seed = sorted(self.report.images).index(name)
            path = one_image(self.cache / f"stand-in-{seed}.png", seed, size=224)
        return ImageFile(
            name=name,
            path=path,
            digest=self.digests.of(path),
            expected=spec.expected,
            credit=spec.credit,
        )

    def weights(self, name: str, where: str) -> Weights:
        """Open the weights called `name`, or "random" or "imagenet"; "run:…" is not opened here."""
        source = self.weights_source(name, where)
        if source == "random":
            return Weights(name=name, source="random", digest="random")
        if source == "imagenet":
            folder = self.report.folder / "data" / "weights"
            return Weights(
                name=name, source="imagenet", digest=IMAGENET, path=folder, download=self.download
            )
        path = self._path(source.removeprefix("file:"))
        if not path.is_file():
            raise ReportError(f"weights.{name}: no file {path}; put it there or change source")
        return Weights(name=name, source="file", digest=self.digests.of(path), path=path)

    def weights_source(self, name: str, where: str) -> str:
        """Return "random", "imagenet", "file:PATH" or "run:NAME"."""
        if name in ("random", "imagenet") or name.startswith("run:"):
            return name
        if name not in self.report.weights:
            hint = nearest(name, {*self.report.weights, "random", "imagenet"})
            raise ReportError(f"{where}: no weights are called {name!r}{hint}")
        spec = self.report.weights[name]
        return spec.quick if self.is_quick and spec.quick else spec.source

    def note(self, kind: str, name: str) -> str:
        """Return what stands in for the input, "" if nothing does: page one says it."""
        if kind == "data":
            return self._opened[name].note
        if kind == "images":
            is_there = self._path(self.report.images[name].path).is_file()
            return "" if is_there else photograph_note(name)
        if name in self.report.weights and self.weights_source(name, "") == "random":
            return f"random weights in place of {name}"
        return ""

    def _open(self, name: str, spec: Data, seen: tuple[str, ...]) -> Dataset:
        stands_in = self.is_quick and spec.quick == "procedural"
        origin = self.origin(name)
        if spec.from_ is not None:
            dataset = self.data(spec.from_, f"data.{name}.from", (*seen, name))
        elif spec.source or stands_in:
            dataset = self._generated(name, spec, stands_in=stands_in)
        else:
            dataset = self._read(name, spec, origin)
        if spec.class_count not in (None, len(dataset.classes)):
            raise ReportError(
                f"data.{name}.class_count: {spec.class_count}, but {len(dataset.classes)} classes "
                f"are there: {', '.join(dataset.classes[:12])}"
            )
        dataset = _swapped(dataset, name) if spec.swap else replace(dataset, name=name)
        if spec.leaked == "keep":
            return dataset
        kept = without_leaks(dataset, self.digests)
        self._left_out[name] = len(dataset.test) - len(kept.test)
        return kept

    def _read(self, name: str, spec: Data, origin: Origin | None) -> Dataset:
        """Open a folder; one that was fetched has to be what was fetched."""
        folder = self.folder(name)
        if folder is None:
            raise ReportError(
                f"data.{name}: needs path, from, source, archive or huggingface; add one"
            )
        if origin is not None:
            if not folder.is_dir():
                raise ReportError(f"data.{name}: no folder {folder}; run `report data get {name}`")
            insist_unchanged(folder, origin, self.digests, f"data.{name}")
        split = spec.split
        given = ByShare(test=split.test, seed=split.seed) if isinstance(split, Share) else split
        return open_folder(name, folder, given, spec.classes, self.digests)

    def _generated(self, name: str, spec: Data, *, stands_in: bool) -> Dataset:
        train, test = QUICK_IMAGES if self.is_quick else (spec.train, spec.test)
        recipe = Recipe(
            source=spec.source if spec.source and not stands_in else stand_in(spec.class_count),
            classes=spec.class_count,
            train=train,
            test=test,
            size=spec.size,
            level=spec.level,
        )
        folder = materialise(recipe, self.cache)
        dataset = open_folder(name, folder, "folders", "exact", self.digests)
        kind = "paintings" if recipe.source == "paintings" else "pictures"
        note = f"generated {kind} in place of the data set {name}" if stands_in else ""
        return replace(dataset, note=note)

    def _path(self, text: str) -> Path:
        """Return a path of report.toml; what is embedded ("shipped:…") lies with the program."""
        if text.startswith("shipped:"):
            return shipped.folder("data") / text.removeprefix("shipped:")
        with suppress(RuntimeError):  # a "~name" of nobody is a name like any other
            text = str(Path(text).expanduser())
        return self.report.folder / text


def photograph_note(name: str) -> str:
    """Return what page one says when a picture stands in for the photograph `name`."""
    return f"a generated picture in place of the photograph {name}"


def _swapped(dataset: Dataset, name: str) -> Dataset:
    """Return the data set with training and test images in each other's place."""
    return replace(
        dataset,
        name=name,
        train=dataset.test,
        test=dataset.train,
        digest=f"swapped:{dataset.digest}",
    )
