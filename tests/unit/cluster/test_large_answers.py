"""A dozen large answers at once are read one after the other; small ones wait for nobody."""

import asyncio
from collections.abc import AsyncIterator

from chaosmonkey.cluster.client import _batches
from chaosmonkey.cluster.large_answers import LARGE, LargeAnswers


class Watch:
    """A watch whose pieces a test hands out, and what of it was read."""

    def __init__(self, large: LargeAnswers, tasks: asyncio.TaskGroup) -> None:
        self._pieces: asyncio.Queue[bytes] = asyncio.Queue()
        self._large = large
        self.lines: list[bytes] = []
        self.task = tasks.create_task(self._read())

    async def sends(self, piece: bytes) -> None:
        self._pieces.put_nowait(piece)
        for _ in range(10):
            await asyncio.sleep(0)

    @property
    def unread(self) -> int:
        return self._pieces.qsize()

    async def _read(self) -> None:
        async for batch in _batches(self._come(), self._large, "watch pods"):
            self.lines += batch

    async def _come(self) -> AsyncIterator[bytes]:
        while True:
            yield await self._pieces.get()


async def test_a_second_large_line_is_not_read_on_before_the_first_is_complete() -> None:
    large = LargeAnswers()
    async with asyncio.TaskGroup() as tasks:
        one, two, small = (Watch(large, tasks) for _ in range(3))
        await one.sends(b"a" * (LARGE + 1))
        await two.sends(b"b" * (LARGE + 1))
        await two.sends(b"b" * LARGE)
        await two.sends(b"b" * LARGE)
        assert two.unread == 2
        await small.sends(b"c\n")
        assert small.lines == [b"c"]
        await one.sends(b"a\nmore\n")
        assert [len(line) for line in one.lines] == [LARGE + 2, 4]
        assert two.unread == 0
        await two.sends(b"\n")
        assert [len(line) for line in two.lines] == [3 * LARGE + 1]
        for watch in (one, two, small):
            watch.task.cancel()


async def test_who_leaves_in_the_middle_of_a_large_line_keeps_nobody_waiting() -> None:
    large = LargeAnswers()
    async with asyncio.TaskGroup() as tasks:
        one, two = Watch(large, tasks), Watch(large, tasks)
        await one.sends(b"a" * (LARGE + 1))
        one.task.cancel()
        await two.sends(b"b" * (LARGE + 1))
        await two.sends(b"\n")
        assert [len(line) for line in two.lines] == [LARGE + 1]
        two.task.cancel()
