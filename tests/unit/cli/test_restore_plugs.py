"""chaosmonkey restore-plugs: every plug is on, whoever cut it and whatever became of him."""

import subprocess
import sys
from pathlib import Path

from tests.patience import PATIENCE

SWITCH = """
from pathlib import Path; import sys
_, folder, machine, *wanted = sys.argv
if machine == "broken": sys.exit("it does not answer")
if machine == "slow": import time; time.sleep(60)
state = Path(folder, machine)
if wanted: state.write_text(wanted[0])
print(state.read_text())
"""


def lab(folder: Path, *machines: str) -> Path:
    (folder / "switch.py").write_text(SWITCH)
    text = '[gpio]\npin_factory = "mock"\n'
    for number, machine in enumerate(machines):
        call = f'"{sys.executable}", "{folder / "switch.py"}", "{folder}", "{machine}"'
        text += f"""
[[machine]]
name = "{machine}"
network = {{ driver = "gpio", pin = {17 + number} }}
[machine.power]
driver = "command"
cut = [{call}, "off"]
restore = [{call}, "on"]
read = [{call}]
timeout = {1 if machine == "slow" else PATIENCE}
"""
        (folder / machine).write_text("off")
    (folder / "lab.toml").write_text(text)
    return folder / "lab.toml"


def restore(config: Path) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-m", "chaosmonkey", "restore-plugs", "--config", str(config)]
    return subprocess.run(call, capture_output=True, text=True, check=False)


def test_what_a_dead_server_left_off_is_turned_on(tmp_path: Path) -> None:
    told = restore(lab(tmp_path, "node1", "node2"))
    assert (told.returncode, told.stdout) == (0, "4 of 4 plugs are on.\n"), told.stderr
    assert {(tmp_path / name).read_text() for name in ("node1", "node2")} == {"on"}


def test_one_plug_that_fails_hinders_no_other_and_is_named(tmp_path: Path) -> None:
    told = restore(lab(tmp_path, "broken", "node2"))
    assert told.returncode == 4
    assert told.stdout == "3 of 4 plugs are on.\n"
    assert "broken's power" in told.stderr
    assert "it does not answer" in told.stderr
    assert (tmp_path / "node2").read_text() == "on"


def test_a_plug_that_hangs_is_given_up_after_its_time(tmp_path: Path) -> None:
    told = restore(lab(tmp_path, "slow", "node2"))
    assert told.returncode == 4
    assert "did not end within 1 s" in told.stderr
    assert (tmp_path / "node2").read_text() == "on"
