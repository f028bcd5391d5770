"""The HTTP API besides Kubernetes': the bench, API server faults, and the simulation's settings.

    GET  /sim                              speed, seed, preset, clock
    POST /sim/faults                       {"kind": "stall", "seconds": 5}
    GET  /bench                            everything on the bench
    PUT  /bench/machines/<name>/<feed>     {"plugged": false}: unplug the feed
    PUT  /bench/supply                     {"alive": false}: the supply of all power feeds fails
    PUT  /bench/bus                        {"torn": true}: the I2C bus's wire breaks
    PUT  /bench/panel/buttons/<machine>    {"pressed": true}: hold the machine's button
    PUT  /bench/panel/halt                 {"pressed": true}: hold the big red button

Clients of the cluster are not notified of any of this.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, cast

from chaosmonkey.errors import BadInput, ChaosMonkeyError
from chaosmonkey.simcluster.apiserver.faults import Faults
from chaosmonkey.simcluster.bench.wiring import FeedName
from chaosmonkey.simcluster.realtime import RealTime
from chaosmonkey.simcluster.settings import SimSettings
from chaosmonkey.simcluster.timestamps import micro_stamp

SLOWEST = 3600.0
"""The longest delay of a contact, in seconds."""

Answer = tuple[int, Any]


class BenchApi:
    """Answers the paths under `/sim` and `/bench`."""

    def __init__(self, live: RealTime, settings: SimSettings, faults: Faults) -> None:
        self._live = live
        self._settings = settings
        self._faults = faults
        self._bench = live.world.bench
        self._started = live.clock.now()
        self._routes: dict[str, Callable[..., Answer]] = {
            "GET /sim": self._describe_simulation,
            "POST /sim/faults": self._start_fault,
            "GET /bench": self._describe_bench,
            "PUT /bench/machines/<name>/<feed>": self._change_feed,
            "PUT /bench/supply": self._switch_supply,
            "PUT /bench/bus": self._tear_bus,
            "PUT /bench/panel/buttons/<machine>": self._press,
            "PUT /bench/panel/halt": self._press_halt,
        }
        self._patterns = {_pattern(route): do for route, do in self._routes.items()}

    def answer(self, method: str, path: str, body: Any) -> Answer | None:
        """The status and JSON for a request; None if the path is not under `/sim` or `/bench`.

        Refuses an unknown fault with 400.
        """
        self._live.catch_up()
        for pattern, do in self._patterns.items():
            if found := pattern.fullmatch(f"{method} {path}"):
                try:
                    return do(body, *found.groups())
                except ChaosMonkeyError as error:
                    return error.status, problem(error)
        if path.startswith(("/sim", "/bench")):
            known = ", ".join(self._routes)
            return 404, {"detail": f"There is no {method} {path}.", "known": known}
        return None

    def _describe_simulation(self, _body: Any) -> Answer:
        now = self._live.clock.now()
        return 200, {
            "speed": self._settings.speed,
            "seed": self._settings.seed,
            "preset": self._settings.preset,
            "now": now,
            "now_text": micro_stamp(now),
            "started": self._started,
            "machines": self._bench.machines(),
        }

    def _start_fault(self, body: Any) -> Answer:
        return 202, self._faults.start(body if isinstance(body, dict) else {})

    def _describe_bench(self, _body: Any) -> Answer:
        return 200, self._bench.describe()

    def _change_feed(self, body: Any, machine: str, feed: str) -> Answer:
        name = cast("FeedName", feed)
        self._bench.feed(machine, name)
        wanted = _checked(
            body,
            {"plugged": _flag, "welded": _flag, "stuck": _flag, "back_fed": _flag, "slow": _delay},
        )
        self._bench.change_feed(machine, name, **wanted)
        return 200, self._bench.feed(machine, name).describe()

    def _switch_supply(self, body: Any) -> Answer:
        self._bench.supply_power(**_checked(body, {"alive": _flag}))
        return 200, self._bench.describe()["supply"]

    def _tear_bus(self, body: Any) -> Answer:
        self._bench.bus.torn = _checked(body, {"torn": _flag})["torn"]
        return 200, {"torn": self._bench.bus.torn}

    def _press(self, body: Any, machine: str) -> Answer:
        panel = self._bench.panel
        panel.press(machine, **_checked(body, {"pressed": _flag}))
        return 200, panel.describe()["buttons"][machine]

    def _press_halt(self, body: Any) -> Answer:
        panel = self._bench.panel
        panel.press_halt(**_checked(body, {"pressed": _flag}))
        return 200, panel.describe()["halt"]


def problem(error: ChaosMonkeyError) -> dict[str, Any]:
    """An error as JSON: its message, its remedy and its facts."""
    return {"detail": error.message, "remedy": error.remedy, **error.facts}


def _pattern(route: str) -> re.Pattern[str]:
    """A route as a regular expression with one group for each name."""
    text = route.replace("<feed>", "(power|network)")
    return re.compile(re.sub(r"<\w+>", "([^/]+)", text))


def _flag(value: Any) -> str:
    return "" if isinstance(value, bool) else "true or false"


def _delay(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= SLOWEST:
        return ""
    return f"seconds from 0 to {SLOWEST:g}"


def _checked(body: Any, known: dict[str, Callable[[Any], str]]) -> dict[str, Any]:
    """Return the body if all its keys are known and all its values are valid.

    Raises:
        BadInput: the body is something else. The remedy names the known keys.
    """
    names = ", ".join(known)
    if not isinstance(body, dict) or not body:
        raise BadInput(
            "The body must be an object with at least one key.", remedy=f"Known keys: {names}."
        )
    for key, value in body.items():
        if key not in known:
            raise BadInput(f"Unknown key {key!r:.80}.", remedy=f"Known keys: {names}.")
        if wanted := known[key](value):
            raise BadInput(f"{key} must be {wanted}, got {value!r:.80}.")
    return body
