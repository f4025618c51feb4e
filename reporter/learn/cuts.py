"""A network → its first steps, which give the same for an image each time, and the rest.

A network is written as a line of steps by torch.fx, as torchvision's feature extraction does. The
steps share their layers with the network: training one trains the other.
"""

from __future__ import annotations

import contextlib
import inspect
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from torch import fx, nn
from torch.nn.modules.batchnorm import _BatchNorm

from reporter.learn.evaluate import modes_kept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Steps = Callable[[fx.Node], bool]  # those for which it is true

# Layers and functions that treat images alone and draw nothing; whatever is not listed may not.
PURE = (
    nn.Conv2d, nn.Linear, nn.Flatten, nn.Identity, nn.LayerNorm, nn.GroupNorm, nn.LocalResponseNorm,
    nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveMaxPool2d, nn.AdaptiveAvgPool2d, nn.ReLU, nn.ReLU6,
    nn.LeakyReLU, nn.ELU, nn.GELU, nn.SiLU, nn.Sigmoid, nn.Tanh, nn.Hardswish, nn.Hardsigmoid,
    nn.Softmax,
)  # fmt: skip
DROPOUTS = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout)
PURE_FUNCTIONS = {
    "builtins.getattr", "_operator.add", "_operator.mul", "_operator.floordiv", "_operator.eq",
    "_operator.getitem", "torch.cat", "torch.flatten", "torch.permute", "torch.transpose",
    "torch.swapaxes", "torch.unsqueeze", "torch.chunk", "torch.sigmoid", "torch._assert",
    "torch.functional.einsum", "torch.nn.functional.relu", "torch.nn.functional.softmax",
    "torch.nn.functional.layer_norm", "torch.nn.functional.max_pool2d",
    "torch.nn.functional.adaptive_avg_pool2d", "torch._C._nn.avg_pool2d",
}  # fmt: skip
PURE_METHODS = {
    "view", "reshape", "permute", "contiguous", "dim", "size", "chunk", "unsqueeze", "expand",
    "mean", "flatten",
}  # fmt: skip


class Refusal(Exception):  # noqa: N818 - no error: the network is used whole
    """Why a network isn't cut."""


@dataclass(frozen=True, kw_only=True)
class Cut:
    """Two networks, one after the other, that are the layers of a third.

    Attributes:
        place: the name of the last step of the first.
        first: gives the same for an image, whatever is trained; but for dropout, after
            `cut_before_learning`.
        rest: takes what `first` gives.
    """

    place: str
    first: fx.GraphModule
    rest: fx.GraphModule


class Line(fx.Tracer):
    """A network as a line of steps.

    Attributes:
        given: what each of its modules gives when it is called first.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.given: dict[str, object] = {}
        try:
            self.graph = self.trace(network)
        except Exception as exc:  # the network's own code, run on a stand-in, may raise anything
            raise Refusal(f"{type(network).__name__} can't be traced") from exc

    def call_module(
        self,
        m: nn.Module,
        forward: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        """Take a module as a step, or go through it step by step."""
        output = super().call_module(m, forward, args, kwargs)
        self.given.setdefault(self.path_of_module(m), output)
        return output

    def is_pure(self, node: fx.Node) -> bool:
        """Whether a step gives the same for an image whatever its neighbours are, and each time."""
        match node.op:
            case "placeholder" | "get_attr":
                return True
            case "call_module":
                return is_pure(self.network.get_submodule(str(node.target)))
            case "call_function":
                return is_pure_function(cast("Callable[..., Any]", node.target), node)
            case "call_method":
                return node.target in PURE_METHODS
            case _:
                return False

    def draws_nothing(self, node: fx.Node) -> bool:
        """Whether a step is known to take no random numbers."""
        return self.is_pure(node) or isinstance(layer_of(self.network, node), _BatchNorm)

    def is_pure_until(self, last: fx.Node) -> bool:
        """Whether all steps up to one are pure."""
        nodes = [*self.graph.nodes]
        return all(self.is_pure(node) for node in nodes[: nodes.index(last) + 1])

    def called(self, layer: str) -> fx.Node:
        """Return the step that is a layer of PyTorch's, where it is called first."""
        nodes: list[fx.Node] = [*self.graph.nodes]
        return next(node for node in nodes if node.target == layer)

    def weights(self, node: fx.Node) -> list[nn.Parameter]:
        """Return the parameters of a step."""
        if node.op == "call_module":
            return [*self.network.get_submodule(str(node.target)).parameters()]
        parameters: dict[str, nn.Parameter] = dict(self.network.named_parameters())
        is_one = node.op == "get_attr" and node.target in parameters
        return [parameters[str(node.target)]] if is_one else []

    def until(self, last: fx.Node) -> fx.GraphModule:
        """Return the network that ends with a step."""
        graph = fx.Graph()
        copies: dict[fx.Node, fx.Node] = {}
        for node in self.graph.nodes:
            copies[node] = graph.node_copy(node, copies.__getitem__)
            if node is last:
                break
        graph.output(copies[last])
        return fx.GraphModule(self.network, graph)

    def after(self, last: fx.Node) -> fx.GraphModule:
        """Return the network that starts with what a step gives; it needs nothing else."""
        graph = fx.Graph()
        copies = {last: graph.placeholder("inputs")}
        nodes = [*self.graph.nodes]
        for node in nodes[nodes.index(last) + 1 : -1]:
            copies[node] = graph.node_copy(node, copies.__getitem__)
        graph.output(fx.node.map_arg(nodes[-1].args[0], copies.__getitem__))
        return fx.GraphModule(self.network, graph)


