"""What stands beside the cluster, over HTTP: hands on the bench, faults, and the simulation itself.

    GET  /sim                              speed, seed, preset, clock
    POST /sim/faults                       {"kind": "stall", "seconds": 5}
    GET  /bench                            everything on the bench
    PUT  /bench/machines/<name>/<feed>     {"plugged": false}: a hand empties the socket

None of this is Kubernetes, and nothing that talks to the cluster is told of it.
"""

from __future__ import annotations

import re
from typing import Any, cast

from chaosmonkey.errors import ChaosMonkeyError, UnknownMachine
from chaosmonkey.simcluster.bench import FeedName
from chaosmonkey.simcluster.faults import Faults
from chaosmonkey.simcluster.live import Live
from chaosmonkey.simcluster.settings import SimSettings
from chaosmonkey.simcluster.stamps import micro_stamp

_SOCKET = re.compile(r"/bench/machines/([^/]+)/(power|network)")


class Hands:
    """Answers the paths that are not Kubernetes'."""

    def __init__(self, live: Live, settings: SimSettings, faults: Faults) -> None:
        self._live = live
        self._settings = settings
        self._faults = faults
        self._started = live.clock.now()

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any] | None:
        """The status and JSON for a request; None if the path is none of these.

        Refuses a fault that makes no sense.
        """
        self._live.catch_up()
        if (method, path) == ("GET", "/sim"):
            return 200, self._describe()
        if (method, path) == ("POST", "/sim/faults"):
            wanted = body if isinstance(body, dict) else {}
            return 202, self._faults.start(wanted)
        if (method, path) == ("GET", "/bench"):
            return 200, self._live.world.bench.describe()
        socket = _SOCKET.fullmatch(path)
        if socket and method == "PUT":
            return self._reach(socket[1], cast("FeedName", socket[2]), body)
        if path.startswith(("/sim", "/bench")):
            known = "GET /sim, POST /sim/faults, GET /bench, PUT /bench/machines/<name>/<feed>"
            return 404, {"error": f"{method} {path} is nothing here.", "known": known}
        return None

    def _describe(self) -> dict[str, Any]:
        now = self._live.clock.now()
        return {
            "speed": self._settings.speed,
            "seed": self._settings.seed,
            "preset": self._settings.preset,
            "now": now,
            "now_text": micro_stamp(now),
            "started": self._started,
            "machines": self._live.world.bench.machines(),
        }

    def _reach(self, machine: str, feed: FeedName, body: Any) -> tuple[int, Any]:
        plugged = body.get("plugged") if isinstance(body, dict) else None
        if not isinstance(plugged, bool):
            return 422, {"error": 'The body must be {"plugged": true} or {"plugged": false}.'}
        bench = self._live.world.bench
        try:
            bench.hand(machine, feed, plugged=plugged)
        except UnknownMachine as unknown:
            return unknown.status, problem(unknown)
        return 200, bench.describe()["machines"][machine][feed]


def problem(error: ChaosMonkeyError) -> dict[str, Any]:
    """An error as JSON: what happened, what to do, and the facts."""
    return {"error": error.message, "remedy": error.remedy, **error.facts}
