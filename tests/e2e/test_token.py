"""The presenter's token is made and told once, and is in nothing that is kept."""

from pathlib import Path

import pytest

from tests.e2e._served import served, world

pytestmark = pytest.mark.e2e


async def test_a_server_that_others_may_reach_tells_the_token_once_and_keeps_it_nowhere(
    tmp_path: Path,
) -> None:
    asking = {"CHAOSMONKEY_SERVER__ALWAYS_ASK": "true"}
    with world() as of:
        async with served(tmp_path, of, env=asking) as server:
            await server.ready()
            (told,) = [line for line in server.output if "token=" in line]
            secret = told.partition("token=")[2].split()[0]
            assert (await server.client.post("/arm")).status_code == 401
            signed_in = await server.client.get("/console", params={"token": secret})
            assert signed_in.status_code == 303
            assert (await server.client.post("/arm")).status_code == 200
            by_token = {"Authorization": f"Bearer {secret}"}
            audit = (await server.client.get("/api/audit", headers=by_token)).text
        async with served(tmp_path, of, env=asking) as again:
            (cookie,) = server.client.cookies.values()
            again.client.cookies.set(f"presenter-{again.client.base_url.port}", cookie)
            await again.ready()
            assert (
                await again.client.post("/arm")
            ).status_code == 200  # a restart signs nobody out
    assert not any("token=" in line for line in again.output)
    assert secret not in audit
    assert [line for line in server.output if secret in line] == [told]
    for path in (tmp_path / "data").iterdir():
        assert secret.encode() not in path.read_bytes(), path
