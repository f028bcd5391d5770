"""The tasks of a connection end, also those that lose a cancellation as nats-py does."""

import asyncio
import contextlib

import pytest

from chaosmonkey.scale import ConnectionTasks
from chaosmonkey.scale.connection import CANCEL_AGAIN


class Closed:
    """Stands for the client: it can be closed."""

    closed = 0

    async def close(self) -> None:
        self.closed += 1


async def loses(cancellations: int) -> None:
    """Wait for ever, whatever asyncio.wait_for of Python 3.11 makes of a cancellation."""
    for _ in range(cancellations):
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
    await asyncio.Event().wait()


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    assert CANCEL_AGAIN > 0
    monkeypatch.setattr("chaosmonkey.scale.connection.CANCEL_AGAIN", 0)


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("cancellations", [0, 1, 5])
async def test_a_task_that_loses_cancellations_is_cancelled_until_it_ends(
    cancellations: int,
) -> None:
    tasks, client = ConnectionTasks(), Closed()
    tasks.start(loses(cancellations), name="loses")
    tasks.start(loses(0), name="loses none")
    await asyncio.sleep(0)
    await tasks.cancel(client)  # type: ignore[arg-type]
    names = {task.get_name() for task in asyncio.all_tasks()}
    assert not names & {"loses", "loses none"}
    assert client.closed


async def test_the_first_failure_counts() -> None:
    async def fails(error: Exception) -> None:
        raise error

    tasks = ConnectionTasks()
    first = OSError("first")
    tasks.start(fails(first), name="one")
    tasks.start(fails(ValueError("second")), name="two")
    assert await tasks.failure() is first


async def test_a_task_that_ends_well_ends_nothing_else() -> None:
    tasks = ConnectionTasks()
    tasks.start(asyncio.sleep(0), name="short")
    for _ in range(3):
        await asyncio.sleep(0)
    tasks.fail(OSError("later"))
    assert str(await tasks.failure()) == "later"
