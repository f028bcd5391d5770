"""Whatever of the world outside is broken at a start: what was dark is on, and the server lives.

An earlier server cut node3 and died. Then something breaks, and the next one starts: it turns node3
on, clears the journal as far as there is one, obeys HALT, and says what is wrong.
"""

import contextlib
import shutil
import socket
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e._served import Served, World, served, world
from tests.e2e.conftest import LONG
from tests.e2e.test_table import PANEL, each
from tests.patience import eventually
from tests.ports import free_ports

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def table() -> Iterator[World]:
    with world() as found:
        yield found


async def left_dark(folder: Path, of: World) -> None:
    async with served(folder, of) as server:
        await server.ready()
        await server.client.post("/arm")
        cut = await server.client.post("/kill/node3", params={"for": LONG})
        assert cut.is_success, cut.text
        server.process.kill()
        await server.died()
    assert await of.dark() == {"node3 power"}


async def is_on(of: World, server: Served) -> None:
    async def look() -> bool:
        return await of.dark() == set()

    await eventually(look, lambda: "\n".join(server.output))


async def is_cleared(folder: Path, server: Served) -> None:
    async def look() -> bool:
        with contextlib.closing(sqlite3.connect(folder / "data" / "chaosmonkey.db")) as database:
            left = database.execute("SELECT count(*) FROM journal WHERE cleared IS NULL")
            return bool(left.fetchone() == (0,))

    await eventually(look, lambda: "\n".join(server.output))


async def says(server: Served, *words: str) -> None:
    """It is in the log, if not on /readyz."""

    async def look() -> bool:
        told = (await server.client.get("/readyz")).text + "\n".join(server.output)
        return all(word in told for word in words)

    await eventually(look, lambda: "\n".join(server.output))


def a_folder(path: Path) -> None:
    if path.exists():
        path.unlink()
    path.mkdir()


def folders_for_files(data: Path) -> None:
    for file in data.glob("chaosmonkey.db*"):
        a_folder(file)


def file_for_folder(data: Path) -> None:
    shutil.rmtree(data)
    data.touch()


def sql(data: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(data / "chaosmonkey.db")) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()


@dataclass(frozen=True)
class Broken:
    """What is done to the data folder, and what the server says of it.

    Attributes:
        journal: whether there is a journal afterwards.
        cuts: whether the table may be cut all the same.
    """

    what: str
    how: Callable[[Path], object]
    says: tuple[str, ...]
    journal: bool = True
    cuts: bool = True


JUNK = "'{\"a\": [}'"
BROKEN = [
    Broken(
        "database is a folder", folders_for_files,
        ("The database", "failed", "nothing is cut"), journal=False, cuts=False,
    ),
    Broken(
        "lock is a folder", lambda data: a_folder(data / "lock"),
        ("The data folder", "is not writable", "nothing is cut"), journal=False, cuts=False,
    ),
    Broken(
        "data folder is a file", file_for_folder,
        ("The data folder", "is not writable", "nothing is cut"), journal=False, cuts=False,
    ),
    Broken(
        "secret is a folder", lambda data: a_folder(data / "secret.key"),
        ("The secret", "cannot be read"),
    ),
    Broken(
        "tokens are a folder", lambda data: a_folder(data / "tokens.json"),
        ("The tokens", "cannot be read"),
    ),
    Broken(
        "ended sessions are junk", lambda data: (data / "ended-sessions.json").write_bytes(b"["),
        ("ended-sessions.json cannot be read",),
    ),
    Broken(
        "an outage is junk",
        lambda data: sql(
            data,
            "INSERT INTO outages (id, machine, began, closed, document) "
            f"VALUES ('20010101-000000-node1', 'node1', 1, NULL, {JUNK})",
        ),
        ("Skipping a malformed stored outage",),
    ),
    Broken(
        "the hall is junk",
        lambda data: sql(
            data,
            f"INSERT INTO rounds (id, opened, document) VALUES ('r', 1, {JUNK})",
            f"INSERT OR REPLACE INTO show (only_one, at, document) VALUES (1, 1, {JUNK})",
        ),
        ("Cannot read what the previous server stored",),
    ),
    Broken(
        "a line of the journal is junk",
        lambda data: sql(
            data, "INSERT INTO journal VALUES ('x', 'node1', 'steam', 'me', 'now', 'then', NULL)"
        ),
        ("The journal has a malformed entry",), journal=False,
    ),
]  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.what)
async def test_whatever_the_data_folder_has_become(
    table: World, tmp_path: Path, broken: Broken
) -> None:
    await left_dark(tmp_path, table)
    broken.how(tmp_path / "data")
    async with served(tmp_path, table) as server:
        await is_on(table, server)
        await server.answers()
        await says(server, *broken.says)
        if broken.journal:
            await is_cleared(tmp_path, server)
        await watches(server)
        await server.client.post("/arm")
        cut = await server.client.post("/kill/node1", params={"for": LONG})
        assert cut.is_success is broken.cuts, cut.text
        halted = await server.client.post("/halt")
        assert halted.is_success, halted.text
        assert await table.dark() == set()
        assert server.process.returncode is None


