"""Where a data set can be had: an archive at an address, or a sample of a Hugging Face data set."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Archive:
    """A zip or tar file.

    Attributes:
        url: http or https.
        sha256: of the file.
        folder: the folder inside that is the data set; "" for all of it.
    """

    url: str
    sha256: str
    folder: str = ""

    @property
    def words(self) -> str:
        """Return where it comes from, for a person."""
        return self.url


@dataclass(frozen=True, kw_only=True)
class HuggingFace:
    """`per_class` images of each class of one split of a data set, drawn with a seed.

    Attributes:
        repo: "owner/name" on the hub, or a folder.
        revision: a commit, tag or branch; a commit keeps it the same for good.
        image: the column of images.
        label: the column of classes.
        classes: those that are taken, in the data set's own words; () for all.
        per_class: images of each; None for all.
    """

    repo: str
    revision: str | None = None
    split: str = "train"
    image: str = "image"
    label: str = "label"
    classes: tuple[str, ...] = ()
    per_class: int | None = None
    seed: int = 0

    @property
    def words(self) -> str:
        """Return where it comes from, for a person."""
        return f"Hugging Face {self.repo}"


Origin = Archive | HuggingFace
