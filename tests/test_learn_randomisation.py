"""Networks whose last layers are random, and how far maps agree."""

import copy

import pytest
import scipy.stats
import torch
from torch import nn
from torchvision import models

from reporter.artifacts import Metric
from reporter.experiment import Run
from reporter.learn import randomisation
from reporter.learn.randomisation import (
    cascade,
    compared,
    layer_count,
    rank_correlation,
    redrawn,
    stages,
)
from reporter.learn.streams import generator, isolated


def network(seed: int) -> nn.Module:
    """Return four layers, two of them with a batch norm."""
    with isolated(seed):
        return nn.Sequential(
            nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 4, 3, bias=False),
            nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(64, 8), nn.ReLU(), nn.Linear(8, 3),
        )  # fmt: skip


def different(one: nn.Module, other: nn.Module) -> set[str]:
    """Return the modules in whose state two networks differ."""
    pairs = zip(one.state_dict().items(), other.state_dict().values(), strict=True)
    return {name.split(".")[0] for (name, a), b in pairs if not torch.equal(a, b)}


def trained() -> nn.Module:
    """Return a network whose batch norms have seen images, too."""
    made = network(1)
    made(torch.randn(8, 3, 8, 8, generator=generator(1)))
    return made.eval()


def test_random_layers_begin_at_the_end() -> None:
    """Each stage has the random values in the last layers and the learnt ones before them."""
    old, new = trained(), network(2)
    before = copy.deepcopy(old)
    learnt, drawn = {}, {}
    for count, mixed in cascade(old, new, 4):
        learnt[count], drawn[count] = different(mixed, new), different(mixed, old)
    assert drawn == {
        1: {"8"}, 2: {"8", "6"}, 3: {"8", "6", "3", "4"}, 4: {"8", "6", "3", "4", "0", "1"},
    }  # fmt: skip
    assert learnt == {
        1: {"0", "1", "3", "4", "6"},
        2: {"0", "1", "3", "4"},
        3: {"0", "1"},
        4: set(),
    }
    assert not different(old, before)


def test_stages_go_from_the_last_layer_to_all() -> None:
    """Evenly, and no more of them than there are layers; a single one is that of all."""
    assert stages(26, 6) == (1, 6, 11, 16, 21, 26)
    assert stages(3, 6) == (1, 2, 3)
    assert stages(8, 1) == (8,)
    assert stages(1, 5) == (1,)


@pytest.mark.parametrize(("name", "layers"), [("squeezenet1_0", 26), ("resnet18", 21)])
def test_layers_are_counted_without_their_norms(name: str, layers: int) -> None:
    """Convolutions and fully connected ones; of ResNet-18, three short cuts are convolutions."""
    with torch.device("meta"):
        assert layer_count(models.get_model(name, weights=None)) == layers


def test_the_correlation_is_spearmans() -> None:
    """As scipy has it, with many equal values; it sees ranks only."""
    dice = generator(3)
    for _ in range(5):
        one, other = (torch.randint(0, 9, (6, 7), generator=dice).float() for _ in range(2))
        other = (one + other).relu()
        expected = scipy.stats.spearmanr(one.flatten(), other.flatten()).statistic
        assert rank_correlation(one, other) == pytest.approx(expected)
        assert rank_correlation(one, one.exp()) == pytest.approx(1)
        assert rank_correlation(one, -one) == pytest.approx(-1)


def test_a_map_of_one_value_has_no_order() -> None:
    """Grad-CAM can be black everywhere; that agrees with nothing."""
    assert rank_correlation(torch.zeros(4, 4), torch.rand(4, 4, generator=generator(0))) == 0


def found() -> list[randomisation.Agreement]:
    """Return two methods over two stages of three layers, and an edge filter."""
    known = {"gradient": torch.tensor([[1.0, 2, 3, 4]]), "grad-cam": torch.tensor([[4.0, 3, 2, 1]])}
    edge = torch.tensor([[1.0, 3, 2, 4]])
    return [
        *compared(0, known, known),
        *compared(1, {"gradient": known["gradient"], "grad-cam": edge}, known),
        *compared(3, {"gradient": edge, "grad-cam": torch.ones(1, 4)}, known),
        *compared(None, {"gradient": edge, "grad-cam": edge}, known),
    ]


def test_the_figure_has_a_row_for_each_method() -> None:
    """From the trained network to the edge filter, with the correlation below."""
    grid = randomisation.grid(found(), 3)
    assert grid.columns == 4
    assert grid.labels == (
        "saliency\ntrained", "last layer\n1.00", "all 3\n0.80", "edge filter\n0.80",
        "Grad-CAM\ntrained", "last layer\n−0.80", "all 3\n0.00", "edge filter\n−0.80",
    )  # fmt: skip
    assert grid.images[2].tolist() == grid.images[3].tolist()


def test_metrics_are_of_the_random_network_and_of_the_edge_filter() -> None:
    """Less is better of the first; the second is a control."""
    made = randomisation.metrics(found(), 3)
    assert {name: round(one.value, 6) for name, one in made.items()} == {
        "gradient_correlation": 0.8, "grad_cam_correlation": 0,
        "gradient_edge_correlation": 0.8, "grad_cam_edge_correlation": -0.8,
    }  # fmt: skip
    assert made["grad_cam_correlation"] == Metric(value=0, unit="", direction="min", n=1)
    assert made["gradient_edge_correlation"].direction is None


def test_curves_and_table_hold_every_stage() -> None:
    """The edge filter has no number of layers, and is no point of a curve."""
    series = {one.label: (one.x, one.y) for one in randomisation.curves(found()).series}
    assert series["saliency"] == ((0, 1, 3), pytest.approx((1, 1, 0.8)))
    table = randomisation.table(found(), 3)
    assert [column.name for column in table.columns] == [
        "random", "layers", "gradient", "grad_cam",
    ]  # fmt: skip
    assert [row[:2] for row in table.rows] == [
        ("trained", 0), ("last layer", 1), ("all 3", 3), ("edge filter", None),
    ]  # fmt: skip
    assert [row[2:] for row in table.rows] == [
        pytest.approx(pair) for pair in ((1, 1), (1, -0.8), (0.8, 0), (0.8, -0.8))
    ]


def test_a_redrawn_network_shares_nothing_with_its_original() -> None:
    """Every layer with weights differs, batch norms forget what they saw, the original stays."""
    original = trained()
    before = copy.deepcopy(original.state_dict())
    new = redrawn(original, Run(name="x"))
    assert different(new, original) == {"0", "1", "3", "4", "6", "8"}
    assert not different(redrawn(original, Run(name="x")), new)
    assert all(torch.equal(before[name], value) for name, value in original.state_dict().items())


def test_attention_and_free_parameters_are_redrawn_too() -> None:
    """A transformer's class token and positions, which no layer initialises, are shuffled."""
    with isolated(3):
        original = models.VisionTransformer(
            image_size=32, patch_size=8, num_layers=1, num_heads=2, hidden_dim=8, mlp_dim=8
        )
        nn.init.normal_(original.class_token)
        for parameter in original.parameters():
            nn.init.normal_(parameter)
    new = dict(redrawn(original, Run(name="x")).named_parameters())
    same = [name for name, old in original.named_parameters() if torch.equal(old, new[name])]
    assert same == []
