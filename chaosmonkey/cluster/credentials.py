"""Choose where to connect and how to log in; kubernetes.aio reads the credentials.

server = URL        that address, without credentials
kubeconfig = FILE   that file
neither             a pod's service account, else the files of $KUBECONFIG or ~/.kube/config, else
                    k3s's file
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from chaosmonkey.cluster.kubeconfig import Chosen, choose, proxy_problems
from chaosmonkey.cluster.kubernetes_aio import (
    KUBE_CONFIG_DEFAULT_LOCATION,
    ConfigException,
    Configuration,
    load_incluster_config,
    load_kube_config_from_dict,
)
from chaosmonkey.config import Cluster
from chaosmonkey.errors import BadConfig

_load_incluster: Callable[..., None] = load_incluster_config
_load_kubeconfig: Callable[..., Any] = load_kube_config_from_dict

K3S_KUBECONFIG = Path("/etc/rancher/k3s/k3s.yaml")
SERVICE_ACCOUNT_TOKEN = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")


async def configuration(settings: Cluster) -> Configuration:
    """Everything that a connection needs, in kubernetes.aio's form.

    Raises:
        BadConfig: there is no such file or context, the file is invalid, or its credentials
            program gave none.
    """
    found = Configuration()
    if settings.server:
        found.host = settings.server.rstrip("/")
    elif settings.kubeconfig is None and _in_a_pod():
        _from_service_account(found)
    else:
        files = [settings.kubeconfig] if settings.kubeconfig else _usual_files()
        await _from_files(files, settings.context, found)
    _check_certificates(found)
    here = _is_here(found.host)
    if problems := proxy_problems(found.proxy, found.host, environment=not here):
        raise BadConfig("[cluster]", problems)
    found.connection_pool_maxsize = 0  # each watch keeps a connection: no bound on them
    if here:
        # As kubectl does: $HTTP_PROXY is not for loopback.
        found.client_session_kwargs = {"trust_env": False}
    return found


def _is_here(server: str) -> bool:
    host = urlsplit(server).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _in_a_pod() -> bool:
    return SERVICE_ACCOUNT_TOKEN.is_file()


def _from_service_account(found: Configuration) -> None:
    try:
        _load_incluster(client_configuration=found)
    except ConfigException as error:
        raise BadConfig(str(SERVICE_ACCOUNT_TOKEN.parent), [str(error)]) from error


def _usual_files() -> list[Path]:
    """The kubeconfigs in the first of the usual places that has any."""
    usual = [
        Path(part).expanduser() for part in KUBE_CONFIG_DEFAULT_LOCATION.split(os.pathsep) if part
    ]
    for places in (usual, [K3S_KUBECONFIG]):
        if files := [path for path in places if path.is_file()]:
            return files
    searched = ", ".join(str(path) for path in [*usual, K3S_KUBECONFIG])
    raise BadConfig(
        "[cluster]",
        [f"no cluster is set and no kubeconfig found ({searched}). Set 'kubeconfig' or 'server'."],
    )


async def _from_files(paths: list[Path], context: str | None, found: Configuration) -> None:
    chosen = choose(paths, context)
    try:
        loader = await _load_kubeconfig(chosen.as_kubeconfig(), client_configuration=found)
    except (ConfigException, ValueError, KeyError, TypeError, OSError) as error:
        raise BadConfig(chosen.source, [str(error) or repr(error)]) from error
    _follow_plugin(chosen, loader, found)


def _check_certificates(found: Configuration) -> None:
    """Load certificates once here, where an error can name them."""
    try:
        ssl.create_default_context(cafile=found.ssl_ca_cert, cadata=found.ca_cert_data)
        if found.cert_file:
            ssl.create_default_context().load_cert_chain(found.cert_file, found.key_file)
    except (ssl.SSLError, OSError) as error:
        raise BadConfig("kubeconfig", [f"its certificate or key is not usable: {error}"]) from error


def _follow_plugin(chosen: Chosen, loader: Any, found: Configuration) -> None:
    """Run the credentials program again when its token expires."""
    plugin = chosen.user.get("exec")
    if not plugin:
        return
    if "BearerToken" not in found.api_key and not found.cert_file:
        command = plugin.get("command")
        raise BadConfig(
            chosen.source,
            [f"its credentials program '{command}' gave none; run it by hand to see why"],
        )

    async def refresh(configuration: Configuration) -> None:
        if hasattr(loader, "exec_plugin_expiry"):  # the program gave an expiry
            await loader.load_from_exec_plugin()  # does nothing before that
            configuration.api_key["BearerToken"] = loader.token

    found.refresh_api_key_hook = refresh  # type: ignore[assignment]  # typed as None there
