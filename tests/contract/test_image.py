"""The container image is made of what it should be, for whom it should be, and knows its health."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import re
import shlex
import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement

from chaosmonkey.config import load
from hardware.table import example

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "Dockerfile.armv7"
ARMV7 = ROOT / "deploy/armv7"
DOCUMENT = (ROOT / "docs/image.md").read_text()
HEALTHY = ARMV7 / "healthy.py"
UNIT = (ROOT / "deploy/systemd/chaosmonkey.service").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

Step = tuple[str, str]
"""An instruction and its words, such as ("USER", "10001")."""


def steps() -> list[Step]:
    """The Dockerfile's instructions, continued lines joined, comments left out."""
    lines = [line for line in DOCKERFILE.read_text().splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [
        (name, words.strip())
        for line in joined.splitlines()
        if line.strip()
        for name, _, words in [line.partition(" ")]
    ]


def stages() -> list[list[Step]]:
    """The instructions of every stage; each begins with its FROM."""
    found: list[list[Step]] = []
    for step in steps():
        if step[0] == "FROM":
            found.append([])
        if found:
            found[-1].append(step)
    return found


PACKAGE, SOFTWARE, IMAGE = stages()


def told(stage: list[Step], name: str) -> str:
    """The words of an instruction that stands there once."""
    (words,) = [words for found, words in stage if found == name]
    return words


def given(stage: list[Step]) -> dict[str, str]:
    """The defaults of a stage's arguments."""
    pairs = (words.partition("=") for name, words in stage if name == "ARG")
    return {name: value for name, _, value in pairs}


def copied(stage: list[Step]) -> Iterator[str]:
    """What a stage takes out of the repository."""
    for name, words in stage:
        if name == "COPY" and not words.startswith("--from="):
            yield from words.split()[:-1]


# --- who builds what ------------------------------------------------------------------------------


HADOLINT = Path(sys.executable).with_name("hadolint")


@pytest.mark.skipif(
    not HADOLINT.exists(),
    reason="CHAOSMONKEY: no hadolint for this machine, so nobody checked the Dockerfile",
)
def test_the_dockerfile_is_clean() -> None:
    done = subprocess.run([HADOLINT, DOCKERFILE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_only_the_package_is_built_by_the_machine_that_builds() -> None:
    assert "--platform=$BUILDPLATFORM" in told(PACKAGE, "FROM")
    for stage in (SOFTWARE, IMAGE):
        assert "--platform" not in told(stage, "FROM")
    assert any("pip wheel" in words for _, words in PACKAGE)
    assert not any("pip wheel" in words or "node.txt" in words for _, words in SOFTWARE + IMAGE)


def test_every_stage_has_the_oldest_python_that_the_project_supports_and_lgpio_has_wheels_for() -> (
    None
):
    python = given(steps()[: steps().index(PACKAGE[0])])["PYTHON"]
    assert python.startswith(PROJECT["requires-python"].removeprefix(">=") + "-slim-")
    for stage in stages():
        assert "python:${PYTHON}" in told(stage, "FROM").split()


def test_whatever_pip_fetches_is_checked_by_its_hash() -> None:
    calls = [
        shlex.split(call)
        for stage in stages()
        for name, words in stage
        if name == "RUN"
        for call in words.split("&&")
        if "pip install" in call
    ]
    assert len(calls) == 4
    for call in calls:
        ours_alone = {"--no-deps", "--no-index"} <= set(call)
        assert ours_alone or "--require-hashes" in call
        assert ours_alone or all(
            word.startswith("requirements/") for word in call[call.index("-r") + 1 :: 2]
        )


def test_a_source_package_is_built_by_what_was_checked_and_not_by_what_pip_fetches_for_it() -> None:
    (run,) = [words for name, words in SOFTWARE if name == "RUN" and "image.txt" in words]
    first, second = (shlex.split(call) for call in run.split("&&"))
    assert "--only-binary" in first
    assert "--no-build-isolation" in second
    assert "requirements/run.txt" in second
    assert "setuptools" in pins("image.txt")


def test_nothing_but_pip_fetches_anything() -> None:
    text = " ".join(words for _, words in steps())
    assert not re.search(r"\b(apt|apt-get|curl|wget|npm|git)\b|://", text)
    assert not any(name == "ADD" for name, _ in steps())


def test_what_the_wheel_is_made_of_is_there() -> None:
    here = set(copied(PACKAGE))
    assert {
        PROJECT["readme"],
        *PROJECT["license-files"],
        "pyproject.toml",
        "hatch_build.py",
    } <= here
    assert {"chaosmonkey", "frontend"} <= here


# --- what is in it --------------------------------------------------------------------------------


def pins(name: str) -> dict[str, str]:
    """The versions in a file of requirements/, for the Python and the system of the image."""
    found = re.findall(
        r"^([a-zA-Z0-9][\w.-]*==[^\\\n]+)", (ROOT / "requirements" / name).read_text(), re.MULTILINE
    )
    image = {"python_full_version": "3.11.0", "python_version": "3.11", "sys_platform": "linux"}
    kept = [one for one in map(Requirement, found) if not one.marker or one.marker.evaluate(image)]
    return {one.name: str(one.specifier) for one in kept}


def test_the_image_has_what_reaches_gpio_in_the_versions_of_everybody_else() -> None:
    wanted = {Requirement(one).name for one in PROJECT["optional-dependencies"]["gpio"]}
    image, run = pins("image.txt"), pins("run.txt")
    assert wanted <= set(image), "run: make lock"
    for name in set(image) & set(run):
        assert image[name] == run[name], "run: make lock"


def closure(wanted: list[str]) -> set[str]:
    """These packages and whatever they need, as the installed ones say."""
    found: set[str] = set()
    waiting = [Requirement(one) for one in wanted]
    while waiting:
        one = waiting.pop()
        name = re.sub(r"[-_.]+", "-", one.name).lower()
        extras = ["", *one.extras]
        if name in found and not one.extras:
            continue
        found.add(name)
        waiting += [
            more
            for more in map(Requirement, importlib.metadata.requires(name) or [])
            if not more.marker or any(more.marker.evaluate({"extra": extra}) for extra in extras)
        ]
    return found


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="needs the Python of the image")
def test_what_only_builds_is_taken_out_again_and_nothing_else_is() -> None:
    (run,) = [words for name, words in SOFTWARE if name == "RUN" and "uninstall" in words]
    assert "pip check" in run.split("uninstall")[0]
    (call,) = [call for call in run.split("&&") if "uninstall" in call]
    gone = set(shlex.split(call.partition("--yes")[2]))
    assert gone == set(pins("run.txt")) - closure(PROJECT["dependencies"]) | {"pip"}


def test_it_tells_whose_it_is_as_the_package_does() -> None:
    text = told(IMAGE, "LABEL")
    assert f'image.title="{PROJECT["name"]}"' in text
    assert f'image.description="{PROJECT["description"]}"' in text
    assert f'image.licenses="{PROJECT["license"]}"' in text


# --- how it runs ----------------------------------------------------------------------------------


def test_it_runs_as_a_user_with_a_number_who_is_in_the_group_gpio_by_its_number() -> None:
    arguments = given(IMAGE)
    assert told(IMAGE, "USER") == "$UID"  # with a group, Docker would leave gpio out
    assert int(arguments["UID"]) >= 1000
    assert int(arguments["GPIO_GID"]) > 0
    (run,) = [words for name, words in IMAGE if name == "RUN"]
    assert '--gid "$GPIO_GID" gpio' in run
    assert '--uid "$UID"' in run
    assert "--groups gpio" in run
    last = max(at for at, (name, _) in enumerate(IMAGE) if name in ("RUN", "COPY"))
    assert IMAGE.index(("USER", "$UID")) > last, (
        "what is built is root's: the server cannot change it"
    )


def test_it_starts_as_the_unit_does_and_its_data_is_where_the_example_says() -> None:
    (program,) = json.loads(told(IMAGE, "ENTRYPOINT"))
    assert program in PROJECT["scripts"]
    (start,) = re.findall(r"^ExecStart=\S+/bin/(.*)$", UNIT, re.MULTILINE)
    assert [program, *json.loads(told(IMAGE, "CMD"))] == start.split()
    assert told(IMAGE, "VOLUME") == str(example().server.data)
    assert told(IMAGE, "EXPOSE") == str(example().server.port)
    assert told(IMAGE, "STOPSIGNAL") == "SIGTERM"


def test_a_read_only_root_hinders_nobody() -> None:
    settings = dict(word.split("=", 1) for word in shlex.split(told(IMAGE, "ENV")))
    assert settings["LG_WD"] == "/tmp"
    assert settings["PYTHONDONTWRITEBYTECODE"] == "1"
    assert settings["HOME"] == told(IMAGE, "VOLUME")
    assert settings["PATH"].startswith("/opt/chaosmonkey/bin:")


# --- what goes in ---------------------------------------------------------------------------------


def matches(pattern: str, path: str) -> bool:
    """Whether a line of .dockerignore means a path, or a folder that it is in."""
    plain = pattern.strip("/").replace("**/", "\0")
    regex = "".join(
        "(.*/)?" if one == "\0" else "[^/]*" if one == "*" else re.escape(one) for one in plain
    )
    parts = path.split("/")
    return any(
        re.fullmatch(regex, "/".join(parts[:end])) is not None for end in range(1, len(parts) + 1)
    )


def is_sent(path: str) -> bool:
    """Whether the builder gets to see a file: the last line that means it decides."""
    sent = True
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if line and not line.startswith("#") and matches(line.removeprefix("!"), path):
            sent = line.startswith("!")
    return sent


@pytest.mark.parametrize(
    "path",
    [
        ".git/config",
        ".venv/bin/python",
        ".npmrc",
        "frontend/node_modules/vite/package.json",
        "chaosmonkey/api/pages/stage.html",
        "chaosmonkey/__pycache__/clock.cpython-311.pyc",
        "lab.toml",
        "hardware/lab.toml",
        "deploy/systemd/environment",
        "tests/contract/test_image.py",
    ],
)
def test_what_does_not_belong_into_the_image_is_not_even_sent(path: str) -> None:
    assert not is_sent(path)


def test_whatever_is_copied_is_there_and_sent() -> None:
    for path in (path for stage in stages() for path in copied(stage)):
        assert (ROOT / path).exists()
        assert is_sent(path)
    assert is_sent("frontend/package-lock.json")
    assert is_sent("chaosmonkey/cli/main.py")


def test_no_file_of_the_image_names_a_package_index_or_a_registry() -> None:
    names = re.compile(
        r"pypi|pythonhosted|piwheels|npmjs|docker\.io/|ghcr|quay\.io|(deb|snapshot)\.debian"
    )
    for path in [DOCKERFILE, ROOT / ".dockerignore", ROOT / "docs/image.md", *ARMV7.iterdir()]:
        if path.is_file():
            assert not names.search(path.read_text()), path.name


# --- whether it is healthy ------------------------------------------------------------------------


@contextmanager
def server(status: int | None) -> Iterator[int]:
    """A server that says this of its health, or, without a status, nothing; its port."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.path == "/healthz"
            if status is not None:
                self.send_response(status)
                self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as web:
        thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield web.server_port
        finally:
            web.shutdown()
            thread.join()


Asked = Callable[[int], tuple[int, str]]


@pytest.fixture
def health(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What the image's own call says of a port; only the paths are others."""
    words: list[str] = json.loads(told(IMAGE, "HEALTHCHECK").partition("CMD ")[2])
    assert words[0] == "python"
    assert words[-1] == "/opt/chaosmonkey/healthy.py"
    call: list[str | Path] = [sys.executable, *words[1:-1], HEALTHY, tmp_path / "lab.toml"]

    def ask(port: int) -> tuple[int, str]:
        monkeypatch.setenv("CHAOSMONKEY_SERVER__PORT", str(port))
        done = subprocess.run(call, capture_output=True, text=True, check=False)
        assert done.stderr == ""
        return done.returncode, done.stdout.strip()

    return ask


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1), (404, 1)])
def test_it_is_healthy_if_the_server_says_so(status: int, code: int, health: Asked) -> None:
    with server(status) as port:
        assert health(port) == (code, f"/healthz: {status}")