def layer_of(network: nn.Module, step: fx.Node) -> nn.Module | None:
    """Return the layer that a step is, None for a function."""
    return network.get_submodule(str(step.target)) if step.op == "call_module" else None


def drops(network: nn.Module, step: fx.Node) -> bool:
    """Whether a step sets numbers to zero at random, each on its own."""
    layer = layer_of(network, step)
    return type(layer) is nn.Dropout and layer.training and layer.p > 0


def is_pure(layer: nn.Module) -> bool:
    """Whether a layer gives the same for an image in the mode that it is in."""
    if isinstance(layer, nn.BatchNorm2d):
        return type(layer) is nn.BatchNorm2d and not layer.training and layer.track_running_stats
    if isinstance(layer, nn.MultiheadAttention):
        return layer.batch_first and not layer.training
    return type(layer) in PURE or (type(layer) in DROPOUTS and not (layer.training and layer.p))


def is_pure_function(function: Callable[..., Any], node: fx.Node) -> bool:
    """Whether a function gives the same for an image; those of torchvision say if they train."""
    if function.__module__.startswith("torchvision."):
        given = inspect.signature(function).bind(*node.args, **node.kwargs).arguments
        return not given.get("training", False)
    return f"{function.__module__}.{function.__name__}" in PURE_FUNCTIONS


def cut(network: nn.Module, active: Iterable[nn.Module]) -> Cut:
    """Cut a network as late as its first part is pure, doesn't learn, and hands on one tensor.

    Args:
        network: parameters that take a gradient learn.
        active: its modules that are in training mode while it learns; all others evaluate.

    Raises:
        Refusal: there is no such place, or the network's steps can't be known.
    """
    with learning_line(network, active) as line:
        last = last_place(line, line.is_pure, lambda node: bool(line.weights(node)))
        if last is None:
            raise Refusal("nothing comes before what learns or varies")
        return Cut(place=place_of(last), first=line.until(last), rest=line.after(last))


@contextlib.contextmanager
def learning_line(network: nn.Module, active: Iterable[nn.Module]) -> Iterator[Line]:
    """Give a network's steps, its modules in the modes in which it learns inside the block.

    Raises:
        Refusal: it takes other steps in evaluation.
    """
    with modes_kept(network):
        network.eval()
        evaluating = Line(network)
        for module in active:
            module.train()
        line = Line(network)
        if str(line.graph) != str(evaluating.graph):
            raise Refusal(f"{type(network).__name__} takes other steps in training")
        yield line


def cut_before_learning(network: nn.Module) -> Cut:
    """Cut a network right before what learns, where nothing but dropout varies until there.

    Args:
        network: a part of a cut, its modules in the modes that they learn in.

    Raises:
        Refusal: nothing drops out before what learns, or what comes then may draw, too.
    """
    line = Line(network)
    varies = partial(drops, network)
    last = last_place(line, lambda step: line.is_pure(step) or varies(step), varies)
    if last is None:
        raise Refusal("nothing drops out before what learns")
    nodes = [*line.graph.nodes]
    if not all(map(line.draws_nothing, nodes[nodes.index(last) + 1 : -1])):
        raise Refusal("what learns may draw at random, too")
    return Cut(place=place_of(last), first=line.until(last), rest=line.after(last))


def place_of(step: fx.Node) -> str:
    """Return a layer's name, or a function's in the line."""
    return str(step.target) if step.op == "call_module" else step.name


def last_place(line: Line, stays: Steps, pays: Steps) -> fx.Node | None:
    """Return the last step that all later ones depend on alone.

    Args:
        line: its steps are taken until one learns.
        stays: whether a step may be taken.
        pays: whether a step is worth a cut after it.
    """
    order = {node: number for number, node in enumerate(line.graph.nodes)}
    found, waiting, is_worth = None, set[fx.Node](), False
    for node, number in order.items():
        if not stays(node) or any(weight.requires_grad for weight in line.weights(node)):
            return found
        is_worth |= pays(node)
        waiting = {n for n in {*waiting, node} if any(order[user] > number for user in n.users)}
        if is_worth and waiting == {node}:
            found = node
    return found
