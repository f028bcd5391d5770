"""The HTTP and websocket API: a thin layer that parses requests and formats answers."""

from chaosmonkey.api.app import create_app
from chaosmonkey.api.context import Context

__all__ = ["Context", "create_app"]
