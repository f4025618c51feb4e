"""Train a compact network from nothing on labelled images, the same way every time.

Shape legend: N images of the set, B of a batch, H height, W width, C channels, K classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from reporter.learn.compact import CompactAlexNet, normalise
from reporter.learn.resumption import resumption, tell_resumed
from reporter.learn.streams import RunContext, generator, isolated

if TYPE_CHECKING:
    from torch import nn

SHIFT_PX = 6  # farthest shift of an image of 96 pixels, either way
BRIGHTNESS = 0.2  # largest relative change of brightness, either way
MOMENTUM, WEIGHT_DECAY, LABEL_SMOOTHING, WARM_UP = 0.9, 5e-4, 0.05, 0.25


def pretrain(
    images_NHWC: torch.Tensor,
    labels_N: torch.Tensor,
    *,
    num_classes: int,
    epochs: int,
    batch: int,
    peak_lr: float,
    run: RunContext,
) -> tuple[CompactAlexNet, list[dict[str, float]]]:
    """Train with SGD, whose rate rises to `peak_lr` in a quarter of the steps and falls to zero.

    Order, augmentation, initialisation and dropout follow from one stream of the run; the global
    random state is left as it was. An epoch leaves out the last images that do not fill a batch.
    After an interruption, training goes on from `run.resume`, to the same result bit by bit.

    Args:
        images_NHWC: RGB bytes.
        labels_N: Class numbers below `num_classes`.
        num_classes: Outputs of the network.
        epochs: Passes over the images.
        batch: Images a step, at most N.
        peak_lr: Highest learning rate, for a batch of `batch`.
        run: Its stream "initialisation", where it resumes, and whom to tell.

    Returns:
        The network, in evaluation mode, and a record for every epoch: mean "loss" and "accuracy"
        over its augmented batches, and the "lr" of its last step.
    """
    seed = run.stream("initialisation")
    dice = generator(seed)
    steps = len(labels_N) // batch
    records: list[dict[str, float]] = []
    facts = "pretrain", num_classes, epochs, batch, peak_lr, seed, images_NHWC.shape
    file = resumption(run, facts, (images_NHWC[:: 1 + len(labels_N) // 8], labels_N))
    with isolated(seed):
        network = CompactAlexNet(num_classes).to(memory_format=torch.channels_last).train()
        optimizer = torch.optim.SGD(
            network.parameters(), lr=peak_lr, momentum=MOMENTUM, weight_decay=WEIGHT_DECAY
        )
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, peak_lr, total_steps=epochs * steps,
            pct_start=warm_up(epochs * steps), cycle_momentum=False,
        )  # fmt: skip
        changing = network, optimizer, schedule
        if kept := file.read():
            for part in changing:
                part.load_state_dict(kept[type(part).__name__])
            dice.set_state(kept["dice"])
            torch.set_rng_state(kept["random"])
            records += kept["records"]
            tell_resumed(run, f"epoch {len(records)}")
        for epoch in range(len(records) + 1, epochs + 1):
            records.append(train_epoch(network, schedule, (images_NHWC, labels_N), batch, dice))
            run.progress(epoch=epoch, epochs=epochs, loss=records[-1]["loss"])
            file.write(
                lambda: {
                    **{type(part).__name__: part.state_dict() for part in changing},
                    "dice": dice.get_state(),
                    "random": torch.get_rng_state(),
                    "records": records,
                }
            )
    return network.to(memory_format=torch.contiguous_format).eval(), records


def warm_up(steps: int) -> float:
    """Return the share of the steps in which the rate rises: a quarter, but of 4 a half.

    The schedule divides by the steps of the rise less one.
    """
    return WARM_UP if steps * WARM_UP != 1 else 2 * WARM_UP


def train_epoch(
    network: nn.Module,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    data: tuple[torch.Tensor, torch.Tensor],
    batch: int,
    dice: torch.Generator,
) -> dict[str, float]:
    """Take one step per full batch of images (N, H, W, C) and labels; return the record."""
    images_NHWC, labels_N = data
    steps = len(labels_N) // batch
    loss_sum, hits = 0.0, 0
    order_N = torch.randperm(len(labels_N), generator=dice)
    for chosen_B in order_N[: steps * batch].view(steps, batch):
        logits_BK = network(normalise(augment(images_NHWC[chosen_B], dice)))
        loss = functional.cross_entropy(
            logits_BK, labels_N[chosen_B], label_smoothing=LABEL_SMOOTHING
        )
        schedule.optimizer.zero_grad()
        loss.backward()
        schedule.optimizer.step()
        rate = float(schedule.get_last_lr()[0])  # after the last step of all there is none
        schedule.step()
        loss_sum += loss.item()
        hits += int((logits_BK.argmax(1) == labels_N[chosen_B]).sum())
    return {
        "loss": loss_sum / steps,
        "accuracy": hits / (steps * batch),
        "lr": rate,
    }


def augment(images_BHWC: torch.Tensor, dice: torch.Generator) -> torch.Tensor:
    """Shift, flip left to right, and brighten or darken every image by its own draw.

    Args:
        images_BHWC: RGB bytes; they stay as they are.
        dice: Source of the draws.

    Returns:
        New RGB bytes of the same shape. Border pixels fill what a shift lays bare.
    """
    count, height, width, _ = images_BHWC.shape
    reach = max(1, round(SHIFT_PX * height / 96))
    shift_2B = torch.randint(-reach, reach + 1, (2, count), generator=dice)
    rows_BH = (torch.arange(height) + shift_2B[0, :, None]).clamp(0, height - 1)
    columns_BW = (torch.arange(width) + shift_2B[1, :, None]).clamp(0, width - 1)
    flipped_B = torch.rand(count, generator=dice) < 0.5
    columns_BW = torch.where(flipped_B[:, None], columns_BW.flip(1), columns_BW)
    moved_BHWC = images_BHWC[
        torch.arange(count)[:, None, None], rows_BH[:, :, None], columns_BW[:, None, :]
    ]
    gain_B = 1 + BRIGHTNESS * (2 * torch.rand(count, generator=dice) - 1)
    return (moved_BHWC * gain_B[:, None, None, None]).clamp(0, 255).to(torch.uint8)
