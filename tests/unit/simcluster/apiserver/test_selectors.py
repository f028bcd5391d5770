"""Selectors ask what a real API server asks, and refuse what it refuses."""

from __future__ import annotations

import pytest

from chaosmonkey.simcluster.apiserver import selectors
from chaosmonkey.simcluster.apiserver.refusals import Refusal


def pod(**labels: str) -> dict[str, object]:
    return {
        "metadata": {"name": "p", "namespace": "demo", "labels": labels},
        "spec": {"nodeName": "node1"},
        "status": {"phase": "Running"},
    }


@pytest.mark.parametrize(
    ("text", "labels", "matches"),
    [
        ("app=web", {"app": "web"}, True),
        ("app==web", {"app": "web"}, True),
        ("app!=web", {"app": "api"}, True),
        ("app!=web", {}, True),
        ("app", {"app": ""}, True),
        ("!app", {"app": "web"}, False),
        ("app in (web, api)", {"app": "api"}, True),
        ("app notin (web,api)", {"app": "api"}, False),
        ("app in (web,api),tier=front", {"app": "web", "tier": "front"}, True),
        ("app in (web,api),tier=front", {"app": "web"}, False),
    ],
)
def test_a_label_selector_matches(text: str, labels: dict[str, str], matches: bool) -> None:
    assert selectors.labels(text)(pod(**labels)) is matches


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("metadata.name=p", True),
        ("spec.nodeName=node1,status.phase!=Pending", True),
        ("spec.nodeName=node2", False),
        ("spec.nodeName!=", True),
        ("status.podIP=", True),
    ],
)
def test_a_field_selector_matches(text: str, matches: bool) -> None:
    assert selectors.fields(text)(pod()) is matches


def test_what_is_no_selector_is_refused() -> None:
    with pytest.raises(Refusal, match="unable to parse requirement"):
        selectors.labels("a===b")
