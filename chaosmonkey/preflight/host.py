"""Checks of this computer: GPIO and its permissions, power supply, data folder."""

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
"""Pin factory → the module it needs."""

UNDER_VOLTAGE_NOW, UNDER_VOLTAGE_SINCE_BOOT = 0x1, 0x10000
"""Bits of the firmware's get_throttled (Raspberry Pi documentation of vcgencmd)."""


def check_host(lab: Lab, root: Path = ROOT) -> Iterator[Finding]:
    """Findings about this computer; `root` is where the system's files are."""
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
        "pip install lgpio, or on Python 3.13 apt install python3-lgpio.",
    )


def _persistence(root: Path) -> Finding:
    found = sorted(root.glob(PERSIST))
    if not found:
        return unknown(
            "GPIO",
            "This kernel does not say whether lines keep their level when the server dies.",
            "On Raspberry Pi OS they do unless config.txt has dtparam=strict_gpiod.",
        )
    if any(path.read_text().strip() in ("Y", "1") for path in found):
        return note(
            "GPIO",
            "Lines keep their level when the server is killed (persist_gpio_outputs): a cut feed "
            "stays cut until the next start.",
            "dtparam=strict_gpiod in config.txt releases them. systemd restarts the server.",
        )
    return ok("GPIO", "A dead server releases its lines: feeds on NC contacts come back.")


def _access(root: Path) -> Finding:
    chips = sorted(root.glob("dev/gpiochip*"))
    if not chips:
        return fault(
            "GPIO",
            "There is no /dev/gpiochip.",
            "Run this on a Raspberry Pi. In a container, pass the device in.",
        )
    if any(os.access(chip, os.R_OK | os.W_OK) for chip in chips):
        return ok("GPIO", "This user has access to the GPIO lines.")
    return fault(
        "GPIO",
        "This user has no access to the GPIO lines.",
        "sudo adduser USER gpio, then log in again; in a unit: SupplementaryGroups=gpio.",
    )


def _i2c(lab: Lab, root: Path) -> Finding:
    device = f"dev/i2c-{lab.gpio.i2c_bus}"
    if not (root / device).exists():
        return fault("I2C", f"There is no /{device}.", "Set dtparam=i2c_arm=on in config.txt.")
    if not os.access(root / device, os.R_OK | os.W_OK):
        return fault(
            "I2C",
            "This user has no access to the I2C bus.",
            "sudo adduser USER i2c, then log in again; in a unit: SupplementaryGroups=i2c.",
        )
    return ok("I2C", "This user has access to the I2C bus.")


def _supply(root: Path) -> Iterator[Finding]:
    path = root / THROTTLED
    if not path.exists():
        return
    flags = int(path.read_text().strip(), 16)
    if flags & UNDER_VOLTAGE_NOW:
        yield fault(
            "supply", "This Pi's supply voltage is too low now.", "Use a better supply or cable."
        )
    elif flags & UNDER_VOLTAGE_SINCE_BOOT:
        yield note(
            "supply",
            "This Pi's supply voltage was too low at some time since boot.",
            "Use a better supply.",
        )
    else:
        yield ok("supply", "This Pi's supply voltage has been sufficient since boot.")


def _writable(folder: Path) -> Iterator[Finding]:
    if not folder.exists():
        return  # the first start creates it
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(4096))
            file.flush()
    except OSError as error:
        yield fault(
            "data folder",
            f"{folder} is not writable: {error.strerror}. The server cuts nothing without it.",
            "Make it writable for the server's user, free some space, or choose another folder in "
            "[server] data. Then restart the server.",
        )


def _data_folder(folder: Path, root: Path) -> Iterator[Finding]:
    if doubt := check_filesystem(folder, root / "proc/self/mountinfo"):
        yield note("data folder", doubt.says, doubt.remedy)
