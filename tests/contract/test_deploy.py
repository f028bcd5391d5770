"""What deploy/ puts onto real machines fits the program, and can be put there twice."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from chaosmonkey.cluster import Client
from chaosmonkey.cluster.describe import KINDS
from chaosmonkey.cluster.resources import BUDGETS, WATCHED, Resource
from chaosmonkey.config import PRESETS
from chaosmonkey.model import FeedKind
from chaosmonkey.preflight import Level
from chaosmonkey.preflight.rbac import check_permissions
from chaosmonkey.simcluster.demo import shop
from hardware.table import channels, example

DEPLOY = Path(__file__).parents[2] / "deploy"
UNIT = (DEPLOY / "systemd/chaosmonkey.service").read_text()
BOOT = "boot/firmware/config.txt"


def run(*words: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, check=False, **more)


def documents(path: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / path).read_text()))


# --- the machine ---------------------------------------------------------------------------------


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / BOOT).parent.mkdir(parents=True)
    (tmp_path / BOOT).write_text("arm_64bit=1\n")
    return tmp_path


def snapshot(root: Path) -> dict[str, tuple[str, int, int]]:
    return {
        str(path.relative_to(root)): (
            path.read_text(),
            path.stat().st_mode,
            path.stat().st_mtime_ns,
        )
        for path in root.rglob("*")
        if path.is_file()
    }


def install(root: Path, *more: str) -> str:
    told = run(DEPLOY / "install.sh", "--root", root, *more)
    assert told.returncode == 0, told.stderr
    return told.stdout


def test_installing_twice_changes_nothing(root: Path) -> None:
    assert "changed: /etc/systemd/system/chaosmonkey.service" in install(root)
    before = snapshot(root)
    assert install(root) == "Nothing to change.\n"
    assert snapshot(root) == before


def test_installing_again_keeps_the_owners_settings_and_mends_ours(root: Path) -> None:
    install(root)
    (root / "etc/chaosmonkey/lab.toml").write_text("# mine\n")
    (root / "etc/systemd/system/chaosmonkey.service").write_text("[Service]\n")
    assert install(root) == "changed: /etc/systemd/system/chaosmonkey.service\n"
    assert (root / "etc/chaosmonkey/lab.toml").read_text() == "# mine\n"


def test_the_prefix_is_where_the_unit_finds_the_program(root: Path) -> None:
    install(root, "--prefix", "/srv/monkey")
    unit = (root / "etc/systemd/system/chaosmonkey.service").read_text()
    assert "ExecStart=/srv/monkey/bin/chaosmonkey serve" in unit
    assert "@PREFIX@" not in unit


def test_the_secret_is_for_root_alone_and_the_settings_are_not_for_everybody(root: Path) -> None:
    install(root)
    modes = {name: mode & 0o777 for name, (_, mode, _) in snapshot(root).items()}
    assert modes["etc/chaosmonkey/environment"] == 0o600
    assert modes["etc/chaosmonkey/lab.toml"] == 0o640


@pytest.fixture
def table(root: Path) -> dict[str, str]:
    """The installed chaosmonkey-table among programs that write down what they are asked."""
    install(root)
    programs = root / "programs"
    programs.mkdir()
    for name, does in (
        ("systemctl", '[ "$1" != is-active ] || [ -e "$LOG.active" ]'),
        ("systemd-run", 'exit "${CODE:-0}"'),
        ("id", "echo 0"),
    ):
        tell = "" if name == "id" else f'echo "{name} $*" >>"$LOG"\n'
        (programs / name).write_text(f"#!/bin/sh\n{tell}{does}\n")
        (programs / name).chmod(0o755)
    return {"PATH": f"{programs}:/usr/bin:/bin", "LOG": str(root / "log")}


def asked(root: Path, environment: dict[str, str], *words: str) -> tuple[int, list[str]]:
    program = root / "usr/local/sbin/chaosmonkey-table"
    told = run(program, *words, env=environment, stdin=subprocess.DEVNULL)
    return told.returncode, Path(environment["LOG"]).read_text().splitlines()


def test_a_command_on_the_table_has_the_servers_plugs_user_secrets_and_groups(
    root: Path, table: dict[str, str]
) -> None:
    (root / "log.active").touch()
    code, log = asked(root, table, "plugs", "test", "node3")
    assert code == 0
    assert [line.split()[1] for line in (log[0], log[1], log[3])] == ["is-active", "stop", "start"]
    command = "/opt/chaosmonkey/bin/chaosmonkey plugs test node3 --config /etc/chaosmonkey/lab.toml"
    assert log[2].endswith(command)
    groups = re.search("^SupplementaryGroups=(.*)$", UNIT, re.MULTILINE)
    assert groups is not None
    for setting in ("User=chaosmonkey", groups[0], "EnvironmentFile=-/etc/chaosmonkey/environment"):
        assert f"-p {setting} " in log[2]
        assert setting in UNIT


def test_the_server_is_started_again_whatever_became_of_the_command(
    root: Path, table: dict[str, str]
) -> None:
    (root / "log.active").touch()
    code, log = asked(root, {**table, "CODE": "4"}, "check", "--live")
    assert (code, log[-1]) == (4, "systemctl start chaosmonkey.service")


def test_a_server_that_did_not_run_is_not_started(root: Path, table: dict[str, str]) -> None:
    code, log = asked(root, table, "plugs", "read")
    assert code == 0
    assert not [line for line in log if "start" in line or "stop" in line]


def test_uninstalling_leaves_settings_and_the_boot_file_as_they_were(root: Path) -> None:
    install(root)
    told = run(DEPLOY / "uninstall.sh", "--root", root)
    assert told.returncode == 0, told.stderr
    assert set(snapshot(root)) == {
        BOOT,
        "etc/chaosmonkey/lab.toml",
        "etc/chaosmonkey/environment",
    }
    assert (root / BOOT).read_text() == "arm_64bit=1\n"
    assert run(DEPLOY / "uninstall.sh", "--root", root).stdout == "Nothing to remove.\n"
    assert run(DEPLOY / "uninstall.sh", "--root", root, "--purge").returncode == 0
    assert set(snapshot(root)) == {BOOT}


def test_a_boot_file_without_a_last_line_feed_is_not_spoilt(root: Path) -> None:
    (root / BOOT).write_text("arm_64bit=1")
    install(root)
    assert (root / BOOT).read_text().startswith("arm_64bit=1\n# --- chaosmonkey: begin\n[all]\n")
    assert install(root) == "Nothing to change.\n"


def test_nothing_is_cut_out_of_a_boot_file_whose_end_mark_is_gone(root: Path) -> None:
    install(root)
    text = (root / BOOT).read_text().replace("# --- chaosmonkey: end\n", "") + "dtparam=audio=on\n"
    (root / BOOT).write_text(text)
    told = run(DEPLOY / "uninstall.sh", "--root", root)
    assert told.returncode == 1
    assert "by hand" in told.stderr
    assert (root / BOOT).read_text() == text


def test_a_wrong_option_changes_nothing_and_says_what_there_is(root: Path) -> None:
    for script in ("install.sh", "uninstall.sh"):
        told = run(DEPLOY / script, "--root", root, "--nonsense")
        assert told.returncode == 2
        assert "--prefix" in told.stdout + told.stderr
    assert set(snapshot(root)) == {BOOT}


def test_the_firmware_holds_every_line_of_the_classic_table_low() -> None:
    text = (DEPLOY / "raspberry-pi/config.txt").read_text()
    held = {int(pin) for found in re.findall(r"^gpio=([\d,]+)=op,dl$", text, re.MULTILINE)
            for pin in found.split(",")}  # fmt: skip
    assert held == {one.bcm for feed in FeedKind for one in channels(example(), feed)}


# --- systemd -------------------------------------------------------------------------------------


def directive(name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", UNIT, re.MULTILINE)


def test_the_unit_starts_it_again_for_ever_and_turns_every_plug_on_in_between() -> None:
    assert directive("Restart") == ["always"]
    assert directive("StartLimitIntervalSec") == ["0"]
    assert directive("Type") == ["notify"]
    assert directive("WatchdogSec") == ["10"]
    (after,) = directive("ExecStopPost")
    assert "chaosmonkey restore-plugs --config /etc/chaosmonkey/lab.toml" in after


def test_a_stop_is_given_the_time_that_a_restore_may_take() -> None:
    from chaosmonkey.control.cut import GOODBYE
    from chaosmonkey.plugs.verified import POWER_TIMEOUT

    assert int(directive("TimeoutStopSec")[0]) >= max(GOODBYE, POWER_TIMEOUT) + 5


def test_the_data_folder_of_the_example_is_the_one_that_systemd_makes() -> None:
    assert example().server.data == Path("/var/lib") / directive("StateDirectory")[0]


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None,
    reason="CHAOSMONKEY: no systemd-analyze, so nobody checked the unit",
)
def test_systemd_understands_every_line_of_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "chaosmonkey.service"
    unit.write_text(re.sub(r"@PREFIX@/bin/chaosmonkey", "/bin/true", UNIT))
    told = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", unit)
    assert (told.returncode, told.stdout + told.stderr) == (0, "")
    exposed = run("systemd-analyze", "security", "--offline=true", "--threshold=20", unit)
    assert exposed.returncode == 0, exposed.stdout[-200:]  # 2.0 of 10; the server itself needs 1.9


@pytest.mark.skipif(
    shutil.which("shellcheck") is None,
    reason="CHAOSMONKEY: no shellcheck, so nobody checked the shell scripts",
)
def test_shell_scripts_are_clean() -> None:
    scripts = [
        path
        for path in [*DEPLOY.rglob("*"), *(DEPLOY.parent / ".ci").iterdir()]
        if path.is_file() and re.match(r"#!/(usr/)?bin/(env )?(ba)?sh\n", path.read_text()[:40])
    ]
    assert len(scripts) >= 7
    told = run("shellcheck", *scripts)
    assert told.returncode == 0, told.stdout


# --- Kubernetes ----------------------------------------------------------------------------------


def test_k3s_is_set_as_the_preset_stage_says() -> None:
    stage = PRESETS["stage"]
    server = yaml.safe_load((DEPLOY / "k3s/server.yaml").read_text())
    assert server["kube-controller-manager-arg+"] == [
        f"node-monitor-grace-period={stage.grace:g}s",
        f"node-monitor-period={stage.period:g}s",
    ]
    assert server["kube-apiserver-arg+"] == [
        f"default-not-ready-toleration-seconds={stage.toleration:g}",
        f"default-unreachable-toleration-seconds={stage.toleration:g}",
    ]
    kubelet = yaml.safe_load((DEPLOY / "k3s/kubelet.yaml").read_text())
    assert kubelet["nodeLeaseDurationSeconds"] == stage.lease


@pytest.mark.parametrize("name", ["server", "agent"])
def test_every_kubelet_of_the_stage_renews_its_lease_often_enough(name: str) -> None:
    """The master's too: it is watched with the same grace."""
    settings = yaml.safe_load((DEPLOY / f"k3s/{name}.yaml").read_text())
    assert settings["kubelet-arg+"] == ["config=/etc/rancher/k3s/kubelet.yaml"]


