"""Where the cluster is and how we log in: kubernetes.aio reads it, we choose the source.

server = URL        that address, without credentials
kubeconfig = FILE   that file
neither             a pod's service account, else $KUBECONFIG or ~/.kube/config, else k3s's file
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml  # type: ignore[import-untyped]  # kubernetes.aio reads kubeconfigs with it

from chaosmonkey.cluster.kubernetes_aio import (
    KUBE_CONFIG_DEFAULT_LOCATION,
    ConfigException,
    Configuration,
    load_incluster_config,
    load_kube_config,
)
from chaosmonkey.config import Cluster
from chaosmonkey.errors import BadConfig, did_you_mean

_load_incluster: Callable[..., None] = load_incluster_config
_load_file: Callable[..., Any] = load_kube_config

K3S_KUBECONFIG = Path("/etc/rancher/k3s/k3s.yaml")
SERVICE_ACCOUNT_TOKEN = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")


async def configuration(settings: Cluster) -> Configuration:
    """Everything that a connection needs, as kubernetes.aio words it.

    Raises:
        BadConfig: there is no such file or context, the file makes no sense, or the program that
            it names for the credentials gave none.
    """
    found = Configuration()
    if settings.server:
        found.host = settings.server.rstrip("/")
    elif settings.kubeconfig is None and _in_a_pod():
        _from_service_account(found)
    else:
        await _from_file(settings.kubeconfig or _usual_file(), settings.context, found)
    _check_certificates(found)
    found.connection_pool_maxsize = 0  # each watch keeps a connection: no bound on them
    if _is_here(found.host):
        # As kubectl does: $HTTP_PROXY is for the world outside.
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


def _usual_file() -> Path:
    """The first kubeconfig there is in the usual places."""
    # $KUBECONFIG may name several files: the first one that exists is taken.
    usual = [
        Path(part).expanduser() for part in KUBE_CONFIG_DEFAULT_LOCATION.split(os.pathsep) if part
    ]
    for path in [*usual, K3S_KUBECONFIG]:
        if path.is_file():
            return path
    looked = ", ".join(str(path) for path in [*usual, K3S_KUBECONFIG])
    raise BadConfig(
        "[cluster]",
        [f"no cluster given and no kubeconfig found ({looked}). Set 'kubeconfig' or 'server'."],
    )


async def _from_file(path: Path, context: str | None, found: Configuration) -> None:
    _check(path, context)
    try:
        loader = await _load_file(
            str(path), context, client_configuration=found, persist_config=False
        )
    except (ConfigException, ValueError, KeyError, TypeError, OSError) as error:
        raise BadConfig(str(path), [str(error) or repr(error)]) from error
    _follow_plugin(path, loader, found)


def _check(path: Path, context: str | None) -> None:
    """Say in our own words what most often is wrong with a kubeconfig."""
    try:
        text = path.read_text()
    except FileNotFoundError as error:
        raise BadConfig(str(path), ["there is no such file"]) from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfig(str(path), [f"cannot be read: {error}"]) from error
    try:
        content = yaml.safe_load(text)
        contexts = [str(each["name"]) for each in content.get("contexts") or ()]
    except (yaml.YAMLError, AttributeError, TypeError, KeyError) as error:
        raise BadConfig(str(path), [f"is no kubeconfig: {error}"]) from error
    known = f"It has: {', '.join(sorted(contexts)) or 'none'}."
    if context is not None and context not in contexts:
        hint = did_you_mean(context, contexts)
        raise BadConfig(str(path), [f"has no context '{context}'. {hint}{known}"])
    if context is None and not content.get("current-context"):
        raise BadConfig(str(path), [f"has no current context; set 'context'. {known}"])


def _check_certificates(found: Configuration) -> None:
    """Load them once here, where what is wrong with them can be said in one sentence."""
    try:
        ssl.create_default_context(cafile=found.ssl_ca_cert, cadata=found.ca_cert_data)
        if found.cert_file:
            ssl.create_default_context().load_cert_chain(found.cert_file, found.key_file)
    except (ssl.SSLError, OSError) as error:
        raise BadConfig(
            "kubeconfig", [f"its certificate or key cannot be used: {error}"]
        ) from error


def _follow_plugin(path: Path, loader: Any, found: Configuration) -> None:
    """Ask the program that hands out our token for a new one when the old one runs out."""
    user = loader._user
    if user is None or "exec" not in user:
        return
    if "BearerToken" not in found.api_key and not found.cert_file:
        command = user["exec"].safe_get("command")
        raise BadConfig(
            str(path), [f"its program '{command}' gave no credentials; run it by hand to see why"]
        )

    async def refresh(configuration: Configuration) -> None:
        if hasattr(loader, "exec_plugin_expiry"):  # it said until when the token is good
            await loader.load_from_exec_plugin()  # does nothing before that
            configuration.api_key["BearerToken"] = loader.token

    found.refresh_api_key_hook = refresh  # type: ignore[assignment]  # typed as None there
