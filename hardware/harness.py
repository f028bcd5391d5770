"""The harnesses in WireViz's language, made of lab.toml: who needs no drawing reads the YAML.

control   header of the master ─► driver chips ─► coils
feeds     charger ─► fuse ─► contact ─► worker, and the two pairs of an Ethernet cable
"""

from __future__ import annotations

from typing import Any

import yaml

from chaosmonkey.config import Lab
from chaosmonkey.model import FeedKind
from hardware.table import COIL_PIN, GROUND_PIN, Channel, channels

Drawing = dict[str, Any]

SECOND_GROUND_PIN = 9
"""Pin of the header for U2's ground; the first one is U1's."""

HEAD = "# Made by `make drawings` of hardware/lab.toml; do not edit.\n"


def as_yaml(drawing: Drawing) -> str:
    """A harness as WireViz reads it."""
    return HEAD + yaml.safe_dump(drawing, sort_keys=False, allow_unicode=True, width=100)


def control(lab: Lab) -> Drawing:
    """From the header over both chips to the coils."""
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
            "type": "fuse 1.1 A and push button (normally closed)",
            "pins": ["in", "out"],
            "notes": "Pressed: no coil has current, every worker is on",
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
    """From the charger over fuse and contact to the workers, and one worker's Ethernet."""
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
            "notes": "NO stays free",
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
    switch, worker = "switch port", f"{first.machine} network, like all others"
    for end in (switch, worker):
        connectors[end] = {
            "type": "RJ45",
            "pins": [1, 2, 3, 6],
            "pinlabels": ["WH/OG", "OG", "WH/GN", "GN"],
        }
    connectors[first.relay] = {
        "type": "contact, two poles",
        "pins": ["COM 1", "COM 2", "NC 1", "NC 2", "NO 1", "NO 2"],
        "notes": "Both NO stay free; all other wires run through",
    }
    cables["W41"] = _wires(["WH", "OG", "WH", "GN"], "pairs 1-2 and 3-6, twisted to the contact")
    cables["W42"] = _wires(["WH", "OG"], "pair 1-2")
    connections += [
        [{switch: [1, 2]}, {"W41": [1, 2]}, {first.relay: ["COM 1", "COM 2"]}],
        [{first.relay: ["NC 1", "NC 2"]}, {"W42": [1, 2]}, {worker: [1, 2]}],
        [{switch: [3, 6]}, {"W41": [3, 4]}, {worker: [3, 6]}],
    ]
    return {"connectors": connectors, "cables": cables, "connections": connections}


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
