"""Whatever ends the server, at whatever step of a cut: the next start turns everything on."""

import asyncio
import contextlib
import os
import signal
import socket
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from chaosmonkey.control.cut_stages import Step
from tests.e2e._served import Served, World, served, world
from tests.e2e.conftest import LONG
from tests.patience import PATIENCE, eventually

pytestmark = pytest.mark.e2e

WATCHDOG = 0.4
"""Real seconds after which systemd misses a sign of life."""

MACHINES = ["node1", "node2", "node3", "node4", "node5"]


@pytest.fixture(scope="module")
def table() -> Iterator[World]:
    with world() as found:
        yield found


async def is_asked_for(server: Served, machine: str) -> bool:
    """Whether a cut of it has come as far as its journal entry."""
    state = (await server.client.get("/api/state")).json()["state"]
    return state["machines"][machine]["power"]["stage"] is not None


async def cut_and_die(server: Served, machine: str) -> None:
    """Cut a machine, and restore it if that was survived; somewhere on the way the server dies."""
    await server.ready()
    await server.client.post("/arm")
    with contextlib.suppress(httpx.TransportError):
        await server.client.post(f"/kill/{machine}", params={"for": LONG})
        await server.client.post(f"/restore/{machine}")
    assert await server.died() == -signal.SIGKILL


async def the_next_one_turns_everything_on(folder: Path, of: World) -> None:
    """Before it does anything else: `make bench` measures how soon that is."""
    async with served(folder, of) as server:
        await server.answers()
        assert await of.dark() == set()
        journal = folder / "data" / "chaosmonkey.db"

        async def cleared() -> bool:
            with contextlib.closing(sqlite3.connect(journal)) as database:
                left = database.execute("SELECT count(*) FROM journal WHERE cleared IS NULL")
                return bool(left.fetchone() == (0,))

        await eventually(cleared)


@pytest.mark.parametrize(("number", "step"), list(enumerate(Step)), ids=list(Step))
async def test_a_process_that_dies_at_any_step_of_a_cut_leaves_no_machine_dark(
    table: World, tmp_path: Path, number: int, step: Step
) -> None:
    machine = MACHINES[number % len(MACHINES)]
    async with served(tmp_path, table, dies_at=step) as server:
        await cut_and_die(server, machine)
    dark = await table.dark()
    # The plug is off exactly where the steps say so: the test kills where it means to.
    off = step in (Step.COMMANDED_OFF, Step.READ_OFF, Step.PUBLISHED_CUT, Step.TIME_IS_UP)
    assert dark == ({f"{machine} power"} if off else set())
    await the_next_one_turns_everything_on(tmp_path, table)


async def test_pins_that_do_not_keep_their_level_turn_everything_on_when_the_server_dies(
    tmp_path: Path,
) -> None:
    with world("--no-persist-gpio-outputs") as of:
        async with served(tmp_path, of, dies_at=Step.PUBLISHED_CUT) as server:
            await cut_and_die(server, "node3")

        async def is_on() -> bool:
            return await of.dark() == set()

        await eventually(is_on)
        await the_next_one_turns_everything_on(tmp_path, of)


async def test_what_a_killed_server_left_dark_is_on_before_the_next_one_starts(
    table: World, tmp_path: Path
) -> None:
    """What systemd runs after the server has ended, however it did."""
    async with served(tmp_path, table, dies_at=Step.PUBLISHED_CUT) as server:
        await cut_and_die(server, "node4")

    async def is_dark() -> bool:
        return await table.dark() == {"node4 power"}

    await eventually(is_dark)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "chaosmonkey", "restore-plugs", f"--config={tmp_path / 'lab.toml'}",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    told, _ = await process.communicate()
    assert (process.returncode, told) == (0, b"10 of 10 plugs are on.\n")

    async def is_on() -> bool:
        return await table.dark() == set()

    await eventually(is_on)
    await the_next_one_turns_everything_on(tmp_path, table)


async def test_restore_by_times_outlive_a_restart(table: World, tmp_path: Path) -> None:
    """A cut that should last long is over at the next start: nobody else remembers it."""
    async with served(tmp_path, table) as server:
        await server.ready()
        await server.client.post("/arm")
        answer = (await server.client.post("/kill/node2", params={"for": LONG})).json()
        server.process.kill()
        await server.died()
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "chaosmonkey.db")) as database:
        kept = database.execute("SELECT outage, restore_by FROM journal").fetchall()
    assert kept == [(answer["outage"], answer["restore_by"])]
    await the_next_one_turns_everything_on(tmp_path, table)


async def test_halt_works_while_the_database_is_locked_and_outlives_a_restart(
    table: World, tmp_path: Path
) -> None:
    async with served(tmp_path, table) as server:
        await server.ready()
        await server.client.post("/arm")
        assert (await server.client.post("/kill/node4", params={"for": LONG})).is_success
        path = tmp_path / "data" / "chaosmonkey.db"
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            waiting = asyncio.gather(server.client.post("/kill/node5", params={"for": LONG}))
            await eventually(lambda: is_asked_for(server, "node5"))
            assert (await server.client.post("/halt")).is_success
            assert await table.dark() == set()
            (refused,) = await waiting
            # HALT ended it before the database gave up waiting, for which that needs 5 s.
            assert refused.json()["rule"] == "ended-first"
            other.execute("COMMIT")
        assert (await server.client.post("/kill/node5")).json()["rule"] == "halted"

        async def noted() -> bool:
            with contextlib.closing(sqlite3.connect(path)) as database:
                found = database.execute("SELECT count(*) FROM halt").fetchone()
            return bool(found == (1,))

        await eventually(noted)
        server.process.kill()
        await server.died()
    async with served(tmp_path, table) as server:
        await server.ready()
        assert (await server.client.post("/arm")).json()["rule"] == "halted"
        await server.client.post("/release")
        await server.client.post("/arm")
        assert (await server.client.post("/kill/node4", params={"dry_run": True})).json()["allowed"]


async def test_a_server_whose_loop_hangs_gives_no_sign_of_life_and_its_successor_restores(
    table: World, tmp_path: Path
) -> None:
    """The test is systemd: it listens, and kills when it has heard nothing for too long."""
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(address)
        listening.settimeout(PATIENCE)
        env = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": f"{WATCHDOG * 1e6:.0f}"}
        async with served(tmp_path, table, env=env) as server:
            await server.ready()
            await server.client.post("/arm")
            await server.client.post("/kill/node1", params={"for": LONG})
            told = {listening.recv(200).split(b"\n")[0] for _ in range(6)}
            assert {b"READY=1", b"WATCHDOG=1"} <= told
            os.kill(server.process.pid, signal.SIGSTOP)
            listening.setblocking(False)
            await eventually(server.is_stopped)
            with contextlib.suppress(BlockingIOError):
                while listening.recv(200):
                    pass
            await asyncio.sleep(2 * WATCHDOG)
            with pytest.raises(BlockingIOError):
                listening.recv(200)
            assert not server.process.returncode
            server.process.kill()
            await server.died()
        assert await table.dark() == {"node1 power"}
        await the_next_one_turns_everything_on(tmp_path, table)
