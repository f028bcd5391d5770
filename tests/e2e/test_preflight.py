"""chaosmonkey check --live says line by line what is right, and how to mend what is not."""

from pathlib import Path

import pytest

from chaosmonkey.simcluster import DEMO_MACHINES
from tests.e2e._served import World, world
from tests.e2e.conftest import run

pytestmark = pytest.mark.e2e


def lab(folder: Path, of: World, *, extra: str = "", preset: str = "stage") -> Path:
    machines = "".join(
        f'[[machine]]\nname = "{machine.name}"\n'
        f'power = {{ driver = "gpio", pin = {machine.power.pin} }}\n'
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
    assert any("StatefulSet wait until their machine is back" in line for line in lines)
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
    assert told.splitlines()[-2:] == ["2 faults.", "Each line says how to mend it."]


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
