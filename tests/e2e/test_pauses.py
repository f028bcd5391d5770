"""A server that was stopped for a while tells what it slept through as an interval."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e._served import Served, World, served, world
from tests.e2e.conftest import LONG, SPEED
from tests.patience import PATIENCE, eventually

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def table() -> Iterator[World]:
    with world() as found:
        yield found


async def stop_until_recovered(server: Served, of: World, node: str) -> float:
    """Stop the process until the cluster has recovered from the loss of a node.

    Returns how long it was stopped at least, in the server's time.
    """

    async def look() -> bool:
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{of.port}", timeout=PATIENCE
        ) as client:
            pods = (await client.get("/api/v1/pods")).json()["items"]
        there = [pod for pod in pods if pod["spec"].get("nodeName") == node and moves(pod)]
        others = [pod for pod in pods if pod not in there and moves(pod)]
        given_up = there and all("deletionTimestamp" in pod["metadata"] for pod in there)
        return bool(given_up) and all(map(is_ready, others))

    server.process.send_signal(signal.SIGSTOP)
    await eventually(server.is_stopped)
    began = time.monotonic()  # noqa: TID251 - it is the test's own clock
    await eventually(look)
    slept = time.monotonic() - began  # noqa: TID251 - at least: it is woken after this
    server.process.send_signal(signal.SIGCONT)
    return slept * SPEED


def moves(pod: dict[str, Any]) -> bool:
    return bool(pod["metadata"]["ownerReferences"][0]["kind"] == "ReplicaSet")


def is_ready(pod: dict[str, Any]) -> bool:
    conditions = pod.get("status", {}).get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


async def outage(server: Served) -> dict[str, Any]:
    """The newest outage, once it recovered."""
    newest: dict[str, Any] = {}

    async def look() -> bool:
        nonlocal newest
        outages = (await server.client.get("/api/outages")).json()
        newest = outages[0] if outages else {}
        return bool(newest) and newest["recovery_seconds"] is not None

    await eventually(look, lambda: f"{newest}\n" + "\n".join(server.output[-20:]))
    return newest


async def test_a_recovery_that_a_stopped_server_slept_through_is_told_as_an_interval(
    table: World, tmp_path: Path
) -> None:
    async with served(tmp_path, table) as server:
        await server.ready()
        await server.client.post("/arm")
        answer = await server.client.post("/kill/node3", params={"for": LONG})
        assert answer.status_code == 200, answer.text
        slept = await stop_until_recovered(server, table, "node3")
        told = await outage(server)
        least, most = told["recovery_at_least"], told["recovery_seconds"]
        assert told["blind"] >= slept
        assert least is not None
        assert most - least >= slept
        assert sum(told["phases"].values()) == pytest.approx(most, abs=0.01)
        assert f"Recovered after {least:.1f} to {most:.1f} s" in str(told["story"])
        assert "This server was not running for" in str(told["story"])
        csv = (await server.client.get("/api/outages?format=csv")).text
        head, row = (line.split(",") for line in csv.splitlines()[:2])
        kept = dict(zip(head, row, strict=True))
        assert float(kept["recovery_at_least"]) == least
        assert float(kept["not_ready_at_least"]) == told["at_least"]["not_ready"]
        await server.client.post("/restore/node3")
    async with served(tmp_path, table) as server:
        await server.ready()
        assert (await outage(server))["recovery_at_least"] == least, "also from the disk"
