"""Defaults of volumes."""

from __future__ import annotations

from chaosmonkey.simcluster.apiserver.watch_cache import Obj

_MODE = 0o644
"""The mode of files in a volume (SecretVolumeSourceDefaultMode and its siblings)."""

_HOUR = 3600
"""Seconds for which a projected token is valid (ServiceAccountTokenProjection)."""

_WITH_MODE = ("configMap", "downwardAPI", "projected", "secret")


def default_volume(volume: Obj) -> None:
    """Fill in a volume; one without a source is an empty directory."""
    if not any(isinstance(source, dict) for source in volume.values()):
        volume["emptyDir"] = {}
    for kind in _WITH_MODE:
        if kind in volume:
            volume[kind].setdefault("defaultMode", _MODE)
    if "hostPath" in volume:
        volume["hostPath"].setdefault("type", "")
    if "iscsi" in volume:
        volume["iscsi"].setdefault("iscsiInterface", "default")
    _items(volume.get("downwardAPI", {}))
    for source in volume.get("projected", {}).get("sources", ()):
        _items(source.get("downwardAPI", {}))
        if "serviceAccountToken" in source:
            source["serviceAccountToken"].setdefault("expirationSeconds", _HOUR)
    if claim := volume.get("ephemeral", {}).get("volumeClaimTemplate"):
        default_claim_spec(claim.setdefault("spec", {}))


def default_claim_spec(spec: Obj) -> None:
    """Fill in the spec of a claim (SetDefaults_PersistentVolumeClaimSpec)."""
    spec.setdefault("volumeMode", "Filesystem")


def _items(source: Obj) -> None:
    for item in source.get("items", ()):
        if "fieldRef" in item:
            item["fieldRef"].setdefault("apiVersion", "v1")
