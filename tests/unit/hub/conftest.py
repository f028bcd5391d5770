"""A loop that does not wait: when nothing is ready, its time leaps to what is due next."""

import asyncio
import selectors

import pytest


class LeapingSelector(selectors.DefaultSelector):
    """Waits for no timer: the time that it would wait for has come."""

    def __init__(self) -> None:
        super().__init__()
        self.leapt = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            return super().select(None)
        self.leapt += max(0.0, timeout)
        return super().select(0)


class Leaping(asyncio.SelectorEventLoop):
    """Timers come in their order, and however slow this machine is, no sooner and no later."""

    def __init__(self) -> None:
        self._leaps = LeapingSelector()
        super().__init__(self._leaps)

    def time(self) -> float:
        return self._leaps.leapt


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> dict[str, type[asyncio.AbstractEventLoop]]:
    return {"leaping": Leaping}
