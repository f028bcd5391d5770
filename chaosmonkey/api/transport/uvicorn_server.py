"""uvicorn without signal handlers.

uvicorn would handle SIGTERM, and raise it again after its shutdown, which ends the process before
the plugs are restored.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import uvicorn

GRACE = 3
"""Seconds that open requests have to finish when the server stops."""


class UvicornServer(uvicorn.Server):
    """Serves until `should_exit` is set."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the runtime."""
        yield
