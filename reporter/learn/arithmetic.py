"""A device → the facts that, beside code and inputs, decide on the last bits computed there."""

from __future__ import annotations

import contextlib
import os
import platform
from pathlib import Path

import torch
import torchvision

SWITCHES = ("ONEDNN_", "DNNL_", "MKL_", "OMP_", "NVIDIA_TF32", "TORCH_ALLOW_TF32", "CUBLAS_")


def arithmetic(device: str) -> dict[str, object]:
    """Return processor, instructions, threads, versions, and what the environment switches."""
    is_cuda = device == "cuda"
    switches = {name: text for name, text in os.environ.items() if name.startswith(SWITCHES)}
    return {
        "device": [device, torch.cuda.get_device_name() if is_cuda else processor()],
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "versions": [str(torch.__version__), str(torchvision.__version__), torch.version.cuda],
        "cudnn": torch.backends.cudnn.version() if is_cuda else None,
        "switches": dict(sorted(switches.items())),
    }


def processor() -> str:
    """Return the model of the processor, as its system calls it."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
