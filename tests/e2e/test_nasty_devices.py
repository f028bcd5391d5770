"""A server whose devices answer nonsense starts, says so, obeys HALT, and cuts what is well."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests._nasty import NASTY, nasty
from tests.e2e._served import served, world
from tests.e2e.conftest import run
from tests.patience import eventually

pytestmark = pytest.mark.e2e

NAMES = [*NASTY]


@pytest.mark.parametrize("names", [NAMES[first::6] for first in range(6)], ids="".join)
async def test_a_table_of_nasty_devices_and_a_good_one(tmp_path: Path, names: list[str]) -> None:
    async with AsyncExitStack() as stack:
        power = {
            f"node{number}": await stack.enter_async_context(nasty(name))
            for number, name in enumerate(names, start=1)
        }
        of = stack.enter_context(world())
        async with served(tmp_path, of, power=power) as server:
            await server.answers()

            async def told() -> bool:
                text = (await server.client.get("/readyz")).text
                seen = "cluster" not in text
                return seen and all(f"{machine}'s power" in text for machine in power)

            await eventually(told, lambda: "\n".join(server.output))
            await server.client.post("/arm")
            cut = await server.client.post("/kill/node5", params={"for": 600})
            assert cut.status_code == 200, cut.text
            assert await of.dark() == {"node5 power"}
            refused = await server.client.post("/kill/node1")
            assert refused.status_code in (409, 503), refused.text
            assert "device-secret" not in refused.text
            halted = await server.client.post("/halt")
            assert halted.status_code in (200, 503), halted.text
            again = await server.client.post("/kill/node5")
            assert "HALT is active" in again.text
            await eventually(lambda: _none(of.dark), lambda: "\n".join(server.output))
            preflight = await server.client.get("/api/preflight", timeout=120)
            assert preflight.status_code == 200, preflight.text
            found = {one["about"]: one["level"] for one in preflight.json()}
            assert [found[f"{machine} power"] for machine in power] == ["fault"] * len(power)
            assert server.process.returncode is None
        assert "device-secret" not in "\n".join(server.output)
        code, checked = await run("check", "--live", f"--config={tmp_path / 'lab.toml'}")
    assert code == 4
    assert "ok       node5 power" in checked
    assert "Traceback" not in checked


async def _none(dark: Callable[[], Awaitable[set[str]]]) -> bool:
    return not await dark()
