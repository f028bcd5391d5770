"""The whole chain, from a curl to a pretend plug to a recovery time, through real processes."""

import asyncio
import os
import re
import shutil
import signal
import socket
from pathlib import Path
from urllib.parse import urljoin

import httpx
import orjson
import pytest

from tests.e2e.conftest import LONG, SPEED, Demo, children, is_alive, run, started
from tests.meant import MEANT
from tests.patience import PATIENCE, connect, eventually
from tests.ports import free_ports

pytestmark = pytest.mark.e2e


async def test_a_curl_cuts_power_and_the_recovery_time_is_seen_everywhere(tmp_path: Path) -> None:
    async with started(tmp_path / "data") as demo:
        async with connect(demo.url.replace("http", "ws") + "/ws") as socket:
            began = asyncio.get_running_loop().time()
            answer = await demo.client.get(
                "/kill/node3",
                params={"wait": "recovered", "for": LONG},
                headers={"User-Agent": "curl/8"},
            )
            took = asyncio.get_running_loop().time() - began
            lines = answer.text.splitlines()
            assert "node3 lost its power" in lines[0]
            assert lines[-1].startswith("recovery time: ")
            # A machine that is very busy holds the server up, which tells an interval then.
            seconds = float(lines[-1].partition(" s = ")[0].split()[-1])
            assert 0 < seconds < took * SPEED
            outage = await demo.outage(lambda one: one["recovery_seconds"] is not None)
            assert round(outage["recovery_seconds"], 1) == seconds
            assert sum(outage["phases"].values()) == pytest.approx(outage["recovery_seconds"])
            seen = None
            async with asyncio.timeout(PATIENCE):
                while seen != outage["recovery_seconds"]:
                    message = orjson.loads(await socket.recv())
                    for one in message.get("set", {}).get("outages", {}).values():
                        seen = one["recovery_seconds"]
        assert any("Recovered after" in line for line in demo.output)
        await demo.client.post("/restore/node3")
        closed = await demo.outage(lambda one: not one["open"])
        assert closed["outcome"] == "recovered"
        milestones = closed["milestones"]
        order = [
            "commanded", "cut", "not_ready", "tainted", "evicting_first", "evicting_last",
            "scheduled", "recovered", "restored", "rejoined", "cleaned",
        ]  # fmt: skip
        assert [milestones[name] for name in order] == sorted(milestones[name] for name in order)
        assert milestones["cut"] == 0
        assert "whole" in milestones  # the StatefulSet's pod came back with its machine
    async with started(tmp_path / "data") as demo:
        after = await demo.get("/api/outages")
        assert after[0] == closed


async def test_kill_9_in_the_middle_of_an_outage_restores_the_plug_at_the_next_start(
    demo: Demo,
) -> None:
    await demo.client.post("/kill/node3", params={"for": LONG})
    assert not await demo.is_live("node3")
    os.kill(await demo.server_pid(), signal.SIGKILL)
    assert not await demo.is_live("node3")  # the pins keep their level, as on Raspberry Pi OS

    async def live() -> bool:
        return await demo.is_live("node3")

    await eventually(live)
    await demo.ready()
    outage = await demo.outage(lambda one: one["milestones"].get("restored") is not None)
    assert outage["outcome"] == "aborted"
    assert "did not see" in outage["interrupted"]
    moments = [line["at"] for line in outage["story"]]
    assert moments == sorted(moments)
    assert any("Restarting it" in line for line in demo.output)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_restores_every_plug_and_ends_cleanly(
    tmp_path: Path, number: signal.Signals
) -> None:
    async with started(tmp_path / "data") as demo:
        await demo.client.post("/kill/node3", params={"for": LONG})
        server = await demo.server_pid()
        os.kill(server, number)

        async def gone() -> bool:
            return not is_alive(server)

        await eventually(gone)
        assert await demo.is_live("node3")
        assert any("ended (exit code 0)" in line for line in demo.output)
        demo.process.send_signal(number)
        async with asyncio.timeout(PATIENCE):
            assert await demo.process.wait() == 0
    log = "\n".join(demo.output)
    assert "Traceback" not in log
    assert "warning asyncio" not in log
    assert "node3: power restored" in log


