"""API server faults, injected on request.

| kind     | what a client sees                                                               |
| -------- | -------------------------------------------------------------------------------- |
| drop     | every watch breaks in the middle of its stream                                   |
| stall    | watches stay open and silent, and requests hang, for some seconds                |
| away     | like a killed server: streams break, connections are refused; it returns after   |
|          | some seconds without its history, so that most resumed watches get a 410         |
| expire   | the history is dropped: a watch that resumes from an older version gets a 410    |
| too_many | every request gets a 429 with a Retry-After, for some seconds                    |
| garbage  | every watch gets one line that is not JSON                                       |

Seconds are seconds of the simulated clock.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, cast, get_args

from chaosmonkey.simcluster.apiserver import refusals
from chaosmonkey.simcluster.apiserver.watches import Watches
from chaosmonkey.simcluster.realtime import RealTime

Kind = Literal["drop", "stall", "away", "expire", "too_many", "garbage"]

_GARBAGE = b'{"type":"MODIFIED","object":{"kind":"Pod","apiVers\n'
_RETRY_AFTER = 1


class Faults:
    """Injects the faults that clients must survive.

    Args:
        live: the world; its clock times the faults.
        watches: the open streams.
        go_away: takes the server away for some seconds (`away`); None if that is not possible.
    """

    def __init__(
        self, live: RealTime, watches: Watches, go_away: Callable[[float], None] | None = None
    ) -> None:
        self._live = live
        self._watches = watches
        self._go_away = go_away
        self._stalled_until = 0.0
        self._busy_until = 0.0

    def start(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Start a fault; `seconds` defaults to 5. Refuses an unknown kind or duration with 400."""
        kind, seconds = wanted.get("kind"), wanted.get("seconds", 5.0)
        if kind not in get_args(Kind):
            known = ", ".join(get_args(Kind))
            raise refusals.bad_request(f"unknown fault {kind!r}; known faults: {known}")
        if not isinstance(seconds, int | float) or not 0 <= seconds <= 3600:
            raise refusals.bad_request(f"seconds must be from 0 to 3600, got {seconds!r}")
        self._start(cast("Kind", kind), float(seconds))
        return {"kind": kind, "seconds": float(seconds)}

    def _start(self, kind: Kind, seconds: float) -> None:
        until = self._live.clock.now() + seconds
        match kind:
            case "drop":
                self._watches.abort()
            case "stall":
                self._stalled_until = until
                self._watches.silence(until)
            case "away":
                if self._go_away:
                    self._go_away(seconds)
            case "expire":
                self._live.world.store.compact()
            case "too_many":
                self._busy_until = until
            case "garbage":
                self._watches.broadcast(_GARBAGE)

    async def delay_or_refuse(self) -> None:
        """Hold a request while the server stalls; refuse it while the server is too busy."""
        left = self._stalled_until - self._live.clock.now()
        if left > 0:
            await self._live.clock.sleep(left)
        if self._live.clock.now() < self._busy_until:
            raise refusals.too_many(_RETRY_AFTER)
