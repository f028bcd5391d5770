"""HTTP devices that answer as their makers' documents, or their published sources, say.

Their timers are real; a test moves the time that they run in.

    shelly-gen1      shelly-api-docs.shelly.cloud/gen1: /relay/N?turn=&timer=
    shelly-gen2      shelly-api-docs.shelly.cloud/gen2: Switch.Set, Switch.GetStatus; digest sign-in
    tasmota          tasmota.github.io/docs/Commands, and the firmware's source for its queue
    mikrotik         help.mikrotik.com, REST API and PoE-Out
    turing-pi        the source of bmcd, the board's daemon
    home-assistant   developers.home-assistant.io, REST API
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from aiohttp import web

from chaosmonkey.config import HttpPlug
from chaosmonkey.model import FeedState
from chaosmonkey.plugs import Plug
from chaosmonkey.plugs.http import HttpDevice
from tests.contract._peers.base import Peer

Json = dict[str, Any]

PASSWORD = "device-secret"


@dataclass(eq=False)
class Timer:
    """What a device does by itself, and when."""

    due: float
    do: Callable[[], None]


class Timers:
    """A device's own time, which a test moves."""

    def __init__(self) -> None:
        self._now = 0.0
        self._set: list[Timer] = []

    def after(self, seconds: float, do: Callable[[], None]) -> Timer:
        timer = Timer(self._now + seconds, do)
        self._set.append(timer)
        return timer

    def forget(self, timer: Timer) -> None:
        if timer in self._set:
            self._set.remove(timer)

    def wait(self, seconds: float) -> None:
        until = self._now + seconds
        while due := [timer for timer in self._set if timer.due <= until]:
            first = min(due, key=lambda timer: timer.due)
            self._now = first.due
            self._set.remove(first)
            first.do()
        self._now = until