Right = tuple[str, str, str, str]
"""Namespace (empty: all), API group, resource, verb."""


def granted(path: str) -> Iterator[Right]:
    for role in documents(path):
        if role["kind"] in {"Role", "ClusterRole"}:
            for rule in role["rules"]:
                for group in rule["apiGroups"]:
                    for resource in rule["resources"]:
                        for verb in rule["verbs"]:
                            yield role["metadata"].get("namespace", ""), group, resource, verb


def group_of(api: str) -> str:
    """/api/v1 → "", /apis/apps/v1 → "apps"."""
    return api.split("/")[2] if api.startswith("/apis/") else ""


def used() -> Iterator[Right]:
    for one in WATCHED:
        for resource in filter(None, (one, one.older)):
            for verb in ("list", "watch"):
                yield resource.only_in or "", group_of(resource.api), resource.name, verb
    for api, plural, _ in KINDS.values():
        yield "", group_of(api), plural, "get"
    yield "", "", "pods/log", "get"
    yield "", "", "namespaces", "get"  # of kube-system, by which a cluster is recognised
    yield "", BUDGETS.group, BUDGETS.name, "list"


def test_the_account_may_read_what_the_server_asks_for_and_nothing_else() -> None:
    given = list(granted("kubernetes/rbac-read.yaml"))
    assert set(given) == set(used())
    assert len(given) == len(set(given))


