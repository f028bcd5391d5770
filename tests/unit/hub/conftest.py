"""A loop that does not wait: when nothing is ready, its time leaps to what is due next."""

import asyncio

import pytest


class Leaping(asyncio.SelectorEventLoop):
    """Timers come in their order, and however slow this machine is, no sooner and no later."""

    def __init__(self) -> None:
        super().__init__()
        self._leapt = 1000.0
        self._wait = self._selector.select
        self._selector.select = self._leap

    def time(self) -> float:
        return self._leapt

    def _leap(self, timeout: float | None = None) -> list:
        if timeout is None:
            return self._wait(None)
        self._leapt += max(0.0, timeout)
        return self._wait(0)


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> dict[str, type[asyncio.AbstractEventLoop]]:
    return {"leaping": Leaping}
