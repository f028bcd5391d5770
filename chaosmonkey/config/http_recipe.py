"""Recipes of the driver `http`, as data: which requests to send, and how to interpret the answers.

    recipe ─► cut, restore: requests, one after the other     any answer below 300 is a success
           └► read: one request ─► its JSON ─► on? off? ─► on, off, or unknown if both or neither

`troubles` describe what else a device reports, such as a timer of its own or why it cut itself off.
The reading carries it along in the device's own words.

In requests {outlet} is the device's outlet, {seconds} the seconds after which the device must turn
it on again by itself; {milliseconds} and {delays} are the same for Tasmota.
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
    """The path, which is appended to the plug's `url`."""

    query: dict[str, str] = Field(default_factory=dict)
    """The query parameters; they are encoded as needed."""

    body: dict[str, Scalar] | None = None
    """The body, sent as JSON."""


Expected = Scalar | tuple[Scalar, ...]
"""A value, or a list of alternatives. "*" is any value but null, false and an empty one; "!*" is
null, false, an empty value, or a missing one."""


class Trouble(Section):
    """Something that an answer may report besides on and off, and its meaning."""

    seen: dict[str, Expected] = Field(min_length=1)
    """Paths in the answer and their values, as in `on`."""

    says: str = Field(min_length=1)
    """A sentence that says what is wrong and what to do. {path} is the value at that path."""

    refused: bool = False
    """Whether such an answer means that the device refused: the request failed."""


class HttpRecipe(Section):
    """How to switch and read a device."""

    cut: tuple[HttpRequest, ...] = Field(min_length=1)
    """The requests that cut the feed."""

    restore: tuple[HttpRequest, ...] = Field(min_length=1)
    """The requests that restore the feed."""

    read: HttpRequest
    """The request whose answer holds the state."""

    on: dict[str, Expected] = Field(min_length=1)
    """What the answer holds if the feed is on: paths such as "relays.0.ison", and their values.
    A list is a choice of values; "*" is any value but null, false and an empty one, "!*" is null,
    false, an empty value or a missing one."""

    off: dict[str, Expected] = Field(min_length=1)
    """What the answer holds if the feed is off."""

    troubles: tuple[Trouble, ...] = ()
    """What else an answer, or an error, may report; the first that matches is shown."""

    hint: str = ""
    """What to check if an answer matches neither state and none of `troubles`."""

    sign_in: Literal["basic", "digest", "query"] = "basic"
    """How `user` and `password` are sent. A `token` is always a bearer token."""

    outlet: str | None = None
    """The outlet, if the plug sets none."""
