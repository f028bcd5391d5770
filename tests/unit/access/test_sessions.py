"""A session is a signed cookie: nobody makes one, and it ends by itself."""

import pytest

from chaosmonkey.access import Sessions
from chaosmonkey.access.sessions import LASTS

KEY = b"k" * 32


def test_a_session_names_the_token_that_began_it() -> None:
    assert Sessions(KEY).recognise(Sessions(KEY).open("token-id")) == "token-id"


@pytest.mark.parametrize(
    "forged", ["", "x", "token-id", "InRva2VuLWlkIg.aaaa.bbbb", "a.b.c.d", "é"]
)
def test_what_this_server_did_not_sign_is_nobody(forged: str) -> None:
    assert Sessions(KEY).recognise(forged) is None


def test_another_servers_session_is_nobody_here() -> None:
    assert Sessions(KEY).recognise(Sessions(b"other" * 8).open("token-id")) is None


def test_a_changed_session_is_nobody() -> None:
    cookie = Sessions(KEY).open("token-id")
    for place in range(len(cookie)):
        changed = cookie[:place] + ("A" if cookie[place] != "A" else "B") + cookie[place + 1 :]
        found = Sessions(KEY).recognise(changed)
        # The last character of base64 has bits that mean nothing: the same session, no other.
        assert found is None or (found == "token-id" and place == len(cookie) - 1)


def test_it_ends_after_a_conference_day(monkeypatch: pytest.MonkeyPatch) -> None:
    cookie = Sessions(KEY).open("token-id")
    from itsdangerous import TimestampSigner

    now = TimestampSigner(KEY).get_timestamp()
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _: now + LASTS + 2)
    assert Sessions(KEY).recognise(cookie) is None


def test_a_seats_cookie_is_no_presenters() -> None:
    from chaosmonkey.audience import Seats

    _, proof = Seats(KEY).join(None, None)
    assert Sessions(KEY).recognise(proof) is None
    assert Seats(KEY).recognise(Sessions(KEY).open("0" * 32)) is None
