"""Kubeconfigs mean to us what they mean to kubectl, the real one."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from chaosmonkey.cluster.kubeconfig import choose
from chaosmonkey.errors import BadConfig

KUBECTL = shutil.which("kubectl")

pytestmark = pytest.mark.skipif(
    KUBECTL is None,
    reason="CHAOSMONKEY: no kubectl on PATH, so nobody compared how kubeconfigs are read",
)

Json = dict[str, Any]


def write(path: Path, **parts: Any) -> Path:
    path.parent.mkdir(exist_ok=True, parents=True)
    listed = {
        kind: [{"name": name, kind[:-1]: content} for name, content in parts.pop(kind, {}).items()]
        for kind in ("clusters", "users", "contexts")
    }
    path.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config"} | listed | parts))
    return path


def kubectl(paths: list[Path], *words: str) -> subprocess.CompletedProcess[str]:
    assert KUBECTL is not None
    return subprocess.run(
        [KUBECTL, *words], env={"KUBECONFIG": ":".join(map(str, paths)), "HOME": "/nonexistent"},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


STAGE = {"stage": {"cluster": "lab", "user": "me"}}
HOME = {"home": {"cluster": "lab", "user": "you"}}
CASES: dict[str, list[Json]] = {
    "the first file's cluster and user win": [
        {"clusters": {"lab": {"server": "https://a:1"}}, "users": {"me": {"token": "a"}}},
        {
            "clusters": {"lab": {"server": "https://b:1"}}, "users": {"me": {"token": "b"}},
            "contexts": STAGE, "current-context": "stage",
        },
    ],
    "the current context is the first that is set": [
        {"contexts": STAGE, "users": {"me": {"token": "a"}}, "current-context": ""},
        {
            "contexts": HOME, "users": {"you": {"token": "b"}}, "current-context": "home",
            "clusters": {"lab": {"server": "https://a:1"}},
        },
        {"current-context": "stage"},
    ],
    "certificates start at their own file": [
        {"contexts": STAGE, "current-context": "stage"},
        {
            "clusters": {"lab": {"server": "https://a:1", "certificate-authority": "pki/ca.crt"}},
            "users": {"me": {"client-certificate": "me.crt", "client-key": "../me.key"}},
        },
    ],
    "a context without a user": [
        {
            "contexts": {"stage": {"cluster": "lab"}}, "current-context": "stage",
            "clusters": {"lab": {"server": "https://a:1"}},
        },
    ],
}  # fmt: skip


@pytest.mark.parametrize("files", CASES.values(), ids=CASES)
def test_several_files_are_one_as_kubectl_has_it(tmp_path: Path, files: list[Json]) -> None:
    paths = [write(tmp_path / f"{number}" / "k", **parts) for number, parts in enumerate(files)]
    missing = [paths[0], tmp_path / "nowhere", *paths[1:]]
    view = kubectl(missing, "config", "view", "--merge", "--minify", "--raw", "-o", "json")
    assert view.returncode == 0, view.stderr
    theirs = json.loads(view.stdout)
    ours = choose(paths, None)
    # kubectl leaves what is relative as it is in this view, and follows it from its file.
    assert ours.cluster["server"] == theirs["clusters"][0]["cluster"]["server"]
    user = (theirs["users"] or [{"user": {}}])[0]["user"]
    assert set(ours.user) == set(user)
    assert ours.user.get("token") == user.get("token")
    for key in ("client-certificate", "client-key"):
        if key in user:
            assert Path(ours.user[key]).resolve() == (paths[1].parent / user[key]).resolve()


@pytest.fixture
def nowhere() -> Iterator[str]:
    """An address at which nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.mark.parametrize("command", ["./login", "bin/login", "login"])
def test_a_program_with_a_slash_is_looked_up_from_its_file_as_kubectl_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, nowhere: str
) -> None:
    told = tmp_path / "told"
    for place in ("one", "one/bin", "two"):
        program = tmp_path / place / "login"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f'#!/bin/sh\necho "$0" > {told}\nexit 1\n')
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "two"), prepend=":")
    monkeypatch.chdir(tmp_path)
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": command,
        "interactiveMode": "Never",
    }
    path = write(
        tmp_path / "one" / "k",
        clusters={"lab": {"server": nowhere.replace("http:", "https:")}},
        users={"me": {"exec": plugin}},
        contexts=STAGE,
        **{"current-context": "stage"},
    )
    assert KUBECTL is not None
    subprocess.run([KUBECTL, f"--kubeconfig={path}", "version"], capture_output=True, timeout=120,
                   check=False)  # fmt: skip
    found = shutil.which(choose([path], None).user["exec"]["command"])
    assert found is not None
    assert Path(found).resolve() == Path(told.read_text().strip()).resolve()


def test_what_kubectl_refuses_is_refused(tmp_path: Path) -> None:
    gone = write(
        tmp_path / "k",
        users={"me": {"exec": {"apiVersion": "client.authentication.k8s.io/v1",
                               "command": "./gone", "interactiveMode": "Never"}}},
        clusters={"lab": {"server": "https://127.0.0.1:1"}},
        contexts=STAGE, **{"current-context": "stage"},
    )  # fmt: skip
    theirs = kubectl([gone], "version")
    assert theirs.returncode
    assert "gone" in theirs.stderr
    with pytest.raises(BadConfig, match=r"its program '.*gone' is not installed"):
        choose([gone], None)
