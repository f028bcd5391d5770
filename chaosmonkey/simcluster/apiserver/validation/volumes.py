"""Validation of a pod's volumes."""

from __future__ import annotations

from chaosmonkey.simcluster.apiserver.validation import names
from chaosmonkey.simcluster.apiserver.validation.containers import Volumes, check_path_below
from chaosmonkey.simcluster.apiserver.validation.errors import FieldErrors
from chaosmonkey.simcluster.apiserver.watch_cache import Obj

_NAMED = {
    "configMap": "name",
    "secret": "secretName",
    "persistentVolumeClaim": "claimName",
    "csi": "driver",
    "nfs": "server",
    "hostPath": "path",
}
"""The field without which a source names nothing."""

_BAD_MODE = "must be a number between 0 and 0777 (octal), both inclusive"
_HOST_PATHS = (
    "",
    "BlockDevice",
    "CharDevice",
    "Directory",
    "DirectoryOrCreate",
    "File",
    "FileOrCreate",
    "Socket",
)


def check_volumes(errors: FieldErrors, volumes: list[Obj], path: str) -> Volumes:
    """Check the volumes of a pod; returns the valid ones by name."""
    known: Volumes = {}
    for number, volume in enumerate(volumes):
        at, before = f"{path}[{number}]", len(errors)
        _check_source(errors, volume, at)
        name = volume.get("name", "")
        if not name:
            errors.required(f"{at}.name")
        else:
            errors.invalid(f"{at}.name", name, *names.label(name))
        if name in known:
            errors.duplicate(f"{at}.name", name)
        if len(errors) == before:
            known[name] = volume
    return known


def _check_source(errors: FieldErrors, volume: Obj, path: str) -> None:
    sources = [kind for kind, source in volume.items() if isinstance(source, dict)]
    for number, kind in enumerate(sources):
        at = f"{path}.{kind}"
        if number:
            errors.forbidden(at, "may not specify more than 1 volume type")
            continue
        source = volume[kind]
        if (needed := _NAMED.get(kind)) and not source.get(needed):
            errors.required(f"{at}.{needed}")
        if not 0 <= source.get("defaultMode", 0) <= 0o777:
            errors.invalid(f"{at}.defaultMode", source["defaultMode"], _BAD_MODE)
        for index, item in enumerate(source.get("items", ())):
            _check_item(errors, item, f"{at}.items[{index}]", keyed=kind != "downwardAPI")
        if kind == "hostPath" and source.get("type", "") not in _HOST_PATHS:
            errors.not_supported(f"{at}.type", source["type"], _HOST_PATHS)
    if not sources:
        errors.required(path, "must specify a volume type")


def _check_item(errors: FieldErrors, item: Obj, path: str, *, keyed: bool) -> None:
    if keyed and not item.get("key"):
        errors.required(f"{path}.key")
    if target := item.get("path"):
        check_path_below(errors, target, f"{path}.path")
    else:
        errors.required(f"{path}.path")
    if not 0 <= item.get("mode", 0) <= 0o777:
        errors.invalid(f"{path}.mode", item["mode"], _BAD_MODE)
