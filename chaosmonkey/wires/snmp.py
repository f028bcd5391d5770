"""Client of a switch's SNMP agent: one request, one answer.

table                                setting  effect
pethPsePortEntry (RFC 3621, PoE)     .3       .6: 3 is delivering
ifEntry (RFC 2863, links)            .7       .8: 1 is up

Answers are decoded here: one with another length, other cells or other types than requested, or one
that cannot be decoded, is a failure of its port.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from pysnmp.carrier.asyncio.dgram import udp
from pysnmp.error import PySnmpError
from pysnmp.hlapi.v3arch import asyncio as api
from pysnmp.proto.rfc1902 import Integer32
from pysnmp.proto.rfc1905 import EndOfMibView, NoSuchInstance, NoSuchObject

from chaosmonkey.config import SnmpPort
from chaosmonkey.errors import PlugFailed

log = logging.getLogger(__name__)

POE = "1.3.6.1.2.1.105.1.1.1"
LINK = "1.3.6.1.2.1.2.2.1"
DELIVERING = 3

LARGEST = 4096
"""Most bytes of an answer; two integers take about 100, with SNMP v3's keys 200. More was not
requested, and decoding 64 KiB would block a small Pi for seconds."""

_AUTH = {
    "MD5": api.USM_AUTH_HMAC96_MD5,
    "SHA": api.USM_AUTH_HMAC96_SHA,
    "SHA224": api.USM_AUTH_HMAC128_SHA224,
    "SHA256": api.USM_AUTH_HMAC192_SHA256,
    "SHA384": api.USM_AUTH_HMAC256_SHA384,
    "SHA512": api.USM_AUTH_HMAC384_SHA512,
}
_PRIVACY = {
    "DES": api.USM_PRIV_CBC56_DES,
    "AES": api.USM_PRIV_CFB128_AES,
    "AES192": api.USM_PRIV_CFB192_AES,
    "AES256": api.USM_PRIV_CFB256_AES,
}


TRIES, BREATH = 5, 0.1
"""How often, and after how many seconds, to request a cell again that an answer left out."""


class _LeftOut(PlugFailed):
    """The agent returned some of the cells but not the others."""


class _Socket(udp.UdpAsyncioTransport):  # type: ignore[misc] # pysnmp is untyped
    """Drops what cannot be an answer; the request then times out."""

    def datagram_received(self, datagram: bytes, transportAddress: Any) -> None:  # noqa: N803 - pysnmp's
        if len(datagram) <= LARGEST:
            self.loop.call_soon(self._decode, datagram, transportAddress)

    def _decode(self, datagram: bytes, source: Any) -> None:
        try:
            self._callback_function(self, source, datagram)
        except Exception as error:  # noqa: BLE001 - pysnmp decodes what it is sent, and surprises
            log.debug("Dropped what came from %s: %r", source, error)


class _Target(api.UdpTransportTarget):  # type: ignore[misc] # pysnmp is untyped
    PROTO_TRANSPORT = _Socket


@contextmanager
def open_engine() -> Iterator[api.SnmpEngine]:
    """The engine that all ports share, because creating one takes a while."""
    engine = api.SnmpEngine()
    try:
        yield engine
    finally:
        engine.close_dispatcher()


def columns(settings: SnmpPort) -> tuple[str, str]:
    """The OIDs of a port's setting and effect."""
    row = port_of(settings)
    return (
        (f"{POE}.3.{row}", f"{POE}.6.{row}")
        if settings.poe is not None
        else (f"{LINK}.7.{row}", f"{LINK}.8.{row}")
    )


def port_of(settings: SnmpPort) -> str:
    """The port's row in its table; without a group, a PoE port is in group 1."""
    if settings.poe is not None:
        return settings.poe if "." in settings.poe else f"1.{settings.poe}"
    return str(settings.interface)


