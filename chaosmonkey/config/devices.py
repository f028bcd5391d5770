"""Devices that the driver `http` knows, as data: what to ask, and which answer means what.

    recipe ─► cut, restore: requests, one after the other     any answer below 300 will do
           └► read: one request ─► its JSON ─► on? off? ─► on, off, or unknown if both or neither

In requests {outlet} is which of the device's outlets, {seconds} after how many seconds the device
must turn it on again by itself; {milliseconds} and {delays} are the same for Tasmota.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from chaosmonkey.config.base import Section

Scalar = str | int | float | bool | None


class HttpRequest(Section):
    """One request to a device."""

    method: Literal["GET", "POST", "PUT", "PATCH"] = "GET"
    """The request's method."""

    path: str = Field(pattern="^/")
    """The path, which is put behind the plug's `url`."""

    query: dict[str, str] = Field(default_factory=dict)
    """What stands behind the question mark; it is encoded as needed."""

    body: dict[str, Scalar] | None = None
    """What is sent as JSON."""


class HttpRecipe(Section):
    """How a device is spoken to."""

    cut: tuple[HttpRequest, ...] = Field(min_length=1)
    """The requests that cut the feed."""

    restore: tuple[HttpRequest, ...] = Field(min_length=1)
    """The requests that restore the feed."""

    read: HttpRequest
    """The request whose answer tells the state."""

    on: dict[str, Scalar | tuple[Scalar, ...]] = Field(min_length=1)
    """What the answer holds if the feed is on: places such as "relays.0.ison", and their values."""

    off: dict[str, Scalar | tuple[Scalar, ...]] = Field(min_length=1)
    """What the answer holds if the feed is off."""

    sign_in: Literal["basic", "digest", "query"] = "basic"
    """How `user` and `password` are sent. A `token` always is a bearer token."""

    outlet: str | None = None
    """The outlet if the plug does not name one."""


def _get(path: str, **query: str) -> HttpRequest:
    return HttpRequest(path=path, query=query)


_TASMOTA_FORGET = _get("/cm", cmnd="Backlog")  # an empty one drops what still waits for its Delay

DEVICES: dict[str, HttpRecipe] = {
    # A pending timer would flip a relay that is on off again: such an "on" is not believed.
    "shelly-gen1": HttpRecipe(
        cut=(_get("/relay/{outlet}", turn="off", timer="{seconds}"),),
        restore=(_get("/relay/{outlet}", turn="on"),),
        read=_get("/relay/{outlet}"),
        on={"ison": True, "has_timer": (False, None)},
        off={"ison": False},
        outlet="0",
    ),
    "shelly-gen2": HttpRecipe(
        cut=(_get("/rpc/Switch.Set", id="{outlet}", on="false", toggle_after="{seconds}"),),
        restore=(_get("/rpc/Switch.Set", id="{outlet}", on="true"),),
        read=_get("/rpc/Switch.GetStatus", id="{outlet}"),
        on={"output": True, "timer_started_at": None},
        off={"output": False},
        sign_in="digest",
        outlet="0",
    ),
    # A device has one queue: what is in it runs first, and a Delay holds up all that follows.
    "tasmota": HttpRecipe(
        cut=(
            _TASMOTA_FORGET,
            _get("/cm", cmnd="Backlog Power{outlet} 0;{delays};Power{outlet} 1"),
        ),
        restore=(_TASMOTA_FORGET, _get("/cm", cmnd="Power{outlet} 1")),
        read=_get("/cm", cmnd="Power{outlet}"),
        on={"POWER{outlet}|POWER": "ON"},
        off={"POWER{outlet}|POWER": "OFF"},
        sign_in="query",
        outlet="1",
    ),
    "mikrotik": HttpRecipe(
        cut=(
            HttpRequest(
                method="PATCH", path="/rest/interface/ethernet/{outlet}", body={"poe-out": "off"}
            ),
        ),
        restore=(
            HttpRequest(
                method="PATCH",
                path="/rest/interface/ethernet/{outlet}",
                body={"poe-out": "auto-on"},
            ),
        ),
        read=HttpRequest(
            method="POST",
            path="/rest/interface/ethernet/poe/monitor",
            body={"numbers": "{outlet}", "once": ""},
        ),
        on={"0.poe-out": ("auto-on", "forced-on"), "0.poe-out-status": "powered-on"},
        off={"0.poe-out": "off", "0.poe-out-status": ("disabled", None)},
    ),
    "turing-pi": HttpRecipe(
        cut=(_get("/api/bmc", **{"opt": "set", "type": "power", "node{outlet}": "0"}),),
        restore=(_get("/api/bmc", **{"opt": "set", "type": "power", "node{outlet}": "1"}),),
        read=_get("/api/bmc", opt="get", type="power"),
        on={"response.0.result.0.node{outlet}|response.0.node{outlet}": ("1", 1)},
        off={"response.0.result.0.node{outlet}|response.0.node{outlet}": ("0", 0)},
    ),
    "home-assistant": HttpRecipe(
        cut=(
            HttpRequest(
                method="POST",
                path="/api/services/homeassistant/turn_off",
                body={"entity_id": "{outlet}"},
            ),
        ),
        restore=(
            HttpRequest(
                method="POST",
                path="/api/services/homeassistant/turn_on",
                body={"entity_id": "{outlet}"},
            ),
        ),
        read=_get("/api/states/{outlet}"),
        on={"state": "on"},
        off={"state": "off"},
    ),
}
