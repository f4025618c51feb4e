"""What the preview knows → what every open page is told: the last good page, and what is wrong."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class State:
    """What a reader sees.

    Attributes:
        number: grows with every change.
        html: the last page that could be set; "" before the first.
        version: of the page, the same for the same bytes.
        is_current: whether the page shows the sources as they are now.
        faults: what is wrong with them, one line each.
    """

    number: int = 0
    html: str = ""
    version: str = "none"
    is_current: bool = False
    faults: tuple[str, ...] = ()


class News:
    """Holds the newest state and wakes those who wait for it."""

    def __init__(self) -> None:
        self.state = State()
        self.is_closed = False
        self._changed = threading.Condition()

    def tell(self, *, faults: tuple[str, ...], html: str | None = None) -> None:
        """Replace what is wrong, and the page where there is a new one."""
        new = replace(self.state, faults=faults, is_current=html is not None)
        if html is not None:
            version = hashlib.sha256(html.encode()).hexdigest()[:16]
            new = replace(new, html=html, version=version)
        with self._changed:
            if new != self.state or not self.state.number:
                self.state = replace(new, number=self.state.number + 1)
                self._changed.notify_all()

    def after(self, number: int, timeout_s: float) -> State | None:
        """Wait for a state newer than `number`; None when none comes in time."""
        with self._changed:
            self._changed.wait_for(lambda: self.is_closed or self.state.number > number, timeout_s)
            return self.state if self.state.number > number and not self.is_closed else None

    def close(self) -> None:
        """Wake everyone for the last time."""
        with self._changed:
            self.is_closed = True
            self._changed.notify_all()
