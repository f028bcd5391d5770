"""A command whose reader goes away, as `head` does, ends without a traceback, its plug on."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

import pytest

from tests.e2e._served import served, world
from tests.e2e.test_preflight import lab
from tests.patience import PATIENCE

pytestmark = pytest.mark.e2e


async def with_a_reader_of_one_byte(*command: str) -> tuple[bytes, str]:
    """The first byte of a command and all that it complains about, its reader gone after that."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "chaosmonkey", *command, stdin=DEVNULL, stdout=PIPE, stderr=PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    async with asyncio.timeout(PATIENCE):
        first = await process.stdout.read(1)
        vars(process.stdout)["_transport"].close()  # what the end of `head` does
        complaints = (await process.stderr.read()).decode()
        await process.wait()
    return first, complaints


TRIAL = ["plugs", "test", "node1", "--for=3", "--yes"]


@pytest.mark.parametrize(
    "command",
    [["check", "--live"], ["plugs", "read"], ["plugs", "list"], ["restore-plugs"], TRIAL,
     ["plugs", "click", "node1", "--yes"]],
)  # fmt: skip
async def test_a_command_of_the_table_ends_quietly(tmp_path: Path, command: list[str]) -> None:
    with world() as of:
        config = f"--config={lab(tmp_path, of, sensors=True)}"
        first, complaints = await with_a_reader_of_one_byte(*command, config)
        dark = await of.dark()
    assert first
    assert "Traceback" not in complaints
    assert "BrokenPipe" not in complaints
    assert not dark


async def test_a_command_that_asks_a_server_ends_quietly(tmp_path: Path) -> None:
    with world() as of:
        async with served(tmp_path, of) as server:
            await server.ready()
            to = f"--server={server.client.base_url}"
            for command in (
                ["status"], ["arm"], ["kill", "node3", "--for=5", "--wait"], ["history"], ["audit"]
            ):  # fmt: skip
                first, complaints = await with_a_reader_of_one_byte(*command, to)
                assert first, (command, complaints)
                assert "Traceback" not in complaints
                assert "BrokenPipe" not in complaints
