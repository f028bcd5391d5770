"""An SNMP agent on a real UDP socket that answers what no agent should, and then what it should.

Requests are decoded and answers encoded by pysnmp's own codec; what is wrong with an answer is a
function of its PDU, or of the bytes that are sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto import rfc1902
from pysnmp.proto.api import v2c

Bind = tuple[Any, Any]
Send = Callable[[bytes], None]


class Agent(asyncio.DatagramProtocol):
    """Every cell of it is 1; `spoil` changes an answer, `rewrite` its bytes.

    Attributes:
        asked: how many requests came.
    """

    def __init__(self) -> None:
        self.asked = 0
        self.spoil: Callable[[Any, list[Bind]], list[Bind]] = lambda _, binds: binds
        self.rewrite: Callable[[bytes], bytes] = bytes
        self.port = 0
        self._transport: Any

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.asked += 1
        message, _ = decoder.decode(data, asn1Spec=v2c.Message())
        asked = v2c.apiMessage.get_pdu(message)
        binds = [(oid, rfc1902.Integer32(1)) for oid, _ in v2c.apiPDU.get_varbinds(asked)]
        answer = v2c.ResponsePDU()
        v2c.apiPDU.set_defaults(answer)
        v2c.apiPDU.set_request_id(answer, v2c.apiPDU.get_request_id(asked))
        v2c.apiPDU.set_varbinds(answer, self.spoil(answer, binds))
        v2c.apiMessage.set_pdu(message, answer)
        self._transport.sendto(self.rewrite(encoder.encode(message)), addr)


@asynccontextmanager
async def agent() -> AsyncIterator[Agent]:
    transport, found = await asyncio.get_running_loop().create_datagram_endpoint(
        Agent, local_addr=("127.0.0.1", 0)
    )
    try:
        yield found
    finally:
        transport.close()
