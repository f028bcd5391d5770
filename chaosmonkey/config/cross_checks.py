"""Checks across keys: settings that are valid alone, but not together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from chaosmonkey.config.lab import Lab
from chaosmonkey.config.pin_usage import lines_of, sensors_of, uses_i2c
from chaosmonkey.config.plugs import HttpPlug
from chaosmonkey.config.sensors import CurrentSensor
from chaosmonkey.model import FeedKind

I2C = (2, 3)
"""BCM numbers of the I2C bus 1 (SDA, SCL)."""


def contradictions(lab: Lab) -> Iterator[str]:
    """Every contradiction, with its place and the remedy."""
    yield from _names_used_twice(lab)
    yield from _lines_used_twice(lab)
    yield from _lines_that_are_not_there(lab)
    yield from _monitors_used_twice(lab)
    yield from _tasmotas_used_twice(lab)
    yield from _protected_machines_with_a_plug(lab)
    limits = lab.limits
    if limits.min_seconds > limits.max_seconds:
        yield "limits: min_seconds is above max_seconds. Lower it."
    elif not limits.min_seconds <= lab.default_seconds <= limits.max_seconds:
        yield (
            f"limits.default_seconds: {lab.default_seconds:g} is not between min_seconds and "
            f"max_seconds ({limits.min_seconds:g} to {limits.max_seconds:g})."
        )
    audience = lab.audience
    secured = audience.wifi_security != "nopass"
    if audience.wifi_ssid and secured and not audience.wifi_password.get_secret_value():
        yield 'audience.wifi_password: is missing. For an open Wi-Fi: wifi_security = "nopass".'
    if lab.gpio.header and lab.gpio.pin_factory != "mock":
        yield 'gpio.header: needs pin_factory = "mock", whose pins are wired to a bench.'


def _names_used_twice(lab: Lab) -> Iterator[str]:
    for name, count in Counter(machine.name for machine in lab.machine).items():
        if count > 1:
            yield f"[[machine]]: {count} machines are called '{name}'. Give each its own name."
    owners: dict[str, str] = {}
    for machine in lab.machine:
        first = owners.setdefault(machine.node_name, machine.name)
        if first != machine.name:
            yield (
                f"[[machine]] {machine.name}: node '{machine.node_name}' already belongs to "
                f"'{first}'. Each machine needs its own node."
            )


def _lines_used_twice(lab: Lab) -> Iterator[str]:
    owners: dict[int | str, str] = {}
    for used in lines_of(lab):
        first = owners.setdefault(used.line, used.what)
        if first != used.what:
            yield (f"{used.place}: {used.line} is already {first}. Use another line.")


def _lines_that_are_not_there(lab: Lab) -> Iterator[str]:
    for used in lines_of(lab):
        if isinstance(used.line, str) and lab.panel.expander is None:
            yield (
                f'{used.place}: "{used.line}" is on an expander. Set panel.expander to its I2C '
                "address, or write a BCM number."
            )
        if used.line in I2C and uses_i2c(lab):
            yield (
                f"{used.place}: BCM {used.line} is a line of the I2C bus, which is in use. "
                "Use another line."
            )


def _monitors_used_twice(lab: Lab) -> Iterator[str]:
    owners: dict[tuple[int, int], str] = {}
    for what, sensor in sensors_of(lab):
        if isinstance(sensor, CurrentSensor):
            channel = sensor.channel if sensor.driver == "ina3221" else 0
            first = owners.setdefault((sensor.address, channel), what)
            if first != what:
                place = f"{sensor.driver} {sensor.address:#x}"
                yield f"{what}: {place} channel {sensor.channel} is already {first}."


def _tasmotas_used_twice(lab: Lab) -> Iterator[str]:
    owners: dict[str, str] = {}
    for machine in lab.machine:
        for feed in FeedKind:
            plug = machine.plug(feed)
            if not isinstance(plug, HttpPlug) or plug.preset != "tasmota":
                continue
            here = f"{machine.name}'s {feed} plug"
            first = owners.setdefault(plug.url.rstrip("/"), here)
            if first != here:
                yield (
                    f"[[machine]] {machine.name}: {feed}.url: this Tasmota is already {first}. It "
                    "has one queue for the timers of all relays: for a second plug, write a recipe "
                    "with TimedPower (docs/add-a-plug.md)."
                )


def _protected_machines_with_a_plug(lab: Lab) -> Iterator[str]:
    for machine in lab.machine:
        plugs = [feed for feed in FeedKind if machine.plug(feed) is not None]
        if plugs and {machine.name, machine.node_name} & set(lab.limits.protected):
            yield (
                f"limits.protected: '{machine.name}' is protected, but has a {plugs[0]} plug. "
                f"Remove {' and '.join(plugs)} from its [[machine]], or the name from the list."
            )
