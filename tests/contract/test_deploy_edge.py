"""What deploy/edge/ puts onto machines far from the table fits the program and NATS."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from chaosmonkey.api.transport.server import SPARE_FILES
from chaosmonkey.config import EdgeSettings, ScaleSettings, load_edge
from chaosmonkey.edge.serve import CAPACITY
from chaosmonkey.scale.subjects import LEASE, PLAY, SEATS, STAGE, Subjects
from tests.nats import nats_program

ROOT = Path(__file__).parents[2]
EDGE = ROOT / "deploy/edge"
UNIT = (EDGE / "chaosmonkey-edge.service").read_text()
DOCUMENT = (ROOT / "docs/scale-out.md").read_text()


def run(*words: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, check=False, **more)


# --- NATS ----------------------------------------------------------------------------------------

needs_nats = pytest.mark.skipif(
    nats_program() is None, reason="CHAOSMONKEY: no nats-server, so nobody checked nats.conf"
)


def check(config: Path, *, password: str = "p1") -> subprocess.CompletedProcess[str]:
    passwords = {"TABLE_PASSWORD": "p0", "EDGE_PASSWORD": password}
    return run(nats_program() or "", "-t", "-c", config, env=passwords)


@needs_nats
def test_nats_understands_its_configuration_and_the_accounts_beside_it() -> None:
    assert (EDGE / "accounts.conf").resolve() == ROOT / "chaosmonkey/scale/accounts.conf"
    checked = check(EDGE / "nats.conf")
    assert checked.returncode == 0, checked.stderr


@needs_nats
@pytest.mark.parametrize("password", ["12345", "5k", "-abc", "true", "two words"])
def test_a_password_that_nats_takes_for_a_value_is_refused_and_not_used(password: str) -> None:
    """nats.conf says so. If nats-server ever takes them, the remark can go."""
    checked = check(EDGE / "nats.conf", password=password)
    assert "is valid" not in checked.stderr


@needs_nats
@pytest.mark.skipif(
    shutil.which("openssl") is None, reason="CHAOSMONKEY: no openssl, so nobody tried tls {}"
)
def test_the_tls_block_is_a_good_one_once_it_is_no_longer_a_comment(tmp_path: Path) -> None:
    text = (EDGE / "nats.conf").read_text()
    block = re.search(r"^# tls \{\n(#.*\n)*?# \}\n", text, re.MULTILINE)
    assert block is not None
    active = text.replace(block[0], re.sub("^# ", "", block[0], flags=re.MULTILINE))
    for name in ("cert.pem", "key.pem"):
        assert f'"/etc/nats/{name}"' in active
    (tmp_path / "nats.conf").write_text(active.replace("/etc/nats/", f"{tmp_path}/"))
    shutil.copy(EDGE / "accounts.conf", tmp_path / "accounts.conf")
    assert "cert.pem" in check(tmp_path / "nats.conf").stderr  # there is none yet
    made = run(
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
        "-subj", "/CN=nats", "-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    checked = check(tmp_path / "nats.conf")
    assert checked.returncode == 0, checked.stderr


def covers(pattern: str, subject: str) -> bool:
    """Whether a subject with wildcards covers another; "*" is one part, ">" all that follow."""
    parts, of = pattern.split("."), subject.split(".")
    if parts[-1] == ">":
        parts, of = parts[:-1], of[: len(parts) - 1]
    return len(parts) == len(of) and all(a in ("*", b) for a, b in zip(parts, of, strict=True))


def granted(section: str) -> list[str]:
    """The subjects in a part of accounts.conf, such as `publish: […]`."""
    accounts = (EDGE / "accounts.conf").read_text()
    (found,) = re.findall(rf"\b{section}: \[\n(.*?)\n *\]\n", accounts, re.DOTALL)
    return re.findall(r'"([^"]+)"', found)


def every_subject() -> dict[str, list[str]]:
    """The subjects of the table "table", by the name in Subjects."""
    table = Subjects("table")
    found = {}
    for name, of in vars(Subjects).items():
        if name.startswith("_") or name in ("table", "bucket", "stream"):
            continue
        if isinstance(of, property):
            found[name] = [getattr(table, name)]
        elif name in ("value", "last_value"):
            found[name] = [getattr(table, name)(key) for key in (PLAY, STAGE, SEATS, LEASE)]
        else:
            found[name] = [getattr(table, name)("edge1")]
    return found


FROM_EDGES = {"requests", "presence", "refresh", "last_value"}


def test_there_are_subjects_of_both_kinds() -> None:
    assert every_subject().keys() > FROM_EDGES
    assert {"pulse", "deltas", "answers", "value"} <= every_subject().keys()


@pytest.mark.parametrize(
    ("name", "subject"),
    [(name, subject) for name, subjects in every_subject().items() for subject in subjects],
)
def test_every_subject_is_exported_imported_and_granted_one_way_only(
    name: str, subject: str
) -> None:
    way, other = ("publish", "subscribe") if name in FROM_EDGES else ("subscribe", "publish")
    for section in ("exports", "imports", way):
        assert any(covers(one, subject) for one in granted(section)), section
    assert not any(covers(one, subject) for one in granted(other))


# --- edges ---------------------------------------------------------------------------------------


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("NATS_PASSWORD", "p123")
    return "p123"


def loaded(text: str, folder: Path, password: str) -> EdgeSettings:
    path = folder / "edge.toml"
    path.write_text(text)
    settings = load_edge(path)
    assert settings.nats.user == "edge"
    assert settings.nats.password.get_secret_value() == password
    return settings


def toml_blocks(kind: str) -> list[str]:
    return re.findall(rf"<!-- {kind} -->\n```toml\n(.*?)```", DOCUMENT, re.DOTALL)


def test_the_example_and_the_documents_edge_are_the_same_kind_of_edge(
    tmp_path: Path, password: str
) -> None:
    (shown,) = toml_blocks("edge.toml")
    example = loaded((EDGE / "edge.toml").read_text(), tmp_path, password)
    assert loaded(shown, tmp_path, password).server == example.server


def test_the_documents_server_and_edges_meet_at_the_same_nats(
    tmp_path: Path, password: str
) -> None:
    (shown,) = toml_blocks("lab.toml")
    scale = ScaleSettings.model_validate(tomllib.loads(shown)["scale"])
    (edge,) = toml_blocks("edge.toml")
    settings = loaded(edge, tmp_path, password)
    assert (scale.user, settings.nats.user) == ("table", "edge")
    assert (scale.servers, scale.ca, scale.table) == (
        settings.nats.servers, settings.nats.ca, settings.nats.table,
    )  # fmt: skip
    assert scale.join_url == f"{settings.server.public_url}/play"


def directive(name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", UNIT, re.MULTILINE)


def test_the_unit_starts_an_edge_again_whenever_it_ends() -> None:
    assert directive("Restart") == ["always"]
    assert directive("StartLimitIntervalSec") == ["0"]
    assert directive("ExecStart")[0].endswith(
        "chaosmonkey edge --config /etc/chaosmonkey/edge.toml"
    )


def test_the_unit_allows_as_many_connections_as_an_edge_takes() -> None:
    assert int(directive("LimitNOFILE")[0]) >= CAPACITY.most + SPARE_FILES


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None,
    reason="CHAOSMONKEY: no systemd-analyze, so nobody checked the edge's unit",
)
def test_systemd_understands_every_line_of_the_edges_unit(tmp_path: Path) -> None:
    unit = tmp_path / "chaosmonkey-edge.service"
    unit.write_text(UNIT.replace("/opt/chaosmonkey/bin/chaosmonkey", "/bin/true"))
    checked = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", unit)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
    exposed = run("systemd-analyze", "security", "--offline=true", "--threshold=16", unit)
    assert exposed.returncode == 0, exposed.stdout[-200:]  # 1.6 of 10; the edge needs 1.5


def manifests() -> dict[str, dict[str, Any]]:
    found = list(yaml.safe_load_all((EDGE / "kubernetes.yaml").read_text()))
    by_kind = {one["kind"]: one for one in found}
    assert len(by_kind) == len(found)
    return by_kind


def test_kubernetes_probes_what_an_edge_serves() -> None:
    (container,) = manifests()["Deployment"]["spec"]["template"]["spec"]["containers"]
    source = (ROOT / "chaosmonkey/edge/app.py").read_text()
    paths = [container[probe]["httpGet"]["path"] for probe in ("readinessProbe", "livenessProbe")]
    assert paths == ["/readyz", "/healthz"]
    for path in paths:
        assert f'Route("{path}"' in source


def test_the_edge_in_kubernetes_gets_its_settings_and_its_password(
    tmp_path: Path, password: str
) -> None:
    by_kind = manifests()
    settings = loaded(by_kind["ConfigMap"]["data"]["edge.toml"], tmp_path, password)
    (container,) = by_kind["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert container["args"] == ["edge", "--config", "/etc/chaosmonkey/edge.toml"]
    assert container["ports"][0]["containerPort"] == settings.server.port
    assert "NATS_PASSWORD" in by_kind["Secret"]["stringData"]
    assert container["envFrom"] == [{"secretRef": {"name": by_kind["Secret"]["metadata"]["name"]}}]
    (rule,) = by_kind["Ingress"]["spec"]["rules"]
    assert settings.server.public_url == f"https://{rule['host']}"


def test_the_manifests_name_each_other_and_share_a_namespace() -> None:
    by_kind = manifests()
    deployment, service = by_kind["Deployment"], by_kind["Service"]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    for selector in (
        deployment["spec"]["selector"]["matchLabels"],
        by_kind["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        service["spec"]["selector"],
    ):
        assert selector == labels
    target = by_kind["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]
    assert target["name"] == deployment["metadata"]["name"]
    (path,) = by_kind["Ingress"]["spec"]["rules"][0]["http"]["paths"]
    assert path["backend"]["service"]["name"] == service["metadata"]["name"]
    space = by_kind.pop("Namespace")["metadata"]["name"]
    assert {one["metadata"]["namespace"] for one in by_kind.values()} == {space}


def test_compose_runs_an_edge_with_settings_that_load(tmp_path: Path, password: str) -> None:
    compose = yaml.safe_load((EDGE / "compose.yaml").read_text())
    text = compose["configs"]["edge"]["content"]
    assert "$" not in text  # Compose would replace it
    settings = loaded(text, tmp_path, password)
    assert settings.nats.servers == ("nats://nats:4222",)
    for volume in compose["services"]["nats"]["volumes"]:
        source = volume.split(":")[0]
        assert source == "nats" or (EDGE / source).is_file()
    build = compose["services"]["edge"]["build"]
    assert (EDGE / build["context"] / build["dockerfile"]).is_file()
