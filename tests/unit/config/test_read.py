"""Whatever is wrong in a lab.toml is said at once, with its place and what to write instead."""

from pathlib import Path
from typing import Any, get_args

import pytest

from chaosmonkey.config import Lab, SnmpPlug, build, load
from chaosmonkey.config.plugs import DRIVERS, PlugSettings
from chaosmonkey.errors import BadConfig, BadInput
from tests.sure import sure

GPIO = {"driver": "gpio", "pin": 17}


def problems(**values: object) -> list[str]:
    with pytest.raises(BadConfig) as caught:
        build(values)
    return caught.value.problems


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"titel": "x"}, "titel: unknown key. Did you mean 'title'? Known keys: title, speed"),
        ({"server": {"prt": 1}}, "server.prt: unknown key. Did you mean 'port'?"),
        ({"server": {"port": "many"}}, "server.port: should be a valid integer"),
        (
            {"server": {"port": 70000}},
            "server.port: should be less than or equal to 65535, not 70000",
        ),
        ({"cluster": {"server": "127.0.0.1"}}, "cluster.server: must be a URL such as"),
        ({"machine": [{}]}, "[[machine]] 1: name: is missing. Its name"),
        (
            {"machine": [{"name": "node1", "power": {"driver": "gpio", "pin": 40}}]},
            "[[machine]] 1 (node1): power.pin: should be less than or equal to 27, not 40. BCM",
        ),
        (
            {"machine": [{"name": "node1", "power": {"driver": "gpio", "pin": 4, "contct": "NC"}}]},
            "[[machine]] 1 (node1): power.contct: unknown key. Did you mean 'contact'? Known keys: "
            "driver, pin, contact, active_high.",
        ),
        (
            {"machine": [{"name": "node1", "power": {"driver": "shelly"}}]},
            '[[machine]] 1 (node1): power.driver: must be "gpio" or "command"',
        ),
        (
            {"machine": [{"name": "node1", "network": {"driver": "command", "cut": ["x"]}}]},
            "[[machine]] 1 (node1): network.restore: is missing.",
        ),
        (
            {"audience": {"wifi_ssid": "Hall"}},
            "audience.wifi_password: is missing. For an open Wi-Fi",
        ),
        ({"machine": [{"name": "Node 1"}]}, "[[machine]] 1 (Node 1): name: String should match"),
        (
            {"machine": [{"name": "a"}, {"name": "a"}]},
            "[[machine]]: 2 machines are called 'a'. Give each its own name.",
        ),
        (
            {"machine": [{"name": "a"}, {"name": "b", "node": "a"}]},
            "[[machine]] b: node 'a' already belongs to 'a'.",
        ),
        (
            {"machine": [{"name": "a", "power": GPIO}, {"name": "b", "network": GPIO}]},
            "[[machine]] b: network.pin: 17 is already a's power plug.",
        ),
        (
            {"limits": {"protected": ["a"]}, "machine": [{"name": "a", "power": GPIO}]},
            "limits.protected: 'a' is protected, but has a power plug. Remove power from",
        ),
        (
            {"limits": {"min_seconds": 9, "max_seconds": 5}},
            "limits: min_seconds is above max_seconds",
        ),
        ({"limits": {"default_seconds": 2}}, "limits.default_seconds: 2 is not between"),
        ({"gpio": {"header": "127.0.0.1:1"}}, "gpio.header: needs pin_factory"),
        (
            {"machine": [{"name": "a", "power": GPIO, "button": 17}]},
            "[[machine]] a: button: 17 is already a's power plug. Use another line",
        ),
        (
            {"panel": {"halt": 5, "heartbeat": 5}},
            "panel.heartbeat: 5 is already the big red button.",
        ),
        (
            {"machine": [{"name": "a", "led": "B0"}]},
            '[[machine]] a: led: "B0" is on an expander. Set panel.expander to its I2C address',
        ),
        (
            {"panel": {"expander": 32}, "machine": [{"name": "a", "led": 3}]},
            "[[machine]] a: led: BCM 3 is a line of the I2C bus, which is in use.",
        ),
        (
            {"machine": [{"name": "a", "button": "A9"}]},
            '[[machine]] 1 (a): button: must be a BCM number from 0 to 27, or "A0" to "B7"',
        ),
        (
            {"panel": {"expander": 32}, "machine": [{"name": "a", "button": "B7"}]},
            "[[machine]] 1 (a): button: must not be A7 or B7: outputs only",
        ),
        (
            {"machine": [{"name": "a", "power_sensor": {"driver": "lamp"}}]},
            '[[machine]] 1 (a): power_sensor.driver: must be "gpio" or "ina219" or "ina3221" or',
        ),
        (
            {"machine": [{"name": "a", "power_sensor": {"driver": "ina219", "adress": 64}}]},
            "[[machine]] 1 (a): power_sensor.adress: unknown key. Did you mean 'address'?",
        ),
        (
            {
                "machine": [
                    {"name": name, "power_sensor": {"driver": "ina3221", "channel": 2}}
                    for name in ("a", "b")
                ]
            },
            "[[machine]] b: power_sensor: ina3221 0x40 channel 2 is already [[machine]] a",
        ),
        ({"panel": {"interrupt": 6}}, "panel: `interrupt` needs the expander's address"),
    ],
)
def test_each_mistake_is_explained_where_it_is(values: dict[str, Any], expected: str) -> None:
    found = problems(**values)
    assert any(problem.startswith(expected) for problem in found), found


