"""The network cable of one node: from a port of its own to the API server.

python3 link.py PORT. Stop the process (SIGSTOP) and the cable is cut: connections stay open, and
nothing passes any more, as with a switch port that is off. Continue it, and what was sent arrives.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys

API_SERVER = ("127.0.0.1", 6443)


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Everything that comes in goes out, until either side hangs up."""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection of the kubelet."""
    try:
        far_reader, far_writer = await asyncio.open_connection(*API_SERVER)
    except OSError:
        writer.close()
        return
    async with asyncio.TaskGroup() as group:
        group.create_task(pass_on(reader, far_writer), name="to the API server")
        group.create_task(pass_on(far_reader, writer), name="to the kubelet")


async def main(port: int) -> None:
    """Serve for ever."""
    server = await asyncio.start_server(connect, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
