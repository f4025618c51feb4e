"""Train a compact network from nothing on labelled images, the same way every time.

Shape legend: N images of the set, B of a batch, H height, W width, C channels, K classes.
"""

from collections.abc import Callable

import torch
from torch.nn import functional

from reporter.learn.compact import CompactAlexNet, normalise

Report = Callable[[int, dict[str, float]], None]
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
    seed: int,
    report: Report,
) -> tuple[CompactAlexNet, list[dict[str, float]]]:
    """Train with SGD, whose rate rises to `peak_lr` in a quarter of the steps and falls to zero.

    Order, augmentation, initialisation and dropout follow from `seed`; the global random state is
    left as it was. An epoch leaves out the last images that do not fill a batch.

    Args:
        images_NHWC: RGB bytes.
        labels_N: Class numbers below `num_classes`.
        num_classes: Outputs of the network.
        epochs: Passes over the images.
        batch: Images a step, at most N.
        peak_lr: Highest learning rate, for a batch of `batch`.
        seed: Root of all randomness.
        report: Receives the epoch's number, from 0, and its record, as soon as there is one.

    Returns:
        The network, in evaluation mode, and a record for every epoch: mean "loss" and "accuracy"
        over its augmented batches, and the "lr" that it ended with.
    """
    dice = torch.Generator().manual_seed(seed)
    steps = len(labels_N) // batch
    records: list[dict[str, float]] = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = CompactAlexNet(num_classes).to(memory_format=torch.channels_last)
        optimizer = torch.optim.SGD(
            network.parameters(), lr=peak_lr, momentum=MOMENTUM, weight_decay=WEIGHT_DECAY
        )
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, peak_lr, total_steps=epochs * steps, pct_start=WARM_UP, cycle_momentum=False
        )
        network.train()
        for epoch in range(epochs):
            loss_sum, hits = 0.0, 0
            order_N = torch.randperm(len(labels_N), generator=dice)
            for chosen_B in order_N[: steps * batch].view(steps, batch):
                images_BCHW = normalise(augment(images_NHWC[chosen_B], dice))
                logits_BK = network(images_BCHW)
                loss = functional.cross_entropy(
                    logits_BK, labels_N[chosen_B], label_smoothing=LABEL_SMOOTHING
                )
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
                loss_sum += loss.item()
                hits += int((logits_BK.argmax(1) == labels_N[chosen_B]).sum())
            records.append({
                "loss": loss_sum / steps,
                "accuracy": hits / (steps * batch),
                "lr": float(schedule.get_last_lr()[0]),
            })  # fmt: skip
            report(epoch, records[-1])
    return network.to(memory_format=torch.contiguous_format).eval(), records


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
