"""The wiring harnesses as WireViz YAML, generated from lab.toml.

control   header of the master ─► driver chips ─► coils
feeds     charger ─► fuse ─► contact ─► worker, and the two pairs of an Ethernet cable
panel     header of the master ─► panel board ─► buttons, LEDs; red button
sensing   header of the master ─► 15 kΩ ─► 10 kΩ ─► 5 V on the workers' boards
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from chaosmonkey.config import Lab
from chaosmonkey.model import FeedKind
from hardware.panel import LED_OHMS, panel_layout
from hardware.table import (
    COIL_PIN,
    GROUND_PIN,
    HEADER,
    PANEL_GROUND_PIN,
    RED_GROUND_PIN,
    SENSE_GROUND_PIN,
    SUPPLY_PIN,
    WORKER_PIN,
    Channel,
    channels,
    rails,
)

Drawing = dict[str, Any]

SECOND_GROUND_PIN = 9
"""Header pin for U2's ground; GROUND_PIN is U1's."""

HEAD = "# Generated from hardware/lab.toml by `make drawings`; do not edit.\n"


def as_yaml(drawing: Drawing) -> str:
    """A harness as WireViz YAML."""
    dumped: str = yaml.safe_dump(drawing, sort_keys=False, allow_unicode=True, width=100)
    return HEAD + dumped


def control(lab: Lab) -> Drawing:
    """The harness from the header through both driver chips to the coils."""
    power, network = (channels(lab, feed) for feed in (FeedKind.POWER, FeedKind.NETWORK))
    header = {
        COIL_PIN: "5 V, coils",
        GROUND_PIN: "GND, U1",
        SECOND_GROUND_PIN: "GND, U2",
        **{one.header: f"BCM {one.bcm}, {one.machine} {one.feed}" for one in power + network},
    }
    connectors: Drawing = {
        "X1": {
            "type": "40-pin header of the master",
            "subtype": "socket on a ribbon",
            "pins": list(header),
            "pinlabels": list(header.values()),
        },
        "F1+S1": {
            "type": "fuse 1.1 A and contact 11-12 of the red button",
            "pins": ["in", "out"],
            "notes": "While pressed, no coil is energised: every worker is on",
        },
    }
    cables: Drawing = {"W3": _wires(["RD"], "coils' 5 V"), "W6": _wires(["RD"] * 4, "coils' 5 V")}
    connections: list[list[dict[str, Any]]] = []
    for chip, ground, rows, ribbon, coil in (
        ("U1", GROUND_PIN, power, "W1", "W4"),
        ("U2", SECOND_GROUND_PIN, network, "W2", "W5"),
    ):
        count = len(rows)
        connectors[chip] = _chip(rows)
        bank = f"{rows[0].relay} to {rows[-1].relay} coils"
        connectors[bank] = {
            "type": "relays",
            "pins": ["+", *(one.relay for one in rows)],
            "pinlabels": [
                "5 V, one end of each coil",
                *(f"{one.machine} {one.feed}" for one in rows),
            ],
        }
        cables[ribbon] = _wires(["BK", *(one.colour for one in rows)], "signals")
        cables[coil] = _wires([one.colour for one in rows], "coils")
        whole = list(range(1, count + 1))
        connections += [
            [
                {"X1": [ground, *(one.header for one in rows)]},
                {ribbon: [*whole, count + 1]},
                {chip: [9, *(one.input for one in rows)]},
            ],
            [
                {chip: [one.output for one in rows]},
                {coil: whole},
                {bank: [one.relay for one in rows]},
            ],
        ]
    connections.append([{"X1": [COIL_PIN]}, {"W3": [1]}, {"F1+S1": ["in"]}])
    ends: list[tuple[str, object]] = [("U1", 10), ("U2", 10)]
    ends += [(name, "+") for name in connectors if name.endswith("coils")]
    connections += [
        [{"F1+S1": ["out"]}, {"W6": [wire]}, {name: [pin]}]
        for wire, (name, pin) in enumerate(ends, start=1)
    ]
    return {"connectors": connectors, "cables": cables, "connections": connections}


def feeds(lab: Lab) -> Drawing:
    """The harness from the charger to the workers, and one worker's Ethernet cable."""
    power, network = (channels(lab, feed) for feed in (FeedKind.POWER, FeedKind.NETWORK))
    connectors: Drawing = {}
    cables: Drawing = {}
    connections: list[list[dict[str, Any]]] = []
    for one in power:
        port, relay, board = f"G1 port {one.number}", one.relay, f"{one.machine} power"
        into, out, lead = (f"W{tens + one.number}" for tens in (10, 20, 30))
        connectors[port] = {"type": "USB charger", "pins": [1, 4], "pinlabels": ["5 V", "GND"]}
        connectors[f"F{10 + one.number}"] = {"type": "fuse 3 A", "pins": ["in", "out"]}
        connectors[relay] = {
            "type": "contact",
            "pins": ["COM", "NC", "NO"],
            "notes": "NO is unconnected",
        }
        connectors[board] = {"type": "USB plug", "pins": [1, 5], "pinlabels": ["5 V", "GND"]}
        cables[into] = _wires(["RD"], "0.5 mm²")
        cables[out] = _wires(["RD"], "0.5 mm²")
        cables[lead] = _wires(["RD", "BK"], "0.5 mm², the worker's USB lead")
        connections += [
            [{port: [1]}, {into: [1]}, {f"F{10 + one.number}": ["in"]}],
            [{f"F{10 + one.number}": ["out"]}, {out: [1]}, {relay: ["COM"]}],
            [{relay: ["NC"]}, {lead: [1]}, {board: [1]}],
            [{port: [4]}, {lead: [2]}, {board: [5]}],
        ]
    first = network[0]
    switch, worker = "switch port", f"{first.machine} network (all workers alike)"
    for end in (switch, worker):
        connectors[end] = {
            "type": "RJ45",
            "pins": [1, 2, 3, 6],
            "pinlabels": ["WH/OG", "OG", "WH/GN", "GN"],
        }
    connectors[first.relay] = {
        "type": "contact, two poles",
        "pins": ["COM 1", "COM 2", "NC 1", "NC 2", "NO 1", "NO 2"],
        "notes": "Both NO are unconnected; all other wires run straight through",
    }
    cables["W41"] = _wires(["WH", "OG", "WH", "GN"], "pairs 1-2 and 3-6, twisted to the contact")
    cables["W42"] = _wires(["WH", "OG"], "pair 1-2")
    connections += [
        [{switch: [1, 2]}, {"W41": [1, 2]}, {first.relay: ["COM 1", "COM 2"]}],
        [{first.relay: ["NC 1", "NC 2"]}, {"W42": [1, 2]}, {worker: [1, 2]}],
        [{switch: [3, 6]}, {"W41": [3, 4]}, {worker: [3, 6]}],
    ]
    return {"connectors": connectors, "cables": cables, "connections": connections}


