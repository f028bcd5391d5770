"""Devices that the driver `http` knows, as data: what to ask, and which answer means what.

    recipe ─► cut, restore: requests, one after the other     any answer below 300 will do
           └► read: one request ─► its JSON ─► on? off? ─► on, off, or unknown if both or neither

What else a device tells, such as a timer of its own or why it has cut itself off, stands in
`troubles`: it is told with the reading, in the device's own words.

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


Expected = Scalar | tuple[Scalar, ...]


class Trouble(Section):
    """Something that an answer may hold beside on and off, and what it means."""

    seen: dict[str, Expected] = Field(min_length=1)
    """Places as in `on`, and their values; "*" is any but null, false and an empty one."""

    says: str = Field(min_length=1)
    """A sentence that says so and what to do. {place} is what stands at that place."""

    refused: bool = False
    """Whether such an answer means that the device did nothing at all: the request failed."""


class HttpRecipe(Section):
    """How a device is spoken to."""

    cut: tuple[HttpRequest, ...] = Field(min_length=1)
    """The requests that cut the feed."""

    restore: tuple[HttpRequest, ...] = Field(min_length=1)
    """The requests that restore the feed."""

    read: HttpRequest
    """The request whose answer tells the state."""

    on: dict[str, Expected] = Field(min_length=1)
    """What the answer holds if the feed is on: places such as "relays.0.ison", and their values."""

    off: dict[str, Expected] = Field(min_length=1)
    """What the answer holds if the feed is off."""

    troubles: tuple[Trouble, ...] = ()
    """What else an answer may tell, an error's too; the first that fits is told."""

    hint: str = ""
    """What to look at if an answer fits neither state and none of `troubles`."""

    sign_in: Literal["basic", "digest", "query"] = "basic"
    """How `user` and `password` are sent. A `token` always is a bearer token."""

    outlet: str | None = None
    """The outlet if the plug does not name one."""


def _get(path: str, **query: str) -> HttpRequest:
    return HttpRequest(path=path, query=query)


_TASMOTA_FORGET = _get("/cm", cmnd="Backlog")  # an empty one drops what still waits for its Delay

_AUTO_OFF = "switch Auto-off off in the settings of the Shelly's channel."

DEVICES: dict[str, HttpRecipe] = {
    # A pending timer would flip a relay that is on off again: such an "on" is not believed.
    "shelly-gen1": HttpRecipe(
        cut=(_get("/relay/{outlet}", turn="off", timer="{seconds}"),),
        restore=(_get("/relay/{outlet}", turn="on"),),
        read=_get("/relay/{outlet}"),
        on={"ison": True, "has_timer": (False, None)},
        off={"ison": False},
        troubles=(
            Trouble(
                seen={"ison": True, "has_timer": True, "timer_remaining": "*"},
                says="The Shelly's own timer turns it off in {timer_remaining} s: " + _AUTO_OFF,
            ),
            Trouble(
                seen={"ison": True, "has_timer": True},
                says="The Shelly's own timer will turn it off: " + _AUTO_OFF,
            ),
            Trouble(
                seen={"overpower": True},
                says="The Shelly cut itself off: more power was drawn than it allows (overpower).",
            ),
        ),
        hint="Is it in relay mode, not in roller mode, and is it a Shelly of the first generation?",
        outlet="0",
    ),
    "shelly-gen2": HttpRecipe(
        cut=(_get("/rpc/Switch.Set", id="{outlet}", on="false", toggle_after="{seconds}"),),
        restore=(_get("/rpc/Switch.Set", id="{outlet}", on="true"),),
        read=_get("/rpc/Switch.GetStatus", id="{outlet}"),
        on={"output": True, "timer_started_at": None},
        off={"output": False},
        troubles=(
            Trouble(
                seen={"output": True, "timer_duration": "*"},
                says="The Shelly's own timer turns it off {timer_duration} s after it was turned "
                "on: " + _AUTO_OFF,
            ),
            Trouble(
                seen={"output": True, "timer_started_at": "*"},
                says="The Shelly's own timer will turn it off: " + _AUTO_OFF,
            ),
            Trouble(
                seen={"errors": "*"},
                says="The Shelly reports {errors}: it cuts itself off for that.",
            ),
            Trouble(
                seen={"code": 404, "message": "*"},
                says="The Shelly says '{message}': set its profile to switch (a cover has none), "
                "or use shelly-gen1 for one of the first generation.",
                refused=True,
            ),
            Trouble(
                seen={"code": "*", "message": "*"},
                says="The Shelly says '{message}': its outlets count from 0.",
                refused=True,
            ),
        ),
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
        troubles=(
            Trouble(
                seen={"WARNING": "Need user=<username>&password=<password>"},
                says="Tasmota says '{WARNING}': set `password` to its web password.",
                refused=True,
            ),
            Trouble(seen={"WARNING": "*"}, says="Tasmota says '{WARNING}'."),
            Trouble(
                seen={"Command": "*"},
                says="Tasmota answers 'Command: {Command}': it has no such relay.",
            ),
        ),
        hint="Its words for off and on must be OFF and ON (Tasmota's StateText1 and StateText2).",
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
        troubles=(
            Trouble(
                seen={"0.poe-out": "forced-on"},
                says="The port is set to forced-on, and a restore sets auto-on: set it to auto-on "
                "and see whether the machine starts, or give a recipe of your own.",
            ),
            Trouble(
                seen={"0.poe-out": "auto-on", "0.poe-out-status": "waiting-for-load"},
                says="The port waits for something that draws power (waiting-for-load): is the "
                "cable in, and does the machine take PoE?",
            ),
            Trouble(
                seen={
                    "0.poe-out": "auto-on",
                    "0.poe-out-status": (
                        "short-circuit",
                        "overload",
                        "voltage-too-low",
                        "voltage-too-high",
                        "current-too-low",
                        "power-reset",
                        "off",
                        "controller-error",
                        "controller-upgrade",
                        "poe-in-detected",
                        "no-valid-psu",
                    ),
                },
                says="The port is set to auto-on, but gives no power: {0.poe-out-status}.",
            ),
            Trouble(
                seen={"error": "*", "detail": "*"},
                says="RouterOS says '{message}: {detail}'.",
                refused=True,
            ),
        ),
        hint="Does this port have PoE out, and is `outlet` its name?",
    ),
    "turing-pi": HttpRecipe(
        cut=(_get("/api/bmc", **{"opt": "set", "type": "power", "node{outlet}": "0"}),),
        restore=(_get("/api/bmc", **{"opt": "set", "type": "power", "node{outlet}": "1"}),),
        read=_get("/api/bmc", opt="get", type="power"),
        on={"response.0.result.0.node{outlet}|response.0.node{outlet}": ("1", 1)},
        off={"response.0.result.0.node{outlet}|response.0.node{outlet}": ("0", 0)},
        hint="Its nodes are 1 to 4. Firmware 2 wants https, and a user and password of its own.",
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
        troubles=(
            Trouble(
                seen={"state": ("unavailable", "unknown")},
                says="Home Assistant does not know itself: its state of the entity is '{state}'.",
            ),
            Trouble(
                seen={"attributes.assumed_state": True},
                says="Home Assistant only assumes this state: the device does not report any.",
            ),
            Trouble(seen={"message": "*"}, says="Home Assistant says '{message}'.", refused=True),
        ),
    ),
}
