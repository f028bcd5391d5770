"""gpiozero pin factories that claim an output without a glitch, selected explicitly.

gpiozero's lgpio pin becomes an output at LOW and is then written: an active-low relay clicks for a
millisecond. The pins here are claimed at their level in one step.
"""

from __future__ import annotations

from typing import Any, assert_never

from gpiozero.pins import Factory
from gpiozero.pins.mock import MockFactory, MockPin

from chaosmonkey.config import GpioSettings
from chaosmonkey.errors import PlugFailed
from chaosmonkey.wires.mock_header import MockHeader

_LGPIO_MISSING = (
    "Install it with pip install lgpio (Python 3.12 and older) or as Raspberry Pi OS's package "
    "python3-lgpio, and set LG_WD to a writable folder."
)


def open_pin_factory(gpio: GpioSettings, cable: MockHeader | None = None) -> Factory:
    """Open the pin factory that the settings name.

    Args:
        gpio: the settings.
        cable: connects the mock's pins to a bench.

    Raises:
        PlugFailed: it is not installed, or this machine has no such GPIO chip.
    """
    match gpio.pin_factory:
        case "lgpio":
            return _lgpio_factory(gpio.chip)
        case "rpigpio":
            return _rpigpio_factory()
        case "mock":
            return mock_factory(cable)
        case _:
            assert_never(gpio.pin_factory)


def _lgpio_factory(chip: int | None) -> Factory:
    try:
        import lgpio  # noqa: PLC0415 - only on machines that have GPIO lines
        from gpiozero.pins.lgpio import LGPIOFactory, LGPIOPin  # noqa: PLC0415
    except (ImportError, OSError, AttributeError) as error:
        raise PlugFailed(
            f"The pin factory lgpio is not usable: {error}.", remedy=_LGPIO_MISSING
        ) from None
    if not hasattr(lgpio, "gpiochip_open"):
        raise PlugFailed("The installed lgpio is an empty module.", remedy=_LGPIO_MISSING)

    class SafePin(LGPIOPin):  # type: ignore[misc] # gpiozero is untyped
        """An lgpio pin that is claimed at its level."""

        def output_with_state(self, state: object) -> None:
            lgpio.gpio_claim_output(self.factory._handle, self._number, int(bool(state)))

    try:
        factory = LGPIOFactory(chip=chip)
    except lgpio.error as error:
        raise PlugFailed(
            f"The GPIO chip {chip if chip is not None else ''} cannot be opened: {error}.",
            remedy="Check that this is a Raspberry Pi and that this user is in the group gpio.",
        ) from None
    factory.pin_class = SafePin
    return factory


def _rpigpio_factory() -> Factory:
    try:
        from gpiozero.pins.rpigpio import RPiGPIOFactory  # noqa: PLC0415
    except (ImportError, RuntimeError) as error:
        raise PlugFailed(
            f"The pin factory rpigpio is not usable: {error}.",
            remedy="Install rpi-lgpio (Raspberry Pi 5) or RPi.GPIO, or use pin_factory = 'lgpio'.",
        ) from None
    return RPiGPIOFactory()


def mock_factory(cable: MockHeader | None = None) -> MockFactory:
    """Mock pins of gpiozero, claimed without a glitch and wired to a bench by the cable."""

    class PretendPin(MockPin):  # type: ignore[misc] # gpiozero is untyped
        """A mock pin that sends every change through the cable."""

        def output_with_state(self, state: object) -> None:
            self._function = "output"
            self._change_state(bool(state))
            self._tell()

        def _set_function(self, value: str) -> None:
            super()._set_function(value)  # an input sets its pull, which sends it
            if value == "output":
                self._tell()

        def _set_pull(self, value: str) -> None:
            super()._set_pull(value)
            self._tell()

        def _set_state(self, value: Any) -> None:
            super()._set_state(value)
            self._tell()

        def _tell(self) -> None:
            if cable is not None:
                output = self._function == "output"
                cable.show(
                    self.info.name, f"out {int(self._state)}" if output else f"in {self._pull}"
                )

    class PretendFactory(MockFactory):  # type: ignore[misc] # gpiozero is untyped
        """A mock factory whose inputs follow the levels of a bench."""

        def level_changed(self, number: int, level: int) -> None:
            """Set an input's new level on the bench."""
            for info, pin in list(self.pins.items()):
                if info.name == f"GPIO{number}" and pin.function == "input":
                    (pin.drive_high if level else pin.drive_low)()

        def close(self) -> None:
            super().close()
            if cable is not None:
                cable.close()

    factory = PretendFactory(pin_class=PretendPin)
    if cable is not None:
        cable.level_changed = factory.level_changed
    return factory