def panel(lab: Lab) -> Drawing:
    """The harness from the header to the panel's board, and on to the buttons and LEDs."""
    layout = panel_layout(lab)
    bus = {
        SUPPLY_PIN: ("OG", "3V3", "3V3"),
        PANEL_GROUND_PIN: ("BK", "GND", "GND, panel"),
        HEADER[2]: ("VT", "SDA", "BCM 2, SDA"),
        HEADER[3]: ("GY", "SCL", "BCM 3, SCL"),
        HEADER[layout.interrupt]: ("YE", "INT", f"BCM {layout.interrupt}, INTA"),
        HEADER[layout.heartbeat]: ("GN", "BEAT", f"BCM {layout.heartbeat}, heartbeat"),
        HEADER[layout.halt]: ("WH", "HALT", f"BCM {layout.halt}, red button"),
        RED_GROUND_PIN: ("BK", "HALT GND", "GND, red button"),
    }
    buttons = {spot.line: f"{spot.button}, {spot.machine}" for spot in layout.buttons}
    leds = {spot.line: f"{spot.led}, {spot.machine}" for spot in layout.leds}
    board = [name for _, name, _ in bus.values()]
    board += ["S1 21", "S1 22", *buttons, "GND S", *leds, "GND H", "H1 +", "H1 -"]
    bank = f"{layout.buttons[0].button} to {layout.buttons[-1].button}"
    lamps = f"{layout.leds[0].led} to {layout.leds[-1].led}"
    connectors: Drawing = {
        "X1": {
            "type": "40-pin header of the master",
            "subtype": "socket on a ribbon",
            "pins": list(bus),
            "pinlabels": [label for _, _, label in bus.values()],
        },
        "U3 board": {
            "type": f"MCP23017, address {layout.address:#04x}",
            "subtype": "with all resistors of the panel",
            "pins": board,
            "notes": f"{LED_OHMS} Ω in each LED's line",
        },
        "S1": {
            "type": "big red button, two NC contacts",
            "pins": [21, 22],
            "notes": "Contact 11-12 interrupts the coils' 5 V: see the control harness",
        },
        bank: {
            "type": "buttons, normally open",
            "pins": [*buttons, "GND"],
            "pinlabels": [*buttons.values(), "the other ends"],
        },
        lamps: {
            "type": "LEDs, 2 V",
            "pins": [*leds, "GND"],
            "pinlabels": [*(f"{label}, anode" for label in leds.values()), "all cathodes"],
        },
        "H1": {"type": "heartbeat LED, 2 V", "pins": ["+", "-"]},
    }
    colours = [spot.colour for spot in layout.buttons]
    lights = [spot.colour for spot in layout.leds]
    cables = {
        "W61": _wires([colour for colour, _, _ in bus.values()], "panel, 0.5 m at most"),
        "W62": _wires([*colours, "BK"], "buttons"),
        "W63": _wires([*lights, "BK"], "LEDs"),
        "W64": _wires(["WH", "BK"], "red button"),
        "W65": _wires(["GN", "BK"], "heartbeat"),
    }
    names = [name for _, name, _ in bus.values()]
    connections = [
        _straight("X1", list(bus), "W61", "U3 board", names),
        _straight("U3 board", [*buttons, "GND S"], "W62", bank, [*buttons, "GND"]),
        _straight("U3 board", [*leds, "GND H"], "W63", lamps, [*leds, "GND"]),
        _straight("U3 board", ["S1 21", "S1 22"], "W64", "S1", [21, 22]),
        _straight("U3 board", ["H1 +", "H1 -"], "W65", "H1", ["+", "-"]),
    ]
    return {"connectors": connectors, "cables": cables, "connections": connections}


