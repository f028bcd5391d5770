"""Kubeconfigs are understood as kubectl does, and what is wrong with them is said in a sentence."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import shlex
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from chaosmonkey.cluster import credentials
from chaosmonkey.cluster.client import Client
from chaosmonkey.cluster.credentials import configuration
from chaosmonkey.cluster.errors import Unauthorized, Unreachable
from chaosmonkey.config import Cluster
from chaosmonkey.errors import BadConfig
from tests.patience import PATIENCE, eventually


def kubeconfig(path: Path, server: str, *, user: dict[str, Any], **cluster: Any) -> Path:
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "lab", "cluster": {"server": server} | cluster}],
        "users": [{"name": "me", "user": user}],
        "contexts": [
            {"name": "stage", "context": {"cluster": "lab", "user": "me"}},
            {"name": "home", "context": {"cluster": "lab", "user": "me"}},
        ],
        "current-context": "stage",
    }
    path.write_text(yaml.safe_dump(content))
    return path


async def problem(settings: Cluster) -> str:
    with pytest.raises(BadConfig) as raised:
        await configuration(settings)
    return str(raised.value)


async def test_a_plain_url_needs_no_credentials() -> None:
    found = await configuration(Cluster(server="http://127.0.0.1:8001/"))
    assert found.host == "http://127.0.0.1:8001"
    assert found.api_key == {}


@pytest.mark.parametrize(
    ("server", "asks_proxies"),
    [
        ("http://127.0.0.1:8001", False),
        ("http://localhost:8001", False),
        ("https://[::1]:6443", False),
        ("https://10.0.0.5:6443", True),
        ("https://k3s.local:6443", True),
    ],
)
async def test_a_proxy_of_the_environment_is_not_asked_for_what_is_on_this_machine(
    server: str, asks_proxies: bool
) -> None:
    found = await configuration(Cluster(server=server))
    given = found.client_session_kwargs or {"trust_env": True}
    assert given["trust_env"] is asks_proxies


async def test_every_watch_may_have_a_connection_of_its_own() -> None:
    assert (await configuration(Cluster(server="http://x"))).connection_pool_maxsize == 0


async def test_a_missing_file_is_named(tmp_path: Path) -> None:
    said = await problem(Cluster(kubeconfig=tmp_path / "nowhere"))
    assert "nowhere" in said
    assert "the file does not exist" in said


async def test_a_missing_context_names_the_known_ones_and_the_nearest(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path / "k", "http://x", user={})
    said = await problem(Cluster(kubeconfig=path, context="stag"))
    assert "no context 'stag'" in said
    assert "Did you mean 'stage'?" in said
    assert "home, stage" in said


@pytest.mark.parametrize("text", ["", "[]", "a: [", "just words", "contexts: 3"])
async def test_what_is_no_kubeconfig_is_said_to_be_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "k"
    path.write_text(text)
    assert str(path) in await problem(Cluster(kubeconfig=path))


async def test_no_cluster_at_all_says_where_it_was_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials, "KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "usual"))
    monkeypatch.setattr(credentials, "K3S_KUBECONFIG", tmp_path / "k3s.yaml")
    said = await problem(Cluster())
    assert "usual" in said
    assert "k3s.yaml" in said
    kubeconfig(tmp_path / "k3s.yaml", "http://k3s:6443", user={})
    assert (await configuration(Cluster())).host == "http://k3s:6443"
    kubeconfig(tmp_path / "usual", "http://usual:6443", user={})
    assert (await configuration(Cluster())).host == "http://usual:6443"


async def test_an_unusable_certificate_is_said_before_anything_runs(tmp_path: Path) -> None:
    junk = base64.b64encode(b"junk").decode()
    path = kubeconfig(tmp_path / "k", "https://x", user={}, **{"certificate-authority-data": junk})
    assert "certificate" in await problem(Cluster(kubeconfig=path))


async def test_a_program_that_gives_no_credentials_is_named(tmp_path: Path) -> None:
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": "/bin/false"}
    path = kubeconfig(tmp_path / "k", "http://x", user={"exec": plugin})
    assert "/bin/false" in await problem(Cluster(kubeconfig=path))


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("yes", "printed more than 64 KiB"),
        ("yes >&2", "printed more than 64 KiB"),
        ("yes no | head -c 50000 >&2; exit 3", "exited with 3: "),
        ("echo 7", "printed no ExecCredential"),
        ('echo \'{"kind": "ExecCredential", "apiVersion": "v0", "status": {}}\'', "speaks 'v0'"),
    ],
)
async def test_a_program_that_prints_without_end_or_nonsense_is_ended_and_told_shortly(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, script: str, told: str
) -> None:
    version = "client.authentication.k8s.io/v1"
    plugin = {"apiVersion": version, "command": "sh", "args": ["-c", script]}
    path = kubeconfig(tmp_path / "k", "http://x", user={"exec": plugin})
    async with asyncio.timeout(PATIENCE):
        await problem(Cluster(kubeconfig=path))
    assert told in caplog.text
    assert len(caplog.text) < 2000


# --- against a server that looks at who comes ----------------------------------------------------


class Guarded:
    """A TLS server that lets in whoever bears a token or a certificate that it knows."""

    def __init__(self, pki: Path) -> None:
        self.token = "right"
        self.came: list[str] = []
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=pki / "ca.crt")
        self.context.load_cert_chain(pki / "server.crt", pki / "server.key")
        self.context.verify_mode = ssl.CERT_OPTIONAL
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            token = next(
                (line.split()[-1] for line in head.splitlines() if "authorization:" in line), ""
            )
            subject = dict(
                pair[0] for pair in (writer.get_extra_info("peercert") or {}).get("subject", ())
            )
            self.came.append(token or subject.get("commonName", "nobody"))
            known = token == self.token or subject
            body = b'{"gitVersion":"v1"}' if known else b'{"kind":"Status","code":401}'
            code = 200 if known else 401
            writer.write(b"HTTP/1.1 %d X\r\nConnection: close\r\n\r\n%b" % (code, body))
            await writer.drain()
        finally:
            writer.close()


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate authority, a server, a client, and a client of somebody else's."""
    folder = tmp_path_factory.mktemp("pki")

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    for authority in ("ca", "other"):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                f"/CN={authority}", "-keyout", f"{authority}.key", "-out", f"{authority}.crt",
                "-addext", "keyUsage=critical,keyCertSign")  # fmt: skip
    (folder / "ext").write_text("subjectAltName=IP:127.0.0.1\n")
    signed = shlex.split("x509 -req -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile ext")
    for name in ("server", "me"):
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}",
                "-keyout", f"{name}.key", "-out", f"{name}.csr")  # fmt: skip
        openssl(*signed, "-in", f"{name}.csr", "-out", f"{name}.crt")
    return folder


