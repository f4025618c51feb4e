"""A report's `[submission]` and what its course hands out → rules, and sentences that say them."""

from reporter.rules.naming import archive_name
from reporter.rules.reading import Rules, fetch, imposed, read
from reporter.rules.sentences import sentences

__all__ = ["Rules", "archive_name", "fetch", "imposed", "read", "sentences"]
