"""Recipes: times as devices want them, and answers that say on, off, or nothing that holds."""

import pytest

from chaosmonkey.config.http_presets import PRESETS
from chaosmonkey.model import FeedState
from chaosmonkey.plugs.http_templates import classify_answer, find_trouble, timer_words


@pytest.mark.parametrize(
    ("seconds", "delays"),
    [
        (0.01, "Delay 2"),
        (12.34, "Delay 124"),
        (360, "Delay 3600"),
        (361, "Delay 3600;Delay 10"),
        (720.01, "Delay 3600;Delay 3600;Delay 2"),
    ],
)
def test_tasmota_waits_in_steps_of_at_most_six_minutes(seconds: float, delays: str) -> None:
    assert timer_words(seconds)["delays"] == delays


def test_the_longest_cut_and_its_margin_fit_into_tasmotas_queue() -> None:
    assert timer_words(3600 + 60)["delays"].count(";") + 3 <= 30


def test_no_timer_acts_before_its_time() -> None:
    words = timer_words(10.001)
    assert (words["seconds"], words["milliseconds"]) == ("11", "10001")


@pytest.mark.parametrize(
    ("device", "answer", "feed"),
    [
        ("shelly-gen1", {"ison": True}, FeedState.ON),
        ("shelly-gen1", {"ison": True, "has_timer": True}, FeedState.UNKNOWN),
        ("shelly-gen2", {"output": True, "timer_started_at": 1.5}, FeedState.UNKNOWN),
        ("shelly-gen2", {"output": False, "timer_started_at": 1.5}, FeedState.OFF),
        ("shelly-gen2", {"code": 404}, FeedState.UNKNOWN),
        ("tasmota", {"POWER1": "ON"}, FeedState.ON),
        ("tasmota", {"POWER": "OFF"}, FeedState.OFF),
        ("tasmota", {"POWER2": "ON"}, FeedState.UNKNOWN),
        ("tasmota", {"WARNING": "Need user=<username>&password=<password>"}, FeedState.UNKNOWN),
        (
            "mikrotik",
            [{"poe-out": "auto-on", "poe-out-status": "waiting-for-load"}],
            FeedState.UNKNOWN,
        ),
        ("mikrotik", [{"poe-out": "off", "poe-out-status": "powered-on"}], FeedState.UNKNOWN),
        ("mikrotik", [{"poe-out": "forced-on", "poe-out-status": "powered-on"}], FeedState.ON),
        ("mikrotik", [], FeedState.UNKNOWN),
        ("turing-pi", {"response": [{"result": [{"node1": "Unknown"}]}]}, FeedState.UNKNOWN),
        ("turing-pi", {"response": [{"node1": "1"}]}, FeedState.ON),
        ("home-assistant", {"state": "unavailable"}, FeedState.UNKNOWN),
        ("home-assistant", "nonsense", FeedState.UNKNOWN),
        ("home-assistant", None, FeedState.UNKNOWN),
    ],
)
def test_only_an_answer_that_fits_one_state_is_believed(
    device: str, answer: object, feed: FeedState
) -> None:
    assert classify_answer(answer, PRESETS[device], outlet="1") is feed


AUTO_OFF = "disable Auto-off in the settings"
GEN1 = {"has_timer": False, "overpower": False}


