"""Who replaces whom."""

from chaosmonkey.model import Pod
from chaosmonkey.outage.lineage import Lineages

WEB = ("shop", "Deployment", "web")
DB = ("shop", "StatefulSet", "db")


def pod(name: str, created: float = 0.0) -> Pod:
    return Pod(uid=f"u-{name}", namespace="shop", name=name, created=created)


def test_first_lost_is_first_replaced() -> None:
    lineages = Lineages()
    for name in ("a", "b"):
        lineages.see(pod(name), WEB)
    lineages.lose(pod("b"))
    lineages.lose(pod("a"))
    lineages.see(pod("c", 1), WEB)
    lineages.see(pod("d", 1), WEB)
    assert [lineages.of(f"u-{name}") for name in "abcd"] == ["u-a", "u-b", "u-b", "u-a"]


def test_a_lineage_goes_on_over_many_pods() -> None:
    lineages = Lineages()
    lineages.see(pod("a"), WEB)
    for before, after in ("ab", "bc"):
        lineages.lose(pod(before))
        lineages.see(pod(after, 1), WEB)
    assert lineages.of("u-c") == "u-a"


def test_a_statefulset_pod_takes_the_place_of_its_own_name() -> None:
    lineages = Lineages()
    for name in ("db-0", "db-1"):
        lineages.see(pod(name), DB)
        lineages.lose(pod(name))
    new = Pod(uid="u-new", namespace="shop", name="db-1", created=1)
    lineages.see(new, DB)
    assert lineages.of("u-new") == "u-db-1"


def test_nobody_replaces_a_pod_of_another_controller_or_a_younger_one() -> None:
    lineages = Lineages()
    lineages.see(pod("a", created=5), WEB)
    lineages.lose(pod("a", created=5))
    lineages.see(pod("other"), DB)
    lineages.see(pod("older", created=4), WEB)
    assert lineages.of("u-other") == "u-other"
    assert lineages.of("u-older") == "u-older"


def test_a_bare_pod_is_a_lineage_of_its_own() -> None:
    lineages = Lineages()
    lineages.see(pod("a"), None)
    lineages.lose(pod("a"))
    assert lineages.of("u-a") == "u-a"


def test_after_a_rolling_update_the_next_lost_pod_is_the_one_that_is_replaced() -> None:
    """The update's last old pods left places that nobody needs to fill."""
    lineages = Lineages()
    for name in ("a", "b"):
        lineages.see(pod(name), WEB, 2)
    lineages.see(pod("new-a", 1), WEB, 2)
    lineages.lose(pod("a"))
    lineages.see(pod("new-b", 1), WEB, 2)
    lineages.lose(pod("b"))
    lineages.lose(pod("new-a", 1))
    lineages.see(pod("c", 2), WEB, 2)
    assert lineages.of("u-c") == lineages.of("u-new-a")


def test_after_a_scale_down_and_up_again_nobody_replaces_what_was_given_up() -> None:
    lineages = Lineages()
    for name in ("a", "b", "c"):
        lineages.see(pod(name), WEB, 3)
    lineages.lose(pod("c"))  # scaled to 2
    lineages.lose(pod("a"))
    lineages.see(pod("d", 1), WEB, 2)
    assert lineages.of("u-d") == "u-a"
