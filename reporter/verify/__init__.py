"""Bundles that were handed in → verdicts: whether each is what its own sources and results give."""
