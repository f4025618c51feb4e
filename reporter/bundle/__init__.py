"""A report that was built → the one file that is handed in; and that file → what is in it."""

from __future__ import annotations

from reporter.bundle.manifest import Manifest
from reporter.bundle.reading import Opened, read

__all__ = ["Manifest", "Opened", "read"]
