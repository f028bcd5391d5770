"""A session is a signed cookie: nobody makes one, and it ends by itself."""

from pathlib import Path

import pytest

from chaosmonkey.access import Sessions
from chaosmonkey.access.sessions import LASTS

KEY = b"k" * 32


@pytest.fixture
def sessions(tmp_path: Path) -> Sessions:
    return Sessions(KEY, tmp_path)


def test_a_session_names_the_token_that_began_it(sessions: Sessions, tmp_path: Path) -> None:
    session = Sessions(KEY, tmp_path).recognise(sessions.open("token-id"))
    assert session is not None
    assert session.token == "token-id"


def test_whoever_signed_out_stays_out_although_the_cookie_was_copied(
    sessions: Sessions, tmp_path: Path
) -> None:
    cookie, other = sessions.open("token-id"), sessions.open("token-id")
    session = sessions.recognise(cookie)
    assert session is not None
    sessions.end(session)
    after_a_restart = Sessions(KEY, tmp_path)
    for server in (sessions, after_a_restart):
        assert server.recognise(cookie) is None
        assert server.recognise(other) is not None


@pytest.mark.parametrize(
    "forged", ["", "x", "token-id", "InRva2VuLWlkIg.aaaa.bbbb", "a.b.c.d", "é"]
)
def test_what_this_server_did_not_sign_is_nobody(sessions: Sessions, forged: str) -> None:
    assert sessions.recognise(forged) is None


def test_another_servers_session_is_nobody_here(sessions: Sessions, tmp_path: Path) -> None:
    assert sessions.recognise(Sessions(b"other" * 8, tmp_path).open("token-id")) is None


def test_a_changed_session_is_nobody(sessions: Sessions) -> None:
    cookie = sessions.open("token-id")
    for place in range(len(cookie)):
        changed = cookie[:place] + ("A" if cookie[place] != "A" else "B") + cookie[place + 1 :]
        found = sessions.recognise(changed)
        # The last character of base64 has bits that mean nothing: the same session, no other.
        assert found is None or (found == sessions.recognise(cookie) and place == len(cookie) - 1)


def test_it_ends_after_a_conference_day(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    cookie = sessions.open("token-id")
    from itsdangerous import TimestampSigner

    now = TimestampSigner(KEY).get_timestamp()
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _: now + LASTS + 2)
    assert sessions.recognise(cookie) is None


def test_a_seats_cookie_is_no_presenters(sessions: Sessions) -> None:
    from chaosmonkey.audience import Seats

    _, proof = Seats(KEY).join(None, None)
    assert sessions.recognise(proof) is None
    assert Seats(KEY).recognise(sessions.open("0" * 32)) is None
