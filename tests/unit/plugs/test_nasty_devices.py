"""Whatever a device answers is trouble of its plug: one error, without a secret, and soon."""

import asyncio
import tomllib

import pytest

from chaosmonkey.clock import SystemClock
from chaosmonkey.config import HttpPlug
from chaosmonkey.errors import PlugFailed
from chaosmonkey.model import FeedKind, FeedState
from chaosmonkey.plugs import DeviceLock, VerifiedPlug
from chaosmonkey.plugs.http import HttpDevice
from tests._nasty import NASTY, nasty
from tests.patience import PATIENCE


@pytest.mark.parametrize("name", NASTY)
async def test_nonsense_is_the_trouble_of_its_own_plug(name: str) -> None:
    async with nasty(name) as settings:
        device = HttpDevice(HttpPlug(**tomllib.loads(f"plug = {settings}")["plug"]))
        plug = VerifiedPlug(
            device,
            machine="node3",
            feed=FeedKind.POWER,
            device=DeviceLock(),
            clock=SystemClock(),
        )
        told = ""
        async with asyncio.timeout(PATIENCE):
            try:
                await plug.read()
            except PlugFailed as error:
                told = str(error)
    assert plug.last is FeedState.UNKNOWN
    assert plug.remark
    assert "device-secret" not in told + plug.remark
    plug.remark.encode()
