"""A report that was built → the one file that is handed in; and that file → what is in it."""

from reporter.bundle.manifest import Manifest
from reporter.bundle.reading import Opened, read
from reporter.bundle.writing import Bundled, Gathered, gather, write

__all__ = ["Bundled", "Gathered", "Manifest", "Opened", "gather", "read", "write"]
