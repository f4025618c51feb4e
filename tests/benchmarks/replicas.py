"""Ways to train five replicas of a network at five rates: steps per second of each way.

python tests/benchmarks/replicas.py [--device cuda] [--batch 8] [--steps 50] [--rounds 5]

One by one; one by one with the step as a CUDA graph; five graphs on five streams; all at once by
vmap over stacked parameters. The engine trains whole networks one by one: what wins here on a GPU
by a margin is what it should do there. The last column is the difference of the loss after two
steps from training one by one; later ones differ chaotically.
"""

from __future__ import annotations

import argparse
import copy
import statistics
import sys
import time
from typing import TYPE_CHECKING, Protocol

import torch
from torch import nn
from torch.func import functional_call, grad_and_value, stack_module_state, vmap
from torchvision import models

if TYPE_CHECKING:
    from collections.abc import Callable

RATES = (0.01, 0.03, 0.001, 0.003, 0.0001)
MOMENTUM = 0.9


class Way(Protocol):
    """Five replicas that take a step on the same batch; returns their losses (5,)."""

    def __call__(self, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor: ...


def one_by_one(networks: list[nn.Module]) -> Way:
    """Train each replica in turn, as the engine does."""
    optimizers = [
        torch.optim.SGD(n.parameters(), lr=rate, momentum=MOMENTUM)
        for n, rate in zip(networks, RATES, strict=True)
    ]

    def step(images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        losses = []
        for network, optimizer in zip(networks, optimizers, strict=True):
            loss = nn.functional.cross_entropy(network(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        return torch.stack(losses)

    return step


def graphs(networks: list[nn.Module], images: torch.Tensor, *, on_streams: bool) -> Way:
    """Train each replica by replaying its step as a CUDA graph, on one stream or on five."""
    batch = images.clone(), torch.zeros(len(images), dtype=torch.long, device=images.device)
    streams = [torch.cuda.Stream() for _ in networks]
    captured = [captured_step(n, r, batch) for n, r in zip(networks, RATES, strict=True)]

    def step(images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        batch[0].copy_(images)
        batch[1].copy_(labels)
        here = torch.cuda.current_stream()
        for (graph, _), stream in zip(captured, streams, strict=True):
            if on_streams:
                stream.wait_stream(here)
                with torch.cuda.stream(stream):
                    graph.replay()
            else:
                graph.replay()
        for stream in streams if on_streams else []:
            here.wait_stream(stream)
        return torch.stack([loss for _, loss in captured]).clone()

    return step


def captured_step(
    network: nn.Module, rate: float, batch: tuple[torch.Tensor, torch.Tensor]
) -> tuple[torch.cuda.CUDAGraph, torch.Tensor]:
    """Return the graph of one step and the tensor where it leaves the loss; nothing is trained.

    The warm-up that a capture needs runs at rate 0 on a copy of the state, put back afterwards.
    """
    state = copy.deepcopy(network.state_dict())
    optimizer = torch.optim.SGD(network.parameters(), lr=0.0, momentum=MOMENTUM)

    def step() -> torch.Tensor:
        loss = nn.functional.cross_entropy(network(batch[0]), batch[1])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.detach()

    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(side)
    for group in optimizer.param_groups:
        group["lr"] = rate
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        loss = step()
    with torch.no_grad():
        network.load_state_dict(state)
        for slot in optimizer.state.values():
            slot["momentum_buffer"].zero_()
    return graph, loss


def at_once(networks: list[nn.Module]) -> Way:
    """Train all replicas as one, by vmap over their stacked parameters and buffers."""
    parameters, buffers = stack_module_state(networks)
    parameters = {name: p.detach() for name, p in parameters.items()}
    velocity = {name: torch.zeros_like(p) for name, p in parameters.items()}
    shape = copy.deepcopy(networks[0])
    rates = torch.tensor(RATES, device=next(iter(parameters.values())).device)

    def loss(p: dict, b: dict, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return nn.functional.cross_entropy(functional_call(shape, (p, b), images), labels)

    gradients = vmap(grad_and_value(loss), (0, 0, None, None), randomness="different")

    def step(images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        slopes, losses = gradients(parameters, buffers, images, labels)
        for name, parameter in parameters.items():
            velocity[name].mul_(MOMENTUM).add_(slopes[name])
            by_rate = rates.view(-1, *(1,) * (parameter.dim() - 1))
            parameter.sub_(by_rate * velocity[name])
        return losses

    return step


def ways(make: Callable[[], list[nn.Module]], images: torch.Tensor) -> dict[str, Callable[[], Way]]:
    """Return every way that this device knows, ready to be made."""
    found: dict[str, Callable[[], Way]] = {"one by one": lambda: one_by_one(make())}
    if images.is_cuda:
        found["CUDA graphs"] = lambda: graphs(make(), images, on_streams=False)
        found["CUDA graphs on streams"] = lambda: graphs(make(), images, on_streams=True)
    found["vmap"] = lambda: at_once(make())
    return found


def seconds(way: Way, batch: tuple[torch.Tensor, torch.Tensor], steps: int) -> float:
    """Return the seconds of a step of all replicas."""
    way(*batch).sum().item()
    began = time.perf_counter()
    for _ in range(steps):
        losses = way(*batch)
    losses.sum().item()  # waits for the device
    return (time.perf_counter() - began) / steps


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--model", default="resnet18")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--size", type=int, default=227)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    torch.manual_seed(0)
    first = models.get_model(given.model, num_classes=7).to(given.device)
    images = torch.randn(given.batch, 3, given.size, given.size, device=given.device)
    labels = torch.randint(7, (given.batch,), device=given.device)
    known = ways(lambda: [copy.deepcopy(first).train() for _ in RATES], images)
    after_two: dict[str, torch.Tensor] = {}
    for name, make in known.items():
        way = make()
        way(images, labels)
        after_two[name] = way(images, labels).cpu()
    taken: dict[str, list[float]] = {name: [] for name in known}
    for number in range(given.rounds):
        for name, make in list(known.items())[:: 1 if number % 2 == 0 else -1]:
            taken[name].append(seconds(make(), (images, labels), given.steps))
    base = statistics.median(taken["one by one"])
    sys.stdout.write(
        "| way | ms a step of all five | ratio | loss, second step |\n|---|--:|--:|--:|\n"
    )
    for name, found in taken.items():
        middle = statistics.median(found)
        off = (after_two[name] - after_two["one by one"]).abs().max().item()
        sys.stdout.write(f"| {name} | {1e3 * middle:.2f} | {base / middle:.2f} | {off:.0e} |\n")


if __name__ == "__main__":
    main()
