"""What this computer is like: its GPIO, who may use it, its supply, and where the data are."""

from __future__ import annotations

import importlib.util
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from chaosmonkey.config import Lab, lines_of, uses_i2c
from chaosmonkey.preflight.findings import Finding, fault, isolated, note, ok, unknown
from chaosmonkey.store import check_filesystem

ROOT = Path("/")

PERSIST = "sys/module/pinctrl_*/parameters/persist_gpio_outputs"
THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"

MODULES = {"lgpio": "lgpio", "rpigpio": "RPi"}
"""Pin factory → the module that it needs."""

UNDER_VOLTAGE_NOW, UNDER_VOLTAGE_SINCE_BOOT = 0x1, 0x10000
"""Bits of the firmware's get_throttled (Raspberry Pi documentation of vcgencmd)."""


def check_host(lab: Lab, root: Path = ROOT) -> Iterator[Finding]:
    """What is found here; `root` is where the system's files are."""
    if lab.gpio.pin_factory != "mock":
        if any(isinstance(used.line, int) for used in lines_of(lab)):
            yield from isolated("GPIO", lambda: [_pin_factory(lab)])
            yield from isolated("GPIO", lambda: [_persistence(root)])
            yield from isolated("GPIO", lambda: [_access(root)])
        if uses_i2c(lab):
            yield from isolated("I2C", lambda: [_i2c(lab, root)])
    yield from isolated("supply", lambda: _supply(root))
    yield from isolated("data folder", lambda: _writable(lab.server.data))
    yield from isolated("data folder", lambda: _data_folder(lab.server.data, root))


def _pin_factory(lab: Lab) -> Finding:
    module = MODULES[lab.gpio.pin_factory]
    if importlib.util.find_spec(module) is not None:
        return ok("GPIO", f"The pin factory {lab.gpio.pin_factory} is installed.")
    return fault(
        "GPIO",
        f"The pin factory {lab.gpio.pin_factory} is not installed.",
        "pip install 'chaosmonkey[gpio]', or on Python 3.13 Raspberry Pi OS's python3-lgpio.",
    )


def _persistence(root: Path) -> Finding:
    found = sorted(root.glob(PERSIST))
    if not found:
        return unknown(
            "GPIO",
            "Whether lines keep their level when the server dies is not known here.",
            "On Raspberry Pi OS they do unless config.txt has dtparam=strict_gpiod.",
        )
    if any(path.read_text().strip() in ("Y", "1") for path in found):
        return note(
            "GPIO",
            "Lines keep their level when the server is killed (persist_gpio_outputs): what was cut "
            "stays cut until the next start.",
            "dtparam=strict_gpiod in config.txt lets them go. systemd starts the server again.",
        )
    return ok("GPIO", "A dead server lets go of its lines: what hangs on NC contacts comes back.")


def _access(root: Path) -> Finding:
    chips = sorted(root.glob("dev/gpiochip*"))
    if not chips:
        return fault(
            "GPIO", "There is no /dev/gpiochip.", "Is this a Raspberry Pi, and not a container?"
        )
    if any(os.access(chip, os.R_OK | os.W_OK) for chip in chips):
        return ok("GPIO", "This user may use the lines.")
    return fault(
        "GPIO",
        "This user may not use the lines.",
        "sudo adduser USER gpio, then sign in again; in a unit: SupplementaryGroups=gpio.",
    )


def _i2c(lab: Lab, root: Path) -> Finding:
    device = f"dev/i2c-{lab.gpio.i2c_bus}"
    if not (root / device).exists():
        return fault("I2C", f"There is no /{device}.", "dtparam=i2c_arm=on in config.txt.")
    if not os.access(root / device, os.R_OK | os.W_OK):
        return fault(
            "I2C",
            "This user may not use the bus.",
            "sudo adduser USER i2c, then sign in again; in a unit: SupplementaryGroups=i2c.",
        )
    return ok("I2C", "This user may use the bus.")


def _supply(root: Path) -> Iterator[Finding]:
    path = root / THROTTLED
    if not path.exists():
        return
    flags = int(path.read_text().strip(), 16)
    if flags & UNDER_VOLTAGE_NOW:
        yield fault("supply", "This Pi has too little voltage now.", "A better supply or cable.")
    elif flags & UNDER_VOLTAGE_SINCE_BOOT:
        yield note(
            "supply", "This Pi has had too little voltage since it started.", "A better supply."
        )
    else:
        yield ok("supply", "This Pi's voltage has held since it started.")


def _writable(folder: Path) -> Iterator[Finding]:
    if not folder.exists():
        return  # it is made at the first start
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(4096))
            file.flush()
    except OSError as error:
        yield fault(
            "data folder",
            f"{folder} cannot be written: {error.strerror}. Without it nothing is cut.",
            "Make it writable for the server's user, free some space, or name another: [server] "
            "data. Then start the server again.",
        )


def _data_folder(folder: Path, root: Path) -> Iterator[Finding]:
    if doubt := check_filesystem(folder, root / "proc/self/mountinfo"):
        yield note("data folder", doubt.says, doubt.remedy)
