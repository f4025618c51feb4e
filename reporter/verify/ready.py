"""The last module that the server of verifying processes loads: what each of them would load."""

import gc
from importlib import import_module

from reporter import pdf

for name in ("reporter.verify.one", "matplotlib.figure", "pikepdf", "pypdfium2", "ziamath"):
    import_module(name)
pdf.engine()
gc.collect()
gc.freeze()
