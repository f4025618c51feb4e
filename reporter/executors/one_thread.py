"""Loaded by the server of the workers before anything that computes: one thread per library.

NumPy's and scikit-learn's arithmetic would take every core in each worker. PyTorch alone is given
more, as many threads as the task says. Only the server's environment changes, which workers share.
"""

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
