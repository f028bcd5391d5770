"""What a hall is told of an error: no address, no device's words, no key of the configuration."""

import pytest

from chaosmonkey.audience.redaction import (
    has_address,
    remedy_for_the_hall,
    sentence_for_the_hall,
    without_addresses,
)
from chaosmonkey.audience.rounds import RoundRefused
from chaosmonkey.control import refusals
from chaosmonkey.errors import ClusterUnavailable, PlugFailed


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("GET http://192.168.8.20/relay/0?on timed out.", "GET (address) timed out."),
        ("Cannot reach https://[fd00::1]:6443: refused", "Cannot reach (address): refused"),
        ("presenter at 10.0.0.5", "presenter at (address)"),
        ("no answer from 10.0.0.5:8080, again", "no answer from (address), again"),
        ("presenter at fe80::1ff:fe23:4567:890a", "presenter at (address)"),
        ("presenter at 2001:db8:1:2:3:4:5:6", "presenter at (address)"),
        ("from ::1", "from (address)"),
        ("to host plug3.local:80 ssl", "to host (address) ssl"),
    ],
)
def test_no_address_is_left_in_a_text(text: str, left: str) -> None:
    assert has_address(text)
    assert without_addresses(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "node3 lost its power. Kubernetes does not know yet.",
        "Quiet hours are in effect (22:00-06:00).",
        "Ticket 3: 12.4 s, at 01:59:38.",
        "raffle round-1800000000-1 ticket 4",
        "Kubernetes 1.20.15 gives it up.",
    ],
)
def test_what_is_no_address_stays(text: str) -> None:
    assert not has_address(text)
    assert without_addresses(text) == text


def test_what_does_not_answer_is_called_by_its_kind() -> None:
    plug = PlugFailed("GET http://10.0.0.3/relay/0: 500", remedy="See plugs.http in lab.toml.")
    assert sentence_for_the_hall(plug) == "Its plug does not switch."
    cluster = ClusterUnavailable("https://10.0.0.1:6443 does not answer.", remedy="Try again.")
    assert sentence_for_the_hall(cluster) == "The cluster does not answer."


def test_a_remedy_is_told_only_to_those_who_can_follow_it() -> None:
    off = refusals.TooManyOff(
        "Off now: node3. Only 1 may be off at once.", remedy="Or raise limits.max_off."
    )
    assert sentence_for_the_hall(off) == "Off now: node3. Only 1 may be off at once."
    assert remedy_for_the_hall(off) == "Wait until cuts are allowed again."
    turn = RoundRefused("It is not your turn.", remedy="Wait until you are called.")
    assert remedy_for_the_hall(turn) == "Wait until you are called."