def sensing(lab: Lab) -> Drawing:
    """The harness from the header to the 5 V on each worker's board."""
    rows = rails(lab)
    header = {SENSE_GROUND_PIN: "GND, rail inputs"} | {
        one.header: f"BCM {one.bcm}, {one.machine} rail" for one in rows
    }
    connectors: Drawing = {
        "X1": {
            "type": "40-pin header of the master",
            "subtype": "socket on a ribbon",
            "pins": list(header),
            "pinlabels": list(header.values()),
        },
        "R15": {
            "type": "15 kΩ from each line to GND",
            "subtype": "at the header",
            "pins": ["GND", *(one.machine for one in rows)],
        },
        "workers": {
            "type": f"pin {WORKER_PIN} (5 V) of each worker's own header",
            "pins": [one.machine for one in rows],
            "notes": "10 kΩ in each wire, at this end",
        },
    }
    colours = [one.colour for one in rows]
    cables = {"W51": _wires(["BK", *colours], "rail inputs"), "W52": _wires(colours, "sense wires")}
    machines = [one.machine for one in rows]
    connections = [
        _straight("X1", list(header), "W51", "R15", ["GND", *machines]),
        _straight("R15", machines, "W52", "workers", machines),
    ]
    return {"connectors": connectors, "cables": cables, "connections": connections}


def _straight(
    one: str, pins: Sequence[int | str], cable: str, other: str, ends: Sequence[int | str]
) -> list[dict[str, Any]]:
    """A cable that connects each pin to the end at the same position."""
    return [{one: list(pins)}, {cable: list(range(1, len(pins) + 1))}, {other: list(ends)}]


def _chip(rows: list[Channel]) -> Drawing:
    ins = {one.input: f"in, {one.machine}" for one in rows}
    outs = {one.output: f"out, {one.machine}" for one in rows}
    pins = ins | {9: "GND", 10: "COM: flyback diodes"} | outs
    return {
        "type": "ULN2803A",
        "subtype": f"{rows[0].feed}",
        "pins": list(pins),
        "pinlabels": list(pins.values()),
        "notes": "10 kΩ from each used input to GND",
    }


def _wires(colours: list[str], what: str) -> Drawing:
    return {"wirecount": len(colours), "colors": colours, "notes": what}
