"""Acquiring data sets, free of torch."""
