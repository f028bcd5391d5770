"""A hand presses while the panel is torn off, or while the server stands still: nothing is cut."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chaosmonkey.simcluster import DEMO_PANEL
from tests.e2e._served import World, served, world
from tests.e2e.conftest import LONG
from tests.e2e.test_table import PANEL, Stand, all_ready, each
from tests.patience import eventually

pytestmark = pytest.mark.e2e

HOLD, LONGEST = 3.0, 10.0
"""Seconds that a button is to be held; the settings allow no more."""

LOOKS = 40
"""Looks at the bench that fit into a hold: enough to see an LED blink and to tear the bus."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[World]:
    with world() as running:
        yield running


@asynccontextmanager
async def standing(
    folder: Path, of: World, panel: Callable[[str], str] = lambda panel: panel
) -> AsyncIterator[Stand]:
    seconds = await unhurried(of)
    more = panel(PANEL.replace("hold = 0.5", f"hold = {seconds:.1f}"))
    async with served(folder, of, more=more, each=each) as server:
        it = Stand(server, of, hold=seconds)
        try:
            yield it
        finally:
            await it.hand("bus", torn=False)
            await it.hand("panel/buttons/node3", pressed=False)


async def unhurried(of: World) -> float:
    """Seconds of a hold in which this machine, as it is now, can tear the bus."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for _ in range(10):
        await of.dark()
    return min(max(HOLD, LOOKS * (loop.time() - began) / 10), LONGEST)


async def hold(stand: Stand) -> None:
    """A hand begins to press; return when the LED says so, which was lit all the time."""
    await stand.server.ready()
    await all_ready(stand)
    await stand.server.client.post("/arm")
    assert await stand.steady("node3")
    await stand.hand("panel/buttons/node3", pressed=True)

    async def dark() -> bool:
        return not await stand.led("node3")

    await eventually(dark, lambda: "\n".join(stand.server.output), pause=0.02)


async def only_the_next_press_cuts(stand: Stand) -> None:
    await asyncio.sleep(stand.hold + 0.5)  # whatever would be held is by now
    assert [entry["command"] for entry in await stand.get("/api/audit")] == ["POST /arm"]
    await all_ready(stand)
    await stand.press("node3")
    kept = [entry["command"] for entry in await stand.get("/api/audit")]
    assert kept == ["BUTTON /kill/node3?feed=power", "POST /arm"]


async def test_a_press_that_was_let_go_while_the_bus_was_torn_cuts_nothing(
    tmp_path: Path, cluster: World
) -> None:
    async with standing(tmp_path, cluster) as stand:
        await hold(stand)
        await stand.hand("bus", torn=True)
        await stand.hand("panel/buttons/node3", pressed=False)

        async def torn() -> bool:
            return "panel" in (await stand.server.client.get("/readyz")).text

        await eventually(torn)
        await asyncio.sleep(stand.hold + 0.5)
        await stand.hand("bus", torn=False)
        await stand.server.ready()
        await only_the_next_press_cuts(stand)


async def test_a_press_that_was_let_go_while_the_server_stood_still_cuts_nothing(
    tmp_path: Path, cluster: World
) -> None:
    async with standing(tmp_path, cluster) as stand:
        await hold(stand)
        stand.server.process.send_signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(stand.hold + 0.5)
            await stand.hand("panel/buttons/node3", pressed=False)
        finally:
            stand.server.process.send_signal(signal.SIGCONT)
        await only_the_next_press_cuts(stand)


async def test_a_server_starts_with_a_torn_panel_says_so_and_takes_it_up_when_it_is_back(
    tmp_path: Path, cluster: World
) -> None:
    stand = Stand(None, cluster)  # type: ignore[arg-type] # a hand before there is a server
    await stand.hand("bus", torn=True)
    async with standing(tmp_path, cluster) as stand:
        await stand.server.answers()

        async def said() -> bool:
            reasons = (await stand.server.client.get("/readyz")).text.strip()
            return reasons == "The panel does not answer: no acknowledgement from 0x20."

        await eventually(said, lambda: "\n".join(stand.server.output))
        await stand.server.client.post("/arm")
        assert (await stand.server.client.post("/kill/node1", params={"for": LONG})).is_success
        assert (await stand.server.client.post("/restore/node1")).is_success
        await stand.hand("bus", torn=False)
        await stand.server.ready()
        await all_ready(stand)
        await stand.press("node3")
        assert "node3 power" in await cluster.dark()


async def test_a_red_button_on_a_torn_panel_is_halt_from_the_start(
    tmp_path: Path, cluster: World
) -> None:
    def torn_off(panel: str) -> str:
        return panel.replace(f"halt = {DEMO_PANEL.halt}", 'halt = "B6"')

    stand = Stand(None, cluster)  # type: ignore[arg-type] # a hand before there is a server
    await stand.hand("bus", torn=True)
    async with standing(tmp_path, cluster, torn_off) as stand:
        await stand.server.answers()

        async def halted() -> bool:
            refused = await stand.server.client.post("/arm")
            return "HALT is active" in refused.text

        await eventually(halted, lambda: "\n".join(stand.server.output))
        kept = await stand.server.client.post("/release")
        assert "The big red button cannot be read" in kept.text
