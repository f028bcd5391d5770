"""One connection to NATS, and the work that is done while it lasts.

    connect ─► work ─► the connection or the work ends ─► LinkDown says why ─► again, by the caller

nats-py can reconnect by itself, but what was published meanwhile would be lost without notice. A
new connection reads the last values again and repeats what was not answered.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, NoReturn

from chaosmonkey.config import NatsSettings

if TYPE_CHECKING:
    from nats.aio.client import Client

log = logging.getLogger(__name__)

CONNECT_TIMEOUT = 5
"""Seconds for connecting, TLS included."""

PING_EVERY = 4
"""Seconds between two pings; after two without an answer the connection is dead."""

CANCEL_AGAIN = 0.5
"""Seconds after which tasks that have not ended are cancelled again."""

RETRY = 1.0
"""Seconds between two attempts to connect, on average."""


class LinkDown(Exception):
    """There is no connection, or it has ended; the message says why, for people."""


class ConnectionTasks:
    """The tasks of one connection: the first that fails ends all of them.

    They are cancelled until they have ended. On Python 3.11, asyncio.wait_for loses a cancellation
    that comes together with a result, and nats-py waits with it; asyncio.TaskGroup cancels once.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._failure: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()

    def start(self, work: Coroutine[Any, Any, None], *, name: str) -> None:
        """Start a task."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._has_ended)

    def fail(self, error: BaseException) -> None:
        """End the connection because of an error; only the first counts."""
        if self._failure.done():
            log.debug("This failed as well while the connection ended", exc_info=error)
        else:
            self._failure.set_result(error)

    async def failure(self) -> BaseException:
        """Return the first error, once there is one."""
        return await self._failure

    async def cancel(self, client: Client) -> None:
        """Cancel all tasks, again and again, and close the client; return when they have ended."""
        await self._cancel_once()
        while self._tasks:  # on a closed client, what nats-py waits for fails
            await _closed(client, within=CANCEL_AGAIN)
            await self._cancel_once()
        await _closed(client, within=CONNECT_TIMEOUT)

    async def _cancel_once(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CANCEL_AGAIN)

    def _has_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.fail(error)


async def with_connection(
    settings: NatsSettings,
    name: str,
    work: Callable[[Client, ConnectionTasks], Awaitable[None]],
) -> NoReturn:
    """Connect and call `work`; raise LinkDown once the connection or one of its tasks has failed.

    Args:
        settings: the NATS servers, and how this client signs in.
        name: how the NATS servers call this client.
        work: gets the connected client, and starts the tasks that run while it is connected.

    Raises:
        LinkDown: it could not connect, the connection ended, or NATS refused a part of the work.
    """
    import nats.errors  # noqa: PLC0415 - only a server with edges needs it
    from nats.aio.client import Client  # noqa: PLC0415

    from chaosmonkey.scale.tls_client import TlsClient  # noqa: PLC0415

    client = TlsClient() if _wants_tls(settings) else Client()
    tasks = ConnectionTasks()
    causes: list[str] = []

    async def on_error(error: Exception) -> None:
        causes.append(_explain(error))

    async def on_closed() -> None:
        tasks.fail(LinkDown(causes[-1] if causes else "the NATS server closed the connection"))

    async def begin() -> None:
        await client.connect(
            **_options(settings), name=name, error_cb=on_error, closed_cb=on_closed
        )
        await work(client, tasks)

    tasks.start(begin(), name="connection to NATS")
    try:
        error = await tasks.failure()
    finally:
        await tasks.cancel(client)
    # OSError includes the errors of TLS.
    if isinstance(error, nats.errors.Error | OSError | TimeoutError):
        raise LinkDown(causes[-1] if causes else _explain(error)) from None
    raise error


def _options(settings: NatsSettings) -> dict[str, Any]:
    """Return how nats-py connects, and notices that a connection is lost."""
    return {
        "servers": list(settings.servers),
        "user": settings.user or None,
        "password": settings.password.get_secret_value() or None,
        "tls": _tls(settings),
        "connect_timeout": CONNECT_TIMEOUT,
        "allow_reconnect": False,
        "ping_interval": PING_EVERY,
        "max_outstanding_pings": 2,
    }


async def _closed(client: Client, *, within: float) -> None:
    """Close a client, or give up after so many seconds."""
    closing = asyncio.get_running_loop().create_task(client.close())
    closing.add_done_callback(_retrieved)
    await asyncio.wait({closing}, timeout=within)
    closing.cancel()


def _retrieved(task: asyncio.Task[None]) -> None:
    """Ignore how a task ended."""
    if not task.cancelled():
        task.exception()


def _tls(settings: NatsSettings) -> ssl.SSLContext | None:
    """Return how certificates are checked; None if no server's URL asks for TLS."""
    return ssl.create_default_context(cafile=settings.ca) if _wants_tls(settings) else None


def _wants_tls(settings: NatsSettings) -> bool:
    return any(server.startswith("tls://") for server in settings.servers)


def _explain(error: BaseException) -> str:
    """Return an error of nats-py or of a socket as half a sentence."""
    if isinstance(error, TimeoutError):  # nats-py's are one too
        return "NATS does not answer"
    text = str(error).removeprefix("nats: ").strip().rstrip(".")
    return text or type(error).__name__