async def test_nothing_survives_a_demo_that_was_killed(tmp_path: Path) -> None:
    async with started(tmp_path / "data") as demo:
        await demo.client.post("/kill/node3", params={"for": LONG})
        family = [pid for pid, _ in children(demo.process.pid)]
        assert len(family) == 2
        demo.process.kill()
        await demo.process.wait()

        async def all_gone() -> bool:
            return not any(is_alive(pid) for pid in family)

        await eventually(all_gone)


async def is_heard_again(demo: Demo, node: str) -> None:
    """Return when a kubelet has renewed its lease twice: how often it does is known then."""
    path = f"/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{node}"
    heard: set[str] = set()

    async def look() -> bool:
        url = f"http://127.0.0.1:{demo.sim_port}{path}"
        lease = (await demo.client.get(url)).json()
        heard.add(lease["spec"]["renewTime"])
        return len(heard) > 2

    await eventually(look)


async def test_a_plug_pulled_by_hand_is_noticed_and_measured(demo: Demo) -> None:
    await is_heard_again(demo, "node2")
    code, output = await run("unplug", "node2", f"--sim-port={demo.sim_port}")
    assert (code, output) == (0, "Pulled node2's power cable. The server was not notified.\n")
    outage = await demo.outage(lambda one: one["recovery_seconds"] is not None)
    assert (outage["origin"], outage["feed"], outage["machine"]) == ("observed", "power", "node2")
    assert (outage["clocked"], outage["cause"]) == ("sensor", "hand")
    held_up = any("did not run" in line for line in demo.output)
    assert outage["t0_within"] == 0 or held_up
    assert outage["recovery_seconds"] > 0
    power = (await demo.get("/api/state"))["state"]["machines"]["node2"]["power"]
    assert (power["state"], power["sensed"]) == ("on", "off")
    assert power["finding"].startswith("No power arrives, though its plug is on")
    await run("plug-in", "node2", f"--sim-port={demo.sim_port}")
    closed = await demo.outage(lambda one: not one["open"])
    assert closed["milestones"]["restored"] < closed["milestones"]["rejoined"]


async def test_without_a_sensor_the_silence_tells_and_says_how_exact_it_is(demo: Demo) -> None:
    await is_heard_again(demo, "node2")
    await run("unplug", "node2", "--feed=network", f"--sim-port={demo.sim_port}")
    outage = await demo.outage(lambda one: one["recovery_seconds"] is not None)
    assert (outage["origin"], outage["feed"], outage["machine"]) == ("observed", None, "node2")
    assert (outage["clocked"], outage["cause"]) == ("last sign", "fault"), "its power is on"
    assert outage["t0_within"] > 0
    assert outage["recovery_seconds"] > 0
    network = (await demo.get("/api/state"))["state"]["machines"]["node2"]["network"]
    assert (network["state"], network["sensed"]) == ("on", None)  # our plug knows nothing of it
    await run("plug-in", "node2", "--feed=network", f"--sim-port={demo.sim_port}")
    closed = await demo.outage(lambda one: not one["open"])
    assert "restored" not in closed["milestones"]
    assert "rejoined" in closed["milestones"]


async def test_pods_of_a_machine_without_network_run_on_and_have_duplicates(demo: Demo) -> None:
    await demo.client.post("/kill/node4", params={"feed": "network", "for": LONG})
    assert await demo.is_live("node4", "power")
    await demo.outage(lambda one: one["recovery_seconds"] is not None)
    await demo.client.post("/restore/node4")
    outage = await demo.outage(lambda one: not one["open"])
    assert outage["feed"] == "network"
    assert outage["outcome"] == "recovered"
    moved = [pod for pod in outage["pods"] if pod["fate"] == "moves"]
    assert moved
    assert all(pod["successor_node"] not in (None, "node4") for pod in moved)


