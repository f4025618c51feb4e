"""Occlusion maps."""

import torch
from torch import nn

from reporter.learn.occlusion import occlusion_map, starts
from reporter.learn.streams import generator


def test_a_linear_score_falls_by_what_is_covered() -> None:
    """For S = w·x, covering a window takes away its part of the sum: a slow loop agrees."""
    image = torch.rand(3, 7, 6, generator=generator(1))
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * 7 * 6, 2))
    weight = network.state_dict()["1.weight"][1].view(3, 7, 6)
    total, count = torch.zeros(7, 6), torch.zeros(7, 6)
    for top in (0, 2, 4):
        for left in (0, 2, 3):
            area = slice(top, top + 3), slice(left, left + 3)
            total[area] += (weight * image)[:, *area].sum().clamp_min(0)
            count[area] += 1
    found = occlusion_map(network, image, 1, window=3, stride=2)
    torch.testing.assert_close(found, (total / count).detach(), atol=1e-5, rtol=1e-4)


def test_windows_reach_the_border() -> None:
    """The last one ends where the image ends; one larger than the image covers it."""
    assert starts(96, 24, 12) == [0, 12, 24, 36, 48, 60, 72]
    assert starts(7, 3, 3) == [0, 3, 4]
    assert starts(5, 9, 3) == [0]
