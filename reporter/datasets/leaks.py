"""A data set → the same without the test images that are training images too."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from reporter.errors import ReportError

if TYPE_CHECKING:
    from reporter.datasets.digests import Digests
    from reporter.inputs import Dataset


def without_leaks(data: Dataset, digests: Digests) -> Dataset:
    """Leave out every test image whose file is byte for byte that of a training image.

    The training set stays whole. Where nothing leaks, the data set and its digest stay the same.

    Raises:
        ReportError: no test image would be left.
    """
    trained = {digests.of(example.path) for example in data.train}
    kept = tuple(example for example in data.test if digests.of(example.path) not in trained)
    if len(kept) == len(data.test):
        return data
    if not kept:
        raise ReportError(
            f'data.{data.name}.leaked: "drop", but every test image is a training image too; '
            "give other test images"
        )
    digest = hashlib.sha256(f"without leaks: {data.digest}".encode()).hexdigest()
    return replace(data, test=kept, digest=digest)