def test_all_mistakes_are_told_at_once() -> None:
    assert len(problems(titel="x", server={"port": "x"}, gpio={"chip": -1})) == 3


def test_a_file_that_is_not_toml_is_said_to_be_none_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "lab.toml"
    path.write_text("[server]\nport = \n")
    with pytest.raises(BadConfig, match=r"not TOML: .*line 2"):
        load(path)


def test_a_missing_file_and_an_unreadable_one_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="does not exist"):
        load(tmp_path / "none.toml")
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match="cannot be read"):
        load(binary)


def test_the_environment_overrides_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAOSMONKEY_SERVER__PORT", "9090")
    lab = build({"server": {"port": 1, "host": "0.0.0.0"}})
    assert (lab.server.port, lab.server.host) == (9090, "0.0.0.0")


def test_a_password_is_not_in_what_is_said_about_a_mistake() -> None:
    lab = {"audience": {"wifi_ssid": "Hall", "wifi_password": "correct horse", "rotate": 1}}
    assert "correct horse" not in "".join(problems(**lab))
    good = build({"audience": {"wifi_ssid": "Hall", "wifi_password": "correct horse"}})
    assert "correct horse" not in repr(good)


def test_settings_cannot_be_changed_afterwards() -> None:
    lab = build({})
    with pytest.raises(ValueError, match="frozen"):
        lab.server.port = 1  # type: ignore[misc] # that is what is tried


def test_the_preset_says_how_long_a_cut_lasts_unless_the_limits_do() -> None:
    assert build({}).default_seconds == 420
    assert build({"timing": {"preset": "stage"}}).default_seconds == 60
    assert build({"limits": {"default_seconds": 30}}).default_seconds == 30


def test_every_setting_explains_itself() -> None:
    """Error messages quote the explanations, and docs/configuration.md is made of them."""
    seen = [Lab]
    while seen:
        section = seen.pop()
        for name, field in section.model_fields.items():
            if isinstance(field.annotation, type) and hasattr(field.annotation, "model_fields"):
                seen.append(field.annotation)
            elif name not in ("driver", "power", "network"):
                assert field.description, f"{section.__name__}.{name} has no docstring"


@pytest.mark.parametrize("driver", DRIVERS)
def test_every_key_of_every_driver_explains_itself(driver: str) -> None:
    section = DRIVERS[driver]
    assert section.__doc__
    for name, field in section.model_fields.items():
        assert name == "driver" or field.description, f"{section.__name__}.{name} has no docstring"
    assert get_args(section.model_fields["driver"].annotation) == (driver,)


def test_every_driver_can_be_chosen() -> None:
    assert set(get_args(PlugSettings)) == set(DRIVERS.values())


