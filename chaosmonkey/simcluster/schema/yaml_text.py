"""YAML text, read as the JSON that it stands for: keys are text, and so are dates."""

from __future__ import annotations

from typing import Any

import yaml

from chaosmonkey.simcluster.schema.decoding import Members
from chaosmonkey.simcluster.schema.json_text import BadJson

_TIMESTAMP = "tag:yaml.org,2002:timestamp"


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """Reads mappings as `Members`, so that repeated keys survive."""


_Loader.yaml_implicit_resolvers = {
    first: [rule for rule in rules if rule[0] != _TIMESTAMP]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _mapping(loader: _Loader, node: Any) -> Members:
    loader.flatten_mapping(node)
    return Members(
        (_key(loader.construct_object(key, deep=True)), loader.construct_object(value, deep=True))
        for key, value in node.value
    )


def _key(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
for _kind in ("binary", "set", "omap", "pairs"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_kind}", _Loader.construct_undefined)


def read_yaml(body: bytes) -> Any:
    """Parse YAML; mappings become `Members`. Raises `BadJson`."""
    try:
        return yaml.load(body, _Loader)  # noqa: S506 - a safe loader
    except (yaml.YAMLError, ValueError, RecursionError) as broken:
        raise BadJson(f"error converting YAML to JSON: yaml: {broken}") from None
