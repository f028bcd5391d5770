"""Read kubeconfig files as kubectl does.

    $KUBECONFIG=a:b ─► per cluster, user and context the first file that has it wins;
                       the current context is the first that is set; missing files are skipped
    paths           ─► start at the folder of their own file; a program with a slash in it too

What only kubectl supports is reported, with what to do instead.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import yaml

from chaosmonkey.errors import BadConfig, did_you_mean

Json = dict[str, Any]

KINDS = {"clusters": "cluster", "users": "user", "contexts": "context"}
"""The lists of a kubeconfig, and the key of the content in their entries."""

PATHS = {
    "cluster": ("certificate-authority",),
    "user": ("client-certificate", "client-key", "tokenFile"),
    "context": (),
}

PROXIES = ("http", "https")
"""Proxy schemes that aiohttp supports."""

IMPERSONATION = ("as", "as-uid", "as-groups", "as-user-extra")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The cluster and user of one context; paths in it are absolute.

    Attributes:
        source: the files, for errors.
    """

    source: str
    cluster: Json
    user: Json

    def as_kubeconfig(self) -> Json:
        """A kubeconfig with only this context."""
        return {
            "current-context": "only",
            "contexts": [{"name": "only", "context": {"cluster": "only", "user": "only"}}],
            "clusters": [{"name": "only", "cluster": self.cluster}],
            "users": [{"name": "only", "user": self.user}],
        }


def choose(paths: Sequence[Path], context: str | None) -> Chosen:
    """The cluster and the user of a context, or of the current one.

    Raises:
        BadConfig: a file is unreadable or no kubeconfig, the context is missing, or it needs
            something that only kubectl supports.
    """
    source = os.pathsep.join(map(str, paths))
    merged: dict[str, dict[str, Json]] = {kind: {} for kind in KINDS}
    current = ""
    for path in paths:
        content = _read(path)
        current = current or str(content.get("current-context") or "")
        for kind, what in KINDS.items():
            for name, entry in _entries(path, content, kind, what):
                merged[kind].setdefault(name, entry)
    wanted = context or current
    known = f"It has: {', '.join(sorted(merged['contexts'])) or 'none'}."
    if not wanted:
        raise BadConfig(source, [f"has no current context; set 'context'. {known}"])
    if wanted not in merged["contexts"]:
        hint = did_you_mean(wanted, merged["contexts"])
        raise BadConfig(source, [f"has no context '{wanted}'. {hint}{known}"])
    found = merged["contexts"][wanted]
    cluster = merged["clusters"].get(str(found.get("cluster")))
    if cluster is None:
        raise BadConfig(source, [f"context '{wanted}' names a cluster that does not exist"])
    if not cluster.get("server"):
        raise BadConfig(source, [f"cluster '{found['cluster']}' has no server"])
    name = str(found.get("user") or "")
    if name and name not in merged["users"]:
        raise BadConfig(source, [f"context '{wanted}' names a user '{name}' that does not exist"])
    chosen = Chosen(source, cluster, merged["users"].get(name, {}))
    if problems := [*_unsupported(chosen), *_missing_program(chosen.user)]:
        raise BadConfig(source, problems)
    return chosen


def proxy_problems(proxy: str | None, server: str, *, environment: bool) -> list[str]:
    """Problems of the kubeconfig's proxy, or else of the environment's."""
    where = "proxy-url"
    if not proxy and environment:
        parts = urlsplit(server)
        proxy = getproxies().get(parts.scheme)
        if not proxy or proxy_bypass(parts.hostname or ""):
            return []
        where = f"${parts.scheme.upper()}_PROXY"
    if not proxy or urlsplit(proxy).scheme in PROXIES:
        return []
    kind = proxy.partition("://")[0] if "://" in proxy else "without http://"
    return [
        f"its proxy ({where}) is {kind}; only http and https proxies are supported. Use one, or a "
        "tunnel such as 'ssh -L 6443:API-SERVER:6443 HOST' with server https://127.0.0.1:6443"
    ]


def _read(path: Path) -> Json:
    try:
        content = yaml.safe_load(path.read_text())
    except FileNotFoundError as error:
        raise BadConfig(str(path), ["the file does not exist"]) from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfig(str(path), [f"cannot be read: {error}"]) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise BadConfig(str(path), [f"is not a kubeconfig: {error}"]) from error
    if not isinstance(content, dict):
        raise BadConfig(str(path), ["is not a kubeconfig: it has no keys"])
    return content


def _entries(path: Path, content: Json, kind: str, what: str) -> Iterator[tuple[str, Json]]:
    """The entries of one list; of two with the same name the first wins."""
    listed = content.get(kind) or []
    for entry in listed if isinstance(listed, list) else [None]:
        match entry:
            case {"name": name, **rest} if isinstance(inner := rest.get(what) or {}, dict):
                yield str(name), _with_whole_paths(path, inner, PATHS[what])
            case _:
                raise BadConfig(
                    str(path), [f"is not a kubeconfig: {kind} has an entry without name or {what}"]
                )


def _with_whole_paths(path: Path, content: Json, keys: Iterable[str]) -> Json:
    folder = path.expanduser().absolute().parent
    whole: Json = {key: str(folder / str(content[key])) for key in keys if content.get(key)}
    if whole.get("tokenFile"):
        content = {key: value for key, value in content.items() if key != "token"}
    plugin = content.get("exec")
    if isinstance(plugin, dict) and os.sep in str(plugin.get("command")):
        whole["exec"] = plugin | {"command": str(folder / plugin["command"])}
    return content | whole


def _unsupported(chosen: Chosen) -> Iterator[str]:
    """Features of the context that only kubectl supports."""
    plugin = chosen.user.get("exec") or {}
    if plugin.get("provideClusterInfo"):
        yield (
            f"its program '{plugin.get('command')}' needs provideClusterInfo, "
            "which is not supported; use a token or a certificate"
        )
    if plugin.get("interactiveMode") == "Always":
        yield (
            f"its program '{plugin.get('command')}' is interactive (interactiveMode: "
            "Always), which a server cannot be; use a token or a certificate"
        )
    if used := [key for key in IMPERSONATION if chosen.user.get(key)]:
        yield (
            f"its user impersonates another ({', '.join(used)}), which is not supported; give this "
            "server a service account of its own (deploy/kubernetes/)"
        )


def _missing_program(user: Json) -> Iterator[str]:
    plugin = user.get("exec") or {}
    command = plugin.get("command")
    if command and shutil.which(command) is None:
        hint = f" {plugin['installHint']}" if plugin.get("installHint") else ""
        yield f"its program '{command}' is not installed or not executable.{hint}"
