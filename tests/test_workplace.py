"""What a request turns into: workers and threads that fit the machine."""

import pytest

from reporter.workplace import workers_and_threads


@pytest.mark.parametrize("cores", [1, 2, 3, 8])
@pytest.mark.parametrize("jobs", [None, 1, 2, 64])
@pytest.mark.parametrize("threads", [1, 2, 5, 64])
def test_workers_and_their_threads_never_outnumber_the_cores(
    cores: int, jobs: int | None, threads: int
) -> None:
    """Whatever -j and settings.threads ask for; there is always one worker with one thread."""
    workers, each = workers_and_threads(cores, jobs, threads)
    assert 1 <= workers * each <= cores
    assert workers <= (jobs or cores)
    assert each == min(threads, cores)


def test_cores_are_shared_out_among_workers() -> None:
    """Without -j there are as many workers as the cores have room for."""
    assert workers_and_threads(8, None, 1) == (8, 1)
    assert workers_and_threads(8, None, 3) == (2, 3)
    assert workers_and_threads(8, 3, 2) == (3, 2)