def test_it_is_not_healthy_if_nobody_answers(health: Asked) -> None:
    with server(None) as port:
        code, why = health(port)
        assert (code, why[:9]) == (1, "no answer")
    code, why = health(port)
    assert code == 1
    assert "refused" in why


def test_a_lab_toml_that_cannot_be_read_is_no_health(health: Asked, tmp_path: Path) -> None:
    (tmp_path / "lab.toml").write_text("[server\n")
    code, why = health(1)
    assert (code, why[:9]) == (1, "no answer")


@pytest.fixture
def program() -> ModuleType:
    spec = importlib.util.spec_from_file_location("healthy", HEALTHY)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("told", "asked"),
    [
        ("", ("127.0.0.1", 8080)),
        ('[server]\nhost = "0.0.0.0"\nport = 9000\n', ("127.0.0.1", 9000)),
        ('[server]\nhost = "::"\n', ("::1", 8080)),
        ('[server]\nhost = "10.0.0.2"\n', ("10.0.0.2", 8080)),
    ],
)
def test_it_asks_where_the_server_listens(
    told: str,
    asked: tuple[str, int],
    program: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HOST", "PORT"):
        monkeypatch.delenv(f"CHAOSMONKEY_SERVER__{name}", raising=False)
    (tmp_path / "lab.toml").write_text(told)
    assert program.address(tmp_path / "lab.toml") == asked
    monkeypatch.setenv("CHAOSMONKEY_SERVER__PORT", "9090")
    assert program.address(tmp_path / "lab.toml") == (asked[0], 9090)


def test_a_server_that_is_silent_is_given_up_before_docker_gives_up(program: ModuleType) -> None:
    (seconds,) = re.findall(r"--timeout=(\d+)s", told(IMAGE, "HEALTHCHECK"))
    assert int(seconds) >= 2 * program.PATIENCE


def test_the_server_has_what_is_asked_for() -> None:
    assert "/healthz" in json.loads((ROOT / "docs/openapi.json").read_text())["paths"]


# --- what the document says -----------------------------------------------------------------------


def test_the_lab_toml_for_a_container_is_a_good_one_and_can_be_reached(tmp_path: Path) -> None:
    (block,) = re.findall(r"^```toml\n(.*?)^```", DOCUMENT, re.DOTALL | re.MULTILINE)
    (tmp_path / "lab.toml").write_text(block)
    lab = load(tmp_path / "lab.toml")
    assert lab.machine
    assert lab.server.anywhere
    assert str(lab.server.data) == told(IMAGE, "VOLUME")


def test_the_document_names_every_argument_with_its_default() -> None:
    for name, value in {**given(IMAGE), **given(steps()[: steps().index(PACKAGE[0])])}.items():
        assert re.search(rf"^\| .*`{name}`.* \| `{value}` \|", DOCUMENT, re.MULTILINE), name


def test_a_stop_is_given_the_time_that_a_restore_may_take() -> None:
    (seconds,) = re.findall(r"--stop-timeout (\d+)", DOCUMENT)
    assert int(seconds) == int(*re.findall(r"^TimeoutStopSec=(\d+)$", UNIT, re.MULTILINE))


# --- the proof ------------------------------------------------------------------------------------


def test_the_proof_takes_the_dockerfile_as_it_is_and_says_how_it_is_called() -> None:
    script = (ARMV7 / "prove.sh").read_text()
    assert '--file "$TOP/Dockerfile.armv7"' in script
    assert "pip install" not in script
    done = subprocess.run(
        [ARMV7 / "prove.sh", "--nonsense"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "PLATFORMS" in done.stdout
