"""The tables of a switch with one port, number 3, for snmpd's pass_persist hook.

Its state is the file `order` in the folder that it is given: 1 on, 2 off. The file `lie` makes it
say yes and do nothing, `effect` overrules what it says that the port does, `delay` is how much
later it answers.
"""

import sys
import time
from pathlib import Path

FOLDER = Path(sys.argv[1])
ORDERS = (".1.3.6.1.2.1.105.1.1.1.3.1.3", ".1.3.6.1.2.1.2.2.1.7.3")
POE_EFFECT = ".1.3.6.1.2.1.105.1.1.1.6.1.3"  # 3 delivering, 2 searching
LINK_EFFECT = ".1.3.6.1.2.1.2.2.1.8.3"  # 1 up, 2 down


def said(name: str) -> str:
    try:
        return (FOLDER / name).read_text()
    except FileNotFoundError:
        return ""


def answer(oid: str) -> str:
    on = said("order") == "1"
    values = dict.fromkeys(ORDERS, int(said("order")))
    values[POE_EFFECT] = int(said("effect") or (3 if on else 2))
    values[LINK_EFFECT] = int(said("effect") or (1 if on else 2))
    return f"{oid}\ninteger\n{values[oid]}" if oid in values else "NONE"


def obey(oid: str, value: str) -> str:
    if oid not in ORDERS:
        return "not-writable"
    if not (FOLDER / "lie").exists():
        (FOLDER / "order").write_text(value.rpartition(" ")[2])
    return "DONE"


def line() -> str:
    return sys.stdin.readline().strip()


while command := line():
    if command != "PING":
        time.sleep(float(said("delay") or 0))
    match command:
        case "PING":
            reply = "PONG"
        case "get":
            reply = answer(line())
        case "set":
            reply = obey(line(), line())
        case _:
            line()
            reply = "NONE"
    print(reply, flush=True)  # noqa: T201 - snmpd reads it
