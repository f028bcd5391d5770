"""What the documents say is so."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from chaosmonkey.config import load
from chaosmonkey.config.reference import reference

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    path
    for pattern in ("*.md", "docs/**/*.md", "tests/**/*.md", "deploy/**/*.md", "hardware/**/*.md")
    for path in ROOT.glob(pattern)
]


def test_the_configuration_reference_is_that_of_the_settings() -> None:
    assert (ROOT / "docs/configuration.md").read_text() == reference(), "run: make docs"


def code_blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", path.read_text(), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(
    "name", ["README.md", "docs/configuration.md", "docs/add-a-plug.md", "hardware/README.md"]
)
def test_every_lab_toml_that_is_shown_is_a_good_one(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWITCH_COMMUNITY", "a secret")
    blocks = code_blocks(ROOT / name, "toml")
    assert blocks
    for block in blocks:
        path = tmp_path / "lab.toml"
        path.write_text(block)
        assert load(path).machine


def test_every_command_that_is_shown_exists_with_its_options() -> None:
    shown = set()
    for path in DOCUMENTS:
        shown |= set(
            re.findall(r"[`\s]chaosmonkey ([a-z][a-z-]+)((?: --[a-z-]+)*)", path.read_text())
        )
    commands = {name for name, _ in shown}
    assert {"demo", "serve", "check", "unplug", "history"} <= commands
    for name, options in shown:
        call = [sys.executable, "-m", "chaosmonkey", name, "--help"]
        told = subprocess.run(call, capture_output=True, text=True, check=False)
        assert told.returncode == 0, f"chaosmonkey {name}: {told.stderr}"
        for option in options.split():
            assert option in told.stdout, f"chaosmonkey {name} has no {option}"


def test_every_make_target_that_is_shown_exists() -> None:
    targets = set(re.findall(r"^([a-z0-9]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for path in DOCUMENTS:
        for target in re.findall(r"(?:`|^    )make ([a-z0-9]+)", path.read_text(), re.MULTILINE):
            assert target in targets, f"{path.name} names make {target}"


def test_every_link_leads_somewhere() -> None:
    for path in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#]+)\)", path.read_text()):
            if "://" not in target:
                assert (path.parent / target).exists(), (
                    f"{path.relative_to(ROOT)} links to {target}"
                )


def test_files_that_documents_name_are_there() -> None:
    for path in DOCUMENTS:
        for name in re.findall(
            r"`((?:chaosmonkey|tests|docs|deploy|hardware)/[\w/.-]+\.\w+)`", path.read_text()
        ):
            assert (ROOT / name).exists(), f"{path.relative_to(ROOT)} names {name}"


@pytest.mark.parametrize(("name", "least"), [("docs/security.md", 30), ("hardware/safety.md", 12)])
def test_every_promise_of_security_and_safety_is_shown_by_a_test_that_exists(
    name: str, least: int
) -> None:
    text = (ROOT / name).read_text()
    shown = re.findall(r"`([a-z0-9_/]+\.py)::(\w+)`", text)
    assert len(shown) > least
    for path, name in shown:
        source = (ROOT / "tests" / path).read_text()
        assert re.search(rf"(def {name}\(|^{name} = )", source, re.MULTILINE), f"{path}::{name}"
