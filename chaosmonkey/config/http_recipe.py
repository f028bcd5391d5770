"""How the driver `http` speaks to a device, as data: what to ask, and which answer means what.

    recipe ─► cut, restore: requests, one after the other     any answer below 300 will do
           └► read: one request ─► its JSON ─► on? off? ─► on, off, or unknown if both or neither

What else a device reports, such as a timer of its own or why it has cut itself off, is described by
`troubles`: it is passed on with the reading, in the device's own words.

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
"""A value, or one of several. "*" stands for any value that is not null, false or empty; "!*" for
null, false, an empty value, or nothing at all."""


class Trouble(Section):
    """Something that an answer may hold beside on and off, and what it means."""

    seen: dict[str, Expected] = Field(min_length=1)
    """Places and their values, as in `on`."""

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
    """What the answer holds if the feed is on: places such as "relays.0.ison", and their values.
    A list means one of several; "*" is any value but null, false and an empty one, "!*" is one of
    those or none."""

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
