"""What agents pass over in silence is said before anything is cut: misspelt and missing keys."""

from pathlib import Path
from typing import Any

import pytest

from chaosmonkey.config import FencePlug, build
from chaosmonkey.errors import BadConfig, PlugFailed
from chaosmonkey.plugs.fence import open_agent
from chaosmonkey.plugs.programs import PlugPrograms

PROGRAMS = PlugPrograms(Path("data"))

AGENT = """#!/bin/sh
if [ "$2" = metadata ]; then cat {folder}/metadata.xml; exit 0; fi
cat > {folder}/given
echo "login with hush-hush refused" >&2
exit {code}
"""
METADATA = """<?xml version="1.0" ?>
<resource-agent name="fence_strip"><parameters>
<parameter name="action" required="1"/>
<parameter name="ip" required="1" obsoletes="ipaddr"/>
<parameter name="ipaddr" required="1" deprecated="1"/>
<parameter name="plug" required="1" obsoletes="port"/>
<parameter name="port" required="1" deprecated="1"/>
<parameter name="password" required="0"/>
</parameters></resource-agent>
"""
GOOD = {"ip": "pdu", "plug": 3, "password": "hush-hush"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "metadata.xml").write_text(METADATA)
    write_agent(tmp_path, code=1)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return tmp_path


def write_agent(folder: Path, *, code: int) -> None:
    agent = folder / "fence_strip"
    agent.write_text(AGENT.format(folder=folder, code=code))
    agent.chmod(0o755)


def strip(**keys: object) -> FencePlug:
    return FencePlug(driver="fence", agent="fence_strip", keys=keys, timeout=5)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (
            GOOD | {"plgu": 1},
            "does not know the key 'plgu'. Did you mean 'plug'? Known keys: action",
        ),
        ({"plug": 3}, "needs the key 'ip'"),
        ({"ipaddr": "pdu"}, "needs the key 'plug'"),
    ],
)
async def test_keys_are_checked_against_what_the_agent_says_about_itself(
    folder: Path, keys: dict[str, Any], told: str
) -> None:
    with pytest.raises(PlugFailed) as caught:
        await open_agent(strip(**keys), PROGRAMS)
    assert told in str(caught.value)
    assert await open_agent(strip(ipaddr="pdu", port="3"), PROGRAMS)


async def test_an_agent_that_is_not_there_or_is_none_is_named(folder: Path) -> None:
    with pytest.raises(PlugFailed, match="fence_nothing is not installed"):
        await open_agent(FencePlug(driver="fence", agent="fence_nothing", keys={}), PROGRAMS)
    (folder / "metadata.xml").write_text("usage: fence_strip [-x]")
    with pytest.raises(PlugFailed, match="does not describe itself"):
        await open_agent(strip(**GOOD), PROGRAMS)


async def test_the_action_is_always_said_and_last(folder: Path) -> None:
    plug = await open_agent(strip(**GOOD), PROGRAMS)
    for work, action in [(plug.switch(on=False), "off"), (plug.close(), "on")]:
        with pytest.raises(PlugFailed):
            await work
        lines = (folder / "given").read_text().splitlines()
        assert lines == ["ip=pdu", "plug=3", "password=hush-hush", f"action={action}"]


@pytest.mark.parametrize("code", [1, 2, 3])
async def test_a_status_that_is_not_said_to_be_off_is_a_failure_without_secrets(
    folder: Path, code: int
) -> None:
    write_agent(folder, code=code)
    plug = await open_agent(strip(**GOOD), PROGRAMS)
    with pytest.raises(PlugFailed, match=r"login with \*\*\* refused") as caught:
        await plug.read()
    assert "hush-hush" not in f"{caught.value} {caught.value.facts}"


@pytest.mark.parametrize(
    "keys", [{"action": "reboot"}, {"option": "reboot"}, {"ip": "pdu\naction=reboot"}, {"a b": "c"}]
)
def test_no_key_can_make_it_reboot(keys: dict[str, str]) -> None:
    plug = {"driver": "fence", "agent": "fence_strip", "keys": keys}
    with pytest.raises(BadConfig) as caught:
        build({"machine": [{"name": "a", "power": plug}]})
    assert "power.keys: " in str(caught.value)
    assert "reboot" not in str(caught.value).partition("Not the action")[0]