class HttpPeer(Peer):
    """What all these devices have in common: a relay, perhaps a timer, and a port."""

    secrets = (PASSWORD,)
    settings: ClassVar[dict[str, object]] = {}

    def __init__(self, folder: Path) -> None:
        self.on = True
        self._lies = False
        self._delay = 0.0
        self._timer: Timer | None = None
        self._timers = Timers()

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(web.Server(self._serve), "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._server.close()
        self.switch(on=True)

    async def open(self, **settings: object) -> Plug:
        values = {"password": PASSWORD, "timeout": self.timeout, **self.settings, **settings}
        return HttpDevice(HttpPlug(driver="http", url=f"http://127.0.0.1:{self.port}", **values))

    def feed(self) -> FeedState:
        return FeedState.ON if self.on else FeedState.OFF

    def lie(self) -> None:
        self._lies = True

    def delay(self, seconds: float) -> None:
        self._delay = seconds

    def leave(self) -> None:
        self._server.close()

    def wait(self, seconds: float) -> None:
        self._timers.wait(seconds)

    def switch(self, *, on: bool, back_in: float | None = None) -> None:
        """The relay; whatever timer was running is forgotten."""
        if self._lies:
            return
        if self._timer is not None:
            self._timers.forget(self._timer)
            self._timer = None
        self.on = on
        if back_in is not None:
            self._timer = self._timers.after(back_in, lambda: self.switch(on=not on))

    @property
    def timing(self) -> bool:
        return self._timer is not None

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(self._delay)
        if (refused := self.refuse(request)) is not None:
            return refused
        body = await request.json() if request.can_read_body else {}
        answer = self.answer(request.method, request.path, dict(request.query), body)
        if answer is None:
            return web.json_response({"error": "Not Found"}, status=404)
        return web.json_response(answer)

    def refuse(self, request: web.BaseRequest) -> web.Response | None:
        """The answer to a request that is not signed in."""
        wanted = "Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
        if request.headers.get("Authorization") != wanted:
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="device"'})
        return None

    def answer(self, method: str, path: str, query: dict[str, str], body: Json) -> object | None:
        raise NotImplementedError


class ShellyGen1(HttpPeer):
    has_timer = True
    settings: ClassVar = {"preset": "shelly-gen1"}

    def answer(self, method: str, path: str, query: dict[str, str], body: Json) -> object | None:
        if path != "/relay/0":
            return None
        if turn := query.get("turn"):
            self.switch(
                on=turn == "on", back_in=float(query["timer"]) if "timer" in query else None
            )
        return {
            "ison": self.on, "has_timer": self.timing, "timer_started": 0, "timer_duration": 0,
            "timer_remaining": 0, "overpower": False, "source": "http",
        }  # fmt: skip


class ShellyGen2(HttpPeer):
    has_timer = True
    settings: ClassVar = {"preset": "shelly-gen2"}

    def refuse(self, request: web.BaseRequest) -> web.Response | None:
        """RFC 7616 with SHA-256, as Shelly's document on authentication has it."""

        def digest(*parts: str) -> str:
            return hashlib.sha256(":".join(parts).encode()).hexdigest()

        given = request.headers.get("Authorization", "")
        said = {key: quoted or bare for key, quoted, bare in DIGEST_PART.findall(given)}
        if said:
            ha1 = digest("admin", "shellyplus", PASSWORD)
            ha2 = digest(request.method, str(request.rel_url))
            wanted = digest(ha1, "60dc59c6", said["nc"], said["cnonce"], "auth", ha2)
            if said["response"] == wanted and said["uri"] == str(request.rel_url):
                return None
        challenge = 'Digest qop="auth", realm="shellyplus", nonce="60dc59c6", algorithm=SHA-256'
        return web.Response(status=401, headers={"WWW-Authenticate": challenge})

    def answer(self, method: str, path: str, query: dict[str, str], body: Json) -> object | None:
        was = self.on
        match path, query:
            case "/rpc/Switch.Set", {"id": "0", "on": "true" | "false" as on}:
                after = query.get("toggle_after")
                self.switch(on=on == "true", back_in=float(after) if after else None)
                return {"was_on": was}
            case "/rpc/Switch.GetStatus", {"id": "0"}:
                status = {"id": 0, "source": "HTTP_in", "output": self.on, "apower": 0.0}
                return status | (
                    {"timer_started_at": 1.0, "timer_duration": 9} if self.timing else {}
                )
            case _:
                return None


DIGEST_PART = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')


class Tasmota(HttpPeer):
    """With the firmware's queue: Backlog appends, an empty one clears, Delay holds it up."""

    has_timer = True
    settings: ClassVar = {"preset": "tasmota"}

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._queue: list[str] = []

    def refuse(self, request: web.BaseRequest) -> web.Response | None:
        if (request.query.get("user"), request.query.get("password")) != ("admin", PASSWORD):
            return web.json_response({"WARNING": "Need user=<username>&password=<password>"})
        if ";" in request.raw_path or " " in request.raw_path:
            return web.json_response({"Command": "Unknown"})
        return None

    def answer(self, method: str, path: str, query: dict[str, str], body: Json) -> object | None:
        command, _, rest = query["cmnd"].partition(" ")
        match command.lower():
            case "backlog" if not rest:
                empty = not self._queue
                self._queue.clear()
                return {"Backlog": "Empty" if empty else "Aborted"}
            case "backlog":
                idle = not self._queue
                self._queue += [part.strip() for part in rest.split(";")]
                assert len(self._queue) <= 30, "MAX_BACKLOG"
                if idle:
                    self._next()
                return {}
            case "power1" | "power":
                if rest:
                    self.switch(on=rest.lower() in ("1", "on"))
                return {"POWER": "ON" if self.on else "OFF"}
            case _:
                return {"Command": "Unknown"}

    def _next(self) -> None:
        while self._queue:
            command, _, value = self._queue[0].partition(" ")
            if command == "Delay":
                assert 2 <= int(value) <= 3600
                self._timers.after(int(value) / 10, partial(self._after_delay, self._queue[0]))
                return
            self._queue.pop(0)
            self.switch(on=value == "1")

    def _after_delay(self, delay: str) -> None:
        if self._queue and self._queue[0] is delay:
            self._queue.pop(0)
            self._next()


class MikroTik(HttpPeer):
    settings: ClassVar = {"preset": "mikrotik", "outlet": "ether3"}

    def answer(self, method: str, path: str, query: dict[str, str], body: Json) -> object | None:
        ether3 = {".id": "*3", "name": "ether3", "poe-out": "auto-on" if self.on else "off"}
        match method, path:
            case "PATCH", "/rest/interface/ethernet/ether3":
                self.switch(on=body["poe-out"] != "off")
                return ether3 | body
            case "POST", "/rest/interface/ethernet/poe/monitor":
                assert body == {"numbers": "ether3", "once": ""}
                status = {"poe-out-status": "powered-on"} if self.on else {}
                return [{key: value for key, value in ether3.items() if key != ".id"} | status]
            case _:
                return None


class TuringPi(HttpPeer):
    settings: ClassVar = {"preset": "turing-pi", "outlet": 2}

    def answer(self, method: str, path: str, query: dict[str, str], body: Json) -> object | None:
        match path, query:
            case "/api/bmc", {"opt": "set", "type": "power", "node2": value}:
                self.switch(on=value == "1")
                return {"response": [{"result": "ok"}]}
            case "/api/bmc", {"opt": "get", "type": "power"}:
                nodes = {"node1": "0", "node2": str(int(self.on)), "node3": "1", "node4": "Unknown"}
                return {"response": [{"result": [nodes]}]}
            case _:
                return None


class HomeAssistant(HttpPeer):
    settings: ClassVar = {
        "preset": "home-assistant", "outlet": "switch.node3", "password": None, "token": PASSWORD,
    }  # fmt: skip

    def refuse(self, request: web.BaseRequest) -> web.Response | None:
        good = request.headers.get("Authorization") == f"Bearer {PASSWORD}"
        return None if good else web.Response(status=401)

    def answer(self, method: str, path: str, query: dict[str, str], body: Json) -> object | None:
        state = {"entity_id": "switch.node3", "attributes": {}}
        match method, path:
            case (
                "POST",
                "/api/services/homeassistant/turn_on" | "/api/services/homeassistant/turn_off",
            ):
                assert body == {"entity_id": "switch.node3"}
                self.switch(on=path.endswith("turn_on"))
                return [state | {"state": str(self.feed())}]
            case "GET", "/api/states/switch.node3":
                return state | {"state": str(self.feed())}
            case _:
                return None


class OwnRecipe(HttpPeer):
    """A device that nobody has heard of, by a recipe in the settings."""

    has_timer = True
    settings: ClassVar = {
        "outlet": "sofa & lamp",
        "recipe": {
            "cut": [
                {"method": "PUT", "path": "/{outlet}", "body": {"on": 0, "ms": "{milliseconds}"}}
            ],
            "restore": [{"method": "PUT", "path": "/{outlet}", "body": {"on": 1}}],
            "read": {"path": "/{outlet}"},
            "on": {"on": 1},
            "off": {"on": 0},
        },
    }  # fmt: skip

    def answer(self, method: str, path: str, query: dict[str, str], body: Json) -> object | None:
        assert path == "/sofa & lamp"
        if method == "PUT":
            back_in = int(body["ms"]) / 1000 if "ms" in body else None
            self.switch(on=body["on"] == 1, back_in=back_in)
        return {"on": int(self.on)}


PEERS: dict[str, Callable[[Path], Peer]] = {
    "http shelly-gen1": ShellyGen1,
    "http shelly-gen2": ShellyGen2,
    "http tasmota": Tasmota,
    "http mikrotik": MikroTik,
    "http turing-pi": TuringPi,
    "http home-assistant": HomeAssistant,
    "http recipe": OwnRecipe,
}
