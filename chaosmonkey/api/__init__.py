"""The HTTP and websocket face: thin. It reads a request, asks one room, and writes the answer."""

from chaosmonkey.api.app import create_app
from chaosmonkey.api.context import Context

__all__ = ["Context", "create_app"]
