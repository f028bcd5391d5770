"""Programs that hang, flood, fork away and outlive their server: each is ended, by whoever can."""

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

import pytest

from chaosmonkey.errors import Unavailable
from chaosmonkey.programs import OUTPUT_MAX, Programs
from tests.patience import PATIENCE, until, wait_until

linux = pytest.mark.skipif(sys.platform != "linux", reason="CHAOSMONKEY: only Linux has /proc")


def shell(script: str) -> list[str]:
    return ["sh", "-c", script]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def appears(path: Path) -> str:
    await until(lambda: path.exists() and path.read_text().endswith("\n"))
    return path.read_text()


async def vanishes(pid: int) -> None:
    await until(lambda: not is_alive(pid))


async def test_a_child_that_keeps_the_output_open_is_not_waited_for(tmp_path: Path) -> None:
    """The program is done when it has exited: a daemon that it started may hold its pipe."""
    script = f"sleep 3600 & echo $! > {tmp_path}/pid; echo on"
    async with asyncio.timeout(PATIENCE):
        ended = await Programs(tmp_path).run(shell(script), timeout=PATIENCE)
    assert (ended.code, ended.out) == (0, "on\n")
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)


@linux
async def test_a_cancelled_program_is_killed_with_children_that_left_its_group(
    tmp_path: Path,
) -> None:
    script = f"setsid sleep 3600 & echo $! > {tmp_path}/pid; sleep 3600"
    running = asyncio.gather(Programs(tmp_path).run(shell(script), timeout=PATIENCE))
    child = int(await appears(tmp_path / "pid"))
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        async with asyncio.timeout(PATIENCE):
            await running
    await vanishes(child)


@linux
async def test_a_program_that_is_cancelled_while_it_starts_is_killed_with_its_children(
    tmp_path: Path,
) -> None:
    """A child that left the group holds the pipes, for which asyncio's start would wait."""
    script = f"setsid sleep 3600 & echo $! > {tmp_path}/pid; sleep 3600"
    running = asyncio.gather(Programs(tmp_path).run(shell(script), timeout=PATIENCE))
    await asyncio.sleep(0)
    await asyncio.sleep(0)  # it is forked, and its pipes are not connected yet
    wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await vanishes(int((tmp_path / "pid").read_text()))


async def test_a_program_that_prints_without_end_is_ended(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=f"printed more than {OUTPUT_MAX // 1024} KiB"):
        await Programs(tmp_path).run(["yes"], timeout=PATIENCE)


SERVER = """
import asyncio, sys
from pathlib import Path
from chaosmonkey.programs import Programs
asyncio.run(Programs(Path(sys.argv[1])).run(["sh", "-c", sys.argv[2]], timeout=3600))
"""


@linux
async def test_a_program_dies_with_its_server_and_what_it_started_is_ended_by_the_next(
    tmp_path: Path,
) -> None:
    script = f"sleep 3600 & echo $! > {tmp_path}/child; echo $$ > {tmp_path}/pid; wait"
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVER, str(tmp_path), script
    )
    program = int(await appears(tmp_path / "pid"))
    child = int(await appears(tmp_path / "child"))
    server.kill()
    await server.wait()
    await vanishes(program)  # the kernel's doing: PR_SET_PDEATHSIG
    assert is_alive(child)
    assert Programs(tmp_path / "another").end_leftovers() == 0
    assert is_alive(child)
    assert Programs(tmp_path).end_leftovers() >= 1
    await vanishes(child)


async def test_a_servers_own_programs_are_no_leftovers(tmp_path: Path) -> None:
    programs = Programs(tmp_path)
    held = asyncio.gather(
        programs.run(shell(f"echo $$ > {tmp_path}/held; exec sleep 3600"), timeout=PATIENCE)
    )
    pid = int(await appears(tmp_path / "held"))
    assert programs.end_leftovers() == 0
    assert is_alive(pid)
    held.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await held