@pytest.mark.parametrize(
    ("device", "answer", "feed", "says"),
    [
        (
            "shelly-gen1",
            {"ison": True, "has_timer": True, "timer_remaining": 34},
            FeedState.UNKNOWN,
            "own timer turns it off in 34 s: " + AUTO_OFF,
        ),
        ("shelly-gen1", {"ison": True, "has_timer": True}, FeedState.UNKNOWN, AUTO_OFF),
        ("shelly-gen1", GEN1 | {"ison": False, "overpower": True}, FeedState.OFF, "(overpower)"),
        (
            "shelly-gen2",
            {"output": True, "timer_started_at": 1.5, "timer_duration": 60},
            FeedState.UNKNOWN,
            "own timer turns it off 60 s after it was turned on: " + AUTO_OFF,
        ),
        (
            "shelly-gen2",
            {"output": False, "errors": ["overpower", "overtemp"]},
            FeedState.OFF,
            "reports overpower, overtemp",
        ),
        (
            "shelly-gen2",
            {"code": 404, "message": "No handler for Switch.GetStatus"},
            FeedState.UNKNOWN,
            "'No handler for Switch.GetStatus': set its profile to switch",
        ),
        (
            "shelly-gen2",
            {"code": -105, "message": "Argument 'id', value 9 not found!"},
            FeedState.UNKNOWN,
            "value 9 not found!': its outlets count from 0",
        ),
        (
            "tasmota",
            {"WARNING": "Need user=<username>&password=<password>"},
            FeedState.UNKNOWN,
            "Need user=<username>&password=<password>': set `password`",
        ),
        (
            "tasmota",
            {"WARNING": "Enable weblog 2 if response expected"},
            FeedState.UNKNOWN,
            "'Enable weblog 2 if response expected'",
        ),
        ("tasmota", {"Command": "Unknown"}, FeedState.UNKNOWN, "no such relay"),
        (
            "mikrotik",
            [{"poe-out": "auto-on", "poe-out-status": "waiting-for-load"}],
            FeedState.UNKNOWN,
            "the machine accepts PoE.",
        ),
        (
            "mikrotik",
            [{"poe-out": "auto-on", "poe-out-status": "voltage-too-low"}],
            FeedState.UNKNOWN,
            "gives no power: voltage-too-low",
        ),
        (
            "mikrotik",
            [{"poe-out": "forced-on", "poe-out-status": "powered-on"}],
            FeedState.ON,
            "a restore sets auto-on",
        ),
        (
            "mikrotik",
            {"error": 404, "message": "Not Found", "detail": "no such item"},
            FeedState.UNKNOWN,
            "RouterOS says 'Not Found: no such item'",
        ),
        ("home-assistant", {"state": "unavailable"}, FeedState.UNKNOWN, "'unavailable'"),
        (
            "home-assistant",
            {"state": "on", "attributes": {"assumed_state": True}},
            FeedState.ON,
            "only assumes this state",
        ),
        (
            "home-assistant",
            {"message": "Entity not found."},
            FeedState.UNKNOWN,
            "'Entity not found.'",
        ),
    ],
)
def test_what_a_device_tells_beside_on_and_off_is_told_in_its_own_words(
    device: str, answer: object, feed: FeedState, says: str
) -> None:
    recipe = PRESETS[device]
    told = find_trouble(answer, recipe, outlet="1")
    assert told is not None
    assert says in told.says
    assert classify_answer(answer, recipe, outlet="1") is feed


@pytest.mark.parametrize(
    ("device", "answer"),
    [
        ("shelly-gen1", GEN1 | {"ison": True, "timer_remaining": 0}),
        ("shelly-gen1", {"ison": False, "has_timer": True, "timer_remaining": 9}),
        ("shelly-gen2", {"output": True, "apower": 0.0, "errors": []}),
        ("shelly-gen2", {"output": False, "timer_started_at": 1.0, "timer_duration": 9}),
        ("tasmota", {"POWER": "ON"}),
        ("mikrotik", [{"poe-out": "auto-on", "poe-out-status": "powered-on"}]),
        ("mikrotik", [{"poe-out": "off", "poe-out-status": "disabled"}]),
        ("turing-pi", {"response": [{"node1": "1"}]}),
        ("home-assistant", {"state": "off", "attributes": {}}),
    ],
)
def test_a_device_that_is_well_has_nothing_to_tell(device: str, answer: object) -> None:
    assert find_trouble(answer, PRESETS[device], outlet="1") is None
    assert classify_answer(answer, PRESETS[device], outlet="1") is not FeedState.UNKNOWN