async def test_while_the_cluster_is_away_it_says_so_cuts_nothing_and_recovers(demo: Demo) -> None:
    await demo.fault("away", seconds=10 * SPEED)

    async def stale() -> bool:
        state = (await demo.get("/api/state"))["state"]
        return state["cluster"]["cluster"]["stale_since"] is not None

    await eventually(stale)
    refused = await demo.client.post("/kill/node3")
    assert refused.status_code == 503
    assert "Lost contact with the cluster" in refused.json()["detail"]
    assert (await demo.client.get("/readyz")).status_code == 503
    await demo.ready()
    assert not await stale()
    assert await demo.get("/api/outages") == []  # the cluster's absence is no machine's outage
    assert (await demo.client.post("/kill/node3")).status_code == 200


async def test_the_same_seed_gives_the_same_course(tmp_path: Path) -> None:
    courses = []
    for run_number in range(2):
        async with started(tmp_path / str(run_number), seed=7) as demo:
            state = (await demo.get("/api/state"))["state"]
            courses.append(sorted((pod["name"], pod["node"]) for pod in state["pods"].values()))
    assert courses[0] == courses[1]


async def test_there_are_five_workers_and_thirty_pods_of_a_shop(demo: Demo) -> None:
    state = (await demo.get("/api/state"))["state"]
    assert len(state["pods"]) == 30
    assert {pod["state"] for pod in state["pods"].values()} == {"ready"}
    kinds = {pod["workload"] for pod in state["pods"].values()}
    assert sorted(kind.split("/")[0] for kind in kinds) == [
        "DaemonSet", "Deployment", "Deployment", "Deployment", "StatefulSet",
    ]  # fmt: skip
    plugged = [name for name, one in state["machines"].items() if one["power"] and one["network"]]
    assert plugged == ["node1", "node2", "node3", "node4", "node5"]
    assert state["machines"]["master"]["guarded"] == "control plane"


async def test_commands_tell_scripts_how_it_went(demo: Demo) -> None:
    code, output = await demo.command("kill", "node3", "--wait", "--for", str(LONG))
    assert code == 0
    assert output.splitlines()[-1].startswith("recovery time: ")
    assert (await demo.command("kill", "node3"))[0] == 3  # it is off already
    code, output = await demo.command("kill", "node33")
    assert code == 2
    assert "Did you mean 'node3'?" in output
    code, output = await demo.command("status")
    assert code == 0
    assert "node3" in output
    code, output = await demo.command("history")
    assert "recovered" in output or "under way" in output
    code, output = await demo.command("history", "--format", "csv")
    assert output.startswith("id,machine,")
    assert (await demo.command("restore", "node3"))[0] == 0
    assert (await demo.command("halt"))[0] == 0
    code, output = await run("unplug", "node99", f"--sim-port={demo.sim_port}")
    assert code == 2
    assert "node99" in output
    assert "Traceback" not in output


async def test_a_cut_that_nobody_noticed_is_no_recovery_and_is_said_to_be_too_short(
    tmp_path: Path,
) -> None:
    """A Kubernetes as it comes waits 50 s: many times what this machine takes for the cut."""
    async with started(tmp_path / "data", speed=5, preset="kubernetes") as demo:
        cut = ("kill", "node3", "--kind", "network", "--wait", "--for", "3")
        code, output = await demo.command(*cut)
    assert code == 5
    assert "outcome: unnoticed. It was back before Kubernetes noticed" in output
    assert output.rstrip().endswith("Cut for longer: --for 60")


async def test_without_a_server_every_command_says_so_and_exits_with_4() -> None:
    port, _ = free_ports()
    for command in (("status",), ("kill", "node3"), ("kill", "node3", "--wait"), ("halt",)):
        code, output = await run(*command, env={"CHAOSMONKEY_URL": f"http://127.0.0.1:{port}"})
        assert code == 4, output
        assert "No server answers" in output
        assert "Traceback" not in output


async def test_a_port_that_is_taken_is_said_to_be_and_exits_with_4(tmp_path: Path) -> None:
    port, sim_port = free_ports()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        used = taken.getsockname()[1]
        data = f"--data={tmp_path}"
        code, output = await run("demo", f"--port={used}", f"--sim-port={sim_port}", data)
        assert code == 4
        assert f"Another program listens on 127.0.0.1:{used}" in output
        code, output = await run("demo", f"--port={port}", f"--sim-port={used}", data)
        assert code == 4
        assert f"Another program listens on 127.0.0.1:{used}" in output
        assert "--sim-port" in output
        assert "Watch" not in output
        assert "Traceback" not in output


