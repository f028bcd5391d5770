"""The board in a terminal says what its seconds count, and which outages ended."""

from io import StringIO
from typing import Any

from rich.console import Console

from chaosmonkey.cli.board import draw


def outage(**more: Any) -> dict[str, Any]:
    known = {"id": "20261120-101500-node3", "machine": "node3", "feed": "power", "t0": 100.0}
    open_ = {"open": True, "phase": "evict", "recovery_seconds": None, "outcome": None, "story": []}
    return known | open_ | more


def drawn(one: dict[str, Any], at: float) -> str:
    text = StringIO()
    state = {"cluster": {}, "machines": {}, "pods": {}, "outages": {"o": one}}
    Console(file=text, width=120).print(draw(state, at))
    return text.getvalue()


def test_the_seconds_of_an_outage_count_from_the_loss_and_not_from_its_phase() -> None:
    assert "node3: 9.4 s since the loss, in phase evict" in drawn(outage(), 109.4)
    assert "node3: 9.4 s since the loss, waiting" in drawn(outage(phase=None), 109.4)
    assert "node3: recovered in 12.3 s" in drawn(outage(recovery_seconds=12.3), 130.0)


def test_an_outage_that_ended_is_listed_as_ended() -> None:
    text = drawn(outage(open=False, outcome="recovered", recovery_seconds=12.3), 130.0)
    assert "ended outage" in text
    assert "node3:" not in text
