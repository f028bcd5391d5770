"""Anybody may open the stage's page, so being one proves nothing."""

from contextlib import ExitStack

from chaosmonkey.hub import Presence


def test_forty_stages_of_one_address_are_one() -> None:
    presence = Presence(lambda: None, lambda: None)
    with ExitStack() as one_address:
        for _ in range(40):
            one_address.enter_context(presence.stage("10.0.0.7"))
        with presence.stage("10.0.0.8"):
            assert presence.count("stage") == 2
        assert presence.count("stage") == 1
    assert presence.count("stage") == 0


def test_the_stage_that_was_there_first_says_how_long_it_takes() -> None:
    presence = Presence(lambda: None, lambda: None)
    presence.sent(1, at=100.0)
    with presence.stage("10.0.0.7"), presence.stage("10.0.0.8"):
        presence.drawn("10.0.0.8", 1, at=160.0)
        presence.drawn("10.0.0.7", 1, at=100.02)
        presence.drawn("10.0.0.8", 1, at=160.0)
        assert presence.stage_delay is not None
        assert round(presence.stage_delay, 3) == 0.02
    assert presence.stage_delay is None


def test_who_shows_no_stage_draws_nothing() -> None:
    presence = Presence(lambda: None, lambda: None)
    presence.sent(1, at=100.0)
    presence.drawn("10.0.0.9", 1, at=100.5)
    with presence.stage("10.0.0.9"):
        assert presence.stage_delay is None


def test_a_stage_that_draws_its_own_delay_makes_no_message_of_every_frame() -> None:
    changes: list[float] = []
    presence = Presence(lambda: changes.append(at), lambda: None)
    at = 100.0
    presence.sent(1, at=at)
    with presence.stage("10.0.0.7"):
        changes.clear()
        for frame in range(121):
            at = 100.0 + frame / 60
            presence.drawn("10.0.0.7", 1, at=at)
        assert changes == [100.0, 101.0, 102.0]
