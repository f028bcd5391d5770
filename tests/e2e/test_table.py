"""The table itself: buttons, LEDs, hands, dead supplies and bad relays, with real processes.

The server reaches the pretend bench through gpiozero's pins, an expander on an I2C bus, and nothing
else; what a hand does, the bench tells no API.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from chaosmonkey.simcluster import DEMO_PANEL, SimMachine
from tests.e2e._served import Served, World, served, world
from tests.e2e.conftest import LONG
from tests.patience import PATIENCE, eventually

Json = dict[str, Any]

PANEL = (
    f"default_seconds = {LONG}\n[panel]\nexpander = {DEMO_PANEL.expander}\n"
    f"interrupt = {DEMO_PANEL.interrupt}\n"
    f"halt = {DEMO_PANEL.halt}\nheartbeat = {DEMO_PANEL.heartbeat}\nhold = 0.5\n"
)


def each(machine: SimMachine) -> str:
    return (
        f'power_sensor = {{ driver = "gpio", pin = {machine.rail} }}\n'
        f'button = "{DEMO_PANEL.buttons[machine.name]}"\nled = "{DEMO_PANEL.leds[machine.name]}"\n'
    )


@dataclass
class Stand:
    """A server, and hands that reach the bench past it."""

    server: Served
    of: World
    hold: float = 0.5

    async def bench(self) -> Json:
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
            answer = await client.get(f"http://127.0.0.1:{self.of.port}/bench")
        found: Json = answer.json()
        return found

    async def hand(self, path: str, **what: object) -> None:
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
            url = f"http://127.0.0.1:{self.of.port}/bench/{path}"
            (await client.put(url, json=what)).raise_for_status()

    async def press(self, machine: str) -> None:
        """Hold its button until that has done something, be it that it was refused."""
        before = len(await self.get("/api/audit"))

        async def noted() -> bool:
            return len(await self.get("/api/audit")) > before

        await self.hand(f"panel/buttons/{machine}", pressed=True)
        await eventually(noted, lambda: "\n".join(self.server.output))
        await self.hand(f"panel/buttons/{machine}", pressed=False)

    async def led(self, machine: str) -> bool:
        """Whether its LED is lit now."""
        return bool((await self.bench())["panel"]["leds"][machine]["level"])

    async def steady(self, machine: str) -> bool:
        """Whether its LED is lit at several looks, between which a blinking one was dark."""
        for _ in range(12):
            if not await self.led(machine):
                return False
            await asyncio.sleep(0.1)
        return True

    async def blinks(self, machine: str) -> None:
        """Return when its LED was seen lit and dark."""

        async def dark() -> bool:
            return not await self.led(machine)

        for _ in range(2):
            await eventually(dark)
            await eventually(lambda: self.led(machine))

    async def get(self, path: str) -> Any:
        return (await self.server.client.get(path, params={"format": "json"})).json()

    async def outages(self, count: int = 1, *, reached: str = "") -> list[Json]:
        """The outages, as soon as so many are on the disk, and all have reached a milestone."""
        found: list[Json] = []

        async def look() -> bool:
            found[:] = await self.get("/api/outages")
            return len(found) >= count and all(
                not reached or reached in outage["milestones"] for outage in found
            )

        await eventually(look, lambda: "\n".join(self.server.output))
        return found

    async def machine(self, name: str) -> Json:
        found: Json = (await self.get("/api/state"))["state"]["machines"][name]
        return found

    async def until(self, machine: str, **power: object) -> None:
        """Wait until the power of a machine is so."""

        async def look() -> bool:
            now = (await self.machine(machine))["power"]
            return all(now[key] == value for key, value in power.items())

        await eventually(look, lambda: "\n".join(self.server.output))


@pytest.fixture(scope="module")
def cluster() -> Iterator[World]:
    with world() as running:
        yield running


@pytest.fixture
async def stand(tmp_path: Path, cluster: World) -> AsyncIterator[Stand]:
    async with standing(tmp_path, cluster) as it:
        yield it


@asynccontextmanager
async def standing(folder: Path, of: World) -> AsyncIterator[Stand]:
    async with served(folder, of, more=PANEL, each=each) as server:
        await server.ready()
        it = Stand(server, of)
        await it.until("node1", sensed="on")
        await server.client.post("/arm")
        try:
            yield it
        finally:
            await it.hand("supply", alive=True)
            await it.hand("bus", torn=False)
            await it.hand("panel/halt", pressed=False)
            for name in DEMO_PANEL.buttons:
                await it.hand(
                    f"machines/{name}/power",
                    plugged=True, welded=False, stuck=False, back_fed=False, slow=0,
                )  # fmt: skip


async def all_ready(stand: Stand) -> None:
    async def look() -> bool:
        machines = (await stand.get("/api/state"))["state"]["machines"].values()
        return all(machine["ready"] == "True" for machine in machines)

    await eventually(look, lambda: "\n".join(stand.server.output))


async def test_a_button_kills_a_machine_shows_it_and_recovers_it(stand: Stand) -> None:
    await all_ready(stand)
    await eventually(lambda: stand.steady("node3"))
    await stand.press("node3")
    await stand.until("node3", state="off", sensed="off")
    await stand.blinks("node3")
    (outage,) = await stand.outages()
    assert (outage["machine"], outage["by"]) == ("node3", "the panel")
    assert outage["clocked"] == "sensor"

    async def recovered() -> bool:
        return (await stand.outages())[0]["recovery_seconds"] is not None

    await eventually(recovered, lambda: "\n".join(stand.server.output))
    await stand.blinks("node3")
    await stand.press("node3")
    await stand.until("node3", state="on", sensed="on")
    await all_ready(stand)
    await eventually(lambda: stand.steady("node3"))
    deeds = [entry["command"] for entry in await stand.get("/api/audit")]
    assert deeds[:2] == ["BUTTON /restore/node3", "BUTTON /kill/node3?feed=power"]


async def test_a_button_on_a_safe_table_is_refused_and_noted(stand: Stand) -> None:
    await all_ready(stand)
    await stand.server.client.post("/disarm")
    await stand.press("node2")
    entry = (await stand.get("/api/audit"))[0]
    assert (entry["who"], entry["accepted"], entry["rule"]) == ("the panel", False, "not-armed")
    assert await stand.of.dark() == set()


async def test_the_red_button_brings_everything_back_and_keeps_halt_while_it_is_in(
    stand: Stand,
) -> None:
    await all_ready(stand)
    await stand.server.client.post("/kill/node4", params={"for": LONG})
    await stand.until("node4", sensed="off")
    await stand.hand("panel/halt", pressed=True)
    await stand.until("node4", state="on", sensed="on")
    refused = await stand.server.client.post("/release")
    assert refused.status_code == 409
    assert "red button is pressed" in refused.text
    await stand.hand("panel/halt", pressed=False)

    async def released() -> bool:
        return (await stand.server.client.post("/release")).status_code == 200

    await eventually(released)


async def test_a_welded_contact_fails_the_cut_and_leaves_no_outage(stand: Stand) -> None:
    await all_ready(stand)
    await stand.hand("machines/node1/power", welded=True)
    answer = await stand.server.client.post("/kill/node1")
    assert answer.status_code == 503
    assert "its power is still there. A welded contact" in answer.text
    await stand.until("node1", state="on", finding="")
    assert await stand.get("/api/outages") == []


@pytest.mark.parametrize("fault", ["stuck", "back_fed"])
async def test_a_dead_coil_and_another_way_in_are_found_out_too(stand: Stand, fault: str) -> None:
    await all_ready(stand)
    await stand.hand("machines/node5/power", **{fault: True})
    answer = await stand.server.client.post("/kill/node5")
    assert answer.status_code == 503
    assert "its power is still there" in answer.text


async def test_a_hand_at_the_socket_is_seen_at_once_and_seen_to_be_a_hand(stand: Stand) -> None:
    await all_ready(stand)
    await stand.hand("machines/node2/power", plugged=False)
    (outage,) = await stand.outages()
    assert (outage["origin"], outage["cause"], outage["feed"]) == ("observed", "hand", "power")
    assert outage["clocked"] == "sensor"
    held_up = any("did not run" in line for line in stand.server.output)
    assert outage["t0_within"] == 0 or held_up
    refused = await stand.server.client.post("/kill/node2")
    assert "No power reaches node2" in refused.text
    await stand.hand("machines/node2/power", plugged=True)
    await stand.until("node2", sensed="on", finding="")
    (outage,) = await stand.outages(reached="restored")
    assert outage["milestones"]["restored"] > 0


async def test_a_dead_supply_is_told_from_five_hands(stand: Stand) -> None:
    await all_ready(stand)
    await stand.hand("supply", alive=False)
    causes = {outage["machine"]: outage["cause"] for outage in await stand.outages(5)}
    assert causes == dict.fromkeys(DEMO_PANEL.buttons, "supply")
    await stand.hand("supply", alive=True)
    await all_ready(stand)


async def test_a_torn_panel_is_said_and_does_no_harm_and_is_taken_up_again(stand: Stand) -> None:
    await all_ready(stand)

    async def reasons() -> str:
        return (await stand.server.client.get("/readyz")).text

    await stand.hand("bus", torn=True)
    await eventually(lambda: _says(reasons, "The panel does not answer: no acknowledgement"))
    await stand.server.client.post("/kill/node1", params={"for": LONG})
    await stand.until("node1", sensed="off")
    assert await stand.steady("node1"), "it froze at what it showed last"
    await stand.hand("panel/halt", pressed=True)  # the red button is on no bus
    await stand.until("node1", sensed="on")
    await stand.hand("bus", torn=False)
    await stand.hand("panel/halt", pressed=False)
    await eventually(lambda: _says(reasons, "ok"))


async def _says(what: Callable[[], Awaitable[str]], expected: str) -> bool:
    return expected in await what()
