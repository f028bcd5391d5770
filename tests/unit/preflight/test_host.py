"""Each fault of this machine that is planted is found."""

from pathlib import Path

import pytest

from chaosmonkey.config import Lab, build
from chaosmonkey.preflight import Level
from chaosmonkey.preflight.host import THROTTLED, check_host


def lab(factory: str = "lgpio") -> Lab:
    power = {"driver": "gpio", "pin": 17}
    return build({"gpio": {"pin_factory": factory}, "machine": [{"name": "node1", "power": power}]})


def plant(root: Path, path: str, text: str = "") -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def levels(root: Path, settings: Lab | None = None) -> dict[str, Level]:
    return {one.says: one.level for one in check_host(settings or lab(), root)}


@pytest.mark.parametrize(("value", "level"), [("Y", Level.NOTE), ("N", Level.OK)])
def test_lines_that_outlive_the_server_are_noted(tmp_path: Path, value: str, level: Level) -> None:
    plant(tmp_path, "sys/module/pinctrl_bcm2835/parameters/persist_gpio_outputs", f"{value}\n")
    told = [
        one for one in levels(tmp_path).items() if "NC contacts" in one[0] or "persist" in one[0]
    ]
    assert [one for _, one in told] == [level]


def test_where_nothing_tells_it_is_said_that_it_is_not_known(tmp_path: Path) -> None:
    assert Level.UNKNOWN in levels(tmp_path).values()


def test_a_machine_without_gpio_is_a_fault(tmp_path: Path) -> None:
    assert levels(tmp_path)["There is no /dev/gpiochip."] is Level.FAULT


def test_lines_that_this_user_may_use_are_well(tmp_path: Path) -> None:
    plant(tmp_path, "dev/gpiochip0")
    assert levels(tmp_path)["This user has access to the GPIO lines."] is Level.OK


@pytest.mark.parametrize(
    ("flags", "level"), [("0", Level.OK), ("50005", Level.FAULT), ("50000", Level.NOTE)]
)
def test_too_little_voltage_is_found(tmp_path: Path, flags: str, level: Level) -> None:
    plant(tmp_path, THROTTLED, f"{flags}\n")
    (told,) = [one.level for one in check_host(lab("mock"), tmp_path)]
    assert told is level


def test_a_pin_factory_that_is_not_installed_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert levels(tmp_path)["The pin factory lgpio is not installed."] is Level.FAULT


def test_pretend_pins_need_nothing_of_this_machine(tmp_path: Path) -> None:
    assert levels(tmp_path, lab("mock")) == {}


def with_expander() -> Lab:
    return build({"panel": {"expander": 0x20}, "machine": [{"name": "node1", "button": "A0"}]})


def test_an_i2c_bus_that_is_not_switched_on_is_a_fault(tmp_path: Path) -> None:
    found = {one.says: one for one in check_host(with_expander(), tmp_path)}
    assert found["There is no /dev/i2c-1."].level is Level.FAULT
    assert "dtparam=i2c_arm=on" in found["There is no /dev/i2c-1."].remedy


def test_an_i2c_bus_that_this_user_may_use_is_well(tmp_path: Path) -> None:
    plant(tmp_path, "dev/i2c-1")
    assert levels(tmp_path, with_expander())["This user has access to the I2C bus."] is Level.OK


def test_a_table_without_gpio_is_not_asked_about_gpio(tmp_path: Path) -> None:
    assert levels(tmp_path, build({"machine": [{"name": "node1"}]})) == {}


def test_a_sensor_alone_is_reason_enough_to_look_at_gpio(tmp_path: Path) -> None:
    sensor = {"driver": "gpio", "pin": 9}
    settings = build({"machine": [{"name": "node1", "power_sensor": sensor}]})
    assert levels(tmp_path, settings)["There is no /dev/gpiochip."] is Level.FAULT


def test_a_data_folder_in_memory_is_noted(tmp_path: Path) -> None:
    plant(tmp_path, "proc/self/mountinfo", "30 22 0:30 / / rw - tmpfs tmpfs rw\n")
    (told,) = levels(tmp_path, lab("mock")).items()
    assert "is in memory (tmpfs)" in told[0]
    assert told[1] is Level.NOTE


def test_a_data_folder_that_cannot_be_written_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    settings = build({"gpio": {"pin_factory": "mock"}, "server": {"data": tmp_path / "data"}})
    told = levels(tmp_path, settings)
    (says,) = [one for one, level in told.items() if level is Level.FAULT]
    assert "is not writable: Not a directory. The server cuts nothing without it" in says
