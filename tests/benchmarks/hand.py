"""How exact a sensor's t0 is, and how soon it is shown, when a hand pulls a plug.

    level of the rail's line ──► pin, bounces taken out, judged ──► outage ──► websocket frame
            │ the first of three edges, 0.5 ms apart: its moment ought to be t0

The header, the API server and the websocket are in this process, the server is one of its own; both
share two cores with whatever else runs. 180 ms until it is shown are waiting on purpose: 30 until
the line has come to rest, 150 in which others count as of the same moment.
"""

import asyncio
import time
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection

from tests.benchmarks._table import PINS, ApiServer, Header, percentiles, rig, simulated_objects
from tests.patience import PATIENCE, connect

SPEED = 200.0
"""Of the server's own time, so that an outage is over soon; figures are real time."""

RAILS = {"node1": 9, "node2": 10, "node3": 11, "node4": 18, "node5": 21}
ROUNDS = 20
PORT = 18081
BOUNCE = 0.0005


async def measure() -> dict[str, Any]:
    objects = await simulated_objects()
    epoch = time.time()
    async with rig(objects, port=PORT, speed=SPEED, epoch=epoch, rails=RAILS) as it:
        errors, shown = await _hands(it.api, it.header, epoch)
    return {
        "conditions": f"{len(PINS)} machines, {len(objects['pods'])} pods, loopback",
        "t0_error": percentiles(errors),
        "hand_to_frame": percentiles(shown),
    }


async def _hands(api: ApiServer, header: Header, epoch: float) -> tuple[list[float], list[float]]:
    errors, shown = [], []
    async with connect(f"ws://127.0.0.1:{PORT}/ws", max_size=None) as socket:
        await asyncio.sleep(0.5)  # every sensor has told that its feed is there
        for _ in range(ROUNDS):
            for machine, pin in RAILS.items():
                pulled = time.time()
                for level in (0, 1, 0):
                    header.drive(pin, level)
                    await asyncio.sleep(BOUNCE)
                outage = await _outage(socket, machine)
                shown.append(time.time() - pulled)
                errors.append(abs(epoch + (outage["t0"] - epoch) / SPEED - pulled))
                header.drive(pin, 1)
            await _over(socket, api)
    return errors, shown


async def _outage(socket: ClientConnection, machine: str) -> dict[str, Any]:
    """The outage of a machine as soon as a frame shows it, open and observed."""
    async with asyncio.timeout(PATIENCE):
        while True:
            told = orjson.loads(await socket.recv())
            outages: dict[str, dict[str, Any]] = told.get("set", {}).get("outages", {})
            for outage in outages.values():
                if outage["machine"] == machine and outage["open"]:
                    assert (outage["cause"], outage["clocked"]) == ("hand", "sensor"), outage
                    if "restored" not in outage["milestones"]:
                        return outage


async def _over(socket: ClientConnection, api: ApiServer) -> None:
    """Renew every lease, as kubelets that are back do, until the machines' outages are closed."""
    open_now = set(RAILS)
    async with asyncio.timeout(PATIENCE):
        while open_now:
            for lease in api.objects["leases"]:
                lease["spec"]["renewTime"] = f"2030-01-01T00:00:00.{api.version % 10**6:06}Z"
                await api.write("leases", lease)
            message = orjson.loads(await socket.recv())
            for outage in message.get("set", {}).get("outages", {}).values():
                if not outage["open"]:
                    open_now.discard(outage["machine"])
