"""Recipes: times as devices want them, and answers that say on, off, or nothing that holds."""

import pytest

from chaosmonkey.config.devices import DEVICES
from chaosmonkey.model import Feed
from chaosmonkey.plugs.recipes import feed_told, timer_words


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
        ("shelly-gen1", {"ison": True}, Feed.ON),
        ("shelly-gen1", {"ison": True, "has_timer": True}, Feed.UNKNOWN),
        ("shelly-gen2", {"output": True, "timer_started_at": 1.5}, Feed.UNKNOWN),
        ("shelly-gen2", {"output": False, "timer_started_at": 1.5}, Feed.OFF),
        ("shelly-gen2", {"code": 404}, Feed.UNKNOWN),
        ("tasmota", {"POWER1": "ON"}, Feed.ON),
        ("tasmota", {"POWER": "OFF"}, Feed.OFF),
        ("tasmota", {"POWER2": "ON"}, Feed.UNKNOWN),
        ("tasmota", {"WARNING": "Need user=<username>&password=<password>"}, Feed.UNKNOWN),
        ("mikrotik", [{"poe-out": "auto-on", "poe-out-status": "waiting-for-load"}], Feed.UNKNOWN),
        ("mikrotik", [{"poe-out": "off", "poe-out-status": "powered-on"}], Feed.UNKNOWN),
        ("mikrotik", [{"poe-out": "forced-on", "poe-out-status": "powered-on"}], Feed.ON),
        ("mikrotik", [], Feed.UNKNOWN),
        ("turing-pi", {"response": [{"result": [{"node1": "Unknown"}]}]}, Feed.UNKNOWN),
        ("turing-pi", {"response": [{"node1": "1"}]}, Feed.ON),
        ("home-assistant", {"state": "unavailable"}, Feed.UNKNOWN),
        ("home-assistant", "nonsense", Feed.UNKNOWN),
        ("home-assistant", None, Feed.UNKNOWN),
    ],
)
def test_only_an_answer_that_fits_one_state_is_believed(
    device: str, answer: object, feed: Feed
) -> None:
    assert feed_told(answer, DEVICES[device], outlet="1") is feed
