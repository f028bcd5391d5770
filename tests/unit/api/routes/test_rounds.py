"""Every kind of round over real sockets: phones, the presenter, and a machine that is cut."""

import asyncio
import hashlib

import orjson

from chaosmonkey.model import FeedState
from tests.patience import PATIENCE, connect, until
from tests.sure import sure
from tests.unit.api._phones import opened, phones, present, report
from tests.unit.api.conftest import Site


def is_cut(site: Site, machine: str) -> bool:
    return site.table.devices[machine].state is FeedState.OFF


async def test_a_tie_is_drawn_and_anybody_can_check_the_draw(site: Site) -> None:
    async with phones(site, 2) as (ana, ben):
        current = await opened(site, "vote")
        promised = (await report(site))["round"]["commitment"]
        await ana.do("vote", round=current, machine="node2")
        await ben.do("vote", round=current, machine="node3")
        refused = await present(site, "execute", 409)
        assert refused["leaders"] == ["node2", "node3"]
        drawn = await present(site, "draw")
        seed = drawn["seed"]
        assert hashlib.sha256(seed.encode()).hexdigest() == promised
        winner = min(
            ("node2", "node3"), key=lambda n: hashlib.sha256(f"{seed}:{n}".encode()).hexdigest()
        )
        assert drawn["picked"] == winner
        done = await present(site, "execute")
        assert (done["state"], done["chosen"]) == ("executed", winner)
        assert is_cut(site, winner)


async def test_a_vote_that_cut_nothing_is_no_news_after_a_later_cut(site: Site) -> None:
    await opened(site, "vote")
    closed = await present(site, "close")
    assert (closed["state"], closed["says"]) == (
        "over",
        "Closed without votes. The vote cut nothing.",
    )
    await site.client.post("/kill/node2")
    assert is_cut(site, "node2")
    said = (await report(site))["round"]["says"]
    assert said == "The last round cut nothing. No round is open."


async def test_in_a_raffle_the_drawn_ticket_presses_and_the_presenter_approves(site: Site) -> None:
    async with phones(site, 5) as connection_limits:
        current = await opened(site, "raffle")
        tickets = [(await one.do("enter", round=current))["ticket"] for one in connection_limits]
        assert tickets == [1, 2, 3, 4, 5]
        assert (await report(site))["round"]["seed"] is None
        drawn = await present(site, "close")
        public = await report(site)
        seed, names = public["round"]["seed"], [one["ticket"] for one in public["entrants"]]
        assert hashlib.sha256(seed.encode()).hexdigest() == public["round"]["commitment"]
        winner = min(names, key=lambda t: hashlib.sha256(f"{seed}:{t}".encode()).hexdigest())
        assert drawn["turn"]["ticket"] == winner
        loser = connection_limits[winner % 5]
        assert (await loser.refused("press", 409, round=current, machine="node1"))["rule"]
        await connection_limits[winner - 1].do("here", round=current)
        await connection_limits[winner - 1].do("press", round=current, machine="node2")
        asked = (await report(site))["round"]
        assert asked["turn"]["stage"] == "asking"
        assert "wants to cut node2. The presenter decides." in asked["says"]
        assert not is_cut(site, "node2")
        await present(site, "approve", 409, ticket=winner, machine="node3")
        done = await present(site, "approve", ticket=winner, machine="node2")
        assert (done["state"], done["chosen"]) == ("executed", "node2")
        assert is_cut(site, "node2")


async def test_a_veto_cuts_nothing_and_the_presenter_draws_again(site: Site) -> None:
    async with phones(site, 3) as connection_limits:
        current = await opened(site, "raffle")
        for one in connection_limits:
            await one.do("enter", round=current)
        first = (await present(site, "draw"))["turn"]["ticket"]
        await connection_limits[first - 1].do("press", round=current, machine="node1")
        vetoed = await present(site, "veto")
        assert vetoed["past"][-1]["stage"] == "vetoed"
        assert site.table.diary == []
        second = (await present(site, "redraw"))["turn"]["ticket"]
        assert second != first
        await present(site, "veto", 409)
        await present(site, "draw", 409)


