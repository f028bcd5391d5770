"""No test hangs on the speed of a machine: limits are patience, and no duration is judged.

What a test may not do is told here, so that the next one is not written by mistake.
"""

import ast
from pathlib import Path
from typing import TypeGuard

import pytest

TESTS = Path(__file__).parents[1]
MEASURES = {"attack", "benchmarks", "real"}
"""Where time is what is looked at."""

FILES = sorted(
    path for path in TESTS.rglob("*.py") if path.relative_to(TESTS).parts[0] not in MEASURES
)


def name_of(call: ast.Call) -> str:
    return ast.unparse(call.func)


def is_number(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and isinstance(value.value, int | float)


def limits(call: ast.Call) -> bool:
    """`asyncio.timeout(3)`, `asyncio.wait_for(…, 2)`, `expect(…).to_be_visible(timeout=10_000)`."""
    name = name_of(call)
    if name in ("asyncio.timeout", "asyncio.wait_for"):
        return any(is_number(value) for value in call.args)
    waits = name.rpartition(".")[2].startswith(("to_", "not_to_", "communicate", "wait_for"))
    return waits and any(word.arg == "timeout" and is_number(word.value) for word in call.keywords)


def is_impatient_client(call: ast.Call) -> bool:
    """httpx gives up after 5 s unless it is told otherwise, websockets after 10."""
    words = {word.arg for word in call.keywords}
    if name_of(call) in ("httpx.Client", "httpx.AsyncClient", "httpx.get", "httpx.post"):
        return not {"timeout", "transport"} & words
    return False


def judged(node: ast.AST) -> TypeGuard[ast.Attribute]:
    """A stopwatch."""
    return isinstance(node, ast.Attribute) and ast.unparse(node) == "time.perf_counter"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TESTS)))
def test_a_test_is_patient(path: Path) -> None:
    tree = ast.parse(path.read_text())
    wrong = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and limits(node):
            wrong.append((node.lineno, "a limit of its own: take tests.patience"))
        if isinstance(node, ast.Call) and is_impatient_client(node):
            wrong.append((node.lineno, "a client that gives up: timeout=PATIENCE"))
        if judged(node):
            wrong.append((node.lineno, "a stopwatch: claim an order, or pass time in"))
        if isinstance(node, ast.ImportFrom) and node.module == "websockets.asyncio.client":
            wrong.append((node.lineno, "a client that gives up: tests.patience.connect"))
    assert wrong == []
