"""A stored value and its updates, in every order in which a connection may deliver them."""

import pytest

from chaosmonkey.edge.edge_link import LatestValue


@pytest.mark.parametrize("order", ["sbu", "usb", "uusb", "sb", "ub", "b", "bu"])
def test_no_older_value_follows_a_newer_one_and_the_newest_is_taken(order: str) -> None:
    taken: list[bytes] = []
    value = LatestValue(taken.append)
    stored: bytes | None = None
    newest: list[bytes] = []
    for number, step in enumerate(order, start=1):
        match step:
            case "s":  # the answer has been formed: it is older than what comes now
                stored = b"0"
                newest = newest or [stored]
            case "u":
                newest = [str(number).encode()]
                value.update(newest[0])
            case _:
                value.begin(stored)
    assert taken == sorted(taken)
    assert taken[-1:] == newest
