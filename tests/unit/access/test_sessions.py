"""A session is a signed cookie: nobody makes one, and it ends by itself."""

from pathlib import Path

import pytest

from chaosmonkey.access import Sessions
from chaosmonkey.access.sessions import LASTS
from chaosmonkey.clock import ManualClock

KEY = b"k" * 32


class Steered(ManualClock):
    """A clock that a test may set."""

    @property
    def at(self) -> float:
        return self._now

    @at.setter
    def at(self, moment: float) -> None:
        self._now = moment


@pytest.fixture
def clock() -> Steered:
    return Steered()


@pytest.fixture
def sessions(tmp_path: Path, clock: Steered) -> Sessions:
    return Sessions(KEY, tmp_path, clock)


def test_a_session_names_the_token_that_began_it(
    sessions: Sessions, tmp_path: Path, clock: Steered
) -> None:
    session = Sessions(KEY, tmp_path, clock).recognise(sessions.open("token-id"))
    assert session is not None
    assert session.token == "token-id"


def test_whoever_signed_out_stays_out_although_the_cookie_was_copied(
    sessions: Sessions, tmp_path: Path, clock: Steered
) -> None:
    cookie, other = sessions.open("token-id"), sessions.open("token-id")
    session = sessions.recognise(cookie)
    assert session is not None
    sessions.end(session)
    after_a_restart = Sessions(KEY, tmp_path, clock)
    for server in (sessions, after_a_restart):
        assert server.recognise(cookie) is None
        assert server.recognise(other) is not None


@pytest.mark.parametrize(
    "forged", ["", "x", "token-id", "InRva2VuLWlkIg.aaaa.bbbb", "a.b.c.d", "é"]
)
def test_what_this_server_did_not_sign_is_nobody(sessions: Sessions, forged: str) -> None:
    assert sessions.recognise(forged) is None


def test_another_servers_session_is_nobody_here(
    sessions: Sessions, tmp_path: Path, clock: Steered
) -> None:
    assert sessions.recognise(Sessions(b"other" * 8, tmp_path, clock).open("token-id")) is None


def test_a_changed_session_is_nobody(sessions: Sessions) -> None:
    cookie = sessions.open("token-id")
    for place in range(len(cookie)):
        changed = cookie[:place] + ("A" if cookie[place] != "A" else "B") + cookie[place + 1 :]
        found = sessions.recognise(changed)
        # The last character of base64 has bits that mean nothing: the same session, no other.
        assert found is None or (found == sessions.recognise(cookie) and place == len(cookie) - 1)


def test_it_ends_after_a_conference_day(sessions: Sessions, clock: Steered) -> None:
    cookie = sessions.open("token-id")
    clock.at += LASTS - 1
    assert sessions.recognise(cookie) is not None
    clock.at += 2
    assert sessions.recognise(cookie) is None


@pytest.mark.parametrize("by", [56 * 365 * 86_400.0, -86_400.0])
def test_a_clock_that_is_set_right_neither_ends_sessions_nor_prolongs_them(
    sessions: Sessions, tmp_path: Path, clock: Steered, by: float
) -> None:
    cookie, left = sessions.open("token-id"), sessions.open("token-id")
    gone = sessions.recognise(left)
    assert gone is not None
    sessions.end(gone)
    clock.at += by
    sessions.clock_stepped(by)
    for server in (sessions, Sessions(KEY, tmp_path, clock)):
        assert server.recognise(cookie) is not None
        assert server.recognise(left) is None
    clock.at += LASTS + 1
    assert sessions.recognise(cookie) is None


def test_a_server_that_starts_with_its_clock_in_the_past_knows_its_sessions(
    sessions: Sessions, tmp_path: Path, clock: Steered
) -> None:
    cookie = sessions.open("token-id")
    clock.at -= 86_400
    assert Sessions(KEY, tmp_path, clock).recognise(cookie) is not None


def test_a_seats_cookie_is_no_presenters(sessions: Sessions) -> None:
    from chaosmonkey.audience import Seats

    _, proof = Seats(KEY).join(None, None)
    assert sessions.recognise(proof) is None
    assert Seats(KEY).recognise(sessions.open("0" * 32)) is None