class Agent:
    """Reads and sets integers of one switch; every error is a PlugFailed."""

    def __init__(self, settings: SnmpPort, engine: api.SnmpEngine) -> None:
        self._settings = settings
        self._engine = engine
        self._who = _who(settings)

    async def get(self, *oids: str) -> list[int]:
        """The values of some cells. Requests cells again that net-snmp leaves out after a SET."""
        for _ in range(TRIES - 1):
            with suppress(_LeftOut):
                return await self._request(api.get_cmd, *((oid, None) for oid in oids))
            await asyncio.sleep(BREATH)
        return await self._request(api.get_cmd, *((oid, None) for oid in oids))

    async def set(self, oid: str, value: int) -> None:
        """Set one cell."""
        await self._request(api.set_cmd, (oid, Integer32(value)))

    async def _request(self, command: object, *cells: tuple[str, Integer32 | None]) -> list[int]:
        """Send one request and return the integers of its answer."""
        within = self._settings.timeout
        rows = [api.ObjectType(api.ObjectIdentity(oid), *([v] if v else [])) for oid, v in cells]
        try:
            async with asyncio.timeout(within):
                target = await _Target.create(
                    (self._settings.host, self._settings.port), timeout=within + 1, retries=0
                )
                trouble, status, _, answer = await command(  # type: ignore[operator] # one of two
                    self._engine, self._who, target, api.ContextData(), *rows, lookupMib=False
                )
        except TimeoutError:
            trouble, status, answer = f"no answer within {within:g} s", 0, ()
        except (PySnmpError, OSError) as error:
            trouble, status, answer = str(error).partition(",")[0], 0, ()
        if trouble:
            remedy = "Check that it is reachable, and the community or the user."
            if "Ciphering" in str(trouble):
                remedy = "SNMP encryption needs one more package: pip install cryptography."
            raise self._failed(str(trouble), remedy)
        if status:
            raise self._failed(
                status.prettyPrint(), "Check that this community or user has write access."
            )
        return self._decoded([oid for oid, _ in cells], answer)

    def _decoded(self, oids: Sequence[str], answer: Sequence[tuple[Any, Any]]) -> list[int]:
        """The integers of an answer that matches the request; raises PlugFailed."""
        check_agent = "Check that this is the switch's SNMP agent, and its firmware version."
        if len(answer) != len(oids):
            what = f"it returned {len(answer)} values instead of {len(oids)}"
            raise self._failed(what, check_agent)
        values, left_out = [], []
        for oid, (cell, value) in zip(oids, answer, strict=True):
            if tuple(cell) != tuple(map(int, oid.split("."))):
                raise self._failed(f"it returned {cell} instead of {oid}", check_agent)
            if isinstance(value, NoSuchObject | NoSuchInstance | EndOfMibView):
                left_out.append(f"{type(value).__name__}: {oid}")
                continue
            if not isinstance(value, Integer32):
                what = f"{oid} is of the type {type(value).__name__}, not an integer"
                raise self._failed(what, check_agent)
            values.append(int(value))
        if left_out:
            what = f"it has no such port ({', '.join(left_out)})"
            kind = _LeftOut if values else PlugFailed
            raise self._failed(what, "List its ports with snmpwalk.", kind)
        return values

    def _failed(self, what: str, remedy: str, error: type[PlugFailed] = PlugFailed) -> PlugFailed:
        host = f"{self._settings.host}:{self._settings.port}"
        kind = "PoE port" if self._settings.poe is not None else "interface"
        port = f"{kind} {port_of(self._settings)}"
        return error(f"SNMP {host}, {port}: {what}.", remedy=remedy, host=host)


def _who(settings: SnmpPort) -> api.CommunityData | api.UsmUserData:
    """The credentials: a community for SNMP v2c, a user for v3."""
    if settings.community is not None:
        community = settings.community.get_secret_value()
        return api.CommunityData(community, mpModel=1)  # noqa: S508 - many switches know no v3
    auth, privacy = settings.auth, settings.privacy
    return api.UsmUserData(
        settings.user,
        auth.get_secret_value() if auth else None,
        privacy.get_secret_value() if privacy else None,
        authProtocol=_AUTH[settings.auth_protocol] if auth else api.USM_AUTH_NONE,
        privProtocol=_PRIVACY[settings.privacy_protocol] if privacy else api.USM_PRIV_NONE,
    )
