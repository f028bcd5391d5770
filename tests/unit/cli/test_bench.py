"""Hands at the demo's table from a terminal: what they do to the bench, and that they let go."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from chaosmonkey.cli.main import app
from chaosmonkey.errors import BadInput
from chaosmonkey.simcluster import Ports, SimSettings, run
from tests.patience import PATIENCE


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of a running simulator, in a thread of its own."""
    bound: list[int] = []
    ready, ended, loop = threading.Event(), asyncio.Event(), asyncio.new_event_loop()

    def announce(ports: Ports) -> None:
        bound.append(ports.port)
        ready.set()

    def serve() -> None:
        settings = SimSettings(port=0, header_port=0, past=30.0)
        loop.run_until_complete(run(settings, ready=announce, stop=ended))
        loop.close()

    thread = threading.Thread(target=serve)
    thread.start()
    assert ready.wait(PATIENCE)
    yield bound[0]
    loop.call_soon_threadsafe(ended.set)
    thread.join()


def command(port: int, *arguments: object) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments), f"--sim-port={port}"])


def bench(port: int) -> Any:
    return httpx.get(f"http://127.0.0.1:{port}/bench", timeout=PATIENCE).json()


def power(port: int, machine: str) -> Any:
    return bench(port)["machines"][machine]["power"]


def test_a_plug_is_pulled_and_put_back(port: int) -> None:
    told = command(port, "unplug", "node1", "--kind", "network")
    assert told.stdout == "Pulled node1's network cable. The server was not notified.\n"
    assert bench(port)["machines"]["node1"]["network"]["live"] is False
    assert command(port, "plug-in", "node1", "--kind", "network").exit_code == 0
    assert bench(port)["machines"]["node1"]["network"]["live"] is True


@pytest.mark.parametrize(
    ("fault", "options", "key", "value", "mended"),
    [
        ("welded", (), "welded", True, False),
        ("stuck", (), "stuck", True, False),
        ("back-fed", (), "back_fed", True, False),
        ("slow", (), "slow", 5.0, 0.0),
        ("slow", ("--seconds", 30), "slow", 30.0, 0.0),
    ],
)
def test_a_fault_is_made_and_mended(
    port: int, fault: str, options: tuple[object, ...], key: str, value: object, mended: object
) -> None:
    told = command(port, "fault", "node2", fault, *options)
    assert told.exit_code == 0
    assert "node2's power" in told.stdout
    assert power(port, "node2")[key] == value
    assert power(port, "node1")[key] == mended
    assert command(port, "fault", "node2", fault, "--off").exit_code == 0
    assert power(port, "node2")[key] == mended


def test_seconds_are_for_slow_devices_only(port: int) -> None:
    for wrong in (("welded",), ("slow", "--off")):
        told = command(port, "fault", "node2", *wrong, "--seconds", 3)
        assert isinstance(told.exception, BadInput)
        assert "slow" in str(told.exception)


def test_the_supply_dies_and_comes_back(port: int) -> None:
    assert command(port, "supply", "off").exit_code == 0
    assert not power(port, "node4")["live"]
    assert command(port, "supply", "on").stdout.startswith("The machines' supply is on.")
    assert power(port, "node4")["live"]


@pytest.mark.parametrize(
    ("button", "said"), [("node3", "node3's button"), ("halt", "the big red button")]
)
def test_a_button_is_held_for_so_long_and_let_go(
    port: int, monkeypatch: pytest.MonkeyPatch, button: str, said: str
) -> None:
    held: list[tuple[float, list[str]]] = []
    monkeypatch.setattr("time.sleep", lambda seconds: held.append((seconds, pressed(port))))
    told = command(port, "press", button)
    assert told.stdout.startswith(f"Held {said} for ")
    assert held == [(2.0 if button == "node3" else 0.2, [button])]
    assert command(port, "press", button, "--for", "7").exit_code == 0
    assert held[1] == (7.0, [button])
    assert pressed(port) == []


def test_an_interrupted_press_lets_the_button_go(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_seconds: float) -> None:
        assert pressed(port) == ["node3"]
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", interrupted)
    assert command(port, "press", "node3").exit_code != 0
    assert pressed(port) == []


def pressed(port: int) -> list[str]:
    """The buttons that are pressed now."""
    panel = bench(port)["panel"]
    buttons = panel["buttons"] | {"halt": panel["halt"]}
    return [name for name, button in buttons.items() if button["pressed"]]


@pytest.mark.parametrize(
    "call", [("press", "node9"), ("fault", "node9", "welded"), ("unplug", "node9")]
)
def test_an_unknown_machine_is_named_with_those_that_there_are(
    port: int, call: tuple[str, ...]
) -> None:
    told = command(port, *call)
    assert isinstance(told.exception, BadInput)
    assert str(told.exception).startswith("There is no machine called 'node9'.")
    assert "Known machines: node1, node2, node3, node4, node5." in str(told.exception)
