"""Readiness for /readyz: whether a cut could be made and measured now, and if not, why."""

from __future__ import annotations

from chaosmonkey.access import Tokens
from chaosmonkey.control.monkey import Monkey
from chaosmonkey.errors import StoreFailed
from chaosmonkey.model import FeedState
from chaosmonkey.outage.cluster_state import ClusterState
from chaosmonkey.panel import Panel
from chaosmonkey.plugs import PlugBoard


def reasons_against(
    *,
    world: ClusterState,
    panel: Panel,
    tokens: Tokens,
    monkey: Monkey,
    plugs: PlugBoard,
    unusable: StoreFailed | None,
) -> list[str]:
    """Every reason against it, as sentences. `unusable` is the database's trouble."""
    reasons = (
        [f"Lost contact with the cluster: {world.stale.why}."] if world.stale is not None else []
    )
    reasons += panel.troubles()
    if unusable is not None:
        reasons.append(f"{unusable.message} Nothing is cut until the next start.")
    tokens.known()
    if tokens.trouble:
        reasons.append(tokens.trouble)
    if monkey.pending_writes.pending:
        what = ", ".join(monkey.pending_writes.pending)
        reasons.append(f"Not on the disk yet: {what}. Retrying every few seconds.")
    reasons += [
        f"{plug.machine}'s {plug.feed} plug reads neither on nor off: {plug.remark}"
        for key, plug in plugs.items()
        if plug.last is FeedState.UNKNOWN and plug.remark and key not in monkey.cuts
    ]
    return reasons + [
        f"{cut.entry.machine}'s {cut.entry.feed} is stuck: {cut.trouble}"
        for cut in monkey.cuts.values()
        if cut.trouble
    ]
