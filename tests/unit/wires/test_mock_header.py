"""The cable to a pretend bench: what it hears, and what it asks over I2C."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from chaosmonkey.errors import PlugFailed
from chaosmonkey.wires.mock_header import MockHeader
from chaosmonkey.wires.pins import mock_factory
from tests.patience import PATIENCE


class Bench:
    """Answers a line by what it is told to answer; everything else it only writes down."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._server.getsockname()[1]}"
        self.answers: dict[str, str] = {}
        self.heard: list[str] = []
        self.connections: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self.connections.append(connection)
            for line in connection.makefile(encoding="utf-8"):
                self.heard.append(line.strip())
                if (answer := self.answers.get(line.strip())) is not None:
                    connection.sendall(f"{answer}\n".encode())

    def close(self) -> None:
        with suppress(OSError):  # closed before
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for connection in self.connections:
            connection.close()


@pytest.fixture
def bench() -> Iterator[Bench]:
    opened = Bench()
    yield opened
    opened.close()


def test_registers_are_read_and_written_in_hexadecimal(bench: Bench) -> None:
    bench.answers = {"i2c 32 read 18 2": "i2c 0aff", "i2c 32 write 0 ff00": "i2c ok"}
    cable = MockHeader(bench.address)
    assert cable.read(32, 18, 2) == b"\x0a\xff"
    cable.write(32, 0, b"\xff\x00")
    cable.close()


def test_a_chip_that_is_not_there_is_an_oserror_as_on_a_real_bus(bench: Bench) -> None:
    bench.answers = {"i2c 33 read 0 1": "i2c error no acknowledgement from 0x21"}
    cable = MockHeader(bench.address)
    with pytest.raises(OSError, match="no acknowledgement from 0x21"):
        cable.read(33, 0, 1)
    cable.close()


def test_an_input_has_the_level_that_the_bench_tells(bench: Bench) -> None:
    bench.answers = {"pin 5 in up": "pin 5 0"}
    cable = MockHeader(bench.address)
    factory = mock_factory(cable)
    pin = factory.pin("GPIO5")
    fallen = threading.Event()

    def changed(_: float, state: int) -> None:
        if not state:
            fallen.set()

    pin.function = "input"
    pin.when_changed = changed
    pin.pull = "up"
    assert fallen.wait(PATIENCE)
    assert not pin.state
    factory.close()


def test_a_level_for_a_line_that_is_an_output_is_nobodys(bench: Bench) -> None:
    bench.answers = {"pin 17 out 1": "pin 17 0", "i2c 1 read 0 1": "i2c 00"}
    cable = MockHeader(bench.address)
    factory = mock_factory(cable)
    pin = factory.pin("GPIO17")
    pin.output_with_state(True)
    cable.read(1, 0, 1)  # by then the level was heard
    assert pin.state
    factory.close()


def test_a_bench_that_hung_up_is_noticed_before_the_next_line(bench: Bench) -> None:
    cable = MockHeader(bench.address)
    cable.show("GPIO17", "out 1")
    bench.answers = {"i2c 1 read 0 1": "i2c 00"}
    cable.read(1, 0, 1)
    bench.connections[0].shutdown(socket.SHUT_RDWR)
    bench.close()
    for thread in threading.enumerate():
        if thread.name == "header cable":
            thread.join(PATIENCE)
    with pytest.raises(PlugFailed, match="does not answer"):
        cable.show("GPIO17", "out 0")
