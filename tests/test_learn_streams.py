"""The random streams of a run."""

import torch

from reporter.learn.streams import generator, isolated, repeatable


def test_the_callers_generator_is_untouched_by_an_isolated_block() -> None:
    """Whatever is drawn inside, the next number outside is the one due anyway."""
    torch.manual_seed(3)
    due = torch.rand(1)
    torch.manual_seed(3)
    with isolated(7):
        torch.rand(100)
    assert torch.equal(torch.rand(1), due)


def test_an_isolated_block_repeats_itself() -> None:
    """The same seed gives the same numbers."""
    with isolated(7):
        first = torch.rand(5)
    with isolated(7):
        assert torch.equal(torch.rand(5), first)


def test_uses_of_one_stream_differ() -> None:
    """Two uses of a stream are two sequences, even for the largest seed."""
    largest = 2**63 - 1
    draws = [torch.rand(4, generator=generator(largest, use)) for use in range(3)]
    assert len({tuple(draw.tolist()) for draw in draws}) == 3


def test_cudnn_settings_return_after_a_repeatable_block() -> None:
    """Flags of cuDNN are those from before the block."""
    cudnn, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
    before = cudnn.allow_tf32, cudnn.deterministic, matmul.allow_tf32
    with repeatable("tf32"):
        assert (cudnn.allow_tf32, cudnn.deterministic, matmul.allow_tf32) == (True, True, True)
        with repeatable():
            assert (cudnn.allow_tf32, cudnn.deterministic, matmul.allow_tf32) == (
                False,
                True,
                False,
            )
        assert matmul.allow_tf32
    assert (cudnn.allow_tf32, cudnn.deterministic, matmul.allow_tf32) == before
