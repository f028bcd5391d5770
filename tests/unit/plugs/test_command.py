"""What only programs do: they fail in words, hang, and leave children behind."""

import asyncio
import sys
from pathlib import Path

import pytest

from chaosmonkey.config import CommandPlug
from chaosmonkey.errors import PlugFailed
from chaosmonkey.model import FeedState
from chaosmonkey.plugs.command import ProgramPlug
from chaosmonkey.plugs.programs import PlugPrograms
from tests.patience import PATIENCE
from tests.unit.test_programs import appears, vanishes


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def broken(**values: object) -> ProgramPlug:
    fine = {"cut": ("true",), "restore": ("true",), "read": ("echo", "on"), "timeout": PATIENCE}
    settings = CommandPlug(driver="command", **(fine | values))
    return ProgramPlug(
        settings, programs=PlugPrograms(Path("data")), machine="node3", node="worker-3"
    )


async def test_a_program_that_fails_says_so_with_its_own_words() -> None:
    plug = broken(cut=python("import sys; sys.exit('no such outlet')"))
    with pytest.raises(PlugFailed, match="exited with 1: no such outlet"):
        await plug.switch(on=False)


async def test_a_program_that_hangs_is_killed_after_its_time() -> None:
    plug = broken(cut=("sleep", "60"), timeout=0.05)
    with pytest.raises(PlugFailed, match=r"did not end within 0\.05 s"):
        await plug.switch(on=False)


async def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(PlugFailed, match="no-such-program"):
        await broken(read=("no-such-program",)).read()


async def test_what_is_neither_on_nor_off_is_unknown() -> None:
    assert await broken(read=("echo", "maybe")).read() is FeedState.UNKNOWN
    assert await broken(read=("true",)).read() is FeedState.UNKNOWN


async def test_arguments_are_filled_in_and_never_seen_by_a_shell() -> None:
    plug = broken(read=("echo", "{machine}; {node} off"))
    assert await plug.read() is FeedState.OFF
    plug = broken(read=("echo", "$(echo on)"))
    assert await plug.read() is FeedState.UNKNOWN


async def test_a_cancelled_command_leaves_no_process_behind(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    plug = broken(cut=("sh", "-c", f"echo $$ > {begun}; sleep 3600"), timeout=PATIENCE)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(plug.switch(on=False))
        program = int(await appears(begun))
        task.cancel()
    await vanishes(program)
