"""What `kill --wait` says, and what it makes of the last line that the server sent."""

from typing import Any

import httpx
import orjson
import pytest

from chaosmonkey.cli.http import NotRecovered, ServerClient, follow, send
from chaosmonkey.errors import CutRefused

RECOVERED = {"outcome": "recovered", "recovery_seconds": 12.0, "awaited": 4}
NOTHING_MOVED = {"outcome": None, "recovery_seconds": None, "awaited": 0}
UNNOTICED = {"outcome": "unnoticed", "recovery_seconds": None, "awaited": 0}
INCOMPLETE = {"outcome": "incomplete", "recovery_seconds": None, "awaited": 4}
NOT_SEEN = {"outcome": None, "recovery_seconds": None, "awaited": None}


class FakeClient(ServerClient):
    """Of a server that gives one answer."""

    def __init__(self, answer: httpx.Response) -> None:
        transport = httpx.MockTransport(lambda _: answer)
        httpx.Client.__init__(self, base_url="http://server", transport=transport)
        self.server = "http://server"


def server(*lines: dict[str, Any]) -> ServerClient:
    """One whose cut is told in these lines."""
    body = b"".join(orjson.dumps(line) + b"\n" for line in lines)
    return FakeClient(httpx.Response(200, content=body))


def told(ending: dict[str, Any]) -> ServerClient:
    return server(
        {"about": "cut", "at": 0.0, "text": "node3 lost its power."},
        {"outage": "1-node3", "text": "the end", **ending},
    )


def test_a_refusal_in_plain_text_keeps_its_two_rows() -> None:
    refusal = "node5 was restored 1 s ago.\nnode5 may be cut again in 9 s.\n"
    client = FakeClient(httpx.Response(409, text=refusal))
    with pytest.raises(CutRefused) as caught:
        send(client, "POST", "/kill/node5")
    assert caught.value.rows == ["node5 was restored 1 s ago.", "node5 may be cut again in 9 s."]


@pytest.mark.parametrize("ending", [RECOVERED, NOTHING_MOVED])
def test_a_recovery_or_nothing_to_recover_is_success(
    ending: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    follow(told(ending), "/kill/node3", {})
    assert capsys.readouterr().out == "    +0.0 s  node3 lost its power.\nthe end\n"


@pytest.mark.parametrize(
    ("ending", "why"),
    [
        (UNNOTICED, "no recovery to wait for"),
        (INCOMPLETE, "did not recover"),
        (NOT_SEEN, "did not recover"),
    ],
)
def test_anything_else_is_not_and_says_why(ending: dict[str, Any], why: str) -> None:
    with pytest.raises(NotRecovered, match=why):
        follow(told(ending), "/kill/node3", {})


def test_a_stream_that_breaks_off_before_its_ending_is_no_success() -> None:
    with pytest.raises(NotRecovered):
        follow(server({"about": "cut", "at": 0.0, "text": "lost"}), "/kill/node3", {})
