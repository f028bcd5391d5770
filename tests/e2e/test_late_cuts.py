"""A cut that is still on its way when its asker dies: the machine is on in the end, and stays on.

Programs and devices that take their time are asked to cut; the server is killed while they are at
it; and what they do after that must be seen and undone by the next one.
"""

import asyncio
import contextlib
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from aiohttp import web

from tests.e2e._served import Served, World, served, world
from tests.patience import eventually

pytestmark = pytest.mark.e2e

TAKES = 3.0
"""Real seconds from a command to its effect; the drivers below may take twice as long."""

OUTLET = f"""
import os, subprocess, sys, time
from pathlib import Path
folder, action = Path(sys.argv[1]), sys.argv[2]
if action == "read":
    print((folder / "state").read_text())
elif action == "on":
    (folder / "state").write_text("on")
else:
    (folder / "began").touch()
    time.sleep({TAKES})
    (folder / "state").write_text("off")
    (folder / "ended").touch()
"""

# The device behind a program does not die with it: nothing ties this child to its parent.
REMOTE = """
import subprocess, sys
if sys.argv[2] == "off":
    subprocess.Popen([sys.executable, *sys.argv[3:]], start_new_session=True, env={})
    import time; time.sleep(60)
else:
    sys.exit(subprocess.run([sys.executable, *sys.argv[3:]]).returncode)
"""


@asynccontextmanager
async def program(folder: Path) -> AsyncIterator[str]:
    script = folder / "outlet.py"
    script.write_text(OUTLET)
    yield _command(f'"{sys.executable}", "{script}", "{folder}", ')


@asynccontextmanager
async def program_of_a_device(folder: Path) -> AsyncIterator[str]:
    script, remote = folder / "outlet.py", folder / "remote.py"
    script.write_text(OUTLET)
    remote.write_text(REMOTE)

    def call(action: str) -> str:
        return (
            f'["{sys.executable}", "{remote}", "", "{action}", "{script}", "{folder}", "{action}"]'
        )

    yield (
        f'{{ driver = "command", cut = {call("off")}, restore = {call("on")}, '
        f"read = {call('read')}, timeout = {2 * TAKES} }}"
    )


def _command(begin: str) -> str:
    return (
        f'{{ driver = "command", cut = [{begin}"off"], restore = [{begin}"on"], '
        f'read = [{begin}"read"], timeout = {2 * TAKES} }}'
    )


@asynccontextmanager
async def http_device(folder: Path) -> AsyncIterator[str]:
    async def serve(request: web.BaseRequest) -> web.Response:
        match request.path:
            case "/off":
                (folder / "began").touch()
                await asyncio.sleep(TAKES)
                (folder / "state").write_text("off")
                (folder / "ended").touch()
            case "/on":
                (folder / "state").write_text("on")
        return web.json_response({"state": (folder / "state").read_text()})

    server = await asyncio.get_running_loop().create_server(web.Server(serve), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield (
        f'{{ driver = "http", url = "http://127.0.0.1:{port}", outlet = "1", '
        f"timeout = {2 * TAKES}, recipe = {{ "
        'cut = [{ path = "/off" }], restore = [{ path = "/on" }], read = { path = "/read" }, '
        'on = { state = "on" }, off = { state = "off" } } }'
    )
    server.close()


@pytest.fixture(scope="module")
def table() -> Iterator[World]:
    with world() as found:
        yield found


DEVICES = [program, program_of_a_device, http_device]


@pytest.mark.parametrize("device", DEVICES)
async def test_a_cut_that_arrives_after_its_asker_died_is_undone(
    table: World,
    tmp_path: Path,
    device: Callable[[Path], contextlib.AbstractAsyncContextManager[str]],
) -> None:
    (tmp_path / "state").write_text("on")
    async with device(tmp_path) as plug:
        async with served(tmp_path, table, power={"node3": plug}) as server:
            await cutting(server, tmp_path)
            server.process.kill()
            await server.died()
        async with served(tmp_path, table, power={"node3": plug}) as server:
            await is_on_for_good(server, tmp_path, dies=device is program)


@pytest.mark.parametrize("device", DEVICES)
async def test_halt_overtakes_a_cut_that_is_under_way_and_undoes_it_when_it_arrives(
    table: World,
    tmp_path: Path,
    device: Callable[[Path], contextlib.AbstractAsyncContextManager[str]],
) -> None:
    (tmp_path / "state").write_text("on")
    async with device(tmp_path) as plug, served(tmp_path, table, power={"node3": plug}) as server:
        waiting = await cutting(server, tmp_path)
        answer = await server.client.post("/halt")
        assert answer.is_success, answer.text
        assert not (tmp_path / "ended").exists(), "HALT waited for the device"
        (answer,) = await waiting
        refused = answer.json()
        assert refused["rule"] == "ended-first", refused
        await is_on_for_good(server, tmp_path, dies=device is program)


async def cutting(server: Served, folder: Path) -> "asyncio.Future[list[httpx.Response | None]]":
    """The answer to a cut whose device has begun, and will take a while."""
    await server.ready()
    await server.client.post("/arm")

    async def ask() -> httpx.Response | None:
        with contextlib.suppress(httpx.TransportError):
            return await server.client.post("/kill/node3", params={"for": 3000})
        return None

    waiting = asyncio.gather(ask())

    async def begun() -> bool:
        return (folder / "began").exists()

    await eventually(begun)

    return waiting


async def is_on_for_good(server: Served, folder: Path, *, dies: bool) -> None:
    """The device has done what it was asked, or is dead; its plug is on, and no entry is left."""

    async def cleared() -> bool:
        with contextlib.closing(sqlite3.connect(folder / "data" / "chaosmonkey.db")) as journal:
            left = journal.execute("SELECT count(*) FROM journal WHERE cleared IS NULL")
            return left.fetchone() == (0,)

    await eventually(cleared, lambda: "\n".join(server.output))
    assert (folder / "ended").exists() != dies
    assert (folder / "state").read_text() == "on"
