"""Defaults of Deployments, ReplicaSets, StatefulSets and DaemonSets."""

from __future__ import annotations

from chaosmonkey.simcluster.apiserver.defaults.pods import default_template, fill
from chaosmonkey.simcluster.apiserver.defaults.volumes import default_claim_spec
from chaosmonkey.simcluster.apiserver.watch_cache import Obj

_ROLLING = "RollingUpdate"
_KEPT_REVISIONS = 10
_DEADLINE = 600
"""Seconds without progress after which a Deployment counts as stuck."""


def default_deployment(owner: Obj) -> None:
    """Fill in a Deployment."""
    spec = owner.setdefault("spec", {})
    fill(
        spec,
        replicas=1,
        strategy={},
        revisionHistoryLimit=_KEPT_REVISIONS,
        progressDeadlineSeconds=_DEADLINE,
    )
    _rolling(spec["strategy"], maxUnavailable="25%", maxSurge="25%")
    default_template(spec)


def default_daemon_set(owner: Obj) -> None:
    """Fill in a DaemonSet."""
    spec = owner.setdefault("spec", {})
    fill(spec, updateStrategy={}, revisionHistoryLimit=_KEPT_REVISIONS)
    _rolling(spec["updateStrategy"], maxUnavailable=1, maxSurge=0)
    default_template(spec)


def default_stateful_set(owner: Obj) -> None:
    """Fill in a StatefulSet."""
    spec = owner.setdefault("spec", {})
    fill(
        spec,
        replicas=1,
        serviceName="",
        podManagementPolicy="OrderedReady",
        updateStrategy={},
        revisionHistoryLimit=_KEPT_REVISIONS,
        persistentVolumeClaimRetentionPolicy={},
    )
    strategy = spec["updateStrategy"]
    if "type" not in strategy:
        strategy["type"] = _ROLLING
        strategy.setdefault("rollingUpdate", {})
    if strategy["type"] == _ROLLING and "rollingUpdate" in strategy:
        strategy["rollingUpdate"].setdefault("partition", 0)
    fill(spec["persistentVolumeClaimRetentionPolicy"], whenDeleted="Retain", whenScaled="Retain")
    for claim in spec.get("volumeClaimTemplates", ()):
        fill(claim, apiVersion="v1", kind="PersistentVolumeClaim", status={"phase": "Pending"})
        default_claim_spec(claim.setdefault("spec", {}))
    default_template(spec)


def default_replica_set(owner: Obj) -> None:
    """Fill in a ReplicaSet."""
    spec = owner.setdefault("spec", {})
    spec.setdefault("replicas", 1)
    default_template(spec)


def _rolling(strategy: Obj, **limits: int | str) -> None:
    """Fill in a rolling update, unless another strategy is chosen."""
    strategy.setdefault("type", _ROLLING)
    if strategy["type"] == _ROLLING:
        fill(strategy.setdefault("rollingUpdate", {}), **limits)