@asynccontextmanager
async def guarded(pki: Path) -> AsyncIterator[Guarded]:
    guard = Guarded(pki)
    server = await asyncio.start_server(guard.serve, "127.0.0.1", 0, ssl=guard.context)
    async with server:
        guard.url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield guard


@asynccontextmanager
async def client(path: Path) -> AsyncIterator[Client]:
    found = Client(Cluster(kubeconfig=path))
    try:
        yield found
    finally:
        await found.close()


@asynccontextmanager
async def token_client(pki: Path, path: Path) -> AsyncIterator[tuple[Guarded, Client]]:
    """A client whose kubeconfig has the token of the server."""
    async with guarded(pki) as guard:
        token_config(path, guard, pki)
        async with client(path) as me:
            yield guard, me


def token_config(path: Path, guard: Guarded, pki: Path) -> None:
    authority = {"certificate-authority": str(pki / "ca.crt")}
    kubeconfig(path, guard.url, user={"token": guard.token}, **authority)


async def refuse_token(guard: Guarded, me: Client) -> None:
    """Log in once, then have the server refuse the client's token."""
    await me.server_version()
    guard.token = "renewed"
    with pytest.raises(Unauthorized):
        await me.server_version()


async def test_a_client_certificate_logs_in(pki: Path, tmp_path: Path) -> None:
    def data(name: str) -> str:
        return base64.b64encode((pki / name).read_bytes()).decode()

    user = {"client-certificate-data": data("me.crt"), "client-key-data": data("me.key")}
    authority = {"certificate-authority-data": data("ca.crt")}
    async with guarded(pki) as guard:
        path = kubeconfig(tmp_path / "k", guard.url, user=user, **authority)
        async with client(path) as me:
            assert await me.server_version() == "v1"
        assert guard.came == ["me"]


async def test_a_token_logs_in_and_a_new_one_is_found_after_a_refusal(
    pki: Path, tmp_path: Path
) -> None:
    path = tmp_path / "k"
    async with token_client(pki, path) as (guard, me):
        await refuse_token(guard, me)
        token_config(path, guard, pki)
        await me.server_version()
    assert guard.came == ["right", "right", "renewed"]


