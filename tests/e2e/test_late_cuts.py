"""A cut that is still on its way when its asker dies: the machine is on in the end, and stays on.

Programs and devices that take their time are asked to cut; the server is killed while they are at
it; and what they do after that must be seen and undone by the next one.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from aiohttp import web

from tests.e2e._served import Served, World, served, world
from tests.e2e.conftest import LONG
from tests.patience import eventually

pytestmark = pytest.mark.e2e

LONGEST = 8.0
"""Real seconds that the drivers below may take; it arrives when a test lets it, in that time."""

OUTLET = """
folder=$1
case $2 in
  read) cat $folder/state ;;
  on) printf on > $folder/state ;;
  off)
    touch $folder/began
    while [ ! -e $folder/go ]; do sleep 0.02; done
    printf off > $folder/state
    touch $folder/ended ;;
esac
"""

# The device behind a program does not die with it: nothing ties this child to its parent.
REMOTE = """
if [ $2 = off ]; then
  env -i setsid sh $1/outlet.sh $1 off & exec sleep 3600
fi
exec sh $1/outlet.sh $1 $2
"""


@asynccontextmanager
async def program(folder: Path) -> AsyncIterator[str]:
    (folder / "outlet.sh").write_text(OUTLET)
    yield _command(folder / "outlet.sh", folder)


@asynccontextmanager
async def program_of_a_device(folder: Path) -> AsyncIterator[str]:
    (folder / "outlet.sh").write_text(OUTLET)
    (folder / "remote.sh").write_text(REMOTE)
    yield _command(folder / "remote.sh", folder)


def _command(script: Path, folder: Path) -> str:
    def call(action: str) -> str:
        return f'["sh", "{script}", "{folder}", "{action}"]'

    return (
        f'{{ driver = "command", cut = {call("off")}, restore = {call("on")}, '
        f"read = {call('read')}, timeout = {LONGEST} }}"
    )


@asynccontextmanager
async def http_device(folder: Path) -> AsyncIterator[str]:
    async def serve(request: web.BaseRequest) -> web.Response:
        match request.path:
            case "/off":
                (folder / "began").touch()
                while not (folder / "go").exists():
                    await asyncio.sleep(0.02)
                (folder / "state").write_text("off")
                (folder / "ended").touch()
            case "/on":
                (folder / "state").write_text("on")
            case _:
                pass  # it is asked for its state
        return web.json_response({"state": (folder / "state").read_text()})

    server = await asyncio.get_running_loop().create_server(web.Server(serve), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield (
        f'{{ driver = "http", url = "http://127.0.0.1:{port}", outlet = "1", '
        f"timeout = {LONGEST}, recipe = {{ "
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
            await arrives_after_all(server, tmp_path, dies=device is program)


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
        (cut,) = await waiting
        assert cut is not None
        refused = cut.json()
        assert refused["rule"] == "ended-first", refused
        await arrives_after_all(server, tmp_path, dies=device is program)


async def cutting(server: Served, folder: Path) -> "asyncio.Future[tuple[httpx.Response | None]]":
    """The answer to a cut whose device has begun, and will take a while."""
    await server.ready()
    await server.client.post("/arm")

    async def ask() -> httpx.Response | None:
        with contextlib.suppress(httpx.TransportError):
            return await server.client.post("/kill/node3", params={"for": LONG})
        return None

    waiting = asyncio.gather(ask())

    async def begun() -> bool:
        return (folder / "began").exists()

    await eventually(begun)

    return waiting


async def arrives_after_all(server: Served, folder: Path, *, dies: bool) -> None:
    """Once the plug is known to be on, what was on its way arrives; it is on, and stays on."""

    async def restored() -> bool:
        return any("node3: power restored" in line for line in server.output)

    async def cleared() -> bool:
        with contextlib.closing(sqlite3.connect(folder / "data" / "chaosmonkey.db")) as journal:
            left = journal.execute("SELECT count(*) FROM journal WHERE cleared IS NULL")
            return bool(left.fetchone() == (0,))

    await eventually(restored, lambda: "\n".join(server.output))
    (folder / "go").touch()
    await eventually(cleared, lambda: "\n".join(server.output))
    assert (folder / "ended").exists() != dies
    assert (folder / "state").read_text() == "on"