async def test_a_second_demo_leaves_the_first_one_alone(tmp_path: Path, demo: Demo) -> None:
    config = demo.data / "demo.toml"
    before = config.read_text()
    port, sim_port = free_ports()

    code, output = await run(
        "demo", f"--port={port}", f"--sim-port={sim_port}", f"--data={demo.data}"
    )
    assert code == 4
    assert "in use by another chaosmonkey" in output
    assert config.read_text() == before

    code, output = await run(
        "demo", f"--port={port}", f"--sim-port={demo.sim_port}", f"--data={tmp_path / 'other'}"
    )
    assert code == 4
    assert f"127.0.0.1:{demo.sim_port}" in output


async def test_a_data_folder_that_cannot_be_used_is_said_to_be(tmp_path: Path, demo: Demo) -> None:
    (tmp_path / "file").write_text("")
    code, output = await run("demo", f"--data={tmp_path / 'file' / 'data'}")
    assert code == 4
    assert "is not writable" in output
    config = demo.data / "demo.toml"
    code, output = await run("serve", f"--config={config}")
    assert code == 4
    assert "in use by another chaosmonkey" in output


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on PATH")
async def test_the_curl_of_the_readme_works_as_it_stands_there(demo: Demo) -> None:
    process = await asyncio.create_subprocess_exec(
        "curl", "--silent", f"{demo.url}/kill/node3", stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert b"node3 lost its power." in output


async def test_the_pages_and_what_they_load_come_from_here(demo: Demo) -> None:
    async with httpx.AsyncClient(base_url=demo.url, timeout=PATIENCE, headers=MEANT) as client:
        for path in ("/", "/console", "/play"):
            page = (await client.get(path)).text
            loads = re.findall(r'(?:src|href)="([^"]+)"', page)
            assert loads
            for name in loads:
                found = urljoin(f"{demo.url}{path}", name)
                assert found.startswith(f"{demo.url}/"), f"{path} loads {name}"
                assert (await client.get(found)).status_code == 200


async def test_a_dry_run_tells_what_would_happen_and_what_it_would_overrun(demo: Demo) -> None:
    budget = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "storefront", "namespace": "shop"},
        "spec": {"minAvailable": 9, "selector": {"matchLabels": {"app": "storefront"}}},
    }
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{demo.sim_port}", timeout=PATIENCE
    ) as kubernetes:
        path = "/apis/policy/v1/namespaces/shop/poddisruptionbudgets"
        (await kubernetes.post(path, json=budget)).raise_for_status()

        async def counted() -> bool:
            found = (await kubernetes.get(f"{path}/storefront")).json()
            return bool(found.get("status", {}).get("disruptionsAllowed") == 1)

        await eventually(counted)
    plan = (await demo.client.post("/kill/node3", params={"dry_run": True})).json()
    assert plan["allowed"]
    assert {pod["fate"] for pod in plan["displaced"]} == {"moves", "waits", "stays"}
    assert any("PodDisruptionBudget shop/storefront allows 1" in one for one in plan["warnings"])
    assert any("StatefulSet" in one for one in plan["warnings"])
    code, told = await demo.command("kill", "node3", "--dry-run", "--for", "4")
    assert code == 0
    assert "If node3 boots before Kubernetes notices (after about 8 s), no pod moves." in told
    assert await demo.is_live("node3")
    assert await demo.get("/api/outages") == []
    await demo.client.post("/disarm")
    code, told = await demo.command("kill", "node3", "--dry-run")
    assert code == 3
    assert "Not armed" in told


async def test_halt_outlives_the_server_but_not_the_demo(tmp_path: Path) -> None:
    async with started(tmp_path / "data") as demo:
        await demo.client.post("/halt")
        os.kill(await demo.server_pid(), signal.SIGKILL)
        await demo.ready()
        assert (await demo.client.post("/kill/node3")).json()["rule"] == "halted"
    async with started(tmp_path / "data") as demo:
        assert (await demo.client.post("/kill/node3")).status_code == 200
