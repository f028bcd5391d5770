"""One connection to NATS, and the work that is done while it lasts.

    connect ─► work ─► the connection or the work ends ─► LinkDown says why ─► again, by the caller

nats-py can reconnect by itself, but what was published meanwhile would be lost without notice. A
new connection reads the last values again and repeats what was not answered.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from chaosmonkey.config import NatsSettings

if TYPE_CHECKING:
    from nats.aio.client import Client

CONNECT_TIMEOUT = 5
"""Seconds for connecting, TLS included."""

PING_EVERY = 4
"""Seconds between two pings; after two without an answer the connection is dead."""

CANCEL_AGAIN = 0.5
"""Seconds after which the end of a connection is pressed for again."""

RETRY = 1.0
"""Seconds between two attempts to connect, on average."""


class LinkDown(Exception):
    """There is no connection, or it has ended; the message says why, for people."""


async def with_connection(
    settings: NatsSettings, name: str, work: Callable[[Client], Awaitable[None]]
) -> None:
    """Connect, and run `work` until it or the connection ends.

    Args:
        settings: the NATS servers, and how this client signs in.
        name: how the NATS servers call this client.
        work: gets the connected client; its tasks are cancelled when the connection ends.

    Raises:
        LinkDown: it could not connect, the connection ended, or NATS refused a part of the work.
    """
    from nats.aio.client import Client  # noqa: PLC0415 - only a server with edges needs it

    from chaosmonkey.scale.tls_client import TlsClient  # noqa: PLC0415

    loop = asyncio.get_running_loop()
    client = TlsClient() if _wants_tls(settings) else Client()
    task = loop.create_task(_connect_and_work(client, settings, name, work))
    try:
        await asyncio.wait({task})
    finally:
        # On Python 3.11, asyncio.wait_for loses a cancellation that comes together with a result,
        # and nats-py waits with it. On a closed client, everything that was missed fails.
        task.cancel()
        while not task.done():
            await asyncio.wait({task}, timeout=CANCEL_AGAIN)
            if not task.done():
                await asyncio.wait({loop.create_task(client.close())}, timeout=CANCEL_AGAIN)
                task.cancel()
        failed = None if task.cancelled() else task.exception()
    if failed is not None:
        raise failed


async def _connect_and_work(
    client: Client, settings: NatsSettings, name: str, work: Callable[[Client], Awaitable[None]]
) -> None:
    import nats.errors  # noqa: PLC0415

    closed = asyncio.Event()
    causes: list[str] = []

    async def on_error(error: Exception) -> None:
        causes.append(_explain(error))

    async def on_closed() -> None:
        closed.set()

    expected = (nats.errors.Error, OSError, TimeoutError)  # OSError includes those of TLS
    try:
        await client.connect(
            list(settings.servers),
            name=name,
            allow_reconnect=False,
            connect_timeout=CONNECT_TIMEOUT,
            ping_interval=PING_EVERY,
            max_outstanding_pings=2,
            user=settings.user or None,
            password=settings.password.get_secret_value() or None,
            tls=_tls(settings),
            error_cb=on_error,
            closed_cb=on_closed,
        )
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_raise_when(closed, causes), name="connection to NATS")
            await work(client)
            raise LinkDown("the link was closed")
    except BaseExceptionGroup as group:
        down, others = group.split((LinkDown, *expected))
        if down is None or others is not None:
            raise
        first = _first(down)
        if isinstance(first, LinkDown):
            raise first from None
        raise LinkDown(causes[-1] if causes else _explain(first)) from None
    except expected as error:
        raise LinkDown(causes[-1] if causes else _explain(error)) from None
    finally:
        with contextlib.suppress(*expected):
            async with asyncio.timeout(CONNECT_TIMEOUT):
                await client.close()


async def _raise_when(closed: asyncio.Event, causes: list[str]) -> None:
    await closed.wait()
    raise LinkDown(causes[-1] if causes else "the NATS server closed the connection")


def _tls(settings: NatsSettings) -> ssl.SSLContext | None:
    """Return how certificates are checked; None if no server's URL asks for TLS."""
    return ssl.create_default_context(cafile=settings.ca) if _wants_tls(settings) else None


def _wants_tls(settings: NatsSettings) -> bool:
    return any(server.startswith("tls://") for server in settings.servers)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner


def _explain(error: BaseException) -> str:
    """Return an error of nats-py or of a socket as half a sentence."""
    if isinstance(error, TimeoutError):  # nats-py's are one too
        return "NATS does not answer"
    text = str(error).removeprefix("nats: ").strip().rstrip(".")
    return text or type(error).__name__
