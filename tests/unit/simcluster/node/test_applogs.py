"""The pretend applications' logs."""

from typing import Any

import pytest

from chaosmonkey.simcluster.apiserver.refusals import Refusal
from chaosmonkey.simcluster.node.applogs import INTERVAL, read_log

STARTED = 1_700_000_000.0


def pod(*, running: bool = True) -> dict[str, Any]:
    state = {"running": {"startedAt": "2023-11-14T22:13:20Z"}} if running else {"waiting": {}}
    return {
        "metadata": {"name": "storefront-1", "namespace": "shop"},
        "spec": {"nodeName": "node3", "containers": [{"name": "storefront"}]},
        "status": {"hostIP": "10.77.0.13", "containerStatuses": [{"state": state}]},
    }


def lines(now: float, tail: int | None = None) -> list[str]:
    return read_log(pod(), now, tail=tail, reachable=lambda _: True).splitlines()


def test_a_log_begins_with_the_start_and_grows_with_time() -> None:
    young, old = lines(STARTED + 1), lines(STARTED + 10 * INTERVAL)
    assert young == old[: len(young)]
    assert len(old) - len(young) == 10
    assert old[0] == "2023-11-14T22:13:20Z INFO storefront 1.4 starts"


def test_the_tail_is_the_end_of_the_whole() -> None:
    now = STARTED + 100 * INTERVAL
    assert lines(now, tail=5) == lines(now)[-5:]


def test_the_log_of_a_lost_machine_cannot_be_read() -> None:
    with pytest.raises(Refusal, match="i/o timeout") as refused:
        read_log(pod(), STARTED, tail=None, reachable=lambda _: False)
    assert refused.value.code == 500


def test_a_container_that_has_not_started_has_no_log() -> None:
    with pytest.raises(Refusal, match="waiting to start") as refused:
        read_log(pod(running=False), STARTED, tail=None, reachable=lambda _: True)
    assert refused.value.code == 400
