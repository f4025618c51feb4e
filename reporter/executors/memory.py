"""The last module that the server of workers loads: how the workers forked from it keep memory.

Freed memory stays with a worker, which takes as much again in the next step: a system that clears
the same pages anew each time costs training 5 to 15 % on a CPU. What the server has loaded is no
concern of the workers' garbage collectors: the first pass over PyTorch's 300 000 objects, and
copies of the pages that it touches, cost 0.3 s of the processor in each worker.
"""

import contextlib
import ctypes
import gc

TRIM_THRESHOLD, MMAP_MAX = -1, -4  # parameters of mallopt(3), which the C library of Linux has
MOST = 2**31 - 1

with contextlib.suppress(AttributeError, OSError, TypeError):  # other systems have no such call
    mallopt = ctypes.CDLL(None).mallopt
    mallopt(MMAP_MAX, 0)
    mallopt(TRIM_THRESHOLD, MOST)
gc.collect()
gc.freeze()
