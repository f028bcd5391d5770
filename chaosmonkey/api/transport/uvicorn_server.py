"""uvicorn, tamed: it leaves the signals alone and stops when told.

Left to itself uvicorn takes SIGTERM, and raises it anew when it has shut down, which ends the
process before anything else could be undone.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import uvicorn

GRACE = 3
"""Seconds that open requests get to end when the server stops."""


class UvicornServer(uvicorn.Server):
    """Serves until `should_exit` is set."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the runtime."""
        yield
