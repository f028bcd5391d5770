"""chaosmonkey plugs: each plug can be tried without a server, and is on when that has ended."""

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import PATIENCE
from tests.unit.cli.test_restore_plugs import lab


def run(*arguments: object, said: str = "") -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-m", "chaosmonkey", "plugs", *map(str, arguments)]
    return subprocess.run(call, capture_output=True, text=True, check=False, input=said)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = lab(tmp_path, "node1", "node2")
    path.write_text(f'[server]\ndata = "{tmp_path / "data"}"\n{path.read_text()}')
    for name in ("node1", "node2"):
        (tmp_path / name).write_text("on")
    return path


def test_all_plugs_are_listed_with_their_drivers_and_no_device_is_asked(config: Path) -> None:
    (config.parent / "switch.py").write_text("raise SystemExit('asked')")
    told = run("list", "--config", config)
    assert told.returncode == 0, told.stderr
    rows = [line.split()[:3] for line in told.stdout.splitlines()]
    assert rows == [
        ["node1", "power", "command"], ["node1", "network", "gpio"],
        ["node2", "power", "command"], ["node2", "network", "gpio"],
    ]  # fmt: skip


def test_each_state_is_read_and_a_silent_device_is_named(config: Path) -> None:
    (config.parent / "node2").write_text("humming")
    told = run("read", "--config", config)
    assert told.returncode == 4
    assert [line.split()[:3] for line in told.stdout.splitlines()] == [
        ["node1", "power", "on"], ["node1", "network", "on"],
        ["node2", "power", "unknown"], ["node2", "network", "on"],
    ]  # fmt: skip
    assert "No state read for node2's power." in told.stderr


def test_a_test_cuts_reads_back_restores_and_is_in_the_journal(config: Path) -> None:
    told = run("test", "node1", "--for", 3, "--yes", "--config", config)
    assert told.returncode == 0, told.stderr
    off, question, on = told.stdout.splitlines()
    assert off.startswith("off: read back after ")
    assert question == "Check now that node1 has no power."
    assert on.startswith("on: read back after ")
    assert off.endswith("ms, no sensor reading.")
    assert (config.parent / "node1").read_text() == "on"
    with sqlite3.connect(config.parent / "data" / "chaosmonkey.db") as journal:
        rows = journal.execute("SELECT machine, asked_by, cleared > 0 FROM journal").fetchall()
    assert rows == [("node1", "commissioning", 1)]


def test_clicks_end_with_the_plug_on(config: Path) -> None:
    told = run("click", "node1", "--kind", "network", "--yes", "--config", config)
    assert told.returncode == 0, told.stderr
    assert told.stdout.count(": off") == told.stdout.count(": on") == 3


def test_nothing_is_done_without_a_yes(config: Path) -> None:
    told = run("test", "node1", "--config", config, said="n\n")
    assert told.returncode == 2
    assert "Nothing was switched." in told.stderr
    assert not (config.parent / "data").exists()


def test_an_interrupted_test_turns_the_plug_on(config: Path) -> None:
    call = [sys.executable, "-m", "chaosmonkey", "plugs", "test", "node1", "--yes", "--for=60"]
    with subprocess.Popen(
        [*call, f"--config={config}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("off")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)
    assert (config.parent / "node1").read_text() == "on"


def test_beside_a_running_server_it_says_who_holds_the_table(config: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "chaosmonkey", "plugs", "test", "node1", "--yes", "--for=60",
         f"--config={config}"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as holding:  # fmt: skip
        assert holding.stdout is not None
        assert holding.stdout.readline().startswith("off")
        told = run("read", "--config", config)
        holding.terminate()
        holding.communicate(timeout=PATIENCE)
    assert told.returncode == 4
    assert "in use by another chaosmonkey" in told.stderr


def test_a_machine_without_such_a_plug_is_no_crash(config: Path) -> None:
    told = run("test", "node9", "--yes", "--config", config)
    assert told.returncode == 2
    assert "There is no machine called 'node9'" in told.stderr


def test_a_list_shows_no_secret(config: Path) -> None:
    snmp = 'power = { driver = "snmp", host = "127.0.0.1", poe = "1.3", community = "sesame" }'
    config.write_text(f'[[machine]]\nname = "node1"\n{snmp}\n')
    told = run("list", "--config", config)
    assert told.returncode == 0, told.stderr
    assert "host=127.0.0.1" in told.stdout
    assert "sesame" not in told.stdout
