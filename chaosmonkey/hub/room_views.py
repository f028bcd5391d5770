"""Views for the public, without addresses; the presenter and scripts see the full ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from chaosmonkey.access import Caller, Role
from chaosmonkey.audience.redaction import has_address, without_addresses
from chaosmonkey.hub.messages import Changes, State, View
from chaosmonkey.hub.views import (
    ClusterView,
    FeedView,
    MachineView,
    OutageView,
    ShowView,
)
from chaosmonkey.outage.telling import Telling

PRESENTER = "the presenter"

_Shown = TypeVar("_Shown", bound=View)


def sees_all(caller: Caller) -> bool:
    """Whether a caller sees addresses and the messages of devices."""
    return caller.role in (Role.PRESENTER, Role.SCRIPT)


def for_the_room(view: _Shown) -> _Shown:
    """Return a view without addresses."""
    match view:
        case ClusterView() if view.why:
            return replace(view, why="it does not answer")
        case MachineView():
            return replace(view, power=_feed(view.power), network=_feed(view.network))
        case OutageView():
            return replace(
                view,
                by=_who(view.by),
                interrupted=without_addresses(view.interrupted),
                story=tuple(replace(one, text=without_addresses(one.text)) for one in view.story),
                telling=_telling(view),
            )
        case ShowView():
            return replace(view, halted_by=_who(view.halted_by), scale=None)
        case _:
            return view


def changes_for_the_room(changes: Changes) -> Changes:
    """Return changes without addresses."""
    return {  # type: ignore[return-value] # each section keeps its kind
        section: {key: for_the_room(view) for key, view in views.items()}  # type: ignore[attr-defined]
        for section, views in changes.items()
    }


def state_for_the_room(state: State) -> State:
    """Return the state without addresses."""
    return replace(
        state,
        cluster={key: for_the_room(view) for key, view in state.cluster.items()},
        machines={key: for_the_room(view) for key, view in state.machines.items()},
        outages={key: for_the_room(view) for key, view in state.outages.items()},
        show={key: for_the_room(view) for key, view in state.show.items()},
    )


def _feed(feed: FeedView | None) -> FeedView | None:
    if feed is None:
        return None
    trouble = "it does not answer, or does not switch" if feed.trouble else ""
    finding = without_addresses(feed.finding)
    return replace(feed, trouble=trouble, why=without_addresses(feed.why), finding=finding)


def _telling(view: OutageView) -> Telling:
    telling = view.telling
    return replace(
        telling,
        headline=without_addresses(telling.headline),
        ending=without_addresses(telling.ending),
        who=telling.who.replace(view.by, _who(view.by)) if view.by else telling.who,
    )


def _who(name: str) -> str:
    return PRESENTER if has_address(name) else name
