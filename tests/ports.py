"""Ports of the loopback that nobody takes before the server of a test does.

A free port above 32767 may be gone a moment later: the kernel gives them to connections. These are
from below, and processes that test side by side (pytest-xdist) have different ones.
"""

import contextlib
import os
import socket
from itertools import count

FIRST, EACH = 20_000, 1_000
_number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))  # noqa: TID251 - set by pytest-xdist
_steps = count(os.getpid() % EACH, 3)


def free_ports() -> tuple[int, int]:
    """A port for the pages, and one with a free neighbour for the simulator."""
    while True:
        port = FIRST + _number * EACH + next(_steps) % (EACH - 2)
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            for offset in range(3):
                end = stack.enter_context(socket.socket())
                end.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                end.bind(("127.0.0.1", port + offset))
            return port, port + 1
