"""What NATS keeps for a table: the bucket of last values, and the stream of requests."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from chaosmonkey.scale.subjects import Subjects

if TYPE_CHECKING:
    from nats.aio.msg import Msg
    from nats.js.client import JetStreamContext
    from nats.js.kv import KeyValue

KEPT = 300.0
"""Seconds that a request waits for the server before NATS drops it: longer than a restart, shorter
than a round that nobody remembers."""

ACK_WAIT = 5.0
"""Seconds after which NATS repeats a request that the server has not acknowledged."""

IN_WORK = 2000
"""Requests that NATS sends before some are acknowledged."""

DUPLICATES = 120.0
"""Seconds for which NATS recognises a repeated request by its id."""

LARGEST = 4096
"""Bytes of a request; a phone's message has at most 2 KB."""

CONSUMER = "server"


async def create_streams(stream: JetStreamContext, subjects: Subjects) -> KeyValue:
    """Create the stream and the bucket, if they are missing; return the bucket."""
    from nats.js.api import (  # noqa: PLC0415 - only a server with edges needs it
        KeyValueConfig,
        RetentionPolicy,
        StreamConfig,
    )

    await stream.add_stream(
        StreamConfig(
            name=subjects.stream,
            subjects=[subjects.requests("*")],
            retention=RetentionPolicy.WORK_QUEUE,
            max_age=KEPT,
            max_msg_size=LARGEST,
            duplicate_window=DUPLICATES,
        )
    )
    return await stream.create_key_value(KeyValueConfig(bucket=subjects.bucket, direct=True))


async def consume(
    stream: JetStreamContext, subjects: Subjects, take: Callable[[Msg], Awaitable[None]]
) -> None:
    """Have NATS deliver the requests to `take`, which acknowledges them.

    The consumer of the last connection is replaced: NATS may not have noticed yet that it has
    ended. What was not acknowledged on it is delivered at once. The lease keeps other servers away.
    """
    from nats.js.api import ConsumerConfig  # noqa: PLC0415
    from nats.js.errors import NotFoundError  # noqa: PLC0415

    with contextlib.suppress(NotFoundError):
        await stream.delete_consumer(subjects.stream, CONSUMER)
    await stream.subscribe(
        subjects.requests("*"),
        durable=CONSUMER,
        stream=subjects.stream,
        manual_ack=True,
        cb=take,
        config=ConsumerConfig(ack_wait=ACK_WAIT, max_ack_pending=IN_WORK),
    )
