"""What is and what was, in the forms that people and programs read."""

import csv
import io
from dataclasses import replace

import pytest

from chaosmonkey.model import FeedKind, Origin, Outage, Tick
from tests.patience import until
from tests.sure import sure
from tests.unit.api.conftest import Site
from tests.unit.control._table import LAB

OLD = Outage(
    id="20260101-000000-node3", machine="node3", node="node3", origin=Origin.COMMANDED,
    t0=1_000_000.0, feed=FeedKind.POWER, by="=HYPERLINK(1)", not_ready=1_000_006.5,
    recovered=1_000_011.0, restored=1_000_030.0, rejoined=1_000_036.0, closed=1_000_040.0,
)  # fmt: skip


async def test_the_state_is_what_a_websocket_would_be_told_first(site: Site) -> None:
    state = (await site.client.get("/api/state")).json()
    assert state["type"] == "snapshot"
    assert set(state["state"]) == {
        "cluster",
        "machines",
        "pods",
        "services",
        "outages",
        "show",
        "rounds",
    }
    node3 = state["state"]["machines"]["node3"]
    assert (node3["ready"], node3["network"]) == ("True", None)
    assert node3["power"]["state"] == "on"


async def test_outages_come_newest_first_the_open_one_with_what_is_known_now(site: Site) -> None:
    await site.records.save(OLD)
    await site.client.post("/kill/node3")
    outages = (await site.client.get("/api/outages")).json()
    assert [outage["open"] for outage in outages] == [True, False]
    assert outages[1]["recovery_seconds"] == 11.0
    assert outages[1]["phases"] == {"detect": 6.5, "ready": 4.5}
    assert "evicting_last" not in outages[1]["milestones"]
    assert outages[0]["recovery_seconds"] is None


async def test_outages_are_as_they_are_now_before_the_disk_has_them(site: Site) -> None:
    recorder = site.app.state.context.recorder
    recorder.keep(replace(OLD, closed=None, restored=None))
    await until(lambda: not recorder.unwritten)
    await site.records.save(replace(OLD, id="younger"))
    recorder.keep(OLD)
    younger, older = (await site.client.get("/api/outages")).json()
    assert (younger["id"], older["id"]) == ("younger", OLD.id)
    assert not older["open"]
    assert older == (await site.client.get(f"/api/outages/{OLD.id}")).json()
    assert recorder.unwritten, "the disk had it already"


async def test_one_outage_by_its_id_and_404_for_another(site: Site) -> None:
    await site.records.save(OLD)
    one = (await site.client.get(f"/api/outages/{OLD.id}")).json()
    assert one["outcome"] == "recovered"
    missing = await site.client.get("/api/outages/none")
    assert missing.status_code == 404
    assert "/api/outages lists them" in missing.json()["remedy"]


async def test_csv_leaves_empty_what_did_not_happen_and_holds_no_formula(site: Site) -> None:
    await site.records.save(OLD)
    answer = await site.client.get("/api/outages", params={"format": "csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert row["recovery_seconds"] == "11.0"
    assert row["evicting_last"] == ""
    assert row["phase_detect"] == "6.5"
    assert row["by"] == "'=HYPERLINK(1)"
    single = await site.client.get(f"/api/outages/{OLD.id}", headers={"Accept": "text/csv"})
    assert "not_ready,6.5" in single.text


@pytest.mark.parametrize(
    ("by", "cell"),
    [
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =1+1", "'  =1+1"),
        ("\t=1", "'\t=1"),
        ("\uff1d1", "'\uff1d1"),
        ("\n=1", r"\n=1"),
        ("a\nb\x1b[2J", r"a\nb\x1b[2J"),
        ("Ada, of node-3", "Ada, of node-3"),
    ],
)
async def test_no_cell_is_a_formula_or_holds_what_cannot_be_seen(
    site: Site, by: str, cell: str
) -> None:
    await site.records.save(replace(OLD, by=by))
    text = (await site.client.get("/api/outages", params={"format": "csv"})).text
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["by"] == cell
    assert len(text.splitlines()) == 2


async def test_a_curl_reads_the_story(site: Site) -> None:
    await site.records.save(replace(OLD, closed=1_000_041.0))
    text = (await site.client.get(f"/api/outages/{OLD.id}", headers={"User-Agent": "curl/8"})).text
    assert "20260101-000000-node3  power  recovered  recovered in 11.0 s" in text
    assert "+6.5 s  Kubernetes noticed" in text


async def test_health_and_readiness_are_told_apart(site: Site) -> None:
    assert (await site.client.get("/healthz")).text == "ok\n"
    assert (await site.client.get("/readyz")).status_code == 200


async def test_limits_are_limits(site: Site) -> None:
    for limit in ("0", "1001", "x"):
        answer = await site.client.get("/api/outages", params={"limit": limit})
        assert answer.status_code == 422


async def test_the_preflight_tells_what_is_wrong_and_how_to_mend_it(site: Site) -> None:
    findings = (await site.client.get("/api/preflight")).json()
    plugs = [one for one in findings if one["says"] == "Its plug answers and is on."]
    assert [one["about"] for one in plugs] == ["node1 power", "node2 power", "node3 power"]
    (away,) = [one for one in findings if one["about"] == "cluster"]
    assert away["level"] == "fault"
    assert away["remedy"]


async def test_machines_have_their_place_in_the_configuration(site: Site) -> None:
    machines = (await site.client.get("/api/state")).json()["state"]["machines"]
    places = {name: one["place"] for name, one in machines.items()}
    configured = {machine.name: at for at, machine in enumerate(LAB.machine, 1)}
    assert {name: at for name, at in places.items() if at is not None} == configured


async def test_a_machine_says_which_rule_would_refuse_a_cut_and_stops_when_it_does_not(
    site: Site,
) -> None:
    async def refused(name: str) -> dict[str, str] | None:
        machines = (await site.client.get("/api/state")).json()["state"]["machines"]
        found: dict[str, str] | None = machines[name]["refused"]
        return found

    assert await refused("node2") is None
    await site.client.post("/kill/node3")
    other = sure(await refused("node2"))
    assert other["rule"] in ("cooldown", "max-off")
    assert other["word"]
    assert sure(await refused("node3"))["rule"] == "already-off"
    await site.client.post("/disarm")  # what the console shows by itself is not repeated here
    await site.client.post("/restore/node3")
    await site.table.clock.advance(30)
    site.table.tracker.outages = {}
    site.table.publish(Tick(site.table.clock.now()))
    assert await refused("node2") is None
