"""Files that are made from others are what they would be if they were made now."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FRONTEND = ROOT / "frontend"


def test_the_api_document_is_that_of_the_code() -> None:
    made = subprocess.run(
        [sys.executable, "-m", "chaosmonkey.api"], capture_output=True, text=True, check=True
    )
    kept = (ROOT / "docs/openapi.json").read_text()
    assert json.loads(kept) == json.loads(made.stdout), "run: make types"


@pytest.mark.skipif(shutil.which("node") is None, reason="no node on PATH")
@pytest.mark.skipif(
    not (FRONTEND / "node_modules/openapi-typescript").is_dir(),
    reason="frontend/node_modules is not there with its development tools: make types fills it",
)
def test_the_typescript_is_that_of_the_document(tmp_path: Path) -> None:
    made = tmp_path / "api.d.ts"
    subprocess.run(
        ["node", "node_modules/openapi-typescript/bin/cli.js", "../docs/openapi.json", "-o", made],
        cwd=FRONTEND, check=True, capture_output=True,
    )  # fmt: skip
    kept = (FRONTEND / "src/lib/api.d.ts").read_text()
    assert kept == made.read_text(), "run: make types"


def test_the_document_describes_the_messages_of_the_websockets_too() -> None:
    schemas = json.loads((ROOT / "docs/openapi.json").read_text())["components"]["schemas"]
    assert {"Snapshot", "Delta", "Play", "State", "PodView", "OutageView"} <= set(schemas)
