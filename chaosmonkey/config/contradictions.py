"""What no single key can see: settings that are good each by itself, and not together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from chaosmonkey.config.plugs import GpioPlug, HttpPlug
from chaosmonkey.config.sections import Lab
from chaosmonkey.config.table import CurrentSensor, RailSensor, SensorSettings
from chaosmonkey.model import FeedKind

I2C = (2, 3)
"""BCM numbers of the I2C bus 1 (SDA, SCL)."""


def contradictions(lab: Lab) -> Iterator[str]:
    """Every contradiction, with its place and what to write instead."""
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
        yield 'audience.wifi_password: it is missing. Without one: wifi_security = "nopass".'
    if lab.gpio.header and lab.gpio.pin_factory != "mock":
        yield 'gpio.header: only the pins of pin_factory = "mock" can be wired to a bench.'


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
                f"'{first}'. One machine is one node."
            )


def _lines_used_twice(lab: Lab) -> Iterator[str]:
    owners: dict[int | str, str] = {}
    for place, line, what in _lines(lab):
        first = owners.setdefault(line, what)
        if first != what:
            yield f"{place}: {line} already is {first}. Everything needs a line of its own."


def _lines_that_are_not_there(lab: Lab) -> Iterator[str]:
    for place, line, _ in _lines(lab):
        if isinstance(line, str) and lab.panel.expander is None:
            yield (
                f'{place}: "{line}" is on an expander. Set panel.expander to its I2C address, '
                "or write a BCM number."
            )
        if line in I2C and _uses_i2c(lab):
            yield f"{place}: BCM {line} is a line of the I2C bus, which is used. Take another one."


def _uses_i2c(lab: Lab) -> bool:
    monitors = any(isinstance(sensor, CurrentSensor) for _, sensor in _sensors(lab))
    return monitors or lab.panel.expander is not None


def _monitors_used_twice(lab: Lab) -> Iterator[str]:
    owners: dict[tuple[int, int], str] = {}
    for what, sensor in _sensors(lab):
        if isinstance(sensor, CurrentSensor):
            channel = sensor.channel if sensor.driver == "ina3221" else 0
            first = owners.setdefault((sensor.address, channel), what)
            if first != what:
                place = f"{sensor.driver} {sensor.address:#x}"
                yield f"{what}: {place} channel {sensor.channel} already is {first}."


def _sensors(lab: Lab) -> Iterator[tuple[str, SensorSettings]]:
    for machine in lab.machine:
        for feed in FeedKind:
            if (sensor := machine.sensor(feed)) is not None:
                yield f"[[machine]] {machine.name}: {feed}_sensor", sensor


def _lines(lab: Lab) -> Iterator[tuple[str, int | str, str]]:
    """Every line that is used: its place in the file, the line, what it is."""
    for machine in lab.machine:
        name, place = machine.name, f"[[machine]] {machine.name}"
        for feed in FeedKind:
            if isinstance(plug := machine.plug(feed), GpioPlug):
                yield f"{place}: {feed}.pin", plug.pin, f"{name}'s {feed} plug"
            if isinstance(sensor := machine.sensor(feed), RailSensor):
                yield f"{place}: {feed}_sensor.pin", sensor.pin, f"{name}'s {feed} sensor"
        if machine.button is not None:
            yield f"{place}: button", machine.button, f"{name}'s button"
        if machine.led is not None:
            yield f"{place}: led", machine.led, f"{name}'s LED"
    panel = lab.panel
    if panel.halt is not None:
        yield "panel.halt", panel.halt, "the big red button"
    if panel.heartbeat is not None:
        yield "panel.heartbeat", panel.heartbeat, "the heartbeat"
    if panel.interrupt is not None:
        yield "panel.interrupt", panel.interrupt, "the expander's interrupt"


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
                    f"[[machine]] {machine.name}: {feed}.url: this Tasmota already is {first}. It "
                    "has one queue for all its relays' timers: with a second plug, write a recipe "
                    "with TimedPower (docs/add-a-plug.md)."
                )


def _protected_machines_with_a_plug(lab: Lab) -> Iterator[str]:
    for machine in lab.machine:
        plugs = [feed for feed in FeedKind if machine.plug(feed) is not None]
        if plugs and {machine.name, machine.node_name} & set(lab.limits.protected):
            yield (
                f"limits.protected: '{machine.name}' is protected, yet has a {plugs[0]} plug. "
                f"Take {' and '.join(plugs)} out of its [[machine]], or the name off the list."
            )
