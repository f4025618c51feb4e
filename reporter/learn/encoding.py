"""Plain values and tensors ⇄ bytes that tell whether they are whole; nothing in them is executed.

They are a header, a text in JSON, the memory of the tensors that it names, and a checksum of all.
"""

from __future__ import annotations

import io
import json
import struct
import zlib
from array import array
from functools import partial
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    Contents = dict[str, Any]
    Pieces = list[memoryview]

MAGIC = b"epochs 2"
HEADER = struct.Struct("<8sQQQ")  # MAGIC, a number, lengths of the text and of all tensors
CHECKSUM = struct.Struct("<I")  # CRC-32
CHANNELS_LAST = torch.channels_last


def encoded(contents: Contents, number: int) -> Pieces:
    """Return contents and a number from 1 on as bytes, in pieces: no CPU's tensor is copied."""
    memory: Pieces = []
    text = json.dumps(contents, default=partial(named, memory)).encode()
    size = sum(piece.nbytes for piece in memory)
    pieces = [memoryview(HEADER.pack(MAGIC, number, len(text), size)), memoryview(text), *memory]
    checksum = 0
    for piece in pieces:
        checksum = zlib.crc32(piece, checksum)
    return [*pieces, memoryview(CHECKSUM.pack(checksum))]


def number(header: bytes) -> int:
    """Return the number that bytes begin with; 0 if that is none of ours."""
    if len(header) < HEADER.size or not header.startswith(MAGIC):
        return 0
    return int(HEADER.unpack_from(header)[1])


def decoded(content: bytes) -> Contents | None:
    """Return the contents of bytes; None if these are not as they were. What follows is ignored."""
    if not number(content):
        return None
    _, _, text, memory = HEADER.unpack_from(content)
    end = HEADER.size + text + memory
    checksum = CHECKSUM.pack(zlib.crc32(memoryview(content)[:end]))
    if content[end : end + CHECKSUM.size] != checksum:
        return None
    stream = io.BytesIO(content)
    stream.seek(HEADER.size)
    found: Contents = json.loads(stream.read(text), object_hook=partial(restored, stream))
    return found


def named(memory: Pieces, value: object) -> Contents:
    """Return what stands in the text for a value that JSON has no words for; add its memory."""
    if isinstance(value, bytes | bytearray | array):
        memory.append(memoryview(value))
        return {"bytes": memory[-1].nbytes}
    if not isinstance(value, torch.Tensor):
        raise TypeError(f"{type(value).__name__} is neither plain nor a tensor")
    tensor = value.detach().cpu()
    is_last = not tensor.is_contiguous() and tensor.is_contiguous(memory_format=CHANNELS_LAST)
    stored = tensor.movedim(1, -1) if is_last else tensor.contiguous()
    memory.append(stored.numpy().data)
    return {"tensor": [str(stored.dtype).removeprefix("torch."), stored.shape, is_last]}


def restored(memory: io.BytesIO, found: Contents) -> Any:
    """Return what an object of the text stands for; keys of digits are the numbers they were."""
    match found:
        case {"bytes": int(length)}:
            return memory.read(length)
        case {"tensor": [dtype, shape, is_last]}:
            stored = torch.empty(shape, dtype=getattr(torch, dtype))
            memory.readinto(stored.numpy().data)
            return stored.movedim(-1, 1) if is_last else stored
    return {int(key) if key.isdecimal() else key: value for key, value in found.items()}
