"""Everything that the OpenAPI document allows, and much that it does not: no answer is a 5xx."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok

from tests.meant import MEANT
from tests.patience import PATIENCE, wait_until
from tests.ports import free_ports

pytestmark = pytest.mark.e2e

EXAMPLES = 20
"""Requests for each operation and each way to make them up."""

DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.json"
Operation = schemathesis.schemas.APIOperation[Any, Any, Any, Any]


def operations() -> Iterator[Operation]:
    for found in schemathesis.openapi.from_path(DOCUMENT).get_all_operations():
        assert isinstance(found, Ok), found.err()
        yield found.ok()


OPERATIONS = list(operations())
ASKED = [
    pytest.param(found, mode, id=f"{found.label}-{mode.value}")
    for found in OPERATIONS
    for mode in GenerationMode
    # What takes nothing cannot be asked wrongly.
    if mode is GenerationMode.POSITIVE or found.path_parameters or found.query or found.body
]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A demo that the requests may do anything to."""
    port, sim_port = free_ports()
    data = tmp_path_factory.mktemp("schema")
    command = [
        sys.executable, "-m", "chaosmonkey", "demo", f"--port={port}", f"--sim-port={sim_port}",
        f"--data={data}", "--speed=20",
    ]  # fmt: skip
    address, log = f"http://127.0.0.1:{port}", data / "log"
    with log.open("w") as lines, subprocess.Popen(command, stdout=lines, stderr=lines) as process:

        def is_ready() -> bool:
            with contextlib.suppress(httpx.TransportError):
                return httpx.get(f"{address}/readyz", timeout=PATIENCE).status_code == 200
            return False

        wait_until(is_ready)
        try:
            yield address
        finally:
            process.terminate()
    told = log.read_text()
    assert "Traceback" not in told, told[-5000:]
    assert "Restarting it" not in told, told[-5000:]


@pytest.mark.parametrize(("operation", "mode"), ASKED)
def test_no_request_makes_the_server_fail(
    url: str, operation: Operation, mode: GenerationMode
) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Case[Operation]) -> None:
        if isinstance(case.query, dict):
            case.query.pop("wait", None)  # it streams for as long as a recovery takes
        answer = case.call(base_url=url, timeout=PATIENCE, headers=MEANT)
        told = f"{case.as_curl_command()}\n{answer.status_code} {answer.text[:500]}"
        if answer.status_code == 503:  # the cluster, a plug, a log: it says which, and what to do
            assert answer.json()["remedy"], told
        else:
            assert answer.status_code < 500, told

    ask()
    assert httpx.get(f"{url}/healthz", timeout=PATIENCE).text == "ok\n"