async def watches(server: Served) -> None:
    async def look() -> bool:
        return "Lost contact with the cluster" not in (await server.client.get("/readyz")).text

    await eventually(look, lambda: "\n".join(server.output))


CLUSTERS = {
    "no kubeconfig": ("", "the file does not exist"),
    "a kubeconfig of junk": ("\x00: [", "is not a kubeconfig"),
    "a missing authority": (
        """
apiVersion: v1
kind: Config
current-context: a
contexts: [{name: a, context: {cluster: a, user: a}}]
users: [{name: a, user: {}}]
clusters: [{name: a, cluster: {server: "https://127.0.0.1:9", certificate-authority: none.crt}}]
""",
        "none.crt",
    ),
}


@pytest.mark.parametrize(("content", "told"), CLUSTERS.values(), ids=CLUSTERS)
async def test_a_cluster_that_cannot_be_configured_yet(
    table: World, tmp_path: Path, content: str, told: str
) -> None:
    await left_dark(tmp_path, table)
    path = tmp_path / "kubeconfig"
    if content:
        path.write_text(content)
    async with served(tmp_path, table, cluster=f'kubeconfig = "{path}"') as server:
        await is_on(table, server)
        await is_cleared(tmp_path, server)
        await server.answers()
        await says(server, "Lost contact with the cluster: log in: ", told)
        assert (await server.client.post("/halt")).is_success
        preflight = (await server.client.get("/api/preflight")).json()
        (found,) = [one for one in preflight if one["about"] == "cluster"]
        assert (found["level"], told in found["says"]) == ("fault", True)
        path.write_text(CLUSTERS["a missing authority"][0].replace(
            '"https://127.0.0.1:9", certificate-authority: none.crt',
            f'"http://127.0.0.1:{table.port}"',
        ))  # fmt: skip
        await watches(server)


async def test_a_port_that_another_program_has_is_taken_when_it_is_free(
    table: World, tmp_path: Path
) -> None:
    await left_dark(tmp_path, table)
    port, _ = free_ports()
    with socket.create_server(("127.0.0.1", port)):
        async with served(tmp_path, table, port=port, more=PANEL, each=each) as server:
            await is_on(table, server)
            await is_cleared(tmp_path, server)
            expected = f"Another program listens on 127.0.0.1:{port}"
            await told(server, expected, "Retrying every")
    assert await server.died() == 0
    await told(server, "every plug is turned on first.")
    with socket.create_server(("127.0.0.1", port)) as other:
        async with served(tmp_path, table, port=port) as server:
            await told(server, expected)
            other.close()
            await server.answers()


@pytest.mark.parametrize(
    ("host", "why"),
    [
        ("192.0.2.1", "this machine has no such address"),
        ("no-such-machine.invalid", "Cannot listen on"),
        ("a..b", "Cannot listen on"),
    ],
)
async def test_an_address_that_is_not_there_yet_is_waited_for(
    table: World, tmp_path: Path, host: str, why: str
) -> None:
    await left_dark(tmp_path, table)
    async with served(tmp_path, table, env={"CHAOSMONKEY_SERVER__HOST": host}) as server:
        await is_on(table, server)
        await is_cleared(tmp_path, server)
        await told(server, why, "Retrying every")
        assert server.process.returncode is None
    assert await server.died() == 0


async def told(server: Served, *words: str) -> None:
    async def look() -> bool:
        return all(word in "\n".join(server.output) for word in words)

    await eventually(look, lambda: "\n".join(server.output))


async def test_a_supervisor_that_does_not_listen(table: World, tmp_path: Path) -> None:
    await left_dark(tmp_path, table)
    env = {"NOTIFY_SOCKET": str(tmp_path / "nowhere"), "WATCHDOG_USEC": "soon"}
    async with served(tmp_path, table, env=env) as server:
        await is_on(table, server)
        await server.answers()
        await told(server, "Cannot notify systemd")
