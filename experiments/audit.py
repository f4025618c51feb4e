"""Audit a data set: corrupt files, duplicates, leakage, look-alikes, balance and sizes."""

from typing import Annotated

from pydantic import Field

from reporter import Dataset, Result, Run, experiment

Bits = Annotated[int, Field(ge=0, le=64)]


@experiment(quick={})
def audit(run: Run, *, data: Dataset, distance: Bits = 10) -> Result:
    """Audit a data set: corrupt files, duplicates, leakage, look-alikes, balance and sizes.

    Every file is decoded to its last pixel. Files are identical if their SHA-256 is; a pair of them
    leaks if one is a training and the other a test image, and conflicts if the two are of different
    classes. Images look alike if their perceptual hashes (64 bits, from a discrete cosine
    transform; Zauner 2010) differ in few bits: such pairs are for a person to look at, and may
    well show different things.

    Args:
        data: images with classes, split into training and test set.
        distance: bits in which the hashes of look-alikes differ, at most.

    Returns:
        Metrics images, corrupt_files, identical_pairs, leaked_pairs, conflicting_pairs,
        lookalike_pairs; corrupt, pairs, lookalikes, balance, sizes and modes (tables).
    """
    from reporter.datasets.audit import audit as look_through
    from reporter.datasets.audit_tables import counts, tables

    found = look_through(
        data, limit=distance, progress=lambda done, total: run.progress(done=done, of=total)
    )
    return Result({**tables(found), **counts(found)})