def test_acting_is_deleting_pods_and_nothing_else() -> None:
    assert list(granted("kubernetes/rbac-act.yaml")) == [("", "", "pods", "delete")]


class Account:
    """An API server that knows our roles; asks nobody."""

    def __init__(self, *files: str) -> None:
        self.rights = {right for file in files for right in granted(f"kubernetes/{file}")}

    def places(self, resource: Resource) -> tuple[str | None, ...]:
        """All namespaces, but for what lives in one."""
        return (resource.only_in,)

    async def may(
        self, verb: str, group: str, resource: str, *, namespace: str | None = None
    ) -> bool:
        everywhere = ("", group, resource, verb)
        return everywhere in self.rights or (namespace, *everywhere[1:]) in self.rights


async def lacks(*files: str) -> list[tuple[Level, str]]:
    found = [one async for one in check_permissions(cast("Client", Account(*files)))]
    return [(one.level, one.remedy) for one in found if one.level is not Level.OK]


async def test_the_preflight_is_content_with_our_roles_and_names_the_file_that_is_missing() -> None:
    assert await lacks("rbac-read.yaml", "rbac-act.yaml") == []
    act = (Level.NOTE, "kubectl apply -f deploy/kubernetes/rbac-act.yaml")
    assert await lacks("rbac-read.yaml") == [act]
    read = [(level, remedy) for level, remedy in await lacks("rbac-act.yaml") if "read" in remedy]
    assert [level for level, _ in read] == [Level.FAULT, *[Level.NOTE] * 3]


