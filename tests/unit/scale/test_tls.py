"""Server and edges connect over TLS, to the NATS that they mean and to no other.

The certificates are made with the commands of docs/scale-out.md.
"""

import asyncio
import re
import shlex
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from nats.aio.client import Client

from chaosmonkey.config import NatsSettings
from chaosmonkey.scale import ConnectionTasks, LinkDown, with_connection
from tests.nats import NatsServer, Tls, a_nats_server

DOCUMENT = Path(__file__).parents[3] / "docs/scale-out.md"

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None,
    reason="CHAOSMONKEY: no openssl, so nobody tried the link over TLS",
)


def make_certificate(folder: Path, name: str) -> Tls:
    """Run the document's commands for a certificate of this name."""
    block = re.search(r"^    openssl req.*\n(?:^    .*\n)+", DOCUMENT.read_text(), re.MULTILINE)
    assert block is not None
    commands = block[0].replace("\\\n", "").replace("nats.example.org", name)
    for command in filter(str.strip, commands.splitlines()):
        subprocess.run(shlex.split(command), cwd=folder, check=True, capture_output=True)
    return Tls(folder / "cert.pem", folder / "key.pem", folder / "ca.pem")


@pytest.fixture
async def nats(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[NatsServer]:
    """A nats-server with a certificate for this name; clients reach it as localhost."""
    with a_nats_server(tmp_path, tls=make_certificate(tmp_path, request.param)) as server:
        await server.start()
        yield server


@pytest.mark.parametrize("nats", ["localhost"], indirect=True)
async def test_a_certificate_of_the_configured_ca_is_accepted(nats: NatsServer) -> None:
    schemes = []

    async def work(client: Client, _: ConnectionTasks) -> None:
        assert client.connected_url is not None
        schemes.append(client.connected_url.scheme)
        raise LinkDown("seen")

    with pytest.raises(LinkDown, match="seen"):
        await with_connection(nats.settings("edge"), "test", work)
    assert schemes == ["tls"]


async def _never(_client: Client, _tasks: ConnectionTasks) -> None:
    pytest.fail("it is connected")


class Eavesdropper:
    """Answers as a NATS server without TLS does, and reads what a client sends."""

    def __init__(self) -> None:
        self.read = b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'INFO {"server_id":"x","version":"2.11.0","auth_required":true}\r\n')
        while data := await reader.read(4096):
            self.read += data
            if b"PING" in data:
                writer.write(b"PONG\r\n")
        writer.close()


@pytest.mark.parametrize(("scheme", "sends"), [("nats", True), ("tls", False)])
async def test_a_server_without_tls_gets_no_password_if_the_url_says_tls(
    scheme: str, sends: bool
) -> None:
    eavesdropper = Eavesdropper()
    async with await asyncio.start_server(eavesdropper.serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        settings = NatsSettings.model_validate(
            {"servers": [f"{scheme}://localhost:{port}"], "user": "edge", "password": "psecret"}
        )

        async def work(_client: Client, _tasks: ConnectionTasks) -> None:
            assert sends
            raise LinkDown("signed in")

        with pytest.raises(LinkDown, match="signed in" if sends else "offers no TLS"):
            await with_connection(settings, "test", work)
    assert (b"psecret" in eavesdropper.read) is sends


@pytest.mark.parametrize("nats", ["localhost"], indirect=True)
async def test_a_certificate_of_an_unknown_ca_is_refused(nats: NatsServer) -> None:
    settings = nats.settings("edge").model_copy(update={"ca": None})
    with pytest.raises(LinkDown, match="certificate verify failed"):
        await with_connection(settings, "test", _never)


@pytest.mark.parametrize("nats", ["other.example.org"], indirect=True)
async def test_a_certificate_for_another_name_is_refused(nats: NatsServer) -> None:
    with pytest.raises(LinkDown, match="Hostname mismatch"):
        await with_connection(nats.settings("edge"), "test", _never)