async def test_a_kubeconfig_that_vanishes_in_the_middle_is_trouble_but_no_crash(
    pki: Path, tmp_path: Path
) -> None:
    path = tmp_path / "k"
    async with token_client(pki, path) as (guard, me):
        await refuse_token(guard, me)
        path.unlink()
        with pytest.raises(Unreachable, match="the file does not exist"):
            await me.server_version()


def missing(path: Path, authority: Path) -> None:
    path.unlink()


def garbled(path: Path, authority: Path) -> None:
    path.write_bytes(b"\xff\x00 contexts: [")


def a_folder(path: Path, authority: Path) -> None:
    path.unlink()
    path.mkdir()


def of_odd_types(path: Path, authority: Path) -> None:
    path.write_text(path.read_text().replace("token: right", "exec: 5"))


def without_its_authority(path: Path, authority: Path) -> None:
    authority.unlink()


@pytest.mark.parametrize(
    "broken", [missing, garbled, a_folder, of_odd_types, without_its_authority]
)
async def test_a_kubeconfig_that_cannot_be_used_yet_is_unreachable_and_read_again(
    pki: Path, tmp_path: Path, broken: Callable[[Path, Path], None]
) -> None:
    authority = tmp_path / "ca.crt"
    async with guarded(pki) as guard:

        def whole() -> Path:
            authority.write_bytes((pki / "ca.crt").read_bytes())
            user = {"token": "right"}
            entries = {"certificate-authority": str(authority)}
            return kubeconfig(tmp_path / "k", guard.url, user=user, **entries)

        path = whole()
        broken(path, authority)
        async with client(path) as me:
            with pytest.raises(Unreachable, match="log in: ") as caught:
                await me.server_version()
            assert "\n" not in caught.value.message
            if path.is_dir():
                path.rmdir()
            whole()

            async def logs_in() -> bool:
                with contextlib.suppress(Unreachable):
                    return await me.server_version() == "v1"
                return False

            await eventually(logs_in)


async def test_a_program_hands_out_tokens_and_is_asked_again_when_they_run_out(
    pki: Path, tmp_path: Path
) -> None:
    def hand_out(token: str, until: str) -> None:
        status = {"token": token, "expirationTimestamp": until}
        credential = {
            "apiVersion": "client.authentication.k8s.io/v1",
            "kind": "ExecCredential",
            "status": status,
        }
        (tmp_path / "credential").write_text(json.dumps(credential))

    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "cat",
        "args": [str(tmp_path / "credential")],
    }
    authority = {"certificate-authority": str(pki / "ca.crt")}
    async with guarded(pki) as guard:
        path = kubeconfig(tmp_path / "k", guard.url, user={"exec": plugin}, **authority)
        hand_out("right", until="2001-01-01T00:00:00Z")
        async with client(path) as me:
            await me.server_version()
            guard.token = "renewed"
            hand_out("renewed", until="2101-01-01T00:00:00Z")
            await me.server_version()
            hand_out("never asked for", until="2101-01-01T00:00:00Z")
            await me.server_version()
        assert guard.came == ["right", "renewed", "renewed"]


async def test_a_server_of_another_authority_is_not_trusted(pki: Path, tmp_path: Path) -> None:
    authority = {"certificate-authority": str(pki / "other.crt")}
    async with guarded(pki) as guard:
        path = kubeconfig(tmp_path / "k", guard.url, user={"token": "right"}, **authority)
        async with client(path) as me:
            with pytest.raises(Unreachable) as raised:
                await me.server_version()
            assert "certificate authority" in raised.value.remedy
        assert guard.came == []


@dataclass
class Pod:
    """A client in a pod, the server, and the file with the service account's token."""

    guard: Guarded
    me: Client
    token: Path


@pytest.fixture
async def pod(pki: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pod]:
    from kubernetes.aio.config import incluster_config

    token = tmp_path / "token"
    token.write_text("right")
    monkeypatch.setattr(credentials, "SERVICE_ACCOUNT_TOKEN", token)
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(token))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(pki / "ca.crt"))
    async with guarded(pki) as guard:
        host, port = guard.url.removeprefix("https://").split(":")
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", port)
        me = Client(Cluster())
        yield Pod(guard, me, token)
        await me.close()


async def test_in_a_pod_the_service_account_logs_in_and_its_renewed_token_is_read_again(
    pod: Pod,
) -> None:
    await pod.me.server_version()
    pod.guard.token = "renewed"
    pod.token.write_text("renewed")
    with pytest.raises(Unauthorized):
        await pod.me.server_version()
    await pod.me.server_version()
    assert pod.guard.came == ["right", "right", "renewed"]