def test_every_role_is_bound_to_the_one_account() -> None:
    both = [*documents("kubernetes/rbac-read.yaml"), *documents("kubernetes/rbac-act.yaml")]
    named = {
        (one["kind"], one["metadata"]["name"], one["metadata"].get("namespace")) for one in both
    }
    bound = set()
    for one in both:
        if one["kind"].endswith("Binding"):
            role = one["roleRef"]
            bound.add((role["kind"], role["name"], one["metadata"].get("namespace")))
            (subject,) = one["subjects"]
            assert (subject["kind"], subject["name"], subject["namespace"]) in named
    assert bound == {one for one in named if one[0] in {"Role", "ClusterRole"}}


def test_the_kubeconfig_holds_the_accounts_token_and_fails_while_there_is_none(
    tmp_path: Path,
) -> None:
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(
        '#!/bin/sh\ncase "$*" in *config*) echo https://10.0.0.1:6443;;'
        ' *token*) printf %s "$TOKEN";; *ca*) printf Y2E=;; esac\n'
    )
    kubectl.chmod(0o755)
    script = DEPLOY / "kubernetes/kubeconfig.sh"
    path = f"{tmp_path}:/usr/bin:/bin"
    told = run(script, env={"PATH": path, "TOKEN": "c2VjcmV0"})
    found = yaml.safe_load(told.stdout)
    assert found["users"][0]["user"] == {"token": "secret"}
    assert found["clusters"][0]["cluster"] == {
        "server": "https://10.0.0.1:6443",
        "certificate-authority-data": "Y2E=",
    }
    early = run(script, env={"PATH": path, "TOKEN": ""})
    assert (early.returncode, early.stdout) == (1, "")
    assert "has no token yet" in early.stderr


def test_the_shop_is_the_demos_with_an_image_that_exists() -> None:
    real = documents("kubernetes/shop.yaml")
    for one in real:
        if one["kind"] in {"Deployment", "StatefulSet", "DaemonSet"}:
            pod = one["spec"]["template"]["spec"]
            (container,) = pod["containers"]
            port = container["ports"][0]["containerPort"]
            assert f"httpd -f -p {port} " in container.pop("command")[-1]
            assert container["image"] == "busybox:1.36"
            container["image"] = f"registry.example/{container['name']}:1.4"
            assert pod.pop("terminationGracePeriodSeconds") == 2
    assert real == shop(int(PRESETS["stage"].toleration))