async def test_a_queue_serves_one_after_the_other(site: Site) -> None:
    async with phones(site, 3) as (ana, ben, cem):
        current = await opened(site, "queue", approve=False)
        for one in (ana, ben, cem):
            await one.do("enter", round=current)
        assert (await ben.refused("press", 409, round=current, machine="node1"))["detail"] == (
            "It is not your turn."
        )
        await ana.do("press", round=current, machine="node3")
        assert is_cut(site, "node3")
        again = await ana.ask("press", round=current, machine="node3")
        assert again.status_code == 200  # the same press, sent twice
        assert (await ana.refused("press", 409, round=current, machine="node1"))["detail"] == (
            "You have already pressed."
        )
        shown = (await report(site))["round"]
        assert (shown["turn"]["stage"], shown["called"], shown["waiting"]) == ("cut", 1, 2)
        await present(site, "next")
        waits = (await report(site))["round"]
        assert waits["turn"] is None
        assert "The queue waits." in waits["says"]
        await cem.do("leave", round=current)
        assert (await report(site))["round"]["gone"] == [3]
        await site.client.post("/restore/node3")
        await site.table.clock.advance(15)
        site.room.tick()
        turn = (await report(site))["round"]["turn"]
        assert turn["ticket"] == 2
        machine = await ben.refused("press", 409, round=current, machine="node3")
        assert machine["rule"] == "still-recovering"
        await ben.do("press", round=current, machine="node1")
        assert is_cut(site, "node1")


async def test_whoever_does_not_answer_loses_the_turn(site: Site) -> None:
    async with phones(site, 2) as (ana, ben):
        current = await opened(site, "queue")
        await ana.do("enter", round=current)
        await ben.do("enter", round=current)
        await site.table.clock.advance(10)
        site.room.tick()
        shown = (await report(site))["round"]
        assert (shown["past"][-1]["stage"], shown["turn"]["ticket"]) == ("absent", 2)


async def test_an_approval_that_a_rule_refuses_is_told_and_may_be_given_again(site: Site) -> None:
    async with phones(site, 1) as (ana,):
        current = await opened(site, "queue")
        await ana.do("enter", round=current)
        await ana.do("press", round=current, machine="node1")
        await site.client.post("/disarm")
        refused = await present(site, "approve", 409)
        assert refused["rule"] == "not-armed"
        assert (await report(site))["round"]["turn"]["stage"] == "asking"
        await site.client.post("/arm")
        await present(site, "approve")
        assert is_cut(site, "node1")


async def test_a_press_that_a_rule_refuses_ends_the_turn_where_nobody_approves(site: Site) -> None:
    async with phones(site, 2) as (ana, ben):
        current = await opened(site, "queue", approve=False)
        await ana.do("enter", round=current)
        await ben.do("enter", round=current)
        await site.client.post("/disarm")
        refused = await ana.refused("press", 409, round=current, machine="node1")
        assert refused["rule"] == "not-armed"
        shown = (await report(site))["round"]
        assert shown["past"][-1]["stage"] == "refused"
        assert shown["turn"] is None  # nobody is called while nothing can be cut
        assert shown["blocked"]


async def test_a_free_press_is_done_or_told_which_rule_refuses_it_and_until_when(
    site: Site,
) -> None:
    async with phones(site, 2) as (ana, ben):
        current = await opened(site, "free", approve=False)
        await ana.do("press", round=current, machine="node1")
        assert is_cut(site, "node1")
        refused = await ben.refused("press", 409, round=current, machine="node2")
        assert refused["rule"] in ("max-off", "cooldown")
        assert refused["allowed_at"] > site.table.clock.now()
        shown = (await report(site))["round"]
        assert shown["past"][-1]["ticket"] == 1
        await present(site, "close")
        assert (await report(site))["round"]["state"] == "over"
        await ben.refused("press", 409, round=current, machine="node2")


async def test_with_approval_one_free_press_waits_at_a_time(site: Site) -> None:
    async with phones(site, 2) as (ana, ben):
        current = await opened(site, "free")
        await ana.do("press", round=current, machine="node1")
        refused = await ben.refused("press", 409, round=current, machine="node2")
        assert refused["rule"] == "another-press"
        await present(site, "veto")
        await ben.do("press", round=current, machine="node2")
        await present(site, "approve")
        assert is_cut(site, "node2")