SNMP = {"driver": "snmp", "host": "switch"}


@pytest.mark.parametrize(
    ("plug", "expected"),
    [
        (SNMP | {"community": "c"}, "power: Value error, needs either `poe` or `interface`"),
        (SNMP | {"poe": "3"}, "power: needs either `community` (SNMP v2c) or `user`"),
        (SNMP | {"poe": "3", "user": "u", "privacy": "12345678"}, "power: `privacy` needs `auth`"),
        (
            SNMP | {"poe": "3", "user": "u", "auth": "short"},
            "power: `auth` and `privacy` need at least 8",
        ),
        (
            SNMP | {"poe": "3", "community": "{env:CHAOSMONKEY_NO_SUCH}"},
            "power.community: the environment variable CHAOSMONKEY_NO_SUCH is not set. SNMP v2c",
        ),
        (
            SNMP | {"poe": "3", "community": "{file:/no/such}"},
            "power.community: the file /no/such cannot be read",
        ),
    ],
)
def test_each_mistake_in_a_plug_is_explained_where_it_is(
    plug: dict[str, Any], expected: str
) -> None:
    (found,) = problems(machine=[{"name": "node1", "power": plug}])
    assert found.startswith(f"[[machine]] 1 (node1): {expected.replace('Value error, ', '')}")


def test_a_secret_comes_from_the_environment_or_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SWITCH_COMMUNITY", "from-environment")
    (tmp_path / "community").write_text("from-file\n")
    for given, expected in [
        ("{env:SWITCH_COMMUNITY}", "from-environment"),
        (f"{{file:{tmp_path}/community}}", "from-file"),
        ("plain", "plain"),
    ]:
        lab = build({"machine": [{"name": "a", "power": SNMP | {"poe": "3", "community": given}}]})
        power = lab.machine[0].power
        assert isinstance(power, SnmpPlug)
        assert sure(power.community).get_secret_value() == expected
        assert expected not in f"{lab!r} {lab} {lab.model_dump_json()}"


@pytest.mark.parametrize(
    "wrong", [{"poe": "x"}, {"poe": "3", "interface": 1}, {"poe": "3", "community": ["hush-hush"]}]
)
def test_no_mistake_makes_a_secret_known(wrong: dict[str, Any]) -> None:
    power = SNMP | {"community": "hush-hush"} | wrong
    assert "hush-hush" not in "".join(problems(machine=[{"name": "node1", "power": power}]))


HTTP = {"driver": "http", "url": "http://plug", "preset": "tasmota"}


@pytest.mark.parametrize(
    ("plug", "expected"),
    [
        (HTTP | {"url": "http://me:hush@plug"}, "power.url: String should match pattern '^https"),
        (HTTP | {"preset": "toaster"}, "power.preset: must be one of home-assistant, mikrotik"),
        (HTTP | {"preset": "mikrotik"}, "power: `outlet` is missing: set the port"),
        (HTTP | {"token": "a", "password": "b"}, "power: needs either `password` or `token`"),
        (
            HTTP | {"recipe": {"cutt": []}},
            "power.recipe.cutt: unknown key. Did you mean 'cut'? Known keys: cut, restore",
        ),
        (
            HTTP | {"recipe": {"read": {"path": "status"}}},
            "power.recipe.read.path: String should match pattern '^/', not 'status'. The path",
        ),
    ],
)
def test_each_mistake_in_an_http_plug_is_explained_where_it_is(
    plug: dict[str, Any], expected: str
) -> None:
    found = problems(machine=[{"name": "node1", "power": plug}])
    assert any(told.startswith(f"[[machine]] 1 (node1): {expected}") for told in found), found
    assert "hush" not in "".join(found)


def test_a_tasmota_can_only_be_one_plug() -> None:
    machines = [{"name": "a", "power": HTTP}, {"name": "b", "power": HTTP | {"outlet": 2}}]
    (found,) = problems(machine=machines)
    assert found.startswith("[[machine]] b: power.url: this Tasmota is already a's power plug.")
