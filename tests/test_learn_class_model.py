"""Images that a class scores highest."""

import pytest
import torch
from torch import nn

from reporter.artifacts import Metric
from reporter.errors import ReportError
from reporter.inputs import Weights
from reporter.learn.class_model import (
    Ascent,
    class_indices,
    class_model,
    climbed,
    mean_metric,
    row_length,
    shifted,
    table,
    visible,
)
from reporter.learn.normalisation import HALF, IMAGENET
from reporter.learn.streams import generator, isolated
from reporter.learn.weights import Pretrained


def network() -> nn.Module:
    """Return a small convolutional network with ReLU, batch norm and dropout."""
    with isolated(3):
        return nn.Sequential(
            nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.Flatten(),
            nn.Dropout(0.5), nn.Linear(8 * 6 * 6, 3),
        )  # fmt: skip


def loaded() -> Pretrained:
    """Return that network with names for its scores."""
    return Pretrained(network=network(), classes=("goose", "Ostrich", "limousine"),
                      normalisation=HALF)  # fmt: skip


def test_a_linear_score_has_its_maximum_at_half_the_weights_over_lambda() -> None:
    """S = w·I + b less λ‖I‖² is highest at w/2λ; the ascent converges there from anywhere."""
    with isolated(1):
        linear = nn.Sequential(nn.Flatten(), nn.Linear(12, 4)).double()
    start = torch.randn(3, 2, 2, dtype=torch.float64, generator=generator(2))
    found, scores = climbed(linear, 2, start, Ascent(steps=300, rate=0.5, decay=0.1))
    weight, bias = linear[1].weight[2].detach(), linear[1].bias[2].detach()
    torch.testing.assert_close(found, (weight / 0.2).view(3, 2, 2))
    best = (weight.square().sum() / 0.2 + bias).item()
    assert len(scores) == 301
    assert scores[-1] == pytest.approx(best)


def test_one_step_follows_the_gradient_of_score_and_penalty() -> None:
    """It equals a step by finite differences of S − λ‖I‖²."""
    made = network().double().eval()
    start = torch.randn(3, 8, 8, dtype=torch.float64, generator=generator(5))
    found, _ = climbed(made, 1, start, Ascent(steps=1, rate=0.3, decay=0.2))

    def aim(image: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            return made(image[None])[0, 1] - 0.2 * image.square().sum()

    for place in [(0, 0, 0), (1, 3, 4), (2, 7, 7)]:
        nudge = torch.zeros_like(start)
        nudge[place] = 1e-6
        slope = (aim(start + nudge) - aim(start - nudge)) / 2e-6
        assert found[place].item() == pytest.approx((start[place] + 0.3 * slope).item(), abs=1e-6)


def test_the_score_rises_and_the_class_becomes_probable() -> None:
    """From the mean image, step by step, to more than all other classes together."""
    model = class_model(loaded(), 1, 8, Ascent(steps=60, rate=0.5, decay=0.01))
    assert list(model.scores) == sorted(model.scores)
    assert model.scores[-1] > model.scores[0] + 1
    assert model.probability > 0.5


def test_noise_and_jitter_follow_the_seed() -> None:
    """The same seed gives the same image, another one another."""
    images = [
        class_model(
            loaded(), 0, 8, Ascent(steps=3, rate=0.1, decay=0, jitter=2, noise=0.1, seed=seed)
        ).image
        for seed in (1, 1, 2)
    ]
    assert torch.equal(images[0], images[1])
    assert not torch.equal(images[0], images[2])


def test_jitter_only_moves_the_image() -> None:
    """Around its border, at most so far."""
    image = torch.arange(75.0).view(1, 3, 5, 5)
    moved = {shifted(image, 1, generator(seed)).argmax().item() for seed in range(60)}
    assert moved == {50 + 5 * row + column for row in (0, 3, 4) for column in (0, 3, 4)}
    assert shifted(image, 0, generator(0)) is image


def test_the_network_is_left_as_it_was() -> None:
    """Modes and gradient flags are those from before, and no parameter got a gradient."""
    made = network().train()
    made[0].weight.requires_grad_(requires_grad=False)
    before = {name: value.clone() for name, value in made.state_dict().items()}
    climbed(made, 0, torch.zeros(3, 8, 8), Ascent(steps=2, rate=0.1, decay=0.1))
    assert all(module.training for module in made.modules())
    assert [parameter.requires_grad for parameter in made.parameters()] == [False] + [True] * 5
    assert all(parameter.grad is None for parameter in made.parameters())
    assert all(torch.equal(before[name], value) for name, value in made.state_dict().items())


def test_an_ascent_that_diverges_is_told() -> None:
    """A rate above 1/λ makes the penalty overshoot for ever."""
    ascent = Ascent(steps=200, rate=50, decay=0.5)
    with pytest.raises(ReportError, match="score of 'goose' diverged at rate = 50; choose a small"):
        class_model(loaded(), 0, 8, ascent)


def test_classes_are_found_by_name() -> None:
    """Regardless of case; a random network takes unknown ones in order."""
    file = Weights(name="net", source="file", digest="")
    assert class_indices(("ostrich", "Goose"), loaded(), file) == (1, 0)
    random = Weights(name="random", source="random", digest="")
    assert class_indices(("zebra", "limousine", "gnu"), loaded(), random) == (0, 2, 2)
    with pytest.raises(ReportError, match="'net' know no class 'goos'; did you mean 'goose'"):
        class_indices(("goos",), loaded(), file)
    with pytest.raises(ReportError, match="know no class 'zebra'; write a class of the network"):
        class_indices(("zebra",), loaded(), file)
    with pytest.raises(ReportError, match="classes is empty; name at least one"):
        class_indices((), loaded(), file)


def test_an_image_is_drawn_around_the_mean_colour() -> None:
    """Zero is that colour; three standard deviations reach black and white."""
    plain = visible(torch.zeros(3, 2, 2), IMAGENET)
    assert plain[0, 0].tolist() == [124, 116, 104]
    checks = torch.tensor([[1.0, -1.0], [-1.0, 1.0]]).expand(3, 2, 2)
    grey = visible(checks * 40, HALF)[:, :, 0]
    assert grey.tolist() == [[170, 85], [85, 170]]  # 127.5 ± 127.5 / 3
    assert torch.equal(visible(checks, HALF), visible(checks * 40, HALF))


def test_rows_of_images_are_even() -> None:
    """Five are one row, six are two of three."""
    assert [row_length(count) for count in (1, 4, 5, 6, 7, 10, 11)] == [1, 4, 5, 3, 4, 5, 4]


def test_the_table_says_where_each_class_began_and_ended() -> None:
    """The metrics are the means over the classes."""
    ascent = Ascent(steps=5, rate=0.1, decay=0.01)
    models = [class_model(loaded(), index, 8, ascent) for index in (0, 1)]
    rows = table(models).rows
    assert rows[1] == ("Ostrich", models[1].scores[0], models[1].scores[5], models[1].probability)
    assert mean_metric([0.25, 0.75], is_share=True) == Metric(value=0.5, n=2)
