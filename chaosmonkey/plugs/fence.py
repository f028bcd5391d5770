"""Run any fence agent: the programs with which Linux HA clusters power machines off.

    key=value lines ─► agent ─► exit code     off, on: 0 done, anything else failed
                                              status:  0 on, 2 off (and it says so), else failed

The action is always given, since an agent without one reboots. It is off, on or status: a reboot
counts as done even if the machine stays off. Agents ignore unknown keys; therefore the keys are
checked against the agent's own metadata before it is used.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from typing import Literal
from xml.etree import ElementTree as ET

from chaosmonkey.config import FencePlug
from chaosmonkey.errors import ChaosMonkeyError, PlugFailed, did_you_mean
from chaosmonkey.model import FeedState
from chaosmonkey.plugs.programs import PlugPrograms
from chaosmonkey.programs import Ended

_SECRET = re.compile("pass|community|priv|auth|key|secret|token")


class FenceAgent:
    """Runs the agent once per command; use `open_agent`."""

    remark = ""

    def __init__(self, settings: FencePlug, program: str, programs: PlugPrograms) -> None:
        self._keys = {key: value.get_secret_value() for key, value in settings.keys.items()}
        self._timeout = self.in_flight = settings.timeout
        self._programs = programs
        self._program = program

    async def switch(self, *, on: bool, back_in: float | None = None) -> None:  # noqa: ARG002 - no agent has a timer
        """Run the action on or off; raises PlugFailed unless the agent reports success."""
        action: Literal["on", "off"] = "on" if on else "off"
        ended = await self._run(action)
        if ended.code != 0:
            raise self._failed(action, ended)

    async def read(self) -> FeedState:
        """Run the action status."""
        ended = await self._run("status")
        match ended.code:
            case 0:
                return FeedState.ON
            case 2 if "off" in ended.out.lower():
                return FeedState.OFF
            case _:
                raise self._failed("status", ended)

    async def close(self) -> None:
        """Turn the feed on; there is nothing to release."""
        await self.switch(on=True)

    async def _run(self, action: Literal["on", "off", "status"]) -> Ended:
        lines = {**self._keys, "action": action}
        given = "".join(f"{key}={value}\n" for key, value in lines.items())
        return await self._programs.run([self._program], timeout=self._timeout, given=given)

    def _failed(self, action: str, ended: Ended) -> ChaosMonkeyError:
        output = ended.out + ended.err
        for key, value in self._keys.items():
            if _SECRET.search(key):
                output = output.replace(value, "***")
        what = f"failed to do '{action}' ({ended.code})"
        return self._programs.failed([self._program], what, output)


async def open_agent(settings: FencePlug, programs: PlugPrograms) -> FenceAgent:
    """Find the agent and check the configured keys against its metadata.

    Raises:
        PlugFailed: it is not installed, does not know a key, or lacks one.
    """
    agent = settings.agent
    program = shutil.which(agent) or shutil.which(agent, path="/usr/sbin:/usr/local/sbin")
    if program is None:
        raise PlugFailed(
            f"{agent} is not installed.",
            remedy="Install it. On Debian: package fence-agents, or the one named as the agent.",
        )
    described = await programs.run([program, "-o", "metadata"], timeout=settings.timeout)
    try:
        known = {
            str(found.get("name")): found.attrib
            for found in ET.fromstring(described.out).iter("parameter")  # noqa: S314 - an installed program's
        }
    except ET.ParseError:
        raise programs.failed([program], "does not describe itself", described.err) from None
    if unknown := sorted(set(settings.keys) - set(known)):
        raise PlugFailed(
            f"{agent} does not know the key '{unknown[0]}'.",
            remedy=f"{did_you_mean(unknown[0], known)}Known keys: {', '.join(sorted(known))}.",
        )
    if missing := [key for key, says in known.items() if _is_missing(key, says, settings.keys)]:
        raise PlugFailed(f"{agent} needs the key '{missing[0]}'.", remedy="Add it to `keys`.")
    return FenceAgent(settings, program, programs)


def _is_missing(key: str, says: Mapping[str, str], given: Mapping[str, object]) -> bool:
    """Whether a required key is given under neither its name nor its old one."""
    needed = says.get("required") == "1" and says.get("deprecated") != "1"
    return needed and key != "action" and key not in given and says.get("obsoletes") not in given
