"""kubernetes.aio's configuration and connection, without the rest of the package.

Importing anything below `kubernetes` first runs the packages' `__init__` modules, which import the
whole synchronous client with its libraries: 9 MB and 260 unused modules, three quarters of the
import's time. So empty packages replace those two while the needed parts are imported. Afterwards
they are removed: a later import of `kubernetes` gets all of it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec, module_from_spec
from typing import Any

from chaosmonkey.cluster.credentials_program import run_credentials_program

OPENINGS = ("kubernetes", "kubernetes.aio")


@contextmanager
def _without_openings() -> Iterator[None]:
    empty = [name for name in OPENINGS if name not in sys.modules]
    for name in empty:
        spec = find_spec(name)
        if spec is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        sys.modules[name] = module_from_spec(spec)
    try:
        yield
    finally:
        for name in empty:
            del sys.modules[name]


with _without_openings():
    from kubernetes.aio.client.api_client import ApiClient
    from kubernetes.aio.client.configuration import Configuration
    from kubernetes.aio.config import (
        KUBE_CONFIG_DEFAULT_LOCATION,
        ConfigException,
        kube_config,
        load_incluster_config,
        load_kube_config_from_dict,
    )
    from kubernetes.aio.config.exec_provider import ExecProvider


class BoundedExecProvider(ExecProvider):
    """Runs a kubeconfig's credentials program with limits."""

    async def run(self, previous_response: object = None) -> dict[str, Any]:  # noqa: ARG002 - theirs
        """Return the status that the program gives; an exception is logged by the caller."""
        spec = {"interactive": False}
        request = {"apiVersion": self.api_version, "kind": "ExecCredential", "spec": spec}
        more = self.env | {"KUBERNETES_EXEC_INFO": json.dumps(request)}
        return await run_credentials_program(self.args, more, self.api_version)


kube_config.ExecProvider = BoundedExecProvider  # type: ignore[attr-defined] # not exported

__all__ = [
    "KUBE_CONFIG_DEFAULT_LOCATION",
    "ApiClient",
    "ConfigException",
    "Configuration",
    "load_incluster_config",
    "load_kube_config_from_dict",
]