async def test_the_closest_guess_wins_and_guesses_are_secret_until_the_close(site: Site) -> None:
    async with phones(site, 3) as connection_limits:
        assert (await present(site, "open", 422, mode="bet"))["detail"] == (
            "A bet needs a machine."
        )
        current = await opened(site, "bet", machine="node2")
        for phone, seconds in zip(connection_limits, (5, 11.5, 60), strict=True):
            assert (await phone.do("guess", round=current, seconds=seconds))["guess"] == seconds
        await connection_limits[0].refused("guess", 409, round=current, seconds=6)
        for wrong in (0, -1, 1e9):
            assert (
                await connection_limits[0].ask("guess", round=current, seconds=wrong)
            ).status_code == 422
        assert all(one["guess"] is None for one in (await report(site))["entrants"])
        await present(site, "execute")
        assert [one["guess"] for one in (await report(site))["entrants"]] == [5, 11.5, 60]
        assert is_cut(site, "node2")
        outage = (await report(site))["round"]["outage"]
        site.room.current_round.outage_has_outcome(outage, 11.0)
        shown = (await report(site))["round"]
        assert shown["state"] == "revealed"
        assert [one["ticket"] for one in shown["bet"]["best"]] == [2, 1, 3]
        assert shown["bet"]["offs"] == [0.5, 6.0, 49.0]
        assert shown["says"] == (
            "node2 lost its power. It took Kubernetes 11.0 s to recover. "
            "Ticket 2 guessed 11.5 s and wins."
        )


async def test_phones_are_told_whose_turn_it_is_in_the_same_bytes_for_all(site: Site) -> None:
    url = site.url.replace("http", "ws") + "/ws/play"
    async with phones(site, 1) as (ana,), connect(url) as one, connect(url) as two:
        current = await opened(site, "queue")
        await ana.do("enter", round=current)
        told = []
        for socket in (one, two):
            async with asyncio.timeout(PATIENCE):
                while True:
                    message = await socket.recv()
                    turn = (orjson.loads(message)["round"] or {}).get("turn")
                    if turn is not None:
                        break
            told.append(message)
        assert told[0] == told[1]
        assert sure(turn)["ticket"] == 1
        assert f"{0:032x}" not in str(told[0])


async def test_phones_are_not_told_again_what_they_know(site: Site) -> None:
    await opened(site, "vote")
    await until(lambda: site.phones.seq > 0 and site.phones.up_to_date)
    seq = site.phones.seq
    for _ in range(3):
        site.room.tick()
        assert site.phones.up_to_date
    assert site.phones.seq == seq


async def test_it_is_said_when_a_round_waits_for_a_presenter_who_is_away(site: Site) -> None:
    url = site.url.replace("http", "ws") + "/ws?role=console"
    async with phones(site, 1) as (ana,):
        async with connect(url):
            current = await opened(site, "queue")
            await ana.do("enter", round=current)
            await until(lambda: not site.hub.shown("rounds")["round"].away)
        await until(lambda: site.hub.shown("show")["show"].consoles == 0)
        assert not site.hub.shown("rounds")["round"].away  # whoever is served may press
        await ana.do("press", round=current, machine="node1")
        await until(lambda: site.hub.shown("rounds")["round"].away)


async def test_after_halt_a_vote_that_waits_says_that_nothing_is_cut_before_its_release(
    site: Site,
) -> None:
    def says() -> str:
        return str(site.hub.shown("rounds")["round"].says)

    current = await opened(site, "vote")
    async with phones(site, 1) as (ana,):
        await ana.do("vote", round=current, machine="node3")
    await site.client.post("/api/round/close")
    await site.client.post("/halt")
    await until(lambda: says().endswith("until the presenter releases it."))
    assert "HALT is active." in says()
    await site.client.post("/release")
    await until(lambda: "HALT" not in says())


async def test_two_thousand_votes_are_counted_and_none_is_lost(site: Site) -> None:
    current = await opened(site, "vote")
    for number in range(2000):
        site.room.vote(current, f"who-{number}", ("node1", "node2")[number % 2])
    shown = (await report(site))["round"]
    assert shown["tally"] == {"node1": 1000, "node2": 1000, "node3": 0}