async def test_an_api_server_on_this_machine_is_reached_past_a_proxy_of_the_environment(
    pki: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with token_client(pki, tmp_path / "k") as (_, me):
        assert await me.server_version() == "v1"


async def test_a_service_account_whose_token_vanishes_is_trouble_but_no_crash(
    pod: Pod, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kubernetes.aio.config import incluster_config

    loader = incluster_config.InClusterConfigLoader
    begin: Callable[..., None] = loader.__init__

    def impatient(self: Any, *given: Any, **named: Any) -> None:
        begin(self, *given, **named)
        self._token_refresh_period *= 0  # it is read again for every request, not every minute

    monkeypatch.setattr(loader, "__init__", impatient)
    await pod.me.server_version()
    pod.token.unlink()
    with pytest.raises(Unreachable, match="log in: "):
        await pod.me.server_version()


# --- what kubectl can do and we cannot -----------------------------------------------------------

PLUGIN = {"apiVersion": "client.authentication.k8s.io/v1", "command": "true"}


@pytest.mark.parametrize(
    ("user", "cluster", "told"),
    [
        ({}, {"proxy-url": "socks5://127.0.0.1:1080"}, "its proxy (proxy-url) is socks5; only"),
        ({}, {"proxy-url": "127.0.0.1:3128"}, "is without http://"),
        ({"exec": PLUGIN | {"provideClusterInfo": True}}, {}, "needs provideClusterInfo"),
        ({"exec": PLUGIN | {"interactiveMode": "Always"}}, {}, "is interactive"),
        (
            {"exec": PLUGIN | {"command": "no-such-program"}},
            {},
            "'no-such-program' is not installed",
        ),
        (
            {"exec": PLUGIN | {"command": "nope", "installHint": "apt install nope"}},
            {},
            "apt install nope",
        ),
        ({"token": "x", "as": "admin"}, {}, "impersonates another (as), which is not supported"),
    ],
)
async def test_what_is_not_supported_is_said_with_what_to_do(
    tmp_path: Path, user: dict[str, Any], cluster: dict[str, Any], told: str
) -> None:
    path = kubeconfig(tmp_path / "k", "https://192.0.2.1:6443", user=user, **cluster)
    assert told in await problem(Cluster(kubeconfig=path))


async def test_an_http_proxy_is_taken(tmp_path: Path) -> None:
    proxy = {"proxy-url": "http://127.0.0.1:3128"}
    path = kubeconfig(tmp_path / "k", "https://192.0.2.1:6443", user={}, **proxy)
    assert (await configuration(Cluster(kubeconfig=path))).proxy == "http://127.0.0.1:3128"


async def test_a_socks_proxy_of_the_environment_is_not_supported_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", "socks5h://127.0.0.1:1080")
    told = await problem(Cluster(server="https://192.0.2.1:6443"))
    assert "its proxy ($HTTPS_PROXY) is socks5h; only http and https" in told
    await configuration(Cluster(server="https://127.0.0.1:6443"))
    monkeypatch.setenv("no_proxy", "192.0.2.1")
    await configuration(Cluster(server="https://192.0.2.1:6443"))


async def test_a_token_file_is_read_from_its_kubeconfigs_folder_and_wins_over_a_token(
    tmp_path: Path,
) -> None:
    (tmp_path / "secret").write_text("from the file")
    path = kubeconfig(tmp_path / "k", "http://x", user={"token": "old", "tokenFile": "secret"})
    found = await configuration(Cluster(kubeconfig=path))
    assert found.api_key["BearerToken"] == "Bearer from the file"


async def test_a_context_without_a_user_needs_none(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path / "k", "https://x", user={})
    path.write_text(path.read_text().replace("user: me", "user: ''"))
    assert (await configuration(Cluster(kubeconfig=path))).host == "https://x"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("cluster: lab\n", "cluster: other\n", "names a cluster that does not exist"),
        ("user: me", "user: you", "names a user 'you' that does not exist"),
        ("server: https://x", "other: 1", "cluster 'lab' has no server"),
    ],
)
async def test_what_a_context_names_in_vain_is_said(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    path = kubeconfig(tmp_path / "k", "https://x", user={})
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    assert told in await problem(Cluster(kubeconfig=path))


async def test_all_files_of_the_environment_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = kubeconfig(tmp_path / "first", "http://first", user={})
    second = kubeconfig(tmp_path / "second", "http://second", user={})
    first.write_text(first.read_text().replace("name: lab", "name: other"))
    monkeypatch.setattr(credentials, "KUBE_CONFIG_DEFAULT_LOCATION", f"{first}:gone:{second}")
    assert (await configuration(Cluster())).host == "http://second"
