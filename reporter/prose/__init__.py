"""Markdown with Jinja → HTML: values, claims, numbering, references, mathematics."""
