"""The stream of `?wait=recovered`: the story of one outage as it happens, and its result.

    {"about": "cut", "at": 0.0, "text": "node3 lost its power. …"}
    …
    {"outage": "…", "outcome": "recovered", "recovery_seconds": 11.0, …, "text": "recovery time: …"}

A terminal gets only the texts.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import orjson

from chaosmonkey.hub import Closed, Subscription, TooSlow
from chaosmonkey.hub.views import OutageView
from chaosmonkey.model import Outcome
from chaosmonkey.outage.story import StoryLine, sum_of, took
from chaosmonkey.visible import visible

_WITHOUT_A_TIME: dict[str | None, str] = {
    None: "no pod had to move",
    Outcome.UNNOTICED: (
        "unnoticed. It was back before Kubernetes noticed; cut for longer, such as for=60"
    ),
}


@dataclass(frozen=True, slots=True)
class Progress:
    """The last line.

    Attributes:
        outcome: None if no pod had to move, or if the stream ended early.
        recovery_seconds: None if there is no recovery time.
        recovery_at_least: the lower bound of `recovery_seconds`; None if that is exact.
        awaited: how many pods had to move; None if the stream ended early.
        text: the result as a sentence.
    """

    outage: str
    text: str
    outcome: str | None = None
    recovery_seconds: float | None = None
    recovery_at_least: float | None = None
    phases: dict[str, float] = field(default_factory=dict)
    phases_at_least: dict[str, float] = field(default_factory=dict)
    awaited: int | None = None


async def stream(watching: Subscription, outage: str, *, text: bool) -> AsyncIterator[bytes]:
    """Yield each line of an outage's story as it happens, then the result, encoded."""
    encode = _as_text if text else _as_json
    sent: set[str] = set()
    try:
        while True:
            _, delta = await watching.next()
            view = delta.set.get("outages", {}).get(outage) if delta is not None else None
            if not isinstance(view, OutageView):
                continue
            for line in view.story:
                if line.about not in sent:
                    sent.add(line.about)
                    yield encode(line)
            if _is_decided(view):
                yield encode(_ending(view))
                return
    except (TooSlow, Closed):
        why = "The stream ended early: the server is stopping, or this reader was too slow."
        yield encode(Progress(outage, why))
    finally:
        watching.end()


def _as_text(line: StoryLine | Progress) -> bytes:
    at = f"{line.at:+8.1f} s  " if isinstance(line, StoryLine) else ""
    return f"{visible(at + line.text)}\n".encode()


def _as_json(line: StoryLine | Progress) -> bytes:
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def _is_decided(view: OutageView) -> bool:
    nothing_to_move = view.awaited == 0 and "not_ready" in view.milestones
    return view.recovery_seconds is not None or view.outcome is not None or nothing_to_move


def _ending(view: OutageView) -> Progress:
    return Progress(
        outage=view.id,
        text=_in_words(view),
        outcome=view.outcome,
        recovery_seconds=view.recovery_seconds,
        recovery_at_least=view.recovery_at_least,
        phases=view.phases,
        phases_at_least=view.phases_at_least,
        awaited=view.awaited,
    )


def _in_words(view: OutageView) -> str:
    if view.recovery_seconds is None:
        return f"outcome: {_WITHOUT_A_TIME.get(view.outcome) or view.outcome}"
    phases = sum_of(view.phases, view.phases_at_least)
    return f"recovery time: {took(view.recovery_seconds, view.recovery_at_least)} = {phases}"
