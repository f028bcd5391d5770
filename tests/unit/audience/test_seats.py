"""Who is who among the phones."""

import pytest

from chaosmonkey.audience import Seats
from chaosmonkey.errors import BadInput

SEAT = "0123456789abcdef" * 2


def test_the_cookie_brings_a_phone_back_to_its_seat() -> None:
    seats = Seats(b"key")
    seat, cookie = seats.join(SEAT, None)
    assert seat == SEAT
    assert seats.join("f" * 32, cookie)[0] == SEAT
    assert Seats(b"key").recognise(cookie) == SEAT  # after a restart with the same key


def test_a_phone_that_names_no_seat_gets_one() -> None:
    seats = Seats(b"key")
    assert seats.join(None, None)[0] != seats.join(None, None)[0]


@pytest.mark.parametrize("forged", ["", SEAT, f"{SEAT}.abc", "x" * 5000, "\x00"])
def test_a_forged_cookie_proves_nothing(forged: str) -> None:
    assert Seats(b"key").recognise(forged) is None
    cookie = Seats(b"other key").join(SEAT, None)[1]
    assert Seats(b"key").recognise(cookie) is None


@pytest.mark.parametrize("wanted", ["short", SEAT.upper(), SEAT + "0", "../../etc/passwd"])
def test_what_is_no_seat_is_refused(wanted: str) -> None:
    with pytest.raises(BadInput, match="not a seat id"):
        Seats(b"key").join(wanted, None)
