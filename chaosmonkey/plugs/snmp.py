"""A port of a managed switch over SNMP, believed only if what it does matches what it is set to.

    PoE (POWER-ETHERNET-MIB, RFC 3621)          link (IF-MIB, RFC 2863)
    admin  detection            feed            admin  oper              feed
    on     delivering           on              up     up, down          on
    off    not delivering       off             down   not up            off
    on     searching, fault …   unknown         up     not present …     unknown
    off    delivering           unknown         down   up                unknown

A link that is up by order but down in fact has nobody at its other end: the machine is off, or its
cable was pulled. The plug has done its part, so that is on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from pysnmp.error import PySnmpError
from pysnmp.hlapi.v3arch import asyncio as api
from pysnmp.proto.rfc1902 import Integer, Integer32

from chaosmonkey.config import SnmpPlug
from chaosmonkey.errors import PlugFailed
from chaosmonkey.model import Feed

POE = "1.3.6.1.2.1.105.1.1.1"  # pethPsePortEntry: column 3 is the order, column 6 what is detected
LINK = "1.3.6.1.2.1.2.2.1"  # ifEntry: column 7 is the order, column 8 what is
DELIVERING = 3
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


@contextmanager
def open_engine() -> Iterator[api.SnmpEngine]:
    """What all ports send through; it takes a while to make, so one serves them all."""
    engine = api.SnmpEngine()
    try:
        yield engine
    finally:
        engine.close_dispatcher()


class SwitchPort:
    """Orders a port on or off with one SET; reads order and effect with one GET."""

    def __init__(self, settings: SnmpPlug, engine: api.SnmpEngine) -> None:
        self._settings = settings
        self._engine = engine
        self._who = _who(settings)
        if settings.poe is not None:
            row = settings.poe if "." in settings.poe else f"1.{settings.poe}"
            self._port = f"PoE port {row}"
            self._order, self._effect = f"{POE}.3.{row}", f"{POE}.6.{row}"
        else:
            self._port = f"interface {settings.interface}"
            row = str(settings.interface)
            self._order, self._effect = f"{LINK}.7.{row}", f"{LINK}.8.{row}"

    async def switch(self, *, on: bool, back_in: float | None = None) -> None:  # noqa: ARG002 - a switch has no timer
        """Set the order: 1 is on or up, 2 is off or down in both tables."""
        await self._ask(api.set_cmd, (self._order, Integer32(1 if on else 2)))

    async def read(self) -> Feed:
        """What order and effect agree on; unknown if they do not."""
        order, effect = await self._ask(api.get_cmd, (self._order, None), (self._effect, None))
        if effect is None:
            return Feed.UNKNOWN
        if self._settings.poe is not None:
            feeds = effect == DELIVERING
            return _agreed(order, on=feeds, off=not feeds)
        return _agreed(order, on=effect in (1, 2), off=effect != 1)

    async def close(self) -> None:
        """Order the port on; a switch keeps no connection."""
        await self.switch(on=True)

    async def _ask(self, command: object, *cells: tuple[str, Integer32 | None]) -> list[int | None]:
        """Send one request, return its answer. net-snmp may leave a cell out just after a SET."""
        within = self._settings.timeout
        rows = [api.ObjectType(api.ObjectIdentity(oid), *([v] if v else [])) for oid, v in cells]
        try:
            async with asyncio.timeout(within):
                target = await api.UdpTransportTarget.create(
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
            remedy = "Is it reachable, and is the community or the user right?"
            if "Ciphering" in str(trouble):
                remedy = "Encryption needs more: pip install 'chaosmonkey[snmp3]'."
            raise self._failed(str(trouble), remedy)
        if status:
            raise self._failed(status.prettyPrint(), "May this community or user write?")
        values = [int(value) if isinstance(value, Integer) else None for _, value in answer]
        if not any(values):
            raise self._failed("it has no such port", "Walk its table with snmpwalk.")
        return values

    def _failed(self, what: str, remedy: str) -> PlugFailed:
        host = f"{self._settings.host}:{self._settings.port}"
        return PlugFailed(f"SNMP {host}, {self._port}: {what}.", remedy=remedy, host=host)


def _agreed(order: int | None, *, on: bool, off: bool) -> Feed:
    match order:
        case 1 if on:
            return Feed.ON
        case 2 if off:
            return Feed.OFF
        case _:
            return Feed.UNKNOWN


def _who(settings: SnmpPlug) -> api.CommunityData | api.UsmUserData:
    """The credentials: a community is SNMP v2c, a user v3."""
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
