"""A client of NATS that signs in over TLS only.

nats-py encrypts only if the server requires it. If the server's first message, which is never
encrypted, does not, nats-py sends the password in plain text, even to a `tls://` URL.
"""

from __future__ import annotations

import nats.errors
from nats.aio.client import Client


class NoTls(nats.errors.Error):
    """The server offers no TLS."""

    def __str__(self) -> str:
        return "the NATS server offers no TLS, so no password was sent"


class TlsClient(Client):
    """A client whose password crosses the network encrypted, or not at all."""

    def _connect_command(self) -> bytes:
        """Return what signs in; called when the connection is encrypted, or will never be."""
        writer = getattr(self._transport, "_io_writer", None)
        if writer is None or writer.get_extra_info("ssl_object") is None:
            raise NoTls
        command: bytes = super()._connect_command()
        return command
