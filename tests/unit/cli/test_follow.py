"""What `kill --wait` makes of the last line that the server sent."""

import httpx
import pytest

from chaosmonkey.cli.http import NotRecovered, follow


def told(last: str) -> httpx.Client:
    """A server whose cut ends with that line."""
    answer = httpx.Response(200, text=f"    +0.0 s  node3 has lost its power.\n{last}\n")
    return httpx.Client(base_url="http://server", transport=httpx.MockTransport(lambda _: answer))


@pytest.mark.parametrize(
    "last", ["recovery time: 12.0 s = detect 7.1 + ready 4.9", "outcome: no pod had to move"]
)
def test_a_recovery_or_nothing_to_recover_is_success(last: str) -> None:
    follow(told(last), "/kill/node3", {})


@pytest.mark.parametrize(
    ("last", "why"),
    [
        ("outcome: unnoticed. It was back too soon", "no recovery to wait for"),
        ("outcome: incomplete", "did not recover"),
        ("The stream ended early: the server stops.", "did not recover"),
    ],
)
def test_anything_else_is_not_and_says_why(last: str, why: str) -> None:
    with pytest.raises(NotRecovered, match=why):
        follow(told(last), "/kill/node3", {})
