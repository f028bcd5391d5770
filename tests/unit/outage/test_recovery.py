"""Phases are differences of milestones from one t0, whatever the milestones are."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaosmonkey.model import Displaced, Fate, Origin, Outage, Outcome, Successor
from chaosmonkey.outage import recovery
from chaosmonkey.outage.story import latest_line, story

moment = st.none() | st.floats(0, 500).map(lambda s: 1_000_000 + s)


@st.composite
def outages(draw: st.DrawFn) -> Outage:
    """Any outage that could be on the disk, the impossible ones included."""
    pods = tuple(
        Displaced(
            uid=str(i),
            namespace="shop",
            name=f"p{i}",
            workload="Deployment/web",
            lineage=str(i),
            fate=draw(st.sampled_from(list(Fate))),
            evicted=draw(moment),
            gone=draw(moment),
            returned=draw(moment),
            unneeded=draw(moment),
            successor=draw(
                st.none()
                | st.builds(
                    Successor, uid=st.just("s"), name=st.just("s"), created=st.just(1_000_001.0),
                    scheduled=moment, ready=moment,
                )
            ),
        )
        for i in range(draw(st.integers(0, 4)))
    )  # fmt: skip
    moments: dict[str, Any] = {
        name: draw(moment)
        for name in ("not_ready", "tainted", "recovered", "whole", "restored", "rejoined",
                     "cleaned", "closed")
    }  # fmt: skip
    return Outage(
        id="x", machine="node3", node="node3", origin=draw(st.sampled_from(list(Origin))),
        t0=1_000_000.0, displaced=pods, **moments,
    )  # fmt: skip


@given(outages())
def test_phases_are_never_negative_and_add_up_to_the_recovery_time(outage: Outage) -> None:
    durations = recovery.phases(outage)
    assert all(seconds >= 0 for seconds in durations.values())
    total = recovery.recovery_time(outage)
    if total is not None:
        assert abs(sum(durations.values()) - total) < 1e-6
        assert abs(sum(recovery.rounded_phases(outage).values()) - round(total, 3)) < 1e-6


@given(outages())
def test_everything_can_be_told_of_any_outage(outage: Outage) -> None:
    lines = story(outage)
    assert len({line.about for line in lines}) == len(lines)
    assert latest_line(outage, outage) == []
    for pod in outage.displaced:
        assert recovery.explain(outage, pod)
    recovery.current_phase(outage)
    recovery.outcome(outage)


@given(outages())
def test_milestones_that_did_not_happen_are_absent_and_none_is_invented(outage: Outage) -> None:
    passed = recovery.milestones(outage)
    for name in ("not_ready", "tainted", "recovered", "restored", "rejoined", "cleaned"):
        assert (name in passed) == (getattr(outage, name) is not None)


@pytest.mark.parametrize(
    ("seen", "outcome"),
    [
        ({"not_ready": 1_000_008.0, "recovered": 1_000_011.0}, Outcome.RECOVERED),
        ({"rejoined": 1_000_005.0}, Outcome.UNNOTICED),
        ({"not_ready": 1_000_008.0}, Outcome.ABORTED),
    ],
)
def test_an_interrupted_outage_keeps_the_outcome_that_it_had(
    seen: dict[str, Any], outcome: Outcome
) -> None:
    waits = Displaced("0", "shop", "orders-0", "StatefulSet/orders", "0", Fate.WAITS)
    outage = Outage(
        id="x", machine="node3", node="node3", origin=Origin.COMMANDED, t0=1_000_000.0,
        displaced=(waits,), closed=1_000_014.0, interrupted="the server ended", **seen,
    )  # fmt: skip
    assert recovery.outcome(outage) is outcome
