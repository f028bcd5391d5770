"""How long a request takes to the pin, and what the API server says to the browser.

    POST /kill/nodeN ──► guard, journal on the disk, gpiozero ──► level on the pretend header
    line written to the watch ──► reflector, cache, tracker, board, hub ──► websocket frame received

The API server, the header and both clients are in this process, the server is one of its own; both
share two cores with whatever else runs. A request counts from the moment when its bytes are given
to the kernel: what a client does before is the client's.
"""

import asyncio
import re
import time
from typing import Any

import httpx
import orjson
from websockets.asyncio.client import ClientConnection

from tests.benchmarks._table import PINS, ApiServer, Header, percentiles, rig, simulated_objects
from tests.patience import PATIENCE, connect

SPEED = 20.0
"""Of the server's own time, so that an unnoticed outage is over soon; latencies are real time. Much
faster, and the server's clockwork takes a part of the core that it never takes on a stage."""

ROUNDS = 40
PAUSE = 1.0
"""Seconds before a round, so that its first kill finds a server that was idle, as a speaker's."""

EVENTS = 500
PORT = 18080


async def measure() -> dict[str, Any]:
    objects = await simulated_objects()
    async with rig(objects, port=PORT, speed=SPEED) as it:
        return {
            "conditions": f"{len(PINS)} machines, {len(objects['pods'])} pods, loopback",
            "request_to_pin_edge": await _edges(it.client, it.api, it.header),
            "event_to_frame": await _frames(it.api),
        }


async def _edges(client: httpx.AsyncClient, api: ApiServer, header: Header) -> dict[str, float]:
    """From before the request is sent to the moment when the line's new level arrives."""
    took = []
    wire = await Wire.open()
    for _ in range(ROUNDS):
        for what in ("/release", "/arm"):
            assert (await client.post(what)).status_code == 200
        await asyncio.sleep(PAUSE)
        for machine, pin in PINS.items():
            header.edges.pop((pin, "out 1"), None)
            began = wire.send(f"POST /kill/{machine}?for=3600")
            await wire.accepted()
            took.append(await _edge(header, pin) - began)
        halted = await client.post("/halt")
        assert len(halted.json()["restored"]) == len(PINS), halted.text
        await _over(client, api)
    wire.close()
    return percentiles(took)


class Wire:
    """A connection to the server that costs its user next to nothing."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls) -> "Wire":
        return cls(*await asyncio.open_connection("127.0.0.1", PORT))

    def send(self, request: str) -> float:
        """Send a request without a body; return the moment just before."""
        head = (
            f"{request} HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\nX-Chaosmonkey: 1\r\n"
            "Content-Length: 0\r\n\r\n"
        )
        began = time.perf_counter()
        self._writer.write(head.encode())
        return began

    async def accepted(self) -> None:
        """Read the answer, which must be a good one; a refusal is shown as it is."""
        async with asyncio.timeout(PATIENCE):
            head = await self._reader.readuntil(b"\r\n\r\n")
            (length,) = re.findall(rb"content-length: (\d+)", head.lower())
            body = await self._reader.readexactly(int(length))
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError((head + body).decode())

    def close(self) -> None:
        self._writer.close()


async def _edge(header: Header, pin: int) -> float:
    async with asyncio.timeout(PATIENCE):
        while (pin, "out 1") not in header.edges:
            header.came.clear()
            await header.came.wait()
    return header.edges[pin, "out 1"]


async def _over(client: httpx.AsyncClient, api: ApiServer) -> None:
    """Renew every lease, as kubelets that are back do, until all outages are closed."""
    async with asyncio.timeout(PATIENCE):
        while True:
            for lease in api.objects["leases"]:
                lease["spec"]["renewTime"] = f"2030-01-01T00:00:00.{api.version % 10**6:06}Z"
                await api.write("leases", lease)
            state = (await client.get("/api/state")).json()["state"]
            if not any(outage["open"] for outage in state["outages"].values()):
                return
            await asyncio.sleep(0.05)


async def _frames(api: ApiServer) -> dict[str, float]:
    """From the end of writing a pod's event to the frame that shows it."""
    took = []
    async with connect(f"ws://127.0.0.1:{PORT}/ws", max_size=None) as socket:
        await socket.recv()
        for number in range(EVENTS):
            pod = api.objects["pods"][number % len(api.objects["pods"])]
            status = pod["status"]["containerStatuses"][0]
            status["restartCount"] = number + 1
            written = await api.write("pods", pod)
            took.append(await _frame(socket, pod["metadata"]["uid"], number + 1) - written)
            await asyncio.sleep(0.02)  # single events, not a burst that is sent as one
    return percentiles(took)


async def _frame(socket: ClientConnection, uid: str, restarts: int) -> float:
    async with asyncio.timeout(PATIENCE):
        while True:
            message = await socket.recv()
            now = time.perf_counter()
            pod = orjson.loads(message).get("set", {}).get("pods", {}).get(uid)
            if pod is not None and pod["restarts"] == restarts:
                return now
