"""Users of this machine have a door of their own, and need no token there."""

import asyncio
import getpass
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from chaosmonkey.api.transport.control_socket import FILE, ControlServer
from tests.patience import PATIENCE, until
from tests.unit.api.conftest import Site


@asynccontextmanager
async def door(site: Site, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    server = ControlServer(site.entrance, folder)
    way = httpx.AsyncHTTPTransport(uds=str(folder / FILE))
    async with (
        asyncio.TaskGroup() as tasks,
        httpx.AsyncClient(base_url="http://localhost", transport=way, timeout=PATIENCE) as client,
    ):
        tasks.create_task(server.run_until_stopped())
        await until(lambda: server.started)
        yield client
        server.should_exit = True


async def test_whoever_may_open_the_file_is_the_presenter_and_named_in_the_audit_log(
    public_site: Site, tmp_path: Path
) -> None:
    assert (await public_site.client.post("/halt")).status_code == 401
    async with door(public_site, tmp_path) as client:
        halted = await client.post("/halt")
        assert halted.status_code == 200, halted.text
        await until(lambda: public_site.table.monkey.safety.halted is not None)
        user = f"{getpass.getuser()} at this machine"
        assert public_site.table.monkey.safety.halted_by == user

        async def noted() -> list[str]:
            return [entry.who for entry in await public_site.audit.latest(5) if entry.accepted]

        assert await noted() == [user]


async def test_a_get_there_is_written_on_purpose(public_site: Site, tmp_path: Path) -> None:
    async with door(public_site, tmp_path) as client:
        assert (await client.get("/halt")).status_code == 200


async def test_a_token_that_is_sent_there_counts_all_the_same(
    public_site: Site, tmp_path: Path
) -> None:
    async with door(public_site, tmp_path) as client:
        wrong = await client.post("/halt", headers={"Authorization": "Bearer chaos_wrong"})
        assert wrong.status_code == 401


async def test_the_door_is_for_the_folders_owner_and_gone_when_the_server_is(
    site: Site, tmp_path: Path
) -> None:
    async with door(site, tmp_path):
        assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / FILE).exists()


async def test_a_door_that_a_dead_server_left_is_replaced(site: Site, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as old:
        old.bind(str(tmp_path / FILE))
    async with door(site, tmp_path) as client:
        assert (await client.get("/healthz")).status_code == 200


async def test_a_folder_that_can_hold_none_is_said_and_nothing_else(
    site: Site, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    deep = tmp_path / ("x" * 100) / ("y" * 100)
    deep.mkdir(parents=True)
    await ControlServer(site.entrance, deep).run_until_stopped()
    assert "Cannot create the control socket" in caplog.text


async def test_nobody_says_of_themselves_that_they_come_that_way(public_site: Site) -> None:
    marked = {"chaosmonkey.user": "root", "X-Chaosmonkey-User": "root"}
    assert (await public_site.client.post("/halt", headers=marked)).status_code == 401
