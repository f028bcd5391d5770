"""The lines of docs/deploy.md for nginx and Caddy, in the real programs, below a prefix."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from chaosmonkey.access import Role
from chaosmonkey.config import ServerSettings
from tests.patience import PATIENCE, connect
from tests.ports import free_ports
from tests.unit.api.conftest import opened

DEPLOY = Path(__file__).parents[2] / "docs" / "deploy.md"

NGINX = """
daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        {block}
    }}
}}
"""

CADDY = "{{\n    admin off\n    auto_https off\n}}\n{block}"


def block(language: str, backend: int) -> str:
    found = re.search(rf"```{language}\n(.*?)```", DEPLOY.read_text(), re.DOTALL)
    assert found is not None
    assert "127.0.0.1:8080" in found[1]
    return found[1].replace("127.0.0.1:8080", f"127.0.0.1:{backend}")


def nginx(folder: Path, port: int, backend: int) -> list[str]:
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, port=port, block=block("nginx", backend)))
    return ["nginx", "-p", str(folder), "-c", str(config)]


def caddy(folder: Path, port: int, backend: int) -> list[str]:
    config = folder / "Caddyfile"
    lines = block("caddyfile", backend).replace("example.org {", f"http://example.org:{port} {{", 1)
    config.write_text(CADDY.format(block=lines))
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(config)]


@asynccontextmanager
async def running(command: list[str], port: int) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    assert process.returncode is None, command
                    await asyncio.sleep(0.05)
                else:
                    writer.close()
                    break
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


@pytest.mark.parametrize(
    "proxy",
    [
        pytest.param(
            one,
            marks=pytest.mark.skipif(
                shutil.which(one.__name__) is None,
                reason=f"CHAOSMONKEY: no {one.__name__}, so nobody ran its lines in the docs",
            ),
        )
        for one in (nginx, caddy)
    ],
)
async def test_behind_the_proxy_of_the_docs_pages_commands_and_streams_work(
    tmp_path: Path, proxy: Callable[[Path, int, int], list[str]]
) -> None:
    port, _ = free_ports()
    public = f"http://example.org:{port}/chaos"
    origin = f"http://example.org:{port}"
    async with opened(
        tmp_path / "data", open_here=False, server=ServerSettings(public_url=public)
    ) as site:
        command = proxy(tmp_path, port, int(site.url.rpartition(":")[2]))
        async with (
            running(command, port),
            httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{port}/chaos/",
                headers={"Host": f"example.org:{port}", "Origin": origin},
                timeout=PATIENCE,
            ) as browser,
        ):
            stage = await browser.get("")
            assert stage.status_code == 200
            for script in re.findall(r'src="\./(assets/[^"]+)"', stage.text):
                assert (await browser.get(script)).status_code == 200
            assert (await browser.get("console")).headers["location"] == "./login"
            secret = site.tokens.make("speaker", Role.PRESENTER)
            signed_in = await browser.post("login", data={"token": secret})
            assert signed_in.status_code == 303
            cookie = {"Cookie": signed_in.headers["set-cookie"].partition(";")[0]}
            assert (await browser.get("console", headers=cookie)).status_code == 200
            assert (await browser.post("kill/node3", headers=cookie)).status_code == 200
            assert (await browser.post("halt", headers=cookie)).status_code == 200
            assert (await browser.head("healthz")).status_code == 200
            here = {"host": "127.0.0.1", "port": port}
            async with connect(f"ws://example.org:{port}/chaos/ws", origin=origin, **here) as ws:
                assert '"snapshot"' in await ws.recv()


async def test_a_proxy_that_leaves_the_prefix_on_is_served_too(tmp_path: Path) -> None:
    secret = "a secret of the presenter"
    server = ServerSettings(public_url="https://example.org/chaos", presenter_token=secret)
    async with opened(tmp_path, server=server) as site:
        for path in ("/chaos/", "/chaos/api/state", "/chaos/healthz", "/api/state"):
            assert (await site.client.get(path)).status_code == 200, path
        assert (await site.client.get("/chaos")).status_code == 404
        signed = {"Authorization": f"Bearer {secret}"}
        assert (await site.client.post("/chaos/kill/node3", headers=signed)).status_code == 200
