"""chaosmonkey check --live says line by line what is right, and how to mend what is not."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import httpx
import pytest

from chaosmonkey.simcluster import DEMO_MACHINES, DEMO_PANEL
from tests.e2e._served import World, world
from tests.e2e.conftest import run
from tests.patience import PATIENCE

pytestmark = pytest.mark.e2e


def lab(
    folder: Path, of: World, *, extra: str = "", preset: str = "stage", sensors: bool = False
) -> Path:
    machines = "".join(
        f'[[machine]]\nname = "{machine.name}"\n'
        f'power = {{ driver = "gpio", pin = {machine.power.pin} }}\n'
        + f'power_sensor = {{ driver = "gpio", pin = {machine.rail} }}\n'
        * sensors
        for machine in DEMO_MACHINES
    )
    path = folder / "lab.toml"
    path.write_text(
        f'[server]\ndata = "{folder / "data"}"\n[cluster]\nserver = "http://127.0.0.1:{of.port}"\n'
        f'[gpio]\npin_factory = "mock"\nheader = "127.0.0.1:{of.port + 1}"\n'
        f'[timing]\npreset = "{preset}"\n{machines}{extra}'
    )
    return path


async def test_a_sound_table_passes_with_what_is_worth_knowing(tmp_path: Path) -> None:
    with world() as of:
        code, told = await run("check", "--live", "--config", str(lab(tmp_path, of)))
    assert code == 0, told
    lines = told.splitlines()
    assert any(line.startswith("ok       cluster: Kubernetes v1.36") for line in lines)
    assert sum(line.startswith("ok       node") and "plug answers" in line for line in lines) == 5
    assert any(
        "StatefulSet do not move; they wait until their machine is back" in line for line in lines
    )
    assert "fault" not in told


async def test_planted_faults_are_found_and_make_the_exit_code(tmp_path: Path) -> None:
    stranger = (
        '[[machine]]\nname = "node9"\npower = { driver = "command", cut = ["false"], '
        'restore = ["false"], read = ["no-such-program"] }\n'
    )
    with world() as of:
        code, told = await run(
            "check", "--live", "--config", str(lab(tmp_path, of, extra=stranger))
        )
    assert code == 4
    assert "fault    node9 power: `no-such-program`" in told
    assert "fault    node9: Kubernetes has no node called 'node9'." in told
    assert told.splitlines()[-2:] == ["2 faults.", "Each line above says how to fix it."]


async def test_a_cluster_that_is_away_is_one_fault_and_the_rest_is_looked_at(
    tmp_path: Path,
) -> None:
    with world() as of:
        path = lab(tmp_path, of)
        path.write_text(path.read_text().replace(f':{of.port}"', ':9"', 1))
        code, told = await run("check", "--live", "--config", str(path))
    assert code == 4
    assert "fault    cluster: " in told
    assert told.count("plug answers and is on") == 5


async def put(of: World, path: str, **what: object) -> None:
    async with httpx.AsyncClient(timeout=PATIENCE) as hand:
        (await hand.put(f"http://127.0.0.1:{of.port}/bench/{path}", json=what)).raise_for_status()


async def test_a_pulled_plug_is_found_by_its_sensor(tmp_path: Path) -> None:
    with world() as of:
        await put(of, "machines/node2/power", plugged=False)
        config = str(lab(tmp_path, of, sensors=True))
        code, told = await run("check", "--live", "--config", config)
        _, read = await run("plugs", "read", "--config", config)
    assert code == 4
    assert "fault    node2 power: No power arrives, though its plug is on" in told
    assert told.count("its sensor agrees") == 4
    assert "node2        power    on  sensor: off  No power arrives" in read
    assert "node1        power    on  sensor: on\n" in read


async def test_a_trial_tells_how_soon_the_sensor_agreed_and_finds_a_welded_contact(
    tmp_path: Path,
) -> None:
    with world() as of:
        config = str(lab(tmp_path, of, sensors=True))
        code, told = await run("plugs", "test", "node1", "--for=3", "--yes", "--config", config)
        assert code == 0, told
        assert told.count("its sensor agrees after") == 2
        await put(of, "machines/node1/power", welded=True)
        code, told = await run("plugs", "test", "node1", "--for=3", "--yes", "--config", config)
    assert code == 4
    assert "its power is still there. A welded contact" in told


async def test_the_panel_is_tried_without_a_server(tmp_path: Path) -> None:
    panel = f"[panel]\nexpander = {DEMO_PANEL.expander}\nhalt = {DEMO_PANEL.halt}\n"
    with world() as of:
        config = lab(tmp_path, of)
        config.write_text(
            config.read_text().replace("[timing]", panel + "[timing]")
            + f'button = "{DEMO_PANEL.buttons["node5"]}"\nled = "{DEMO_PANEL.leds["node5"]}"\n'
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "chaosmonkey", "panel", f"--config={config}", stdout=PIPE
        )
        assert process.stdout is not None
        expected = {
            "node5's LED is lit", "node5's button: its line is high",
            "the big red button: its line is low",
        }  # fmt: skip
        told: set[str] = set()
        while not expected <= told:
            told.add((await process.stdout.readline()).decode().strip())
            assert "" not in told, "it ended"
        await put(of, "panel/buttons/node5", pressed=True)
        while (line := (await process.stdout.readline()).decode().strip()) == "node5's LED is lit":
            pass
        assert line == "node5's button: its line is low"
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 0
        code, checked = await run("check", "--live", "--config", str(config))
    assert code == 0, checked
    assert "ok       panel: The panel answers." in checked


async def test_a_relay_whose_polarity_is_wrong_is_found_by_looking_and_by_clicking(
    tmp_path: Path,
) -> None:
    with world() as of:
        config = lab(tmp_path, of, sensors=True)
        wrong = config.read_text().replace("pin = 17 }", "pin = 17, active_high = false }")
        config.write_text(wrong)
        code, told = await run("check", "--live", "--config", str(config))
        assert code == 4
        assert "fault    node1 power: No power arrives, though its plug is on" in told
        assert "or contact or active_high is inverted?" in told
        code, told = await run(
            "plugs", "test", "node1", "--for=3", "--yes", "--config", str(config)
        )
    assert code == 4
    assert "It was gone while the plug was on: contact or active_high is inverted." in told


async def test_a_table_without_a_panel_says_how_it_gets_one(tmp_path: Path) -> None:
    with world() as of:
        code, told = await run("panel", "--config", str(lab(tmp_path, of)))
    assert code == 2
    assert "The panel has no buttons and no LEDs." in told
    assert "Set `button` and `led` of a [[machine]], or panel.halt." in told
