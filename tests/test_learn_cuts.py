"""Networks in two parts."""

import pytest
import torch
from torch import fx, nn

from reporter.learn.cuts import Line, Refusal, cut, cut_before_learning, is_pure
from reporter.learn.networks import build, last_layer
from reporter.learn.streams import generator, isolated


class Residual(nn.Module):
    """A network whose last part adds its input to what it makes of it."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.relu = nn.Conv2d(3, 4, 3), nn.ReLU()
        self.frozen, self.learning = nn.Conv2d(4, 4, 1), nn.Conv2d(4, 4, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return maps."""
        maps = self.relu(self.stem(images))
        return self.learning(self.frozen(maps)) + maps


class Undecided(nn.Module):
    """A network that looks at its numbers before it chooses a way."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the images, or their negative."""
        return images if images.sum() > 0 else -images


class Noisy(nn.Module):
    """A network with dropout as a function, which only training has."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.last = nn.Linear(4, 4), nn.Linear(4, 2)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return scores."""
        return self.last(nn.functional.dropout(self.stem(inputs), training=self.training))


def learning(network: nn.Module, *names: str) -> nn.Module:
    """Return the network with only these layers learning."""
    network.eval().requires_grad_(requires_grad=False)
    for name in names:
        network.get_submodule(name).requires_grad_(requires_grad=True)
    return network


def chain(*layers: nn.Module) -> nn.Module:
    """Return a frozen network that starts with a convolution and ends with one that learns."""
    named = nn.Sequential(nn.Conv2d(3, 4, 3), *layers, nn.Conv2d(4, 2, 1))
    return learning(named, str(len(named) - 1))


def test_one_tensor_goes_from_part_to_part() -> None:
    """No cut within a residual block: what goes around it is needed, too."""
    assert cut(learning(Residual(), "learning"), ()).place == "relu"
    assert cut(learning(Residual()), ()).place == "add"


@pytest.mark.parametrize(
    ("layer", "place"),
    [
        (nn.ReLU(), "1"),
        (nn.BatchNorm2d(4), "1"),
        (nn.BatchNorm2d(4, track_running_stats=False), "0"),
        (nn.Dropout(0.5), "1"),
        (nn.RReLU(), "0"),
    ],
)
def test_only_known_layers_are_kept(layer: nn.Module, place: str) -> None:
    """All evaluates; statistics of a batch and layers that may draw end the first part."""
    assert cut(chain(layer), ()).place == place


@pytest.mark.parametrize(
    ("layer", "place"),
    [(nn.ReLU(), "1"), (nn.BatchNorm2d(4), "0"), (nn.Dropout(0.5), "0"), (nn.Dropout(0.0), "1")],
)
def test_what_varies_in_training_ends_the_first_part(layer: nn.Module, place: str) -> None:
    """A batch norm that updates and a dropout that drops; the modes stay as they were."""
    network = chain(layer)
    assert cut(network, (network,)).place == place
    assert not any(module.training for module in network.modules())


@pytest.mark.parametrize(
    ("network", "active", "reason"),
    [
        (learning(Undecided()), False, "Undecided can't be traced"),
        (learning(Noisy(), "last"), True, "Noisy takes other steps in training"),
        (learning(chain(), "0"), False, "nothing comes before what learns or varies"),
    ],
)
def test_what_cannot_be_known_is_refused(network: nn.Module, active: bool, reason: str) -> None:  # noqa: FBT001 - a case
    """Ways that depend on numbers or on the mode, and networks that learn from the start."""
    with pytest.raises(Refusal, match=reason):
        cut(network, (network,) if active else ())


@pytest.mark.parametrize(
    ("layers", "learns"),
    [
        ((nn.Dropout(0.5), nn.Conv2d(4, 4, 1)), "3"),
        ((nn.Conv2d(4, 4, 1), nn.Dropout(0.5)), "3"),
        ((nn.Dropout(0.5), nn.ReLU(), nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4)), "3"),
    ],
)
def test_dropout_alone_may_vary_before_what_learns(
    layers: tuple[nn.Module, ...], learns: str
) -> None:
    """The cut is right before it; a batch norm after it may train, as it draws nothing."""
    network = learning(chain(*layers), learns).train()
    assert cut_before_learning(network).place == "2"


@pytest.mark.parametrize(
    ("layers", "reason"),
    [
        ((nn.Conv2d(4, 4, 1),), "nothing drops out before what learns"),
        ((nn.Dropout2d(0.5),), "nothing drops out before what learns"),
        ((nn.Dropout(0.5).eval(),), "nothing drops out before what learns"),
        ((nn.Dropout(0.5), nn.Conv2d(4, 4, 1), nn.Dropout(0.5)), "what learns may draw at random"),
        ((nn.Dropout(0.5), nn.Conv2d(4, 4, 1), nn.RReLU()), "what learns may draw at random"),
    ],
)
def test_what_would_draw_in_another_order_is_not_cut(
    layers: tuple[nn.Module, ...], reason: str
) -> None:
    """Other layers that draw, before or after the first that learns."""
    modes = [layer.training for layer in layers]
    network = learning(chain(*layers), "2")
    for layer, mode in zip(layers, modes, strict=True):
        layer.train(mode)
    with pytest.raises(Refusal, match=reason):
        cut_before_learning(network)


def test_attention_over_the_images_of_a_batch_is_not_pure() -> None:
    """Only with the batch in front does each image attend to itself."""
    assert is_pure(nn.MultiheadAttention(4, 2, batch_first=True).eval())
    assert not is_pure(nn.MultiheadAttention(4, 2).eval())
    assert not is_pure(nn.MultiheadAttention(4, 2, batch_first=True))


NAMES = ["alexnet_2012", "googlenet", "shufflenet_v2_x0_5", "efficientnet_b0", "regnet_y_400mf"]


@pytest.mark.parametrize("model", NAMES)
def test_both_parts_are_the_network(model: str) -> None:
    """Scores are equal bit by bit, layers are shared, and names of parameters stay."""
    with isolated(1):
        network = build(model, 5)
    learning(network, last_layer(network))
    found = cut(network, ())
    images = torch.rand(2, 3, 224 if model == "alexnet_2012" else 64, 224, generator=generator(1))
    with torch.no_grad():
        assert torch.equal(found.rest(found.first(images)), network(images))
    state = network.state_dict(keep_vars=True)
    assert all(tensor is state[n] for n, tensor in found.rest.state_dict(keep_vars=True).items())
    assert not any(parameter.requires_grad for parameter in found.first.parameters())


def test_what_a_container_gives_is_a_step() -> None:
    """Layers inside others have their place in the line, and so has a whole block."""
    given = Line(build("resnet18").eval()).given
    last, block, first = (given[name] for name in ("layer4.1", "layer4", "layer4.0.conv1"))
    assert isinstance(first, fx.Proxy)
    assert block is last
    assert first.node.target == "layer4.0.conv1"
